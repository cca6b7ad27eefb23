"""Owns whether a policy's pattern of an ARN and a type of resource have any ARN in common."""

from __future__ import annotations

import functools
import re

PART = re.compile(r"\$\{(\w+)\}")
# Their values may have colons and slashes in them; others are taken to have none.
LONG = re.compile(r"\w*WithPath|ObjectName|Alias|OidcProviderName|AlarmName|ResourceId|LogStreamName|DashboardName")
# May have slashes, but no colons.
NAMES = {"LogGroupName", "BudgetName"}
ANY, NO_COLON, NAME = "any", "no colon", "name"

Token = tuple[str, str]


@functools.lru_cache(maxsize=4096)
def can_meet(pattern: str, arn: str) -> bool:
    """`pattern` with * and ?, `arn` with ${Names}.

    Part for part: that a wildcard of the region could reach into a name is not what anybody means.
    """
    patterns, arns = pattern.split(":", 5), arn.split(":", 5)
    if len(patterns) < 6:
        return _meet(_of_pattern(pattern), _of_arn(arn))
    return all(_meet(_of_pattern(one), _of_arn(other)) for one, other in zip(patterns, arns, strict=True))


def _of_pattern(pattern: str) -> tuple[Token, ...]:
    return tuple({"*": ("many", ANY), "?": ("one", ANY)}.get(letter, ("is", letter)) for letter in pattern)


def _of_arn(arn: str) -> tuple[Token, ...]:
    tokens: list[Token] = []
    for number, part in enumerate(PART.split(arn)):
        if number % 2 == 0:
            tokens += [("is", letter) for letter in part]
        elif LONG.fullmatch(part):
            tokens.append(("many", ANY))
        else:
            tokens.append(("many", NO_COLON if part in NAMES else NAME))
    return tuple(tokens)


def _allows(kind: str, letter: str) -> bool:
    return kind == ANY or (letter != ":" and (kind == NO_COLON or letter != "/"))


def _meet(left: tuple[Token, ...], right: tuple[Token, ...]) -> bool:
    """Whether both can spell the same text: all pairs of places that reading it could have reached."""
    seen: set[tuple[int, int]] = set()
    open_places = [(0, 0)]
    while open_places:
        i, j = place = open_places.pop()
        if place in seen:
            continue
        seen.add(place)
        if i == len(left) and j == len(right):
            return True
        if i < len(left) and left[i][0] == "many":
            open_places.append((i + 1, j))
        if j < len(right) and right[j][0] == "many":
            open_places.append((i, j + 1))
        if i < len(left) and j < len(right) and _same_letter(left[i], right[j]):
            open_places.append((i + (left[i][0] != "many"), j + (right[j][0] != "many")))
    return False


def _same_letter(left: Token, right: Token) -> bool:
    if left[0] == "is" and right[0] == "is":
        return left[1] == right[1]
    if left[0] == "is":
        return _allows(right[1], left[1])
    return right[0] != "is" or _allows(left[1], right[1])

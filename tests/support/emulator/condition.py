"""Owns the conditions of policies: whether what is known of a request is as an operator wants it.

A key that the request does not have fails every operator but a negated one, `...IfExists`, `ForAllValues:` and
`Null`. Names of keys and operators are read as AWS does: the case of a key does not matter, that of an operator does.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

Context = Mapping[str, str | list[str]]
SETS = ("ForAllValues:", "ForAnyValue:")


@functools.lru_cache(maxsize=4096)
def _expression(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def like(pattern: str, value: str, ignore_case: bool = False) -> bool:
    """AWS's wildcards: * and ?, nothing else."""
    return _expression(pattern, ignore_case).fullmatch(value) is not None


def arn_like(pattern: str, value: str) -> bool:
    """Part for part, so that no wildcard reaches over a colon, but for what is behind the fifth."""
    patterns, values = pattern.split(":", 5), value.split(":", 5)
    return pattern == "*" or len(patterns) == len(values) == 6 and all(map(like, patterns, values))


def _number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def compared(wanted: str, actual: str) -> bool:
        try:
            return compare(float(actual), float(wanted))
        except ValueError:
            return False

    return compared


def _equal(wanted: str, actual: str) -> bool:
    return wanted == actual


# The positive operators; each has a negated one, but for Bool and the comparisons.
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": lambda wanted, actual: wanted.lower() == actual.lower(),
    "StringLike": like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "Bool": lambda wanted, actual: wanted.lower() == actual.lower(),
    "NumericEquals": _number(lambda actual, wanted: actual == wanted),
    "NumericLessThan": _number(lambda actual, wanted: actual < wanted),
    "NumericLessThanEquals": _number(lambda actual, wanted: actual <= wanted),
    "NumericGreaterThan": _number(lambda actual, wanted: actual > wanted),
    "NumericGreaterThanEquals": _number(lambda actual, wanted: actual >= wanted),
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
}


def parts(operator: str) -> tuple[str, str, bool]:
    """`ForAllValues:StringLikeIfExists` as its set, its plain operator, and whether it is one that may be absent."""
    of_set = next((one for one in SETS if operator.startswith(one)), "")
    plain = operator.removeprefix(of_set)
    return of_set, plain.removesuffix("IfExists"), plain.endswith("IfExists")


def known(operator: str) -> bool:
    plain = parts(operator)[1]
    return plain in OPERATORS or plain in NEGATED or operator == "Null"


def holds(operator: str, key: str, values: list[Any], context: Context) -> bool:
    of_set, plain, if_exists = parts(operator)
    found = context.get(key)
    if found is None:
        found = next((value for name, value in context.items() if name.lower() == key.lower()), None)
    actual = [] if found is None else found if isinstance(found, list) else [found]
    wanted = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    if plain == "Null":
        return wanted == [str(not actual).lower()]
    negated = plain in NEGATED
    match = OPERATORS.get(NEGATED.get(plain, plain))
    if match is None:
        return False
    if not actual:
        return if_exists or of_set == "ForAllValues:" or (negated and of_set != "ForAnyValue:")
    fits = [any(match(one, value) for one in wanted) != negated for value in actual]
    # Without a word for sets, a negation is about all of the values and the rest about any.
    of_all = of_set == "ForAllValues:" or (not of_set and negated)
    return all(fits) if of_all else any(fits)

"""Owns reading the patterns in AWS's models: they are Java's, and are meant to match the whole value.

What Python writes otherwise is rewritten. A pattern that Python cannot read even then is passed over, and told.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections import defaultdict

PROPERTY = re.compile(r"\\([pP])(?:\{(\w+)\}|(\w))")
# A hyphen behind a class (`[\w-.]`) is itself for Java, and an error for Python.
HYPHEN_BEHIND_CLASS = re.compile(r"(?<=\\[wds])-(?=[^\]])")
POSIX = {
    "Alnum": "0-9A-Za-z",
    "Alpha": "A-Za-z",
    "ASCII": "\\x00-\\x7f",
    "Digit": "0-9",
    "Graph": "!-~",
    "Lower": "a-z",
    "Print": " -~",
    "Punct": "!-/:-@\\[-`{-~",
    "Space": " \\t\\n\\x0b\\f\\r",
    "Upper": "A-Z",
}
SKIPPED: set[str] = set()


@functools.cache
def compiled(pattern: str) -> re.Pattern[str] | None:
    """None where Python cannot read it."""
    try:
        # Java's \w, \d and \s know ASCII only.
        return re.compile(_translated(pattern), re.ASCII)
    except (re.error, KeyError, ValueError):
        SKIPPED.add(pattern)
        return None


def _translated(pattern: str) -> str:
    if "&&" in pattern or "[[" in pattern:
        raise ValueError("Java's intersections and unions of classes")
    pattern = PROPERTY.sub(_property, pattern)
    pattern = HYPHEN_BEHIND_CLASS.sub(r"\\-", pattern)
    while "(?i)" in pattern:
        pattern = _scoped(pattern, pattern.index("(?i)"))
    return pattern


def _property(found: re.Match[str]) -> str:
    """`\\p{L}` as the ranges that it stands for; to be within brackets, as it is in all models."""
    name = found.group(2) or found.group(3)
    if found.group(1) == "P":
        raise ValueError("a negated property")
    ranges = POSIX[name] if name in POSIX else _category(name)
    before = found.string[: found.start()].replace("\\[", "").replace("\\]", "")
    return ranges if before.rfind("[") > before.rfind("]") else f"[{ranges}]"


@functools.cache
def _category(name: str) -> str:
    if len(name) == 1:
        return "".join(ranges for category, ranges in sorted(_categories().items()) if category.startswith(name))
    return _categories()[name]


@functools.cache
def _categories() -> dict[str, str]:
    """The ranges of each of Unicode's categories. A tenth of a second, hence only when asked."""
    ranges: dict[str, list[str]] = defaultdict(list)
    begin, category = 0, unicodedata.category("\0")
    for point in range(1, sys.maxunicode + 2):
        now = unicodedata.category(chr(point)) if point <= sys.maxunicode else ""
        if now != category:
            ranges[category].append(rf"\U{begin:08x}-\U{point - 1:08x}")
            begin, category = point, now
    return {category: "".join(found) for category, found in ranges.items()}


def _scoped(pattern: str, at: int) -> str:
    """Java lets (?i) stand anywhere and reach to the end of its group; Python has (?i:...) for that."""
    depth = 0
    end = at + 4
    while end < len(pattern) and not (pattern[end] == ")" and depth == 0):
        if pattern[end] == "\\":
            end += 1
        else:
            depth += {"(": 1, ")": -1}.get(pattern[end], 0)
        end += 1
    return f"{pattern[:at]}(?i:{pattern[at + 4 : end]}){pattern[end:]}"

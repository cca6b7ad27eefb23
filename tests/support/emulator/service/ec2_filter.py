"""Owns EC2's filters and pages, which are alike for all that EC2 describes."""

from __future__ import annotations

from typing import Any

from .. import policy
from ..call import Call
from ..failure import Failure
from ..kept import BadToken, page

MOST = 1000


def matches(call: Call, values: dict[str, list[str]], tags: dict[str, str]) -> bool:
    """Whether each filter of the call names one of the values; a filter that EC2 does not have is a failure."""
    return all(_matches(one, values, tags) for one in call.members.get("Filters") or [])


def _matches(wanted: dict[str, Any], values: dict[str, list[str]], tags: dict[str, str]) -> bool:
    name = wanted.get("Name", "")
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        found = [tags[key]] if key in tags else []
    elif name == "tag-key":
        found = list(tags)
    elif name in values:
        found = values[name]
    else:
        raise Failure("InvalidFilter", f"The filter '{name}' is invalid")
    return any(policy.like(pattern, value) for pattern in wanted.get("Values") or [] for value in found)


def paged(call: Call, items: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """A page, and the member that leads to the next. Without a size there is one page of everything."""
    size = call.members.get("MaxResults")
    try:
        shown, following = page(items, min(size or MOST, MOST), call.members.get("NextToken"))
    except BadToken as error:
        raise Failure("InvalidNextToken", f"The token '{call.members['NextToken']}' is invalid") from error
    return shown, {"NextToken": following} if following else {}

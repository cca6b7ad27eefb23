"""Owns the check of the condition operators of policies."""

from __future__ import annotations

import unittest
from typing import Any

from emulator.condition import holds

ROLE = "arn:aws:iam::123456789012:role/a/b"
CONTEXT: dict[str, str | list[str]] = {
    "aws:RequestTag/owner": "groundwork",
    "aws:TagKeys": ["owner", "team"],
    "aws:PrincipalArn": ROLE,
    "aws:SecureTransport": "true",
    "kms:RotationPeriodInDays": "90",
}


class Condition(unittest.TestCase):
    """Operators, on keys that are there and on keys that are not."""

    def true(self, operator: str, key: str, *values: Any) -> None:
        self.assertTrue(holds(operator, key, list(values), CONTEXT), (operator, key, values))

    def false(self, operator: str, key: str, *values: Any) -> None:
        self.assertFalse(holds(operator, key, list(values), CONTEXT), (operator, key, values))

    def test_texts_are_compared_as_they_are_or_with_wildcards(self) -> None:
        key = "aws:requesttag/Owner"
        self.true("StringEquals", key, "nobody", "groundwork")
        self.false("StringEquals", key, "Groundwork", "ground*")
        self.true("StringEqualsIgnoreCase", key, "Groundwork")
        self.true("StringLike", key, "ground*")
        self.false("StringNotLike", key, "ground*")
        self.true("StringNotEquals", key, "x", "y")

    def test_arns_are_compared_part_for_part(self) -> None:
        self.true("ArnLike", "aws:PrincipalArn", "arn:*:iam::123456789012:role/*")
        self.true("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::*:role/a/?")
        self.false("ArnLike", "aws:PrincipalArn", "arn:aws:iam:*:role/a/b")
        self.true("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::123456789012:user/*")

    def test_flags_and_numbers_are_compared(self) -> None:
        self.true("Bool", "aws:SecureTransport", True)
        self.false("Bool", "aws:SecureTransport", "false")
        self.true("NumericLessThanEquals", "kms:RotationPeriodInDays", "90")
        self.false("NumericGreaterThan", "kms:RotationPeriodInDays", 90)
        self.false("NumericEquals", "kms:RotationPeriodInDays", "many")

    def test_lists_are_compared_as_sets(self) -> None:
        key = "aws:TagKeys"
        self.true("ForAllValues:StringEquals", key, "owner", "team", "more")
        self.false("ForAllValues:StringEquals", key, "owner")
        self.true("ForAnyValue:StringLike", key, "own*")
        self.false("ForAnyValue:StringEquals", key, "more")
        self.true("ForAllValues:StringNotEquals", key, "more")
        self.false("ForAllValues:StringNotEquals", key, "team")

    def test_an_absent_key_fails_but_for_those_who_expect_it(self) -> None:
        key = "aws:RequestTag/absent"
        for operator in ("StringEquals", "StringLike", "ArnLike", "Bool", "NumericEquals", "ForAnyValue:StringEquals"):
            self.false(operator, key, "x")
        self.false("ForAnyValue:StringNotEquals", key, "x")
        for operator in ("StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringEquals"):
            self.true(operator, key, "x")
        self.true("Null", key, True)
        self.false("Null", key, "false")
        self.true("Null", "aws:TagKeys", "false")
        self.true("StringEqualsIfExists", "aws:RequestTag/owner", "groundwork")
        self.false("StringEqualsIfExists", "aws:RequestTag/owner", "x")

    def test_an_operator_that_there_is_not_never_holds(self) -> None:
        self.false("StringIs", "aws:RequestTag/owner", "groundwork")

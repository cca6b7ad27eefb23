"""Owns the complaint about a request: which member it is about, and what is wrong with it."""

from __future__ import annotations


class Invalid(Exception):
    """The request does not fit AWS's model of the operation."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path or 'the request'}: {why}")

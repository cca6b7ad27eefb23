"""Owns the errors of AWS's models: what they forbid and AWS accepts, each with its reason.

By the shape's name, and the member (for «required») or the constraint: enum, pattern, length.
"""

from __future__ import annotations

EXEMPT: dict[tuple[str, str], str] = {}

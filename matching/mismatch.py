"""Mismatches: data that says in which part, at which path, under which rule a request differs from an interaction.

A mismatch is never raised. Deciding (`matches`) and narrating (`explain`) are two functions that always agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Part(StrEnum):
    """The part of a request (or response) a mismatch is about."""

    STATE = "provider state"
    METHOD = "method"
    PATH = "path"
    STATUS = "status"
    QUERY = "query"
    HEADER = "header"
    BODY_TYPE = "body type"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference between what an interaction records and what came.

    `path` is a header or query parameter name, or a pact path such as `$.items[0].price` in a body, or "".
    `rule` names the matching rule that was applied. `expected` and `actual` are JSON values; an absent side is None.
    """

    part: Part
    path: str
    rule: str
    expected: Any
    actual: Any
    message: str

    def as_json(self) -> Mapping[str, Any]:
        """The mismatch as a JSON object with the six fields above, long values shortened."""
        return {
            "part": self.part.value,
            "path": self.path,
            "rule": self.rule,
            "expected": shortened(self.expected),
            "actual": shortened(self.actual),
            "message": self.message,
        }


SHOWN_TEXT = 200  # characters of a value that a report shows
_SHOWN_ITEMS = 10
_SHOWN_DEPTH = 4


def shortened(value: Any, depth: int = 0) -> Any:
    """A copy of a JSON value small enough for a report, whatever its size: long texts, lists and objects are cut."""
    if isinstance(value, str):
        text = value if len(value) <= SHOWN_TEXT else f"{value[:SHOWN_TEXT]}… ({len(value)} characters)"
        return text.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return shortened(str(value))  # JSON readers would round it
    if isinstance(value, (list, tuple)):
        if depth >= _SHOWN_DEPTH:
            return f"… ({len(value)} items)"
        items = [shortened(item, depth + 1) for item in value[:_SHOWN_ITEMS]]
        return items if len(value) <= _SHOWN_ITEMS else [*items, f"… ({len(value)} items)"]
    if isinstance(value, dict):
        if depth >= _SHOWN_DEPTH:
            return f"… ({len(value)} keys)"
        entries = list(value.items())[:_SHOWN_ITEMS]
        shown = {shortened(key): shortened(item, depth + 1) for key, item in entries}
        return shown if len(value) <= _SHOWN_ITEMS else {**shown, "…": f"({len(value)} keys)"}
    return value

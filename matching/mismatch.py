"""Mismatches: data that says in which part, at which path, under which rule a request differs from an interaction.

A mismatch is never raised. Deciding (`matches`) and narrating (`explain`) are two functions that always agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from matching.json_text import dump_json, kind_of


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
    METADATA = "metadata"


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
            "path": _shortened_text(self.path),
            "rule": self.rule,
            "expected": shortened(self.expected),
            "actual": shortened(self.actual),
            "message": self.message,
        }


SHOWN_TEXT = 200  # characters of one text that a report shows
_SHOWN_VALUES = 30  # values that a report shows of one document


def shortened(value: Any) -> Any:
    """A copy of a JSON value small enough for a report, whatever its size: long texts, lists and objects are cut."""
    return _shortened(value, [_SHOWN_VALUES])


def _shortened(value: Any, budget: list[int]) -> Any:
    budget[0] -= 1
    if isinstance(value, str):
        return _shortened_text(value)
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return _shortened_text(str(value) if value.bit_length() < 4096 else "a very long number")
    if isinstance(value, (list, tuple)):
        items: list[Any] = []
        for item in value:
            if budget[0] <= 0:
                items.append(f"… ({len(value)} items)")
                break
            items.append(_shortened(item, budget))
        return items
    if isinstance(value, dict):
        entries: dict[str, Any] = {}
        for key, item in value.items():
            if budget[0] <= 0:
                entries["…"] = f"({len(value)} keys)"
                break
            entries[_shortened_text(key)] = _shortened(item, budget)
        return entries
    return value


def _shortened_text(text: str) -> str:
    if len(text) > SHOWN_TEXT:
        text = f"{text[:SHOWN_TEXT]}… ({len(text)} characters)"
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def shown(value: Any) -> str:
    """A value as sentences show it: short, and as JSON so that `"1"` and `1` differ."""
    text = dump_json(shortened(value)).decode()
    return text if len(text) <= _SHOWN_DOCUMENT else text[:_SHOWN_DOCUMENT] + "…"


_SHOWN_DOCUMENT = 400  # characters of one value in a sentence


def counted(number: int, noun: str) -> str:
    """`1 item`, `2 items`."""
    plural = "children" if noun == "child" else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


def inequality(expected: Any, actual: Any) -> str:
    """The sentence for two values that differ; names their kinds when those differ."""
    if type(expected) is not type(actual):
        return f"Expected {shown(expected)} ({kind_of(expected)}) but received {shown(actual)} ({kind_of(actual)})"
    return f"Expected {shown(expected)} but received {shown(actual)}"

"""Headers: every recorded one has to come, others may."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Protocol

from matching.content_types import parse_parameters
from matching.http_text import squeezed
from matching.mismatch import Mismatch, Part, inequality
from matching.model import HeaderValues, MatchingRules, RuleList
from matching.parts.values import compile_each


class HeaderMatcher(Protocol):
    """One compiled header. `name` is lower case."""

    @property
    def name(self) -> str:
        """The lower-case name."""

    @property
    def literal(self) -> tuple[str, ...] | None:
        """The values that have to come, as if they were on one line; None where others may."""

    def matches(self, values: list[str] | None) -> bool:
        """Whether the header's values (None when it did not come) may stand for the recorded ones."""

    def explain(self, values: list[str] | None) -> Iterator[Mismatch]:
        """Every mismatch of this header."""


class PlainHeader:
    """A header without rules: the same values in the same order, or the same text once joined by commas."""

    __slots__ = ("_recorded", "_values", "name")

    def __init__(self, recorded: str, values: list[str]) -> None:
        self._recorded = recorded
        self.name = recorded.lower()
        self._values = values

    @property
    def literal(self) -> tuple[str, ...] | None:
        return tuple(squeezed(self._values)) if self._values else None

    def matches(self, values: list[str] | None) -> bool:
        if values is None or not self._values:
            return False  # recorded without any value: whatever comes is too much
        # Both sides are split into items without blanks around, so equal joined texts mean equal items, and one line
        # `1, 2` also stands for two lines `1` and `2`.
        return values == self._values or squeezed(values) == squeezed(self._values)

    def explain(self, values: list[str] | None) -> Iterator[Mismatch]:
        if values is None:
            yield _missing_header(self._recorded, ", ".join(self._values))
        elif not self.matches(values):
            expected, actual = ", ".join(self._values), ", ".join(values)
            message = f"Header {self._recorded}: {inequality(expected, actual)}"
            yield Mismatch(Part.HEADER, self._recorded, "equality", expected, actual, message)


class ParameterisedHeader:
    """Accept and Content-Type: media types equal, every recorded parameter present, further parameters allowed."""

    __slots__ = ("_ranges", "_recorded", "_values", "name")
    literal = None

    def __init__(self, recorded: str, values: list[str]) -> None:
        self._recorded = recorded
        self.name = recorded.lower()
        self._values = values
        self._ranges = [media_range(value) for value in values]

    def matches(self, values: list[str] | None) -> bool:
        if values is None:
            return False
        if values == self._values:
            return True
        ranges = self._ranges
        if len(values) != len(ranges):  # one side has in one line what the other has in several
            ranges, values = [media_range(value) for value in squeezed(self._values)], squeezed(values)
        return len(values) == len(ranges) and all(
            range_agrees(expected, media_range(value)) for expected, value in zip(ranges, values, strict=True)
        )

    def explain(self, values: list[str] | None) -> Iterator[Mismatch]:
        expected = ", ".join(self._values)
        if values is None:
            yield _missing_header(self._recorded, expected)
        elif not self.matches(values):
            actual = ", ".join(values)
            message = f"Header {self._recorded}: {inequality(expected, actual)}"
            yield Mismatch(Part.HEADER, self._recorded, "equality", expected, actual, message)


MediaRange = tuple[str, dict[str, str]]


def media_range(value: str) -> MediaRange:
    """A media type or range, lower case, and its parameters."""
    media_type, *rest = value.split(";")
    media_type = media_type.strip()
    # Media types are case-insensitive; a word that is none is compared as any other header value.
    return media_type.lower() if "/" in media_type else media_type, {
        name: text.lower() for name, text in parse_parameters(rest)
    }


def range_agrees(expected: MediaRange, actual: MediaRange) -> bool:
    """Whether a range may stand for a recorded one: equal, all its parameters there."""
    if expected[0] != actual[0]:
        return False
    boundary_differs = expected[0].startswith("multipart/")  # the boundary is made up for every request
    return all(
        actual[1].get(name) == text or (name == "boundary" and boundary_differs) for name, text in expected[1].items()
    )


class RuledHeader:
    """A header under rules. How many values it has counts as soon as there are several on either side."""

    __slots__ = ("_each", "_recorded", "_values", "name")
    literal = None

    def __init__(self, recorded: str, values: list[str], rules: RuleList) -> None:
        self._recorded = recorded
        self.name = recorded.lower()
        self._values = values
        self._each = compile_each(values, rules)

    def _counted(self, values: list[str]) -> bool:
        return len(values) > 1 or len(self._values) > 1

    def matches(self, values: list[str] | None) -> bool:
        return values is not None and self._each.matches(values, counted=self._counted(values))

    def explain(self, values: list[str] | None) -> Iterator[Mismatch]:
        expected = ", ".join(self._values)
        if values is None:
            yield _missing_header(self._recorded, expected)
            return
        for rule, actual, reason in self._each.explain(values, counted=self._counted(values)):
            yield Mismatch(Part.HEADER, self._recorded, rule, expected, actual, f"Header {self._recorded}: {reason}")


def _missing_header(name: str, expected: str) -> Mismatch:
    return Mismatch(Part.HEADER, name, "present", expected, None, f"Expected the header {name} but it is missing")


def compile_headers(headers: HeaderValues, rules: MatchingRules) -> tuple[HeaderMatcher, ...]:
    """Compile the recorded headers. Raises RuleError."""
    return tuple(_compile_header(name, values, rules.header.get(name.lower())) for name, values in headers)


def _compile_header(name: str, values: tuple[str, ...], rules: RuleList | None) -> HeaderMatcher:
    return _plain_header(name, values) if rules is None else RuledHeader(name, list(values), rules)


@functools.lru_cache(maxsize=4096)
def _plain_header(name: str, values: tuple[str, ...]) -> HeaderMatcher:
    """Many interactions record the same header: one matcher for all of them stays at hand."""
    made = ParameterisedHeader if name.lower() in ("accept", "content-type") else PlainHeader
    return made(name, list(values))

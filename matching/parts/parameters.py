"""Names and values: what query strings and forms are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from matching.mismatch import Mismatch, Part, inequality, shown
from matching.parts.values import AnyEach, Each
from matching.paths import render_step


class Parameters:
    """Names and values, of a query string or of a form: every recorded name must come, and no other."""

    __slots__ = ("_deciders", "_matchers")

    def __init__(self, matchers: Mapping[str, ParameterMatcher]) -> None:
        self._matchers = matchers
        # Cheap ones first: a difference in a plain value is found before many values are tried one by one.
        self._deciders = tuple(sorted(matchers.items(), key=lambda member: member[1].is_ruled))

    def matches(self, actual: Mapping[str, list[str | None]]) -> bool:
        """Whether these names and values may stand for the recorded ones."""
        if len(actual) != len(self._matchers):
            return False
        for name, matcher in self._deciders:
            values = actual.get(name)
            if values is None or not matcher.matches(values):
                return False
        return True

    def literals(self) -> Iterator[tuple[str, tuple[str, ...] | None]]:
        """Every name that has to come, with the values that have to; None for values under rules."""
        for name, matcher in self._matchers.items():
            yield name, None if matcher.is_ruled else tuple(texts_of(matcher.expected))

    def explain(self, actual: Mapping[str, list[str | None]], part: Part, noun: str) -> Iterator[Mismatch]:
        """Every difference, told of `part`; `noun` is what a parameter is called there."""
        for name, matcher in self._matchers.items():
            where = name if part is Part.QUERY else "$" + render_step(name)
            if name in actual:
                for rule, value, reason in matcher.explain(actual[name]):
                    message = f"{noun} {shown(name)}: {reason}"
                    yield Mismatch(part, where, rule, _plain(matcher.expected), value, message)
            else:
                message = f"Expected the {noun.lower()} {shown(name)} but it is missing"
                yield Mismatch(part, where, "present", _plain(matcher.expected), None, message)
        for name, values in actual.items():
            if name not in self._matchers:
                where = name if part is Part.QUERY else "$" + render_step(name)
                message = f"Unexpected {noun.lower()} {shown(name)}: the contract does not record it"
                yield Mismatch(part, where, "absent", None, _plain(values), message)


class ParameterMatcher:
    """All values of one parameter: equal one by one, or each under rules."""

    __slots__ = ("_each", "_texts", "expected")

    def __init__(self, expected: tuple[str | None, ...], each: Each | AnyEach | None) -> None:
        self.expected = expected
        self._texts = texts_of(expected)
        self._each = each

    @property
    def is_ruled(self) -> bool:
        """Whether the values are under rules."""
        return self._each is not None

    def matches(self, values: list[str | None]) -> bool:
        texts = texts_of(values)
        return texts == self._texts if self._each is None else self._each.matches(texts)

    def explain(self, values: list[str | None]) -> Iterator[tuple[str, Any, str]]:
        """(rule, what came, why it does not pass) for each difference."""
        if self._each is not None:
            yield from self._each.explain(texts_of(values))
        elif not self.matches(values):
            expected, actual = self._texts, [value or "" for value in values]
            several = len(expected) > 1 or len(actual) > 1
            reason = inequality(expected, actual) if several else inequality(_plain(expected), _plain(actual))
            yield "equality", _plain(values), reason


def texts_of(values: Iterable[str | None]) -> list[str]:
    """Values as texts; a name without `=` counts as one with an empty value."""
    return [value or "" for value in values]


def _plain(values: tuple[str | None, ...] | list[str] | list[str | None]) -> str | list[str | None] | None:
    """One value as itself, several as a list."""
    return values[0] if len(values) == 1 else list(values)

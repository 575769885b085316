"""The parts of a request before its body: path, query and headers, each compiled to a matcher."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from matching.content_types import parse_parameters
from matching.http_text import canonical_path
from matching.matchers import TEXT_RULES, Matcher, Regex, compile_rules, inequality, shown
from matching.mismatch import Mismatch, Part
from matching.model import HeaderValues, MatchingRules, QueryParameters, RuleList
from matching.request import Request


class PathMatcher(Protocol):
    """A compiled path."""

    @property
    def is_literal(self) -> bool:
        """True when the index can find it by equality."""

    def matches(self, request: Request) -> bool:
        """Whether the request's path fits."""

    def explain(self, request: Request) -> Iterator[Mismatch]:
        """The mismatch of the path, if any."""


class LiteralPath:
    """A recorded path without rules: equal as it came, or segment by segment after percent-decoding."""

    __slots__ = ("key", "path")
    is_literal = True

    def __init__(self, path: str) -> None:
        self.path = path
        self.key = canonical_path(path)

    def matches(self, request: Request) -> bool:
        return self.key == canonical_path(request.path)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        if not self.matches(request):
            yield Mismatch(Part.PATH, "", "equality", self.path, request.path, inequality(self.path, request.path))


class RuledPath:
    """A path under rules, tried on the path as it came and then decoded. `pattern` is set for a single regex."""

    __slots__ = ("_matcher", "example", "pattern")
    is_literal = False

    def __init__(self, example: str, rules: RuleList) -> None:
        self.example = example
        self._matcher: Matcher = compile_rules(rules, example, TEXT_RULES)
        self.pattern = self._matcher.pattern if isinstance(self._matcher, Regex) else None

    def matches(self, request: Request) -> bool:
        if self._matcher.matches(request.path):
            return True
        return "%" in request.path and self._matcher.matches(request.decoded_path)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        if not self.matches(request):
            message = self._matcher.explain(request.path) or "The path does not match"
            yield Mismatch(Part.PATH, "", self._matcher.rule, self.example, request.path, message)


def compile_path(path: str, rules: RuleList | None) -> LiteralPath | RuledPath:
    """Compile a recorded path. Raises RuleError."""
    if rules is None or [rule.name for rule in rules.rules] == ["equality"]:
        return LiteralPath(path)
    return RuledPath(path, rules)


class QueryMatcher:
    """The whole query string: every recorded parameter must come, and no other."""

    __slots__ = ("_parameters", "_wild")

    def __init__(self, parameters: Mapping[str, ParameterMatcher]) -> None:
        self._parameters = parameters

    def matches(self, request: Request) -> bool:
        actual = request.parameters
        if len(actual) != len(self._parameters):
            return False
        for name, parameter in self._parameters.items():
            values = actual.get(name)
            if values is None or not parameter.matches(values):
                return False
        return True

    def explain(self, request: Request) -> Iterator[Mismatch]:
        actual = request.parameters
        for name, parameter in self._parameters.items():
            if name in actual:
                yield from parameter.explain(actual[name])
            else:
                message = f"Expected the query parameter {shown(name)} but it is missing"
                yield Mismatch(Part.QUERY, name, "present", _plain(parameter.expected), None, message)
        for name, values in actual.items():
            if name not in self._parameters:
                message = f"Unexpected query parameter {shown(name)}: the contract does not record it"
                yield Mismatch(Part.QUERY, name, "absent", None, _plain(values), message)


class ParameterMatcher:
    """All values of one query parameter: equal one by one, or each under the rules of its name."""

    __slots__ = ("_least", "_matchers", "_most", "_texts", "expected", "name")

    def __init__(self, name: str, expected: tuple[str | None, ...], rules: RuleList | None) -> None:
        self.name = name
        self.expected = expected
        self._texts = [value or "" for value in expected]
        self._matchers: tuple[Matcher, ...] | None = None
        self._least, self._most = 0, None
        if rules is not None:
            # Values beyond the recorded ones are held against the first.
            self._matchers = tuple(compile_rules(rules, text, TEXT_RULES) for text in self._texts or [""])
            bounds = [rule.attributes for rule in rules.rules if rule.name == "type"]
            self._least = max((bound.get("min") or 0 for bound in bounds), default=0)
            self._most = min((bound["max"] for bound in bounds if bound.get("max") is not None), default=None)

    def matches(self, values: list[str | None]) -> bool:
        matchers = self._matchers
        if matchers is None:
            return len(values) == len(self._texts) and all(
                (value or "") == text for value, text in zip(values, self._texts, strict=True)
            )
        if len(values) < self._least or (self._most is not None and len(values) > self._most):
            return False
        return all(self._matcher(matchers, index).matches(value or "") for index, value in enumerate(values))

    @staticmethod
    def _matcher(matchers: tuple[Matcher, ...], index: int) -> Matcher:
        return matchers[index] if index < len(matchers) else matchers[0]

    def explain(self, values: list[str | None]) -> Iterator[Mismatch]:
        matchers, name = self._matchers, self.name
        if matchers is None:
            if not self.matches(values):
                message = f"Query parameter {shown(name)}: " + inequality(_plain(self._texts), _plain(values))
                yield Mismatch(Part.QUERY, name, "equality", _plain(self.expected), _plain(values), message)
            return
        if len(values) < self._least or (self._most is not None and len(values) > self._most):
            wanted = f"at least {self._least}" if len(values) < self._least else f"at most {self._most}"
            message = f"Query parameter {shown(name)}: expected {wanted} values but received {len(values)}"
            yield Mismatch(Part.QUERY, name, "type", wanted, len(values), message)
        for index, value in enumerate(values):
            matcher = self._matcher(matchers, index)
            reason = matcher.explain(value or "")
            if reason is not None:
                message = f"Query parameter {shown(name)}: {reason}"
                yield Mismatch(Part.QUERY, name, matcher.rule, _plain(self.expected), value, message)


def _plain(values: tuple[str | None, ...] | list[str] | list[str | None]) -> str | list[str | None] | None:
    """One value as itself, several as a list."""
    return values[0] if len(values) == 1 else list(values)


def compile_query(query: QueryParameters, rules: MatchingRules) -> QueryMatcher:
    """Compile the recorded query parameters. Raises RuleError."""
    return QueryMatcher(
        {
            name: ParameterMatcher(name, values, rules.query.get(name, rules.query_default))
            for name, values in query.items()
        }
    )


class HeaderMatcher(Protocol):
    """One compiled header. `name` is lower case."""

    @property
    def name(self) -> str:
        """The lower-case name."""

    def matches(self, values: list[str] | None) -> bool:
        """Whether the header's values (None when it did not come) may stand for the recorded ones."""

    def explain(self, values: list[str] | None) -> Iterator[Mismatch]:
        """Every mismatch of this header."""


class PlainHeader:
    """A header without rules: the same values in the same order, or the same text once joined by commas."""

    __slots__ = ("_joined", "_recorded", "_values", "name")

    def __init__(self, recorded: str, values: list[str]) -> None:
        self._recorded = recorded
        self.name = recorded.lower()
        self._values = values
        self._joined = ",".join(values)

    def matches(self, values: list[str] | None) -> bool:
        if values is None:
            return False
        # Both sides are split into items without blanks around, so equal joined texts mean equal items, and one line
        # `1, 2` also stands for two lines `1` and `2`.
        return values == self._values or _squeezed(values) == _squeezed(self._values)

    def explain(self, values: list[str] | None) -> Iterator[Mismatch]:
        if values is None:
            yield _missing_header(self._recorded, ", ".join(self._values))
        elif not self.matches(values):
            expected, actual = ", ".join(self._values), ", ".join(values)
            message = f"Header {self._recorded}: {inequality(expected, actual)}"
            yield Mismatch(Part.HEADER, self._recorded, "equality", expected, actual, message)


def _squeezed(values: list[str]) -> list[str]:
    return [item.strip() for item in ",".join(values).split(",")]


class ParameterisedHeader:
    """Accept and Content-Type: media types equal, every recorded parameter present, further parameters allowed."""

    __slots__ = ("_ranges", "_recorded", "_values", "name")

    def __init__(self, recorded: str, values: list[str]) -> None:
        self._recorded = recorded
        self.name = recorded.lower()
        self._values = values
        self._ranges = [_media_range(value) for value in values]

    def matches(self, values: list[str] | None) -> bool:
        if values is None or len(values) != len(self._values):
            return False
        return values == self._values or all(
            _range_agrees(expected, _media_range(value)) for expected, value in zip(self._ranges, values, strict=True)
        )

    def explain(self, values: list[str] | None) -> Iterator[Mismatch]:
        expected = ", ".join(self._values)
        if values is None:
            yield _missing_header(self._recorded, expected)
        elif not self.matches(values):
            actual = ", ".join(values)
            message = f"Header {self._recorded}: {inequality(expected, actual)}"
            yield Mismatch(Part.HEADER, self._recorded, "equality", expected, actual, message)


_MediaRange = tuple[str, dict[str, str]]


def _media_range(value: str) -> _MediaRange:
    media_type, *rest = value.split(";")
    media_type = media_type.strip()
    # Media types are case-insensitive; a word that is none is compared as any other header value.
    return media_type.lower() if "/" in media_type else media_type, {
        name: text.lower() for name, text in parse_parameters(rest)
    }


def _range_agrees(expected: _MediaRange, actual: _MediaRange) -> bool:
    if expected[0] != actual[0]:
        return False
    boundary_differs = expected[0].startswith("multipart/")  # the boundary is made up for every request
    return all(
        actual[1].get(name) == text or (name == "boundary" and boundary_differs) for name, text in expected[1].items()
    )


class RuledHeader:
    """A header under rules: each value must pass; values beyond the recorded ones are held against the first."""

    __slots__ = ("_matchers", "_recorded", "_values", "name")

    def __init__(self, recorded: str, values: list[str], rules: RuleList) -> None:
        self._recorded = recorded
        self.name = recorded.lower()
        self._values = values
        self._matchers = tuple(compile_rules(rules, value, TEXT_RULES) for value in values or [""])

    def matches(self, values: list[str] | None) -> bool:
        return values is not None and all(self._matcher(index).matches(value) for index, value in enumerate(values))

    def _matcher(self, index: int) -> Matcher:
        return self._matchers[index] if index < len(self._matchers) else self._matchers[0]

    def explain(self, values: list[str] | None) -> Iterator[Mismatch]:
        expected = ", ".join(self._values)
        if values is None:
            yield _missing_header(self._recorded, expected)
            return
        for index, value in enumerate(values):
            matcher = self._matcher(index)
            reason = matcher.explain(value)
            if reason is not None:
                message = f"Header {self._recorded}: {reason}"
                yield Mismatch(Part.HEADER, self._recorded, matcher.rule, expected, value, message)


def _missing_header(name: str, expected: str) -> Mismatch:
    return Mismatch(Part.HEADER, name, "present", expected, None, f"Expected the header {name} but it is missing")


def compile_headers(headers: HeaderValues, rules: MatchingRules) -> tuple[HeaderMatcher, ...]:
    """Compile the recorded headers. Raises RuleError."""
    return tuple(_compile_header(name, list(values), rules.header.get(name.lower())) for name, values in headers)


def _compile_header(name: str, values: list[str], rules: RuleList | None) -> HeaderMatcher:
    if rules is not None:
        return RuledHeader(name, values, rules)
    if name.lower() in ("accept", "content-type"):
        return ParameterisedHeader(name, values)
    return PlainHeader(name, values)

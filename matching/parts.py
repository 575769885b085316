"""The parts of a request before its body: path, query and headers, each compiled to a matcher."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from matching.content_types import parse_parameters
from matching.http_text import canonical_path
from matching.matchers import TEXT_RULES, AnyText, Matcher, Regex, RuleError, compile_rules
from matching.mismatch import Mismatch, Part, inequality, shown
from matching.model import HeaderValues, MatchingRule, MatchingRules, QueryParameters, RuleList, Variant
from matching.paths import render_step
from matching.request import Request


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


def compile_path(path: str, rules: RuleList | None, expression: str | None = None) -> LiteralPath | RuledPath:
    """Compile a recorded path. Raises RuleError.

    With an `expression` (`/orders/${id}`, from a provider state) that no pattern outdoes, the path may be the recorded
    one or one made by the expression. Whatever value a state has, it is one segment.
    """
    names = [rule.name for rule in rules.rules] if rules is not None else []
    if expression is not None and "${" in expression and set(names) <= {"type", "equality"}:
        made = "".join(
            "[^/]+" if number % 2 else re.escape(piece) for number, piece in enumerate(_STATE_VALUE.split(expression))
        )
        pattern = {"regex": f"(?:{re.escape(path)}|{made})"}
        return RuledPath(path, RuleList((MatchingRule("regex", pattern),)))
    if rules is None or names == ["equality"]:
        return LiteralPath(path)
    return RuledPath(path, rules)


_STATE_VALUE = re.compile(r"\$\{([^}]*)\}")


class Parameters:
    """Names and values, of a query string or of a form: every recorded name must come, and no other."""

    __slots__ = ("_matchers",)

    def __init__(self, matchers: Mapping[str, ParameterMatcher]) -> None:
        self._matchers = matchers

    def matches(self, actual: Mapping[str, list[str | None]]) -> bool:
        """Whether these names and values may stand for the recorded ones."""
        if len(actual) != len(self._matchers):
            return False
        for name, matcher in self._matchers.items():
            values = actual.get(name)
            if values is None or not matcher.matches(values):
                return False
        return True

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


class QueryMatcher:
    """The whole query string."""

    __slots__ = ("_parameters",)

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def matches(self, request: Request) -> bool:
        return self._parameters.matches(request.parameters)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        yield from self._parameters.explain(request.parameters, Part.QUERY, "Query parameter")


class Count:
    """How many values a query parameter or header may have: all of these bounds, or any one of them."""

    __slots__ = ("_any", "_bounds")

    def __init__(self, bounds: list[tuple[int, int | None]], *, any_suffices: bool) -> None:
        self._bounds = bounds
        self._any = any_suffices

    def matches(self, count: int) -> bool:
        hold = (least <= count and (most is None or count <= most) for least, most in self._bounds)
        return any(hold) if self._any else all(hold)

    def explain(self, count: int) -> str | None:
        if self.matches(count):
            return None
        wanted = (" or " if self._any else " and ").join(
            f"exactly {least}" if least == most else f"at least {least}" if most is None else f"{least} to {most}"
            for least, most in self._bounds
        )
        return f"expected {wanted} values but received {count}"


def compile_count(rules: RuleList, recorded: int) -> Count | None:
    """The bounds that rules put on the number of values; None when there are none."""
    bounds: list[tuple[int, int | None]] = []
    for rule in rules.rules:
        least, most = rule.attributes.get("min"), rule.attributes.get("max")
        if rule.name == "equality":
            bounds.append((recorded, recorded))
        elif rule.name == "type" and (least is not None or most is not None):
            bounds.append((least or 0, most))
        elif rules.any_suffices:
            return None  # an alternative for any number of values
    return Count(bounds, any_suffices=rules.any_suffices) if bounds else None


class Each:
    """Values under rules, one by one; those beyond the recorded ones are held against the first."""

    __slots__ = ("_contained", "_count", "_matchers")

    def __init__(self, matchers: tuple[Matcher, ...], count: Count | None, contained: tuple[Matcher, ...] = ()) -> None:
        self._matchers = matchers
        self._count = count
        self._contained = contained  # what some value or other has to pass

    def _matcher(self, index: int) -> Matcher:
        return self._matchers[index] if index < len(self._matchers) else self._matchers[0]

    def matches(self, values: list[str], *, counted: bool = True) -> bool:
        if counted and self._count is not None and not self._count.matches(len(values)):
            return False
        if not all(self._matcher(index).matches(value) for index, value in enumerate(values)):
            return False
        return all(any(map(wanted.matches, values)) for wanted in self._contained)

    def explain(self, values: list[str], *, counted: bool = True) -> Iterator[tuple[str, str | int, str]]:
        """(rule, what came, why it does not pass) for each difference."""
        if counted and self._count is not None and (reason := self._count.explain(len(values))) is not None:
            yield self._matchers[0].rule, len(values), reason
        for index, value in enumerate(values):
            matcher = self._matcher(index)
            reason = matcher.explain(value)
            if reason is not None:
                yield matcher.rule, value, reason
        for wanted in self._contained:
            reasons = [wanted.explain(value) for value in values]
            if all(reasons):
                yield "arrayContains", ", ".join(values), f"None of the values is as recorded: {reasons[0]}"


class AnyEach:
    """Alternatives for all values of a name together."""

    __slots__ = ("_alternatives",)

    def __init__(self, alternatives: tuple[Each, ...]) -> None:
        self._alternatives = alternatives

    def matches(self, values: list[str], *, counted: bool = True) -> bool:
        return any(each.matches(values, counted=counted) for each in self._alternatives)

    def explain(self, values: list[str], *, counted: bool = True) -> Iterator[tuple[str, str | int, str]]:
        """(rule, what came, why it does not pass) for each difference from the first alternative, if none holds."""
        if not self.matches(values, counted=counted):
            yield from self._alternatives[0].explain(values, counted=counted)


# Rules about all values of a name together.
_WHOLE_RULES = frozenset({"eachValue", "arrayContains"})


def compile_each(values: list[str], rules: RuleList) -> Each | AnyEach:
    """Compile recorded values under the rules of their name. Raises RuleError."""
    whole = [rule for rule in rules.rules if rule.name in _WHOLE_RULES]
    if whole and rules.any_suffices:
        alternatives = (RuleList((rule,), pointer=rules.pointer) for rule in rules.rules)
        return AnyEach(tuple(_compile_all(values, alternative) for alternative in alternatives))
    return _compile_all(values, rules)


def _compile_all(values: list[str], rules: RuleList) -> Each:
    """Values under rules that all have to hold, but for those about single values when any of them suffices."""
    for rule in rules.rules:
        if rule.name == "eachValue" and not rule.rules:
            raise RuleError("an eachValue rule needs rules for the values", rules.pointer)
        for variant in rule.variants:
            if variant.index >= len(values):
                raise RuleError(f"variant {variant.index} of arrayContains has no recorded value", rules.pointer)
    inner = tuple(rule for outer in rules.rules if outer.name == "eachValue" for rule in outer.rules)
    kept = tuple(rule for rule in rules.rules if rule.name not in ("eachValue", "arrayContains")) + inner
    contained = tuple(
        compile_rules(_rules_of(variant), values[variant.index], TEXT_RULES)
        for rule in rules.rules
        if rule.name == "arrayContains"
        for variant in rule.variants or tuple(Variant(index, ()) for index in range(len(values)))
    )
    if not kept:
        return Each((AnyText(),), None, contained)
    own = RuleList(kept, rules.any_suffices, rules.pointer)
    matchers = tuple(compile_rules(own, value, TEXT_RULES) for value in values or [""])
    return Each(matchers, compile_count(rules, len(values)), contained)


def _rules_of(variant: Variant) -> RuleList:
    """The rules of a variant whose item is a text."""
    return next((rules for path, rules in variant.rules if not path), _EQUALITY)


_EQUALITY = RuleList((MatchingRule("equality"),))


class ParameterMatcher:
    """All values of one parameter: equal one by one, or each under rules."""

    __slots__ = ("_each", "_texts", "expected")

    def __init__(self, expected: tuple[str | None, ...], each: Each | AnyEach | None) -> None:
        self.expected = expected
        self._texts = texts_of(expected)
        self._each = each

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


def compile_query(query: QueryParameters, rules: MatchingRules) -> QueryMatcher:
    """Compile the recorded query parameters. Raises RuleError."""
    matchers: dict[str, ParameterMatcher] = {}
    for name, values in query.items():
        governing = rules.query.get(name, rules.query_default)
        each = None if governing is None else compile_each(texts_of(values), governing)
        matchers[name] = ParameterMatcher(values, each)
    return QueryMatcher(Parameters(matchers))


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

    __slots__ = ("_recorded", "_values", "name")

    def __init__(self, recorded: str, values: list[str]) -> None:
        self._recorded = recorded
        self.name = recorded.lower()
        self._values = values

    def matches(self, values: list[str] | None) -> bool:
        if values is None or not self._values:
            return False  # recorded without any value: whatever comes is too much
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
        if values is None:
            return False
        if values == self._values:
            return True
        ranges = self._ranges
        if len(values) != len(ranges):  # one side has in one line what the other has in several
            ranges, values = [_media_range(value) for value in _squeezed(self._values)], _squeezed(values)
        return len(values) == len(ranges) and all(
            _range_agrees(expected, _media_range(value)) for expected, value in zip(ranges, values, strict=True)
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
    """A header under rules. How many values it has counts as soon as there are several on either side."""

    __slots__ = ("_each", "_recorded", "_values", "name")

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
    return tuple(_compile_header(name, list(values), rules.header.get(name.lower())) for name, values in headers)


def _compile_header(name: str, values: list[str], rules: RuleList | None) -> HeaderMatcher:
    if rules is not None:
        return RuledHeader(name, values, rules)
    if name.lower() in ("accept", "content-type"):
        return ParameterisedHeader(name, values)
    return PlainHeader(name, values)

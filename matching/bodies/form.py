"""Form bodies (`application/x-www-form-urlencoded`): names and values, compared as those of a query string are.

The rules of a field stand at `$.name`, at `$.name[0]` or `$.name[*]` for single values, or above it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from matching.bodies.typed import TypedBody
from matching.content_types import ContentType, codec_of, decoded_text
from matching.http_text import parse_query
from matching.matchers import TEXT_RULES, Equality, Matcher, compile_rules
from matching.mismatch import Mismatch, Part
from matching.model import Body, BodyRules, RuleList
from matching.parts import Count, Each, ParameterMatcher, Parameters, compile_count, compile_each, texts_of
from matching.paths import Scope
from matching.request import Request


class FormBody(TypedBody):
    """A form, compared field by field."""

    __slots__ = ("_fields",)

    def __init__(self, expected_type: ContentType | None, body: Body, rules: BodyRules) -> None:
        """Raises RuleError."""
        super().__init__(expected_type)
        self._fields = compile_form(decoded_text(body.content, codec_of(body.content_type)), rules)

    def literals(self) -> Iterator[tuple[str, tuple[str, ...] | None]]:
        """Every name that has to come, with the values that have to; None for values under rules."""
        return self._fields.literals()

    def matches(self, request: Request) -> bool:
        return self._arrived(request) and self._fields.matches(request.form)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        yield from self._explain_arrival(request)
        if request.body:
            yield from self._fields.explain(request.form, Part.BODY, "Field")


def compile_form(text: str, rules: BodyRules) -> Parameters:
    """Compile a recorded form and its body rules. Raises RuleError."""
    scope = Scope.root(list(rules))
    recorded = {name: tuple(values) for name, values in parse_query(text).items()}
    return Parameters({name: _field(values, scope.child(name)) for name, values in recorded.items()})


def _field(values: tuple[str | None, ...], scope: Scope[RuleList]) -> ParameterMatcher:
    """The values of one name. A rule for the name frees how many there are, one for a single value does not."""
    if scope.is_free:
        return ParameterMatcher(values, None)
    texts = texts_of(values)
    governing = scope.governing()
    if governing is not None and not scope.named_indices() and scope.child(0).governing() == (governing[0], True):
        rules, inherited = governing
        return ParameterMatcher(values, compile_each(texts, _unbounded(rules) if inherited else rules))
    matchers = tuple(_value(text, scope.child(index)) for index, text in enumerate(texts))
    if governing is None:
        return ParameterMatcher(values, Each(matchers, Count([(len(texts), len(texts))], any_suffices=False)))
    rules = _unbounded(governing[0]) if governing[1] else governing[0]
    return ParameterMatcher(values, Each(matchers, compile_count(rules, len(texts))))


def _value(text: str, scope: Scope[RuleList]) -> Matcher:
    governing = scope.governing()
    return Equality(text) if governing is None else compile_rules(governing[0], text, TEXT_RULES)


def _unbounded(rules: RuleList) -> RuleList:
    """Rules without their bounds, which are for exactly the path that they stand at."""
    kept = tuple(replace(rule, attributes={}) if rule.name == "type" else rule for rule in rules.rules)
    return RuleList(kept, rules.any_suffices, rules.pointer)

"""Query strings."""

from __future__ import annotations

from collections.abc import Iterator

from matching.mismatch import Mismatch, Part
from matching.model import MatchingRules, QueryParameters
from matching.parts.parameters import ParameterMatcher, Parameters, texts_of
from matching.parts.values import compile_each
from matching.request import Request


class QueryMatcher:
    """The whole query string."""

    __slots__ = ("_parameters", "_records_none")

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._records_none = not any(True for _ in parameters.literals())

    def matches(self, request: Request) -> bool:
        if not request.query:
            return self._records_none
        return self._parameters.matches(request.parameters)

    def literals(self) -> Iterator[tuple[str, tuple[str, ...] | None]]:
        """Every name that has to come, with the values that have to; None for values under rules."""
        return self._parameters.literals()

    def explain(self, request: Request) -> Iterator[Mismatch]:
        yield from self._parameters.explain(request.parameters, Part.QUERY, "Query parameter")


def compile_query(query: QueryParameters, rules: MatchingRules) -> QueryMatcher:
    """Compile the recorded query parameters. Raises RuleError."""
    if not query:
        return _NO_QUERY
    matchers: dict[str, ParameterMatcher] = {}
    for name, values in query.items():
        governing = rules.query.get(name, rules.query_default)
        each = None if governing is None else compile_each(texts_of(values), governing)
        matchers[name] = ParameterMatcher(values, each)
    return QueryMatcher(Parameters(matchers))


_NO_QUERY = QueryMatcher(Parameters({}))

"""The parts of a request before its body: path, query and headers, each compiled to a matcher."""

from matching.parts.headers import HeaderMatcher, compile_headers
from matching.parts.parameters import ParameterMatcher, Parameters, texts_of
from matching.parts.path import LiteralPath, RuledPath, compile_path
from matching.parts.query import QueryMatcher, compile_query
from matching.parts.values import Count, Each, compile_count, compile_each

__all__ = [
    "Count",
    "Each",
    "HeaderMatcher",
    "LiteralPath",
    "ParameterMatcher",
    "Parameters",
    "QueryMatcher",
    "RuledPath",
    "compile_count",
    "compile_each",
    "compile_headers",
    "compile_path",
    "compile_query",
    "texts_of",
]

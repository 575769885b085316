"""The matching core of stubserver: pact documents in, decisions and explanations out.

Pure: no I/O, no event loop, no logging, no environment, no clock. `load_pact` reads and compiles a document, `Index`
arranges its interactions, `find` chooses the one that answers a `Request`, `near_misses` says why none did.
"""

from matching.compile import CompiledInteraction, CompiledPact, ResponseMatcher, load_pact
from matching.errors import PactError, Problem, Severity
from matching.example import example_request
from matching.index import ORDERS, Index
from matching.mismatch import Mismatch, Part
from matching.patterns import PatternError
from matching.request import Request
from matching.response import CompiledResponse
from matching.select import Match, NearMiss, NoMatch, StateSelector, find, near_misses

__all__ = [
    "ORDERS",
    "CompiledInteraction",
    "CompiledPact",
    "CompiledResponse",
    "Index",
    "Match",
    "Mismatch",
    "NearMiss",
    "NoMatch",
    "PactError",
    "Part",
    "PatternError",
    "Problem",
    "Request",
    "ResponseMatcher",
    "Severity",
    "StateSelector",
    "example_request",
    "find",
    "load_pact",
    "near_misses",
]

"""The matching core of stubserver: pact documents in, decisions and explanations out.

Pure: no I/O, no event loop, no logging, no environment, no clock. `load_pact` reads and compiles a document, `Index`
arranges its interactions, `find` chooses the one that answers a `Request`, `near_misses` says why none did.
"""

from matching.compile import echo_template, load_pact
from matching.errors import PactError, Problem, Severity
from matching.example import example_request
from matching.generators import GeneratorContext, ResponseTemplate, draw_key
from matching.index import ORDERS, Bucket, Index, Match
from matching.interaction import CompiledInteraction, CompiledPact
from matching.mend import mended
from matching.messages import CompiledMessage, MessageMatcher
from matching.mismatch import Mismatch, Part
from matching.patterns import PatternError, bounded
from matching.request import Request
from matching.response import CompiledResponse
from matching.response_matcher import ResponseMatcher
from matching.select import NearMiss, NoMatch, StateSelector, find, near_misses

__all__ = [
    "ORDERS",
    "Bucket",
    "CompiledInteraction",
    "CompiledMessage",
    "CompiledPact",
    "CompiledResponse",
    "GeneratorContext",
    "Index",
    "Match",
    "MessageMatcher",
    "Mismatch",
    "NearMiss",
    "NoMatch",
    "PactError",
    "Part",
    "PatternError",
    "Problem",
    "Request",
    "ResponseMatcher",
    "ResponseTemplate",
    "Severity",
    "StateSelector",
    "bounded",
    "draw_key",
    "echo_template",
    "example_request",
    "find",
    "load_pact",
    "mended",
    "near_misses",
]

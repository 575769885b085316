"""Bodies: what an interaction demands of a request's body, one matcher per kind of content."""

from matching.bodies.body import compile_body
from matching.bodies.idle import idle_rules
from matching.bodies.typed import BodyMatcher

__all__ = ["BodyMatcher", "compile_body", "idle_rules"]

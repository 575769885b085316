"""Bodies: what an interaction demands of a request's body, one matcher per kind of content."""

from matching.bodies.body import BodyMatcher, compile_body

__all__ = ["BodyMatcher", "compile_body"]

"""Bodies: what an interaction demands of a request's body, one matcher per kind of content."""

from matching.bodies.body import JsonBody, NoBody, compile_body
from matching.bodies.form import FormBody
from matching.bodies.idle import idle_rules
from matching.bodies.typed import BodyMatcher

__all__ = ["BodyMatcher", "FormBody", "JsonBody", "NoBody", "compile_body", "idle_rules"]

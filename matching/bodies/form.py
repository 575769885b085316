"""Form bodies (`application/x-www-form-urlencoded`): names and values, compared as those of a query string are.

The rules of a field stand at `$.name`, at `$.name[0]` or `$.name[*]`, or above it.
"""

from __future__ import annotations

from collections.abc import Iterator

from matching.bodies.typed import TypedBody
from matching.content_types import ContentType, codec_of, decoded_text
from matching.http_text import parse_query
from matching.mismatch import Mismatch, Part
from matching.model import Body, BodyRules, RuleList
from matching.parts import Parameters, compile_parameters
from matching.paths import Scope
from matching.request import Request


class FormBody(TypedBody):
    """A form, compared field by field."""

    __slots__ = ("_fields",)

    def __init__(self, expected_type: ContentType | None, body: Body, rules: BodyRules) -> None:
        """Raises RuleError."""
        super().__init__(expected_type)
        self._fields = compile_form(decoded_text(body.content, codec_of(body.content_type)), rules)

    def matches(self, request: Request) -> bool:
        return self._arrived(request) and self._fields.matches(request.form)

    def explain(self, request: Request) -> Iterator[Mismatch]:
        yield from self._explain_arrival(request)
        if request.body:
            yield from self._fields.explain(request.form, Part.BODY, "Field")


def compile_form(text: str, rules: BodyRules) -> Parameters:
    """Compile a recorded form and its body rules. Raises RuleError."""
    scope = Scope.root(list(rules))

    def rules_of(name: str) -> RuleList | None:
        governing = scope.child(name).child(0).governing()
        return None if governing is None else governing[0]

    recorded = {name: tuple(values) for name, values in parse_query(text).items()}
    return compile_parameters(recorded, rules_of)

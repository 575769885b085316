"""Answers with places for generated values: bytes around the places, made once, and filled for each answer.

Theory of operation. A recorded body is written out once and cut where generators put their values (`cuts`). Answering
joins the pieces with new values between them; nothing is parsed, and what no generator touches keeps its value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from matching.content_types import Kind
from matching.errors import Problem, Severity
from matching.generators.context import GeneratorContext
from matching.generators.cuts import cut_form, cut_json, cut_xml
from matching.generators.places import Place, Placement, set_aside
from matching.generators.values import GeneratorError, ValueGenerator, compile_value
from matching.http_text import NOT_REPLAYED, encoded, is_sendable_value, is_token
from matching.json_text import JsonError, text_of
from matching.model import Body, BodyState, ExampleResponse, Generator, MatchingRules
from matching.paths import Path, PathError, parse_path
from matching.xml_text import XmlError


@dataclass(frozen=True, slots=True)
class Template:
    """Bytes with places between them: one piece more than there are places."""

    pieces: tuple[bytes, ...]
    places: tuple[Place, ...]

    def fill(self, context: GeneratorContext) -> bytes:
        """The bytes with a new value at each place."""
        parts = [self.pieces[0]]
        for place, piece in zip(self.places, self.pieces[1:], strict=True):
            parts.append(place.written(context))
            parts.append(piece)
        return b"".join(parts)


_MUCH = 500  # what the values of an answer may cost before they are made beside the event loop
_LONGEST_HEADER = 4096  # characters of a generated value; clients refuse longer lines


@dataclass(frozen=True, slots=True)
class ResponseTemplate:
    """The generated parts of an answer; what is None or not named stays as it was recorded."""

    status: Place | None
    headers: tuple[tuple[str, Place], ...]  # name as it is sent, place
    body: Template | None

    @property
    def is_large(self) -> bool:
        """Whether filling it takes long enough to hold up others."""
        return self.body is not None and sum(place.cost for place in self.body.places) > _MUCH

    def fill_status(self, context: GeneratorContext, recorded: int) -> int:
        """The status of one answer."""
        generated = self.status.value(context) if self.status is not None else recorded
        return generated if isinstance(generated, int) and 200 <= generated <= 999 else recorded

    def fill_headers(self, context: GeneratorContext) -> Iterator[tuple[str, str]]:
        """Each generated header of one answer, in place of those recorded under its name."""
        for name, place in self.headers:
            value = text_of(place.value(context))
            if is_sendable_value(value) and len(value) <= _LONGEST_HEADER:
                yield name, value

    def fill_body(self, context: GeneratorContext, status: int, recorded: bytes) -> bytes:
        """The body of one answer of that status."""
        if status in (204, 304):
            return b""
        return recorded if self.body is None else self.body.fill(context)


def compile_template(
    response: ExampleResponse, echoes: Iterable[Placement] = ()
) -> tuple[ResponseTemplate | None, list[Problem]]:
    """The template of a recorded response, None when nothing is generated, and what was set aside.

    `echoes` are further places of the body that no generator is for.
    """
    problems: list[Problem] = []
    status: Place | None = None
    headers: list[tuple[str, Place]] = []
    recorded = {name.lower(): (name, values) for name, values in response.headers}
    for generator in response.generators:
        if generator.category == "status":
            with_status = compile_place(generator, "status", response.status, problems)
            status = with_status or status
        elif generator.category == "header":
            name, values = recorded.get(generator.path.lower(), (generator.path, ()))
            if not is_token(name) or name.lower() in NOT_REPLAYED or name.lower() == "content-encoding":
                problems.append(set_aside(generator.pointer, f"{name!r} is no header that can be generated"))
                continue
            place = compile_place(generator, f"header {name.lower()}", ", ".join(values), problems)
            if place is not None:
                headers.append((name, place))
        elif generator.category != "body":
            message = f"generators for the {generator.category} of a response have no effect"
            problems.append(Problem(Severity.WARNING, generator.pointer, message, "use status, header or body"))
    placements = [*body_placements(response.generators, response.rules, problems), *echoes]
    body = compile_body_template(response.body, placements, problems) if placements else None
    if status is None and not headers and body is None:
        return None, problems
    return ResponseTemplate(status, tuple(headers), body), problems


def message_template(
    content: Body, generators: tuple[Generator, ...], rules: MatchingRules
) -> tuple[Template | None, list[Problem]]:
    """The template of a message's content, None when nothing is generated, and what was set aside."""
    problems: list[Problem] = []
    return compile_body_template(content, list(body_placements(generators, rules, problems)), problems), problems


def compile_place(generator: Generator, name: str, example: Any, problems: list[Problem]) -> Place | None:
    """The place of a value that is no part of a body; None (and a problem) when its generator cannot be read."""
    try:
        made = compile_value(generator.type, generator.attributes, example)
    except GeneratorError as error:
        problems.append(set_aside(generator.pointer, str(error)))
        return None
    return Place(name, made, example, lambda value: encoded(text_of(value)))


def body_placements(
    generators: Iterable[Generator], rules: MatchingRules, problems: list[Problem]
) -> Iterator[Placement]:
    """Where the generators of a body put values, those within variants of `arrayContains` included."""
    for generator in generators:
        if generator.category in ("body", "contents"):
            placement = _placement((), generator, problems)
            if placement is not None:
                yield placement
    for path, rule_list in rules.body:
        for rule in rule_list.rules:
            for variant in rule.variants:
                for generator in variant.generators:
                    placement = _placement((*path, variant.index), generator, problems)
                    if placement is not None:
                        yield placement


def _placement(base: Path, generator: Generator, problems: list[Problem]) -> Placement | None:
    try:
        path = parse_path(generator.path or "$")
    except PathError as error:
        problems.append(set_aside(generator.pointer, f"the path {generator.path!r} {error}"))
        return None

    ready: dict[type, ValueGenerator | GeneratorError] = {}  # one for all places where a value of some type is recorded

    def make(example: Any, /) -> ValueGenerator:
        made = None if generator.type == "MockServerURL" else ready.get(type(example))
        if made is None:
            try:
                made = compile_value(generator.type, generator.attributes, example)
            except GeneratorError as error:
                made = error
            ready[type(example)] = made
        if isinstance(made, GeneratorError):
            raise made
        return made

    return Placement((*base, *path), make, generator.pointer, generator.type)


def compile_body_template(body: Body, placements: list[Placement], problems: list[Problem]) -> Template | None:
    """The template of a body; None when nothing in it is generated."""
    if not placements or body.state is not BodyState.PRESENT:
        return None
    kind = body.content_type.kind if body.content_type is not None else Kind.BINARY
    cutter = {Kind.JSON: cut_json, Kind.XML: cut_xml, Kind.FORM: cut_form}.get(kind)
    if cutter is None:
        reason = f"{kind.value} bodies are not generated"
        problems.extend(set_aside(placement.pointer, reason) for placement in placements)
        return None
    try:
        pieces, places = cutter(body, placements, problems)
    except (JsonError, XmlError) as error:
        problems.append(set_aside(placements[0].pointer, f"the body cannot be read: {error}"))
        return None
    return Template(tuple(pieces), tuple(places)) if places else None

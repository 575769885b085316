"""Multipart bodies: parts found by their name (without one, by their place), in any order.

A field is compared as text, a file (and a part without a name) as a body of its own, under those rules of the body that
begin with the part's name. A rule for a header of a part stands at `$.name['header']`. The boundary never counts; parts
that were not recorded are let through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from matching.bodies.typed import BodyMatcher, TypedBody, unreadable, unreadable_example
from matching.content_types import ContentType, codec_of, decoded_text
from matching.matchers import TEXT_RULES, Equality, Matcher, compile_rules
from matching.mismatch import Mismatch, Part, inequality, shown
from matching.model import Body, BodyRules, BodyState, RuleList
from matching.multipart_text import BodyPart, MultipartError, parse_multipart
from matching.parts.headers import media_range, range_agrees
from matching.paths import Scope, render_step
from matching.request import Request

CompilePart = Callable[[Body, BodyRules, bool], BodyMatcher]  # content, its rules, whether any type will do


class _Content(Protocol):
    """What the content of a part is compared with."""

    def matches(self, part: BodyPart) -> bool:
        """Whether the content may stand for the recorded one."""

    def explain(self, part: BodyPart, path: str) -> Iterator[Mismatch]:
        """Every mismatch of the content; none when it matches."""


class _Text:
    """A field: text, equal or under rules."""

    __slots__ = ("_example", "_matcher")

    def __init__(self, example: str, rules: RuleList | None) -> None:
        self._example = example
        self._matcher: Matcher = Equality(example) if rules is None else compile_rules(rules, example, TEXT_RULES)

    def matches(self, part: BodyPart) -> bool:
        return self._matcher.matches(_text(part))

    def explain(self, part: BodyPart, path: str) -> Iterator[Mismatch]:
        reason = self._matcher.explain(_text(part))
        if reason is not None:
            yield Mismatch(Part.BODY, path, self._matcher.rule, self._example, _text(part), reason)


def _text(part: BodyPart) -> str:
    return decoded_text(part.content, codec_of(part.content_type))


class _Nested:
    """A file: a body within the body."""

    __slots__ = ("_body",)

    def __init__(self, body: BodyMatcher) -> None:
        self._body = body

    def matches(self, part: BodyPart) -> bool:
        return self._body.matches(_as_request(part))

    def explain(self, part: BodyPart, path: str) -> Iterator[Mismatch]:
        for found in self._body.explain(_as_request(part)):
            yield Mismatch(
                found.part, path + found.path.removeprefix("$"), found.rule, found.expected, found.actual, found.message
            )


def _as_request(part: BodyPart) -> Request:
    """The content of a part as a body of its own, made once however many interactions it is compared with."""
    if not isinstance(part.nested, Request):
        lines = [(name, value) for name, value in part.headers.items() if name == "content-type"]
        part.nested = Request("POST", "/", "", lines, part.content)
    return part.nested


@dataclass(frozen=True, slots=True)
class PartMatcher:
    """One recorded part; `number` counts those of its name, or those without a name."""

    name: str | None
    number: int
    is_file: bool
    headers: tuple[tuple[str, str, Matcher], ...]  # name, recorded value, what the value has to pass
    content: _Content

    @property
    def path(self) -> str:
        """Where reports say that the part is."""
        step = render_step(self.number) if self.name is None else render_step(self.name)
        return "$" + step + (render_step(self.number) if self.name is not None and self.number else "")

    def matches(self, part: BodyPart) -> bool:
        """Whether a part may stand for the recorded one."""
        if (part.filename is not None) != self.is_file:
            return False
        for name, _, matcher in self.headers:
            given = part.headers.get(name)
            if given is None:
                if name != "content-type":  # a part may leave its type unsaid
                    return False
            elif not matcher.matches(given):
                return False
        return self.content.matches(part)

    def explain(self, part: BodyPart) -> Iterator[Mismatch]:
        """Every mismatch of a part; none when it matches."""
        if (part.filename is not None) != self.is_file:
            expected, actual = ("a file", "a field") if self.is_file else ("a field", "a file")
            message = f"Expected the part {shown(self.name)} to be {expected} but it is {actual}"
            yield Mismatch(Part.BODY, self.path, "type", expected, actual, message)
        for name, value, matcher in self.headers:
            given = part.headers.get(name)
            if given is None and name == "content-type":
                continue
            reason = "it is missing" if given is None else matcher.explain(given)
            if reason is not None:
                where = self.path + render_step(name)
                yield Mismatch(Part.BODY, where, matcher.rule, value, given, f"Header {name} of the part: {reason}")
        yield from self.content.explain(part, self.path)


class MultipartBody(TypedBody):
    """Parts, each compared with the one of its name."""

    __slots__ = ("_parts",)

    def __init__(self, expected_type: ContentType | None, parts: tuple[PartMatcher, ...] | None) -> None:
        super().__init__(expected_type)
        self._parts = parts  # None when the recorded body is not a multipart body

    def matches(self, request: Request) -> bool:
        if self._parts is None or not self._arrived(request):
            return False
        parts, error = request.parts
        if error is not None:
            return False
        found = _numbered(parts)
        return all(
            (part := found.get((matcher.name, matcher.number))) is not None and matcher.matches(part)
            for matcher in self._parts
        )

    def explain(self, request: Request) -> Iterator[Mismatch]:
        yield from self._explain_arrival(request)
        if not request.body:
            return
        parts, error = request.parts
        if self._parts is None:
            yield unreadable_example("multipart", request)
            return
        if error is not None:
            yield unreadable("multipart", request, error)
            return
        found = _numbered(parts)
        for matcher in self._parts:
            part = found.get((matcher.name, matcher.number))
            if part is None:
                name = "without a name" if matcher.name is None else shown(matcher.name)
                message = f"Expected a part {name} but there is none"
                yield Mismatch(Part.BODY, matcher.path, "present", matcher.name, None, message)
            else:
                yield from matcher.explain(part)


def _numbered(parts: list[BodyPart]) -> dict[tuple[str | None, int], BodyPart]:
    """Parts by name and number among those of their name."""
    counts: dict[str | None, int] = {}
    found: dict[tuple[str | None, int], BodyPart] = {}
    for part in parts:
        number = counts.get(part.name, 0)
        counts[part.name] = number + 1
        found[part.name, number] = part
    return found


# Headers of a part that are compared in another way: by name and kind, as the type of a body of its own, or decoded.
_COMPARED_OTHERWISE = frozenset({"content-disposition", "content-type", "content-transfer-encoding", "content-length"})


class _PartType:
    """The type of a part: equal, further parameters allowed, as in the header of a request."""

    __slots__ = ("_expected", "_recorded")
    rule = "content type"

    def __init__(self, recorded: str) -> None:
        self._recorded = recorded
        self._expected = media_range(recorded)

    def matches(self, value: Any) -> bool:
        return range_agrees(self._expected, media_range(value))

    def explain(self, value: Any) -> str | None:
        return None if self.matches(value) else inequality(self._recorded, value)


def compile_multipart(
    expected_type: ContentType | None, body: Body, rules: BodyRules, compile_part: CompilePart
) -> MultipartBody:
    """Compile a recorded multipart body; `compile_part` compiles the content of a part. Raises RuleError."""
    boundary = body.content_type.param("boundary") if body.content_type is not None else None
    try:
        parts = parse_multipart(body.content, boundary)
    except MultipartError:
        return MultipartBody(expected_type, None)
    matchers = []
    for position, ((name, number), part) in enumerate(_numbered(parts).items()):
        below = _rules_below(rules, (position, str(position)) if name is None else (name,))
        own_headers = {path[0].lower(): found for path, found in below if len(path) == 1 and isinstance(path[0], str)}
        is_field = part.filename is None and name is not None
        if is_field and name is not None:
            content: _Content = _Text(_text(part), _field_rules(rules, name))
        else:
            state = BodyState.PRESENT if part.content else BodyState.EMPTY
            any_type = "content-type" in own_headers
            nested = Body(state, part.content, part.content_type)
            content = _Nested(compile_part(nested, below, any_type))
        headers = tuple(_headers(part, own_headers, is_field=is_field))
        matchers.append(PartMatcher(name, number, part.filename is not None, headers, content))
    return MultipartBody(expected_type, tuple(matchers))


def _headers(part: BodyPart, rules: dict[str, RuleList], *, is_field: bool) -> Iterator[tuple[str, str, Matcher]]:
    for name, value in part.headers.items():
        if name in rules:
            yield name, value, compile_rules(rules[name], value, TEXT_RULES)
        elif name == "content-type" and is_field:
            yield name, value, _PartType(value)
        elif name not in _COMPARED_OTHERWISE:
            yield name, value, Equality(value)


def _rules_below(rules: BodyRules, names: tuple[str | int, ...]) -> BodyRules:
    """The rules that begin with a part's name, with their paths beginning at the part."""
    return tuple((path[1:], rule_list) for path, rule_list in rules if path and path[0] in names)


def _field_rules(rules: BodyRules, name: str) -> RuleList | None:
    governing = Scope.root(list(rules)).child(name).governing()
    return None if governing is None else governing[0]

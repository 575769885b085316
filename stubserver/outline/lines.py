"""Requests and answers as people read HTTP, line by line, with what is to be said of a place beside it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from matching import CompiledInteraction, Mismatch, Part, Request, example_request
from matching.content_types import Kind, codec_of
from matching.json_text import JsonError, dump_json, parse_json
from matching.mismatch import shown
from matching.model import Body, BodyState, Generator, MatchingRules, RuleList
from matching.paths import Path, PathError, Scope, Wildcard, parse_path, render_step
from matching.xml_text import Element, XmlError, parse_xml
from stubserver.outline.fields import rules_at, xml_scope
from stubserver.outline.words import generator_in_words, rules_in_words, rules_label

MOST_LINES = 400
_LONGEST = 300  # characters of one text
_LABEL = 50  # characters of a rule that is told in full beside its value
_BYTES = 512  # of what is no text
_MOST_PASSED = 5000  # further lines that are looked at for what is wrong


@dataclass(frozen=True, slots=True)
class Note:
    """What is said of a place: `tone` is rule, generator or mismatch; `label` a word, `text` a sentence."""

    tone: str
    label: str
    text: str


@dataclass(slots=True)
class Line:
    """One line: pieces of text, each with what it is (key, string, number, word, plain, tag), and notes."""

    depth: int
    pieces: list[tuple[str, str]]
    notes: list[Note] = field(default_factory=list)
    is_last: bool = False  # of what is shown, though there is more

    @property
    def indent(self) -> str:
        """The blanks before it."""
        return "  " * min(self.depth, 40)

    @property
    def is_marked(self) -> bool:
        """Whether something is wrong here."""
        return any(note.tone == "mismatch" for note in self.notes)


@dataclass(frozen=True, slots=True)
class Message:
    """A request or answer: the lines of its head and body. `size` is that of the body in bytes; `is_cut` tells that
    there is more of it than is shown.
    """

    head: list[Line]
    body: list[Line]
    size: int
    is_cut: bool


def recorded_request(interaction: CompiledInteraction) -> Message:
    """The recorded request, with its rules at the values they rule."""
    recorded = interaction.interaction.request
    request = example_request(recorded)
    rules = recorded.rules
    first = _start_line(request)
    if rules.path is not None:
        first.notes.append(_rule_note(rules.path, recorded.path, "path"))
    for name, values in recorded.query.items():
        its = rules.query.get(name, rules.query_default)
        if its is not None:
            first.notes.append(_rule_note(its, values[0] if values else "", name))
    head = [first, *_header_lines(request.header_lines, rules)]
    body, is_cut = _cut(body_lines(recorded.body, rules, recorded.generators))
    return Message(head, body, len(recorded.body.content), is_cut)


def recorded_response(interaction: CompiledInteraction) -> Message:
    """The recorded answer, with its rules and generators."""
    recorded, compiled = interaction.interaction.response, interaction.response
    first = Line(0, [("plain", "HTTP/1.1 "), ("number", str(compiled.status))])
    if recorded.rules.status is not None:
        first.notes.append(_rule_note(recorded.rules.status, compiled.status, "status"))
    of_head = {(each.category, each.path.lower()): each for each in recorded.generators if each.category != "body"}
    if ("status", "") in of_head:
        first.notes.append(_generator_note(of_head["status", ""]))
    head = [first, *_header_lines(compiled.headers, recorded.rules)]
    for line in head[1:]:
        generator = of_head.get(("header", line.pieces[0][1].lower()))
        if generator is not None:
            line.notes.append(_generator_note(generator))
    body, is_cut = _cut(body_lines(recorded.body, recorded.rules, recorded.generators))
    return Message(head, body, len(compiled.body), is_cut)


def actual_request(request: Request, mismatches: Sequence[Mismatch]) -> Message:
    """A request that came, with its mismatches at their places."""
    first = _start_line(request)
    by_header: dict[str, list[Mismatch]] = {}
    in_body: list[Mismatch] = []
    for mismatch in mismatches:
        if mismatch.part is Part.HEADER or mismatch.part is Part.BODY_TYPE:
            by_header.setdefault(mismatch.path.lower() or "content-type", []).append(mismatch)
        elif mismatch.part is Part.BODY:
            in_body.append(mismatch)
        else:
            first.notes.append(_mismatch_note(mismatch))
    head = [first]
    for line in _header_lines(request.header_lines, None):
        line.notes.extend(map(_mismatch_note, by_header.pop(line.pieces[0][1].lower(), ())))
        head.append(line)
    for name, missing in by_header.items():
        head.append(Line(0, [("absent", f"{missing[0].path or name}: …")], [_mismatch_note(each) for each in missing]))
    lines, is_cut = _cut(_actual_body(request, in_body))
    if in_body and not lines:
        lines = [Line(0, [("absent", "(no body)")], [_mismatch_note(each) for each in in_body])]
    return Message(head, lines, len(request.body), is_cut)


def answer_message(status: int, headers: Iterable[tuple[str, str]], body: bytes, content_type: Any) -> Message:
    """An answer as it went out."""
    head = [Line(0, [("plain", "HTTP/1.1 "), ("number", str(status))]), *_header_lines(headers, None)]
    state = BodyState.PRESENT if body else BodyState.MISSING
    lines, is_cut = _cut(body_lines(Body(state, body, content_type), MatchingRules(), ()))
    return Message(head, lines, len(body), is_cut)


def _start_line(request: Request) -> Line:
    query = f"?{request.query}" if request.query else ""
    return Line(0, [("word", request.method), ("plain", f" {_short(request.path + query)} HTTP/1.1")])


def _header_lines(lines: Iterable[tuple[str, str]], rules: MatchingRules | None) -> Iterator[Line]:
    for name, value in lines:
        made = Line(0, [("key", _short(name)), ("plain", ": "), ("string", _short(value))])
        its = rules.header.get(name.lower()) if rules is not None else None
        if its is not None:
            made.notes.append(_rule_note(its, value))
        yield made


def _rule_note(rules: RuleList, example: Any, subject: str = "") -> Note:
    words = rules_in_words(rules, example)
    short = words if len(words) <= _LABEL else rules_label(rules)
    return Note("rule", f"{subject}: {short}" if subject else short, words)


def _generator_note(generator: Generator) -> Note:
    return Note("generator", generator.type, generator_in_words(generator))


def _mismatch_note(mismatch: Mismatch) -> Note:
    where = f"{mismatch.part} {mismatch.path}".strip()
    return Note("mismatch", where, mismatch.message)


def _cut(lines: Iterable[Line]) -> tuple[list[Line], bool]:
    """The lines that are shown, and whether there is more. What is wrong further down is told in any case."""
    rest = iter(lines)
    found = list(itertools.islice(rest, MOST_LINES))
    is_cut = bool(found and found[-1].is_last)
    for number, line in enumerate(rest):
        is_cut = True
        if line.is_marked:
            found.append(line)
        if number >= _MOST_PASSED:
            break
    return found, is_cut


def body_lines(body: Body, rules: MatchingRules, generators: Iterable[Generator]) -> Iterator[Line]:
    """The lines of a body, with its rules and generators."""
    if body.state is not BodyState.PRESENT:
        return iter(())
    kind = body.content_type.kind if body.content_type is not None else Kind.TEXT
    if kind is Kind.JSON:
        try:
            return _json_lines(parse_json(body.content), _Notes(rules, generators))
        except JsonError:
            pass
    if kind is Kind.XML:
        try:
            root = parse_xml(body.content)
        except XmlError:
            pass
        else:
            return _xml_lines(root, xml_scope(rules).child(root.written))
    return _plain_lines(body, rules)


def _actual_body(request: Request, mismatches: Sequence[Mismatch]) -> Iterator[Line]:
    content_type = request.content_type
    if content_type is not None and content_type.kind is Kind.JSON and request.body and request.json[1] is None:
        return _json_lines(request.json[0], _Marks(request.json[0], mismatches))
    body = Body(BodyState.PRESENT if request.body else BodyState.MISSING, request.body, content_type)
    lines = _plain_lines(body, MatchingRules())
    first = next(lines, None)
    if first is None:
        return iter(())
    first.notes.extend(map(_mismatch_note, mismatches))
    return itertools.chain([first], lines)


class _Notes:
    """What rules and generators say of the places of a document."""

    def __init__(self, rules: MatchingRules, generators: Iterable[Generator]) -> None:
        self.rules: Scope[RuleList] = Scope.root(list(rules.body))
        paths = [(path, each) for each in generators if each.category == "body" for path in _paths([each.path])]
        self.generators: Scope[Generator] = Scope.root(paths)

    def at(self, place: tuple[Any, ...], value: Any) -> list[Note]:
        rules, generators = place
        notes = []
        found, made = rules.governing(), generators.governing()
        if found is not None and not found[1] and found[0].rules:
            notes.append(_rule_note(found[0], value))
        if made is not None and not made[1]:
            notes.append(_generator_note(made[0]))
        return notes

    def root(self) -> tuple[Any, ...]:
        return self.rules, self.generators

    def below(self, place: tuple[Any, ...], key: str | int) -> tuple[Any, ...]:
        return place[0].child(key), place[1].child(key)


class _Marks:
    """What is wrong at the places of a document that came; what is missing is told where it should be."""

    def __init__(self, document: Any, mismatches: Iterable[Mismatch]) -> None:
        self._by_place: dict[str, list[Note]] = {}
        for mismatch in mismatches:
            place = _existing(document, mismatch.path)
            self._by_place.setdefault(place, []).append(_mismatch_note(mismatch))

    def at(self, place: str, value: Any) -> list[Note]:
        return self._by_place.get(place, [])

    def root(self) -> str:
        return "$"

    def below(self, place: str, key: str | int) -> str:
        return place + render_step(key)


def _existing(document: Any, path: str) -> str:
    """The deepest place on a path that a document has."""
    place, value = "$", document
    for steps in _paths([path]):
        for step in steps:
            value = _member(value, step)
            if value is _ABSENT or isinstance(step, Wildcard):
                break
            place += render_step(step)
    return place


_ABSENT = object()


def _member(value: Any, step: Any) -> Any:
    if isinstance(value, dict):
        return value.get(step, _ABSENT)
    is_there = isinstance(value, list) and isinstance(step, int) and step < len(value)
    return value[step] if is_there else _ABSENT


def _paths(texts: Iterable[str]) -> Iterator[Path]:
    for text in texts:
        try:
            yield parse_path(text)
        except PathError:
            continue


def _json_lines(document: Any, notes: _Notes | _Marks) -> Iterator[Line]:
    """The lines of a JSON document, walked without the call stack."""
    todo: list[Any] = [(0, None, document, notes.root(), "")]
    while todo:
        item = todo.pop()
        if isinstance(item, Line):
            yield item
            continue
        depth, key, value, place, comma = item
        before = [("key", dump_json(_short(key)).decode()), ("plain", ": ")] if key is not None else []
        said = list(notes.at(place, value))
        if isinstance(value, (dict, list)) and value:
            opening, closing = "{}" if isinstance(value, dict) else "[]"
            yield Line(depth, [*before, ("plain", opening)], said)
            todo.append(Line(depth, [("plain", closing + comma)]))
            pairs: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
            members = list(itertools.islice(pairs, MOST_LINES + 1))
            for number in range(len(members) - 1, -1, -1):
                name, member = members[number]
                below = notes.below(place, name)
                shown_key = name if isinstance(value, dict) else None
                todo.append((depth + 1, shown_key, member, below, "," if number < len(value) - 1 else ""))
        else:
            yield Line(depth, [*before, *_scalar(value), *([("plain", comma)] if comma else [])], said)


def _scalar(value: Any) -> list[tuple[str, str]]:
    if isinstance(value, str):
        shown_text = dump_json(_short(value)).decode("utf-8", "backslashreplace")
        more = [("plain", f" ({len(value):,} characters)")] if len(value) > _LONGEST else []
        return [("string", shown_text), *more]
    if isinstance(value, (dict, list)):
        return [("plain", "{}" if isinstance(value, dict) else "[]")]
    kind = "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else "word"
    return [(kind, _short(shown(value)))]


def _xml_lines(root: Element, scope: Scope[RuleList]) -> Iterator[Line]:
    todo: list[Any] = [(0, root, scope)]
    while todo:
        item = todo.pop()
        if isinstance(item, Line):
            yield item
            continue
        depth, element, its = item
        pieces, notes = [("tag", f"<{element.written}")], []
        found = its.governing()
        if found is not None and not found[1]:
            notes.append(_rule_note(found[0], element.text or None))
        for written, name in element.written_attributes.items():
            value = element.attributes[name]
            pieces += [("key", f" {written}="), ("string", f'"{_short(value)}"')]
            notes += _xml_notes(its.child("@" + written), value, "@" + written)
        notes += _xml_notes(its.child("#text"), element.text, "text")
        if not element.children:
            text = [("tag", ">"), ("string", _short(element.text)), ("tag", f"</{element.written}>")]
            yield Line(depth, [*pieces, *(text if element.text else [("tag", "/>")])], notes)
            continue
        yield Line(depth, [*pieces, ("tag", ">")], notes)
        todo.append(Line(depth, [("tag", f"</{element.written}>")]))
        if element.text.strip():
            yield Line(depth + 1, [("string", _short(element.text))])
        children = element.children[:MOST_LINES]
        todo.extend((depth + 1, child, its.child(child.written)) for child in reversed(children))


def _xml_notes(scope: Scope[RuleList], value: str, subject: str) -> list[Note]:
    found = scope.governing()
    return [_rule_note(found[0], value, subject)] if found is not None and not found[1] else []


def _plain_lines(body: Body, rules: MatchingRules) -> Iterator[Line]:
    """A body without places of its own: lines of text, or bytes; rules at the first line, those of form fields at
    theirs.
    """
    kind = body.content_type.kind if body.content_type is not None else Kind.TEXT
    scope: Scope[RuleList] = Scope.root(list(rules.body))
    if kind is Kind.FORM:
        for piece in body.content.decode("utf-8", "replace").split("&"):
            name, equals, value = piece.partition("=")
            made = Line(0, [("key", _short(name)), ("plain", equals), ("string", _short(value))])
            its = rules_at(scope.child(name))
            if its is not None:
                made.notes.append(_rule_note(its, value))
            yield made
        return
    its = rules_at(scope)
    notes = [_rule_note(its, None)] if its is not None else []
    for text, is_last in _texts(body):
        yield Line(0, [("plain", text)], notes, is_last)
        notes = []


def _texts(body: Body) -> Iterator[tuple[str, bool]]:
    """The lines of a text or of bytes; and of each, whether it ends what is shown though there is more."""
    try:
        text = body.content.decode(codec_of(body.content_type) or "utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        yield from ((_short(line), False) for line in text.splitlines())
        return
    for at in range(0, min(len(body.content), _BYTES), 16):
        row = body.content[at : at + 16]
        plain = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"{at:06x}  {row.hex(' '):<47}  {plain}", False
    if len(body.content) > _BYTES:
        yield f"… {len(body.content):,} bytes", True


def _short(text: str) -> str:
    """A text that fits on a page."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"

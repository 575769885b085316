"""Cutting recorded bodies at the places where values are generated: JSON, XML and forms.

JSON is written anew with marks at the places, which keeps the order of its keys; XML and forms are cut as they stand.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus
from xml.sax.saxutils import escape

import orjson

from matching.content_types import codec_of, decoded_text, xml_codec
from matching.errors import Problem
from matching.generators.places import Place, Placement, made, note_idle
from matching.http_text import encoded, percent_decoded
from matching.json_text import dump_json, parse_json, text_of
from matching.model import Body
from matching.paths import Path, Token, Wildcard, render_step, token_weight
from matching.xml_text import Element, XmlError, parse_xml

Cut = tuple[list[bytes], list[Place]]  # pieces, and the places between them

# JSON


def cut_json(body: Body, placements: list[Placement], problems: list[Problem]) -> Cut:
    """The JSON document with marks at the places, cut at the marks. Raises JsonError."""
    root = [parse_json(body.content)]  # a list around it, so that the whole document can be replaced too
    for placement in placements:
        spots = list(_spots(root, 0, "$", placement.path))
        if not spots and not placement.gives_way:
            note_idle(placement, problems)
        for holder, key, name in spots:
            if placement.gives_way and isinstance(holder[key], Place):
                continue
            example = _recorded(holder[key])
            generator = made(placement, example, problems)
            if generator is not None:
                holder[key] = Place(name, generator, example, _json_written)
    mark = "\0" + hashlib.sha256(body.content).hexdigest() + "\0"
    places: list[Place] = []

    def marked(value: Any) -> str:
        assert isinstance(value, Place)
        places.append(value)
        return mark

    try:
        content = orjson.dumps(root[0], default=marked, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    except TypeError:  # integers beyond 64 bits
        places.clear()
        content = json.dumps(root[0], default=marked, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
    return content.split(orjson.dumps(mark)), places


def _recorded(value: Any) -> Any:
    """A value as it was before places were put into it."""
    if isinstance(value, Place):
        return value.example
    if isinstance(value, dict):
        return {key: _recorded(item) for key, item in value.items()}
    return [_recorded(item) for item in value] if isinstance(value, list) else value


def _json_written(value: Any) -> bytes:
    if isinstance(value, Decimal):
        return str(value).encode()
    content = dump_json(value)
    try:
        content.decode()
    except UnicodeDecodeError:  # bytes of a request that were no UTF-8, or half a character of JSON
        content = _SURROGATE.sub("\ufffd", content.decode("utf-8", "surrogatepass")).encode()
    return content


_SURROGATE = re.compile("[\ud800-\udfff]")


def _spots(holder: Any, key: Any, name: str, path: Path) -> Iterator[tuple[Any, Any, str]]:
    """(container, key, name) of every value that a path leads to."""
    if not path:
        yield holder, key, name
        return
    value, step = holder[key], path[0]
    if isinstance(value, dict):
        inside = list(value) if isinstance(step, Wildcard) else [step if isinstance(step, str) else str(step)]
    elif isinstance(value, list):
        inside = list(range(len(value))) if isinstance(step, Wildcard) else [step]
    else:
        return
    for inner in inside:
        known = inner in value if isinstance(value, dict) else isinstance(inner, int) and inner < len(value)
        if known and token_weight(step, inner):
            yield from _spots(value, inner, name + render_step(inner), path[1:])


# XML


_START_TAG = re.compile(rb"<[^\s/>]+(?:\s+[^\s=]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*(/?)>")

_Region = tuple[int, int, Place]  # start and end in the text, and what stands there


def cut_xml(body: Body, placements: list[Placement], problems: list[Problem]) -> Cut:
    """The XML document cut where texts and attributes are generated. Raises XmlError."""
    codec = codec_of(body.content_type) or xml_codec(body.content[:1000].decode("latin-1")) or "utf-8"
    if codec.startswith(("utf-16", "utf-32")):
        raise XmlError(f"it is in {codec}")
    text = encoded(decoded_text(body.content, codec))
    root = parse_xml(text, "utf-8")
    cuts: dict[int, _Region] = {}
    for placement in placements:
        found = False
        for element, name, attribute in _xml_spots(root, placement.path):
            cut = _xml_cut(text, element, attribute)
            if cut is None:
                continue
            found = True
            start, end, example, write = cut
            generator = made(placement, example, problems)
            if generator is not None:
                cuts[start] = (start, end, Place(name, generator, example, _in_codec(write, codec)))
        if not found:
            note_idle(placement, problems)
    pieces, places = _cut_at(text, cuts)
    return [_recoded(piece, codec) for piece in pieces], places


def _recoded(content: bytes, codec: str) -> bytes:
    """UTF-8 in another codec; what that cannot write becomes a character reference."""
    if codec == "utf-8":
        return content
    return content.decode("utf-8", "surrogateescape").encode(codec, "xmlcharrefreplace")


def _in_codec(write: Callable[[Any], bytes], codec: str) -> Callable[[Any], bytes]:
    return write if codec == "utf-8" else lambda value: _recoded(write(value), codec)


def _cut_at(text: bytes, cuts: dict[int, _Region]) -> Cut:
    pieces, places, at = [], [], 0
    for start, end, place in sorted(cuts.values(), key=lambda cut: cut[0]):
        if start >= at:
            pieces.append(text[at:start])
            places.append(place)
            at = end
    return [*pieces, text[at:]], places


def _xml_spots(root: Element, path: Path) -> Iterator[tuple[Element, str, str | None]]:
    """(element, name of the place, attribute or None for its text) of everything that a path leads to."""
    step, *rest = path or (Wildcard.ANY,)
    if _names(step, root):
        yield from _below(root, "$" + render_step(root.written), tuple(rest))


def _names(token: Token, element: Element) -> bool:
    return token is Wildcard.ANY or token in (element.written, element.name)


def _below(element: Element, name: str, path: Path) -> Iterator[tuple[Element, str, str | None]]:
    if not path or path == ("#text",):
        yield element, name, None
        return
    step, rest = path[0], path[1:]
    if isinstance(step, str) and step.startswith("@"):
        if not rest and (step[1:] in element.written_attributes or step[1:] in element.attributes):
            written = next((w for w, n in element.written_attributes.items() if step[1:] in (w, n)), step[1:])
            yield element, f"{name}.@{written}", written
        return
    index = rest[0] if rest and (isinstance(rest[0], int) or rest[0] is Wildcard.INDEX) else None
    named = element.by_name.get(step) if isinstance(step, str) else None  # at once, unless a prefix is in the way
    if named is None:
        named = [child for child in element.children if _names(step, child)]
    for number, child in enumerate(named):
        if index is None or index is Wildcard.INDEX or index == number:
            below = rest if index is None else rest[1:]
            yield from _below(child, f"{name}{render_step(child.written)}[{number}]", below)


def _xml_cut(
    text: bytes, element: Element, attribute: str | None
) -> tuple[int, int, str, Callable[[Any], bytes]] | None:
    """(start, end, recorded value, how a value is written there); None where nothing can be put."""
    tag = _START_TAG.match(text, element.start)
    if tag is None:
        return None
    if attribute is not None:
        value = re.compile(rb"\s" + re.escape(attribute.encode()) + rb"\s*=\s*(\"[^\"]*\"|'[^']*')").search(
            text, tag.start(), tag.end()
        )
        if value is None:
            return None
        name = element.written_attributes[attribute]
        return value.start(1), value.end(1), element.attributes[name], _attribute_written
    if tag[1]:  # <a/> becomes <a>value</a>
        closing = b"</" + element.written.encode() + b">"
        return tag.start(1), tag.end(), "", lambda value: b">" + _text_written(value) + closing
    end = element.children[0].start if element.children else element.end
    return tag.end(), end, element.text, _text_written


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _text_written(value: Any) -> bytes:
    return escape(_NOT_XML.sub("\ufffd", text_of(value))).encode()


def _attribute_written(value: Any) -> bytes:
    text = _NOT_XML.sub("\ufffd", text_of(value))
    return b'"' + escape(text, {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}).encode() + b'"'


# Forms


def cut_form(body: Body, placements: list[Placement], problems: list[Problem]) -> Cut:
    """The form cut where values are generated."""
    cuts: dict[int, _Region] = {}
    fields = list(_form_fields(body.content))
    for placement in placements:
        found = False
        for start, end, name, number, example in fields:
            if _leads_to(placement.path, name, number):
                found = True
                generator = made(placement, example, problems)
                if generator is not None:
                    place = Place(f"${render_step(name)}[{number}]", generator, example, _form_written)
                    cuts[start] = (start, end, place)
        if not found:
            note_idle(placement, problems)
    return _cut_at(body.content, cuts)


def _leads_to(path: Path, name: str, number: int) -> bool:
    if not path or len(path) > 2 or not token_weight(path[0], name):
        return False
    return len(path) == 1 or token_weight(path[1], number) > 0


def _form_written(value: Any) -> bytes:
    return quote_plus(_SURROGATE.sub("\ufffd", text_of(value))).encode()


def _form_fields(content: bytes) -> Iterator[tuple[int, int, str, int, str]]:
    """(start and end of the value, name, number among those of the name, value) of every field with a value."""
    counts: dict[str, int] = {}
    at = 0
    for piece in content.split(b"&"):
        name, equals, value = piece.partition(b"=")
        if equals:
            decoded = percent_decoded(name.decode("utf-8", "surrogateescape").replace("+", " "))
            number = counts.get(decoded, 0)
            counts[decoded] = number + 1
            start = at + len(name) + 1
            text = percent_decoded(value.decode("utf-8", "surrogateescape").replace("+", " "))
            yield start, start + len(value), decoded, number, text
        at += len(piece) + 1

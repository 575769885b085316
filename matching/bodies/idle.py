"""Rules of a body that reach nothing recorded, as a misspelt path does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from matching.bodies.xml import reaches_xml
from matching.content_types import Kind, codec_of, decoded_text
from matching.http_text import parse_query
from matching.json_text import JsonError, parse_json
from matching.model import Body, BodyRules, RuleList
from matching.multipart_text import MultipartError, parse_multipart
from matching.paths import Path, reaches, token_weight
from matching.xml_text import XmlError, parse_xml

Reach = Callable[[Path], bool]


def idle_rules(body: Body, rules: BodyRules) -> list[RuleList]:
    """The rules that have no effect; none where the body cannot be read or is of a kind without places."""
    kind = body.content_type.kind if body.content_type is not None else None
    if not rules or kind not in _REACHES:
        return []
    try:
        reach = _REACHES[kind](body)
    except (JsonError, XmlError, MultipartError):
        return []
    return [rule_list for path, rule_list in rules if not reach(path)]


def _json(body: Body) -> Reach:
    document = parse_json(body.content)
    return lambda path: reaches(path, document)


def _xml(body: Body) -> Reach:
    root = parse_xml(body.content, codec_of(body.content_type))
    return lambda path: reaches_xml(path, root)


def _form(body: Body) -> Reach:
    fields = parse_query(decoded_text(body.content, codec_of(body.content_type)))
    return lambda path: not path or (len(path) <= 2 and any(token_weight(path[0], name) for name in fields))


def _multipart(body: Body) -> Reach:
    parts = parse_multipart(body.content, body.content_type.param("boundary") if body.content_type else None)
    names = [str(number) if part.name is None else part.name for number, part in enumerate(parts)]
    return lambda path: not path or any(token_weight(path[0], name) for name in names)


_REACHES: Mapping[Kind | None, Callable[[Body], Reach]] = {
    Kind.JSON: _json,
    Kind.XML: _xml,
    Kind.FORM: _form,
    Kind.MULTIPART: _multipart,
}

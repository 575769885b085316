"""The fields of bodies, with their rules: what a consumer sends, and what it reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from matching.content_types import Kind
from matching.http_text import parse_query
from matching.json_text import JsonError, dump_json, kind_of, parse_json
from matching.model import (
    Body,
    BodyState,
    ExampleRequest,
    ExampleResponse,
    HeaderValues,
    MatchingRules,
    Message,
    RuleList,
)
from matching.paths import Scope, Token, Wildcard
from matching.xml_text import Element, XmlError, parse_xml
from stubserver.outline.words import rules_in_words

_MOST = 2000  # fields of one body
_ITEMS = 20  # items of a list that are looked at


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a request or answer.

    `part` is header, query or body, `name` as people write it (`items[].price.currency`), `kind` that of a JSON value,
    `rule` in words, "" where the value has to be exactly the example.
    """

    part: str
    name: str
    kind: str
    rule: str
    example: Any
    identity: str = ""  # what tells the example from others, where that is not shown

    @property
    def expectation(self) -> str:
        """Kind and rule in a few words."""
        if self.rule.startswith(("any ", "a ", "an ", "true ", "null", "exactly ", "every ")):
            return self.rule
        if self.rule:
            return f"{self.kind} that {self.rule}" if self.rule.startswith(("matches ", "contains ")) else self.rule
        if isinstance(self.example, (dict, list)):
            return f"an {'empty ' if not self.example else ''}{self.kind}"
        shown = str(self.example) if self.identity else self.exact
        return f"exactly {shown[:_SHOWN]}{'…' if len(shown) > _SHOWN else ''}"

    @property
    def exact(self) -> str:
        """The whole example as a text."""
        if self.part in ("query", "header"):
            return str(self.example)
        if self.identity:
            return f"{self.example}, SHA-256 {self.identity}"
        return dump_json(self.example).decode("utf-8", "replace")


_SHOWN = 60  # characters of an exact value


def request_fields(request: ExampleRequest, *, exact: bool = False) -> list[Field]:
    """What a consumer sends; `exact` tells the items of a list that is under no rule one by one."""
    rules = request.rules
    found = [
        _text_field("query", name, [value or "" for value in values], rules.query.get(name, rules.query_default))
        for name, values in request.query.items()
    ]
    found += _header_fields(request.headers, rules)
    return [*found, *body_fields(request.body, rules, exact=exact)]


def response_fields(response: ExampleResponse, *, exact: bool = False) -> list[Field]:
    """What a consumer reads; see `request_fields`."""
    rules = response.rules
    return [*_header_fields(response.headers, rules), *body_fields(response.body, rules, exact=exact)]


def _header_fields(headers: HeaderValues, rules: MatchingRules) -> list[Field]:
    return [_text_field("header", name, values, rules.header.get(name.lower())) for name, values in headers]


def _text_field(part: str, name: str, values: Iterable[str], rules: RuleList | None) -> Field:
    text = ", ".join(values)
    return Field(part, name, "string", rules_in_words(rules, text) if rules is not None else "", text)


def body_fields(body: Body, rules: MatchingRules, *, exact: bool = False) -> list[Field]:
    """The fields of a body; of one that has none, the body itself under the name ``. See `request_fields`."""
    if body.state is not BodyState.PRESENT:
        return []
    kind = body.content_type.kind if body.content_type is not None else Kind.TEXT
    scope: Scope[RuleList] = Scope.root(list(rules.body))
    if kind is Kind.JSON:
        try:
            return _distinct(_json_fields(parse_json(body.content), scope, exact=exact))
        except JsonError:
            return [_whole(body, "text", scope)]
    if kind is Kind.XML:
        try:
            root = parse_xml(body.content)
        except XmlError:
            return [_whole(body, "text", scope)]
        return _distinct(_xml_fields(root, xml_scope(rules).child(root.written)))
    if kind is Kind.FORM:
        parameters = parse_query(body.content.decode("utf-8", "replace"))
        fields = ((name, [value or "" for value in values]) for name, values in parameters.items())
        return _distinct(_text_field("body", name, values, rules_at(scope.child(name))) for name, values in fields)
    return [_whole(body, kind.value, scope)]


def _whole(body: Body, kind: str, scope: Scope[RuleList]) -> Field:
    rules = rules_at(scope)
    is_text = kind not in ("binary", "multipart")
    example = body.content.decode(errors="replace") if is_text else f"{len(body.content)} bytes"
    identity = "" if is_text else hashlib.sha256(body.content).hexdigest()
    return Field("body", "", kind, rules_in_words(rules) if rules is not None else "", example, identity)


def rules_at(scope: Scope[RuleList]) -> RuleList | None:
    """The rules that govern a place, inherited ones included."""
    found = scope.governing()
    if found is None or not found[0].rules:
        return None
    rules, is_inherited = found
    return _without_bounds(rules) if is_inherited else rules


def _without_bounds(rules: RuleList) -> RuleList:
    """Rules as they count below the place that they are for: bounds are for exactly that."""
    if not any("min" in rule.attributes or "max" in rule.attributes for rule in rules.rules):
        return rules
    kept = (
        replace(rule, attributes={name: its for name, its in rule.attributes.items() if name not in ("min", "max")})
        for rule in rules.rules
    )
    return replace(rules, rules=tuple(kept))


def _distinct(fields: Iterable[Field]) -> list[Field]:
    """The first of each name, but one with a rule before one without."""
    found: dict[str, Field] = {}
    for field in fields:
        earlier = found.get(field.name)
        if earlier is None or (not earlier.rule and field.rule):
            found[field.name] = field
        if len(found) >= _MOST:
            break
    return list(found.values())


def _json_fields(document: Any, root: Scope[RuleList], *, exact: bool = False) -> Iterator[Field]:
    todo: list[tuple[str, Any, Scope[RuleList]]] = [("", document, root)]
    while todo:
        name, value, scope = todo.pop()
        below: list[tuple[str, Any, Scope[RuleList]]] = []
        if isinstance(value, dict) and value:
            below = [(_joined(name, key), item, scope.child(key)) for key, item in value.items()]
        elif isinstance(value, list) and value and exact and scope.is_free:
            below = [(f"{name}[{index}]", item, scope) for index, item in enumerate(value[:_MOST])]
        elif isinstance(value, list) and value:
            below = [(f"{name}[]", item, scope.child(index)) for index, item in enumerate(value[:_ITEMS])]
        rules = rules_at(scope)
        if not below or (isinstance(value, list) and rules is not None):
            yield Field("body", name, kind_of(value), rules_in_words(rules, value) if rules is not None else "", value)
        todo.extend(reversed(below))


def _joined(name: str, key: str) -> str:
    plain = key if key.replace("_", "").replace("-", "").isalnum() else f"'{key}'"
    return f"{name}.{plain}" if name else plain


def xml_scope(rules: MatchingRules) -> Scope[RuleList]:
    """The rules of a document whose elements are not told apart by their places."""
    return Scope.root([(tuple(token for token in path if not _is_index(token)), its) for path, its in rules.body])


def _is_index(token: Token) -> bool:
    return isinstance(token, int) or token is Wildcard.INDEX


def _xml_fields(root: Element, scope: Scope[RuleList]) -> Iterator[Field]:
    todo: list[tuple[str, Element, Scope[RuleList]]] = [(root.written, root, scope)]
    while todo:
        name, element, its = todo.pop()
        for written, attribute in element.written_attributes.items():
            value = element.attributes[attribute]
            yield _text_field("body", f"{name}/@{written}", [value], rules_at(its.child("@" + written)))
        if element.text or not element.children:
            yield _text_field("body", name, [element.text], rules_at(its.child("#text")) or rules_at(its))
        several = {key for key, children in element.by_name.items() if len(children) > 1}
        todo.extend(
            (f"{name}/{child.written}{'[]' if child.name in several else ''}", child, its.child(child.written))
            for child in reversed(element.children)
        )


def message_fields(message: Message) -> list[str]:
    """The names of the fields of all contents of a message."""
    names = (field.name for content in message.contents for field in body_fields(content.body, content.rules))
    return list(dict.fromkeys(name for name in names if name))


def as_mapping(fields: Iterable[Field]) -> Mapping[tuple[str, str], Field]:
    """Fields by part and name."""
    return {(field.part, field.name): field for field in fields}

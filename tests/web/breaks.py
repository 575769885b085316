"""Ways to break a request in exactly one place, and where an explanation has to say that it is broken."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml.ElementTree import fromstring

from matching import Request
from matching.json_text import dump_json

Headers = tuple[tuple[str, str], ...]
Query = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Sent:
    """A request in pieces that can be broken one by one; names and values of the query are as they stand in it."""

    method: str
    path: str
    query: Query
    headers: Headers
    body: bytes

    @classmethod
    def recorded(cls, request: Request) -> Sent:
        """The pieces of a recorded request."""
        pieces = [piece.partition("=") for piece in request.query.split("&") if piece]
        query = tuple((name, value if equals else None) for name, equals, value in pieces)
        return cls(request.method, request.path, query, tuple(request.header_lines), request.body)

    @property
    def request(self) -> Request:
        """The request as it goes over the wire."""
        query = "&".join(name if value is None else f"{name}={value}" for name, value in self.query)
        return Request(self.method, self.path, query, self.headers, self.body)

    def with_header(self, name: str, value: str) -> Sent:
        """The request with another value of a header."""
        return replace(self, headers=tuple((n, value if n.lower() == name.lower() else v) for n, v in self.headers))


@dataclass(frozen=True)
class Break:
    """One way to break a request, and where the explanation has to say that it is broken."""

    what: str
    part: str
    path: str
    change: Callable[[Sent], Sent]


def body_break(what: str, path: str, body: bytes) -> Break:
    """Another body."""
    return Break(what, "body", path, lambda sent: replace(sent, body=body))


# Breaks of everything that stands before a body


def head_breaks(sent: Sent, ruled: frozenset[str] = frozenset()) -> Iterator[Break]:
    """All ways to break method, path, query and headers; of what is `ruled` (a name, or "path"), only its absence."""
    yield Break("method", "method", "", lambda s: replace(s, method="PUT" if s.method != "PUT" else "PATCH"))
    segments = sent.path.split("/")
    if "path" not in ruled:
        for position in range(1, len(segments)):
            changed = "/".join([*segments[:position], segments[position] + "x", *segments[position + 1 :]])
            yield Break(f"segment {position}", "path", "", lambda s, changed=changed: replace(s, path=changed))
        yield Break("slash at the end", "path", "", lambda s: replace(s, path=s.path + "/"))
        yield Break("case", "path", "", lambda s: replace(s, path=s.path.upper()))
    yield Break("unrecorded parameter", "query", "extra", lambda s: replace(s, query=(*s.query, ("extra", "1"))))
    for name in dict.fromkeys(name for name, _ in sent.query):
        yield from _parameter_breaks(sent, name, name in ruled)
    for name in dict.fromkeys(name for name, _ in sent.headers):
        if name not in ruled:
            value = "text/x-other" if name.lower() in ("accept", "content-type") else "other"
            yield Break(f"header {name}", "header", name, lambda s, n=name, v=value: s.with_header(n, v))
        yield Break(
            f"no header {name}",
            "header",
            name,
            lambda s, n=name: replace(s, headers=tuple(line for line in s.headers if line[0] != n)),
        )


def _parameter_breaks(sent: Sent, name: str, is_ruled: bool) -> Iterator[Break]:
    decoded = json.loads(json.dumps(next(iter(Request("GET", "/", name).parameters))))
    others = tuple(entry for entry in sent.query if entry[0] != name)
    yield Break(f"no {name}", "query", decoded, lambda s: replace(s, query=others))
    if is_ruled:
        return
    values = [value for n, value in sent.query if n == name]
    for position, value in enumerate(values):
        changed = [*values[:position], f"{value or ''}x", *values[position + 1 :]]
        query = (*others, *((name, v) for v in changed))
        yield Break(f"{name} {position}", "query", decoded, lambda s, q=query: replace(s, query=q))
    once_more = (*sent.query, (name, values[-1]))
    yield Break(f"{name} once more", "query", decoded, lambda s: replace(s, query=once_more))
    if len(set(values)) > 1:
        turned = (*others, *((name, v) for v in reversed(values)))
        yield Break(f"{name} turned", "query", decoded, lambda s: replace(s, query=turned))


# Breaks of JSON documents


def step(key: str | int) -> str:
    """A step of a path as reports write it."""
    if isinstance(key, int):
        return f"[{key}]"
    if re.fullmatch(r"[A-Za-z_][\w-]*", key):
        return f".{key}"
    return "['" + key.replace("\\", "\\\\").replace("'", "\\'") + "']"


def json_breaks(document: Any) -> Iterator[tuple[str, str, Any]]:
    """(what, path, document) for all ways to break one thing in a document."""
    for steps, value in list(_nodes(document)):
        path = "$" + "".join(map(step, steps))
        if isinstance(value, dict):
            for key in value:
                yield (
                    "key dropped",
                    path + step(key),
                    changed(document, steps, {k: v for k, v in value.items() if k != key}),
                )
            yield "key added", f"{path}.unexpected", changed(document, steps, {**value, "unexpected": None})
            yield "object for list", path, changed(document, steps, [value])
        elif isinstance(value, list):
            yield "item added", path, changed(document, steps, [*value, value[-1] if value else 0])
            if value:
                yield "item dropped", path, changed(document, steps, value[:-1])
            yield "list for object", path, changed(document, steps, {})
        else:
            for what, other in _other_scalars(value):
                yield what, path, changed(document, steps, other)


def _nodes(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield steps, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _nodes(item, (*steps, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nodes(item, (*steps, index))


def changed(document: Any, steps: tuple[str | int, ...], value: Any) -> Any:
    root = [copy.deepcopy(document)]
    holder: Any = root
    for inner in (0, *steps)[:-1]:
        holder = holder[inner]
    holder[(0, *steps)[-1]] = value
    return root[0]


def _other_scalars(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, bool):
        yield from [("value", not value), ("kind", "true" if value else "false"), ("kind", int(value))]
    elif isinstance(value, int):
        yield from [("value", value + 1), ("kind", str(value)), ("kind", None)]
        if abs(value) < 1 << 53:
            yield "decimal for integer", float(value)
    elif isinstance(value, float):
        yield from [("value", value + 0.5 if abs(value) < 1e10 else value / 2), ("kind", str(value)), ("kind", True)]
    elif isinstance(value, str):
        yield from [("value", value + "x"), ("case", value.swapcase() + "x"), ("kind", [value]), ("kind", 5)]
    else:
        yield from [("kind", ""), ("kind", 0), ("kind", False), ("kind", {})]


def all_json_breaks(document: Any) -> list[Break]:
    return [body_break(f"{what} {path}", path, dump_json(other)) for what, path, other in json_breaks(document)]


def json_body(document: Any) -> dict[str, Any]:
    return {"body": {"content": document, "contentType": "application/json"}}


# Breaks of XML documents, without namespaces and texts between elements


def xml_breaks(document: str) -> Iterator[tuple[str, str, str]]:
    """(what, path, document) for all ways to break one thing in a document."""
    root = fromstring(document)
    for number, (element, path) in enumerate(_elements(root, f"$.{root.tag}")):
        for what, where, change in _element_breaks(element, path):
            other = fromstring(document)
            change([found for found, _ in _elements(other, "")][number])
            yield what, where, tostring(other, encoding="unicode")


def _elements(element: Element, path: str) -> Iterator[tuple[Element, str]]:
    yield element, path
    counts: dict[str, int] = {}
    for child in element:
        several = len(element.findall(child.tag)) > 1
        number = counts.get(child.tag, 0)
        counts[child.tag] = number + 1
        yield from _elements(child, f"{path}.{child.tag}" + (f"[{number}]" if several else ""))


XmlBreak = tuple[str, str, Callable[[Element], Any]]


def _element_breaks(element: Element, path: str) -> Iterator[XmlBreak]:
    if not len(element):
        yield "text", f"{path}['#text']", lambda e: setattr(e, "text", (e.text or "") + "x")
    for name in element.attrib:
        yield "attribute", f"{path}['@{name}']", lambda e, n=name: e.set(n, e.get(n, "") + "x")
        yield "attribute dropped", f"{path}['@{name}']", lambda e, n=name: e.attrib.pop(n)
    yield "attribute added", f"{path}['@unexpected']", lambda e: e.set("unexpected", "1")
    for position, child in enumerate(element):
        yield "element dropped", f"{path}.{child.tag}", lambda e, p=position: e.remove(e[p])
        yield "element twice", f"{path}.{child.tag}", lambda e, p=position: e.append(copy.deepcopy(e[p]))
    yield "element added", f"{path}.unexpected", lambda e: SubElement(e, "unexpected")

"""Recorded requests of every kind, and the breaks of each that its own rules ask for."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_plus

from matching.json_text import dump_json
from tests.web.breaks import Break, Sent, all_json_breaks, body_break, changed, json_body, xml_breaks


@dataclass(frozen=True)
class Case:
    """A recorded request, its own breaks, and which parts (names, "path", "body type") are free or under rules."""

    request: dict[str, Any]
    breaks: Iterable[Break] = ()
    ruled: frozenset[str] = frozenset()
    version: str = "4.0"


def rules(**categories: Any) -> dict[str, Any]:
    """Matching rules: for each category, paths or names and a rule each."""
    return {
        "matchingRules": {
            category: {"matchers": [places]}
            if "match" in places
            else {name: {"matchers": [rule]} for name, rule in places.items()}
            for category, places in categories.items()
        }
    }


def with_path(what: str, path: str) -> Break:
    """Another path."""
    return Break(what, "path", "", lambda sent: replace(sent, path=path))


def with_value(name: str, old: str, new: str | None) -> Break:
    """A request with another value of a query parameter, or without it."""

    def change(sent: Sent) -> Sent:
        kept = [
            (n, new if (n, v) == (name, old) else v) for n, v in sent.query if new is not None or (n, v) != (name, old)
        ]
        return replace(sent, query=tuple(kept))

    return Break(f"{name}={new}", "query", name, change)


def with_header(name: str, old: str, new: str) -> Break:
    """A request with another value in a header line."""

    def change(sent: Sent) -> Sent:
        return replace(sent, headers=tuple((n, new if (n, v) == (name, old) else v) for n, v in sent.headers))

    return Break(f"{name}: {new}", "header", name, change)


def json_values(document: dict[str, Any], values: Iterable[tuple[str, Any, str]]) -> list[Break]:
    """Breaks of a document by other values of its keys: (key, value, where the explanation says so)."""
    return [
        body_break(f"{key} {value!r}", path, dump_json(changed(document, (key,), value))) for key, value, path in values
    ]


def encoded_body(content: bytes, content_type: str) -> dict[str, Any]:
    """A body of bytes."""
    return {"body": {"content": base64.b64encode(content).decode(), "contentType": content_type, "encoded": "base64"}}


ORDER = {
    "id": 10,
    "total": 12.0,
    "paid": False,
    "note": None,
    "items": [{"sku": "a-1", "n": 1}, {"sku": "b-2", "n": 2}],
    "odd 'name'": {},
    "tags": [],
}

RULED = {
    "id": 1,
    "sku": "a-1",
    "day": "2026-02-28",
    "n": 1.5,
    "list": [1],
    "each": [{"a": 1, "b": "x"}],
    "map": {"k": 1},
    "keys": {"k1": 1},
    "fix": "f",
    "actions": [{"name": "a"}, {"name": "b"}],
    "any order": [1, 2],
    "flag": True,
    "version": "1.2.3",
    "told": "hello world",
    "full": "x",
    "maybe": 1,
}
EACH_KEY = {"match": "eachKey", "rules": [{"match": "regex", "regex": "k\\d"}]}
RULED_RULES = rules(
    body={
        "$.id": {"match": "integer"},
        "$.sku": {"match": "regex", "regex": r"[a-z]-\d"},
        "$.day": {"match": "date", "date": "yyyy-MM-dd"},
        "$.n": {"match": "decimal"},
        "$.list": {"match": "type", "min": 1, "max": 2},
        "$.each[*].a": {"match": "number"},
        "$.map": {"match": "values"},
        "$.map.*": {"match": "number"},
        "$.keys": EACH_KEY,
        "$.actions": {"match": "arrayContains", "variants": [{"index": 0, "rules": {}}]},
        "$['any order']": {"match": "ignore-order"},
        "$.flag": {"match": "boolean"},
        "$.version": {"match": "semver"},
        "$.told": {"match": "include", "value": "world"},
        "$.full": {"match": "notEmpty"},
    }
)
RULED_BREAKS = json_values(
    RULED,
    [
        ("id", 1.5, "$.id"),
        ("id", "1", "$.id"),
        ("id", None, "$.id"),
        ("sku", "a-b", "$.sku"),
        ("sku", 5, "$.sku"),
        ("day", "2026-02-30", "$.day"),
        ("n", 1, "$.n"),
        ("list", [], "$.list"),
        ("list", [1, 2, 3], "$.list"),
        ("list", [1, "x"], "$.list[1]"),
        ("list", 5, "$.list"),
        ("each", [{"a": "1", "b": "x"}], "$.each[0].a"),
        ("each", [{"a": 2, "b": "y"}], "$.each[0].b"),
        ("map", {"k": 1, "other": "x"}, "$.map.other"),
        ("map", [], "$.map"),
        ("keys", {"k1": 1, "k": 2}, "$.keys.k"),
        ("fix", "g", "$.fix"),
        ("actions", [{"name": "c"}, {"name": "b"}], "$.actions[0].name"),
        ("actions", [], "$.actions"),
        ("any order", [2, 3], "$['any order']"),
        ("any order", [1], "$['any order']"),
        ("flag", "yes", "$.flag"),
        ("version", "1.2", "$.version"),
        ("told", "hello", "$.told"),
        ("full", "", "$.full"),
        ("maybe", 2, "$.maybe"),
    ],
)

V2_BODY = {"id": 1, "items": [{"n": 1}], "fix": "f"}

XML_ORDER = (
    '<order id="10" state="new"><item n="1">book</item><item n="2">pen</item><note/><to><name>Ann</name></to></order>'
)
XML_PREFIXED = '<o:order xmlns:o="urn:o" o:id="1"><o:item>book</o:item><item xmlns="urn:i">pen</item></o:order>'

FORM_TYPE = "application/x-www-form-urlencoded"
FIELDS = [("name", "Ann"), ("tag", "a"), ("tag", "b"), ("odd[]", "c d"), ("empty", "")]


def form(*fields: tuple[str, str]) -> bytes:
    """Fields as they go over the wire."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields).encode()


MULTIPART_TYPE = "multipart/form-data; boundary=b0"


def multipart(*parts: tuple[str, str, bytes]) -> bytes:
    """A multipart body of (disposition, content type, content)."""
    lines = b""
    for disposition, content_type, content in parts:
        typed = f"Content-Type: {content_type}\r\n" if content_type else ""
        lines += f"--b0\r\nContent-Disposition: form-data; {disposition}\r\n{typed}\r\n".encode() + content + b"\r\n"
    return lines + b"--b0--\r\n"


FIELD = ('name="title"', "", b"A book")
JSON_FILE = ('name="about"; filename="about.json"', "application/json", b'{"pages": 5}')
IMAGE = ('name="cover"; filename="c.png"', "image/png", b"\x89PNG\r\n\x1a\n\x00\xff")
PARTS = (FIELD, JSON_FILE, IMAGE)
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(20)

CASES: dict[str, Case] = {
    "plain": Case({"path": "/plain"}),
    "root": Case({"method": "OPTIONS", "path": "/"}, ruled=frozenset({"path"})),
    "long path": Case({"path": "/long/a%20b/é/1"}),
    "encoded slash": Case({"path": "/slashes/a%2Fb"}, [with_path("slash", "/slashes/a/b")]),
    "query": Case(
        {
            "path": "/query",
            "query": {"page": ["2"], "tag": ["a", "b"], "filter[name]": ["x y"], "empty": [""], "é": ["ü&="]},
        }
    ),
    "headers": Case(
        {
            "path": "/headers",
            "headers": {
                "X-Key": ["k"],
                "Accept": ["application/json"],
                "Authorization": ["Bearer x"],
                "X-Two": ["1", "2"],
            },
        },
        [with_header("X-Two", "2", "3"), with_header("X-Two", "1", "0")],
    ),
    "lists in headers": Case(
        {
            "path": "/header-lists",
            "headers": {"Accept": ["application/json", "text/plain"], "Cookie": ["a=1; b=2"], "If-Match": ['"a", "b"']},
        },
        [with_header("Accept", "application/json, text/plain", "application/json")],
    ),
    "path under a rule": Case(
        {"path": "/ruled/10/x", **rules(path={"match": "regex", "regex": r"/ruled/\d+/x"})},
        [with_path("no number", "/ruled/ten/x"), with_path("end", "/ruled/10/y"), with_path("more", "/ruled/10/x/")],
        frozenset({"path"}),
    ),
    "query under rules": Case(
        {
            "path": "/ruled-query",
            "query": {"page": ["2"], "ids": ["1", "2"], "q": ["x"], "on": ["true"]},
            **rules(
                query={
                    "page": {"match": "regex", "regex": r"\d+"},
                    "ids": {"match": "type", "min": 2},
                    "on": {"match": "boolean"},
                }
            ),
        },
        [with_value("page", "2", "two"), with_value("ids", "2", None), with_value("on", "true", "yes")],
        frozenset({"page", "ids", "on"}),
    ),
    "headers under rules": Case(
        {
            "path": "/ruled-headers",
            "headers": {"X-Key": ["k1"], "X-Day": ["2026-02-28"], "X-Fix": ["f"]},
            **rules(
                header={"X-Key": {"match": "regex", "regex": r"k\d"}, "X-Day": {"match": "date", "date": "yyyy-MM-dd"}}
            ),
        },
        [with_header("X-Key", "k1", "key"), with_header("X-Day", "2026-02-28", "2026-02-30")],
        frozenset({"X-Key", "X-Day"}),
    ),
    "JSON": Case({"method": "POST", "path": "/json", **json_body(ORDER)}, all_json_breaks(ORDER)),
    "JSON text": Case({"method": "PUT", "path": "/json-text", **json_body("a text")}, all_json_breaks("a text")),
    "JSON list": Case({"method": "POST", "path": "/json-list", **json_body([1, [2]])}, all_json_breaks([1, [2]])),
    "JSON under rules": Case(
        {"method": "POST", "path": "/ruled-json", **json_body(RULED), **RULED_RULES}, RULED_BREAKS
    ),
    "alternatives": Case(
        {
            "method": "POST",
            "path": "/alternatives",
            **json_body({"a": 1}),
            "matchingRules": {
                "body": {"$.a": {"combine": "OR", "matchers": [{"match": "integer"}, {"match": "null"}]}},
            },
        },
        json_values({"a": 1}, [("a", "x", "$.a"), ("a", 1.5, "$.a"), ("a", {}, "$.a")]),
    ),
    "body of a GET": Case({"path": "/json-get", **json_body({"a": 1})}, all_json_breaks({"a": 1})),
    "recorded content type": Case(
        {
            "method": "POST",
            "path": "/json-typed",
            "headers": {"Content-Type": ["application/vnd.x+json; charset=utf-8"]},
            "body": {"content": {"a": 1}, "contentType": "application/vnd.x+json"},
        },
        all_json_breaks({"a": 1}),
    ),
    "empty body": Case(
        {"method": "POST", "path": "/empty", "body": {"content": ""}}, [body_break("something", "$", b"x")]
    ),
    "no body": Case(
        {"method": "POST", "path": "/null", "body": {"content": None}}, [body_break("something", "$", b"{}")]
    ),
    "XML": Case(
        {"method": "POST", "path": "/xml", "body": {"content": XML_ORDER, "contentType": "application/xml"}},
        [body_break(f"{what} {path}", path, other.encode()) for what, path, other in xml_breaks(XML_ORDER)],
    ),
    "XML with prefixes": Case(
        {"method": "POST", "path": "/xml-ns", "body": {"content": XML_PREFIXED, "contentType": "application/xml"}},
        [
            body_break("text", "$['urn:o:order']['urn:o:item']['#text']", XML_PREFIXED.replace("book", "pen").encode()),
            body_break("attribute", "$['urn:o:order']['@urn:o:id']", XML_PREFIXED.replace('id="1"', 'id="2"').encode()),
            body_break("namespace", "$['urn:p:order']", XML_PREFIXED.replace('="urn:o"', '="urn:p"').encode()),
        ],
    ),
    "XML under rules": Case(
        {
            "method": "POST",
            "path": "/ruled-xml",
            "body": {"content": XML_ORDER, "contentType": "application/xml"},
            **rules(
                body={
                    "$.order.item": {"match": "type"},
                    "$.order.@id": {"match": "integer"},
                    "$.order.to.name.#text": {"match": "regex", "regex": "[A-Z][a-z]+"},
                }
            ),
        },
        [
            body_break("id", "$.order['@id']", XML_ORDER.replace('id="10"', 'id="ten"').encode()),
            body_break("name", "$.order.to.name['#text']", XML_ORDER.replace("Ann", "ann").encode()),
            body_break("state", "$.order['@state']", XML_ORDER.replace("new", "old").encode()),
            body_break("no name", "$.order.to.name", XML_ORDER.replace("<name>Ann</name>", "").encode()),
        ],
    ),
    "broken content": Case(
        {"method": "POST", "path": "/broken", **json_body({"a": 1})},
        [
            body_break("cut", "$", b'{"a": 1'),
            body_break("not JSON", "$", b"a=1"),
            body_break("more", "$", b'{"a": 1} x'),
        ],
    ),
    "form": Case(
        {"method": "POST", "path": "/form", "body": {"content": form(*FIELDS).decode(), "contentType": FORM_TYPE}},
        [
            body_break("value", "$.name", form(("name", "Bob"), *FIELDS[1:])),
            body_break("dropped", "$.name", form(*FIELDS[1:])),
            body_break("one of two", "$.tag", form(FIELDS[0], ("tag", "a"), ("tag", "c"), *FIELDS[3:])),
            body_break("turned", "$.tag", form(FIELDS[0], FIELDS[2], FIELDS[1], *FIELDS[3:])),
            body_break("one dropped", "$.tag", form(FIELDS[0], FIELDS[1], *FIELDS[3:])),
            body_break("odd name", "$['odd[]']", form(*FIELDS[:3], ("odd[]", "c"), FIELDS[4])),
            body_break("empty", "$.empty", form(*FIELDS[:4], ("empty", "x"))),
            body_break("added", "$.extra", form(*FIELDS, ("extra", "1"))),
        ],
    ),
    "form under rules": Case(
        {
            "method": "POST",
            "path": "/ruled-form",
            "body": {"content": "n=1&fix=f", "contentType": FORM_TYPE},
            **rules(body={"$.n": {"match": "regex", "regex": r"\d+"}}),
        },
        [
            body_break("n", "$.n", b"n=one&fix=f"),
            body_break("fix", "$.fix", b"n=5&fix=g"),
            body_break("no n", "$.n", b"fix=f"),
        ],
    ),
    "multipart": Case(
        {
            "method": "POST",
            "path": "/multipart",
            "headers": {"Content-Type": [MULTIPART_TYPE]},
            **encoded_body(multipart(*PARTS), MULTIPART_TYPE),
        },
        [
            body_break("field", "$.title", multipart((*FIELD[:2], b"A pen"), JSON_FILE, IMAGE)),
            body_break("no field", "$.title", multipart(JSON_FILE, IMAGE)),
            body_break("file within", "$.about.pages", multipart(FIELD, (*JSON_FILE[:2], b'{"pages": 6}'), IMAGE)),
            body_break("no file", "$.about", multipart(FIELD, IMAGE)),
            body_break("bytes", "$.cover", multipart(FIELD, JSON_FILE, (*IMAGE[:2], IMAGE[2] + b"\x00"))),
            body_break("field for file", "$.cover", multipart(FIELD, JSON_FILE, ('name="cover"', *IMAGE[1:]))),
            body_break("name", "$.title", multipart(('name="titel"', "", b"A book"), JSON_FILE, IMAGE)),
            body_break("no parts", "$", b"nothing"),
        ],
        frozenset({"Content-Type"}),
    ),
    "multipart under rules": Case(
        {
            "method": "POST",
            "path": "/ruled-multipart",
            "headers": {"Content-Type": [MULTIPART_TYPE]},
            **encoded_body(multipart(FIELD, JSON_FILE), MULTIPART_TYPE),
            **rules(
                body={
                    "$.title": {"match": "regex", "regex": "A [a-z]+"},
                    "$.about.pages": {"match": "integer"},
                }
            ),
        },
        [
            body_break("field", "$.title", multipart((*FIELD[:2], b"no book"), JSON_FILE)),
            body_break("file", "$.about.pages", multipart(FIELD, (*JSON_FILE[:2], b'{"pages": "6"}'))),
        ],
        frozenset({"Content-Type"}),
    ),
    "text": Case(
        {"method": "PUT", "path": "/text", "body": {"content": "one\r\ntwo\n", "contentType": "text/plain"}},
        [
            body_break("character", "$", b"one\r\ntwO\n"),
            body_break("line end", "$", b"one\ntwo\n"),
            body_break("cut", "$", b"one\r\n"),
        ],
    ),
    "text in another charset": Case(
        {
            "method": "PUT",
            "path": "/latin",
            "headers": {"Content-Type": ["text/plain; charset=iso-8859-1"]},
            "body": {"content": "Grüße", "contentType": "text/plain; charset=iso-8859-1"},
        },
        [body_break("other charset", "$", "Grüße".encode()), body_break("other", "$", "Grüsse".encode("latin-1"))],
    ),
    "text under a rule": Case(
        {
            "method": "PUT",
            "path": "/ruled-text",
            "body": {"content": "order 1", "contentType": "text/plain"},
            **rules(body={"$": {"match": "regex", "regex": r"order \d+"}}),
        },
        [body_break("no number", "$", b"order one")],
    ),
    "bytes": Case(
        {"method": "PUT", "path": "/bytes", **encoded_body(b"\x00\x01\x02\xff", "application/octet-stream")},
        [body_break("byte", "$", b"\x00\x01\x02\xfe"), body_break("more", "$", b"\x00\x01\x02\xff\x00")],
    ),
    "bytes under a rule": Case(
        {
            "method": "PUT",
            "path": "/ruled-bytes",
            **encoded_body(PNG, "image/png"),
            **rules(body={"$": {"match": "contentType", "value": "image/png"}}),
        },
        [body_break("another kind", "$", b"GIF89a" + bytes(20))],
        frozenset({"body type"}),
    ),
    "version 2": Case(
        {
            "method": "POST",
            "path": "/v2/10",
            "query": "page=2&tag=a&tag=b",
            "headers": {"X-Key": "k1", "Content-Type": "application/json"},
            "body": V2_BODY,
            "matchingRules": {
                "$.path": {"match": "regex", "regex": r"/v2/\d+"},
                "$.query.page": {"match": "regex", "regex": r"\d+"},
                "$.headers.X-Key": {"match": "regex", "regex": r"k\d"},
                "$.body.id": {"match": "type"},
                "$.body.items": {"min": 1},
                "$.body.items[*].*": {"match": "type"},
            },
        },
        [
            with_path("path", "/v2/ten"),
            with_value("page", "2", "two"),
            with_header("X-Key", "k1", "key"),
            *json_values(
                V2_BODY,
                [
                    ("id", "1", "$.id"),
                    ("items", [], "$.items"),
                    ("items", [{"n": 1}, {"n": "2"}], "$.items[1].n"),
                    ("items", [{"n": 1}, {}], "$.items[1].n"),
                    ("fix", "g", "$.fix"),
                ],
            ),
        ],
        frozenset({"path", "page", "X-Key"}),
        "2.0",
    ),
    "version 1": Case(
        {"method": "POST", "path": "/v1", "query": "a=1", "headers": {"X-Key": "k"}, "body": {"a": [1]}},
        all_json_breaks({"a": [1]}),
        version="1.0",
    ),
}

"""Multipart bodies: parts by name, fields as texts, files as bodies of their own, headers of parts."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from matching import CompiledInteraction, Index, NoMatch, Request, find, near_misses
from matching.multipart_text import MAX_PARTS, MultipartError, parse_multipart
from tests.matching.pacts import any_of, decide, first_mismatch, load, only_request, rule_lists

Rule = dict[str, Any]

TYPE: Rule = {"match": "type"}
INTEGER: Rule = {"match": "integer"}
EQUALITY: Rule = {"match": "equality"}
NOT_EMPTY: Rule = {"match": "notEmpty"}
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"


def regex(source: str) -> Rule:
    return {"match": "regex", "regex": source}


def part(content: str | bytes, *headers: str) -> bytes:
    """One part with these header lines."""
    content = content.encode() if isinstance(content, str) else content
    return "".join(f"{header}\r\n" for header in headers).encode() + b"\r\n" + content


def field(name: str, value: str | bytes, *headers: str) -> bytes:
    return part(value, f'Content-Disposition: form-data; name="{name}"', *headers)


def file(name: str, content: str | bytes, content_type: str | None = "text/plain", *headers: str) -> bytes:
    kind = [] if content_type is None else [f"Content-Type: {content_type}"]
    return part(content, f'Content-Disposition: form-data; name="{name}"; filename="{name}.bin"', *kind, *headers)


def joined(*parts: bytes, boundary: str = "AA") -> bytes:
    """The parts between boundaries."""
    mark = b"--" + boundary.encode()
    return b"".join(mark + b"\r\n" + one + b"\r\n" for one in parts) + mark + b"--\r\n"


def recorded(
    *parts: bytes, rules: dict[str, Any] | None = None, kind: str = "form-data", content: bytes | None = None
) -> CompiledInteraction:
    """An interaction with these parts under rules."""
    content_type = f"multipart/{kind}; boundary=AA"
    body = base64.b64encode(joined(*parts) if content is None else content).decode()
    request = {
        "method": "POST",
        "headers": {"Content-Type": content_type},
        "body": {"content": body, "contentType": content_type, "encoded": "base64"},
        "matchingRules": {"body": rule_lists(rules or {})},
    }
    return only_request(request, "V4")


def sent(*parts: bytes, kind: str = "form-data", content: bytes | None = None, boundary: str = "BB") -> Request:
    """A request with these parts, under a boundary of its own."""
    lines = [("Content-Type", f"multipart/{kind}; boundary={boundary}")]
    return Request("POST", "/", "", lines, joined(*parts, boundary=boundary) if content is None else content)


class Case(NamedTuple):
    """What is recorded, under which rules, what comes, and part, path and rule of the first mismatch."""

    fact: str
    recorded: list[bytes]
    rules: dict[str, Any]
    actual: list[bytes]
    mismatch: tuple[str, str, str] | None = None


def cases(table: list[Case]) -> Any:
    """A test for each case, under its fact."""
    return pytest.mark.parametrize("case", table, ids=[case.fact for case in table])


def decided(case: Case, kind: str = "form-data") -> None:
    """The case has the verdict that it names."""
    interaction = recorded(*case.recorded, rules=case.rules, kind=kind)
    assert first_mismatch(interaction, sent(*case.actual, kind=kind)) == case.mismatch


A, B = field("a", "1"), field("b", "2")
F = file("f", "hello")

PARTS = [
    Case("the same", [A, B, F], {}, [A, B, F]),
    Case("another order", [A, B, F], {}, [F, B, A]),
    Case("a missing field", [A, B], {}, [A], ("body", "$.b", "present")),
    Case("a missing file", [A, F], {}, [A], ("body", "$.f", "present")),
    Case("further parts", [A], {}, [A, B, F]),
    Case("no parts at all", [A], {}, [], ("body", "$.a", "present")),
    Case("another value", [A], {}, [field("a", "9")], ("body", "$.a", "equality")),
    Case("a blank more", [A], {}, [field("a", "1 ")], ("body", "$.a", "equality")),
    Case("a line break more", [A], {}, [field("a", "1\r\n")], ("body", "$.a", "equality")),
    Case("names have a case", [A], {}, [field("A", "1")], ("body", "$.a", "present")),
    Case("another content of a file", [F], {}, [file("f", "HELLO")], ("body", "$.f", "equality")),
    Case("the name of a file is free", [F], {}, [F.replace(b"f.bin", b"other.txt")]),
    Case("a field in place of a file", [F], {}, [field("f", "hello")], ("body", "$.f", "type")),
    Case("a file in place of a field", [A], {}, [file("a", "1")], ("body", "$.a", "type")),
    Case(
        "an empty file name is one",
        [file("f", "x")],
        {},
        [part("x", 'Content-Disposition: form-data; name="f"; filename=""')],
    ),
    Case("several of one name", [A, field("a", "2")], {}, [A, field("a", "2")]),
    Case(
        "several of one name in another order",
        [A, field("a", "2")],
        {},
        [field("a", "2"), A],
        ("body", "$.a", "equality"),
    ),
    Case("fewer of one name", [A, field("a", "2")], {}, [A], ("body", "$.a[1]", "present")),
    Case("more of one name", [A], {}, [A, field("a", "2")]),
    Case("an empty value", [field("a", "")], {}, [field("a", "")]),
    Case("a value in place of nothing", [field("a", "")], {}, [A], ("body", "$.a", "equality")),
    Case("Unicode in names and values", [field("é", "東京")], {}, [field("é", "東京")]),
    Case("JSON in a field is text", [field("a", '{"k":1}')], {}, [field("a", '{"k": 1}')], ("body", "$.a", "equality")),
    Case(
        "a field with a type is text",
        [field("a", '{"k":1}', "Content-Type: application/json")],
        {},
        [field("a", '{"k": 1}')],
        ("body", "$.a", "equality"),
    ),
]


@cases(PARTS)
def test_without_rules(case: Case) -> None:
    """Parts are found by name, in any order; fields are equal texts, files equal bodies; further parts are free."""
    decided(case)


FIELD_RULES = [
    Case("at the name", [A], {"$.a": INTEGER}, [field("a", "7")]),
    Case("at the quoted name", [A], {"$['a']": INTEGER}, [field("a", "7")]),
    Case("at the bare name", [A], {"a": INTEGER}, [field("a", "7")]),
    Case("refuses", [A], {"$.a": INTEGER}, [field("a", "x")], ("body", "$.a", "integer")),
    Case("inherited from the root", [A, B], {"$": INTEGER}, [field("b", "x"), A], ("body", "$.b", "integer")),
    Case("by a star", [A], {"$.*": INTEGER}, [field("a", "7")]),
    Case(
        "equality stops it",
        [A, B],
        {"$": TYPE, "$.b": EQUALITY},
        [field("a", "x"), field("b", "x")],
        ("body", "$.b", "equality"),
    ),
    Case(
        "for the second of a name",
        [A, field("a", "2")],
        {"$.a": INTEGER},
        [A, field("a", "x")],
        ("body", "$.a[1]", "integer"),
    ),
    Case("an index does not reach", [A], {"$.a[0]": TYPE}, [field("a", "x")], ("body", "$.a", "equality")),
    Case("a deeper path does not reach", [A], {"$.a.x": TYPE}, [field("a", "x")], ("body", "$.a", "equality")),
    Case("another case does not reach", [A], {"$.A": TYPE}, [field("a", "x")], ("body", "$.a", "equality")),
    Case(
        "names with brackets",
        [field("ids[]", "1")],
        {"$['ids[]']": INTEGER},
        [field("ids[]", "x")],
        ("body", "$['ids[]']", "integer"),
    ),
    Case("type takes any text", [A], {"$.a": TYPE}, [field("a", "")]),
    Case("type does not take a file", [A], {"$.a": TYPE}, [file("a", "1")], ("body", "$.a", "type")),
    Case("bounds do not count", [A], {"$.a": {"match": "type", "min": 5}}, [field("a", "x")]),
    Case("not empty", [A], {"$.a": NOT_EMPTY}, [field("a", "")], ("body", "$.a", "notEmpty")),
    Case(
        "a part of it",
        [A],
        {"$.a": {"match": "include", "value": "x"}},
        [field("a", "1")],
        ("body", "$.a", 'include "x"'),
    ),
    Case("a date", [A], {"$.a": {"match": "date", "format": "yyyy"}}, [field("a", "2024")]),
    Case("a version", [A], {"$.a": {"match": "semver"}}, [field("a", "1.2")], ("body", "$.a", "semver")),
    Case("a type of content", [A], {"$.a": {"match": "contentType", "value": "application/json"}}, [field("a", "{}")]),
    Case(
        "another type of content",
        [A],
        {"$.a": {"match": "contentType", "value": "application/json"}},
        [field("a", "x")],
        ("body", "$.a", "contentType application/json"),
    ),
    Case(
        "both of two rules",
        [A],
        {"$.a": [INTEGER, regex(".2")]},
        [field("a", "33")],
        ("body", "$.a", "integer and regex .2"),
    ),
    Case("either of two rules", [A], {"$.a": any_of(INTEGER, regex("x"))}, [field("a", "x")]),
    Case(
        "neither of two rules",
        [A],
        {"$.a": any_of(INTEGER, regex("x"))},
        [field("a", "y")],
        ("body", "$.a", "integer or regex x"),
    ),
]


@cases(FIELD_RULES)
def test_rules_of_fields(case: Case) -> None:
    """A field is a text under the rules of its name, or those inherited."""
    decided(case)


DATA = {"sub": 1, "l": [1]}
JSON_FILE = file("j", json.dumps(DATA), "application/json")


def json_file(value: Any, content_type: str | None = "application/json") -> bytes:
    return file("j", json.dumps(value), content_type)


XML_FILE = file("x", "<r><a>1</a></r>", "application/xml")

FILES = [
    Case("JSON in another order", [JSON_FILE], {}, [json_file({"l": [1], "sub": 1})]),
    Case("another value", [JSON_FILE], {}, [json_file({**DATA, "sub": 7})], ("body", "$.j.sub", "equality")),
    Case("an extra key", [JSON_FILE], {}, [json_file({**DATA, "x": 7})], ("body", "$.j.x", "equality")),
    Case("no JSON", [JSON_FILE], {}, [file("j", "{", "application/json")], ("body", "$.j", "JSON")),
    Case("no content", [JSON_FILE], {}, [file("j", "", "application/json")], ("body", "$.j", "present")),
    Case("another type", [JSON_FILE], {}, [json_file(DATA, "text/plain")], ("body type", "$.j", "content type")),
    Case("a type with a suffix", [JSON_FILE], {}, [json_file(DATA, "application/hal+json")]),
    Case("a type with a parameter", [JSON_FILE], {}, [json_file(DATA, "application/json; charset=utf-8")]),
    Case("a type that does not come", [JSON_FILE], {}, [json_file(DATA, None)]),
    Case("a rule below the name", [JSON_FILE], {"$.j.sub": INTEGER}, [json_file({**DATA, "sub": 7})]),
    Case(
        "a rule below the name refuses",
        [JSON_FILE],
        {"$.j.sub": INTEGER},
        [json_file({**DATA, "sub": "x"})],
        ("body", "$.j.sub", "integer"),
    ),
    Case("a rule at the name", [JSON_FILE], {"$.j": TYPE}, [json_file({"sub": 2, "l": [5, 6]})]),
    Case(
        "a rule at a list", [JSON_FILE], {"$.j.l": {"match": "type", "min": 2}}, [JSON_FILE], ("body", "$.j.l", "type")
    ),
    Case(
        "a rule at the root does not reach in",
        [JSON_FILE],
        {"$": TYPE},
        [json_file({**DATA, "sub": 7})],
        ("body", "$.j.sub", "equality"),
    ),
    Case(
        "a rule of a star does not reach in",
        [JSON_FILE],
        {"$.*": TYPE},
        [json_file({**DATA, "sub": 7})],
        ("body", "$.j.sub", "equality"),
    ),
    Case("XML", [XML_FILE], {}, [file("x", "<r> <a>1</a> </r>", "application/xml")]),
    Case(
        "XML under a rule",
        [XML_FILE],
        {"$.x.r.a.#text": INTEGER},
        [file("x", "<r><a>y</a></r>", "application/xml")],
        ("body", "$.x.r.a['#text']", "integer"),
    ),
    Case(
        "a form",
        [file("q", "a=1&b=2", "application/x-www-form-urlencoded")],
        {},
        [file("q", "b=2&a=1", "application/x-www-form-urlencoded")],
    ),
    Case("text under a rule", [F], {"$.f": regex("h.*")}, [file("f", "hey")]),
    Case("text under a rule refuses", [F], {"$.f": regex("h.*")}, [file("f", "bye")], ("body", "$.f", "regex h.*")),
    Case("bytes", [file("b", PNG, "image/png")], {}, [file("b", PNG, "image/png")]),
    Case(
        "other bytes",
        [file("b", PNG, "image/png")],
        {},
        [file("b", PNG + b"\0", "image/png")],
        ("body", "$.b", "equality"),
    ),
    Case(
        "marks of a type",
        [file("b", "old", "image/png")],
        {"$.b": {"match": "contentType", "value": "image/png"}},
        [file("b", PNG, "image/png")],
    ),
    Case(
        "no marks of a type",
        [file("b", PNG, "image/png")],
        {"$.b": {"match": "contentType", "value": "image/png"}},
        [file("b", "GIF89a", "image/png")],
        ("body", "$.b", "contentType image/png"),
    ),
    Case("no type recorded", [file("n", "x", None)], {}, [file("n", "x", "text/plain")]),
    Case("an empty file", [file("n", "", "text/plain")], {}, [file("n", "", "text/plain")]),
    Case(
        "a file that was empty",
        [file("n", "", "text/plain")],
        {},
        [file("n", "x", "text/plain")],
        ("body", "$.n", "empty"),
    ),
    Case(
        "parts within a part",
        [file("m", joined(A, boundary="II"), "multipart/mixed; boundary=II")],
        {},
        [file("m", joined(A, boundary="JJ"), "multipart/mixed; boundary=JJ")],
    ),
    Case(
        "parts within a part differ",
        [file("m", joined(A, boundary="II"), "multipart/mixed; boundary=II")],
        {},
        [file("m", joined(field("a", "9"), boundary="JJ"), "multipart/mixed; boundary=JJ")],
        ("body", "$.m.a", "equality"),
    ),
]


@cases(FILES)
def test_files(case: Case) -> None:
    """A file is a body of its own type, under the rules below its name; its type is compared when one comes."""
    decided(case)


TYPED = field("a", "1", "Content-Type: text/plain")
WITH_HEADER = file("f", "hello", "text/plain", "X-H: 1")

HEADERS = [
    Case("the same", [WITH_HEADER], {}, [WITH_HEADER]),
    Case("another case of its name", [WITH_HEADER], {}, [file("f", "hello", "text/plain", "x-h: 1")]),
    Case("further headers", [F], {}, [WITH_HEADER]),
    Case("missing", [WITH_HEADER], {}, [F], ("body", "$.f.x-h", "equality")),
    Case(
        "another value",
        [WITH_HEADER],
        {},
        [file("f", "hello", "text/plain", "X-H: 2")],
        ("body", "$.f.x-h", "equality"),
    ),
    Case("of a field", [field("a", "1", "X-H: 1")], {}, [field("a", "1", "X-H: 2")], ("body", "$.a.x-h", "equality")),
    Case("under a rule", [WITH_HEADER], {"$.f['x-h']": INTEGER}, [file("f", "hello", "text/plain", "X-H: 2")]),
    Case(
        "under a rule in another case",
        [WITH_HEADER],
        {"$.f['X-H']": INTEGER},
        [file("f", "hello", "text/plain", "X-H: 2")],
    ),
    Case(
        "under a rule refuses",
        [WITH_HEADER],
        {"$.f.x-h": INTEGER},
        [file("f", "hello", "text/plain", "X-H: x")],
        ("body", "$.f.x-h", "integer"),
    ),
    Case("under a rule must come", [WITH_HEADER], {"$.f['x-h']": TYPE}, [F], ("body", "$.f.x-h", "type")),
    Case(
        "not under the rule of the name",
        [WITH_HEADER],
        {"$.f": TYPE},
        [file("f", "bye", "text/plain", "X-H: 2")],
        ("body", "$.f.x-h", "equality"),
    ),
    Case(
        "a rule for the type",
        [JSON_FILE],
        {"$.j['content-type']": regex("application/.*")},
        [json_file(DATA, "application/x")],
    ),
    Case(
        "a rule for the type refuses",
        [JSON_FILE],
        {"$.j['content-type']": regex("application/.*")},
        [json_file(DATA, "text/plain")],
        ("body", "$.j.content-type", "regex application/.*"),
    ),
    Case("the disposition does not count", [A], {}, [part("1", 'Content-Disposition: attachment; name="a"; x=y')]),
    Case("the type of a field", [TYPED], {}, [field("a", "1", "Content-Type: text/plain; charset=utf-8")]),
    Case("the type of a field need not come", [TYPED], {}, [A]),
    Case(
        "another type of a field",
        [TYPED],
        {},
        [field("a", "1", "Content-Type: text/html")],
        ("body", "$.a.content-type", "content type"),
    ),
    Case(
        "a rule for the type of a field", [TYPED], {"$.a['content-type']": TYPE}, [field("a", "1", "Content-Type: a/b")]
    ),
    Case("a length does not count", [A], {}, [field("a", "1", "Content-Length: 1")]),
]


@cases(HEADERS)
def test_headers_of_parts(case: Case) -> None:
    """The recorded headers of a part must come with their values, or under the rule of `$.name['header']`."""
    decided(case)


ENCODINGS = [
    Case("base64 of a file", [F], {}, [file("f", "aGVs\r\nbG8=", "text/plain", "Content-Transfer-Encoding: BASE64")]),
    Case("base64 of a field", [field("a", "hello")], {}, [field("a", "aGVsbG8=", "Content-Transfer-Encoding: base64")]),
    Case(
        "base64 on both sides", [field("a", "aGVsbG8=", "Content-Transfer-Encoding: base64")], {}, [field("a", "hello")]
    ),
    Case("base64 that is none", [field("a", "!!")], {}, [field("a", "!!", "Content-Transfer-Encoding: base64")]),
    Case(
        "quoted-printable",
        [field("a", "é=")],
        {},
        [field("a", "=C3=A9=3D", "Content-Transfer-Encoding: quoted-printable")],
    ),
    Case("others say nothing", [F], {}, [file("f", "hello", "text/plain", "Content-Transfer-Encoding: 8bit")]),
    Case(
        "a charset of a field",
        [field("a", "é")],
        {},
        [field("a", "é".encode("latin-1"), "Content-Type: text/plain; charset=iso-8859-1")],
    ),
    Case(
        "no charset of a field", [field("a", "é")], {}, [field("a", "é".encode("latin-1"))], ("body", "$.a", "equality")
    ),
]


@cases(ENCODINGS)
def test_transfer_encodings(case: Case) -> None:
    """Content is compared as it was before it was encoded for the way."""
    decided(case)


U1, U2 = part("u1", "Content-Type: text/plain"), part('{"k":1}', "Content-Type: application/json")

UNNAMED = [
    Case("the same", [U1, U2], {}, [U1, U2]),
    Case("further parts", [U1], {}, [U1, U2]),
    Case("another order", [U1, U2], {}, [U2, U1], ("body type", "$[0]", "content type")),
    Case("fewer", [U1, U2], {}, [U1], ("body", "$[1]", "present")),
    Case("another content", [U1, U2], {}, [part("u9", "Content-Type: text/plain"), U2], ("body", "$[0]", "equality")),
    Case("a rule by place", [U1, U2], {"$[1].k": INTEGER}, [U1, part('{"k":7}', "Content-Type: application/json")]),
    Case(
        "a rule by place refuses",
        [U1, U2],
        {"$[1].k": INTEGER},
        [U1, part('{"k":"x"}', "Content-Type: application/json")],
        ("body", "$[1].k", "integer"),
    ),
    Case("a rule by quoted place", [U1], {"$['0']": TYPE}, [part("x", "Content-Type: text/plain")]),
    Case("a rule for a header by place", [U1], {"$[0]['content-type']": TYPE}, [part("u1", "Content-Type: text/html")]),
    Case(
        "a Content-ID is a header",
        [part("x", "Content-ID: <1>")],
        {},
        [part("x", "Content-ID: <2>")],
        ("body", "$[0].content-id", "equality"),
    ),
]


@cases(UNNAMED)
@pytest.mark.parametrize("kind", ["mixed", "related", "alternative", "form-data"])
def test_parts_without_names(case: Case, kind: str) -> None:
    """Parts without a name are found by their place."""
    decided(case, kind)


@pytest.mark.parametrize(
    ("line", "name", "file_name"),
    [
        ("name*=utf-8''%C3%A9", "é", None),
        ("name*=UTF-8'de'%c3%a9", "é", None),
        ("name*=iso-8859-1''%E9", "é", None),
        ("name*=nobody''%C3%A9", "é", None),
        ("name=a; filename*=utf-8''x", "a", "x"),
    ],
)
def test_extended_names_of_parts(line: str, name: str, file_name: str | None) -> None:
    """Names and file names may name their charset."""
    (one,) = parse_multipart(joined(part("1", f"Content-Disposition: form-data; {line}")), "AA")
    assert (one.name, one.filename) == (name, file_name)


@pytest.mark.parametrize(
    ("recorded_part", "sent_part", "message"),
    [
        (F, field("f", "hello"), 'Expected the part "f" to be a file but it is a field'),
        (A, file("a", "1"), 'Expected the part "a" to be a field but it is a file'),
        (A, B, 'Expected a part "a" but there is none'),
        (U1, None, "Expected a part without a name but there is none"),
        (WITH_HEADER, F, "Header x-h of the part: it is missing"),
    ],
    ids=["a field for a file", "a file for a field", "no part of the name", "no part without a name", "no header"],
)
def test_what_is_told_of_a_part(recorded_part: bytes, sent_part: bytes | None, message: str) -> None:
    """The sentence says of which part, and what it should be."""
    found = next(recorded(recorded_part).explain(sent(*([sent_part] if sent_part is not None else []))))
    assert found.message == message


# What is a multipart body

ONE = joined(A, boundary="BB")
BODIES = [
    ("a preamble", b"to be ignored\r\n" + ONE, True),
    ("an epilogue", ONE + b"ignored", True),
    ("no line break at the end", ONE.removesuffix(b"\r\n"), True),
    ("blanks after a boundary", ONE.replace(b"--BB\r\n", b"--BB  \r\n"), True),
    ("bare line feeds", ONE.replace(b"\r\n", b"\n"), True),
    ("no last boundary", ONE.removesuffix(b"--BB--\r\n"), False),
    ("only the last boundary", b"--BB--\r\n", False),
    ("another boundary", joined(A, boundary="CC"), False),
    ("no boundary at all", b"garbage", False),
    ("a header without a colon", ONE.replace(b"Content-Disposition: form-data", b"junk"), False),
    ("a boundary within a value", joined(field("a", "--BBB"), boundary="BB"), False),
]


@pytest.mark.parametrize(("content", "matches"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_what_is_a_multipart_body(content: bytes, matches: bool) -> None:
    """Parts stand between boundaries and the last one ends them; what stands around does not count."""
    assert decide(recorded(A), sent(content=content)) is matches


HEADER_LINES = [
    ("multipart/form-data; boundary=BB", None),
    ('multipart/form-data; boundary="BB"', None),
    ("multipart/form-data; charset=utf-8; boundary=BB", None),
    ("Multipart/Form-Data; Boundary=BB", None),
    ("multipart/form-data", None),
    ("multipart/mixed; boundary=BB", "header"),
    ("text/plain", "header"),
    ("multipart/form-data; boundary=CC", "body"),
]


@pytest.mark.parametrize(("line", "broken"), HEADER_LINES)
def test_the_boundary_does_not_count(line: str, broken: str | None) -> None:
    """Every client makes up its boundary; without one in the header the first line of the body tells it."""
    mismatch = first_mismatch(recorded(A), Request("POST", "/", "", [("Content-Type", line)], ONE))
    assert (mismatch[0] if mismatch else None) == broken


def test_a_body_recorded_as_text() -> None:
    """A pact may hold the body as text, with the line breaks of its author."""
    body = joined(A).decode().replace("\r\n", "\n")
    headers = {"Content-Type": "multipart/form-data; boundary=AA"}
    for recorded_body in (body, base64.b64encode(joined(A)).decode()):
        interaction = only_request({"method": "POST", "headers": headers, "body": recorded_body})
        assert first_mismatch(interaction, sent(A)) is None
        assert first_mismatch(interaction, sent(field("a", "9"))) == ("body", "$.a", "equality")


def test_what_is_recorded_as_multipart_and_is_none() -> None:
    """It matches nothing, not even itself, and its interaction warns of it."""
    headers = {"Content-Type": "multipart/form-data; boundary=AA"}
    pact = load({"request": {"method": "POST", "headers": headers, "body": "garbage"}})
    (interaction,) = pact.interactions
    assert first_mismatch(interaction, sent(content=b"garbage", boundary="AA")) == ("body", "$", "equality")
    assert ["does not match its own interaction" in problem.message for problem in pact.problems] == [True]


def test_what_comes_as_multipart_and_is_none() -> None:
    """It is told apart from a body that differs."""
    assert first_mismatch(recorded(A), sent(content=b"garbage")) == ("body", "$", "multipart")
    assert first_mismatch(recorded(A), sent(content=b"")) == ("body", "$", "present")


def test_flat_rules() -> None:
    """Rules of V2 reach parts as those of V3 do."""
    rules = {"$.body.a": INTEGER, "$.body.j.sub": INTEGER, "$.body.f['x-h']": TYPE}
    body = base64.b64encode(joined(A, JSON_FILE, WITH_HEADER)).decode()
    headers = {"Content-Type": "multipart/form-data; boundary=AA"}
    request = {"method": "POST", "headers": headers, "body": body, "matchingRules": rules}
    interaction = only_request(request, "V2")
    other = file("f", "hello", "text/plain", "X-H: 9")
    assert first_mismatch(interaction, sent(field("a", "5"), json_file({**DATA, "sub": 5}), other)) is None
    assert first_mismatch(interaction, sent(field("a", "x"), JSON_FILE, other)) == ("body", "$.a", "integer")


def test_names_of_parts() -> None:
    """Names are read as browsers and mail write them."""
    spellings = [
        'Content-Disposition: form-data; name="a"',
        "content-disposition: FORM-DATA; NAME=a",
        'Content-Disposition: form-data; filename="x"; name="a"',
        'Content-Disposition: attachment; name="a"',
    ]
    found = [parse_multipart(joined(part("1", line)), "AA")[0] for line in spellings]
    assert [one.name for one in found] == ["a"] * 4
    assert [one.filename for one in found] == [None, None, "x", None]
    (quoted,) = parse_multipart(joined(part("1", r'Content-Disposition: form-data; name="a\"b"')), "AA")
    assert quoted.name == 'a"b'
    (nameless,) = parse_multipart(joined(part("1", "Content-Type: text/plain")), "AA")
    assert nameless.name is None


# Bodies that nobody should send

BOUND = 5.0  # seconds: only a guard against hanging


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


HOSTILE: dict[str, bytes] = {
    "a hundred thousand parts": joined(*[field("b", "1")] * 100_000, boundary="BB"),
    "a hundred thousand headers": joined(field("a", "1", *[f"X-{n}: 1" for n in range(100_000)]), boundary="BB"),
    "a gigantic header": joined(field("a", "1", "X: " + "x" * 3_000_000), boundary="BB"),
    "a gigantic name": joined(field("a" * 3_000_000, "1"), boundary="BB"),
    "a gigantic header name": joined(field("a", "1", "x" * 3_000_000 + ": 1"), boundary="BB"),
    "a disposition of semicolons": joined(part("1", "Content-Disposition: form-data" + ";" * 3000), boundary="BB"),
    "a disposition of backslashes": joined(
        part("1", 'Content-Disposition: x; name="' + "\\" * 4000 + '"'), boundary="BB"
    ),
    "a disposition of continuations": joined(part("1", "Content-Disposition: x" + "; name*0=1" * 300), boundary="BB"),
    "a million boundaries": b"--BB\r\n" * 500_000,
    "nearly boundaries": joined(field("a", "\r\n--B" * 300_000), boundary="BB"),
    "line breaks": joined(field("a", "\r\n" * 1_000_000), boundary="BB"),
    "no boundary": b"x" * 3_000_000,
    "dashes": b"-" * 3_000_000,
    "quoted-printable": joined(
        field("a", "=41" * 500_000, "Content-Transfer-Encoding: quoted-printable"), boundary="BB"
    ),
    "base64 of blanks": joined(field("a", " \t" * 500_000, "Content-Transfer-Encoding: base64"), boundary="BB"),
}


BLANKS = {
    "a first line of blanks": b"--a" + b"\t " * 60_000,
    "a boundary of blanks": b"--" + b" " * 150_000 + b"x",
}


@pytest.mark.parametrize("name", BLANKS)
def test_a_first_line_of_blanks(name: str) -> None:
    """Looking for the boundary in a body takes no time worth speaking of."""
    request = Request("POST", "/", "", [("Content-Type", "multipart/form-data")], BLANKS[name])
    began = time.thread_time()
    assert not recorded(A).matches(request)
    assert time.thread_time() - began < 0.2


def within_each_other(depth: int) -> tuple[str, bytes]:
    """A type and a body of that many multipart bodies within each other."""
    content_type, body = "text/plain", b"x"
    for level in range(depth):
        body = joined(part(body, f"Content-Type: {content_type}"), boundary=f"B{level}")
        content_type = f"multipart/mixed; boundary=B{level}"
    return content_type, body


@pytest.mark.parametrize(("depth", "is_served"), [(1, True), (8, True), (9, False), (400, False)])
def test_parts_within_parts_within_parts(depth: int, is_served: bool) -> None:
    """Parts may nest, and those that nest deeper than anybody writes take only their interaction away."""
    content_type, body = within_each_other(depth)
    odd = {"request": {"method": "POST", "headers": {"Content-Type": content_type}, "body": body.decode()}}
    pact = load(odd, {"request": {"path": "/fine"}})
    assert pact.interactions[-1].interaction.request.path == "/fine"
    if is_served:
        request = Request("POST", "/", "", [("Content-Type", content_type)], body)
        assert first_mismatch(pact.interactions[0], request) is None
        other = Request("POST", "/", "", [("Content-Type", content_type)], body.replace(b"\r\nx\r\n", b"\r\ny\r\n"))
        assert first_mismatch(pact.interactions[0], other) == ("body", "$" + "[0]" * depth, "equality")
    else:
        assert [item.pointer for item in pact.skipped] == ["/interactions/0"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies(name: str) -> None:
    """Whatever stands between the boundaries, it is decided and explained in bounded time."""
    index = Index([recorded(A)])
    for line in ("multipart/form-data; boundary=BB", "multipart/form-data"):
        request = Request("POST", "/", "", [("Content-Type", line)], HOSTILE[name])
        assert seconds(lambda request=request: find(index, request)) < BOUND
        assert isinstance(find(index, request), NoMatch)
        (miss,) = near_misses(index, request)
        assert sum(len(mismatch.message) for mismatch in miss.mismatches) < 20_000


def test_as_many_parts_as_are_compared() -> None:
    """A body of just that many parts is compared, one more is not."""
    parts = [A, *[B] * (MAX_PARTS - 1)]
    assert recorded(A).matches(sent(*parts))
    assert first_mismatch(recorded(A), sent(*parts, B)) == ("body", "$", "multipart")


def test_boundaries_nobody_uses() -> None:
    """A boundary is any text; one that no parser takes makes a body that is none."""
    for boundary in ("é", "\udcff", "A" * 300, " ", "=", "''"):
        request = sent(content=b"--x\r\n\r\n", boundary=boundary)
        assert not decide(recorded(A), request)
    with pytest.raises(MultipartError):
        parse_multipart(b"", None)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(?=a)(a+)+$", "(?=(a+)+b)(?!(a|aa)+c)a*"])
@pytest.mark.parametrize("path", ["$", "$.a", "$.f", "$.a['x-h']"])
def test_hostile_patterns(pattern: str, path: str) -> None:
    """Fields, files and headers of parts under patterns that run away are given up soon."""
    text = "a" * 3000 + "!"
    recorded_parts = [field("a", "a", "X-H: a")] * 50 + [file("f", "a")]
    index = Index([recorded(*recorded_parts, rules={path: regex(pattern)})])
    request = sent(*[field("a", text, f"X-H: {text}")] * 50, file("f", text))
    assert seconds(lambda: find(index, request)) < BOUND
    assert isinstance(find(index, request), NoMatch)
    assert seconds(lambda: near_misses(index, request)) < BOUND


@pytest.mark.parametrize("content", [b"--BB\r\n=:\r\n\r\n--BB--\r\n", b"--BB\r\n\x00: 1\r\n\r\n--BB--"])
def test_nothing_is_logged(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Deciding on a body writes nothing anywhere, whatever it holds."""
    with caplog.at_level(logging.DEBUG):
        assert not decide(recorded(A), sent(content=content))
    assert caplog.records == []


@pytest.mark.parametrize("headers", [[f"X-{n}: 1" for n in range(20)], ["X-Long: " + "x" * 8000]], ids=["many", "long"])
def test_parts_with_many_or_long_headers(headers: list[str]) -> None:
    """Parts have as many headers, and as long ones, as requests may have."""
    one = field("a", "1", *headers)
    assert first_mismatch(recorded(one), sent(one)) is None

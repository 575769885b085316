"""What is fuzzed. Each target takes any bytes and raises nothing; errors that are meant are caught by name."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Any

from matching import (
    Index,
    PactError,
    PatternError,
    Request,
    StateSelector,
    example_request,
    find,
    load_pact,
    near_misses,
)
from matching.bodies.xml import compile_xml
from matching.datetimes import DatePatternError, ExpressionError, compile_date_pattern, shift_datetime, shift_time
from matching.generators.strings import MatchingStrings
from matching.matchers import RuleError
from matching.multipart_text import MultipartError, parse_multipart
from matching.paths import PathError, parse_path
from matching.patterns import compile_pattern
from matching.xml_text import XmlError, parse_xml


def pact(data: bytes) -> None:
    """A document: loaded, or refused with reasons; what is loaded can be asked."""
    try:
        loaded = load_pact(data)
    except PactError:
        return
    index = Index(loaded.interactions)
    for interaction in loaded.interactions[:5]:
        request = example_request(interaction.interaction.request)
        assert interaction.matches(request) == (not list(interaction.explain(request)))
        find(index, request, lenient=True)


def _served() -> Index:
    """Interactions with bodies of all kinds under rules."""
    type_rule = {"matchers": [{"match": "type"}]}
    parts = '--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nv\r\n--b--\r\n'
    bodies: list[tuple[str, Any]] = [
        ("application/json", {"a": [1, {"b": "x"}], "c": None}),
        ("application/xml", "<r><a id='1'>t</a><a>u</a></r>"),
        ("application/x-www-form-urlencoded", "a=1&b=2&b=3"),
        ("multipart/form-data; boundary=b", base64.b64encode(parts.encode()).decode()),
        ("text/plain; charset=utf-16", "hello"),
    ]
    interactions = [
        {
            "description": content_type,
            "request": {
                "method": "POST",
                "path": "/a/1",
                "query": {"q": ["1"]},
                "headers": {"Content-Type": content_type, "Accept": "a/b;q=1"},
                "body": body,
                "matchingRules": {
                    "path": {"matchers": [{"match": "regex", "regex": r"/a/(?!x)\w+"}]},
                    "body": {"$": type_rule},
                },
            },
        }
        for content_type, body in bodies
    ]
    return Index(load_pact(json.dumps({"interactions": interactions}).encode()).interactions)


SERVED = _served()


def request(data: bytes) -> None:
    """A request in pieces: path, query, content type, body."""
    path, query, content_type, *body = data.split(b"\xff", 3)[:4] + [b""] * max(0, 3 - data.count(b"\xff"))
    texts = [piece.decode("utf-8", "surrogateescape") for piece in (path, query, content_type)]
    lines = [("Content-Type", texts[2]), ("Accept", texts[1])]
    asked = Request("POST", "/a/" + texts[0], texts[1], lines, b"".join(body))
    for interaction in SERVED.interactions:
        assert interaction.matches(asked) == (not list(interaction.explain(asked)))
    find(SERVED, asked, lenient=True)
    near_misses(SERVED, asked)


def rule_path(data: bytes) -> None:
    """A path expression."""
    with suppress(PathError):
        parse_path(data.decode("utf-8", "replace"))


def date_pattern(data: bytes) -> None:
    """A date pattern, and a text."""
    source, _, text = data.decode("utf-8", "replace").partition("\x00")
    try:
        pattern = compile_date_pattern(source)
    except DatePatternError:
        return
    pattern.matches(text)
    pattern.write(datetime(2024, 2, 29, 23, 59, 59, 999_999, UTC))


def expression(data: bytes) -> None:
    """A date expression."""
    for shift in (shift_datetime, shift_time):
        with suppress(ExpressionError):
            shift(data.decode("utf-8", "replace"), datetime(2024, 2, 29, 10, tzinfo=UTC))


def regex(data: bytes) -> None:
    """A pattern and a text; strings for the pattern; the pattern of a provider state."""
    source, _, text = data.decode("utf-8", "replace").partition("\x00")
    try:
        compile_pattern(source).matches(text)
    except PatternError:
        return
    for make in (lambda: MatchingStrings(source).drawn(Random(0)), lambda: StateSelector(source)):
        with suppress(PatternError):
            make()


def xml(data: bytes) -> None:
    """An XML document, compared with itself."""
    try:
        root = parse_xml(data)
        node = compile_xml(root, ())
    except (XmlError, RuleError):
        return
    assert node.matches(root)
    assert not list(node.explain(root, "$"))


def multipart(data: bytes) -> None:
    """A multipart body, with and without its boundary known."""
    for boundary in (None, "b"):
        with suppress(MultipartError):
            parse_multipart(data, boundary)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (pact, request, rule_path, date_pattern, expression, regex, xml, multipart)
}

# What to begin with, where bytes made up from nothing would hardly ever be understood.
SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "pact": (json.dumps({"interactions": [{"request": {"path": "/", "body": {"a": [1]}}}]}).encode(),),
    "request": (
        b"1\xffq=1\xffapplication/json\xff" + b'{"a":[1,{"b":"x"}],"c":null}',
        b"1\xffq=1\xffapplication/xml\xff" + b"<r><a id='1'>t</a><a>u</a></r>",
        b"1\xffq=1\xffapplication/x-www-form-urlencoded\xffa=1&b=2&b=3",
        b"1\xffq=1\xffmultipart/form-data; boundary=b\xff"
        b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nv\r\n--b--',
    ),
    "xml": (
        b"<?xml version='1.0' encoding='iso-8859-1'?><n:r xmlns:n='urn:x' n:a='1'>t<b/><![CDATA[x]]>&amp;</n:r>",
        b"<!DOCTYPE r [<!ENTITY a 'b'>]><r>&a;</r>",
    ),
    "multipart": (b"--b\r\nContent-Disposition: form-data; name=\"f\"; filename*=UTF-8''x\r\n\r\nv\r\n--b--\r\n",),
    "date_pattern": (b"yyyy-MM-dd'T'HH:mm:ss[.SSS]XXX\x002024-02-29T10:00:00Z",),
    "expression": (b"last december + 2 weeks @ 3 o'clock pm - 40 milliseconds",),
    "regex": (rb"(?<n>\d+)[a-z&&[^x]]{2,3}(?=b)\k<n>" + b"\x0012ab",),
}

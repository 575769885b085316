"""Media types: reading them, what kind of body they announce, detection, agreement."""

from __future__ import annotations

import tracemalloc

import pytest

from matching.content_types import (
    HTML,
    JSON,
    PLAIN_TEXT,
    XML,
    ContentType,
    Kind,
    agrees,
    detect_content_type,
    parse_content_type,
)


def read(text: str) -> ContentType:
    content_type = parse_content_type(text)
    assert content_type is not None
    return content_type


@pytest.mark.parametrize(
    ("text", "essence", "params"),
    [
        ("application/json", "application/json", ()),
        (" Application/JSON ", "application/json", ()),
        ("text/plain;charset=UTF-8", "text/plain", (("charset", "UTF-8"),)),
        ('text/plain; Charset="utf-8" ; q=1', "text/plain", (("charset", "utf-8"), ("q", "1"))),
        ("text/plain;", "text/plain", ()),
        ("text/plain; flag", "text/plain", ()),
        ("application/vnd.api+json", "application/vnd.api+json", ()),
    ],
)
def test_reading(text: str, essence: str, params: tuple[tuple[str, str], ...]) -> None:
    """Type and subtype are lower case, parameter names too, values are unquoted."""
    content_type = read(text)
    assert content_type.essence == essence
    assert content_type.params == params


@pytest.mark.parametrize("text", ["", "json", "/", "application/", "/json", ";charset=utf-8", "   "])
def test_what_is_no_media_type(text: str) -> None:
    """A value without type and subtype is not a media type."""
    assert parse_content_type(text) is None


def test_charset_and_text() -> None:
    """A content type tells its charset and reads as a header value."""
    assert read("text/plain; a=b; charset=latin-1").param("charset") == "latin-1"
    assert read("text/plain").param("charset") is None
    assert str(read("Text/Plain;Charset=UTF-8;b=C")) == "text/plain; charset=UTF-8; b=C"


KINDS = {
    Kind.JSON: [
        "application/json",
        "application/json-rpc",
        "application/jsonrequest",
        "application/hal+json",
        "application/vnd.github.v3+json",
        "application/problem+json; charset=utf-8",
        "application/graphql",
        "text/json",
        "application/x-json",
    ],
    Kind.XML: ["application/xml", "text/xml", "application/atom+xml", "image/svg+xml"],
    Kind.FORM: ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8"],
    Kind.MULTIPART: ["multipart/form-data; boundary=x", "multipart/mixed"],
    Kind.TEXT: ["text/plain", "text/html", "text/csv", "text/x-anything", "application/javascript", "application/yaml"],
    Kind.BINARY: [
        "application/octet-stream",
        "application/pdf",
        "application/zip",
        "image/png",
        "audio/mpeg",
        "video/mp4",
        "font/woff2",
    ],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in KINDS.items() for text in texts])
def test_kind(kind: Kind, text: str) -> None:
    """The content type decides how a body is compared."""
    assert read(text).kind is kind


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<?xml version='1.0'?><a/>", XML),
        (b"  <?xml version='1.0'?><a/>", XML),
        (b"<!DOCTYPE html><html>", HTML),
        (b"<html><body>", HTML),
        (b"<HTML>", HTML),
        (b"<order id='1'>", XML),
        (b'{"a":1}', JSON),
        (b"  [1]", JSON),
        (b'"text"', JSON),
        (b"42", JSON),
        (b"-1", JSON),
        (b"true", JSON),
        (b"null", JSON),
        (b"hello", PLAIN_TEXT),
        (b"truely", PLAIN_TEXT),
        ("é".encode(), PLAIN_TEXT),
        (b"", PLAIN_TEXT),
        (b"\xff\xfe\x00", None),
    ],
)
def test_detection(content: bytes, expected: ContentType | None) -> None:
    """Bytes without a content type tell it by how they begin; what is not even text tells nothing."""
    assert detect_content_type(content) == expected


@pytest.mark.parametrize(
    ("expected", "actual", "verdict"),
    [
        ("application/json", "application/json", True),
        ("application/json", "application/json; charset=utf-8", True),
        ("application/json; charset=utf-8", "application/json", False),
        ("application/json; charset=utf-8", "application/json;charset=UTF-8", True),
        ("application/json; charset=utf-8", "application/json;charset=latin-1", False),
        ("application/json", "text/plain", False),
        ("application/json", "application/hal+json", True),
        ("application/hal+json", "application/json", False),
        ("application/xml", "application/atom+xml", True),
        ("text/xml", "application/xml", True),
        ("application/xml", "text/xml", True),
        ("multipart/form-data; boundary=a", "multipart/form-data; boundary=b", True),
        ("multipart/form-data; boundary=a", "multipart/mixed; boundary=a", False),
    ],
)
def test_agreement(expected: str, actual: str, verdict: bool) -> None:
    """Parameters count when recorded, a suffix stands for its base but not the reverse, boundaries never count."""
    assert agrees(read(expected), read(actual)) is verdict


def test_an_unknown_side_agrees_with_everything() -> None:
    """Nothing is refused because its type is not known."""
    assert agrees(None, JSON)
    assert agrees(JSON, None)


def test_long_types_are_not_kept() -> None:
    """What a request says as its type is not remembered when nobody would write it so."""
    tracemalloc.start()
    try:
        for number in range(50):
            assert parse_content_type(f"a/b{number}; " + "x=y;" * 2_000) is not None
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1 << 20

"""Answers: what is sent as recorded, and what cannot be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from matching import CompiledResponse, Problem, ResponseMatcher, Severity
from tests.matching.pacts import load, post


def answer(response: dict[str, Any], version: str = "V3") -> tuple[CompiledResponse, tuple[Problem, ...]]:
    pact = load({"description": "case", "request": {}, "response": response}, version=version)
    return pact.interactions[0].response, pact.problems


def clean(response: dict[str, Any], version: str = "V3") -> CompiledResponse:
    compiled, problems = answer(response, version)
    assert not problems, problems
    return compiled


def test_as_recorded() -> None:
    """Status, header lines in order and the bytes of the body go out as they were recorded."""
    response = {"status": 201, "headers": {"X-B": "1", "Content-Type": "text/plain", "x-a": ["2", "3"]}, "body": "hi\n"}
    assert clean(response) == CompiledResponse(
        201, (("X-B", "1"), ("Content-Type", "text/plain"), ("x-a", "2"), ("x-a", "3")), b"hi\n"
    )


def test_json_keeps_its_order_and_integers() -> None:
    """Keys stay in file order, long integers exact."""
    body = {"b": 1, "a": 123456789012345678901234567890, "é": [1.0, None]}
    assert json.loads(clean({"body": body}).body) == body
    assert clean({"body": body}).body.startswith(b'{"b":1,"a":123456789012345678901234567890,')


@pytest.mark.parametrize(
    "name",
    [
        "Connection",
        "keep-alive",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Content-Length",
        "content-length",
    ],
)
def test_headers_of_the_connection(name: str) -> None:
    """Hop-by-hop headers and Content-Length are not replayed: they are those of the real connection."""
    response = clean({"headers": {name: "5", "X-A": "1", "Content-Type": "text/plain"}, "body": "x"})
    assert response.headers == (("X-A", "1"), ("Content-Type", "text/plain"))


@pytest.mark.parametrize(
    ("response", "content_type"),
    [
        ({"body": {"a": 1}}, "application/json"),
        ({"body": "hello"}, "text/plain"),
        ({"body": "<?xml version='1.0'?><a/>"}, "application/xml"),
        ({"body": "<html></html>"}, "text/html"),
        ({"headers": {"content-type": "text/csv"}, "body": "a"}, "text/csv"),
    ],
)
def test_default_content_type(response: dict[str, Any], content_type: str) -> None:
    """A body without a recorded Content-Type goes out under the type it looks like."""
    ((_, value),) = clean(response).headers
    assert value == content_type


def test_the_type_of_an_envelope_is_the_default() -> None:
    """A V4 body tells its type itself."""
    response = clean({"body": {"content": "AP8=", "contentType": "image/png", "encoded": "base64"}}, "V4")
    assert response == CompiledResponse(200, (("Content-Type", "image/png"),), b"\x00\xff")


def test_bytes_of_no_known_type_are_text() -> None:
    """Where even the bytes tell nothing, text/plain is said."""
    response = clean({"body": {"content": "//79", "encoded": "base64"}}, "V4")
    assert response.headers == (("Content-Type", "text/plain"),)


@pytest.mark.parametrize("response", [{}, {"body": None}, {"body": ""}])
def test_no_body(response: dict[str, Any]) -> None:
    """Without a body nothing is sent and no type is made up."""
    assert clean(response) == CompiledResponse(200, (), b"")


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_body(status: int) -> None:
    """A recorded body of a 204 or 304 is left out, with a warning at the place."""
    response, problems = answer({"status": status, "headers": {"X-A": "1"}, "body": {"a": 1}})
    assert response == CompiledResponse(status, (("X-A", "1"),), b"")
    assert [(p.severity, p.pointer) for p in problems] == [(Severity.WARNING, "/interactions/0/response/body")]
    assert problems[0].cure


GZIP = "H4sIAAAAAAAAA6tWSlSyUqhVAgDpMSG2CgAAAA=="


def test_recorded_compression_is_kept() -> None:
    """Content-Encoding stays where the recorded bytes are encoded."""
    body = {"content": GZIP, "contentType": "application/gzip", "encoded": "base64"}
    assert ("Content-Encoding", "gzip") in clean({"headers": {"Content-Encoding": "gzip"}, "body": body}, "V4").headers


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "zstd", "br", "deflate", ["br", "gzip"]])
def test_a_compression_that_the_bytes_do_not_have(encoding: Any) -> None:
    """Content-Encoding is left out with a warning where clients would fail to decode the body."""
    response, problems = answer({"headers": {"Content-Encoding": encoding}, "body": {"a": 1}})
    assert response.headers == (("Content-Type", "application/json"),)
    assert [(p.severity, p.pointer) for p in problems] == [
        (Severity.WARNING, "/interactions/0/response/headers/Content-Encoding")
    ]


def test_identity_is_an_encoding_of_everything() -> None:
    """`Content-Encoding: identity` is kept."""
    assert ("Content-Encoding", "identity") in clean({"headers": {"Content-Encoding": "identity"}, "body": "x"}).headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "a\r\nSet-Cookie: b"),
        ("X-A", "a\nb"),
        ("X-A", "a\x00"),
        ("X-A", ["fine", "a\x7fb"]),
        ("X A", "1"),
        ("X-A:", "1"),
        ("", "1"),
        ("Ü", "1"),
        ("X\r\nY", "1"),
    ],
)
def test_what_is_no_header(name: str, value: Any) -> None:
    """Names that are no tokens and values with control characters are left out, with a warning."""
    response, problems = answer({"headers": {name: value, "X-Fine": "1"}})
    assert response.headers == (("X-Fine", "1"),)
    assert [p.severity for p in problems] == [Severity.WARNING]
    assert problems[0].pointer.startswith("/interactions/0/response/headers/")


def test_a_tab_and_unicode_are_fine_in_values() -> None:
    """A tab inside a value and characters beyond ASCII are not control characters."""
    assert clean({"headers": {"X-A": "a\tb", "X-B": "é"}}).headers == (("X-A", "a\tb"), ("X-B", "é"))


def test_generators_leave_the_recorded_answer() -> None:
    """Beside a generator, the answer as it was recorded is kept, and nothing is wrong with it."""
    response, problems = answer({"body": {"id": 1}, "generators": {"body": {"$.id": {"type": "RandomInt"}}}})
    assert response.body == b'{"id":1}'
    assert problems == ()


@pytest.mark.parametrize(
    ("generators", "place", "severity"),
    [
        ({"body": {"$.id": {"type": "NoSuchThing"}}}, "body/$.id", Severity.WARNING),
        ({"body": {"$.id": {"type": "RandomInt", "min": 9, "max": 1}}}, "body/$.id", Severity.WARNING),
        ({"body": {"$.id": {"type": "Date", "format": "bbb"}}}, "body/$.id", Severity.WARNING),
        ({"body": {"$..id": {"type": "Uuid"}}}, "body/$..id", Severity.WARNING),
        ({"header": {"Content-Length": {"type": "RandomInt"}}}, "header/Content-Length", Severity.WARNING),
        ({"path": {"type": "RandomInt"}}, "path", Severity.WARNING),
        ({"body": {"$.missing": {"type": "Uuid"}}}, "body/$.missing", Severity.NOTE),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_generator_that_has_no_effect(generators: dict[str, Any], place: str, severity: Severity) -> None:
    """It is told at its place, and the example is served."""
    response, problems = answer({"body": {"id": 1}, "generators": generators})
    assert response.body == b'{"id":1}'
    assert [(p.severity, p.pointer) for p in problems] == [(severity, f"/interactions/0/response/generators/{place}")]
    assert problems[0].cure


@pytest.mark.parametrize(
    ("recorded", "status", "content", "matches"),
    [
        ({"status": 200, "body": {"a": 1}}, 200, '{"a":1}', True),
        ({"status": 200, "body": {"a": 1}}, 201, '{"a":1}', False),
        ({"status": 200, "body": {"a": 1}}, 200, '{"a":1,"b":2}', True),
        ({"status": 200, "body": {}}, 200, '{"b":2}', True),
        ({"status": 200, "body": {"a": {"b": 1}}}, 200, '{"a":{"b":1,"c":2}}', True),
        ({"status": 200, "body": {"a": 1}}, 200, "{}", False),
        ({"status": 200, "body": [1]}, 200, "[1,2]", False),
        ({"status": 200, "body": []}, 200, "[1]", False),
        ({"status": 200, "body": [{"a": 1}]}, 200, '[{"a":1,"b":2}]', True),
        ({"status": 200, "headers": {"X-A": "1"}}, 200, "", False),
    ],
)
def test_another_response(recorded: dict[str, Any], status: int, content: str, matches: bool) -> None:
    """A response may hold keys that were not recorded; everything recorded must be there."""
    pact = load({"request": {}, "response": recorded})
    matcher = ResponseMatcher(pact.interactions[0].interaction.response)
    assert matcher.matches(status, post(content)) is matches
    assert (not list(matcher.explain(status, post(content)))) is matches

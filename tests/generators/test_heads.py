"""Status and headers that are generated: what can be sent is sent, what cannot stays as it was recorded."""

from __future__ import annotations

from typing import Any

import pytest

from matching import Severity
from tests.generators.answers import FROM_STATE, Recorded


def test_status() -> None:
    """A status is drawn like any number."""
    recorded = Recorded({"status": 200, "generators": {"status": {"type": "RandomInt", "min": 201, "max": 203}}})
    assert {recorded.answer(seed).status for seed in range(50)} == {201, 202, 203}


@pytest.mark.parametrize("value", [404, 200, 999])
def test_status_of_a_provider_state(value: int) -> None:
    """A status may come from a provider state."""
    recorded = Recorded({"status": 200, "generators": {"status": FROM_STATE}})
    assert recorded.answer(params={"v": value}).status == value


@pytest.mark.parametrize("value", [0, 99, 100, 199, 1000, -200, 200.5, True, None, "many", [404], {}])
def test_status_that_is_none(value: Any) -> None:
    """What is no final status is not sent; the recorded one is."""
    recorded = Recorded({"status": 418, "generators": {"status": FROM_STATE}})
    assert recorded.answer(params={"v": value}).status == 418


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_a_body(status: int) -> None:
    """A status that has no body takes the body away."""
    body = {"content": {"a": 1}}
    generators = {"body": {"$.a": FROM_STATE}}
    generated_status = {**generators, "status": {"type": "RandomInt", "min": status, "max": status}}
    assert Recorded({"status": 200, "body": body, "generators": generated_status}).answer().body == b""
    assert Recorded({"status": status, "body": body, "generators": generators}).answer(params={"v": 2}).body == b""


@pytest.mark.parametrize("category", ["header", "headers"])
def test_headers(category: str) -> None:
    """A generated header takes the place of all recorded values of its name, in whatever case it is written."""
    recorded = Recorded(
        {
            "headers": {"X-Many": ["1", "2"], "X-Other": "3"},
            "generators": {category: {"x-many": FROM_STATE, "X-New": FROM_STATE}},
        }
    )
    assert recorded.answer(params={"v": "NEW"}).headers == {"X-Many": "NEW", "X-New": "NEW"}


def test_headers_hold_texts() -> None:
    """Numbers and the like are written into headers as texts."""
    for value, text in [(5, "5"), (1.5, "1.5"), (True, "true"), ([1], "[1]"), ("é", "é"), ("", "")]:
        recorded = Recorded({"generators": {"header": {"X": FROM_STATE}}})
        assert recorded.answer(params={"v": value}).headers == {"X": text}


@pytest.mark.parametrize("generator", ["RandomInt", "RandomDecimal", "RandomBoolean", "Uuid", "Date", "RandomString"])
def test_every_type_in_a_header(generator: str) -> None:
    """Every type of generator gives a text in a header, recorded or not."""
    recorded = Recorded(
        {"headers": {"A": ["1"]}, "generators": {"header": {"A": {"type": generator}, "B": {"type": generator}}}}
    )
    headers = recorded.answer().headers
    assert set(headers) == {"A", "B"}
    assert all(headers.values())


@pytest.mark.parametrize("value", ["a\r\nEvil: 1", "a\nb", "a\rb", "a\x00b", "a\x7fb", "\ud800", "a\udcffb"], ids=repr)
def test_values_that_cannot_be_sent(value: str) -> None:
    """A value that is no header value is never sent: the recorded one is, or none."""
    recorded = Recorded({"headers": {"A": ["1"]}, "generators": {"header": {"A": FROM_STATE, "B": FROM_STATE}}})
    assert recorded.answer(params={"v": value}).headers.get("A", "1") == "1"
    assert "B" not in recorded.answer(params={"v": value}).headers


@pytest.mark.parametrize("name", ["X\r\nEvil", "X Y", "", "X:", "é", "X\x00", "(x)"])
def test_names_that_cannot_be_sent(name: str) -> None:
    """A name that is no header name is told when the pact is loaded, and never sent."""
    recorded = Recorded({"generators": {"header": {name: FROM_STATE}}})
    [problem] = recorded.problems
    assert problem.severity is Severity.WARNING
    assert problem.cure
    assert recorded.answer(params={"v": "1"}).headers == {}


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Connection", "Upgrade", "Trailer"])
def test_headers_of_one_connection(name: str) -> None:
    """Headers that say how this very answer is sent are never made up."""
    recorded = Recorded({"body": {"content": "x"}, "generators": {"header": {name: FROM_STATE}}})
    [problem] = recorded.problems
    assert problem.severity is Severity.WARNING
    assert recorded.answer(params={"v": "1"}).headers == {}


@pytest.mark.parametrize(
    "generators",
    [{"query": {"a": FROM_STATE}}, {"path": FROM_STATE}, {"method": FROM_STATE}, {"metadata": {"a": FROM_STATE}}],
    ids=lambda generators: next(iter(generators)),
)
def test_categories_that_a_response_has_not(generators: dict[str, Any]) -> None:
    """A response has no path, query or method to be generated; that is told."""
    recorded = Recorded({"body": {"content": {"a": 1}}, "generators": generators})
    [problem] = recorded.problems
    assert problem.severity is Severity.WARNING
    assert problem.pointer.startswith(f"/interactions/0/response/generators/{next(iter(generators))}")
    assert recorded.answer(params={"v": 2}).body == recorded.body


def test_content_encoding() -> None:
    """A content coding that the body does not have is never made up: clients would fail to decode it."""
    generators = {"header": {"Content-Encoding": {"type": "Regex", "regex": "gzip"}}}
    recorded = Recorded({"body": {"content": "hello"}, "generators": generators})
    assert recorded.answer().headers == {}

"""Requests and answers line by line, with what is said of each place."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import CompiledInteraction, Mismatch, Part, Request, example_request
from matching.content_types import JSON, parse_content_type
from matching.json_text import dump_json
from matching.model import Body, BodyState, MatchingRules
from matching.paths import render_step
from stubserver.outline.lines import (
    MOST_LINES,
    Line,
    Message,
    actual_request,
    answer_message,
    body_lines,
    recorded_request,
    recorded_response,
)
from tests.matching.pacts import post, rule_lists, with_body
from tests.matching.test_hostile import BODIES, HEADS
from tests.outline.corpus import hostile, of_the_specification, one, recorded


def text(line: Line) -> str:
    """A line as it is read."""
    return line.indent + "".join(piece for _, piece in line.pieces)


def texts(lines: Iterable[Line]) -> list[str]:
    """Lines as they are read."""
    return [text(line) for line in lines]


def noted(lines: Iterable[Line]) -> dict[str, list[str]]:
    """What is said of lines, by the lines as they are read."""
    return {text(line).strip(): [note.text for note in line.notes] for line in lines if line.notes}


def recorded_body(
    content: Any, rules: dict[str, Any] | None = None, content_type: str = "application/json"
) -> list[Line]:
    """The lines of a recorded body."""
    return recorded_request(with_body(content, rules, content_type)).body


def test_json() -> None:
    """A document is written as people write JSON, keys in their order."""
    document = {"b": [1, {"a": None}, []], "a": {}, "t": 'q"\n', "n": 1.0, "yes": True}
    assert "\n".join(texts(recorded_body(document))) == json.dumps(document, indent=2)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(ANYTHING)
def test_law_of_json(document: Any) -> None:
    """The lines of any document are the document."""
    lines = texts(body_lines(Body(BodyState.PRESENT, dump_json(document), JSON), MatchingRules(), ()))
    assert json.loads("\n".join(lines)) == document


def test_rules_stand_at_their_values() -> None:
    """A rule is told where it stands, not at all that inherits it; one with wildcards at all that it is for."""
    document = {"id": 1, "items": [{"n": 1, "t": "x"}, {"n": 2, "t": "y"}], "o": {"k": "v"}}
    rules = {
        "$.id": {"match": "integer"},
        "$.items": {"match": "type", "min": 1},
        "$.items[*].n": {"match": "decimal"},
        "$.o": {"match": "eachKey", "rules": [{"match": "regex", "regex": "[a-z]"}]},
        "$.o.*": {"match": "regex", "regex": "v+"},
    }
    assert noted(recorded_body(document, rules)) == {
        '"id": 1,': ["any integer"],
        '"items": [': ["a list of 1 or more items like the recorded ones"],
        '"n": 1,': ["any decimal number"],
        '"n": 2,': ["any decimal number"],
        '"o": {': ["every key: matches [a-z]"],
        '"k": "v"': ["matches v+"],
    }


def test_generators_stand_at_their_values() -> None:
    """A generator is told at the value that it makes."""
    response = {
        "status": 200,
        "headers": {"X-Id": ["1"]},
        "body": {"content": {"id": 1, "at": "x"}, "contentType": "application/json"},
        "generators": {
            "body": {"$.id": {"type": "RandomInt", "min": 1, "max": 9}, "$.at": {"type": "Uuid"}},
            "header": {"X-Id": {"type": "RandomInt", "min": 5, "max": 6}},
        },
    }
    message = recorded_response(one({"request": {"path": "/"}, "response": response}))
    assert noted(message.body) == {'"id": 1,': ["a random integer from 1 to 9"], '"at": "x"': ["a random UUID"]}
    assert noted(message.head)["X-Id: 1"] == ["a random integer from 5 to 6"]


def test_heads() -> None:
    """The first line has method and target; rules of path and parameters stand there, those of headers at theirs."""
    request = {
        "method": "POST",
        "path": "/a/1",
        "query": {"page": ["2"]},
        "headers": {"X-Key": ["k1"], "X-Other": ["o"]},
        "matchingRules": {
            "path": {"matchers": [{"match": "regex", "regex": r"/a/\d+"}]},
            "query": rule_lists({"page": {"match": "integer"}}),
            "header": rule_lists({"X-Key": {"match": "regex", "regex": r"k\d"}}),
        },
    }
    message = recorded_request(one({"request": request}))
    assert texts(message.head) == ["POST /a/1?page=2 HTTP/1.1", "X-Key: k1", "X-Other: o"]
    assert [(note.tone, note.label, note.text) for note in message.head[0].notes] == [
        ("rule", r"path: matches /a/\d+", r"matches /a/\d+"),
        ("rule", "page: any integer", "any integer"),
    ]
    assert noted(message.head)["X-Key: k1"] == [r"matches k\d"]
    assert (message.body, message.size, message.is_cut) == ([], 0, False)


def test_xml() -> None:
    """XML is written element by element, with rules of elements, attributes and texts."""
    document = '<o:a xmlns:o="urn:o" o:id="1"><b>x</b><b>y</b><c/></o:a>'
    rules = {
        "$['o:a']['@o:id']": {"match": "regex", "regex": r"\d"},
        "$['o:a'].b": {"match": "type"},
        "$['o:a'].b['#text']": {"match": "regex", "regex": "[xy]"},
    }
    lines = recorded_body(document, rules, "application/xml")
    assert texts(lines) == ['<o:a o:id="1">', "  <b>x</b>", "  <b>y</b>", "  <c/>", "</o:a>"]
    assert [[note.label for note in line.notes] for line in lines] == [
        [r"@o:id: matches \d"],
        ["any string", "text: matches [xy]"],
        ["any string", "text: matches [xy]"],
        [],
        [],
    ]


def test_forms() -> None:
    """A form has a line for each field."""
    rules = {"$.n": {"match": "regex", "regex": r"\d+"}}
    lines = recorded_body("n=1&fix=a%20b&flag", rules, "application/x-www-form-urlencoded")
    assert texts(lines) == ["n=1", "fix=a%20b", "flag"]
    assert noted(lines) == {"n=1": [r"matches \d+"]}


def test_text() -> None:
    """Text is its lines, with its rule at the first."""
    lines = recorded_body("one\ntwo\r\n\nfour", {"$": {"match": "regex", "regex": "o.*"}}, "text/plain")
    assert texts(lines) == ["one", "two", "", "four"]
    assert [len(line.notes) for line in lines] == [1, 0, 0, 0]


def test_text_of_another_charset() -> None:
    """Text is read in the charset that it is said to be in."""
    body = Body(BodyState.PRESENT, "Grüße".encode("latin-1"), parse_content_type("text/plain; charset=iso-8859-1"))
    assert texts(body_lines(body, MatchingRules(), ())) == ["Grüße"]


def test_bytes() -> None:
    """What is no text is shown as bytes; of many, the first, and how many there are."""
    octets = parse_content_type("application/octet-stream")
    lines = texts(body_lines(Body(BodyState.PRESENT, bytes(range(20)) + b"\xff", octets), MatchingRules(), ()))
    assert lines[0].startswith("000000  00 01 02")
    assert lines[1].split() == ["000010", "10", "11", "12", "13", "ff", "....."]
    many = texts(body_lines(Body(BodyState.PRESENT, b"\xff" * 100_000, octets), MatchingRules(), ()))
    assert len(many) < 50
    assert many[-1] == "… 100,000 bytes"


@pytest.mark.parametrize("content", [b"\xff" * 10_000, b"one line " * 10_000, dump_json({"a": "x" * 10_000})])
def test_size_tells_how_much_there_is(content: bytes) -> None:
    """Whatever is shown of a body, its size is told."""
    assert answer_message(200, (), content, None).size == len(content)


def test_what_is_cut_is_told() -> None:
    """A body of which only a part is shown is told to be cut, bytes too."""
    assert answer_message(200, (), dump_json([*range(1_000)]), JSON).is_cut
    assert not answer_message(200, (), dump_json([*range(100)]), JSON).is_cut
    assert answer_message(200, (), b"line\n" * 1_000, parse_content_type("text/plain")).is_cut
    assert answer_message(200, (), b"\xff" * 10_000, parse_content_type("image/png")).is_cut


# What is wrong with a request that came


def explained(interaction: CompiledInteraction, request: Request) -> Message:
    """The request that came, with what is wrong with it."""
    return actual_request(request, list(interaction.explain(request)))


def marked(message: Message) -> dict[str, list[str]]:
    """What is wrong, by the lines as they are read."""
    lines = [*message.head, *message.body]
    assert all(line.is_marked == any(note.tone == "mismatch" for note in line.notes) for line in lines)
    return {text(line).strip(): [note.label for note in line.notes] for line in lines if line.is_marked}


def test_mismatches_stand_at_their_places() -> None:
    """What is wrong with a value is told at the value."""
    interaction = with_body({"a": 1, "list": [{"n": 1}, {"n": 2}], "odd 'key'": {"x": 1}})
    message = explained(interaction, post('{"a": "x", "list": [{"n": 1}, {"n": 3}], "odd \'key\'": {"x": 2}}'))
    assert marked(message) == {
        '"a": "x",': ["body $.a"],
        '"n": 3': ["body $.list[1].n"],
        '"x": 2': [r"body $['odd \'key\''].x"],
    }


def test_missing_members_are_told_above() -> None:
    """What is missing is told at the nearest place above it that is there."""
    interaction = with_body({"a": {"b": {"c": 1}}, "list": [1, 2], "d": 1})
    message = explained(interaction, post('{"a": {"b": {}}, "list": [1]}'))
    found = marked(message)
    assert found['"b": {}'] == ["body $.a.b.c"]
    assert found["{"] == ["body $.d"]
    assert [label for key, labels in found.items() if key in ('"list": [', "1") for label in labels]


def test_what_is_too_much_is_told_at_it() -> None:
    """What should not be there is told where it is."""
    message = explained(with_body({"a": 1}), post('{"a": 1, "more": {"x": 1}}'))
    assert marked(message) == {'"more": {': ["body $.more"]}


def test_heads_that_are_wrong() -> None:
    """Method, path and query are told at the first line, headers at theirs, those that are missing on lines of their
    own.
    """
    interaction = one({"request": {"path": "/a", "query": {"q": ["1"]}, "headers": {"X-A": ["1"], "X-B": ["2"]}}})
    message = explained(interaction, Request("PUT", "/b", "q=2", [("x-a", "9"), ("X-C", "3")]))
    assert texts(message.head) == ["PUT /b?q=2 HTTP/1.1", "x-a: 9", "X-C: 3", "X-B: …"]
    assert [[note.label for note in line.notes] for line in message.head] == [
        ["method", "path", "query q"],
        ["header X-A"],
        [],
        ["header X-B"],
    ]


def test_header_that_comes_twice() -> None:
    """What is wrong with a header that comes on several lines is told once, at the first."""
    interaction = one({"request": {"path": "/", "headers": {"X-A": ["1"]}}})
    message = explained(interaction, Request("GET", "/", "", [("X-A", "2"), ("x-a", "3")]))
    assert [line.is_marked for line in message.head] == [False, True, False]


def test_another_type() -> None:
    """A type of body that is wrong is told at the header that says so, or where it should be."""
    interaction = with_body({"a": 1}, content_type=None)
    assert "Content-Type: text/plain" in marked(explained(interaction, post("x", "text/plain")))


def test_no_body() -> None:
    """A body that is missing is told where it should be."""
    message = explained(with_body({"a": 1}), post(b""))
    assert list(marked(message)) == ["(no body)"]


BROKEN = ["[1", "x", "<a/>", b"\xff\xfe", b"\x00" * 5]


@pytest.mark.parametrize("content", BROKEN)
@pytest.mark.parametrize("content_type", ["application/json", "application/xml", "text/plain", "", "a", None])
def test_body_without_places(content: Any, content_type: str | None) -> None:
    """What is wrong with a body that cannot be read is told at its beginning."""
    message = explained(with_body({"a": 1}), post(content, content_type))
    assert any(line.is_marked for line in (*message.head, *message.body))


DOCUMENTS = st.recursive(
    st.integers(0, 2) | st.sampled_from(["x", None]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "odd 'key'", "x.y"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_law_of_mismatches(wanted: Any, came: Any) -> None:
    """Each mismatch is told exactly once, at its place or else at the deepest one above it that is there."""
    interaction, request = with_body({"d": wanted}), post(dump_json({"d": came}))
    mismatches = list(interaction.explain(request))
    message = actual_request(request, mismatches)
    labels = [note.label for line in message.body for note in line.notes]
    assert sorted(labels) == sorted(f"body {mismatch.path}" for mismatch in mismatches)
    places = line_places({"d": came})
    for line, place in zip(message.body, places, strict=True):
        for note in line.notes:
            assert place is not None
            path = note.label.removeprefix("body ")
            assert path.startswith(place)
            assert not any(
                other is not None and len(other) > len(place) and (path + ".").startswith((other + ".", other + "["))
                for other in places
            ), (path, place)


def line_places(value: Any, place: str = "$") -> list[str | None]:
    """The place of each line of a document; None for closing brackets."""
    if not isinstance(value, (dict, list)) or not value:
        return [place]
    pairs: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
    inner = [below for key, item in pairs for below in line_places(item, place + render_step(key))]
    return [place, *inner, None]


# Sizes


def within_bounds(message: Message) -> None:
    """A message that fits on a page."""
    assert len(message.body) <= MOST_LINES
    for line in message.body:
        assert len(text(line)) < 2_000
        assert sum(len(note.text) for note in line.notes) < 200_000


LARGE: dict[str, tuple[bytes, str]] = {
    "a long text": (dump_json({"a": "x" * 1_000_000}), "application/json"),
    "a long key": (dump_json({"x" * 1_000_000: 1}), "application/json"),
    "many items": (dump_json([*range(100_000)]), "application/json"),
    "many objects": (dump_json([{"a": n} for n in range(100_000)]), "application/json"),
    "lists of lists": (dump_json([[*range(500)] for _ in range(500)]), "application/json"),
    "many keys": (dump_json({f"k{n}": n for n in range(100_000)}), "application/json"),
    "depth": (b"[" * 900 + b"]" * 900, "application/json"),
    "many elements": (b"<a>" + b"<b>1</b>" * 50_000 + b"</a>", "application/xml"),
    "a long element": (b"<a b='" + b"x" * 500_000 + b"'>" + b"y" * 500_000 + b"</a>", "application/xml"),
    "many fields": (b"&".join([b"a=1"] * 200_000), "application/x-www-form-urlencoded"),
    "a long field": (b"a=" + b"x" * 1_000_000, "application/x-www-form-urlencoded"),
    "many lines": (b"line\n" * 200_000, "text/plain"),
    "a long line": (b"x" * 1_000_000, "text/plain"),
    "many bytes": (b"\xff\x00" * 500_000, "image/png"),
    "multipart": (b"--b0\r\n\r\nx\r\n" * 50_000 + b"--b0--", "multipart/form-data; boundary=b0"),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_bodies(name: str) -> None:
    """However large a body is, there is a bounded number of lines of bounded length, and soon."""
    content, content_type = LARGE[name]
    began = time.thread_time()
    within_bounds(answer_message(200, [("X-Long", "x" * 100_000)], content, parse_content_type(content_type)))
    request = post(content, content_type)
    mismatch = Mismatch(Part.BODY, "$[99999].a", "equality", 1, 2, "is wrong")
    within_bounds(actual_request(request, [mismatch] * 300))
    assert time.thread_time() - began < 1


@pytest.mark.parametrize("name", BODIES)
def test_hostile_bodies(name: str) -> None:
    """What is wrong with a body that is made to hurt is told soon."""
    content, rules, hurting = BODIES[name]
    request = post(hurting)
    mismatches = [each for each, _ in zip(with_body(content, rules).explain(request), range(100), strict=False)]
    began = time.perf_counter()
    within_bounds(actual_request(request, mismatches))
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize("name", ["many headers", "a gigantic header", "a long path", "a long query"])
def test_hostile_heads(name: str) -> None:
    """So is what is wrong with its head, of lines of bounded length."""
    content, request = HEADS[name]
    message = explained(one({"request": content}, "V3"), request)
    assert all(len(text(line)) < 1_000 for line in message.head)


def test_law_of_all_contracts() -> None:
    """Whatever is recorded is shown, in a bounded number of lines; its own request has nothing wrong."""
    for interaction in (*recorded(), *of_the_specification(), *hostile()):
        within_bounds(recorded_request(interaction))
        within_bounds(recorded_response(interaction))
        request = example_request(interaction.interaction.request)
        shown = explained(interaction, request)
        within_bounds(shown)
        if interaction.matches(request):
            assert not marked(shown)
        other = Request("OTHER", "/other", "x=1", [("Content-Type", "application/json")], b'{"other": 1}')
        assert marked(explained(interaction, other))

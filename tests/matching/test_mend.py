"""Mending: the smallest change by which an interaction accepts a request."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import CompiledInteraction, Request, example_request, mended
from matching.content_types import Kind
from matching.json_text import dump_json
from tests.matching.pacts import get, only_request, post, rule_lists, with_body
from tests.matching.test_hostile import BODIES, BOUND, HEADS, RULED
from tests.outline.corpus import every_kind, recorded
from tests.web.breaks import Break, Sent, body_break, head_breaks, json_breaks, xml_breaks
from tests.web.broken import CASES

SUBJECTS = [
    interaction for interaction in recorded() if interaction.matches(example_request(interaction.interaction.request))
]


def parts_of(request: Request) -> tuple[Any, ...]:
    """All that goes over the wire."""
    return request.method, request.path, request.query, list(request.header_lines), request.body


def assert_mended(request: Request, interaction: CompiledInteraction) -> Request:
    """The mended request, which holds what is promised of all of them."""
    found = mended(request, interaction)
    assert found is not None
    assert interaction.matches(found), (parts_of(request), parts_of(found))
    assert mended(found, interaction) is found
    if interaction.matches(request):
        assert found is request
    return found


@cache
def breaks_of(interaction: CompiledInteraction) -> list[Break]:
    """Ways to break a recorded request, wherever its rules do not allow for them."""
    request = example_request(interaction.interaction.request)
    found = list(head_breaks(Sent.recorded(request)))
    kind = request.content_type.kind if request.content_type is not None else None
    if request.body and kind is Kind.JSON and request.json[1] is None:
        found += [body_break(what, path, dump_json(other)) for what, path, other in json_breaks(request.json[0])]
    elif request.body and kind is Kind.XML and b"xmlns" not in request.body and request.xml[0] is not None:
        found += [body_break(what, path, other.encode()) for what, path, other in xml_breaks(request.text)]
    if request.body:
        found += [body_break("no body", "$", b""), body_break("no text", "$", b"\xff\xfe{")]
    own = CASES.get(interaction.interaction.description)
    return [*found, *(own.breaks if own is not None and interaction in every_kind() else ())]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_law_of_mending(data: st.DataObject) -> None:
    """However a recorded request is broken, in one or several places, its interaction accepts what is made of it."""
    interaction = data.draw(st.sampled_from(SUBJECTS))
    breaks = data.draw(st.lists(st.sampled_from(breaks_of(interaction)), max_size=4))
    sent = Sent.recorded(example_request(interaction.interaction.request))
    for each in breaks:
        sent = each.change(sent)
    assert_mended(sent.request, interaction)


@pytest.mark.parametrize("interaction", every_kind(), ids=lambda interaction: interaction.interaction.description)
def test_every_break_is_mended(interaction: CompiledInteraction) -> None:
    """Of a request that is broken in one place, only the part with that place is mended: all else is as it came, even
    what is said by a header that the contract does not know.
    """
    own = Sent.recorded(example_request(interaction.interaction.request))
    sent = replace(own, headers=(("X-Unknown", "kept"), *own.headers, ("x-unknown", "too")))
    for each in breaks_of(interaction):
        broken = each.change(sent)
        found = assert_mended(broken.request, interaction)
        lines = list(found.header_lines)
        assert [line for line in lines if line[0].lower() == "x-unknown"] == [
            ("X-Unknown", "kept"),
            ("x-unknown", "too"),
        ], each
        if each.part != "path":
            assert found.path == broken.path, each
        if each.part != "query":
            assert found.query == broken.request.query, each
        if each.part not in ("body", "body type"):
            assert found.body == broken.body, each


# What was not wrong is kept

NAMES = [f"m{n}" for n in range(6)]
WRONG: st.SearchStrategy[Any] = st.sampled_from(["x", 1.5, None, [], {}, True])
MEMBERS = st.dictionaries(st.sampled_from([*NAMES, "more", "odd key"]), st.integers() | WRONG, max_size=8)


def members_mended(members: dict[str, Any]) -> dict[str, Any]:
    """What becomes of members that have to be integers, recorded as zeros."""
    return {name: members[name] if type(members.get(name)) is int else 0 for name in NAMES}


OBJECTS = with_body(dict.fromkeys(NAMES, 0), {f"$.{name}": {"match": "integer"} for name in NAMES})
LISTS = with_body(
    {"items": [dict.fromkeys(NAMES, 0)]},
    {
        "$.items": {"match": "type", "min": 1},
        **{f"$.items[*].{name}": {"match": "integer"} for name in NAMES},
    },
)


@settings(max_examples=200, deadline=None)
@given(MEMBERS)
def test_members_that_were_right_are_kept(members: dict[str, Any]) -> None:
    """Of a JSON object, members that were wrong or missing are the recorded ones; what is not recorded is gone."""
    found = assert_mended(post(dump_json(members)), OBJECTS)
    assert found.json[0] == members_mended(members)


@settings(max_examples=200, deadline=None)
@given(st.lists(MEMBERS, min_size=1, max_size=5))
def test_items_that_were_right_are_kept(items: list[dict[str, Any]]) -> None:
    """So is every item of a list, in its place."""
    found = assert_mended(post(dump_json({"items": items})), LISTS)
    assert found.json[0] == {"items": [members_mended(item) for item in items]}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 3) | st.sampled_from(["x", None]), max_size=7))
def test_lists_that_have_to_be_the_recorded_ones(items: list[Any]) -> None:
    """A list without rules becomes the recorded one, whatever is missing of it, in its middle too, or too much."""
    interaction = with_body({"list": [0, 1, 2], "free": "x"}, {"$.free": {"match": "type"}})
    found = assert_mended(post(dump_json({"list": items, "free": "mine"})), interaction)
    assert found.json[0] == {"list": [0, 1, 2], "free": "mine"}


def test_too_few_items() -> None:
    """A list that is too short is the recorded one, and what stands beside it is kept."""
    rules = {"$.list": {"match": "type", "min": 2}, "$.free": {"match": "type"}}
    interaction = with_body({"list": [1, 2], "free": "x"}, rules)
    found = assert_mended(post('{"list": [], "free": "mine"}'), interaction)
    assert found.json[0] == {"list": [1, 2], "free": "mine"}


@pytest.mark.parametrize("key", ["", "a.b", "it's", 'q"', "a\\b", "[0]", "*", "$", "é 世", "__proto__", "0", "\n", "]"])
def test_members_of_any_name(key: str) -> None:
    """A member is found by its name, whatever characters that has."""
    interaction = with_body({key: {"inner": 1}, "free": "x"}, {"$.free": {"match": "type"}})
    found = assert_mended(post(dump_json({key: {"inner": 2, "more": 3}, "free": "mine"})), interaction)
    assert found.json[0] == {key: {"inner": 1}, "free": "mine"}


def test_long_numbers_are_kept() -> None:
    """A document is mended without losing what its numbers are: long ones, and decimals that are whole."""
    recorded_body = {"id": 1, "big": 1, "decimal": 1.5, "text": "x"}
    rules = {"$.id": {"match": "type"}, "$.big": {"match": "integer"}, "$.decimal": {"match": "decimal"}}
    content = b'{"id": 7, "big": 123456789012345678901234567890, "decimal": 2.0, "text": "wrong"}'
    found = assert_mended(post(content), with_body(recorded_body, rules))
    assert found.body.replace(b" ", b"") == content.replace(b" ", b"").replace(b"wrong", b"x")


FREE_QUERY = only_request(
    {
        "query": {"a": ["1"], "b": ["2"], "free": ["x"]},
        "matchingRules": {"query": rule_lists({"free": {"match": "type"}})},
    }
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["1", "9", None]),
    st.sampled_from(["2", "9", None]),
    st.text(max_size=6),
    st.lists(st.sampled_from(["c", "d e", "é"]), unique=True, max_size=2),
)
def test_parameters_that_were_right_are_kept(a: str | None, b: str | None, free: str, more: list[str]) -> None:
    """Of a query, parameters that were wrong or missing are the recorded ones; what is not recorded is gone."""
    encoded = example_request(replace(FREE_QUERY.interaction.request, query={"free": (free,)})).query
    pieces = [f"{name}={value}" for name, value in (("a", a), ("b", b)) if value is not None]
    query = "&".join([*pieces, encoded, *(f"{name}=1" for name in more)])
    found = assert_mended(Request("GET", "/", query), FREE_QUERY)
    assert found.parameters == {"a": ["1"], "b": ["2"], "free": [free]}


@pytest.mark.parametrize("value", ["%ff", "%F0%9F", "a%00b", "a+b", "%2B", "%26%3D%23", "%"])
def test_values_of_any_bytes_are_kept(value: str) -> None:
    """A parameter that was right says the same bytes afterwards, whatever they are."""
    found = assert_mended(Request("GET", "/", f"a=9&b=2&free={value}"), FREE_QUERY)
    assert found.parameters == Request("GET", "/", f"a=1&b=2&free={value}").parameters


def test_fields_of_forms_that_were_right_are_kept() -> None:
    """So are the fields of a form."""
    form = "application/x-www-form-urlencoded"
    interaction = with_body("n=1&fix=f", {"$.n": {"match": "regex", "regex": r"\d+"}}, form)
    found = assert_mended(post("n=77&fix=wrong&more=1", form), interaction)
    assert found.form == {"n": ["77"], "fix": ["f"]}


def test_headers_that_were_right_are_kept() -> None:
    """Of the headers, only those that were wrong or missing are the recorded ones."""
    interaction = only_request(
        {
            "headers": {"X-Free": "1", "X-Fix": "f", "X-Other": "o"},
            "matchingRules": {"header": rule_lists({"X-Free": {"match": "regex", "regex": r"\d+"}})},
        }
    )
    found = assert_mended(get("/", ("x-free", "77"), ("X-Unknown", "u"), ("x-fix", "wrong")), interaction)
    assert sorted(found.header_lines) == [("X-Fix", "f"), ("X-Other", "o"), ("X-Unknown", "u"), ("x-free", "77")]


def test_another_kind_of_body() -> None:
    """A body of another kind becomes the recorded one, of the recorded type."""
    interaction = with_body({"a": 1}, {"$.a": {"match": "integer"}})
    found = assert_mended(post("<a>1</a>", "application/xml"), interaction)
    assert (found.body, list(found.header_lines)) == (b'{"a":1}', [("Content-Type", "application/json")])


def test_type_that_is_wrong_on_a_body_that_is_right() -> None:
    """Where only the type was wrong, the body is kept."""
    interaction = with_body({"a": 1}, {"$.a": {"match": "integer"}}, "application/vnd.x+json")
    found = assert_mended(post('{"a": 7}', "application/json"), interaction)
    assert found.json[0] == {"a": 7}


def test_contract_that_contradicts_itself() -> None:
    """Where not even the recorded request is accepted, there is nothing to offer."""
    interaction = only_request(
        {"path": "/a", "matchingRules": {"path": {"matchers": [{"match": "regex", "regex": "/b"}]}}}
    )
    assert mended(get("/c"), interaction) is None


# Requests made to hurt


def in_time(request: Request, interaction: CompiledInteraction) -> None:
    began = time.perf_counter()
    if interaction.matches(example_request(interaction.interaction.request)):
        assert_mended(request, interaction)
    else:
        assert mended(request, interaction) is None
    assert time.perf_counter() - began < BOUND


@pytest.mark.parametrize("name", HEADS)
def test_hostile_heads(name: str) -> None:
    """Lines, parameters and headers of any number and length are mended in bounded time."""
    recorded_request, request = HEADS[name]
    in_time(request, only_request(recorded_request))


@pytest.mark.parametrize("name", BODIES)
def test_hostile_json(name: str) -> None:
    """JSON of any size and depth is mended in bounded time."""
    recorded_body, rules, content = BODIES[name]
    in_time(post(content), with_body(recorded_body, rules))


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "a byte order mark": b"\xef\xbb\xbf" + b'{"a": [{"b": "x"}]}',
    "a lone surrogate": b'{"a": "\\ud800"}',
    "a number without end": b'{"a": 1e999}',
    "no number": b'{"a": NaN}',
    "a null byte": b'{"a": "\x00"}',
    "a null byte that is escaped": b'{"a\\u0000": "\\u0000"}',
    "deep lists in a member that is right": b'{"free": ' + b"[" * 1020 + b"]" * 1020 + b', "a": "x"}',
    "deep objects in a member that is right": b'{"free": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b', "a": "x"}',
    "a scalar": b"5",
    "a text": b'"x"',
    "null": b"null",
    "a list": b"[[[]]]",
    "XML": b"<a/>",
}
TYPES = ["application/json", "", "text", "a/b/c", "application/xml", "multipart/form-data", "x" * 5000, "text/plain"]


@pytest.mark.parametrize("content_type", [*TYPES, None])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_contents(name: str, content_type: str | None) -> None:
    """So is whatever comes as a body, whatever it is said to be."""
    interaction = with_body({"a": [{"b": 1}], "free": []}, {**RULED, "$.free": {"match": "type"}})
    in_time(post(HOSTILE[name], content_type), interaction)


def test_names_that_come_twice() -> None:
    """A parameter that comes twice, once with a right value, is the recorded one; so is a header."""
    interaction = only_request({"query": {"a": ["1"], "b": ["2"]}, "headers": {"X-A": "1"}})
    found = assert_mended(get("/?a=1&b=2&a=1&a", ("X-A", "1"), ("x-a", "2")), interaction)
    assert (found.query, list(found.header_lines)) == ("a=1&b=2", [("X-A", "1")])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "each", "list"]), inner),
    max_leaves=12,
)


def with_rules() -> Iterator[CompiledInteraction]:
    """The requests of every kind that are JSON."""
    for interaction in every_kind():
        body = interaction.interaction.request.body
        if body.content_type is not None and body.content_type.kind is Kind.JSON:
            yield interaction


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(with_rules())), ANYTHING, st.text(max_size=20), st.text(max_size=20))
def test_law_of_anything(interaction: CompiledInteraction, document: Any, path: str, query: str) -> None:
    """Whatever comes, it is mended."""
    body = json.dumps(document).encode()
    assert_mended(Request("POST", "/" + path, query, [("Content-Type", "application/json")], body), interaction)

"""JSON bodies: which values of a document are generated, and that nothing else of it changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from matching import Severity
from tests.generators.answers import FROM_STATE, Recorded, generated

DOCUMENT: dict[str, Any] = {
    "z": 1,
    "a": {"b": [10, 20, {"c": "x"}], "odd name": None, "it's": True},
    "list": [{"id": 1}, {"id": 2, "sub": {"id": 3}}, 4],
    "0": "zero",
}

NEW = "NEW"
PLACES: list[tuple[str, Any]] = [
    ("$.z", {**DOCUMENT, "z": NEW}),
    ("z", {**DOCUMENT, "z": NEW}),
    ("$['z']", {**DOCUMENT, "z": NEW}),
    ('$["z"]', {**DOCUMENT, "z": NEW}),
    ("$.a", {**DOCUMENT, "a": NEW}),
    ("$.a.b", {**DOCUMENT, "a": {**DOCUMENT["a"], "b": NEW}}),
    ("$.a.b[0]", {**DOCUMENT, "a": {**DOCUMENT["a"], "b": [NEW, 20, {"c": "x"}]}}),
    ("$.a.b[2].c", {**DOCUMENT, "a": {**DOCUMENT["a"], "b": [10, 20, {"c": NEW}]}}),
    ("$.a.b[*]", {**DOCUMENT, "a": {**DOCUMENT["a"], "b": [NEW, NEW, NEW]}}),
    ("$.a.b[*].c", {**DOCUMENT, "a": {**DOCUMENT["a"], "b": [10, 20, {"c": NEW}]}}),
    ("$.a['odd name']", {**DOCUMENT, "a": {**DOCUMENT["a"], "odd name": NEW}}),
    ("$.a['it\\'s']", {**DOCUMENT, "a": {**DOCUMENT["a"], "it's": NEW}}),
    ("$.a.*", {**DOCUMENT, "a": dict.fromkeys(DOCUMENT["a"], NEW)}),
    ("$.list[*].id", {**DOCUMENT, "list": [{"id": NEW}, {"id": NEW, "sub": {"id": 3}}, 4]}),
    ("$.list[1].sub.id", {**DOCUMENT, "list": [{"id": 1}, {"id": 2, "sub": {"id": NEW}}, 4]}),
    ("$.list[*].*.id", {**DOCUMENT, "list": [{"id": 1}, {"id": 2, "sub": {"id": NEW}}, 4]}),
    ("$.*", dict.fromkeys(DOCUMENT, NEW)),
    ("$[0]", {**DOCUMENT, "0": NEW}),
    ("$", NEW),
    ("", NEW),
]


@pytest.mark.parametrize(("path", "expected"), PLACES, ids=[path for path, _ in PLACES])
def test_places(path: str, expected: Any) -> None:
    """A path leads to keys and items, `.*` to all of an object, `[*]` to all of a list, `$` to the whole document."""
    recorded = generated(DOCUMENT, {path: FROM_STATE})
    assert not recorded.problems
    answer = recorded.answer(params={"v": NEW})
    assert json.dumps(answer.json) == json.dumps(expected)  # with all keys in their order


NOWHERE = ["$.body.z", "$.Z", "$.a.b[3]", "$.a.c", "$.z.z", "$[1]", "$[*]", "$.a.b[*].d", "$.list.id"]


@pytest.mark.parametrize("path", NOWHERE)
def test_paths_that_lead_nowhere(path: str) -> None:
    """A path that leads to nothing recorded has no effect; a note says so."""
    recorded = generated(DOCUMENT, {path: FROM_STATE})
    [problem] = recorded.problems
    assert problem.severity is Severity.NOTE
    assert problem.cure
    assert recorded.answer(params={"v": NEW}).body == recorded.body


@pytest.mark.parametrize("path", ["$..z", "$.list[-1]", "$.list[0:1]", "$.list[?(@.id)]", "$[", "$.", "..", "$x"])
def test_paths_that_are_none(path: str) -> None:
    """What is not a path is told, and the example answered."""
    recorded = generated(DOCUMENT, {path: FROM_STATE})
    [problem] = recorded.problems
    assert problem.severity is Severity.WARNING
    assert recorded.answer(params={"v": NEW}).body == recorded.body


EXACT = (
    b'{"z":1,"big":12345678901234567890123,"small":-98765432109876543210,"whole":1.0,"tiny":1e-07,"zero":-0.0,'
    b'"edge":9223372036854775808,"text":"\\u0000\\"\\\\/\xc3\xa9\xe2\x80\xa8\xf0\x9f\x9b\x92","empty":{},"none":[],"a":null}'
)


@pytest.mark.parametrize(("key", "old"), [("z", b"1"), ("a", b"null")])
def test_the_rest_of_a_body_is_not_touched(key: str, old: bytes) -> None:
    """Big and small numbers, decimals, texts and the order of keys go out exactly as without the generator."""
    recorded = generated(json.loads(EXACT), {f"$.{key}": {"type": "Regex", "regex": "NEW"}})
    member = f'"{key}":'.encode()
    assert recorded.answer().body == recorded.body.replace(member + old, member + b'"NEW"')
    assert recorded.answer().json["big"] == 12345678901234567890123
    assert b'"whole":1.0' in recorded.answer().body


def test_a_parent_and_its_child() -> None:
    """Where a parent is generated, its value stands as it is: what was to become of its child does not matter."""
    generators = {"$.a": FROM_STATE, "$.a.b": {"type": "RandomInt", "min": 100, "max": 199}}
    for pair in (generators, dict(reversed(generators.items()))):
        recorded = generated({"a": {"b": 1}, "c": 2}, pair)
        assert recorded.answer(params={"v": {"mine": []}}).json == {"a": {"mine": []}, "c": 2}


def test_a_parent_without_a_value() -> None:
    """A parent that has no value now is answered as it was recorded."""
    generators = {"$.a": FROM_STATE, "$.a.b": {"type": "RandomInt", "min": 100, "max": 199}}
    for pair in (generators, dict(reversed(generators.items()))):
        assert generated({"a": {"b": 1}, "c": 2}, pair).answer().json == {"a": {"b": 1}, "c": 2}


def test_two_generators_for_one_place() -> None:
    """Of two generators for a place one is applied, and always the same."""
    recorded = generated(
        {"a": 1, "b": 2}, {"$.*": {"type": "RandomInt", "min": 100, "max": 199}, "$.a": {"type": "Uuid"}}
    )
    answers = [recorded.answer().json for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(answers[0]["a"]) == 36
    assert 100 <= answers[0]["b"] <= 199


@pytest.mark.parametrize(
    "value",
    [
        'quotes " and \\ backslashes',
        "\x00\x01\x1f\x7f\u2028\n\r\t",
        "é 世界 🛒",
        "</script>",
        "",
        {"a": [1, {"b": None}], "é": 1.0},
        [],
        None,
        True,
        -0.5,
        12345678901234567890123,
        "\\u0041",
    ],
    ids=repr,
)
def test_values_are_written_as_json(value: Any) -> None:
    """Whatever a value holds, the body stays JSON and says that value."""
    answer = generated({"a": "x", "b": [1]}, {"$.a": FROM_STATE}).answer(params={"v": value})
    assert answer.json == {"a": value, "b": [1]}
    assert type(answer.json["a"]) is type(value)


@pytest.mark.parametrize("content", ["text", 5, 1.5, True, [], {}, [1, 2]])
def test_whole_documents_of_any_kind(content: Any) -> None:
    """`$` is the whole document, whatever it is."""
    recorded = generated(content, {"$": FROM_STATE})
    assert recorded.answer(params={"v": {"all": "new"}}).json == {"all": "new"}
    assert recorded.answer().body == recorded.body


def test_json_that_was_recorded_as_text() -> None:
    """A JSON document that was recorded as a text is generated like one that was not."""
    recorded = generated('{"b": 2, "a": 1}', {"$.a": FROM_STATE}, encoded=True)
    assert recorded.answer(params={"v": NEW}).json == {"b": 2, "a": NEW}
    assert list(recorded.answer(params={"v": NEW}).json) == ["b", "a"]


@pytest.mark.parametrize("content_type", ["application/hal+json", "application/vnd.x.v1+json; charset=utf-8"])
def test_types_like_json(content_type: str) -> None:
    """Types that are JSON by their suffix count as JSON."""
    recorded = generated({"a": 1}, {"$.a": FROM_STATE}, content_type)
    assert recorded.answer(params={"v": NEW}).json == {"a": NEW}


@pytest.mark.parametrize(
    ("content", "content_type", "more"),
    [
        ("some text", "text/plain", {}),
        ("AAECAw==", "application/octet-stream", {"encoded": "base64"}),
        ("{not json", "application/json", {"encoded": True}),
        ("<a>", "application/xml", {}),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "application/xml", {}),
    ],
)
def test_bodies_that_are_not_generated(content: str, content_type: str, more: dict[str, Any]) -> None:
    """Generators for text, bytes and what cannot be read are told and set aside."""
    recorded = generated(content, {"$.a": FROM_STATE}, content_type, **more)
    [problem] = recorded.problems
    assert problem.severity is Severity.WARNING
    assert problem.pointer == "/interactions/0/response/generators/body/$.a"
    assert recorded.answer(params={"v": NEW}).body == recorded.body


@pytest.mark.parametrize("body", [None, {}, {"content": None}, {"content": ""}])
def test_no_body(body: Any) -> None:
    """Generators for a body that was not recorded do no harm."""
    response: dict[str, Any] = {"generators": {"body": {"$.a": FROM_STATE}}}
    recorded = Recorded(response if body is None else {**response, "body": body})
    assert recorded.answer(params={"v": NEW}).body == b""


ACTIONS = [
    {"name": "delete", "href": "http://x/orders/1", "id": 1},
    {"name": "update", "href": "http://x/orders/1", "id": 2},
]


def variants(*entries: dict[str, Any], path: str = "$") -> dict[str, Any]:
    """The rules of a list of which some items must be met."""
    return {"body": {path: {"matchers": [{"match": "arrayContains", "variants": list(entries)}]}}}


def test_variants_of_lists() -> None:
    """The generators of a variant are for its own item, with paths that begin there."""
    rules = variants(
        {"index": 1, "rules": {}, "generators": {"$.href": {"type": "MockServerURL", "regex": ".*(/orders.*)"}}},
        {"index": 0, "rules": {}, "generators": {"$.id": {"type": "RandomInt", "min": 100, "max": 199}}},
        path="$.actions",
    )
    recorded = Recorded({"body": {"content": {"actions": ACTIONS}}, "matchingRules": rules})
    assert not recorded.problems
    first, second = recorded.answer().json["actions"]
    assert first == {**ACTIONS[0], "id": first["id"]}
    assert 100 <= first["id"] <= 199
    assert second == {**ACTIONS[1], "href": "http://stub.test:9000/orders/1"}


def test_variants_beside_generators() -> None:
    """Generators of variants and of the body work side by side."""
    rules = variants({"index": 0, "rules": {}, "generators": {"$.id": FROM_STATE}})
    recorded = Recorded(
        {"body": {"content": ACTIONS}, "matchingRules": rules, "generators": {"body": {"$[*].name": FROM_STATE}}}
    )
    assert recorded.answer(params={"v": NEW}).json == [
        {**ACTIONS[0], "id": NEW, "name": NEW},
        {**ACTIONS[1], "name": NEW},
    ]


@pytest.mark.parametrize(
    "variant",
    [
        {"index": 9, "rules": {}, "generators": {"$.id": FROM_STATE}},
        {"index": 0, "rules": {}, "generators": {"$.nothing": FROM_STATE}},
        {"index": 0, "rules": {}, "generators": {"$.id": {"type": "Nope"}}},
        {"index": 0, "rules": {}, "generators": {"$..id": FROM_STATE}},
        {"index": 0, "rules": {}, "generators": {"$.id": "Uuid"}},
    ],
)
def test_variants_that_make_no_sense(variant: dict[str, Any]) -> None:
    """A generator of a variant that cannot work is told like any other, with its place in the document."""
    recorded = Recorded({"body": {"content": ACTIONS}, "matchingRules": variants(variant)})
    [problem] = recorded.problems
    [path] = variant["generators"]
    place = "/interactions/0/response/matchingRules/body/$/matchers/0/variants/0/generators/"
    assert problem.pointer == place + path
    assert recorded.answer(params={"v": NEW}).body == recorded.body

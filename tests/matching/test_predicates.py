"""The function that is written for a JSON body decides as the tree of nodes does that it is written from."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.bodies import JsonBody
from matching.bodies.json import compile_json
from matching.bodies.nodes import Node
from matching.bodies.predicates import Predicate, compile_predicate
from matching.json_text import parse_json, strict_equal
from matching.matchers import RuleError
from tests.matching.pacts import with_body
from tests.matching.test_laws import DOCUMENTS, LAW, encoded, loaded, mutated, ruled_documents

TYPE = {"match": "type"}


def node_for(recorded: Any, rules: dict[str, Any] | None = None) -> Node:
    """The tree for a recorded body under rules."""
    body = with_body(recorded, rules).body
    assert isinstance(body, JsonBody)
    assert body._node is not None
    return body._node


def predicate_for(recorded: Any, rules: dict[str, Any] | None = None) -> Predicate:
    """The function for a recorded body under rules."""
    return compile_predicate(node_for(recorded, rules))


def as_it_comes(value: Any) -> Any:
    """A value as it is read from a request."""
    return parse_json(encoded(value))


@settings(LAW, max_examples=300)
@given(st.data(), ruled_documents(), st.sampled_from(["V2", "V3", "V4"]))
def test_the_function_agrees_with_the_tree(
    data: st.DataObject, ruled: tuple[Any, dict[str, Any]], version: str
) -> None:
    """Whatever is recorded, under whatever rules, and whatever comes, with or without further keys allowed."""
    recorded, rules = ruled
    values = [as_it_comes(recorded), *(as_it_comes(data.draw(mutated(recorded))) for _ in range(4))]
    for interaction in loaded(recorded, rules, version).interactions:
        if not isinstance(interaction.body, JsonBody) or interaction.body._node is None:
            continue
        nodes = [interaction.body._node]
        with contextlib.suppress(RuleError):
            body_rules = interaction.interaction.request.rules.body
            nodes.append(compile_json(as_it_comes(recorded), body_rules, extra_keys=True))
        for node, value in itertools.product(nodes, values):
            assert compile_predicate(node)(value) == node.matches(value)


@LAW
@given(st.data(), DOCUMENTS)
def test_under_one_rule_for_all(data: st.DataObject, recorded: Any) -> None:
    """So for documents of which every value is under the same rule, as most are."""
    rule = data.draw(st.sampled_from([TYPE, {"match": "notEmpty"}, {"match": "type", "min": 1}, {"match": "number"}]))
    if isinstance(recorded, (dict, list)):
        node = node_for(recorded, {"$": rule})
        for value in (recorded, data.draw(mutated(recorded)), [recorded, recorded]):
            assert compile_predicate(node)(as_it_comes(value)) == node.matches(as_it_comes(value))


HOSTILE_KEYS = [
    "",
    " ",
    "'",
    '"',
    "'''",
    '"""',
    "\\",
    "\\'",
    "\\N{DIGIT ONE}",
    "a\nreturn True",
    "a\r\nb",
    "a\x00b",
    "\x1b",
    "\u2028",
    "\ud800",
    "\udfff\ud800",
    "é",
    "\U0001f40d",
    "{key}",
    "%s",
    "', ABSENT) or __import__('os').abort() or v0.get('",
    '", ABSENT) or __import__("os").abort() or v0.get("',
    "# comment",
    "__class__",
    "v0",
    "c0",
    "ABSENT",
    "x" * 100_000,
]
WORDS = {"type", "len", "get", "dict", "list", "str", "int", "float", "bool", "NoneType", "ABSENT"}


@pytest.mark.parametrize("key", HOSTILE_KEYS, ids=lambda key: ascii(key[:30]))
def test_hostile_keys(key: str) -> None:
    """A key changes nothing but what is compared: it is looked up as it is, and no word of it is run."""
    rules = with_body({"l": []}, {"$.l": TYPE}).interaction.request.rules.body
    accepts = compile_predicate(compile_json({key: 1, "l": [{key: "a"}]}, rules))
    assert accepts({key: 1, "l": []})
    assert accepts({key: 1, "l": [{key: "b"}, {key: "c"}]})
    assert not accepts({key: 2, "l": []})
    assert not accepts({key + "x": 1, "l": []})
    assert not accepts({key: 1, "l": [{key + "x": "b"}]})
    assert not accepts({key: 1, "l": [{key: 1}]})
    assert not accepts({"l": []})
    assert set(accepts.__code__.co_names) <= WORDS
    assert key in accepts.__code__.co_consts


@pytest.mark.parametrize("text", HOSTILE_KEYS, ids=lambda key: ascii(key[:30]))
def test_hostile_texts(text: str) -> None:
    """A recorded text stands in no source: it is compared as it is."""
    rules = with_body({"l": []}, {"$.l": TYPE}).interaction.request.rules.body
    accepts, another = (compile_predicate(compile_json({"a": it, "l": []}, rules)) for it in (text, "another text"))
    assert accepts({"a": text, "l": [1]})
    assert not accepts({"a": text + "x", "l": [1]})
    assert text not in accepts.__code__.co_consts
    assert accepts.__code__ is another.__code__


@pytest.mark.parametrize("width", [100, 150, 250, 10_000])
def test_wide_objects(width: int) -> None:
    """An object of very many keys is decided, down to its last key."""
    recorded = {f"key {number}": number for number in range(width)}
    for rules in ({}, {"$.*": {"match": "integer"}}):
        accepts = predicate_for(recorded, rules)
        assert accepts(dict(recorded))
        for key in ("key 0", f"key {width // 2}", f"key {width - 1}"):
            assert not accepts({**recorded, key: None})
            assert not accepts({name: value for name, value in recorded.items() if name != key})
        assert not accepts({**recorded, "another": 1})


def test_many_wide_objects() -> None:
    """So are objects of which some are written out, and some are not."""
    recorded = {f"{letter}": {f"key {number}": number for number in range(120)} for letter in "abcdefgh"}
    accepts = predicate_for(recorded, {f"$.{letter}['key 119']": TYPE for letter in "abcdefgh"})
    assert accepts(recorded)
    for letter in "abcdefgh":
        for key, value in (("key 0", 1), ("key 118", 0), ("key 119", "0")):
            assert not accepts({**recorded, letter: {**recorded[letter], key: value}})
        assert accepts({**recorded, letter: {**recorded[letter], "key 119": 0}})


@pytest.mark.parametrize("depth", [10, 14, 15, 16, 40, 120])
@pytest.mark.parametrize("kind", ["object", "list", "both"])
def test_deep_values(kind: str, depth: int) -> None:
    """Lists and objects within each other are decided, down to the innermost value."""

    def nested(innermost: Any) -> Any:
        value = innermost
        for level in range(depth):
            value = [value] if kind == "list" or (kind == "both" and level % 2) else {"a": value}
        return value

    accepts = predicate_for(nested(1), {"$": TYPE})
    assert accepts(nested(1))
    assert accepts(nested(2.5))
    for innermost in ("1", None, True, [], {}, nested(1)):
        assert not accepts(nested(innermost))
    assert not accepts([nested(1)])
    assert not accepts({"a": nested(1)})


VALUES: list[Any] = [
    True,
    False,
    1,
    0,
    2,
    1.0,
    0.0,
    -0.0,
    2.5,
    "1",
    "",
    "true",
    None,
    10**30,
    1e30,
    [],
    [1],
    {},
    {"a": 1},
]


@pytest.mark.parametrize("recorded", VALUES, ids=repr)
def test_kinds_of_values(recorded: Any) -> None:
    """True, 1, 1.0 and "1" are told apart, and null from what is missing, in objects and in lists of any length."""
    in_object = predicate_for({"a": recorded, "t": 1}, {"$.t": TYPE})
    in_list = predicate_for({"l": [{"a": recorded}], "t": 1}, {"$.t": TYPE, "$.l": {"match": "values"}})
    by_rule = predicate_for({"l": [{"a": recorded}]}, {"$.l": TYPE, "$.l[*].a": {"match": "equality"}})
    for value in VALUES:
        same = strict_equal(recorded, value)
        assert in_object({"a": value, "t": 2}) == same, value
        assert in_list({"l": [{"a": value}], "t": 2}) == same, value
        assert by_rule({"l": [{"a": recorded}, {"a": value}]}) == same, value
    assert not in_object({"t": 2})
    assert not in_object({"b": recorded, "t": 2})
    assert not in_list({"l": [{}], "t": 2})
    assert not by_rule({"l": [{}]})


RULES = [
    TYPE,
    {"match": "equality"},
    {"match": "notEmpty"},
    {"match": "regex", "regex": ".*"},
    {"match": "include", "value": ""},
    {"match": "boolean"},
    {"match": "null"},
    {"match": "number"},
    {"match": "semver"},
    {"match": "date"},
    {"match": "values"},
    {"match": "ignore-order"},
    {"match": "eachKey", "rules": [{"match": "regex", "regex": ".*"}]},
    {"match": "eachValue", "rules": [TYPE]},
    {"match": "arrayContains", "variants": []},
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["match"])
@pytest.mark.parametrize("recorded", ["a", 1, None, True, [], [1], {}, {"a": "b"}], ids=repr)
def test_missing_members(rule: dict[str, Any], recorded: Any) -> None:
    """A member that does not come satisfies no rule, whatever was recorded of it."""
    accepts = predicate_for({"a": recorded, "t": 1}, {"$.a": rule, "$.t": TYPE})
    assert not accepts({"t": 1})
    assert not accepts({"b": recorded, "t": 1})


GROUPS = [[True, False], [1, 0, 2, 1.0, 0.0, -0.0, 2.5, 10**30, 1e30], ["1", "", "true"], [None], [[], [1]], [{}]]


@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_kinds_under_type(group: list[Any]) -> None:
    """Under `type`, whole numbers and decimals are of one kind, and of no other."""
    for recorded in group:
        accepts = predicate_for({"a": recorded}, {"$.a": TYPE})
        for value in itertools.chain(*GROUPS):
            if recorded != [1] and value != [1]:
                assert accepts({"a": value}) == any(value is one for one in group), (recorded, value)
        assert not accepts({})


def test_equal_shapes_share_their_code() -> None:
    """Bodies of one shape share their code whatever values they record, and the function where they record the same."""
    first, second = (predicate_for({"id": id, "tags": ["a"], "size": None}, {"$.tags": TYPE}) for id in (1, 2))
    assert first.__code__ is second.__code__
    assert first is not second
    assert first is predicate_for({"id": 1, "tags": ["b", "c"], "size": None}, {"$.tags": TYPE})


@pytest.mark.parametrize("values", [(1, True), (1, 1.0), (0, False), (0, 0.0), ("1", 1), (None, 0), (10**30, 1e30)])
def test_what_is_told_apart_is_not_shared(values: tuple[Any, Any]) -> None:
    """Values that Python takes for the same are not, whichever was compiled first."""
    for first, second in (values, values[::-1]):
        one, other = (predicate_for({"t": [1], "a": value}, {"$.t": TYPE}) for value in (first, second))
        assert one({"t": [2], "a": first})
        assert not one({"t": [2], "a": second})
        assert other({"t": [2], "a": second})
        assert not other({"t": [2], "a": first})


def test_bounds() -> None:
    """Bounds on the number of items or keys hold, in lists of lists, too."""
    rules = {
        "$.l": {"match": "type", "min": 1, "max": 2},
        "$.l[*]": {"match": "type", "max": 1},
        "$.o": {"match": "type"},
    }
    accepts = predicate_for({"l": [[1]], "o": {"a": 1}}, rules)
    fine: list[Any] = [[[]], [[1]], [[1], []]]
    for items in fine:
        assert accepts({"l": items, "o": {"a": 2}}), items
    for items in ([], [[1], [1], [1]], [[1, 1]], [[1], [1, 1]], [1], {"a": []}, None):
        assert not accepts({"l": items, "o": {"a": 2}}), items

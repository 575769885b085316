"""The vectors of the pact semantics: what is recorded, under which rules, what comes, and the verdict."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from matching import Request
from tests.matching.pacts import decide, get, only_request, post

Rules = dict[str, dict[str, Any]]

TYPE = {"match": "type"}
EQUALITY = {"match": "equality"}
INTEGER = {"match": "integer"}
VALUES = {"match": "values"}


def regex(source: str) -> dict[str, Any]:
    return {"match": "regex", "regex": source}


def date(source: str) -> dict[str, Any]:
    return {"match": "date", "format": source}


def each_key(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"match": "eachKey", "rules": list(rules)}


def each_value(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"match": "eachValue", "rules": list(rules)}


def variant(index: int, rule: dict[str, Any], path: str = "$") -> dict[str, Any]:
    return {"index": index, "rules": {path: {"matchers": [rule]}}}


def contains(*variants: dict[str, Any]) -> dict[str, Any]:
    return {"match": "arrayContains", "variants": list(variants)}


SEMVER = {"match": "semver"}
MILLISECONDS = {"match": "datetime", "format": "yyyy-MM-dd'T'HH:mm:ss.SSSX"}
AN_INSTANT = '{"a":"2000-01-31T10:00:00.000Z"}'


class Body(NamedTuple):
    """One vector: the recorded and the actual JSON as texts; `at` is where the mismatch is."""

    recorded: str
    rules: Rules
    actual: str
    matches: bool
    at: str | None = None


BODIES = [
    # No rules: kind and value, every key, every item.
    Body("1", {}, "1", True),
    Body("1", {}, "1.0", False),
    Body("1.1", {}, "1.10", True),
    Body("100", {}, "1e2", False),
    Body("0.0", {}, "-0.0", True),
    Body("true", {}, "1", False),
    Body('{"a":1}', {}, '{"a":"1"}', False, "$.a"),
    Body('{"a":1}', {}, '{"a":1,"b":2}', False, "$.b"),
    Body('{"a":{"b":{"c":1}}}', {}, '{"a":{"b":{"c":1,"d":1}}}', False, "$.a.b.d"),
    Body('{"a":1,"b":2}', {}, '{"b":2,"a":1}', True),
    Body('{"a":null}', {}, "{}", False, "$.a"),
    Body("{}", {}, '{"a":1}', False),
    Body("[]", {}, "[1]", False),
    Body("[1,2]", {}, "[2,1]", False),
    Body("{}", {}, "{}", True),
    Body('{"a":123456789012345678901234567890}', {}, '{"a":123456789012345678901234567890}', True),
    Body('{"a":123456789012345678901234567890}', {}, '{"a":123456789012345678901234567891}', False),
    Body('{"a":1}', {}, '{"a":2,"a":1}', True),
    Body('{"a":1}', {}, '{"a":1', False),
    # type
    Body('{"a":1}', {"$": TYPE}, '{"a":2,"b":3}', False, "$.b"),
    Body('{"a":1}', {"$": TYPE}, '{"a":2}', True),
    Body('{"a":1}', {"$.a": TYPE}, '{"a":1.5}', True),
    Body('{"a":"x"}', {"$.a": TYPE}, '{"a":null}', False, "$.a"),
    Body('{"a":null}', {"$.a": TYPE}, '{"a":"x"}', False, "$.a"),
    Body('{"a":[1]}', {"$.a": TYPE}, '{"a":[1,2,3]}', True),
    Body('{"a":[1]}', {"$.a": TYPE}, '{"a":[]}', True),
    Body('{"a":[1]}', {"$.a": TYPE}, '{"a":[1,"x"]}', False, "$.a[1]"),
    Body('{"a":[1]}', {"$.a[*]": TYPE}, '{"a":[1,2]}', False, "$.a"),
    Body('{"a":[1]}', {"$.a[*]": TYPE}, '{"a":[2]}', True),
    Body('{"a":[1]}', {"$.a": {"match": "type", "min": 1}}, '{"a":[]}', False, "$.a"),
    Body('{"a":[1]}', {"$.a": {"match": "type", "max": 2}}, '{"a":[1,2,3]}', False, "$.a"),
    Body('{"a":[[1]]}', {"$.a": {"match": "type", "min": 1}}, '{"a":[[]]}', True),
    Body('{"a":[{"x":1}]}', {"$.a": {"match": "type", "min": 1}}, '{"a":[{"x":1,"y":1}]}', False, "$.a[0].y"),
    Body(
        '{"a":[{"x":"1"}]}',
        {"$.a": {"match": "type", "min": 1}, "$.a[*].x": regex(r"\d+")},
        '{"a":[{"x":"9"},{"x":"z"}]}',
        False,
        "$.a[1].x",
    ),
    Body('{"a":{"b":1}}', {"$.a": {"match": "type", "min": 2}}, '{"a":{"b":1}}', False, "$.a"),
    Body('{"a":{"b":1,"c":2}}', {"$.a": {"match": "type", "max": 1}}, '{"a":{"b":1,"c":2}}', False, "$.a"),
    Body('{"a":[1]}', {"$.a": {"min": 1}}, '{"a":[5,6]}', True),
    Body('{"a":[1]}', {"$.a": {"min": 1}}, '{"a":[]}', False, "$.a"),
    Body('{"a":[1]}', {"$.a": {"match": "type", "min": "2"}}, '{"a":[1]}', False, "$.a"),
    Body('{"a":[1]}', {"$.a": {"match": "type", "min": 0}}, '{"a":[]}', True),
    Body('{"a":[1]}', {"$.a": {"match": "type", "min": 2, "max": 3}}, '{"a":[1,2,3,4]}', False, "$.a"),
    Body('{"a":[]}', {"$.a": TYPE}, '{"a":[1,"x"]}', True),
    Body('{"a":{}}', {"$.a": TYPE}, '{"a":{"x":1}}', False, "$.a.x"),
    Body('{"a":[1,2]}', {"$.a.*": TYPE}, '{"a":[3,4]}', True),
    Body('{"a":[1,2]}', {"$.a[0]": TYPE}, '{"a":[9,2]}', True),
    Body('{"a":[1,2]}', {"$.a[0]": TYPE}, '{"a":[9,3]}', False, "$.a[1]"),
    Body('{"a":{"k":1}}', {"$.a[*]": TYPE}, '{"a":{"k":2}}', False, "$.a.k"),
    Body('{"a":{"k":1}}', {"$.a.*": TYPE}, '{"a":{"z":2}}', False),
    Body('{"a":{"k":1}}', {"$.a.*": TYPE}, '{"a":{"k":2}}', True),
    Body('{"a.b":1}', {"$['a.b']": TYPE}, '{"a.b":2}', True),
    Body('{"é":1}', {"$['é']": TYPE}, '{"é":2}', True),
    Body('{"a-b":1}', {"$.a-b": TYPE}, '{"a-b":2}', True),
    # regex
    Body('{"a":"1"}', {"$.a": regex(r"\d")}, '{"a":"12"}', False, "$.a"),
    Body('{"a":"a"}', {"$.a": regex("a|ab")}, '{"a":"ab"}', True),
    Body('{"a":1}', {"$.a": regex(r"\d+")}, '{"a":12}', True),
    Body('{"a":true}', {"$.a": regex("true|false")}, '{"a":false}', True),
    Body('{"a":null}', {"$.a": regex("null")}, '{"a":null}', True),
    Body('{"a":{"b":"1"}}', {"$.a": regex(r"\d+")}, '{"a":{"b":"2"}}', True),
    Body('{"a":{"b":"1"}}', {"$.a": regex(r"\d+")}, '{"a":{"b":"2","c":"3"}}', False, "$.a.c"),
    Body('{"a":["1"]}', {"$.a": regex(r"\d+")}, '{"a":["2","3"]}', True),
    Body('{"a":["1"]}', {"$.a": regex(r"\d+")}, '{"a":["2","z"]}', False, "$.a[1]"),
    # numbers, booleans, null
    Body('{"a":1}', {"$.a": INTEGER}, '{"a":2.0}', False, "$.a"),
    Body('{"a":1}', {"$.a": INTEGER}, '{"a":"2"}', False, "$.a"),
    Body('{"a":1}', {"$.a": INTEGER}, '{"a":-2}', True),
    Body('{"a":1.5}', {"$.a": {"match": "decimal"}}, '{"a":2}', False, "$.a"),
    Body('{"a":1.5}', {"$.a": {"match": "decimal"}}, '{"a":2.0}', True),
    Body('{"a":1.5}', {"$.a": {"match": "real"}}, '{"a":2.0}', True),
    Body('{"a":1}', {"$.a": {"match": "number"}}, '{"a":true}', False, "$.a"),
    Body('{"a":1}', {"$.a": {"match": "number"}}, '{"a":"1"}', False, "$.a"),
    Body('{"a":1}', {"$.a": {"match": "number"}}, '{"a":1.5}', True),
    Body('{"a":true}', {"$.a": {"match": "boolean"}}, '{"a":"true"}', True),
    Body('{"a":true}', {"$.a": {"match": "boolean"}}, '{"a":"yes"}', False, "$.a"),
    Body('{"a":true}', {"$.a": {"match": "boolean"}}, '{"a":1}', False, "$.a"),
    Body('{"a":"x"}', {"$.a": {"match": "null"}}, '{"a":null}', True),
    Body('{"a":"x"}', {"$.a": {"match": "null"}}, '{"a":"x"}', False, "$.a"),
    Body('{"a":{"b":1}}', {"$.a": {"match": "null"}}, '{"a":null}', False, "$.a"),
    Body('{"a":["x"]}', {"$.a": {"match": "null"}}, '{"a":[null,null]}', True),
    Body('{"a":["x"]}', {"$.a": {"match": "null"}}, '{"a":[null,1]}', False, "$.a[1]"),
    Body('{"a":[1]}', {"$.a": INTEGER}, '{"a":[2,3]}', True),
    Body('{"a":[1]}', {"$.a": INTEGER}, '{"a":["x"]}', False, "$.a[0]"),
    Body('{"a":{"b":1}}', {"$.a": INTEGER}, '{"a":{"b":2}}', False, "$.a"),
    Body('{"a":{"b":1}}', {"$.a": {"match": "number"}}, '{"a":{"b":1}}', False, "$.a"),
    Body('{"a":{"b":1.5}}', {"$.a": {"match": "decimal"}}, '{"a":{"b":2.5}}', False, "$.a"),
    Body('{"a":{"b":true}}', {"$.a": {"match": "boolean"}}, '{"a":{"b":true}}', False, "$.a"),
    Body('{"a":{"b":"x"}}', {"$.a": {"match": "include", "value": "x"}}, '{"a":{"b":"x"}}', False, "$.a"),
    # include, notEmpty
    Body('{"a":"x"}', {"$.a": {"match": "include", "value": "2"}}, '{"a":123}', True),
    Body('{"a":"x"}', {"$.a": {"match": "include", "value": "2"}}, '{"a":"13"}', False, "$.a"),
    Body('{"a":"x"}', {"$.a": {"match": "notEmpty"}}, '{"a":""}', False, "$.a"),
    Body('{"a":"x"}', {"$.a": {"match": "notEmpty"}}, '{"a":null}', False, "$.a"),
    Body('{"a":"x"}', {"$.a": {"match": "notEmpty"}}, '{"a":5}', True),
    Body('{"a":["x"]}', {"$.a": {"match": "notEmpty"}}, '{"a":"x"}', False, "$.a"),
    Body('{"a":["x"]}', {"$.a": {"match": "notEmpty"}}, '{"a":[]}', False, "$.a"),
    Body('{"a":{"b":"x"}}', {"$.a": {"match": "notEmpty"}}, '{"a":{}}', False, "$.a"),
    # equality resets what is inherited
    Body('{"a":{"b":"x","c":"y"}}', {"$.a": TYPE, "$.a.b": EQUALITY}, '{"a":{"b":"z","c":"y"}}', False, "$.a.b"),
    Body('{"a":{"b":"x","c":"y"}}', {"$.a": TYPE, "$.a.b": EQUALITY}, '{"a":{"b":"x","c":"z"}}', True),
    Body('{"a":[1]}', {"$.a": EQUALITY}, '{"a":[1,1]}', False, "$.a"),
    Body('{"a":[1]}', {"$": TYPE, "$.a": EQUALITY}, '{"a":[2]}', False, "$.a[0]"),
    # values
    Body('{"a":{"k":1}}', {"$.a": VALUES, "$.a.*": TYPE}, '{"a":{"z":2,"y":3}}', True),
    Body('{"a":{"k":1}}', {"$.a": VALUES, "$.a.*": TYPE}, '{"a":{"z":"2"}}', False, "$.a.z"),
    Body('{"a":{"k":1}}', {"$.a": VALUES}, '{"a":{"z":1}}', True),
    Body('{"a":{"k":1}}', {"$.a": VALUES}, '{"a":{"z":2}}', False, "$.a.z"),
    Body('{"a":{"k":1}}', {"$.a": VALUES}, '{"a":{}}', True),
    Body('{"a":{"k":1,"l":2}}', {"$.a": VALUES}, '{"a":{"l":2,"z":1}}', True),
    Body('{"a":{"k":1,"l":2}}', {"$.a": VALUES}, '{"a":{"l":1}}', False, "$.a.l"),
    Body('{"a":{"k":{"n":1}}}', {"$.a": VALUES, "$.a.*": TYPE}, '{"a":{"z":{"n":5,"q":1}}}', False, "$.a.z.q"),
    Body('{"a":{"k":{"n":1}}}', {"$.a": VALUES, "$.a.*": TYPE}, '{"a":{"z":{"n":5}}}', True),
    # semver
    Body('{"a":"1.0.0"}', {"$.a": SEMVER}, '{"a":"1.2.3-beta.1+b"}', True),
    Body('{"a":"1.0.0"}', {"$.a": SEMVER}, '{"a":"v1.2.3"}', False, "$.a"),
    Body('{"a":"1.0.0"}', {"$.a": SEMVER}, '{"a":1}', False, "$.a"),
    Body('{"a":["1.0.0"]}', {"$.a": SEMVER}, '{"a":["2.0.0","3.1.0"]}', True),
    Body('{"a":["1.0.0"]}', {"$.a": SEMVER}, '{"a":["2.0.0","3.1"]}', False, "$.a[1]"),
    Body('{"a":{"b":"1.0.0"}}', {"$.a": SEMVER}, '{"a":{"b":"1.0.0"}}', False, "$.a"),
    # date, time, datetime
    Body('{"a":"2000-01-31"}', {"$.a": date("yyyy-MM-dd")}, '{"a":"2024-02-30"}', False, "$.a"),
    Body('{"a":"2000-01-31"}', {"$.a": date("yyyy-MM-dd")}, '{"a":"2024-2-3"}', True),
    Body('{"a":"2000-01-31"}', {"$.a": date("yyyy-MM-dd")}, '{"a":20240203}', False, "$.a"),
    Body('{"a":["2000-01-31"]}', {"$.a": date("yyyy-MM-dd")}, '{"a":["2024-02-03","x"]}', False, "$.a[1]"),
    Body('{"a":{"b":"2000-01-31"}}', {"$.a": date("yyyy-MM-dd")}, '{"a":{"b":"2000-01-31"}}', False, "$.a"),
    Body('{"a":"10:00"}', {"$.a": {"match": "time", "format": "HH:mm"}}, '{"a":"24:00"}', False, "$.a"),
    Body('{"a":"10:00"}', {"$.a": {"match": "time", "time": "HH:mm"}}, '{"a":"23:59"}', True),
    Body(AN_INSTANT, {"$.a": {"match": "timestamp"}}, '{"a":"2024-01-31T10:00:00+10:00"}', True),
    Body(AN_INSTANT, {"$.a": {"match": "timestamp"}}, '{"a":"2024-01-31T10:00:00Z"}', True),
    Body(AN_INSTANT, {"$.a": {"match": "timestamp"}}, '{"a":"2024-01-31T10:00:00"}', True),  # ISO 8601 allows it
    Body(AN_INSTANT, {"$.a": {"match": "timestamp"}}, '{"a":"2024-01-31"}', False, "$.a"),
    Body(AN_INSTANT, {"$.a": MILLISECONDS}, '{"a":"2024-01-31T10:00:00.123Z"}', True),
    Body(AN_INSTANT, {"$.a": MILLISECONDS}, '{"a":"2024-01-31T10:00:00.123456Z"}', False, "$.a"),
    Body(
        AN_INSTANT,
        {"$.a": {"match": "datetime", "format": "yyyy-MM-ddTHH:mm:ssX"}},  # an unquoted T is understood
        '{"a":"2024-01-31T10:00:00Z"}',
        True,
    ),
    # contentType
    Body('{"a":"x"}', {"$.a": {"match": "contentType", "value": "application/json"}}, r'{"a":"{\"b\":1}"}', True),
    Body('{"a":"x"}', {"$.a": {"match": "contentType", "value": "application/json"}}, '{"a":"x"}', False, "$.a"),
    Body('{"a":{"b":"x"}}', {"$.a": {"match": "contentType", "value": "text/plain"}}, '{"a":{"b":"x"}}', False, "$.a"),
    # eachKey
    Body('{"a":{"k1":1}}', {"$.a": each_key(regex(r"k\d"))}, '{"a":{"k2":1}}', True),
    Body('{"a":{"k1":1}}', {"$.a": each_key(regex(r"k\d"))}, '{"a":{"x":1}}', False, "$.a.x"),
    Body('{"a":{"k1":1}}', {"$.a": each_key(regex(r"k\d"))}, '{"a":{"k1":2}}', True),
    Body('{"a":{"k1":1}}', {"$.a": each_key(regex(r"k\d"))}, '{"a":{}}', True),
    Body('{"a":{"k1":1}}', {"$.a": each_key(regex(r"k\d"))}, '{"a":null}', False, "$.a"),
    # eachValue
    Body('{"a":{"k":1}}', {"$.a": each_value(INTEGER)}, '{"a":{"z":2,"y":3}}', True),
    Body('{"a":{"k":1}}', {"$.a": each_value(INTEGER)}, '{"a":{"z":"s"}}', False, "$.a.z"),
    Body('{"a":[1]}', {"$.a": each_value(TYPE)}, '{"a":[2,3]}', True),
    Body('{"a":[1]}', {"$.a": each_value(TYPE)}, '{"a":[]}', True),
    Body('{"a":[1]}', {"$.a": each_value(TYPE)}, '{"a":[2,"x"]}', False, "$.a[1]"),
    Body(
        '{"a":{"k":{"m":"s"}}}', {"$.a": each_value(TYPE), "$.a.*.m": regex(r"\d")}, '{"a":{"z":{"m":"q"}}}', True
    ),  # a deeper rule does not reach below eachValue
    # arrayContains
    Body('{"a":[1,"x"]}', {"$.a": contains(variant(0, INTEGER))}, '{"a":["q",5,null]}', True),
    Body('{"a":[1,"x"]}', {"$.a": contains(variant(0, INTEGER))}, '{"a":["q"]}', False, "$.a"),
    Body('{"a":[1,2]}', {"$.a": contains()}, '{"a":[2,3,1]}', True),
    Body('{"a":[1,2]}', {"$.a": contains()}, '{"a":[2,3]}', False, "$.a"),
    Body('{"a":[{"x":1}]}', {"$.a": contains(variant(0, TYPE, "$.x"))}, '{"a":[{"x":2,"y":1}]}', False, "$.a"),
    Body('{"a":[{"x":1}]}', {"$.a": contains(variant(0, TYPE, "$.x"))}, '{"a":[5,{"x":2}]}', True),
    # which rule wins
    Body('{"a":[{"b":1}]}', {"$": TYPE, "$.a[*].b": regex("[1-5]")}, '{"a":[{"b":7}]}', False, "$.a[0].b"),
    Body('{"a":[{"b":1}]}', {"$.a[*].b": regex("[1-5]"), "$.a[0].b": TYPE}, '{"a":[{"b":7}]}', True),
    Body('{"a":{"b":1}}', {"$.*.b": TYPE, "$.a.*": EQUALITY}, '{"a":{"b":2}}', False, "$.a.b"),
    Body('{"a":{"b":1}}', {"$.a.*": EQUALITY, "$.*.b": TYPE}, '{"a":{"b":2}}', False, "$.a.b"),
    Body('{"a":{"b":[1]}}', {"$.a": {"match": "type", "min": 1}}, '{"a":{"b":[]}}', True),
]


def flat(rules: Rules) -> dict[str, Any]:
    """The rules as V2 spells them."""
    return {"$.body" + path.removeprefix("$"): rule for path, rule in rules.items()}


def categories(rules: Rules) -> dict[str, Any]:
    """The rules as V3 and V4 spell them."""
    return {"body": {path: {"combine": "AND", "matchers": [rule]} for path, rule in rules.items()}}


LAYOUTS = {"V2": flat, "V3": categories, "V4": categories}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("vector", BODIES, ids=lambda vector: f"{vector.recorded} {vector.rules} {vector.actual}")
def test_json_body(vector: Body, layout: str) -> None:
    """A JSON body is decided as the semantics say, in every layout of a pact."""
    recorded = json.loads(vector.recorded)
    request: dict[str, Any] = {
        "method": "POST",
        "headers": {"Content-Type": "application/json"},
        "body": {"content": recorded, "contentType": "application/json", "encoded": False}
        if layout == "V4"
        else recorded,
    }
    if vector.rules:
        request["matchingRules"] = LAYOUTS[layout](vector.rules)
    interaction = only_request(request, layout)
    actual = post(vector.actual)
    assert decide(interaction, actual) is vector.matches
    if vector.at is not None:
        assert vector.at in [mismatch.path for mismatch in interaction.explain(actual)]


class Combination(NamedTuple):
    """Several rules for `$.a`."""

    recorded: Any
    combine: str
    matchers: list[dict[str, Any]]
    actual: Any
    matches: bool


NULL = {"match": "null"}

COMBINATIONS = [
    Combination("12", "AND", [regex(r"\d+"), {"match": "include", "value": "2"}], "32", True),
    Combination("12", "AND", [regex(r"\d+"), {"match": "include", "value": "2"}], "33", False),
    Combination("12", "OR", [regex(r"\d+"), {"match": "include", "value": "x"}], "33", True),
    Combination("12", "or", [regex(r"\d+"), {"match": "include", "value": "x"}], "ax", True),
    Combination("12", "OR", [regex(r"\d+"), {"match": "include", "value": "x"}], "a", False),
    Combination("12", "XOR", [regex(r"\d+"), {"match": "include", "value": "x"}], "33", False),
    Combination("x", "OR", [TYPE, NULL], None, True),
    Combination("x", "OR", [TYPE, NULL], 5, False),
    Combination("x", "AND", [TYPE, NULL], None, False),
    Combination({"b": 1}, "OR", [TYPE, NULL], None, True),
    Combination({"b": 1}, "OR", [TYPE, NULL], {"b": 2}, True),
    Combination({"b": 1}, "OR", [TYPE, NULL], "x", False),
    Combination([1], "OR", [TYPE, NULL], None, True),
    Combination([1], "OR", [TYPE, NULL], [2, 3], True),
    Combination("x", "AND", [], "x", True),
    Combination("x", "AND", [], "y", False),
]


@pytest.mark.parametrize("vector", COMBINATIONS, ids=str)
def test_combined_rules(vector: Combination) -> None:
    """AND wants every rule, OR one of them, also for null in place of an object or list; no rule means equality."""
    rules = {"body": {"$.a": {"combine": vector.combine, "matchers": vector.matchers}}}
    interaction = only_request({"method": "POST", "body": {"a": vector.recorded}, "matchingRules": rules})
    assert decide(interaction, post(json.dumps({"a": vector.actual}))) is vector.matches


class Head(NamedTuple):
    """One vector of method, path, query or headers: what is recorded beside GET /, and what comes."""

    recorded: dict[str, Any]
    actual: Request
    matches: bool


def rules_of(category: str, rules: Any) -> dict[str, Any]:
    return {"matchingRules": {category: rules}}


A_NUMBER = {"a": {"matchers": [regex(r"\d+")]}}
X_NUMBER = {"X-A": {"matchers": [regex(r"\d+")]}}


def from_state(expression: str) -> dict[str, Any]:
    return {"generators": {"path": {"type": "ProviderState", "expression": expression}}}


OF_STATE = {"path": "/orders/1", **from_state("/orders/${id}")}

HEADS = [
    Head({"method": "get"}, get("/"), True),
    Head({"method": "get"}, Request("POST", "/"), False),
    Head({"path": "/a"}, get("/a/"), False),
    Head({"path": "/a"}, get("/A"), False),
    Head({"path": "/a b"}, get("/a%20b"), True),
    Head({"path": "/a%20b"}, get("/a%20b"), True),
    Head({"path": "/é"}, get("/%C3%A9"), True),
    Head({"path": "/a%2fb"}, get("/a%2Fb"), True),
    Head({"path": "/a/b"}, get("/a%2Fb"), False),
    Head({"path": "/a%2Fb"}, get("/a/b"), False),
    Head({"path": "/a//b"}, get("/a/b"), False),
    Head({"path": "/a/./b"}, get("/a/b"), False),
    Head({"path": "/a/../b"}, get("/b"), False),
    Head({"path": ""}, get("/"), False),
    Head({"path": "/100%"}, get("/100%"), True),
    Head({"path": "/a/1", **rules_of("path", {"matchers": [regex(r"/a/\d+")]})}, get("/a/42"), True),
    Head({"path": "/a/1", **rules_of("path", {"matchers": [regex(r"/a/\d+")]})}, get("/a/42/b"), False),
    Head({"path": "/a/b c", **rules_of("path", {"matchers": [regex(r"/a/\w+ \w+")]})}, get("/a/x%20y"), True),
    Head({"path": "/a/b", **rules_of("path", {"matchers": [TYPE]})}, get("/zzz"), True),
    Head({"path": "/a/b", **rules_of("path", {"matchers": [INTEGER]})}, get("/a/b"), False),
    Head({"path": "/a/b", **rules_of("path", {"matchers": [{"match": "include", "value": "/b"}]})}, get("/b/c"), True),
    Head({"path": "/a/b", **rules_of("path", {"matchers": []})}, get("/a/b"), True),
    Head({"path": "/a/b", **rules_of("path", {"matchers": []})}, get("/a/c"), False),
    # A path made of a provider state's values: the recorded one, or any other that the expression makes.
    Head(OF_STATE, get("/orders/77"), True),
    Head(OF_STATE, get("/orders/1"), True),
    Head(OF_STATE, get("/orders/a%20b"), True),
    Head(OF_STATE, get("/orders/a%2Fb"), True),
    Head(OF_STATE, get("/orders/7/8"), False),
    Head(OF_STATE, get("/orders/"), False),
    Head(OF_STATE, get("/other/77"), False),
    Head({**OF_STATE, **rules_of("path", {"matchers": [TYPE]})}, get("/orders/77"), True),
    Head({**OF_STATE, **rules_of("path", {"matchers": [TYPE]})}, get("/other"), False),
    Head({**OF_STATE, **rules_of("path", {"matchers": [regex(r"/orders/\d")]})}, get("/orders/7"), True),
    Head({**OF_STATE, **rules_of("path", {"matchers": [regex(r"/orders/\d")]})}, get("/orders/x"), False),
    Head({"path": "/v1.0/1", **from_state("/v1.0/${a}")}, get("/v1x0/1"), False),
    Head({"path": "/1/b/2", **from_state("/${a}/b/${c}")}, get("/7/b/8"), True),
    Head({"path": "/1/b/2", **from_state("/${a}/b/${c}")}, get("/7/x/8"), False),
    Head({"path": "/a", **from_state("/b")}, get("/a"), True),
    Head({"path": "/a", **from_state("/b")}, get("/b"), False),
    Head({}, get("/?a=1"), False),
    Head({"query": {}}, get("/?a=1"), False),
    Head({"query": ""}, get("/?a=1"), False),
    Head({"query": {}}, get("/?"), True),
    Head({"query": {"a": ["1"], "b": ["2"]}}, get("/?b=2&a=1"), True),
    Head({"query": {"a": ["1"], "b": ["2"]}}, get("/?a=1"), False),
    Head({"query": "a=1&b=2"}, get("/?b=2&&a=1&"), True),
    Head({"query": {"a": ["1", "2"]}}, get("/?a=2&a=1"), False),
    Head({"query": {"a": ["1", "2"]}}, get("/?a=1&a=2"), True),
    Head({"query": {"a": ["1"]}}, get("/?a=1&a=1"), False),
    Head({"query": {"a": ["1"]}, **rules_of("query", A_NUMBER)}, get("/?a=1&a=1"), True),
    Head({"query": {"a": ["1"]}, **rules_of("query", A_NUMBER)}, get("/?a=1&a=x"), False),
    Head({"query": {"a": ["1"]}, **rules_of("query", A_NUMBER)}, get("/"), False),
    Head({"query": {"a": ["1", "2"]}, **rules_of("query", A_NUMBER)}, get("/?a=7"), True),
    Head({"query": {"a": ["1"]}, **rules_of("query", {"a": {"matchers": [INTEGER]}})}, get("/?a=-7"), True),
    Head({"query": {"a": ["1"]}, **rules_of("query", {"a": {"matchers": [INTEGER]}})}, get("/?a=7.5"), False),
    Head(
        {"query": {"a": ["1"]}, **rules_of("query", {"a": {"matchers": [{"match": "number"}]}})}, get("/?a=7.5"), True
    ),
    Head(
        {"query": {"a": ["1"]}, **rules_of("query", {"a": {"matchers": [{"match": "decimal"}]}})}, get("/?a=x"), False
    ),
    Head(
        {"query": {"a": ["1"]}, **rules_of("query", {"a": {"matchers": [{"match": "boolean"}]}})}, get("/?a=true"), True
    ),
    Head(
        {"query": {"a": ["1"]}, **rules_of("query", {"a": {"matchers": [{"match": "boolean"}]}})}, get("/?a=on"), False
    ),
    Head({"query": {"a": ["1"]}, **rules_of("query", {"a": {"matchers": [{"min": 2}]}})}, get("/?a=1"), False),
    Head({"query": {"a": ["1"]}, **rules_of("query", {"a": {"matchers": [{"max": 2}]}})}, get("/?a=1&a=2&a=3"), False),
    Head({"query": {"a": ["1"]}, **rules_of("query", {"a": {"matchers": [{"min": 2}]}})}, get("/?a=1&a=9"), True),
    Head({"query": {"a": ["1"]}, **rules_of("query", {"a": {"matchers": [VALUES]}})}, get("/?a=1&a=1"), True),
    Head({"query": {"a": ["1"]}, **rules_of("query", {"a": {"matchers": [VALUES]}})}, get("/?a=5"), False),
    Head({"query": {"a": ["x y"]}}, get("/?a=x+y"), True),
    Head({"query": {"a": ["x y"]}}, get("/?a=x%20y"), True),
    Head({"query": "a=x+y"}, get("/?a=x%20y"), True),
    Head({"query": {"a": [None]}}, get("/?a="), True),
    Head({"query": {"a": [""]}}, get("/?a"), True),
    Head({"query": {"a": None}}, get("/?a"), True),
    Head({"query": {"a": 5}}, get("/?a=5"), True),
    Head({"query": {"a": [5]}}, get("/?a=5"), True),
    Head({"query": {"a": [True]}}, get("/?a=true"), True),
    Head({"query": {"a": True}}, get("/?a=true"), True),
    Head({"query": {"a": []}}, get("/"), False),
    Head({"query": {"a": []}}, get("/?a"), False),
    Head({"query": "a=100%"}, get("/?a=100%"), True),
    Head({"query": {"a": ["1;b=2"]}}, get("/?a=1;b=2"), True),
    Head({"query": {"A": ["1"]}, **rules_of("query", A_NUMBER)}, get("/?A=2"), False),
    Head({"query": "a=1", "matchingRules": {"$.query.a[0]": regex(r"\d")}}, get("/?a=3"), True),
    Head({"query": "a=1", "matchingRules": {"$.query.a[0]": regex(r"\d")}}, get("/?a=x"), False),
    Head({"query": {"ids[]": ["1"]}, **rules_of("query", {"ids[]": {"matchers": [TYPE]}})}, get("/?ids%5B%5D=3"), True),
    Head({"headers": {"X-A": "a, b"}}, get("/", ("x-a", "a,b")), True),
    Head({"headers": {"X-A": "a"}}, get("/"), False),
    Head({"headers": {"X-A": "a"}}, get("/", ("X-A", "A")), False),
    Head({"headers": {"X-A": "a"}}, get("/", ("X-A", " a "), ("X-B", "b")), True),
    Head({"headers": {"X-A": "a"}}, get("/", ("X_A", "a")), False),
    Head({"headers": {"X-A": ""}}, get("/", ("X-A", "")), True),
    Head({"headers": {"X-A": ""}}, get("/"), False),
    Head({"headers": {"X-A": ""}}, get("/", ("X-A", "a")), False),
    Head({"headers": {"X-A": []}}, get("/", ("X-A", "1")), False),
    Head({"headers": {"X-A": 5}}, get("/", ("X-A", "5")), True),
    Head({"headers": {"Accept": "a/b, c/d"}}, get("/", ("Accept", "a/b,c/d")), True),
    Head({"headers": {"Accept": "a/b, c/d"}}, get("/", ("Accept", "c/d, a/b")), False),
    Head({"headers": {"Accept": "a/b, c/d"}}, get("/", ("Accept", "a/b")), False),
    Head({"headers": {"Accept": "a/b, c/d"}}, get("/", ("Accept", "a/b"), ("Accept", "c/d")), True),
    Head({"headers": {"Accept": ["a/b", "c/d"]}}, get("/", ("Accept", "a/b, c/d")), True),
    Head({"headers": {"Accept": ["a/b, c/d"]}}, get("/", ("Accept", "a/b, c/d")), True),
    Head({"headers": {"Accept": "a/b;q=1"}}, get("/", ("Accept", "a/b; q=1;v=2")), True),
    Head({"headers": {"Accept": "*/*"}}, get("/", ("Accept", "a/b")), False),
    Head({"headers": {"X-A": ["1", "2"]}}, get("/", ("X-A", "1"), ("X-A", "2")), True),
    Head({"headers": {"X-A": ["1", "2"]}}, get("/", ("X-A", "1, 2")), True),
    Head({"headers": {"X-A": ["1", "2"]}}, get("/", ("X-A", "2"), ("X-A", "1")), False),
    Head({"headers": {"X-A": ["1", "2"]}}, get("/", ("X-A", "1"), ("X-A", "2"), ("X-A", "3")), False),
    Head({"headers": {"X-A": "1"}, **rules_of("header", {"x-a": {"matchers": [TYPE]}})}, get("/", ("X-A", "z")), True),
    Head({"headers": {"X-A": "1"}, **rules_of("header", X_NUMBER)}, get("/", ("X-A", "42")), True),
    Head({"headers": {"X-A": "1"}, **rules_of("headers", X_NUMBER)}, get("/", ("X-A", "42")), True),
    Head({"headers": {"X-A": "1"}, **rules_of("header", X_NUMBER)}, get("/", ("X-A", "4x")), False),
    Head({"headers": {"X-A": "1"}, **rules_of("header", X_NUMBER)}, get("/"), False),
    Head({"headers": {"X-A": "1"}, **rules_of("header", X_NUMBER)}, get("/", ("X-A", "1"), ("X-A", "x")), False),
    Head(
        {"headers": {"Content-Type": "application/json"}},
        get("/", ("Content-Type", "application/json; charset=utf-8")),
        True,
    ),
    Head({"headers": {"Content-Type": "application/json"}}, get("/", ("Content-Type", "Application/JSON")), True),
    Head({"headers": {"Content-Type": "application/json"}}, get("/", ("Content-Type", "text/plain")), False),
    Head({"headers": {"Content-Type": "a/b; charset=utf-8"}}, get("/", ("Content-Type", "a/b")), False),
    Head({"headers": {"Content-Type": "a/b; charset=utf-8"}}, get("/", ("Content-Type", "a/b;charset=UTF-8")), True),
    Head({"headers": {"Content-Type": "a/b; charset=utf-8"}}, get("/", ("Content-Type", 'a/b;charset="utf-8"')), True),
]


def flat_head(recorded: dict[str, Any]) -> dict[str, Any] | None:
    """The same request with its rules as V2 spells them; None when V2 cannot say it."""
    spelled = {}
    for category, rules in recorded.get("matchingRules", {}).items():
        if category.startswith("$"):
            return recorded
        entries = {f"$.{category}": rules} if category == "path" else {}
        if not entries:
            entries = {f"$.{category}['{name}']": entry for name, entry in rules.items()}
        for key, entry in entries.items():
            if len(entry["matchers"]) != 1:
                return None
            spelled[key] = entry["matchers"][0]
    return {**recorded, "matchingRules": spelled}


@pytest.mark.parametrize("layout", ["V2", "V3", "V4"])
@pytest.mark.parametrize("vector", HEADS, ids=lambda vector: f"{vector.recorded} {vector.actual.query}")
def test_head(vector: Head, layout: str) -> None:
    """Method, path, query and headers are decided as the semantics say; where ours differ on purpose, ours count."""
    recorded = flat_head(vector.recorded) if layout == "V2" else vector.recorded
    if recorded is None:
        pytest.skip("V2 has one rule for each path")
    assert decide(only_request({"path": "/", **recorded}, layout), vector.actual) is vector.matches


class Presence(NamedTuple):
    """One vector of body presence or type."""

    recorded: dict[str, Any]
    actual: Request
    matches: bool


NOTHING = Request("POST", "/")
LATIN = "text/plain; charset=iso-8859-1"
JSON_HEADER = {"headers": {"Content-Type": "application/json"}}
CONTENT_TYPE_RULE = {"header": {"Content-Type": {"matchers": [regex(r"application/(x\+)?json|text/plain")]}}}

PRESENCES = [
    Presence({}, post("anything", None), True),
    Presence({}, NOTHING, True),
    Presence({"body": None}, NOTHING, True),
    Presence({"body": None}, post('{"a":1}'), False),
    Presence({"body": None}, post("null"), True),
    Presence({"body": ""}, NOTHING, True),
    Presence({"body": ""}, post("x", "text/plain"), False),
    Presence({"body": {}}, NOTHING, False),
    Presence({"body": {}}, post("{}"), True),
    Presence({"body": []}, NOTHING, False),
    Presence({"body": {"a": 1}}, post('{"a":1}'), True),
    Presence({"body": {"a": 1}}, post('{"a":1}', None), True),
    Presence({"body": {"a": 1}}, post('{"a":1}', "text/plain"), False),
    Presence({"body": {"a": 1}}, post('{"a":1}', "application/hal+json"), True),
    Presence({"headers": {"Content-Type": "application/hal+json"}, "body": {"a": 1}}, post('{"a":1}'), False),
    Presence(
        {**JSON_HEADER, "matchingRules": CONTENT_TYPE_RULE, "body": {"a": 1}}, post('{"a":1}', "text/plain"), True
    ),
    Presence(
        {**JSON_HEADER, "matchingRules": CONTENT_TYPE_RULE, "body": {"a": 1}}, post('{"a":1}', "text/html"), False
    ),
    Presence({"headers": {"Content-Type": "text/json"}, "body": {"a": 1}}, post('{ "a" : 1 }', "text/json"), True),
    Presence(
        {"headers": {"Content-Type": "application/x-json"}, "body": {"a": 1}},
        post('{ "a":1}', "application/x-json"),
        True,
    ),
    Presence({"body": {"a": "é"}}, post('{"a":"é"}', "application/json; charset=utf-8"), True),
    Presence({"body": {"a": "é"}}, post('{"a":"é"}'.encode("latin-1"), "application/json; charset=iso-8859-1"), True),
    Presence({"body": {"a": "é"}}, post('{"a":"é"}'.encode("utf-16"), "application/json; charset=utf-16"), True),
    Presence({"body": {"a": "é"}}, post('{"a":"é"}'.encode("latin-1"), "application/json"), False),
    Presence({"body": {"a": "é"}}, post('\ufeff{"a":"é"}', "application/json"), True),
    Presence({"body": {"a": "é"}}, post('{"a":"é"}', "application/json; charset=nobody"), True),
    Presence({**JSON_HEADER, "body": "hello"}, post('"hello"'), True),
    Presence({**JSON_HEADER, "body": '{"a":1}'}, post('{"a": 1}'), True),
    Presence({"headers": {"Content-Type": "text/plain"}, "body": "hello"}, post("hello", "text/plain"), True),
    Presence({"headers": {"Content-Type": "text/plain"}, "body": "hello"}, post("hello ", "text/plain"), False),
    Presence({"headers": {"Content-Type": "text/plain"}, "body": "hello"}, post("hello\n", "text/plain"), False),
    Presence({"body": "hello"}, post("hello", "text/plain"), True),
    Presence({"body": "hello"}, post("hello", None), True),
    Presence(
        {"headers": {"Content-Type": "text/plain"}, "body": "é"}, post(b"\xe9", "text/plain; charset=latin-1"), True
    ),
    Presence({"headers": {"Content-Type": "text/plain"}, "body": "é"}, post(b"\xe9", "text/plain"), False),
    Presence({"headers": {"Content-Type": LATIN}, "body": "é"}, post(b"\xe9", LATIN), True),
    Presence({"headers": {"Content-Type": LATIN}, "body": "é"}, post("é", LATIN), False),
    Presence({"headers": {"Content-Type": LATIN}, "body": "é"}, post(b"\xe9", "text/plain"), False),
    Presence(
        {"headers": {"Content-Type": "text/plain; charset=utf-16"}, "body": "é"},
        post("é".encode("utf-16"), "text/plain; charset=utf-16"),
        True,
    ),
    Presence(
        {"headers": {"Content-Type": "text/plain; charset=nobody"}, "body": "é"},
        post("é", "text/plain; charset=nobody"),
        True,
    ),
    Presence({"headers": {"Content-Type": "image/png"}, "body": "AAEC"}, post(b"\x00\x01\x02", "image/png"), True),
    Presence({"headers": {"Content-Type": "image/png"}, "body": "AAEC"}, post(b"\x00\x01\x03", "image/png"), False),
    Presence({"headers": {"Content-Type": "image/png"}, "body": "AAEC"}, post(b"\x00\x01\x02", "image/gif"), False),
]


@pytest.mark.parametrize("vector", PRESENCES, ids=lambda vector: f"{vector.recorded} {vector.actual.body!r}")
def test_body_presence_and_type(vector: Presence) -> None:
    """Whether a body came and of which type is decided before its content."""
    assert decide(only_request({"method": "POST", **vector.recorded}), vector.actual) is vector.matches


class Root(NamedTuple):
    """One vector of a text or binary body under a rule at `$`."""

    content_type: str
    recorded: str
    rule: dict[str, Any]
    actual: bytes
    matches: bool


ROOTS = [
    Root("text/plain", "1", regex(r"\d+"), b"42", True),
    Root("text/plain", "1", regex(r"\d+"), b"42\n", False),
    Root("text/plain", "1", TYPE, b"anything", True),
    Root("text/plain", "1", {"match": "include", "value": "needle"}, b"hay needle hay", True),
    Root("text/plain", "1", {"match": "include", "value": "needle"}, b"hay", False),
    Root("text/plain", "1", {"match": "notEmpty"}, b"x", True),
    Root("text/plain", "1", EQUALITY, b"2", False),
    Root("text/plain", "1", VALUES, b"1", True),
    Root("text/plain", "1", VALUES, b"2", False),
    Root("application/pdf", "JVBERg==", TYPE, b"\xff\xfe", True),
    Root("application/pdf", "JVBERg==", regex("%PDF.*"), b"%PDF-1.7", True),
    Root("application/pdf", "JVBERg==", regex("%PDF.*"), b"GIF89a", False),
    Root("application/pdf", "JVBERg==", EQUALITY, b"%PDF", True),
    Root("application/pdf", "JVBERg==", EQUALITY, b"%PDG", False),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("vector", ROOTS, ids=str)
def test_rules_at_the_root_of_text_and_bytes(vector: Root, layout: str) -> None:
    """Text and binary bodies heed the rules at `$` and are compared exactly without one."""
    body: Any = vector.recorded
    if layout == "V4":
        encoded = "base64" if vector.content_type == "application/pdf" else False
        body = {"content": vector.recorded, "contentType": vector.content_type, "encoded": encoded}
    request = {
        "method": "POST",
        "headers": {"Content-Type": vector.content_type},
        "body": body,
        "matchingRules": LAYOUTS[layout]({"$": vector.rule}),
    }
    assert decide(only_request(request, layout), post(vector.actual, vector.content_type)) is vector.matches


class Text(NamedTuple):
    """One vector of a body without rules that is not JSON: its type, what is recorded, what comes."""

    content_type: str
    recorded: str
    actual: str
    matches: bool
    at: str | None = None


FORM = "application/x-www-form-urlencoded"
XML = "application/xml"

TEXTS = [
    Text(FORM, "a=1&b=2", "b=2&a=1", True),
    Text(FORM, "a=1&b=2", "a=1&b=2&c=3", False, "$.c"),
    Text(FORM, "a=1&b=2", "a=1", False, "$.b"),
    Text(FORM, "a=1&b=2", "a=1&b=3", False, "$.b"),
    Text(FORM, "a=", "a", True),
    Text(XML, '<r a="1" b="2"/>', '<r b="2" a="1"/>', True),
    Text(XML, '<r a="1"/>', '<r a="1" b="2"/>', False, "$.r['@b']"),
    Text(XML, "<r><a>x</a></r>", "<r>\n  <a> x </a>\n</r>", True),
    Text(XML, "<r><a>1</a><b>2</b></r>", "<r><b>2</b><a>1</a></r>", True),
    Text(XML, '<n:r xmlns:n="urn:x">1</n:r>', '<m:r xmlns:m="urn:x">1</m:r>', True),
    Text(XML, '<n:r xmlns:n="urn:x">1</n:r>', '<n:r xmlns:n="urn:y">1</n:r>', False),
    Text("text/plain", "hello", "hello ", False, "$"),
    Text("text/html", "<p>", "<p>", True),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("vector", TEXTS, ids=lambda vector: f"{vector.recorded} {vector.actual}")
def test_text_body(vector: Text, layout: str) -> None:
    """Forms, XML and text are compared as what they are, in every layout of a pact."""
    body = {"content": vector.recorded, "contentType": vector.content_type} if layout == "V4" else vector.recorded
    request = {"method": "POST", "headers": {"Content-Type": vector.content_type}, "body": body}
    interaction = only_request(request, layout)
    actual = post(vector.actual, vector.content_type)
    assert decide(interaction, actual) is vector.matches
    if vector.at is not None:
        assert [mismatch.path for mismatch in interaction.explain(actual)] == [vector.at]


def test_an_empty_list_of_rules_does_not_stop_inheritance() -> None:
    """Below a rule, an empty list leaves the value under the inherited one, as the reference does."""
    rules = {"body": {"$": {"matchers": [TYPE]}, "$.a": {"combine": "AND", "matchers": []}}}
    interaction = only_request({"method": "POST", "body": {"a": 1}, "matchingRules": rules})
    assert decide(interaction, post('{"a":2}'))
    assert not decide(interaction, post('{"a":"x"}'))


@pytest.mark.parametrize("rule", ["Type", "no-such-rule"])
def test_unknown_rule_names_match_nothing(rule: str) -> None:
    """Rule names are case-sensitive, and an interaction under an unknown rule answers nothing, not even its example."""
    with pytest.raises(AssertionError, match="is not supported"):
        only_request({"method": "POST", "body": {"a": 1}, "matchingRules": flat({"$.a": {"match": rule}})})

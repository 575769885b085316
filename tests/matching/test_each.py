"""Rules about containers: values, eachKey, eachValue, arrayContains and the ignore-order family."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from matching import Index, NoMatch, Request, find, near_misses
from matching.bodies.nodes import Same
from matching.patterns import COMPARISONS
from tests.matching.pacts import (
    any_of,
    decide,
    first_mismatch,
    get,
    only_request,
    post,
    rule_lists,
    with_body,
)

Rule = dict[str, Any]

TYPE: Rule = {"match": "type"}
INTEGER: Rule = {"match": "integer"}
EQUALITY: Rule = {"match": "equality"}
VALUES: Rule = {"match": "values"}
NOT_EMPTY: Rule = {"match": "notEmpty"}
NULL: Rule = {"match": "null"}
UNORDERED: Rule = {"match": "ignore-order"}


def regex(source: str) -> Rule:
    return {"match": "regex", "regex": source}


def each_key(*rules: Rule) -> Rule:
    return {"match": "eachKey", "rules": list(rules)}


def each_value(*rules: Rule) -> Rule:
    return {"match": "eachValue", "rules": list(rules)}


def variant(index: int, **rules: Rule) -> dict[str, Any]:
    """A variant; its rules are for the item (`item`) or for keys of it."""
    paths = {"$" if name == "item" else f"$.{name}": rule for name, rule in rules.items()}
    return {"index": index, "rules": rule_lists(paths)}


def contains(*variants: dict[str, Any]) -> Rule:
    return {"match": "arrayContains", "variants": list(variants)}


def bounds(least: int | None = None, most: int | None = None, match: str = "type") -> Rule:
    return {"match": match} | ({} if least is None else {"min": least}) | ({} if most is None else {"max": most})


K_DIGIT = regex(r"k\d")


class Case(NamedTuple):
    """What is recorded, under which rules, what comes, and where and under which rule the first mismatch is."""

    fact: str
    recorded: Any
    rules: dict[str, Any]
    actual: Any
    mismatch: tuple[str, str] | None = None


def decided(case: Case, version: str = "V3") -> None:
    """The case has the verdict that it names."""
    recorded = {"content": case.recorded, "contentType": "application/json"} if version == "V4" else case.recorded
    interaction = with_body(recorded, case.rules, version=version)
    found = first_mismatch(interaction, post(json.dumps(case.actual)))
    assert found == (None if case.mismatch is None else ("body", *case.mismatch))


def cases(table: list[Case]) -> Any:
    """A test for each case, under its fact."""
    return pytest.mark.parametrize("case", table, ids=[case.fact for case in table])


ONE_KEY = {"a": {"k1": 1}}
TWO_KEYS = {"a": {"k1": 1, "k2": 2}}

EACH_KEY = [
    Case("unknown key passes", ONE_KEY, {"$.a": each_key(K_DIGIT)}, {"a": {"k2": 9}}),
    Case("unknown key fails", ONE_KEY, {"$.a": each_key(K_DIGIT)}, {"a": {"x": 1}}, ("$.a.x", r"eachKey regex k\d")),
    Case("known key may be missing", TWO_KEYS, {"$.a": each_key(K_DIGIT)}, {"a": {"k1": 1}}),
    Case("no keys at all", TWO_KEYS, {"$.a": each_key(K_DIGIT)}, {"a": {}}),
    Case(
        "one bad key among good ones",
        ONE_KEY,
        {"$.a": each_key(K_DIGIT)},
        {"a": {"k1": 1, "k": 1}},
        ("$.a.k", r"eachKey regex k\d"),
    ),
    Case(
        "every rule counts", ONE_KEY, {"$.a": each_key(K_DIGIT, {"match": "include", "value": "1"})}, {"a": {"k1": 1}}
    ),
    Case(
        "one rule of two fails",
        ONE_KEY,
        {"$.a": each_key(K_DIGIT, {"match": "include", "value": "1"})},
        {"a": {"k2": 1}},
        ("$.a.k2", r'eachKey regex k\d and include "1"'),
    ),
    Case("any key without rules", ONE_KEY, {"$.a": each_key()}, {"a": {"anything": 1, "": 2}}),
    Case("any key under type", ONE_KEY, {"$.a": each_key(TYPE)}, {"a": {"anything": 1}}),
    Case(
        "a key is a text and no integer",
        {"a": {"1": 1}},
        {"$.a": each_key(INTEGER)},
        {"a": {"1": 1}},
        ("$.a['1']", "eachKey integer"),
    ),
    Case(
        "keys can be dates",
        {"a": {"2000-01-01": 1}},
        {"$.a": each_key({"match": "date", "format": "yyyy-MM-dd"})},
        {"a": {"2024-02-29": 1}},
    ),
    Case(
        "keys that are no dates",
        {"a": {"2000-01-01": 1}},
        {"$.a": each_key({"match": "date", "format": "yyyy-MM-dd"})},
        {"a": {"2023-02-29": 1}},
        ("$.a['2023-02-29']", "eachKey date yyyy-MM-dd"),
    ),
    Case("values of known keys are free", ONE_KEY, {"$.a": each_key(K_DIGIT)}, {"a": {"k1": 2}}),
    Case("values of unknown keys are free", ONE_KEY, {"$.a": each_key(K_DIGIT)}, {"a": {"k2": {"q": [1]}}}),
    Case(
        "values of known keys heed their own rule",
        ONE_KEY,
        {"$.a": each_key(K_DIGIT), "$.a.k1": INTEGER},
        {"a": {"k1": "s"}},
        ("$.a.k1", "integer"),
    ),
    Case(
        "values of known keys heed a star",
        ONE_KEY,
        {"$.a": each_key(K_DIGIT), "$.a.*": EQUALITY},
        {"a": {"k1": 2}},
        ("$.a.k1", "equality"),
    ),
    Case(
        "values of known keys heed a type beside it",
        ONE_KEY,
        {"$.a": [each_key(K_DIGIT), TYPE]},
        {"a": {"k1": "s"}},
        ("$.a.k1", "type"),
    ),
    Case("a type beside it does not fix the keys", ONE_KEY, {"$.a": [TYPE, each_key(K_DIGIT)]}, {"a": {"k7": 7}}),
    Case(
        "objects below keep their keys",
        {"a": {"k1": {"n": 1}}},
        {"$.a": each_key(K_DIGIT)},
        {"a": {"k1": {"n": 2, "x": 1}}},
        ("$.a.k1.x", "equality"),
    ),
    Case(
        "objects below have free values", {"a": {"k1": {"n": 1}}}, {"$.a": each_key(K_DIGIT)}, {"a": {"k1": {"n": "s"}}}
    ),
    Case("lists below have any length", {"a": {"k1": [1]}}, {"$.a": each_key(K_DIGIT)}, {"a": {"k1": [2, "x"]}}),
    Case(
        "kinds below are kept",
        {"a": {"k1": {"n": 1}}},
        {"$.a": each_key(K_DIGIT)},
        {"a": {"k1": 5}},
        ("$.a.k1", "type"),
    ),
    Case(
        "a number of keys beside it",
        ONE_KEY,
        {"$.a": [each_key(K_DIGIT), bounds(2)]},
        {"a": {"k1": 1}},
        ("$.a", "type"),
    ),
    Case("enough keys beside it", ONE_KEY, {"$.a": [each_key(K_DIGIT), bounds(2)]}, {"a": {"k1": 1, "k2": 1}}),
    Case("not empty beside it", ONE_KEY, {"$.a": [each_key(K_DIGIT), NOT_EMPTY]}, {"a": {}}, ("$.a", "notEmpty")),
    Case(
        "equality beside it", ONE_KEY, {"$.a": [each_key(K_DIGIT), EQUALITY]}, {"a": {"k2": 1}}, ("$.a.k1", "equality")
    ),
    Case("null is no object", ONE_KEY, {"$.a": each_key(K_DIGIT)}, {"a": None}, ("$.a", "type")),
    Case("a list is no object", ONE_KEY, {"$.a": each_key(K_DIGIT)}, {"a": [1]}, ("$.a", "type")),
    Case("a recorded object without keys", {"a": {}}, {"$.a": each_key(K_DIGIT)}, {"a": {}}),
    Case(
        "a recorded object without keys takes none",
        {"a": {}},
        {"$.a": each_key(K_DIGIT)},
        {"a": {"k1": 1}},
        ("$.a.k1", "values"),
    ),
    Case("at the root", {"k1": 1}, {"$": each_key(K_DIGIT)}, {"k7": 1}),
    Case("at the root fails", {"k1": 1}, {"$": each_key(K_DIGIT)}, {"x": 1}, ("$.x", r"eachKey regex k\d")),
    Case("at a list frees it", {"a": [1]}, {"$.a": each_key(K_DIGIT)}, {"a": [2, "x", None]}),
    Case("at a scalar frees it", {"a": "v"}, {"$.a": each_key(TYPE)}, {"a": {"k": 1}}),
    Case(
        "odd keys are quoted in paths",
        {"a": {"it's": 1}},
        {"$.a": each_key(regex(".*'s"))},
        {"a": {"it": 1}},
        ("$.a.it", "eachKey regex .*'s"),
    ),
]


@cases(EACH_KEY)
@pytest.mark.parametrize("version", ["V3", "V4"])
def test_each_key(case: Case, version: str) -> None:
    """`eachKey`: every key passes the rules, none is asked for; only rules of their own are for the values."""
    decided(case, version)


NESTED = {"a": {"k": {"n": 1, "m": "s"}}}

EACH_VALUE = [
    Case("unknown keys pass", TWO_KEYS, {"$.a": each_value(INTEGER)}, {"a": {"z": 3}}),
    Case("a value fails", TWO_KEYS, {"$.a": each_value(INTEGER)}, {"a": {"z": "s"}}, ("$.a.z", "integer")),
    Case(
        "one value of two fails",
        TWO_KEYS,
        {"$.a": each_value(INTEGER)},
        {"a": {"k1": 5, "k2": "s"}},
        ("$.a.k2", "integer"),
    ),
    Case("no values at all", TWO_KEYS, {"$.a": each_value(INTEGER)}, {"a": {}}),
    Case("every rule counts", TWO_KEYS, {"$.a": each_value(INTEGER, regex(r"[1-5]"))}, {"a": {"z": 5}}),
    Case(
        "one rule of two fails",
        TWO_KEYS,
        {"$.a": each_value(INTEGER, regex(r"[1-5]"))},
        {"a": {"z": 7}},
        ("$.a.z", "integer and regex [1-5]"),
    ),
    Case("type takes any number", TWO_KEYS, {"$.a": each_value(TYPE)}, {"a": {"z": 1.5}}),
    Case("type refuses null", TWO_KEYS, {"$.a": each_value(TYPE)}, {"a": {"z": None}}, ("$.a.z", "type")),
    Case("equality takes the value of the same key", TWO_KEYS, {"$.a": each_value(EQUALITY)}, {"a": {"k2": 2}}),
    Case("equality takes the first value for other keys", TWO_KEYS, {"$.a": each_value(EQUALITY)}, {"a": {"z": 1}}),
    Case(
        "equality refuses other values",
        TWO_KEYS,
        {"$.a": each_value(EQUALITY)},
        {"a": {"k2": 1}},
        ("$.a.k2", "equality"),
    ),
    Case(
        "the first value is that of the first key in order",
        {"a": {"b": 1, "a": "s"}},
        {"$.a": each_value(TYPE)},
        {"a": {"z": "t"}},
    ),
    Case("other kinds fail", TWO_KEYS, {"$.a": each_value(TYPE)}, {"a": [1, 2]}, ("$.a", "type")),
    Case("null is no object", TWO_KEYS, {"$.a": each_value(TYPE)}, {"a": None}, ("$.a", "type")),
    Case(
        "other rules below do not count",
        TWO_KEYS,
        {"$.a": each_value(INTEGER), "$.a.k1": EQUALITY, "$.a.*": EQUALITY},
        {"a": {"k1": 9}},
    ),
    Case(
        "rules above do not count",
        TWO_KEYS,
        {"$": TYPE, "$.a": each_value(INTEGER)},
        {"a": {"z": 1.5}},
        ("$.a.z", "integer"),
    ),
    Case("a type beside it does not fix the keys", TWO_KEYS, {"$.a": [each_value(INTEGER), TYPE]}, {"a": {"z": 3}}),
    Case(
        "too few keys beside it", TWO_KEYS, {"$.a": [each_value(INTEGER), bounds(2)]}, {"a": {"z": 3}}, ("$.a", "type")
    ),
    Case(
        "too many keys beside it",
        TWO_KEYS,
        {"$.a": [each_value(INTEGER), bounds(None, 1)]},
        {"a": {"k1": 1, "k2": 2}},
        ("$.a", "type"),
    ),
    Case("not empty beside it", TWO_KEYS, {"$.a": [each_value(INTEGER), NOT_EMPTY]}, {"a": {}}, ("$.a", "notEmpty")),
    Case("values beside it", TWO_KEYS, {"$.a": [each_value(INTEGER), VALUES]}, {"a": {"z": 9}}, ("$.a.z", "equality")),
    Case(
        "equality beside it",
        TWO_KEYS,
        {"$.a": [each_value(INTEGER), EQUALITY]},
        {"a": {"k1": 1}},
        ("$.a.k2", "equality"),
    ),
    Case("objects as values", NESTED, {"$.a": each_value(TYPE)}, {"a": {"z": {"n": 2, "m": "t"}}}),
    Case(
        "objects as values keep their keys",
        NESTED,
        {"$.a": each_value(TYPE)},
        {"a": {"z": {"n": 2}}},
        ("$.a.z.m", "equality"),
    ),
    Case(
        "objects as values take no others",
        NESTED,
        {"$.a": each_value(TYPE)},
        {"a": {"z": {"n": 2, "m": "t", "x": 1}}},
        ("$.a.z.x", "equality"),
    ),
    Case(
        "objects as values keep their types",
        NESTED,
        {"$.a": each_value(TYPE)},
        {"a": {"z": {"n": "w", "m": "t"}}},
        ("$.a.z.n", "type"),
    ),
    Case(
        "a deeper rule does not reach below",
        NESTED,
        {"$.a": each_value(TYPE), "$.a.*.m": regex(r"\d")},
        {"a": {"z": {"n": 2, "m": "q"}}},
    ),
    Case(
        "an object where a number rule is",
        NESTED,
        {"$.a": each_value(INTEGER)},
        {"a": {"z": {"n": 2, "m": "t"}}},
        ("$.a.z", "integer"),
    ),
    Case(
        "within itself",
        NESTED,
        {"$.a": each_value(each_value(TYPE))},
        {"a": {"z": {"n": 2, "q": 3}}},
        ("$.a.z.q", "type"),
    ),
    Case(
        "within itself passes",
        {"a": {"k": {"n": 1}}},
        {"$.a": each_value(each_value(INTEGER))},
        {"a": {"z": {"q": 3, "r": 4}, "y": {}}},
    ),
    Case("keys within values", NESTED, {"$.a": each_value(each_key(regex("[nmx]")))}, {"a": {"z": {"x": 1}}}),
    Case(
        "keys within values fail",
        NESTED,
        {"$.a": each_value(each_key(regex("[nmx]")))},
        {"a": {"z": {"y": 1}}},
        ("$.a.z.y", "eachKey regex [nmx]"),
    ),
    Case("lists within values", {"a": {"k": [1]}}, {"$.a": each_value(TYPE)}, {"a": {"z": [2, 3], "y": []}}),
    Case(
        "bounds within values", {"a": {"k": [1]}}, {"$.a": each_value(bounds(1))}, {"a": {"z": []}}, ("$.a.z", "type")
    ),
    Case("at a scalar frees it", {"a": "v"}, {"$.a": each_value(TYPE)}, {"a": None}),
    Case(
        "a recorded object without keys takes none",
        {"a": {}},
        {"$.a": each_value(TYPE)},
        {"a": {"k": 1}},
        ("$.a.k", "values"),
    ),
    Case("a list of any length", {"a": [1, 2]}, {"$.a": each_value(INTEGER)}, {"a": [9, 8, 7]}),
    Case("a shorter list", {"a": [1, 2]}, {"$.a": each_value(INTEGER)}, {"a": [9]}),
    Case("an empty list", {"a": [1, 2]}, {"$.a": each_value(INTEGER)}, {"a": []}),
    Case("an item fails", {"a": [1, 2]}, {"$.a": each_value(INTEGER)}, {"a": [9, 8, "s"]}, ("$.a[2]", "integer")),
    Case("items against the same index", {"a": ["s", 1]}, {"$.a": each_value(TYPE)}, {"a": ["t", 2, "u"]}),
    Case(
        "further items against the first",
        {"a": ["s", 1]},
        {"$.a": each_value(TYPE)},
        {"a": ["t", 2, 3]},
        ("$.a[2]", "type"),
    ),
    Case("a list with a bound", {"a": [1]}, {"$.a": [each_value(INTEGER), bounds(2)]}, {"a": [1]}, ("$.a", "type")),
    Case(
        "a list that is not empty",
        {"a": [1]},
        {"$.a": [each_value(INTEGER), NOT_EMPTY]},
        {"a": []},
        ("$.a", "notEmpty"),
    ),
    Case(
        "other rules of items do not count",
        {"a": [1]},
        {"$.a": each_value(INTEGER), "$.a[0]": EQUALITY, "$.a[*]": EQUALITY},
        {"a": [7]},
    ),
    Case("a recorded empty list", {"a": []}, {"$.a": each_value(INTEGER)}, {"a": [1, "x"]}),
    Case("an object is no list", {"a": [1]}, {"$.a": each_value(INTEGER)}, {"a": {"k": 1}}, ("$.a", "type")),
    Case(
        "a list of objects",
        {"a": [{"x": 1}]},
        {"$.a": each_value(TYPE)},
        {"a": [{"x": 2}, {"x": "s"}]},
        ("$.a[1].x", "type"),
    ),
    Case("at the root", [1], {"$": each_value(TYPE)}, [2, 3]),
]


@cases(EACH_VALUE)
@pytest.mark.parametrize("version", ["V3", "V4"])
def test_each_value(case: Case, version: str) -> None:
    """`eachValue`: every value or item passes the rules within; keys and length are free, other rules stay out."""
    decided(case, version)


BOTH = [
    Case("both pass", TWO_KEYS, {"$.a": [each_key(K_DIGIT), each_value(INTEGER)]}, {"a": {"k7": 7}}),
    Case(
        "a key fails",
        TWO_KEYS,
        {"$.a": [each_key(K_DIGIT), each_value(INTEGER)]},
        {"a": {"x": 7}},
        ("$.a.x", r"eachKey regex k\d"),
    ),
    Case(
        "a value fails",
        TWO_KEYS,
        {"$.a": [each_key(K_DIGIT), each_value(INTEGER)]},
        {"a": {"k7": "s"}},
        ("$.a.k7", "integer"),
    ),
    Case(
        "in the other order",
        TWO_KEYS,
        {"$.a": [each_value(INTEGER), each_key(K_DIGIT)]},
        {"a": {"x": 7}},
        ("$.a.x", r"eachKey regex k\d"),
    ),
    Case(
        "a value of an unknown key fails",
        TWO_KEYS,
        {"$.a": [each_key(K_DIGIT), each_value(INTEGER)]},
        {"a": {"k9": None}},
        ("$.a.k9", "integer"),
    ),
    Case("keys and equal values", TWO_KEYS, {"$.a": [each_key(K_DIGIT), VALUES]}, {"a": {"k9": 1}}),
    Case(
        "keys and other values",
        TWO_KEYS,
        {"$.a": [each_key(K_DIGIT), VALUES]},
        {"a": {"k9": 2}},
        ("$.a.k9", "equality"),
    ),
    Case("keys and values of a type", TWO_KEYS, {"$.a": [each_key(K_DIGIT), VALUES], "$.a.*": TYPE}, {"a": {"k9": 9}}),
    Case("nothing", TWO_KEYS, {"$.a": [each_key(K_DIGIT), each_value(INTEGER)]}, {"a": {}}),
    Case(
        "inside each other",
        {"a": {"k1": {"n": 1}}},
        {"$.a": [each_key(K_DIGIT), each_value(each_key(regex("[a-z]")), each_value(INTEGER))]},
        {"a": {"k2": {"x": 5}}},
    ),
    Case(
        "inside each other fails",
        {"a": {"k1": {"n": 1}}},
        {"$.a": [each_key(K_DIGIT), each_value(each_key(regex("[a-z]")), each_value(INTEGER))]},
        {"a": {"k2": {"X": 5}}},
        ("$.a.k2.X", "eachKey regex [a-z]"),
    ),
]


@cases(BOTH)
def test_keys_and_values(case: Case) -> None:
    """`eachKey` and `eachValue` in one list of rules both apply."""
    decided(case)


VALUES_CASES = [
    Case("keys are free", TWO_KEYS, {"$.a": VALUES}, {"a": {"z": 1}}),
    Case("values are equal", TWO_KEYS, {"$.a": VALUES}, {"a": {"z": 2}}, ("$.a.z", "equality")),
    Case("a deeper rule frees values", TWO_KEYS, {"$.a": VALUES, "$.a.*": TYPE}, {"a": {"z": 2}}),
    Case(
        "a rule for one key", TWO_KEYS, {"$.a": VALUES, "$.a.k2": TYPE}, {"a": {"k2": 9, "z": 9}}, ("$.a.z", "equality")
    ),
    Case("not inherited", {"a": {"k": {"n": 1}}}, {"$.a": VALUES}, {"a": {"z": {"m": 1}}}, ("$.a.z.n", "equality")),
    Case("at a scalar is equality", {"a": 1}, {"$.a": VALUES}, {"a": 2}, ("$.a", "equality")),
    Case("a recorded object without keys", {"a": {}}, {"$.a": VALUES}, {"a": {"k": 1}}, ("$.a.k", "values")),
    Case("other kinds fail", TWO_KEYS, {"$.a": VALUES}, {"a": [1]}, ("$.a", "type")),
    Case("with bounds", TWO_KEYS, {"$.a": [VALUES, bounds(1, 2)]}, {"a": {}}, ("$.a", "type")),
]


@cases(VALUES_CASES)
def test_values(case: Case) -> None:
    """`values`: keys are free, values equal or under deeper rules."""
    decided(case)


MIXED = {"a": [1, "x"]}
OBJECTS = {"a": [{"x": 1, "y": "s"}, {"z": [1]}]}

CONTAINS = [
    Case("found under a rule", MIXED, {"$.a": contains(variant(0, item=INTEGER))}, {"a": ["q", 5, None]}),
    Case("not found", MIXED, {"$.a": contains(variant(0, item=INTEGER))}, {"a": ["q"]}, ("$.a", "arrayContains")),
    Case(
        "not in an empty list", MIXED, {"$.a": contains(variant(0, item=INTEGER))}, {"a": []}, ("$.a", "arrayContains")
    ),
    Case("equal without rules", MIXED, {"$.a": contains(variant(1))}, {"a": ["y", "x"]}),
    Case("not equal without rules", MIXED, {"$.a": contains(variant(0))}, {"a": [2, "x"]}, ("$.a", "arrayContains")),
    Case("without variants every item", MIXED, {"$.a": contains()}, {"a": ["x", 3, 1]}),
    Case("without variants an item is missing", MIXED, {"$.a": contains()}, {"a": ["x", 3]}, ("$.a", "arrayContains")),
    Case("items without a variant are not asked for", MIXED, {"$.a": contains(variant(1))}, {"a": ["x"]}),
    Case("one item for several variants", {"a": [1, 1]}, {"$.a": contains(variant(0), variant(1))}, {"a": [1]}),
    Case(
        "several variants",
        MIXED,
        {"$.a": contains(variant(0, item=INTEGER), variant(1, item=TYPE))},
        {"a": [5]},
        ("$.a", "arrayContains"),
    ),
    Case(
        "alternatives within a variant",
        MIXED,
        {"$.a": contains({"index": 0, "rules": {"$": any_of(INTEGER, regex("q"))}})},
        {"a": ["q"]},
    ),
    Case("objects under a rule", OBJECTS, {"$.a": contains(variant(0, x=TYPE))}, {"a": [5, {"x": 2, "y": "s"}]}),
    Case(
        "objects are equal elsewhere",
        OBJECTS,
        {"$.a": contains(variant(0, x=TYPE))},
        {"a": [{"x": 2, "y": "t"}]},
        ("$.a[0].y", "equality"),
    ),
    Case(
        "objects take no further keys",
        OBJECTS,
        {"$.a": contains(variant(0, x=TYPE))},
        {"a": [{"x": 1, "y": "s", "q": 1}]},
        ("$.a[0].q", "equality"),
    ),
    Case(
        "lists within objects",
        OBJECTS,
        {"$.a": contains(variant(0, x=TYPE), variant(1, z=bounds(1)))},
        {"a": [{"z": [2, 3]}, {"x": 9, "y": "s"}]},
    ),
    Case(
        "rules outside do not count",
        OBJECTS,
        {"$": TYPE, "$.a": contains(variant(0)), "$.a[*].x": TYPE},
        {"a": [{"x": 2, "y": "s"}]},
        ("$.a[0].x", "equality"),
    ),
    Case("keys within a variant", OBJECTS, {"$.a": contains(variant(0, item=each_key(TYPE)))}, {"a": [{"q": 1}]}),
    Case(
        "values within a variant",
        {"a": [{"x": 1}]},
        {"$.a": contains(variant(0, item=each_value(INTEGER)))},
        {"a": [{"x": "s"}, {"q": 7}]},
    ),
    Case(
        "itself within a variant",
        {"a": [[1, 2], [3]]},
        {"$.a": contains(variant(0, item=contains()))},
        {"a": [[3], [9, 2, 1]]},
    ),
    Case(
        "itself within a variant fails",
        {"a": [[1, 2], [3]]},
        {"$.a": contains(variant(0, item=contains()))},
        {"a": [[3], [1]]},
        ("$.a[0]", "arrayContains"),
    ),
    Case(
        "not inherited by lists below",
        {"a": [{"l": [1, 2]}]},
        {"$.a": contains()},
        {"a": [{"l": [2, 1]}]},
        ("$.a[0].l[0]", "equality"),
    ),
    Case(
        "not inherited from above",
        {"a": {"l": [1, 2]}},
        {"$.a": contains()},
        {"a": {"l": [2, 1]}},
        ("$.a.l[0]", "equality"),
    ),
    Case("at a scalar is equality", {"a": 1}, {"$.a": contains()}, {"a": 2}, ("$.a", "equality")),
    Case("with a type beside it", MIXED, {"$.a": [contains(variant(0, item=INTEGER)), TYPE]}, {"a": [5, "y", 7]}),
    Case(
        "with a type beside it that fails",
        MIXED,
        {"$.a": [contains(variant(0, item=INTEGER)), TYPE]},
        {"a": ["q", 5]},
        ("$.a[0]", "type"),
    ),
    Case(
        "with a bound beside it",
        MIXED,
        {"$.a": [contains(variant(0, item=INTEGER)), bounds(2)]},
        {"a": [5]},
        ("$.a", "type"),
    ),
    Case(
        "with a bound beside it that holds",
        MIXED,
        {"$.a": [contains(variant(0, item=INTEGER)), bounds(2)]},
        {"a": [5, "x"]},
    ),
    Case("not empty beside it", MIXED, {"$.a": [contains(variant(0, item=INTEGER)), NOT_EMPTY]}, {"a": [5]}),
    Case(
        "twice",
        MIXED,
        {"$.a": [contains(variant(0, item=INTEGER)), contains(variant(1))]},
        {"a": [5]},
        ("$.a", "arrayContains"),
    ),
    Case("twice passes", MIXED, {"$.a": [contains(variant(0, item=INTEGER)), contains(variant(1))]}, {"a": ["x", 5]}),
    Case(
        "equality beside it", MIXED, {"$.a": [contains(variant(0)), EQUALITY]}, {"a": [1, "x", 2]}, ("$.a", "equality")
    ),
    Case("either of two", MIXED, {"$.a": any_of(contains(variant(0)), contains(variant(1)))}, {"a": ["x"]}),
    Case(
        "neither of two",
        MIXED,
        {"$.a": any_of(contains(variant(0)), contains(variant(1)))},
        {"a": ["y"]},
        ("$.a", "arrayContains"),
    ),
    Case("or a type", MIXED, {"$.a": any_of(contains(variant(0)), TYPE)}, {"a": [7, "y"]}),
    Case("or null", MIXED, {"$.a": any_of(contains(variant(0)), NULL)}, {"a": None}),
    Case("a recorded empty list", {"a": []}, {"$.a": contains(variant(0))}, {"a": [1, "x"]}),
    Case("null in place of a list", MIXED, {"$.a": contains()}, {"a": None}, ("$.a", "type")),
    Case("an object in place of a list", MIXED, {"$.a": contains()}, {"a": {"k": 1}}, ("$.a", "type")),
    Case("null among the items", {"a": [None]}, {"$.a": contains()}, {"a": [1, None]}),
    Case("at the root", [1, 2], {"$": contains()}, [2, 1, 0]),
]


@cases(CONTAINS)
@pytest.mark.parametrize("version", ["V3", "V4"])
def test_array_contains(case: Case, version: str) -> None:
    """`arrayContains`: each variant is met by some item, wherever it stands; other items are free."""
    decided(case, version)


ORDERLESS = [
    Case("any order", {"a": [1, 2, 3]}, {"$.a": UNORDERED}, {"a": [3, 1, 2]}),
    Case("the recorded order", {"a": [1, 2, 3]}, {"$.a": UNORDERED}, {"a": [1, 2, 3]}),
    Case("an item is missing", {"a": [1, 2]}, {"$.a": UNORDERED}, {"a": [1]}, ("$.a", "ignore-order")),
    Case("an item too many", {"a": [1, 2]}, {"$.a": UNORDERED}, {"a": [2, 1, 1]}, ("$.a", "ignore-order")),
    Case(
        "an item of its own for each", {"a": [1, 1, 2]}, {"$.a": UNORDERED}, {"a": [1, 2, 2]}, ("$.a", "ignore-order")
    ),
    Case("kinds count", {"a": [1, "1"]}, {"$.a": UNORDERED}, {"a": ["1", 1.0]}, ("$.a", "ignore-order")),
    Case("items under rules", {"a": [1, "x"]}, {"$.a": UNORDERED, "$.a[0]": INTEGER, "$.a[1]": TYPE}, {"a": ["y", 7]}),
    Case(
        "pairs are found however they overlap",
        {"a": [1, 5]},
        {"$.a": UNORDERED, "$.a[0]": regex(r"\d"), "$.a[1]": EQUALITY},
        {"a": [5, 3]},
    ),
    Case(
        "pairs that cannot be found",
        {"a": [1, 5]},
        {"$.a": UNORDERED, "$.a[0]": regex("5|7"), "$.a[1]": EQUALITY},
        {"a": [5, 9]},
        ("$.a", "ignore-order"),
    ),
    Case(
        "a long chain of pairs",
        {"a": [0, 1, 2, 3]},
        {"$.a": UNORDERED, **{f"$.a[{n}]": regex(f"[{n}-{n + 1}]") for n in range(4)}},
        {"a": [1, 2, 3, 4]},
    ),
    Case("objects", {"a": [{"x": 1}, {"x": 2}]}, {"$.a": UNORDERED}, {"a": [{"x": 2}, {"x": 1}]}),
    Case("within each other", {"a": [[1, 2], [3]]}, {"$.a": UNORDERED, "$.a[*]": UNORDERED}, {"a": [[3], [2, 1]]}),
    Case("not inherited", {"a": [[1, 2]]}, {"$.a": UNORDERED}, {"a": [[2, 1]]}, ("$.a[0][0]", "equality")),
    Case("at least", {"a": [1]}, {"$.a": bounds(1, match="min-ignore-order")}, {"a": [3, 1]}),
    Case("too few", {"a": [1]}, {"$.a": bounds(3, match="min-ignore-order")}, {"a": [3, 1]}, ("$.a", "ignore-order")),
    Case("at most", {"a": [1]}, {"$.a": bounds(None, 2, match="max-ignore-order")}, {"a": [3, 1]}),
    Case(
        "too many",
        {"a": [1]},
        {"$.a": bounds(None, 2, match="max-ignore-order")},
        {"a": [3, 1, 2]},
        ("$.a", "ignore-order"),
    ),
    Case("between", {"a": [1]}, {"$.a": bounds(1, 2, match="minmax-ignore-order")}, {"a": [2, 1]}),
    Case(
        "bounds and a missing item",
        {"a": [1]},
        {"$.a": bounds(1, 2, match="minmax-ignore-order")},
        {"a": [2]},
        ("$.a", "ignore-order"),
    ),
    Case("another spelling", {"a": [1, 2]}, {"$.a": {"match": "ignoreOrder"}}, {"a": [2, 1]}),
    Case("with a type beside it", {"a": [1, 2]}, {"$.a": [UNORDERED, TYPE]}, {"a": [9, 8]}),
    Case("an empty list", {"a": []}, {"$.a": UNORDERED}, {"a": [1]}, ("$.a", "ignore-order")),
    Case("an object in place of a list", {"a": [1]}, {"$.a": UNORDERED}, {"a": {"k": 1}}, ("$.a", "type")),
]


@cases(ORDERLESS)
def test_ignore_order(case: Case) -> None:
    """`ignore-order`: each recorded item is met by an item of its own, in any order."""
    decided(case)


@pytest.mark.parametrize("rule", [contains(), UNORDERED], ids=["arrayContains", "ignore-order"])
def test_the_nearest_item_is_told(rule: Rule) -> None:
    """Of objects and lists, the explanation shows first where the one differs that is nearest to a missing one."""
    interaction = with_body([{"x": 1, "y": 2, "z": 3}, 5], {"$": rule})
    found = list(interaction.explain(post('[{"x":9,"y":9,"z":9},{"x":1,"y":2,"z":4}]')))
    assert [mismatch.path for mismatch in found] == ["$[1].z", "$"]
    assert "but there is none" in found[-1].message


ALTERNATIVES = [
    Case("a list of few or of many", {"a": [1]}, {"$.a": any_of(bounds(None, 1), bounds(3))}, {"a": [1, 2, 3]}),
    Case(
        "a list of neither",
        {"a": [1]},
        {"$.a": any_of(bounds(None, 1), bounds(3))},
        {"a": [1, 2]},
        ("$.a", "type or type"),
    ),
    Case("items of either kind", {"a": [1]}, {"$.a": any_of(INTEGER, regex("x+"))}, {"a": [1, "xx"]}),
    Case(
        "items of neither kind",
        {"a": [1]},
        {"$.a": any_of(INTEGER, regex("x+"))},
        {"a": [1, "y"]},
        ("$.a[1]", "integer or regex x+"),
    ),
    Case("each value or null", {"a": {"k": 1}}, {"$.a": any_of(each_value(INTEGER), NULL)}, {"a": None}),
    Case(
        "each value or null fails",
        {"a": {"k": 1}},
        {"$.a": any_of(each_value(INTEGER), NULL)},
        {"a": {"k": "s"}},
        ("$.a.k", "integer"),
    ),
    Case("items or an equal list", {"a": [1, "x"]}, {"$.a": any_of(EQUALITY, NOT_EMPTY)}, {"a": [2]}),
    Case(
        "each value of either rule list",
        {"a": [1]},
        {"$.a": any_of(each_value(INTEGER), each_value(regex("x")))},
        {"a": ["x", "x"]},
    ),
    Case(
        "each value of one list only",
        {"a": [1]},
        {"$.a": any_of(each_value(INTEGER), each_value(regex("x")))},
        {"a": [1, "x"]},
        ("$.a[1]", "integer"),
    ),
]


@cases(ALTERNATIVES)
def test_alternatives(case: Case) -> None:
    """OR: one of the rules suffices, for a list as a whole as for a single value."""
    decided(case)


# Parameters, headers and fields, which are lists of texts

FIELDS: list[tuple[str, list[str], Any, list[str], str | None]] = [
    ("each value passes", ["1"], each_value(INTEGER), ["5", "6"], None),
    ("a value fails", ["1"], each_value(INTEGER), ["5", "x"], "integer"),
    ("every rule counts", ["1"], each_value(INTEGER, regex("[56]")), ["5", "7"], "integer and regex [56]"),
    ("with a bound", ["1"], [each_value(INTEGER), bounds(2)], ["5", "6"], None),
    ("with a type", ["1"], [each_value(INTEGER), TYPE], ["x"], "type and integer"),
    ("or another rule", ["1"], any_of(each_value(INTEGER), regex("x")), ["x"], None),
    (
        "alternatives keep their rules together",
        ["1"],
        any_of(each_value(INTEGER, regex("[56]")), regex("x")),
        ["1"],
        "*",
    ),
    ("few or many", ["1"], any_of(bounds(None, 1), bounds(3)), ["5", "6", "7"], None),
    ("neither few nor many", ["1", "2"], any_of(bounds(None, 1), bounds(3)), ["5", "6"], "type or type"),
    ("two bounds", ["1", "2"], [bounds(2), bounds(None, 3)], ["5", "6", "7"], None),
    ("one bound of two fails", ["1", "2"], [bounds(2), bounds(None, 3)], ["5"], "type and type"),
    ("as many as recorded, or any", ["1", "2"], any_of(EQUALITY, TYPE), ["5"], None),
    ("contains under a rule", ["1", "x"], contains(variant(0, item=INTEGER)), ["q", "5"], None),
    ("contains nothing under a rule", ["1", "x"], contains(variant(0, item=INTEGER)), ["q"], "arrayContains"),
    ("contains all", ["1", "2"], contains(), ["2", "3", "1"], None),
    ("does not contain all", ["1", "2"], contains(), ["2", "3"], "arrayContains"),
    ("contains the second", ["1", "2"], contains(variant(1)), ["3", "2"], None),
    ("contains or is of a type", ["1"], any_of(contains(), TYPE), ["x"], None),
    ("contains and is of a type", ["1"], [contains(), TYPE], ["x", "1"], None),
]


def of_query(recorded: list[str], rule: Any) -> Any:
    return only_request({"query": {"a": recorded}, "matchingRules": {"query": rule_lists({"a": rule})}})


def of_header(recorded: list[str], rule: Any) -> Any:
    return only_request({"headers": {"a": recorded}, "matchingRules": {"header": rule_lists({"a": rule})}})


FORM = "application/x-www-form-urlencoded"


def of_form(recorded: list[str], rule: Any) -> Any:
    return with_body("&".join(f"a={value}" for value in recorded), {"$.a": rule}, FORM)


PLACES: dict[str, tuple[Callable[[list[str], Any], Any], Callable[[list[str]], Request], str, str]] = {
    "query": (of_query, lambda values: get("/?" + "&".join(f"a={value}" for value in values)), "query", "a"),
    "header": (of_header, lambda values: get("/", *(("A", value) for value in values)), "header", "a"),
    "form": (of_form, lambda values: post("&".join(f"a={value}" for value in values), FORM), "body", "$.a"),
}


@pytest.mark.parametrize(
    ("recorded", "rule", "actual", "broken"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS]
)
@pytest.mark.parametrize("place", PLACES)
def test_values_of_a_name(place: str, recorded: list[str], rule: Any, actual: list[str], broken: str | None) -> None:
    """`eachValue` and `arrayContains` look at all values of a parameter, header or form field, also at a single one."""
    compiled, sent, part, path = PLACES[place]
    mismatch = first_mismatch(compiled(recorded, rule), sent(actual))
    if broken == "*":
        assert mismatch is not None
    else:
        assert mismatch == (None if broken is None else (part, path, broken))


@pytest.mark.parametrize("place", PLACES)
def test_a_name_without_values(place: str) -> None:
    """Whatever the rule, a name that is recorded must come."""
    compiled, _, part, path = PLACES[place]
    nothing = post("b=1", FORM) if place == "form" else get("/")
    assert first_mismatch(compiled(["1"], each_value(TYPE)), nothing) == (part, path, "present")


# Inheritance

DEEP = {"a": {"k1": {"k2": {"n": 1}}, "l": [{"n": 1}]}}


@pytest.mark.parametrize(
    ("actual", "matches"),
    [
        ({"a": {"k1": {"k2": {"n": 2}}, "l": [{"n": 1}]}}, True),
        ({"a": {"k1": {"zz": {"n": 1}}, "l": [{"n": 1}]}}, False),
        ({"a": {"k1": {"k2": {"n": 1}}, "l": []}}, True),
        ({"a": {"k1": {"k2": {"n": 1}}, "l": [{"n": 5}, {"n": 6}]}}, True),
        ({"a": {"k1": {"k2": {"n": 1}}, "l": [{"q": 1}]}}, False),
        ({"a": {"k1": 5, "l": 7}}, False),
        ({"a": {"q": {"k2": {"n": 1}}}}, True),
    ],
    ids=str,
)
def test_below_each_key(actual: Any, matches: bool) -> None:
    """Below `eachKey` alone values are free at every depth, while objects keep their keys."""
    assert decide(with_body(DEEP, {"$.a": each_key(TYPE)}), post(json.dumps(actual))) is matches


def test_a_better_rule_below_each_key() -> None:
    """A deeper rule takes over at its place."""
    interaction = with_body(DEEP, {"$.a": each_key(TYPE), "$.a.k1": EQUALITY})
    assert first_mismatch(interaction, post(json.dumps({"a": {"k1": {"k2": {"n": 2}}}}))) == (
        "body",
        "$.a.k1.k2.n",
        "equality",
    )
    assert first_mismatch(interaction, post(json.dumps({"a": {"k1": {"k2": {"n": 1}}, "l": []}}))) is None


def test_equality_above_stops_everything() -> None:
    """Under `equality` nothing deeper is relaxed."""
    interaction = with_body(ONE_KEY, {"$": EQUALITY, "$.a": each_value(TYPE)})
    assert decide(interaction, post('{"a":{"k1":1}}'))
    assert not decide(interaction, post('{"a":{"k1":2}}'))


@pytest.mark.parametrize(
    "rule",
    [
        {"match": "each-value", "rules": [INTEGER]},
        {"match": "eachValue", "rules": INTEGER},
        {"match": "eachValue", "rules": [{"pact:matcher:type": "integer"}]},
        {"match": "eachValue", "rules": [{"match": "integer", "value": 1}], "value": 1},
        {"pact:matcher:type": "eachValue", "rules": [INTEGER]},
    ],
    ids=str,
)
def test_spellings_of_each_value(rule: Rule) -> None:
    """The rules within are a list or a single rule, under any name that rules have."""
    interaction = with_body(ONE_KEY, {"$.a": rule})
    assert first_mismatch(interaction, post('{"a":{"z":5}}')) is None
    assert first_mismatch(interaction, post('{"a":{"z":"5"}}')) == ("body", "$.a.z", "integer")


@pytest.mark.parametrize(
    "variants",
    [
        [{"index": 0, "rules": {"$": {"matchers": [INTEGER]}}}],
        [{"index": "0", "rules": {"$": {"matchers": [INTEGER]}}}],
        [{"index": 0.0, "rules": {"": {"matchers": [INTEGER]}}}],
        [{"rules": {"$": {"matchers": [INTEGER]}}}],
        [{"index": 0, "rules": {"$": {"matchers": [INTEGER]}}, "generators": {"$": {"type": "RandomInt"}}}],
        [{"index": 0, "rules": {"$": {"matchers": [INTEGER]}}, "generators": None}],
    ],
    ids=str,
)
def test_spellings_of_variants(variants: Any) -> None:
    """The index of a variant is a number or the text of one, and without one that of its place."""
    interaction = with_body(MIXED, {"$.a": {"match": "arrayContains", "variants": variants}})
    assert first_mismatch(interaction, post('{"a":["q",5]}')) is None
    assert first_mismatch(interaction, post('{"a":["q"]}')) == ("body", "$.a", "arrayContains")


# Cost

BOUND = 5.0  # seconds: only a guard against hanging
MANY = 100_000


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def lists(depth: int, size: int, leaf: Any = 0) -> Any:
    """Lists within lists."""
    return leaf if depth == 0 else [lists(depth - 1, size, leaf)] * size


def levels(depth: int) -> Rule:
    """`arrayContains` for each of those levels."""
    return contains(variant(0, item=levels(depth - 1))) if depth > 1 else contains()


COSTLY = [
    ("eachKey", {"k1": 1}, each_key(K_DIGIT), {f"k{n}": n for n in range(MANY)}),
    ("eachValue of an object", {"k1": 1}, each_value(INTEGER), {f"k{n}": n for n in range(MANY)}),
    ("eachValue of a list", [1], each_value(INTEGER), [*range(MANY), "x"]),
    ("eachValue within itself", [[1]], each_value(each_value(INTEGER)), [[*range(1000)]] * 100 + [["x"]]),
    ("values", {"k1": 1}, VALUES, {f"k{n}": 1 for n in range(MANY)}),
    ("arrayContains", [0, 1, "x"], contains(), [*range(MANY)]),
    ("arrayContains of objects", [{"n": "x"}], contains(variant(0, n=regex("x+"))), [{"n": n} for n in range(MANY)]),
    (
        "arrayContains within itself",
        [[[0]]],
        contains(variant(0, item=contains(variant(0, item=contains())))),
        [[[n]] * 100 for n in range(1, 1000)],
    ),
    ("arrayContains within itself many times", lists(6, 1), levels(6), lists(6, 7, "x")),
    ("ignore-order", [*range(400)], UNORDERED, [*range(1, 401)]),
    ("ignore-order of many", [*range(MANY)], UNORDERED, [*range(MANY)]),
    ("ignore-order with bounds", [1, 2, 3], bounds(1, MANY, match="ignore-order"), [4] * MANY),
]


@pytest.mark.parametrize(("recorded", "rule", "actual"), [row[1:] for row in COSTLY], ids=[row[0] for row in COSTLY])
def test_a_hundred_thousand_items(recorded: Any, rule: Rule, actual: Any) -> None:
    """Lists and objects of a hundred thousand items are decided and explained in bounded time."""
    index = Index([with_body(recorded, {"$": rule})])
    request = post(json.dumps(actual))
    assert seconds(lambda: find(index, request)) < BOUND
    assert seconds(lambda: near_misses(index, request)) < BOUND


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many values have been compared, as the only item of a list."""
    count = [0]
    matches = Same.matches

    def counted(node: Same, actual: Any) -> bool:
        count[0] += 1
        return matches(node, actual)

    monkeypatch.setattr(Same, "matches", counted)
    return count


GRID = [list(range(40))] * 40
IN_GRID = {"$": UNORDERED, "$[*]": UNORDERED}


def test_unordered_lists_within_unordered_lists(compared: list[int]) -> None:
    """What lists without order cost a request is bounded together, not level by level, and giving up is told."""
    index = Index([with_body(GRID, IN_GRID)])
    request = post(json.dumps([list(range(1, 41))] * 40))
    compared[0] = 0
    assert find(index, request) == NoMatch(gave_up=True)
    assert 0 < compared[0] <= COMPARISONS
    compared[0] = 0
    (miss,) = near_misses(index, request)
    assert {mismatch.rule for mismatch in miss.mismatches} == {"ignore-order"}
    assert miss.mismatches[-1].path == "$"
    assert 0 < compared[0] <= COMPARISONS


def test_loading_unordered_lists(compared: list[int]) -> None:
    """So is what they cost when their pact is loaded."""
    with_body(GRID, IN_GRID)
    assert 0 < compared[0] <= COMPARISONS


@pytest.mark.parametrize("rule", [UNORDERED, contains()], ids=["ignore-order", "arrayContains"])
def test_lists_too_long_to_be_compared_without_order(rule: Rule) -> None:
    """A list that would take too many comparisons does not match, and the explanation says why."""
    items = list(range(COMPARISONS // 400))
    index = Index([with_body(items, {"$": rule})])
    request = post(json.dumps(items))
    assert find(index, request) == NoMatch(gave_up=True)
    (miss,) = near_misses(index, request)
    assert "too many to be compared" in miss.mismatches[0].message


def test_pairs_that_are_hard_to_find() -> None:
    """Pairing the items of a list without order takes bounded time, however they overlap."""
    size = 200
    ranges = {f"$[{n}]": regex("|".join(str(i) for i in range(n, min(n + 40, size)))) for n in range(size)}
    interaction = with_body(list(range(size)), {"$": UNORDERED, **ranges})
    shuffled = list(range(size))
    random.Random(1).shuffle(shuffled)
    assert seconds(lambda: interaction.matches(post(json.dumps(shuffled)))) < BOUND
    assert interaction.matches(post(json.dumps(shuffled[::-1])))


def test_a_long_list_contains_its_last_item() -> None:
    """An item is found wherever it stands among a hundred thousand."""
    interaction = with_body([0, 1], {"$": contains()})
    assert interaction.matches(post(json.dumps([9] * MANY + [1, 0])))


def test_slow_patterns_within_each_value() -> None:
    """Values under a pattern that backtracks are given up together, and a request under many of them is told so."""
    index = Index([with_body({"k": "a"}, {"$": each_value(regex("(?=a)(a+)+$"))})])
    request = post(json.dumps({f"k{n}": "a" * 3000 + "!" for n in range(1000)}))
    assert seconds(lambda: find(index, request)) < BOUND
    assert isinstance(find(index, request), NoMatch)
    assert seconds(lambda: near_misses(index, request)) < BOUND

"""Fields of requests and answers, with their rules in words."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from matching.content_types import JSON
from matching.json_text import dump_json
from matching.model import Body, BodyState, Generator, MatchingRule, MatchingRules, RuleList
from stubserver.outline.endpoints import endpoints_of
from stubserver.outline.fields import Field, as_mapping, body_fields, request_fields, response_fields
from stubserver.outline.outline import fields_of, usage_of
from stubserver.outline.words import generator_in_words, rules_in_words, rules_label
from tests.matching.pacts import rule_lists, with_body
from tests.outline.corpus import hostile, of_the_specification, one, recorded


def sent(content: Any, rules: dict[str, Any] | None = None, content_type: str = "application/json") -> dict[str, str]:
    """What a body asks for, by the names of its fields."""
    interaction = with_body(content, rules, content_type)
    found = request_fields(interaction.interaction.request)
    return {field.name: field.expectation for field in found if field.part == "body"}


TYPE: dict[str, Any] = {"match": "type"}
INTEGER: dict[str, Any] = {"match": "integer"}


def test_exact_values() -> None:
    """What no rule reaches has to be exactly as it is recorded."""
    document = {"id": 1, "name": "x", "none": None, "yes": True, "list": [], "object": {}, "n": 1.5}
    assert sent(document) == {
        "id": "exactly 1",
        "name": 'exactly "x"',
        "none": "exactly null",
        "yes": "exactly true",
        "list": "an empty array",
        "object": "an empty object",
        "n": "exactly 1.5",
    }


def test_nested_lists() -> None:
    """Items of a list are told together, each with the rules of its place."""
    document = {"items": [{"price": {"amount": 1.5}, "tags": ["a", "b"], "grid": [[1, 2], [3]]}]}
    rules = {
        "$.items": {"match": "type", "min": 1},
        "$.items[*].price.amount": {"match": "decimal"},
        "$.items[*].grid[*][*]": INTEGER,
    }
    assert sent(document, rules) == {
        "items": "a list of 1 or more items like the recorded ones",
        "items[].price.amount": "any decimal number",
        "items[].tags": "a list of items like the recorded ones",
        "items[].tags[]": "any string",
        "items[].grid": "a list of items like the recorded ones",
        "items[].grid[]": "a list of items like the recorded ones",
        "items[].grid[][]": "any integer",
    }


def test_items_of_several_kinds() -> None:
    """Fields that only some items have are told, too; one under a rule before one without."""
    assert sent([{"a": 1}, {"b": 2}, {"a": 3}], {"$[2].a": INTEGER}) == {
        "[].a": "any integer",
        "[].b": "exactly 2",
    }


def test_inherited_rules() -> None:
    """A rule is for everything below its place; a nearer one is for it alone."""
    document = {"a": {"b": {"c": "x", "n": 1, "d": "2026-01-01"}}, "e": "y"}
    rules = {"$.a": TYPE, "$.a.b.d": {"match": "date", "format": "yyyy-MM-dd"}}
    assert sent(document, rules) == {
        "a.b.c": "any string",
        "a.b.n": "any number",
        "a.b.d": "a date like yyyy-MM-dd",
        "e": 'exactly "y"',
    }


def test_wildcards() -> None:
    """A rule with wildcards is for every key or item that it means."""
    rules = {"$.*.id": INTEGER, "$.map.*": {"match": "regex", "regex": "[a-z]+"}}
    assert sent({"a": {"id": 1}, "b": {"id": 2}, "map": {"k": "v", "l": "w"}}, rules) == {
        "a.id": "any integer",
        "b.id": "any integer",
        "map.k": "string that matches [a-z]+",
        "map.l": "string that matches [a-z]+",
    }


@pytest.mark.parametrize("name", ["odd key", "a.b", "", "é", "it's", "$", "[0]", "x-y", "__proto__", "\n"])
def test_odd_names(name: str) -> None:
    """A key of any name is one field."""
    [(_, words)] = sent({name: 1}, {}).items()
    assert words == "exactly 1"


RULES: dict[str, tuple[list[MatchingRule], bool, Any, str]] = {
    "none": ([], False, 1, "anything"),
    "regex": ([MatchingRule("regex", {"regex": r"\d+"})], False, "1", r"matches \d+"),
    "type of a text": ([MatchingRule("type")], False, "x", "any string"),
    "type of a number": ([MatchingRule("type")], False, 1.5, "any number"),
    "type of null": ([MatchingRule("type")], False, None, "any value of this type"),
    "type of a list": ([MatchingRule("type")], False, [1], "a list of items like the recorded ones"),
    "type of an object": ([MatchingRule("type")], False, {}, "an object like the recorded one"),
    "at most": ([MatchingRule("type", {"max": 3})], False, [1], "a list of at most 3 items like the recorded ones"),
    "between": (
        [MatchingRule("type", {"min": 0, "max": 3})],
        False,
        [],
        "a list of 0 to 3 items like the recorded ones",
    ),
    "both": (
        [MatchingRule("integer"), MatchingRule("notEmpty")],
        False,
        1,
        "any integer and anything that is not empty",
    ),
    "either": ([MatchingRule("integer"), MatchingRule("null")], True, 1, "any integer or null"),
    "twice the same": ([MatchingRule("integer"), MatchingRule("integer")], False, 1, "any integer"),
    "include": ([MatchingRule("include", {"value": 'a"b'})], False, "x", r'contains "a\"b"'),
    "date": ([MatchingRule("date", {"date": "yyyy"})], False, "2026", "a date like yyyy"),
    "time without a format": ([MatchingRule("time")], False, "10:00", "a time of ISO 8601"),
    "datetime": ([MatchingRule("datetime", {"timestamp": "yyyy-MM"})], False, "2026-01", "a datetime like yyyy-MM"),
    "equality": ([MatchingRule("equality")], False, "x", 'exactly "x"'),
    "equality of a list": ([MatchingRule("equality")], False, [1], "exactly this"),
    "contentType": ([MatchingRule("contentType", {"value": "image/png"})], False, None, "content of type image/png"),
    "semver": ([MatchingRule("semver")], False, "1.2.3", "a semantic version"),
    "every key": (
        [MatchingRule("eachKey", rules=(MatchingRule("regex", {"regex": "k"}), MatchingRule("notEmpty")))],
        False,
        {},
        "every key: matches k and anything that is not empty",
    ),
    "every value": (
        [MatchingRule("eachValue", rules=(MatchingRule("integer"),))],
        False,
        {},
        "every value: any integer",
    ),
    "every value without rules": ([MatchingRule("eachValue")], False, {}, "every value: anything"),
    "any order": ([MatchingRule("ignore-order", {"min": 1})], False, [], "these items in any order of 1 or more"),
    "something new": ([MatchingRule("soundsLike", {"value": "x"})], False, "x", "soundsLike"),
}


@pytest.mark.parametrize("name", RULES)
def test_rules_in_words(name: str) -> None:
    """Each rule has its words, and several are joined by what they mean together."""
    rules, any_suffices, example, wanted = RULES[name]
    assert rules_in_words(RuleList(tuple(rules), any_suffices), example) == wanted


def test_label() -> None:
    """The label of rules has their names, each once."""
    rules = (MatchingRule("integer"), MatchingRule("null"), MatchingRule("integer"))
    assert rules_label(RuleList(rules, any_suffices=True)) == "integer or null"
    assert rules_label(RuleList(())) == "any"


GENERATORS: dict[str, tuple[str, dict[str, Any], str]] = {
    "int": ("RandomInt", {"min": 1, "max": 5}, "a random integer from 1 to 5"),
    "int without bounds": ("RandomInt", {}, "a random integer"),
    "uuid": ("Uuid", {"format": "simple"}, "a random UUID"),
    "state": (
        "ProviderState",
        {"expression": "${id}"},
        "taken from the parameters of the provider state: ${id}",
    ),
    "regex with brackets": ("Regex", {"regex": "<a>"}, "a random text that matches <a>"),
    "something new": ("Poem", {"lines": 4}, "made by Poem"),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_in_words(name: str) -> None:
    """Each generator has its words."""
    kind, attributes, wanted = GENERATORS[name]
    assert generator_in_words(Generator("body", "$.a", kind, attributes, "")) == wanted


def test_xml() -> None:
    """Elements, attributes and namespaces are fields; what comes several times is a list."""
    inside = "<item>book</item><item>pen</item><to><name>Ann</name></to>"
    document = f'<o:order xmlns:o="urn:o" o:id="1" state="new">{inside}</o:order>'
    rules = {
        "$['o:order'].item['#text']": {"match": "type"},
        "$['o:order']['@state']": {"match": "regex", "regex": "new|old"},
    }
    assert sent(document, rules, "application/xml") == {
        "o:order/@o:id": 'exactly "1"',
        "o:order/@state": "string that matches new|old",
        "o:order/item[]": "any string",
        "o:order/to/name": 'exactly "Ann"',
    }


def test_forms() -> None:
    """The fields of a form are those of a body, percent-decoded."""
    rules = {"$.n": {"match": "regex", "regex": r"\d+"}}
    assert sent("n=1&fix=a%20b&tag=x&tag=y", rules, "application/x-www-form-urlencoded") == {
        "n": r"string that matches \d+",
        "fix": 'exactly "a b"',
        "tag": 'exactly "x, y"',
    }


def test_heads() -> None:
    """Parameters and headers are fields under their names."""
    request = {
        "query": {"page": ["2"], "q": ["a", "b"]},
        "headers": {"X-Key": ["k1"]},
        "matchingRules": {
            "query": rule_lists({"page": INTEGER}),
            "header": rule_lists({"x-key": {"match": "regex", "regex": r"k\d"}}),
        },
    }
    found = as_mapping(request_fields(one({"request": request}).interaction.request))
    assert {key: field.expectation for key, field in found.items()} == {
        ("query", "page"): "any integer",
        ("query", "q"): "exactly a, b",
        ("header", "X-Key"): r"string that matches k\d",
    }


BODIES_AS_A_WHOLE: dict[str, tuple[dict[str, Any], str, Any]] = {
    "text": ({"content": "one\ntwo", "contentType": "text/plain"}, "text", "one\ntwo"),
    "JSON that is none": (
        {"content": "ew==", "contentType": "application/json", "encoded": "base64"},
        "text",
        "{",
    ),
    "XML that is none": ({"content": "<a", "contentType": "application/xml"}, "text", "<a"),
    "bytes": (
        {"content": "AAEC/w==", "contentType": "application/octet-stream", "encoded": "base64"},
        "binary",
        "4 bytes",
    ),
    "multipart": ({"content": "--b0--", "contentType": "multipart/form-data; boundary=b0"}, "multipart", "6 bytes"),
}


@pytest.mark.parametrize("name", BODIES_AS_A_WHOLE)
def test_bodies_without_fields(name: str) -> None:
    """A body that has no fields is one itself."""
    body, kind, example = BODIES_AS_A_WHOLE[name]
    response = one({"request": {"path": "/"}, "response": {"status": 200, "body": body}}).interaction.response
    assert [(field.name, field.kind, field.example) for field in response_fields(response)] == [("", kind, example)]


@pytest.mark.parametrize("body", [{"content": ""}, {"content": None}, None])
def test_no_body(body: Any) -> None:
    """Nothing has no fields."""
    request = {"path": "/"} if body is None else {"path": "/", "body": body}
    assert fields_of(one({"request": request})) == []


def test_scalar_body() -> None:
    """A document that is one value is a field without a name."""
    assert sent("x") == {"": 'exactly "x"'}


LARGE: dict[str, Any] = {
    "a long text": {"a": "x" * 1_000_000},
    "many items": {"a": [{"b": n} for n in range(100_000)]},
    "many keys": {f"k{n}": n for n in range(100_000)},
    "many keys in items": [{f"k{n}{m}": n for m in range(100)} for n in range(1_000)],
    "depth": json.loads('{"a":' * 120 + "1" + "}" * 120),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_documents(name: str) -> None:
    """However large a document is, there is a bounded number of fields, of bounded length, and soon."""
    rules = MatchingRules(body=(((), RuleList((MatchingRule("type"),))),))
    body = Body(BodyState.PRESENT, dump_json(LARGE[name]), JSON)
    began = time.perf_counter()
    found = body_fields(body, rules)
    words = [field.expectation for field in found]
    assert time.perf_counter() - began < 3
    assert len(found) <= 2_001
    assert max(map(len, words)) < 1_000


def test_law_of_all_contracts() -> None:
    """Whatever is recorded, its fields are told, each once, and with words."""
    for interaction in (*recorded(), *of_the_specification(), *hostile()):
        request, response = interaction.interaction.request, interaction.interaction.response
        for found in (request_fields(request), response_fields(response)):
            bodies = [field.name for field in found if field.part == "body"]
            assert len(bodies) == len(set(bodies))
            for field in found:
                assert field.part in ("query", "header", "body")
                assert field.expectation or field.part != "body", (interaction.interaction.description, field)


def test_usage() -> None:
    """Of an endpoint, each field is told with what each consumer expects of it."""
    for endpoint in endpoints_of(recorded()):
        usage = usage_of(endpoint)
        names = {consumer for field in usage.sent for consumer in field.by_consumer}
        names |= {consumer for _, fields in usage.read for field in fields for consumer in field.by_consumer}
        assert names <= set(usage.consumers)
        statuses = {interaction.response.status for interaction in endpoint.interactions}
        assert [status for status, _ in usage.read] == sorted(statuses)


def test_shown_values() -> None:
    """An exact value that is long is shortened."""
    assert len(Field("body", "a", "string", "", "x" * 1_000).expectation) < 80

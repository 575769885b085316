"""What is not supported takes away exactly its interaction, says so at the place, and leaves the others served."""

from __future__ import annotations

from typing import Any

import pytest

from matching import CompiledPact, Index, Match, Request, Severity, find
from tests.matching.pacts import load, post

FIRST = {"description": "first", "request": {"path": "/first"}, "response": {"status": 201}}
LAST = {"description": "last", "request": {"path": "/last"}, "response": {"status": 202}}


def around(request: dict[str, Any], version: str = "V3") -> CompiledPact:
    """A pact of three, of which the middle one is odd."""
    odd = {"description": "odd", "request": {"method": "POST", **request}, "response": {"status": 200}}
    return load(FIRST, odd, LAST, version=version)


def assert_only_the_middle_is_skipped(pact: CompiledPact, pointer: str) -> None:
    assert [item.interaction.description for item in pact.interactions] == ["first", "last"]
    assert [(item.description, item.pointer) for item in pact.skipped] == [("odd", "/interactions/1")]
    assert pact.skipped[0].reason
    assert [(p.severity, p.pointer) for p in pact.problems] == [(Severity.SKIPPED, pointer)]
    assert pact.problems[0].message
    assert pact.problems[0].cure
    index = Index(pact.interactions)
    for path, status in (("/first", 201), ("/last", 202)):
        found = find(index, Request("GET", path))
        assert isinstance(found, Match)
        assert found.interaction.response.status == status
    assert not isinstance(find(index, post('{"a":"x"}')), Match)


# Nowhere in a request.
RULES = [
    {"match": "no-such-rule"},
    {"match": "Type"},
    {"match": "Semver"},
    {"match": "statusCode", "status": "success"},
    {"match": "regex", "regex": "("},
    {"match": "include"},
    {"match": "date", "format": "bbb"},
    {"match": "time", "time": "HH:mm:ss 'Uhr"},
    {"match": "datetime", "format": "yyyy-MM-dd'T'HH:mm[:ss"},
    {"match": "datetime", "format": "MM/dd/yy hh:mm tt"},
    {"match": "date", "format": "y" * 257},
    {"match": "contentType"},
    {"match": "contentType", "value": "png"},
]

# Only for values that have a kind, or for values that have others beside them.
JSON_RULES = [
    {"match": "null"},
    {"match": "eachKey", "rules": [{"match": "type"}]},
    {"match": "ignore-order"},
]
LIST_RULES = [
    {"match": "eachValue", "rules": [{"match": "type"}]},
    {"match": "arrayContains", "variants": []},
]
TEXT = {"headers": {"Content-Type": "text/plain"}, "body": "x"}
XML = {"headers": {"Content-Type": "application/xml"}, "body": "<a>x</a>"}
FORM = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}, "body": "a=x"}
PARTS = {
    "headers": {"Content-Type": "multipart/form-data; boundary=AA"},
    "body": '--AA\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--AA--\r\n',
}

ROOT = "/interactions/1/request/matchingRules"


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_body_rule(rule: dict[str, Any]) -> None:
    """A rule that cannot be applied to a value of the body."""
    pact = around({"body": {"a": "x"}, "matchingRules": {"body": {"$.a": {"matchers": [rule]}}}})
    assert_only_the_middle_is_skipped(pact, f"{ROOT}/body/$.a")


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_flat_body_rule(rule: dict[str, Any]) -> None:
    """The same in the V2 form."""
    pact = around({"body": {"a": "x"}, "matchingRules": {"$.body.a": rule}}, "V2")
    assert_only_the_middle_is_skipped(pact, f"{ROOT}/$.body.a")


@pytest.mark.parametrize("rule", RULES + JSON_RULES + LIST_RULES, ids=str)
def test_a_rule_of_the_path(rule: dict[str, Any]) -> None:
    """A rule that cannot be applied to the path."""
    assert_only_the_middle_is_skipped(around({"matchingRules": {"path": {"matchers": [rule]}}}), f"{ROOT}/path")


@pytest.mark.parametrize("rule", RULES + JSON_RULES, ids=str)
def test_a_rule_of_a_parameter(rule: dict[str, Any]) -> None:
    """A rule that cannot be applied to a query parameter."""
    pact = around({"query": {"a/b": ["1"]}, "matchingRules": {"query": {"a/b": {"matchers": [rule]}}}})
    assert_only_the_middle_is_skipped(pact, f"{ROOT}/query/a~1b")


@pytest.mark.parametrize("rule", RULES + JSON_RULES, ids=str)
def test_a_rule_of_a_header(rule: dict[str, Any]) -> None:
    """A rule that cannot be applied to a header."""
    pact = around({"headers": {"X-A": "1"}, "matchingRules": {"header": {"X-A": {"matchers": [rule]}}}})
    assert_only_the_middle_is_skipped(pact, f"{ROOT}/header/X-A")


@pytest.mark.parametrize("rule", RULES + JSON_RULES + LIST_RULES, ids=str)
def test_a_rule_of_a_text(rule: dict[str, Any]) -> None:
    """A rule that cannot be applied to a text body."""
    pact = around({**TEXT, "matchingRules": {"body": {"$": {"matchers": [rule]}}}})
    assert_only_the_middle_is_skipped(pact, f"{ROOT}/body/$")


@pytest.mark.parametrize("rule", RULES + JSON_RULES + LIST_RULES, ids=str)
@pytest.mark.parametrize("path", ["$.a", "$.a.#text", "$.a[0]"])
def test_a_rule_of_an_element(rule: dict[str, Any], path: str) -> None:
    """A rule that cannot be applied to an XML body: its texts have no kind, its elements are no list."""
    pact = around({**XML, "matchingRules": {"body": {path: {"matchers": [rule]}}}})
    assert_only_the_middle_is_skipped(pact, f"{ROOT}/body/{path}")


@pytest.mark.parametrize("rule", RULES + JSON_RULES, ids=str)
@pytest.mark.parametrize("path", ["$.a", "$"])
def test_a_rule_of_a_form_field(rule: dict[str, Any], path: str) -> None:
    """A rule that cannot be applied to a field of a form."""
    pact = around({**FORM, "matchingRules": {"body": {path: {"matchers": [rule]}}}})
    assert_only_the_middle_is_skipped(pact, f"{ROOT}/body/{path}")


@pytest.mark.parametrize("rule", RULES + JSON_RULES + LIST_RULES, ids=str)
@pytest.mark.parametrize("path", ["$.a", "$"])
def test_a_rule_of_a_part(rule: dict[str, Any], path: str) -> None:
    """A rule that cannot be applied to a field of a multipart body."""
    pact = around({**PARTS, "matchingRules": {"body": {path: {"matchers": [rule]}}}})
    assert_only_the_middle_is_skipped(pact, f"{ROOT}/body/{path}")


NO_RULES = [
    {"match": "eachValue"},
    {"match": "eachValue", "rules": []},
    {"match": "eachValue", "rules": None},
]
OUT_OF_RANGE = [
    {"match": "arrayContains", "variants": [{"index": 2, "rules": {}}]},
    {"match": "arrayContains", "variants": [{"index": 0, "rules": {}}, {"index": 9, "rules": {}}]},
]


@pytest.mark.parametrize("rule", NO_RULES + OUT_OF_RANGE, ids=str)
def test_a_rule_of_a_list_that_says_nothing(rule: dict[str, Any]) -> None:
    """`eachValue` without rules, and a variant of `arrayContains` for an item that is not recorded."""
    pact = around({"body": {"a": [1, "x"]}, "matchingRules": {"body": {"$.a": {"matchers": [rule]}}}})
    assert [item.description for item in pact.skipped] == ["odd"]
    assert [problem.severity for problem in pact.problems] == [Severity.SKIPPED]


@pytest.mark.parametrize("rule", NO_RULES + OUT_OF_RANGE, ids=str)
@pytest.mark.parametrize(
    "request_",
    [
        {"query": {"a": ["1", "2"]}, "matchingRules": {"query": {"a": "rule"}}},
        {"headers": {"X-A": ["1", "2"]}, "matchingRules": {"header": {"X-A": "rule"}}},
        {**FORM, "body": "a=1&a=2", "matchingRules": {"body": {"$.a": "rule"}}},
    ],
    ids=["query", "header", "form"],
)
def test_a_rule_of_several_values_that_says_nothing(request_: dict[str, Any], rule: dict[str, Any]) -> None:
    """The same on the values of a parameter, header or field."""
    ((category, rules),) = request_["matchingRules"].items()
    spelled = {category: {name: {"matchers": [rule]} for name in rules}}
    pact = around({**request_, "matchingRules": spelled})
    assert [item.description for item in pact.skipped] == ["odd"]
    assert [problem.severity for problem in pact.problems] == [Severity.SKIPPED]


NESTED = [
    {"match": "eachKey", "rules": [{"match": "no-such-rule"}]},
    {"match": "eachKey", "rules": [{"match": "eachValue", "rules": [{"match": "type"}]}]},
    {"match": "eachValue", "rules": [{"match": "no-such-rule"}]},
    {"match": "eachValue", "rules": [{"match": "eachValue", "rules": []}]},
    {"match": "eachValue", "rules": [{"match": "eachValue", "rules": [{"match": "statusCode", "status": "info"}]}]},
    {"match": "eachValue", "rules": [{"match": "type"}, {"match": "date", "format": "bbb"}]},
    {"match": "eachValue", "rules": [{"match": "regex", "regex": "("}]},
]


@pytest.mark.parametrize("rule", NESTED, ids=str)
def test_a_rule_within_a_rule(rule: dict[str, Any]) -> None:
    """A rule that cannot be applied takes the interaction away however deeply it stands in another."""
    pact = around({"body": {"a": {"k": "x"}}, "matchingRules": {"body": {"$.a": {"matchers": [rule]}}}})
    assert [item.description for item in pact.skipped] == ["odd"]
    assert [problem.severity for problem in pact.problems] == [Severity.SKIPPED]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_within_a_variant(rule: dict[str, Any]) -> None:
    """So does one within a variant of `arrayContains`."""
    variant = {"index": 0, "rules": {"$.b": {"matchers": [rule]}}}
    rules = {"body": {"$.a": {"matchers": [{"match": "arrayContains", "variants": [variant]}]}}}
    pact = around({"body": {"a": [{"b": "x"}]}, "matchingRules": rules})
    assert [item.description for item in pact.skipped] == ["odd"]
    assert [problem.severity for problem in pact.problems] == [Severity.SKIPPED]


def test_one_bad_rule_among_good_ones() -> None:
    """A single rule that cannot be applied is enough, also inside a list of rules."""
    matchers = [{"match": "type"}, {"match": "no-such-rule"}]
    pact = around({"body": {"a": "x"}, "matchingRules": {"body": {"$.a": {"matchers": matchers}}}})
    assert_only_the_middle_is_skipped(pact, f"{ROOT}/body/$.a")


def test_a_body_that_nests_too_deeply() -> None:
    """A recorded body beyond the depth that is compared takes its own interaction away."""
    body: Any = 1
    for _ in range(131):
        body = [body]
    assert_only_the_middle_is_skipped(around({"body": body}), "/interactions/1/request")


def test_every_reason_is_told() -> None:
    """An interaction with several things unsupported lists them all, and is skipped once."""
    bad = {"matchers": [{"match": "no-such-rule"}]}
    pact = around(
        {
            "query": {"q": ["1"]},
            "headers": {"X-A": "1"},
            "body": {"a": 1},
            "matchingRules": {"path": bad, "query": {"q": bad}, "header": {"X-A": bad}, "body": {"$.a": bad}},
        }
    )
    assert len(pact.skipped) == 1
    assert [problem.pointer for problem in pact.problems] == [
        f"{ROOT}/path",
        f"{ROOT}/query/q",
        f"{ROOT}/header/X-A",
        f"{ROOT}/body/$.a",
    ]


def test_the_response_is_never_a_reason() -> None:
    """Rules of a response, known or not, do not keep its interaction from being served."""
    rules = {"body": {"$.a": {"matchers": [{"match": "no-such-rule"}]}}, "status": {"matchers": [{"match": "x"}]}}
    pact = load({"request": {}, "response": {"status": 200, "body": {"a": 1}, "matchingRules": rules}})
    assert len(pact.interactions) == 1
    assert not pact.skipped


def test_plugins_are_not_run() -> None:
    """An interaction that asks for a plugin is served by its recorded content, with a warning; so is a message."""
    plugin = {"pluginConfiguration": {"protobuf": {"descriptorKey": "1"}}}
    http = {"description": "call", "request": {"path": "/a"}, **plugin}
    event = {"type": "Asynchronous/Messages", "description": "event", "contents": {"content": 1}, **plugin}
    pact = load(http, event, version="V4")
    assert [item.interaction.description for item in pact.interactions] == ["call"]
    assert [item.message.description for item in pact.messages] == ["event"]
    assert [(problem.severity, problem.pointer) for problem in pact.problems] == [
        (Severity.WARNING, "/interactions/0/pluginConfiguration"),
        (Severity.WARNING, "/interactions/1/pluginConfiguration"),
    ]
    assert all("'protobuf' is not run" in problem.message for problem in pact.problems)
    assert isinstance(find(Index(pact.interactions), Request("GET", "/a")), Match)


def test_rules_that_reach_nothing_are_noted() -> None:
    """A rule for what is not recorded, in headers, query or body, has no effect, and is noted at its place."""
    rules = {
        "header": {"X-Typo": {"matchers": [{"match": "type"}]}, "X-A": {"matchers": [{"match": "type"}]}},
        "query": {"tpyo": {"matchers": [{"match": "type"}]}},
        "body": {
            "$.items[*].id": {"matchers": [{"match": "type"}]},
            "$.itmes[*].id": {"matchers": [{"match": "type"}]},
        },
    }
    request = {"method": "POST", "headers": {"X-A": "1"}, "body": {"items": [{"id": 1}]}, "matchingRules": rules}
    notes = load({"request": request}).problems
    where = "/interactions/0/request/matchingRules"
    assert [note.pointer for note in notes] == [
        f"{where}/header/X-Typo",
        f"{where}/query/tpyo",
        f"{where}/body/$.itmes[*].id",
    ]
    assert {note.severity for note in notes} == {Severity.NOTE}


IDLE = [
    (XML, ["$.a", "$.a.#text", "$.*", "$.a[0]"], ["$.b", "$.a.b", "$.a['@id']"]),
    (FORM, ["$", "$.a", "$.a[0]", "$.*"], ["$.b", "$.a.b.c"]),
    (PARTS, ["$", "$.a", "$.*", "$.a['x-h']"], ["$.b", "$.b.c"]),
]


@pytest.mark.parametrize(("recorded", "reaching", "idle"), IDLE, ids=["xml", "form", "multipart"])
def test_rules_of_other_bodies_that_reach_nothing(
    recorded: dict[str, Any], reaching: list[str], idle: list[str]
) -> None:
    """So is a rule for an element, a field or a part that is not recorded."""
    rules = {"body": {path: {"matchers": [{"match": "type"}]} for path in [*reaching, *idle]}}
    problems = load({"request": {"method": "POST", **recorded, "matchingRules": rules}}).problems
    where = "/interactions/0/request/matchingRules/body"
    assert [(problem.severity, problem.pointer) for problem in problems] == [
        (Severity.NOTE, f"{where}/{path}") for path in idle
    ]

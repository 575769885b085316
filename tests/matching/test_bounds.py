"""What loading and deciding may cost, counted in work, whatever a document or request holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
import regex

from matching import Index, NoMatch, find
from matching.bodies import json as json_bodies
from matching.bodies.xml import ElementNode
from matching.parts.values import Each
from matching.patterns import TOTAL_TIME, Pattern, compile_pattern
from tests.matching.pacts import load, only_request, post, rule_lists, with_body


def nested(depth: int, leaf: Any = 1) -> Any:
    """A leaf in that many arrays."""
    for _ in range(depth):
        leaf = [leaf]
    return leaf


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every node that compiling asks for, as it is asked for."""
    asked: list[Any] = []
    compile_node = json_bodies._Compiler.compile

    def counted(compiler: Any, example: Any, scope: Any) -> Any:
        asked.append(example)
        return compile_node(compiler, example, scope)

    monkeypatch.setattr(json_bodies._Compiler, "compile", counted)
    return asked


@pytest.mark.parametrize("rule", [{"match": "type"}, {"match": "type", "min": 1}])
def test_nested_arrays_compile_in_one_pass(nodes: list[Any], rule: dict[str, Any]) -> None:
    """Arrays within arrays under a rule take one node for each level, not two to the power of the depth."""
    request = {"method": "POST", "body": nested(100), "matchingRules": {"body": {"$": {"matchers": [rule]}}}}
    interaction = only_request(request)
    assert len(nodes) == 101
    assert interaction.matches(post(json.dumps(nested(100, 7))))
    assert not interaction.matches(post(json.dumps(nested(100, "7"))))


def test_nested_entries_compile_in_one_pass(nodes: list[Any]) -> None:
    """So do objects within objects under `values`."""
    body: Any = 1
    for _ in range(50):
        body = {"key": body}
    paths = {"$" + ".*" * level: {"matchers": [{"match": "values"}]} for level in range(50)}
    interaction = only_request({"method": "POST", "body": body, "matchingRules": {"body": paths}})
    assert len(nodes) == 51
    assert interaction.matches(post(json.dumps(body).replace("key", "other")))


def test_rules_that_name_indices_on_every_level_are_refused_at_last() -> None:
    """Rules that ask for a node per combination of indices are refused by number, and the rest is served."""
    paths = {
        "$" + "".join("[0]" if other == level else "[*]" for other in range(25)): {"matchers": [{"match": "type"}]}
        for level in range(25)
    }
    rules = {"body": {"$": {"matchers": [{"match": "type"}]}, **paths}}
    pact = load(
        {"request": {"method": "POST", "path": "/x", "body": nested(25), "matchingRules": rules}},
        {"request": {"path": "/y"}},
    )
    assert [interaction.interaction.request.path for interaction in pact.interactions] == ["/y"]
    assert "different checks" in pact.skipped[0].reason


def test_quick_matches_that_backtrack_are_bounded_by_a_clock() -> None:
    """Many matches that are each quick enough are given up once they took too long in all, and that is told."""
    rules = {"$.body[*]": {"match": "regex", "regex": "(?=a)a+"}, "$.body": {"match": "type"}}
    index = Index([only_request({"method": "POST", "body": ["a"], "matchingRules": rules})])
    request = post(json.dumps(["aaa"] * 100))
    assert not isinstance(find(index, request), NoMatch)
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += TOTAL_TIME / 50
        return now

    assert find(index, request, clock=clock) == NoMatch(gave_up=True)


def test_patterns_that_backtrack_are_compiled_when_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request compiles a pattern that RE2 refuses: compiling the rule compiles it, and it is kept there."""
    pattern = compile_pattern("(?=only here)only.*")

    def blow_up(*_: object) -> None:
        raise AssertionError("compiled while a text is matched")

    monkeypatch.setattr(regex, "compile", blow_up)
    assert pattern.matches("only here and now")
    assert not pattern.matches("elsewhere")


def test_codecs_of_requests_are_few() -> None:
    """A request may name a charset of the web; Python's other codecs, some of them slow, are not run for it."""
    interaction = only_request({"method": "POST", "headers": {"Content-Type": "text/plain"}, "body": "é"})
    assert interaction.matches(post("é".encode("latin-1"), "text/plain; charset=ISO-8859-1"))
    assert interaction.matches(post("é".encode("utf-16"), "text/plain; charset=utf-16"))
    assert not interaction.matches(post("é".encode("punycode"), "text/plain; charset=punycode"))


@pytest.mark.parametrize("kind_rules", [{"$.kind": {"match": "regex", "regex": "small"}}, {}], ids=["ruled", "literal"])
def test_a_difference_in_a_scalar_is_found_first(kind_rules: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """No long list is walked when a scalar beside it already differs, whatever their order."""
    walked: list[str] = []
    matches = Pattern.matches
    monkeypatch.setattr(Pattern, "matches", lambda pattern, text: walked.append(text) or matches(pattern, text))
    rules = {"$.items": {"match": "type"}, "$.items[*]": {"match": "regex", "regex": "item"}, **kind_rules}
    recorded = {"items": ["item"], "kind": "small", "more": [1]}
    interaction = only_request({"method": "POST", "body": recorded, "matchingRules": {"body": rule_lists(rules)}})
    assert interaction.matches(post(json.dumps({"items": ["item"] * 10, "kind": "small", "more": [1]})))
    assert "item" in walked
    walked.clear()
    assert not interaction.matches(post(json.dumps({"items": ["item"] * 10, "kind": "large", "more": [1]})))
    assert "item" not in walked


def test_a_difference_in_a_single_field_is_found_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """So in forms: fields that may have any number of values come last."""
    walked: list[Any] = []
    matches = Each.matches

    def counted(each: Each, values: list[str], *, counted: bool = True) -> bool:
        walked.append(values)
        return matches(each, values, counted=counted)

    monkeypatch.setattr(Each, "matches", counted)
    content_type = "application/x-www-form-urlencoded"
    interaction = with_body("a=1&b=2", {"$.a": {"match": "type"}}, content_type)
    assert interaction.matches(post("a=5&a=6&b=2", content_type))
    assert walked
    walked.clear()
    assert not interaction.matches(post("a=5&a=6&b=9", content_type))
    assert walked == []


def test_a_difference_in_a_single_element_is_found_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """So in XML: elements that may come in any number come last."""
    walked: list[str] = []
    matches = ElementNode.matches

    def counted(node: ElementNode, actual: Any, siblings: int = 0) -> bool:
        walked.append(actual.name)
        return matches(node, actual, siblings)

    monkeypatch.setattr(ElementNode, "matches", counted)
    interaction = with_body("<r><a>1</a><n>2</n></r>", {"$.r.a": {"match": "type"}}, "application/xml")
    assert interaction.matches(post("<r><a>5</a><a>6</a><n>2</n></r>", "application/xml"))
    walked.clear()
    assert not interaction.matches(post("<r><a>5</a><a>6</a><n>9</n></r>", "application/xml"))
    assert "a" not in walked

"""The index: which interactions a method and a path lead to, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from matching import ORDERS, CompiledInteraction, Index, Request
from tests.matching.pacts import load


def entry(name: str, path: str, method: str = "GET", rule: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    request: dict[str, Any] = {"method": method, "path": path, **more.pop("request", {})}
    if rule is not None:
        request["matchingRules"] = {"path": {"matchers": [rule]}}
    return {"description": name, "request": request, "response": {"status": more.pop("status", 200)}, **more}


def regex(source: str) -> dict[str, Any]:
    return {"match": "regex", "regex": source}


ROUTES = [
    entry("list", "/users"),
    entry("create", "/users", "POST"),
    entry("one", "/users/1"),
    entry("any", "/users/1", rule=regex(r"/users/\d+")),
    entry("named", "/users/é", rule=regex(r"/users/\w+")),
    entry("not admin", "/users/x", rule=regex(r"/users/(?!admin)[a-zé]+")),
    entry("holds a number", "/n/1", rule={"match": "include", "value": "/n/"}),
    entry("encoded", "/files/a%2Fb"),
    entry("plain", "/files/a/b"),
    entry("blank", "/a b"),
    entry("delete anything", "/", "DELETE", rule={"match": "type"}),
]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(load(*ROUTES).interactions)


def names(buckets: Any) -> set[str]:
    return {candidate.interaction.interaction.description for bucket in buckets for candidate in bucket.candidates}


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/users", {"list"}),
        ("POST", "/users", {"create"}),
        ("PUT", "/users", set()),
        ("get", "/users", set()),
        ("GET", "/users/", set()),
        ("GET", "/users/1", {"one", "any", "named"}),
        ("GET", "/users/42", {"any", "named"}),
        ("GET", "/users/٣", {"any", "named"}),
        ("GET", "/users/%D9%A3", {"any", "named"}),
        ("GET", "/users/zo%C3%A9", {"named", "not admin"}),
        ("GET", "/users/zoé", {"named", "not admin"}),
        ("GET", "/users/admin", {"named"}),
        ("GET", "/users/1/2", set()),
        ("GET", "/x/n/7", {"holds a number"}),
        ("GET", "/files/a%2Fb", {"encoded"}),
        ("GET", "/files/a%2fb", {"encoded"}),
        ("GET", "/files/a/b", {"plain"}),
        ("GET", "/a%20b", {"blank"}),
        ("DELETE", "/what/ever", {"delete anything"}),
        ("DELETE", "", {"delete anything"}),
        ("GET", "", set()),
        ("GET", "/\udcff", set()),
        ("GET", "/%FF%", set()),
    ],
)
def test_candidates(index: Index, method: str, path: str, found: set[str]) -> None:
    """Literal paths and patterns, raw and decoded, lead to their interactions and to no others."""
    request = Request(method, path)
    assert names(index.buckets(request)) == found
    assert found == {
        item.interaction.description
        for item in index.interactions
        if item.method == method and item.path.matches(request)
    }


def test_the_candidates_of_any_method(index: Index) -> None:
    """Interactions of a path can be asked for, whatever method came."""
    assert names(index.buckets_of_any_method(Request("PUT", "/users"))) == {"list", "create", "delete anything"}


def test_an_empty_index() -> None:
    """No interactions, no candidates."""
    index = Index([])
    assert index.buckets(Request("GET", "/")) == []
    assert list(index.buckets_of_any_method(Request("GET", "/"))) == []
    assert index.ranked == ()


def test_interactions_keep_the_order_they_came_in(index: Index) -> None:
    """`interactions` is as loaded, whatever the order of preference."""
    assert [item.interaction.description for item in index.interactions] == [route["description"] for route in ROUTES]


SAME = [
    entry("bare", "/a", status=500),
    entry("a body", "/a", request={"body": {"x": 1}}, status=404),
    entry("a parameter", "/a", request={"query": {"q": ["1"]}}, status=300),
    entry("a header", "/a", request={"headers": {"X": "1"}}, status=200),
    entry("two headers", "/a", request={"headers": {"X": "1", "Y": "1"}}, status=200),
    entry("a pattern", "/a", rule=regex("/.*"), request={"headers": {"X": "1", "Y": "1", "Z": "1"}}, status=200),
    entry("bare again", "/a", status=200),
]


@pytest.mark.parametrize(
    ("order", "ranked"),
    [
        (
            "specific",
            ["two headers", "a header", "a parameter", "a body", "bare", "bare again", "a pattern"],
        ),
        ("file", ["bare", "a body", "a parameter", "a header", "two headers", "a pattern", "bare again"]),
        ("status", ["a header", "two headers", "a pattern", "bare again", "a parameter", "a body", "bare"]),
    ],
)
def test_orders(order: str, ranked: list[str]) -> None:
    """Literal paths go before patterns, then what constrains more; or file order; or the lowest status."""
    index = Index(load(*SAME).interactions, order)
    assert [candidate.interaction.interaction.description for candidate in index.ranked] == ranked
    assert [candidate.rank for candidate in index.ranked] == list(range(len(ranked)))


def test_equality_goes_before_rules() -> None:
    """Of two that constrain the same parts, the one with fewer rules is more specific."""
    rules = {"matchingRules": {"$.body.x": {"match": "type"}}}
    index = Index(
        load(
            entry("ruled", "/a", request={"body": {"x": 1}, **rules}), entry("exact", "/a", request={"body": {"x": 1}})
        ).interactions
    )
    assert index.ranked[0].interaction.interaction.description == "exact"


def test_there_are_three_orders() -> None:
    """The orders can be listed, and another one is refused."""
    assert set(ORDERS) == {"specific", "file", "status"}
    with pytest.raises(KeyError):
        Index([], "random")


def test_candidates_of_a_bucket_stand_by_rank() -> None:
    """Within a bucket the preferred candidate comes first."""
    index = Index(load(*SAME).interactions)
    for bucket in index.buckets(Request("GET", "/a")):
        ranks = [candidate.rank for candidate in bucket.candidates]
        assert ranks == sorted(ranks)


def ids(*entries: dict[str, Any]) -> list[str]:
    return [item.id for item in load(*entries).interactions]


def test_ids_do_not_depend_on_the_place() -> None:
    """An interaction keeps its id when others come, go or move; different interactions differ."""
    first, second = entry("a", "/a"), entry("b", "/a")
    assert ids(first, second) == list(reversed(ids(second, first)))
    assert len({*ids(first, second, entry("a", "/b"), entry("a", "/a", "POST"))}) == 4
    compiled: CompiledInteraction = load(first).interactions[0]
    assert compiled.id == ids(second, first)[1]

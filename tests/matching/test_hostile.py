"""Requests made to hurt: every part of them, under every kind of rule, is decided and explained in bounded time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from matching import CompiledInteraction, Index, NoMatch, Request, find, near_misses
from matching.patterns import SLOW, SLOW_MATCHES, TIME_LIMIT, TOTAL_TIME, Patience, compile_pattern
from matching.select import _EXPLAIN_TIME
from tests.matching.pacts import get, load, only_request, post, rule_lists, with_body

BOUND = 5.0  # seconds: only a guard against hanging

# Patterns that take for ever in an engine that backtracks, and a text for each that they nearly match.
PATTERNS = {
    "nested repeats": ("^(a+)+$", "a" * 5_000 + "!"),
    "nested repeats after a look-ahead": ("(?=a)(a+)+$", "a" * 5_000 + "!"),
    "look-aheads within look-aheads": ("(?=(?=(a+)+b)(a|aa)+)(?!(a|aa)+c)a*", "a" * 5_000 + "!"),
    "alternatives that overlap": ("(?!x)(a|a|aa)*b", "a" * 5_000),
    "a back-reference": (r"(a+)+\1b", "a" * 5_000),
    "many groups": ("(?=.)" + "(.*)" * 12 + "x", "y" * 2_000),
    "a look-behind": ("(?<=(?:a|aa)+)(a+)+b", "a" * 5_000),
    "beyond ASCII": (r"(\w+\b)+é!", "é" * 5_000),
}


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def is_refused_soon(interaction: CompiledInteraction, request: Request) -> None:
    """The request does not match, and finding that out and telling it takes bounded time."""
    index = Index([interaction])
    assert seconds(lambda: find(index, request, clock=time.perf_counter)) < BOUND
    assert isinstance(find(index, request, clock=time.perf_counter), NoMatch)
    assert seconds(lambda: near_misses(index, request, clock=time.perf_counter)) < BOUND


@pytest.mark.parametrize("name", PATTERNS)
def test_one_match_is_given_up(name: str) -> None:
    """One match takes about fifty milliseconds of computing at most, and one that is given up is none."""
    source, text = PATTERNS[name]
    pattern = compile_pattern(source)
    assert not pattern.matches("warm")
    began = time.thread_time()
    assert not pattern.matches(text)
    assert time.thread_time() - began < 3 * (TIME_LIMIT + SLOW)


def test_the_matches_of_a_request_are_given_up_together() -> None:
    """A request's patience ends after a few slow matches: what comes then costs nothing."""
    source, text = PATTERNS["nested repeats after a look-ahead"]
    backtracking = compile_pattern(source)._backtracking
    assert backtracking is not None
    patience = Patience(time.thread_time)
    began = time.thread_time()
    for _ in range(1_000):
        assert not patience.fullmatch(backtracking, text)
    assert patience.is_used_up
    assert time.thread_time() - began < 3 * SLOW_MATCHES * (TIME_LIMIT + SLOW)
    assert not patience.fullmatch(backtracking, "aaa")  # though it would match


def test_the_quick_matches_of_a_request_are_given_up_together() -> None:
    """So does it after many matches that are each quick enough."""
    backtracking = compile_pattern("(?=a)a+")._backtracking
    assert backtracking is not None
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.0005  # each match takes half of what is slow
        return now

    patience = Patience(clock)
    verdicts = [patience.fullmatch(backtracking, "aaa") for _ in range(1_000)]
    assert verdicts[:100] == [True] * 100
    assert verdicts[-1] is False
    assert sum(verdicts) * 0.0005 <= TOTAL_TIME + 0.001


REGEX_PLACES: dict[str, Callable[[str, str], tuple[CompiledInteraction, Request]]] = {
    "json": lambda rule, text: (
        with_body([{"a": "a"}], {"$": {"match": "type"}, "$[*].a": {"match": "regex", "regex": rule}}),
        post(json.dumps([{"a": text}] * 200)),
    ),
    "json keys": lambda rule, text: (
        with_body({"a": 1}, {"$": {"match": "eachKey", "rules": [{"match": "regex", "regex": rule}]}}),
        post(json.dumps({f"{text}{n}!": 1 for n in range(200)})),
    ),
    "json items of a variant": lambda rule, text: (
        with_body(
            ["a"],
            {"$": {"match": "arrayContains", "variants": [{"index": 0, "rules": rule_lists({"$": regex(rule)})}]}},
        ),
        post(json.dumps([text] * 200)),
    ),
    "json without order": lambda rule, text: (
        with_body(["a"] * 30, {"$": {"match": "ignore-order"}, "$[*]": regex(rule)}),
        post(json.dumps([text] * 30)),
    ),
    "query": lambda rule, text: (
        only_request({"query": {"a": ["a"]}, "matchingRules": {"query": rule_lists({"a": regex(rule)})}}),
        get("/?" + "&".join([f"a={text}"] * 200)),
    ),
    "query values": lambda rule, text: (
        only_request(
            {
                "query": {"a": ["a"]},
                "matchingRules": {"query": rule_lists({"a": {"match": "eachValue", "rules": [regex(rule)]}})},
            }
        ),
        get("/?" + "&".join([f"a={text}"] * 200)),
    ),
    "header": lambda rule, text: (
        only_request({"headers": {"X-A": "a"}, "matchingRules": {"header": rule_lists({"X-A": regex(rule)})}}),
        get("/", *[("X-A", text)] * 200),
    ),
    "path": lambda rule, text: (
        only_request({"path": "a", "matchingRules": {"path": {"matchers": [regex(rule)]}}}),
        Request("GET", text),
    ),
    "text": lambda rule, text: (with_body("a", {"$": regex(rule)}, "text/plain"), post(text, "text/plain")),
    "bytes": lambda rule, text: (with_body("YQ==", {"$": regex(rule)}, "image/png"), post(text, "image/png")),
    "alternatives": lambda rule, text: (
        with_body(["a"], {"$": {"combine": "OR", "matchers": [regex(rule), regex(f"(?:{rule})x"), {"match": "null"}]}}),
        post(json.dumps([text] * 200)),
    ),
}


def regex(source: str) -> dict[str, Any]:
    return {"match": "regex", "regex": source}


EVERYWHERE = [
    "nested repeats",
    "nested repeats after a look-ahead",
    "look-aheads within look-aheads",
    "a back-reference",
]


@pytest.mark.parametrize("place", REGEX_PLACES)
@pytest.mark.parametrize("name", EVERYWHERE)
def test_hostile_patterns(place: str, name: str) -> None:
    """Patterns that would run for ages are given up soon, wherever they stand and however many values they are for."""
    source, text = PATTERNS[name]
    is_refused_soon(*REGEX_PLACES[place](source, text))


def test_hostile_patterns_of_many_interactions() -> None:
    """A request's patience is for all interactions together."""
    source, text = PATTERNS["nested repeats after a look-ahead"]
    rules = {"body": rule_lists({"$.a": regex(source)})}
    entries = [
        {"description": str(n), "request": {"method": "POST", "body": {"a": "a", "n": n}, "matchingRules": rules}}
        for n in range(100)
    ]
    index = Index(load(*entries).interactions)
    request = post(json.dumps({"a": text, "n": 1}))
    assert find(index, request, clock=time.perf_counter) == NoMatch(gave_up=True)
    assert seconds(lambda: find(index, request, clock=time.perf_counter)) < BOUND
    assert seconds(lambda: near_misses(index, request, clock=time.perf_counter)) < BOUND


MANY = 100_000
LONG = 3_000_000
A_DATE = {"match": "datetime", "format": "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]"}

HEADS: dict[str, tuple[dict[str, Any], Request]] = {
    "many parameters": ({"query": {"a": ["1"]}}, get("/?" + "&".join(f"p{n}={n}" for n in range(MANY)))),
    "many values": (
        {"query": {"a": ["1"]}, "matchingRules": {"query": rule_lists({"a": {"match": "integer"}})}},
        get("/?" + "&".join(["a=x"] * MANY)),
    ),
    "many values of which some are wanted": (
        {"query": {"a": ["1", "2"]}, "matchingRules": {"query": rule_lists({"a": {"match": "arrayContains"}})}},
        get("/?" + "&".join(["a=x"] * MANY)),
    ),
    "a long query": ({"query": {"a": ["1"]}}, get("/?a=" + "%41" * 500_000)),
    "only separators": ({"query": {"a": ["1"]}}, get("/?" + "&" * LONG)),
    "a long date in the query": (
        {"query": {"a": ["2000-01-01T00:00:00"]}, "matchingRules": {"query": rule_lists({"a": A_DATE})}},
        get("/?a=2024-01-01T00:00:00." + "1" * 1_000_000),
    ),
    "a long date in a header": (
        {"headers": {"X-A": "2000-01-01T00:00:00"}, "matchingRules": {"header": rule_lists({"X-A": A_DATE})}},
        get("/", ("X-A", "2024-01-01T00:00:00" * 50_000)),
    ),
    "many headers": ({"headers": {"X-A": "1"}}, get("/", *((f"X-{n}", "1") for n in range(MANY)))),
    "one header many times": ({"headers": {"X-A": ["1", "2"]}}, get("/", *[("X-A", "1")] * MANY)),
    "one header many times under a rule": (
        {"headers": {"X-A": "1"}, "matchingRules": {"header": rule_lists({"X-A": {"match": "integer"}})}},
        get("/", *[("X-A", "x")] * MANY),
    ),
    "a gigantic header": ({"headers": {"X-A": "1"}}, get("/", ("X-A", "x" * LONG))),
    "many media ranges": ({"headers": {"Accept": "a/b, c/d"}}, get("/", ("Accept", "a/b;q=1," * MANY))),
    "many parameters of a type": (
        {"headers": {"Content-Type": "a/b; c=d"}},
        get("/", ("Content-Type", "a/b" + "; x=y" * MANY)),
    ),
    "many commas": ({"headers": {"X-A": ["1", "2"]}}, get("/", ("X-A", "," * LONG))),
    "a long path": ({"path": "/a"}, get("/" + "a/" * 500_000)),
    "a long path of escapes": ({"path": "/a"}, get("/" + "%2F" * 500_000)),
    "a long path under a rule": (
        {"path": "/a", "matchingRules": {"path": {"matchers": [regex("/a(/a)*")]}}},
        get("/a" * 500_000 + "!"),
    ),
    "a path of a provider state": (
        {"path": "/a/1/b", "generators": {"path": {"type": "ProviderState", "expression": "/a/${id}/${x}/b"}}},
        get("/a/" + "x" * LONG),
    ),
}


@pytest.mark.parametrize("name", HEADS)
def test_hostile_heads(name: str) -> None:
    """Lines, parameters and headers of any number and length are decided and explained in bounded time."""
    recorded, request = HEADS[name]
    is_refused_soon(only_request(recorded), request)


RULED = {"$": {"match": "type"}, "$.a[*].b": [{"match": "integer"}, regex("(?=.).*")]}

BODIES: dict[str, tuple[Any, dict[str, Any], bytes]] = {
    "deep lists": ({"a": [1]}, RULED, b"[" * 500_000),
    "deep lists that end": ({"a": [1]}, RULED, b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"),
    "deep objects": ({"a": [1]}, RULED, b'{"a":' * 900 + b"1" + b"}" * 900),
    "many keys": ({"a": [1]}, RULED, json.dumps({f"k{n}": n for n in range(MANY)}).encode()),
    "many items": ({"a": [{"b": 1}]}, RULED, json.dumps({"a": [{"b": "x"}] * MANY}).encode()),
    "many items without rules": ([1, 2], {}, json.dumps([1] * 1_000_000).encode()),
    "a long number": ({"a": 1}, {"$.a": {"match": "integer"}}, b'{"a":' + b"9" * LONG + b"}"),
    "long numbers": ([1], {"$": regex("x")}, b"[" + b",".join([b"9" * 4000] * 200) + b"]"),
    "a long text": ({"a": "x"}, {"$.a": regex("x+")}, b'{"a":"' + b"y" * LONG + b'"}'),
    "a long date": ({"a": "2000"}, {"$.a": {"match": "datetime"}}, b'{"a":"' + b"2024-" * 200_000 + b'"}'),
    "equal keys": ({"a": 1}, {}, b"{" + b",".join([b'"a":2'] * MANY) + b"}"),
    "no JSON": ({"a": 1}, {}, b"\xff" * LONG),
}


@pytest.mark.parametrize("name", BODIES)
def test_hostile_json(name: str) -> None:
    """JSON of any size and depth is decided and explained in bounded time."""
    recorded, rules, content = BODIES[name]
    is_refused_soon(with_body(recorded, rules), post(content))


@pytest.mark.parametrize("name", BODIES)
def test_explanations_stay_short(name: str) -> None:
    """Whatever came, a report of it can be sent."""
    recorded, rules, content = BODIES[name]
    for miss in near_misses(Index([with_body(recorded, rules)]), post(content), clock=time.perf_counter):
        assert len(json.dumps([mismatch.as_json() for mismatch in miss.mismatches])) < 100_000


COMPUTING = 1.5  # seconds of computing that one request may cost at most


def computing(action: Callable[[], object]) -> float:
    began = time.thread_time()
    action()
    return time.thread_time() - began


def test_many_interactions_and_a_large_body() -> None:
    """Telling why a large body matched none of many interactions costs little more than for one of them."""
    entries = [
        {
            "description": str(n),
            "request": {
                "method": "POST",
                "headers": {"Content-Type": "application/json", "X-N": str(n)},
                "body": [1],
                "matchingRules": {"body": rule_lists({"$": {"match": "type"}})},
            },
        }
        for n in range(50)
    ]
    request = post(json.dumps([2] * 150_000))
    assert isinstance(find(Index(load(*entries).interactions), request), NoMatch)
    one = computing(lambda: near_misses(Index(load(entries[0]).interactions), request, clock=time.thread_time))
    many = Index(load(*entries).interactions)
    assert computing(lambda: near_misses(many, request, clock=time.thread_time)) < max(10 * one, _EXPLAIN_TIME) + 0.1


def test_large_items_without_order() -> None:
    """What it costs to look for items in a list is bounded by what is in them, not by how many they are."""
    size = 15
    variants = [
        {
            "index": n,
            "rules": rule_lists({"$[*]": {"match": "integer"}, "$[300]": {"match": "regex", "regex": f"{n}x"}}),
        }
        for n in range(size)
    ]
    recorded = [[*([1] * 300), str(n)] for n in range(size)]
    index = Index([with_body(recorded, {"$": {"match": "arrayContains", "variants": variants}})])
    nearly = [[*([2] * 300), "z"]] * 6_000
    request = post(json.dumps(nearly + [[*([2] * 300), f"{n}x"] for n in range(size - 1)]))
    assert computing(lambda: find(index, request, clock=time.thread_time)) < COMPUTING


def ticking(seconds_each: float) -> Callable[[], float]:
    """A clock that goes forward each time that it is read."""
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += seconds_each
        return now

    return clock


def test_bodies_are_no_longer_explained_when_time_is_up() -> None:
    """Then only as many are told as were asked for, those nearest by all that comes before the body, with theirs."""
    entries = [
        {"description": str(n), "request": {"method": "POST", "headers": {"X-A": "1"}, "body": {"a": n}}}
        for n in range(20)
    ]
    near = {"description": "near", "request": {"method": "POST", "body": {"a": 99}}}
    index = Index(load(*entries, near).interactions)
    request = post('{"a":-1}')
    for clock in (None, ticking(0.0), ticking(1.0)):
        found = near_misses(index, request, limit=3, clock=clock)
        assert len(found) == 3
        assert found[0].interaction.interaction.description == "near"
        assert [mismatch.path for mismatch in found[0].mismatches] == ["$.a"]
        assert [[mismatch.path for mismatch in miss.mismatches] for miss in found[1:]] == [["X-A", "$.a"]] * 2
        assert not any(miss.more for miss in found)


@pytest.mark.parametrize("name", ["ignore-order", "arrayContains"])
def test_lists_without_order_are_given_up_when_time_is_up(name: str) -> None:
    """A list that would match is given up when looking for its items takes too long, and that is told."""
    index = Index([with_body([*range(200)], {"$": {"match": name}})])
    request = post(json.dumps([*range(200)][::-1]))
    assert not isinstance(find(index, request, clock=ticking(0.0)), NoMatch)
    assert find(index, request, clock=ticking(1.0)) == NoMatch(gave_up=True)

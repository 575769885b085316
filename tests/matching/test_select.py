"""Choosing the answer: exact matches by preference, provider states, lenience, and near misses."""

from __future__ import annotations

from typing import Any

import pytest

from matching import Index, Match, NearMiss, NoMatch, Part, PatternError, Request, StateSelector, find, near_misses
from matching.select import COMPARED_INTERACTIONS, MISMATCHES_PER_INTERACTION
from tests.matching.pacts import get, load, post


def entry(name: str, request: dict[str, Any] | None = None, status: int = 200, *states: str) -> dict[str, Any]:
    return {
        "description": name,
        "providerStates": [{"name": state} for state in states],
        "request": {"path": "/", **(request or {})},
        "response": {"status": status},
    }


def build(*entries: dict[str, Any], order: str = "specific") -> Index:
    pact = load(*entries)
    assert not pact.skipped, pact.skipped
    return Index(pact.interactions, order)


def chosen(found: Match | NoMatch) -> str | None:
    return found.interaction.interaction.description if isinstance(found, Match) else None


def select(index: Index, request: Request, state: str | None = None, **options: Any) -> str | None:
    """The description of the interaction that answers."""
    selector = StateSelector(state, stateless=options.pop("stateless", True)) if state is not None else None
    return chosen(find(index, request, selector, **options))


# Preference

OVERLAPPING = [
    entry("anything", {"matchingRules": {"path": {"matchers": [{"match": "type"}]}}}, 200),
    entry("bare", None, 404),
    entry("with header", {"headers": {"X-A": "1"}}, 500),
    entry("with header again", {"headers": {"X-A": "1"}}, 201),
]


@pytest.mark.parametrize(
    ("order", "with_header", "without"),
    [("specific", "with header", "bare"), ("file", "anything", "anything"), ("status", "anything", "anything")],
)
def test_the_preferred_of_several_matches(order: str, with_header: str, without: str) -> None:
    """Several match: the most specific answers, or the first in the file, or the one of the lowest status."""
    index = build(*OVERLAPPING, order=order)
    assert select(index, get("/", ("X-A", "1"))) == with_header
    assert select(index, get("/")) == without


def test_the_lowest_status() -> None:
    """By status, the file order settles what is left."""
    index = build(entry("a", None, 500), entry("b", None, 201), entry("c", None, 201), order="status")
    assert select(index, get("/")) == "b"


def test_preference_never_beats_a_mismatch() -> None:
    """A more specific interaction that does not match leaves the answer to one that does."""
    assert select(build(*OVERLAPPING), get("/", ("X-A", "2"))) == "bare"


def test_repeated_requests_have_one_answer() -> None:
    """The same interaction recorded twice with different answers: the first, every time."""
    index = build(entry("first", None, 200), entry("second", None, 200))
    assert {select(index, get("/")) for _ in range(3)} == {"first"}


@pytest.mark.parametrize("request_", [get("/b"), Request("POST", "/"), get("/?a=1")])
def test_no_match(request_: Request) -> None:
    """Another path, method or an unexpected parameter: nobody answers, and nothing is raised."""
    assert isinstance(find(build(entry("bare")), request_), NoMatch)


# Provider states

STATES = [
    entry("stateless", {"headers": {"X-A": "1"}}),
    entry("user", None, 200, "a user exists", "logged in"),
    entry("none", None, 404, "no user"),
]


def test_without_a_selector_states_say_nothing() -> None:
    """No state asked for: all may answer, by preference."""
    assert select(build(*STATES), get("/", ("X-A", "1"))) == "stateless"
    assert select(build(*STATES), get("/")) == "user"


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        ("a user exists", "user"),
        ("no user", "none"),
        ("logged", "user"),
        ("^no", "none"),
        ("(?i)LOGGED IN$", "user"),
        ("user", "user"),
        ("user$", "none"),
        ("nobody", "stateless"),
    ],
)
def test_a_wanted_state_is_preferred(state: str, answer: str) -> None:
    """The pattern is searched in any state name; in a wanted state goes before the more specific without states."""
    assert select(build(*STATES), get("/", ("X-A", "1")), state) == answer


def test_stateless_interactions_can_be_left_out() -> None:
    """When only wanted states count, one without states does not answer."""
    assert select(build(*STATES), get("/", ("X-A", "1")), "nobody", stateless=False) is None
    assert select(build(*STATES), get("/", ("X-A", "1")), "logged", stateless=False) == "user"


def test_another_state_is_hidden() -> None:
    """An interaction in a state that was not asked for never answers."""
    assert select(build(*STATES[1:]), get("/"), "nobody") is None
    assert select(build(*STATES[1:]), get("/"), "nobody", lenient=True) is None


def test_a_state_does_not_make_a_match() -> None:
    """A wanted state whose request does not match falls back to one without states."""
    index = build(entry("wanted", {"headers": {"X-A": "1"}}, 200, "s"), entry("stateless"))
    assert select(index, get("/"), "s") == "stateless"


@pytest.mark.parametrize("state", ["(", "(?=a)", "x" * 2000])
def test_a_broken_state_pattern(state: str) -> None:
    """It is refused before anything is looked for."""
    with pytest.raises(PatternError):
        StateSelector(state)


# Lenience: what the Rust stub server overlooks

LENIENT_CASES: list[tuple[str, dict[str, Any], Request, bool]] = [
    ("a header is missing", {"headers": {"X-A": "1"}}, get("/"), True),
    ("a header differs", {"headers": {"X-A": "1"}}, get("/", ("X-A", "2")), True),
    ("the query differs", {"query": {"a": ["1"]}}, get("/?a=2"), False),
    ("a parameter is unexpected", {}, get("/?a=2"), False),
    ("the path differs", {"path": "/a"}, get("/"), False),
    ("the method differs", {"method": "PUT"}, get("/"), False),
    ("the body differs", {"method": "POST", "body": {"a": 1}}, post('{"a":2}'), False),
    ("the body of a PUT differs", {"method": "PUT", "body": "a"}, Request("PUT", "/", body=b"b"), False),
    ("the body of a PATCH differs", {"method": "PATCH", "body": "a"}, Request("PATCH", "/", body=b"b"), False),
    ("the body of a DELETE differs", {"method": "DELETE", "body": "a"}, Request("DELETE", "/", body=b"b"), True),
    ("the body of a GET differs", {"method": "GET", "body": "a"}, Request("GET", "/", body=b"b"), True),
    ("the body did not come", {"method": "POST", "body": {"a": 1}}, Request("POST", "/"), True),
    ("the type of the body differs", {"method": "POST", "body": {"a": 1}}, post('{"a":1}', "text/plain"), True),
    ("type and body differ", {"method": "POST", "body": {"a": 1}}, post('{"a":2}', "text/plain"), False),
    ("a body came where null is recorded", {"method": "POST", "body": None}, post('{"a":2}'), False),
    ("a body came where an empty one is recorded", {"method": "POST", "body": ""}, post('{"a":2}'), False),
]


@pytest.mark.parametrize(("case", "recorded", "actual", "answered"), LENIENT_CASES, ids=[c[0] for c in LENIENT_CASES])
def test_lenience(case: str, recorded: dict[str, Any], actual: Request, answered: bool) -> None:
    """Headers, body types and bodies that did not come are overlooked, path, method, query and other bodies are not."""
    index = build(entry(case, recorded))
    assert find(index, actual) == NoMatch()
    found = find(index, actual, lenient=True)
    assert chosen(found) == (case if answered else None)
    assert not isinstance(found, Match) or found.lenient


def test_lenience_looks_behind_many_mismatches() -> None:
    """A body that differs excludes, however many headers are overlooked before it."""
    headers = {f"X-{number}": "1" for number in range(MISMATCHES_PER_INTERACTION + 5)}
    index = build(entry("strict", {"method": "POST", "headers": headers, "body": {"a": 1}}))
    assert select(index, post('{"a":2}'), lenient=True) is None
    assert select(index, post('{"a":1}'), lenient=True) == "strict"


def test_lenience_prefers_a_full_match() -> None:
    """A full match answers and is not called lenient."""
    found = find(build(entry("header", {"headers": {"X-A": "1"}}), entry("bare")), get("/"), lenient=True)
    assert isinstance(found, Match)
    assert (chosen(found), found.lenient) == ("bare", False)


def test_lenience_takes_the_fewest_mismatches() -> None:
    """Of several that are overlooked the nearest answers, then the preferred."""
    index = build(
        entry("three", {"headers": {"X-A": "1", "X-B": "1", "X-C": "1"}}),
        entry("one", {"headers": {"X-D": "1"}}),
        entry("another", {"headers": {"X-E": "1"}}),
    )
    assert select(index, get("/"), lenient=True) == "one"
    assert select(index, get("/", ("X-E", "1"), ("X-A", "1")), lenient=True) == "another"


# Near misses


def missed(near: list[NearMiss]) -> list[str]:
    return [miss.interaction.interaction.description for miss in near]


def test_near_misses_by_mismatches() -> None:
    """The interaction with the fewest mismatches comes first; equal ones stand in the order of preference."""
    index = build(
        entry("two", {"headers": {"X-A": "1", "X-B": "2"}}),
        entry("one", {"headers": {"X-A": "1"}}),
        entry("also one", {"headers": {"X-B": "2"}}),
    )
    near = near_misses(index, get("/"))
    assert missed(near) == ["one", "also one", "two"]
    assert [len(miss.mismatches) for miss in near] == [1, 1, 2]
    assert near[0].mismatches[0].part is Part.HEADER
    assert not near[0].more


def test_near_misses_of_another_method() -> None:
    """No interaction of the method: those of the path under another method are told."""
    index = build(entry("post", {"method": "POST"}), entry("elsewhere", {"path": "/x"}))
    near = near_misses(index, get("/"))
    assert missed(near) == ["post"]
    assert [mismatch.part for mismatch in near[0].mismatches] == [Part.METHOD]


def test_near_misses_of_another_path() -> None:
    """No interaction of the path: the ten whose paths share most segments with it, fewest mismatches first."""
    index = build(
        *(entry(f"far {n}", {"path": f"/users/{n}/x/y"}) for n in range(30)),
        entry("near but another query", {"path": "/users/1/posts/2", "query": "a=1"}),
        entry("near", {"path": "/users/1/posts/2"}),
    )
    near = near_misses(index, get("/users/1/posts/3"), limit=100)
    assert len(near) <= 10
    assert {"near", "near but another query"} < set(missed(near))
    assert missed(near).index("near") < missed(near).index("near but another query")
    assert near[0].mismatches[0].part is Part.PATH


def test_near_misses_of_another_state() -> None:
    """An interaction that only its state keeps away is told with the state."""
    index = build(entry("other", None, 200, "no user"))
    near = near_misses(index, get("/"), StateSelector("a user"))
    assert [mismatch.part for mismatch in near[0].mismatches] == [Part.STATE]


def test_near_misses_of_nothing() -> None:
    """Without interactions there is nothing near."""
    assert near_misses(build(), get("/")) == []


@pytest.mark.parametrize("limit", [0, 1, 5, 100])
def test_near_misses_are_bounded(limit: int) -> None:
    """However many interactions there are, so many are told and no more are compared than the bound."""
    index = build(*(entry(str(n), {"headers": {"X-A": str(n)}}) for n in range(COMPARED_INTERACTIONS * 2)))
    near = near_misses(index, get("/"), limit=limit)
    assert len(near) == min(limit, COMPARED_INTERACTIONS)


def test_mismatches_are_bounded() -> None:
    """Of a document that differs everywhere the first mismatches are told, and that there are more."""
    index = build(entry("big", {"method": "POST", "body": list(range(1000))}))
    content = ",".join(["-1"] * 1000)
    (near,) = near_misses(index, post(f"[{content}]"))
    assert len(near.mismatches) == MISMATCHES_PER_INTERACTION
    assert near.more
    exactly = build(entry("list", {"method": "POST", "body": list(range(MISMATCHES_PER_INTERACTION))}))
    content = ",".join(["-1"] * MISMATCHES_PER_INTERACTION)
    (near,) = near_misses(exactly, post(f"[{content}]"))
    assert (len(near.mismatches), near.more) == (MISMATCHES_PER_INTERACTION, False)


def test_reports_are_short() -> None:
    """A mismatch of huge values is told in few words."""
    index = build(entry("long", {"method": "POST", "body": {"a": "x" * 100_000, "b": list(range(10_000))}}))
    for miss in near_misses(index, post('{"a":"' + "y" * 100_000 + '","b":{"c":' + "[" * 900 + "]" * 900 + "}}")):
        for mismatch in miss.mismatches:
            assert len(mismatch.message) < 2_000
            assert len(repr(mismatch.as_json())) < 4_000


@pytest.mark.parametrize("path", ["/prodcts", "/product", "/Products/", "/api/v1/ordres", "/api/v2/orders"])
def test_a_misspelt_path_finds_the_one_that_was_meant(path: str) -> None:
    """A path that nobody records, but for a slip in one segment, is told the interaction that was meant."""
    pact = load(
        *({"description": name, "request": {"path": name}} for name in ("/products", "/api/v1/orders", "/health"))
    )
    nearest = near_misses(Index(pact.interactions), Request("GET", path))
    meant = "/products" if "rod" in path else "/api/v1/orders"
    assert next(near.interaction.interaction.description for near in nearest) == meant

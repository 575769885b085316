"""Crowded paths: a sieve never changes which interaction answers, only how many are compared."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import CompiledInteraction, Index, Match, NoMatch, Request, StateSelector, example_request, find
from matching.sieve import Sieve, build_sieve
from tests.matching.pacts import load
from tests.matching.test_laws import LAW, encoded

CROWDS = settings(LAW, max_examples=150)
FORM = "application/x-www-form-urlencoded"

# A crowd: interactions on one method and path that differ in what they record.

VALUES = st.sampled_from(["1", "2", "3", "", "a b", "é"])
RULE = st.sampled_from([{"match": "type"}, {"match": "regex", "regex": "[12]*"}])
NAMED = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.lists(VALUES, min_size=1, max_size=2), max_size=3)
HEADERS = st.dictionaries(
    st.sampled_from(["X-Token", "X-Tenant", "Accept", "Vary", "X-List"]),
    st.sampled_from(["1", "2", "1, 2", "1,2", "a/b", "a/b;q=1", " 1 ", ""]),
    max_size=3,
)
SCALARS: st.SearchStrategy[Any] = st.sampled_from([1, 2, 1.0, True, False, 0, "1", "x", None])
JSON = st.recursive(
    SCALARS,
    lambda inner: st.dictionaries(st.sampled_from(["k", "l", "m"]), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=6,
)
PLACES = st.sampled_from(["$", "$.k", "$.l", "$.k.k", "$.k.l", "$.m", "$.*", "$.k[0]"])


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """The parts of a recorded request that make its body."""
    rules = draw(st.just({}) | st.dictionaries(PLACES, RULE, max_size=2))
    kind = draw(st.sampled_from(["json", "json", "json", "form", "form", "none", "none", "text", "null"]))
    if kind == "form":
        content = urlencode(draw(NAMED), doseq=True)
        rules = {place: rule for place, rule in rules.items() if place == "$"} if draw(st.booleans()) else {}
        return {"body": {"content": content, "contentType": FORM}, "rules": rules}
    if kind == "text":
        return {"body": {"content": draw(VALUES), "contentType": "text/plain"}, "rules": {}}
    if kind in ("none", "null"):
        return {"rules": {}} if kind == "none" else {"body": None, "rules": {}}
    return {"body": {"content": draw(JSON), "contentType": "application/json"}, "rules": rules}


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """An interaction on the one path."""
    query, headers, body = draw(NAMED), draw(HEADERS), draw(bodies())
    rules: dict[str, Any] = {"body": {place: {"matchers": [rule]} for place, rule in body.pop("rules").items()}}
    for part, names in (("query", query), ("header", headers)):
        ruled = draw(st.sets(st.sampled_from(sorted(names)), max_size=1)) if names else ()
        rules[part] = {name: {"matchers": [draw(RULE)]} for name in ruled}
    request = {"method": "POST", "path": "/crowd", "query": query, "headers": headers, "matchingRules": rules, **body}
    state = draw(st.sampled_from([[], [], [{"name": "one"}], [{"name": "two"}]]))
    return {"description": "one of many", "providerStates": state, "request": request}


@st.composite
def requests(draw: st.DrawFn, crowd: Sequence[CompiledInteraction]) -> Request:
    """What a recorded request is like, or nearly."""
    like = example_request(draw(st.sampled_from(crowd)).interaction.request)
    query, lines, body = like.query, list(like.header_lines), like.body
    change = draw(st.integers(0, 7))
    if change == 1:
        query = urlencode(draw(NAMED), doseq=True)
    if change == 2:
        query += draw(st.sampled_from(["&", "&a", "&a=", "&d=1", "&a=1"]))
        query = query.replace("=&", "&")
    if change == 3:
        lines = draw(st.permutations(lines))[1:]
    if change == 4:
        lines += list(draw(HEADERS).items())
    if change == 5:
        body = encoded(draw(JSON))
    if change == 6:
        body = draw(st.sampled_from([b"", b"null", b"{", b"a=1&b=2", b'{"k":1,"l":2}', b'{"k":{"k":1}}', b"\xff"]))
    if change == 7:
        lines = [line for line in lines if line[0].lower() != "content-type"]
        lines += draw(st.sampled_from([[], [("Content-Type", FORM)], [("Content-Type", "application/json")]]))
    return Request("POST", "/crowd", query, lines, body)


def plain_find(index: Index, request: Request, state: StateSelector | None) -> CompiledInteraction | None:
    """What answers when every candidate is asked: the first that is in a wanted state, else the first without any."""
    accepting = [item.interaction for item in index.ranked if item.interaction.matches(request)]
    if state is None:
        return next(iter(accepting), None)
    wanted = [interaction for interaction in accepting if state.wants(interaction)]
    return next(iter(wanted + [item for item in accepting if state.admits_stateless(item)]), None)


@CROWDS
@given(st.data(), st.lists(entries(), min_size=5, max_size=14), st.sampled_from(["specific", "file"]))
def test_a_sieve_changes_no_decision(data: st.DataObject, crowd: list[dict[str, Any]], order: str) -> None:
    """The interaction that answers is the one that a look at all of them would find, with and without a state."""
    index = Index(load(*crowd, version="V4").interactions, order)
    if not index.interactions:
        return
    for _ in range(8):
        request = data.draw(requests(index.interactions))
        for state in (None, StateSelector("one"), StateSelector("two", stateless=False)):
            found = find(index, request, state)
            expected = plain_find(index, request, state)
            assert (found.interaction if isinstance(found, Match) else None) is expected


@CROWDS
@given(st.data(), st.lists(entries(), min_size=5, max_size=14))
def test_a_sieve_drops_none_that_accepts(data: st.DataObject, crowd: list[dict[str, Any]]) -> None:
    """What is let through holds all candidates that accept the request, in their order."""
    index = Index(load(*crowd, version="V4").interactions)
    if not index.interactions:
        return
    for _ in range(8):
        request = data.draw(requests(index.interactions))
        for bucket in index.buckets(request):
            passed = list(bucket.promising(request))
            assert [candidate.rank for candidate in passed] == sorted(candidate.rank for candidate in passed)
            assert {c for c in bucket.candidates if c.interaction.accepts(request)} <= set(passed)


# A thousand of them

MANY = 1000
HANDFUL = 5  # of comparisons


def entry(number: int, response: int = 200, **request: Any) -> dict[str, Any]:
    return {
        "description": f"number {number}",
        "request": {"method": "POST", "path": "/crowd", **request},
        "response": {"status": response},
    }


def json_body(content: Any, *typed: str) -> dict[str, Any]:
    """A recorded JSON body with values under `type` at these places."""
    rules = {"body": {place: {"matchers": [{"match": "type"}]} for place in typed}}
    return {"headers": {"Content-Type": "application/json"}, "body": content, "matchingRules": rules}


def sent_json(content: Any) -> Request:
    return Request("POST", "/crowd", "", [("Content-Type", "application/json")], json.dumps(content).encode())


def form_body(**fields: int) -> dict[str, Any]:
    return {"headers": {"Content-Type": FORM}, "body": urlencode(fields)}


def graphql(number: int) -> dict[str, Any]:
    """One of ten operations with one of a hundred variables."""
    return {"query": f"query Q{number // 100} {{ a }}", "variables": {"id": number % 100, "size": 10}}


Crowd = tuple[Callable[[int], dict[str, Any]], Callable[[int], Request]]
CROWD_OF: dict[str, Crowd] = {
    "a query parameter": (
        lambda n: entry(n, query={"id": [str(n)]}),
        lambda n: Request("POST", "/crowd", f"id={n}"),
    ),
    "three query parameters": (
        lambda n: entry(n, query={"a": [str(n % 10)], "b": [str(n // 10 % 10)], "c": [str(n // 100)]}),
        lambda n: Request("POST", "/crowd", f"a={n % 10}&b={n // 10 % 10}&c={n // 100}"),
    ),
    "a parameter that half of them have": (
        lambda n: entry(n, query={"id": [str(n // 2)], **({"page": ["2"]} if n % 2 else {})}),
        lambda n: Request("POST", "/crowd", f"id={n // 2}{'&page=2' if n % 2 else ''}"),
    ),
    "a header": (
        lambda n: entry(n, headers={"Authorization": f"Bearer {n}"}),
        lambda n: Request("POST", "/crowd", "", [("Authorization", f"Bearer {n}")]),
    ),
    "GraphQL": (
        lambda n: entry(n, **json_body(graphql(n), "$.variables.size")),
        lambda n: sent_json(graphql(n)),
    ),
    "a deep value": (
        lambda n: entry(n, **json_body({"filter": {"by": {"id": n}}, "page": 1}, "$.page")),
        lambda n: sent_json({"filter": {"by": {"id": n}}, "page": 7}),
    ),
    "a body without rules": (
        lambda n: entry(n, **json_body({"ids": [n], "name": f"name {n}"})),
        lambda n: sent_json({"ids": [n], "name": f"name {n}"}),
    ),
    "a form": (
        lambda n: entry(n, **form_body(id=n, page=1)),
        lambda n: Request("POST", "/crowd", "", [("Content-Type", FORM)], urlencode({"page": 1, "id": n}).encode()),
    ),
}


# Each of these records one value of two, and knows nothing of the other.
MIXED: dict[str, Crowd] = {
    "one header of two": (
        lambda n: entry(n, headers={"X-A" if n % 2 else "X-B": str(n)}),
        lambda n: Request("POST", "/crowd", "", [("X-A" if n % 2 else "X-B", str(n))]),
    ),
    "one member of two": (
        lambda n: entry(n, **json_body({"a" if n % 2 else "b": n, "page": 1}, "$.page")),
        lambda n: sent_json({"a" if n % 2 else "b": n, "page": 7}),
    ),
}


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[CompiledInteraction]]:
    """The interactions that requests were compared with."""
    asked: list[CompiledInteraction] = []
    accepts = CompiledInteraction.accepts

    def counted(interaction: CompiledInteraction, request: Request) -> bool:
        asked.append(interaction)
        return accepts(interaction, request)

    monkeypatch.setattr(CompiledInteraction, "accepts", counted)
    return asked


@pytest.mark.parametrize("name", [*CROWD_OF, *MIXED])
def test_a_thousand_on_one_path(name: str, compared: list[CompiledInteraction]) -> None:
    """Of a thousand interactions that differ in some value, a handful at most is compared, at hits and at misses."""
    recorded, sent = {**CROWD_OF, **MIXED}[name]
    index = Index(load(*map(recorded, range(MANY))).interactions)
    for number in (0, 1, 7, 499, 998, 999):
        compared.clear()
        found = find(index, sent(number))
        assert isinstance(found, Match)
        assert found.interaction.interaction.description == f"number {number}"
        assert len(compared) <= HANDFUL
    for number in (MANY * 10, MANY * 10 + 1):
        compared.clear()
        assert isinstance(find(index, sent(number)), NoMatch)
        assert len(compared) <= HANDFUL


def test_some_of_a_thousand_take_any_value(compared: list[CompiledInteraction]) -> None:
    """Those that take any value are compared with every request, beside a handful of the others."""
    ruled = {"id": {"matchers": [{"match": "regex", "regex": "\\d+"}]}}
    crowd = [entry(n, query={"id": [str(n)]}) for n in range(MANY)]
    crowd += [entry(n, 404, query={"id": ["1"], "n": [str(n)]}, matchingRules={"query": ruled}) for n in range(3)]
    index = Index(load(*crowd).interactions)
    for target, status, most in (("id=7", 200, HANDFUL), ("id=7&n=2", 404, 3 + HANDFUL), ("id=5000&n=1", 404, 3)):
        compared.clear()
        found = find(index, Request("POST", "/crowd", target))
        assert isinstance(found, Match)
        assert found.interaction.response.status == status
        assert len(compared) <= most


def size_of(sieve: Sieve[Any] | Sequence[Any]) -> int:
    """How many entries a sieve holds in all."""
    if isinstance(sieve, Sieve):
        return size_of(sieve.others) + sum(map(size_of, sieve.by_value.values()))
    return len(sieve)


@pytest.mark.parametrize("name", CROWD_OF)
def test_a_sieve_is_small(name: str) -> None:
    """A sieve for values that all of them record holds each candidate a few times at most."""
    pact = load(*map(CROWD_OF[name][0], range(MANY)))
    assert size_of(build_sieve([(item, item) for item in pact.interactions])) <= 10 * MANY


@pytest.mark.parametrize("kind", ["headers", "json"])
def test_a_sieve_of_optional_values_is_small(kind: str) -> None:
    """A sieve for values that many of them do not record does not grow with their combinations."""
    drawn = random.Random(1)
    crowd = []
    for number in range(100):
        values = {f"x{place}": str(drawn.randrange(7)) for place in range(8) if drawn.random() < 0.5}
        crowd.append(
            entry(number, **({"headers": values} if kind == "headers" else json_body({**values, "n": 1}, "$.n")))
        )
    assert size_of(build_sieve([(item, item) for item in load(*crowd).interactions])) <= 20 * len(crowd)


def test_parameters_without_values() -> None:
    """A parameter or field without `=` leads to those that record it without a value, and the other way round."""
    for name in ("a", "b"):
        crowd = [entry(n, query={"a": [value], "n": [str(n)]}) for n, value in enumerate(["", "1", "2", "3", "4", "5"])]
        crowd += [entry(n, **form_body(id=n)) for n in range(10, 16)]
        crowd.append(entry(20, headers={"Content-Type": FORM}, body="id"))
        index = Index(load(*crowd).interactions)
        for request, found in (
            (Request("POST", "/crowd", f"{name}&n=0"), name == "a"),
            (Request("POST", "/crowd", f"n=0&{name}="), name == "a"),
            (Request("POST", "/crowd", "", [("Content-Type", FORM)], b"id="), True),
        ):
            assert isinstance(find(index, request), Match) == found, request.query


def test_bodies_of_other_kinds() -> None:
    """Those that record no body, or one of another kind, are not ruled out by the fields of a form or of JSON."""
    crowd = [entry(n, **form_body(id=n, page=1)) for n in range(8)]
    crowd += [entry(n, **json_body({"id": n, "page": 1}, "$.page")) for n in range(10, 18)]
    crowd.append(entry(20, 404, query={"any": ["1"]}))
    crowd.append(entry(21, 404, headers={"Content-Type": "text/plain"}, body="id=1&page=1"))
    index = Index(load(*crowd).interactions)
    form, text = [("Content-Type", FORM)], [("Content-Type", "text/plain")]
    for request, number in (
        (Request("POST", "/crowd", "", form, b"id=1&page=1"), 1),
        (Request("POST", "/crowd", "any=1", form, b"id=1&page=1"), 20),
        (Request("POST", "/crowd", "any=1", form, b"id=99"), 20),
        (Request("POST", "/crowd", "any=1", [], b'{"id":11,"page":1}'), 20),
        (Request("POST", "/crowd", "any=1"), 20),
        (Request("POST", "/crowd", "", text, b"id=1&page=1"), 21),
        (sent_json({"id": 11, "page": 2}), 11),
    ):
        found = find(index, request)
        assert isinstance(found, Match)
        assert found.interaction.interaction.description == f"number {number}"


def test_very_many_places() -> None:
    """Interactions that all record something else are found as well."""
    crowd = [entry(n, headers={f"X-{n // 3}": str(n)}) for n in range(3300)]
    found = find(Index(load(*crowd).interactions), Request("POST", "/crowd", "", [("X-700", "2100")]))
    assert isinstance(found, Match)
    assert found.interaction.interaction.description == "number 2100"


def test_values_of_other_kinds(compared: list[CompiledInteraction]) -> None:
    """A value leads to no interaction that records another kind of it."""
    kinds = [1, 1.0, True, "1", None, 2, "2", 0, False, 0.0, [1], {"a": 1}, [], {}, -1, 10**30]
    index = Index(
        load(*(entry(n, **json_body({"v": kind, "n": 1}, "$.n")) for n, kind in enumerate(kinds))).interactions
    )
    for number, kind in enumerate(kinds):
        found = find(index, sent_json({"v": kind, "n": 5}))
        assert isinstance(found, Match)
        assert found.interaction.interaction.description == f"number {number}"
    for content in ({"v": 3, "n": 1}, {"n": 1}, {"v": [2], "n": 1}, 1, [], None, {"v": 1, "n": "1"}):
        assert isinstance(find(index, sent_json(content)), NoMatch)
    assert compared


def test_lines_of_one_header() -> None:
    """A header in several lines leads to those that record it in one, and the other way round."""
    values = ["1, 2", "1,2", "1 ,2", "2, 1", "1", "2", "3", "1, 2, 3"]
    for first, second in itertools.permutations(values, 2):
        others = [entry(n, headers={"X-A": f"other {n}"}) for n in range(8)]
        index = Index(
            load(*others, entry(99, headers={"X-A": first}), entry(100, headers={"X-A": second})).interactions
        )
        for value, number in ((first, 99), (second, 100)):
            lines = [("X-A", item) for item in value.split(",")]
            found = find(index, Request("POST", "/crowd", "", lines))
            assert isinstance(found, Match)
            same = first.replace(" ", "") == second.replace(" ", "")
            assert found.interaction.interaction.description == f"number {99 if same else number}"

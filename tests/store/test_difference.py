"""What differs between two documents, as people read it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import assume, given, settings

from stubserver.catalog.contract import contract_of
from stubserver.catalog.difference import difference
from tests.store.documents import DOCUMENTS, HOSTILE, text_of


def pact(*interactions: Any, **more: Any) -> dict[str, Any]:
    """A document with these interactions."""
    return {"interactions": list(interactions), **more}


def get(**more: Any) -> dict[str, Any]:
    """An interaction."""
    return {"description": "get", "providerStates": [{"name": "there"}], **more}


NAME = "get (given there)"


@pytest.mark.parametrize(
    ("earlier", "later", "lines"),
    [
        (pact(), pact(), []),
        (pact(get()), pact(), [f"- {NAME}"]),
        (pact(), pact(get()), [f"+ {NAME}"]),
        (pact(get(a=1)), pact(get(a=2)), [f"  {NAME}", "    - a: 1", "    + a: 2"]),
        (pact(get(a=1)), pact(get()), [f"  {NAME}", "    - a: 1"]),
        (pact(get()), pact(get(a=None)), [f"  {NAME}", "    + a: null"]),
        (pact(get(a=1)), pact(get(a=True)), [f"  {NAME}", "    - a: 1", "    + a: true"]),
        (pact(get(a=1)), pact(get(a=1.0)), [f"  {NAME}", "    - a: 1", "    + a: 1.0"]),
        (pact(get(a=10**20)), pact(get(a=10**20 + 1)), [f"  {NAME}", f"    - a: {10**20}", f"    + a: {10**20 + 1}"]),
        (
            pact(get(r={"b": [{"c": 1}, 2], "d": 3})),
            pact(get(r={"b": [{"c": 4}, 5], "d": 3})),
            [f"  {NAME}", "    - r.b[0].c: 1", "    + r.b[0].c: 4", "    - r.b[1]: 2", "    + r.b[1]: 5"],
        ),
        (pact(get(a=[1])), pact(get(a=[1, 2])), [f"  {NAME}", "    - a: [1]", "    + a: [1,2]"]),
        (pact(get(a={})), pact(get(a=[])), [f"  {NAME}", "    - a: {}", "    + a: []"]),
        (pact(get(_id="1")), pact(get(_id="2")), []),
        ({"messages": [get(a=1)]}, {"messages": [get(a=2)]}, [f"  {NAME}", "    - a: 1", "    + a: 2"]),
        (
            pact(metadata={"pactSpecification": {"version": "3"}, "client": 1}),
            pact(metadata={"pactSpecification": {"version": "4"}, "client": 2}),
            ['    - specification: "3"', '    + specification: "4"'],
        ),
        (pact(get(a=1), get(b=1)), pact(get(a=1), get(b=2)), [f"  {NAME}", "    - b: 1", "    + b: 2"]),
        (pact(get(), get()), pact(get()), [f"- {NAME}"]),
        (pact({"description": "x", "providerState": "s"}), pact(), ["- x (given s)"]),
        (pact({}), pact(), ["- None"]),
    ],
)
def test_lines(earlier: dict[str, Any], later: dict[str, Any], lines: list[str]) -> None:
    """Interactions that came, went, or changed, and where."""
    assert difference(earlier, later).splitlines() == lines


@given(DOCUMENTS)
def test_nothing_differs_from_itself(document: dict[str, Any]) -> None:
    """A document does not differ from itself, however its interactions are ordered."""
    assert difference(document, document) == ""


@given(DOCUMENTS, DOCUMENTS)
@settings(max_examples=100)
def test_whatever_is_another_contract_differs(earlier: dict[str, Any], later: dict[str, Any]) -> None:
    """Where publishing tells of a conflict, there is something to be shown."""
    assume(("messages" in earlier) is ("messages" in later))  # see below
    assume(contract_of(earlier, "web", "api").sha != contract_of(later, "web", "api").sha)
    assert difference(earlier, later)


@given(DOCUMENTS)
def test_each_changed_place_is_shown(document: dict[str, Any]) -> None:
    """Everything that is another value in the later document stands there, with its path."""
    later = {
        **document,
        "interactions": [{**item, "response": {"changed": text_of(item)}} for item in document["interactions"]],
    }
    told = difference(document, later)
    assert told.count("+ response") == len(document["interactions"])


@given(HOSTILE, HOSTILE)
@settings(max_examples=50)
def test_total(earlier: dict[str, Any], later: dict[str, Any]) -> None:
    """Whatever two documents hold, their difference is a text."""
    assert isinstance(difference(earlier, later), str)


def test_as_many_lines_as_asked_for() -> None:
    """A long difference ends, and says that there is more; a long value is cut."""
    told = difference(pact(), pact(*({"description": str(n)} for n in range(1000)))).splitlines()
    assert (len(told), told[-1]) == (201, "…")
    assert difference(pact(), pact({}, {}, {}), 2) == "+ None\n+ None\n…"
    [_, before, after] = difference(pact(get(a="x" * 1000)), pact(get(a="y" * 1000))).splitlines()
    assert len(before) == len(after) < 200


def test_an_id_in_a_body_is_shown() -> None:
    """`_id` in a body is a value like any other, and makes another contract."""
    one, other = (pact(get(response={"body": {"_id": value}})) for value in "12")
    assert "response.body._id" in difference(one, other)


@pytest.mark.parametrize(("earlier", "later"), [([1], [2]), (5, []), ([], {"a": 1})])
def test_what_is_no_interaction_is_shown(earlier: Any, later: Any) -> None:
    """What makes another contract is shown, even where it is no interaction."""
    assert difference({"interactions": earlier}, {"interactions": later})


def test_many_interactions_of_one_name() -> None:
    """The time it takes grows with the size of the documents, not with its square."""
    start = time.perf_counter()
    difference(pact(*({} for _ in range(20_000))), pact())
    assert time.perf_counter() - start < 1

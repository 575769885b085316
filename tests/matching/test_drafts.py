"""Drafts: interactions of which only so much is read at first as is needed to find them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from matching import Index, Match, NoMatch, Request, find, load_pact, near_misses
from tests.shared import files_or_skip

TYPE = {"matchers": [{"match": "type"}]}
ODD = {"matchers": [{"match": "odd"}]}
ENTRIES: list[dict[str, Any]] = [
    {"description": "literal", "request": {"path": "/a", "query": {"n": ["1"]}}, "response": {"status": 201}},
    {
        "description": "pattern",
        "request": {
            "path": "/b/1",
            "headers": {"X-A": "1"},
            "matchingRules": {"path": {"matchers": [{"match": "regex", "regex": r"/b/\d+"}]}},
        },
    },
    {
        "description": "body",
        "request": {"method": "post", "path": "/c", "body": {"a": 1}, "matchingRules": {"body": {"$.a": TYPE}}},
    },
    {
        "description": "unsupported",
        "request": {
            "method": "POST",
            "path": "/c",
            "body": {"a": 1},
            "matchingRules": {"body": {"$.a": ODD}},
        },
    },
    {
        "description": "path rule that cannot be",
        "request": {"path": "/d", "matchingRules": {"path": ODD}},
    },
    {"description": "no request", "request": 5},
    {"description": "bad answer", "request": {"path": "/e"}, "response": {"status": "odd"}},
]


def document(*entries: dict[str, Any], version: str = "3.0.0") -> bytes:
    return json.dumps({"interactions": entries, "metadata": {"pactSpecification": {"version": version}}}).encode()


def test_drafts_are_found_and_ranked_as_if_compiled() -> None:
    """Method, path and rank are known at once, and are the same as those of compiled ones."""
    eager, lazy = load_pact(document(*ENTRIES)), load_pact(document(*ENTRIES), 0)
    known = {item.interaction.pointer: item for item in eager.interactions}
    assert all(item.is_draft for item in lazy.interactions)
    for draft in lazy.interactions:
        shape = (draft.method, draft.recorded_path, draft.specificity, draft.path.is_literal)
        if draft.refusal is None:
            same = known[draft.interaction.pointer]
            assert shape == (same.method, same.recorded_path, same.specificity, same.path.is_literal)
            assert draft.id == same.id


def test_drafts_answer_as_compiled_ones_do() -> None:
    """A request is decided the same way, and what is wrong is told once it is found out."""
    eager, lazy = load_pact(document(*ENTRIES)), load_pact(document(*ENTRIES), 0)
    requests = [
        Request("GET", "/a", "n=1"),
        Request("GET", "/b/7", "", [("X-A", "1")]),
        Request("POST", "/c", "", [("Content-Type", "application/json")], b'{"a":2}'),
        Request("GET", "/e"),
        Request("GET", "/d"),
    ]
    indexes = Index(eager.interactions), Index(lazy.interactions)
    for request in requests:
        one, other = (find(index, request) for index in indexes)
        assert isinstance(one, Match) == isinstance(other, Match), request.path
        if isinstance(one, Match) and isinstance(other, Match):
            assert one.interaction.id == other.interaction.id
    assert find(indexes[1], requests[3]) == NoMatch()
    assert near_misses(indexes[1], Request("GET", "/e")) == []
    refused = [item for item in lazy.interactions if item.refusal is not None]
    assert not any(item.is_draft for item in lazy.interactions)
    assert not any(item.matches(Request(item.method, item.recorded_path)) for item in refused)
    assert all(list(item.explain(Request(item.method, item.recorded_path))) for item in refused)
    assert {item.pointer for item in lazy.skipped} == {item.pointer for item in eager.skipped}
    assert {problem.pointer for problem in lazy.problems} == {problem.pointer for problem in eager.problems}


def test_only_those_beyond_a_number_are_drafts() -> None:
    """The first ones are compiled."""
    pact = load_pact(document(*ENTRIES[:3]), 2)
    assert [item.is_draft for item in pact.interactions] == [False, False, True]


def test_what_is_not_there_is_not_there() -> None:
    """A draft has no attributes that a compiled interaction has not."""
    [draft] = load_pact(document(ENTRIES[0]), 0).interactions
    assert not hasattr(draft, "anything")
    assert draft.is_draft
    assert draft.content.id == draft.id


@pytest.mark.parametrize("path", files_or_skip("pacts"))
def test_real_pacts(path: Any) -> None:
    """Every real pact is the same either way."""
    eager, lazy = load_pact(path.read_bytes()), load_pact(path.read_bytes(), 0)
    served = [item for item in lazy.interactions if item.refusal is None]
    assert [item.id for item in served] == [item.id for item in eager.interactions]
    assert [item.specificity for item in served] == [item.specificity for item in eager.interactions]

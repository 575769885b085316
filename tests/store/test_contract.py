"""Contracts: when two documents are the same, and what becomes of two that are merged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from matching.json_text import parse_json
from stubserver.catalog.contract import (
    Contract,
    ContractError,
    contract_of,
    identity_of,
    merged,
    name_in,
    read_document,
)
from tests.store.documents import DOCUMENTS, HOSTILE, INTERACTIONS, text_of

RANDOM = st.randoms(use_true_random=False)


def contract(document: dict[str, Any], consumer: str = "web", provider: str = "api") -> Contract:
    """A document as a contract of web with api."""
    return contract_of(document, consumer, provider)


def sha(*interactions: Any, **more: Any) -> str:
    """The SHA of a document with these interactions."""
    return contract({"interactions": list(interactions), **more}).sha


def shuffled(value: Any, random: Any) -> Any:
    """The same value with its keys in another order."""
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key], random) for key in keys}
    return [shuffled(item, random) for item in value] if isinstance(value, list) else value


@given(DOCUMENTS, RANDOM)
def test_order_does_not_count(document: dict[str, Any], random: Any) -> None:
    """Neither the order of keys nor that of interactions makes another contract."""
    other = shuffled(document, random)
    for key in ("interactions", "messages"):
        if key in other:
            random.shuffle(other[key])
    assert contract(other).sha == contract(document).sha


@given(st.lists(INTERACTIONS, min_size=1, max_size=3), st.lists(INTERACTIONS, max_size=3), st.data())
def test_every_change_counts(known: list[Any], others: list[Any], data: st.DataObject) -> None:
    """Documents with other interactions are other contracts, in `interactions` and in `messages`."""
    index = data.draw(st.integers(0, len(known) - 1))
    later = [*known[:index], data.draw(INTERACTIONS), *known[index + 1 :]]
    assume(sorted(map(text_of, known)) != sorted(map(text_of, later)))
    assert sha(*known, messages=others) != sha(*later, messages=others)
    assert sha(*others, messages=known) != sha(*others, messages=later)


@given(st.lists(INTERACTIONS, min_size=1, max_size=3))
def test_more_and_fewer_count(known: list[Any]) -> None:
    """So does an interaction more, one fewer, and one twice; and whether it is a message."""
    assert len({sha(*known), sha(*known[1:]), sha(*known, known[0]), sha(), contract({"messages": known}).sha}) == (
        5 if len(known) > 1 else 4
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": 1.0}),
        ({"a": 1}, {"a": True}),
        ({"a": None}, {}),
        ({"a": "1"}, {"a": 1}),
        ({"a": 10**20}, {"a": 10**20 + 1}),
        ({"a": 0.0}, {"a": -0.0}),
        ({"a": ["b", "c"]}, {"a": ["c", "b"]}),
        ({"a": {"_id": "1"}}, {"a": {"_id": "2"}}),
        ({"a": "é"}, {"a": "e\u0301"}),
    ],
)
def test_what_is_not_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Values count by kind and value, arrays in their order."""
    assert sha({"description": "d", **one}) != sha({"description": "d", **other})


def test_who_and_which_specification_count() -> None:
    """Other names or another specification version make another contract; what else a client writes does not."""
    document: dict[str, Any] = {"interactions": [{"description": "d"}]}
    plain = contract(document).sha
    assert plain == contract({**document, "metadata": {"client": "1.2"}, "extra": 1, "_links": {}}).sha
    assert plain == sha({"description": "d", "_id": "whatever"})
    assert plain != contract(document, consumer="ios").sha
    assert plain != contract(document, provider="bank").sha
    assert contract(document, "a", "bc").sha != contract(document, "ab", "c").sha
    versions = [
        {"pactSpecification": {"version": "3.0"}},
        {"pactSpecification": {"version": "4.0"}},
        {"pact-specification": {"version": "2.0"}},
        {"pactSpecificationVersion": "1.0"},
    ]
    assert len({plain, *(contract({**document, "metadata": item}).sha for item in versions)}) == 5


def test_specification_is_the_one_that_is_served() -> None:
    """Documents that are read by different specification versions are different contracts."""
    one, other = (
        {"interactions": [], "metadata": {"pactSpecification": {}, "pactSpecificationVersion": version}}
        for version in ("1.0.0", "4.0")
    )
    assert contract(one).sha != contract(other).sha


@pytest.mark.parametrize("item", [None, {"description": "d"}])
def test_what_is_no_list_is_another_contract(item: Any) -> None:
    """`[x]` and `x` in place of the interactions are not the same."""
    assert contract({"interactions": [item]}).sha != contract({"interactions": item}).sha


@given(DOCUMENTS | HOSTILE)
@settings(max_examples=50)
def test_contract_of_a_contract(document: dict[str, Any]) -> None:
    """A contract, read again from its bytes, is the same to the byte."""
    first = contract(document)
    again = contract(read_document(first.content))
    assert (again.sha, again.content, text_of(again.document)) == (first.sha, first.content, text_of(first.document))
    assert len(first.sha) == 64


@given(HOSTILE)
@settings(max_examples=50)
def test_names_are_there(document: dict[str, Any]) -> None:
    """A contract names both; names that the document gives stay."""
    made = contract(document).document
    for role, name in (("consumer", "web"), ("provider", "api")):
        assert name_in(made, role) == (name_in(document, role) or name if name_in(document, role) != "" else "")
    assert not {"createdAt", "_links", "_embedded"} & set(made)


@pytest.mark.parametrize("content", [b"", b"[]", b"1", b"null", b'"x"', b"{", b"\xff", b"{}x", b"[" * 100_000])
def test_what_cannot_be_published(content: bytes) -> None:
    """What is no JSON object is refused with what to do."""
    with pytest.raises(ContractError) as refused:
        read_document(content)
    assert refused.value.status == 400
    assert refused.value.cure


@pytest.mark.parametrize(("depth", "is_good"), [(127, True), (129, False)])
def test_depth(depth: int, is_good: bool) -> None:
    """A document may nest, but not without end."""
    content = b'{"a":' * depth + b"1" + b"}" * depth
    if is_good:
        assert contract(read_document(content)).sha
        return
    with pytest.raises(ContractError, match="nests deeper"):
        read_document(content)


def by_identity(items: list[Any]) -> dict[bytes, Any]:
    """Interactions by what tells them apart."""
    return {identity_of(item): item for item in items}


@given(DOCUMENTS, DOCUMENTS)
@settings(max_examples=100)
def test_merged_keeps_both(earlier: dict[str, Any], later: dict[str, Any]) -> None:
    """A merge has every interaction of either; of two with the same description and state, the later one."""
    for document in (earlier, later):  # each interaction of a document has a description and state of its own
        for key in ("interactions", "messages"):
            if key in document:
                document[key] = list(by_identity(document[key]).values())
    both = merged(earlier, later)
    for key in ("interactions", "messages"):
        expected = {**by_identity(earlier.get(key, [])), **by_identity(later.get(key, []))}
        assert list(map(text_of, both.get(key, []))) == list(map(text_of, expected.values()))
    assert contract(merged(both, later)).sha == contract(both).sha


@given(DOCUMENTS)
def test_merged_with_itself(document: dict[str, Any]) -> None:
    """A document that is merged with nothing stays as it is."""
    assert contract(merged(document, {})).sha == contract({**document}).sha


@pytest.mark.parametrize("earlier", [[], [{"description": "other"}]])
def test_merged_keeps_interactions_that_share_a_description(earlier: list[Any]) -> None:
    """Of two interactions with one description that come together, both are kept."""
    two = [{"description": "get", "request": {"path": path}} for path in ("/a", "/b")]
    assert merged({"interactions": earlier}, {"interactions": two})["interactions"] == [*earlier, *two]


@pytest.mark.parametrize("odd", [5, True, 1.5, "x", {"a": 1}, None])
def test_merged_is_total(odd: Any) -> None:
    """What is no list of interactions has none."""
    one = {"description": "d"}
    assert merged({"interactions": odd}, {"interactions": [one]})["interactions"] == [one]
    assert merged({"interactions": [one]}, {"interactions": odd})["interactions"] == [one]


@given(HOSTILE, HOSTILE)
@settings(max_examples=50)
def test_merged_of_anything(earlier: dict[str, Any], later: dict[str, Any]) -> None:
    """Whatever two documents hold, they can be merged and made a contract."""
    assert parse_json(contract(merged(earlier, later)).content)
    json.dumps(merged(earlier, later))

"""The catalog: documents come in, a snapshot is served, and nothing good is lost to something broken."""

from __future__ import annotations

import json

import pytest

from matching import Match, Request, find
from matching.errors import Problem, Severity
from stubserver.catalog import Address, Catalog
from stubserver.errors import LoadError
from tests.conftest import http_pact


def document(status: int, path: str = "/x", **names: str) -> bytes:
    """A pact whose only interaction answers GET `path` with a status that identifies it."""
    return json.dumps(http_pact({"request": {"path": path}, "response": {"status": status}}, **names)).encode()


def lost(message: str) -> Problem:
    """What a source says that could not give a document."""
    return Problem(Severity.ERROR, "", message, "look after it")


BROKEN = b'{"interactions": ['
FLAWED = json.dumps(
    http_pact({"request": {"path": "/x"}, "response": {"status": 201}}, {"request": {"method": 5}})
).encode()
NOTED = json.dumps(
    http_pact(
        {
            "request": {"path": "/x"},
            "response": {
                "body": {"content": {"id": 1}},
                "generators": {"body": {"$.misspelt": {"type": "RandomInt", "min": 1, "max": 9}}},
            },
        }
    )
).encode()


def answer(catalog: Catalog, path: str = "/x", address: Address | None = None) -> int | None:
    """The status that GET `path` is answered with, if at all."""
    found = find(catalog.current.stubs[address or Address()].index, Request("GET", path))
    return found.interaction.response.status if isinstance(found, Match) else None


def test_nothing_published() -> None:
    """A new catalog serves nothing, at the stub of all pacts."""
    catalog = Catalog()
    assert answer(catalog) is None
    assert catalog.current.pacts == ()


def test_publish_serves() -> None:
    """What is published is served at its three addresses, and what publish returns is current."""
    catalog = Catalog()
    snapshot = catalog.publish([("a", document(201)), ("b", document(202, "/y", provider="other"))])
    assert catalog.current is snapshot
    assert set(snapshot.stubs) == {
        Address(),
        Address("api"),
        Address("api", "web"),
        Address("other"),
        Address("other", "web"),
    }
    assert (answer(catalog, "/x"), answer(catalog, "/y")) == (201, 202)
    assert answer(catalog, "/y", Address("api")) is None
    assert set(snapshot.origins.values()) == {"a", "b"}


def test_publish_replaces_everything() -> None:
    """A document that is not among those published any more is gone."""
    catalog = Catalog()
    catalog.publish([("a", document(201)), ("b", document(202, "/y"))])
    catalog.publish([("a", document(201))])
    assert answer(catalog, "/y") is None
    catalog.publish([])
    assert answer(catalog) is None


def test_broken_document_keeps_its_earlier_reading() -> None:
    """A document that breaks is served as it was, marked stale, with what is wrong now."""
    catalog = Catalog()
    catalog.publish([("a", document(201)), ("b", document(202, "/y"))])
    snapshot = catalog.publish([("a", BROKEN), ("b", document(203, "/y"))])
    a, b = snapshot.pacts
    assert (a.stale, b.stale) == (True, False)
    assert [problem.severity for problem in a.problems] == [Severity.ERROR]
    assert (answer(catalog, "/x"), answer(catalog, "/y")) == (201, 203)


def test_unreadable_document_keeps_its_earlier_reading() -> None:
    """A document that its source cannot give any more is served as it was; the reason is kept."""
    catalog = Catalog()
    catalog.publish([("a", document(201))])
    [entry] = catalog.publish([("a", lost("the disk is gone"))]).pacts
    assert entry.stale
    assert [problem.message for problem in entry.problems] == ["the disk is gone"]
    assert answer(catalog) == 201


def test_broken_from_the_beginning() -> None:
    """A document that was never good serves nothing and takes nothing else down."""
    catalog = Catalog()
    a, b, _ = catalog.publish([("a", BROKEN), ("b", lost("not there")), ("c", document(201))]).pacts
    assert (a.pact, b.pact, a.stale, b.stale) == (None, None, False, False)
    assert a.problems[0].cure
    assert answer(catalog) == 201


def test_stays_stale_while_broken() -> None:
    """However often it comes broken, the good reading stays."""
    catalog = Catalog()
    catalog.publish([("a", document(201))])
    for content in (BROKEN, BROKEN, b"", lost("gone"), b"[]"):
        [entry] = catalog.publish([("a", content)]).pacts
        assert entry.stale
        assert answer(catalog) == 201


def test_mended_document_replaces() -> None:
    """A mended document is read anew and is no longer stale."""
    catalog = Catalog()
    catalog.publish([("a", document(201))])
    catalog.publish([("a", BROKEN)])
    [entry] = catalog.publish([("a", document(202))]).pacts
    assert (entry.stale, entry.problems, answer(catalog)) == (False, (), 202)


def test_document_that_comes_back_as_it_was() -> None:
    """A document that breaks and comes back unchanged is fine again: its problems are gone."""
    catalog = Catalog()
    catalog.publish([("a", document(201))])
    catalog.publish([("a", BROKEN)])
    [entry] = catalog.publish([("a", document(201))]).pacts
    assert (entry.stale, entry.problems, answer(catalog)) == (False, (), 201)


def test_unchanged_is_not_compiled_again() -> None:
    """An unchanged document is the same object before and after; a changed one is not."""
    catalog = Catalog()
    a, b = catalog.publish([("a", document(201)), ("b", document(202, "/y"))]).pacts
    again, changed = catalog.publish([("a", document(201)), ("b", document(203, "/y"))]).pacts
    assert again is a
    assert again.pact is a.pact
    assert changed is not b
    assert answer(catalog, "/y") == 203


def test_same_content_elsewhere_is_another_document() -> None:
    """Documents are told apart by where they come from."""
    catalog = Catalog()
    snapshot = catalog.publish([("a", document(201)), ("b", document(201))])
    assert [entry.origin for entry in snapshot.pacts] == ["a", "b"]
    assert len(snapshot.root.index.interactions) == 2
    assert len(snapshot.interactions) == 1  # the same interaction has the same id
    assert answer(catalog) == 201


def test_snapshots_are_not_changed() -> None:
    """A snapshot that someone holds stays as it was."""
    catalog = Catalog()
    held = catalog.publish([("a", document(201))])
    catalog.publish([("a", document(202))])
    found = find(held.root.index, Request("GET", "/x"))
    assert isinstance(found, Match)
    assert found.interaction.response.status == 201


@pytest.mark.parametrize("content", [BROKEN, FLAWED, lost("not there")], ids=["broken", "flawed", "lost"])
def test_strict_refuses_everything(content: bytes | Problem) -> None:
    """Strict: one flaw refuses all documents, and what is served stays exactly as it is."""
    catalog = Catalog(strict=True)
    before = catalog.publish([("a", document(201))])
    with pytest.raises(LoadError) as refused:
        catalog.publish([("a", document(202)), ("flawed.json", content)])
    assert catalog.current is before
    assert answer(catalog) == 201
    assert "flawed.json" in refused.value.detail
    assert refused.value.cure


def test_strict_names_every_flaw() -> None:
    """Strict: the refusal names each flaw with document and place."""
    catalog = Catalog(strict=True)
    with pytest.raises(LoadError) as refused:
        catalog.publish([("one.json", FLAWED), ("two.json", BROKEN)])
    assert "one.json#/interactions/1/request/method" in refused.value.detail
    assert "two.json" in refused.value.detail
    assert refused.value.detail.startswith("2 problems")


def test_strict_takes_notes() -> None:
    """Strict: notes are no flaws."""
    snapshot = Catalog(strict=True).publish([("a", NOTED)])
    assert [problem.severity for problem in snapshot.pacts[0].problems] == [Severity.NOTE]


def test_flawed_document_is_served_otherwise() -> None:
    """Not strict: what can be served of a document is served."""
    catalog = Catalog()
    [entry] = catalog.publish([("a", FLAWED)]).pacts
    assert entry.pact is not None
    assert (len(entry.pact.interactions), len(entry.pact.skipped), answer(catalog)) == (1, 1, 201)


def test_order_is_kept() -> None:
    """The order of the documents is the order of their interactions."""
    catalog = Catalog("file")
    catalog.publish([("a", document(202)), ("b", document(201))])
    assert answer(catalog) == 202
    catalog = Catalog("status")
    catalog.publish([("a", document(202)), ("b", document(201))])
    assert answer(catalog) == 201


def test_document_given_twice_under_one_name() -> None:
    """Two documents under one name are both served; breaking one later keeps something good."""
    catalog = Catalog()
    catalog.publish([("a", document(201)), ("a", document(202, "/y"))])
    assert (answer(catalog, "/x"), answer(catalog, "/y")) == (201, 202)

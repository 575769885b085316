"""Publishing: all contracts or none, and a version that is published stays as it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from stubserver.catalog.contract import Contract, contract_of, read_document
from stubserver.catalog.publish import ConflictError, Outcome, Publishing, Result, flaws_of, publish, publish_documents
from stubserver.store import BranchVersion, Database, changes, pacticipants, pacts, search
from tests.conftest import http_pact
from tests.store.story import pact, rows, version


def contract(*paths: str, provider: str = "api", status: int = 200) -> Contract:
    """A contract of web with one GET for each path."""
    interactions = [{"description": path, "request": {"path": path}, "response": {"status": status}} for path in paths]
    return contract_of(http_pact(*interactions, consumer="web", provider=provider), "web", provider)


async def published(
    database: Database, number: str, *contracts: Contract, merging: Collection[str] = (), **options: Any
) -> Result:
    """What becomes of a publication of web, of which contracts with some providers are to be merged."""
    contracts = tuple(replace(item, merges=item.provider in merging) for item in contracts)
    async with database.writing() as connection:
        return await publish(connection, Publishing("web", number, contracts, **options))


def outcomes(result: Result) -> list[tuple[str, bool]]:
    """What became of each contract."""
    return [(item.outcome.value, item.is_new_content) for item in result.published]


async def test_first(database: Database) -> None:
    """A first publication makes consumer, version, providers, branch, tags and pacts."""
    one, two = contract("/a"), contract("/b", provider="bank")
    result = await published(database, "1", one, two, branch="main", tags=["x", "y"], build_url="http://ci")
    assert result.version_is_new
    assert outcomes(result) == [("created", True)] * 2
    async with database.reading() as connection:
        found = await version(connection, "web", "1")
        assert (found.branches, found.tags, found.providers) == (
            (BranchVersion("main", True),),
            ("x", "y"),
            ("api", "bank"),
        )
        assert found.build_url == "http://ci"
        assert (await pact(connection, "web", "api", "1")).sha == one.sha
        assert await pacts.contents_of(connection, [two.sha]) == {two.sha: two.content}


async def test_again(database: Database) -> None:
    """Publishing the same again changes nothing and tells nobody, but branch and tags are added."""
    one = contract("/a", "/b")
    await published(database, "1", one)
    async with database.reading() as connection:
        before = await changes.latest(connection)
    result = await published(database, "1", contract("/b", "/a"))
    assert not result.version_is_new
    assert outcomes(result) == [("unchanged", False)]
    async with database.reading() as connection:
        assert await changes.latest(connection) == before
        assert await pacts.contents_of(connection, [one.sha]) == {one.sha: one.content}
    await published(database, "1", one, branch="feature", tags=["late"])
    async with database.reading() as connection:
        found = await version(connection, "web", "1")
        assert (found.branches, found.tags) == ((BranchVersion("feature", True),), ("late",))


async def test_same_content_in_another_version(database: Database) -> None:
    """Another version may have the same content, which is stored once and not new."""
    await published(database, "1", contract("/a"))
    assert outcomes(await published(database, "2", contract("/a"))) == [("created", False)]
    assert outcomes(await published(database, "3", contract("/b"))) == [("created", True)]
    async with database.reading() as connection:
        assert (await rows(connection))["contents"] == 2


@pytest.mark.parametrize("merging", [[], ["api"], ["bank"]])
async def test_conflict(database: Database, merging: list[str]) -> None:
    """Another content for the same version is refused, says what differs, and nothing of the publication happens."""
    await published(database, "1", contract("/a"))
    async with database.reading() as connection:
        before = await rows(connection)
    with pytest.raises(ConflictError) as refused:
        await published(
            database,
            "1",
            contract("/x", provider="bank"),
            contract("/a", status=500),
            branch="b",
            tags=["t"],
            merging=merging,
        )
    assert refused.value.status == 409
    assert "web version 1" in refused.value.detail
    assert "response.status: 200" in refused.value.changes
    assert "response.status: 500" in refused.value.changes
    assert refused.value.cure
    async with database.reading() as connection:
        assert await rows(connection) == before
        assert (await pact(connection, "web", "api", "1")).sha == contract("/a").sha


async def test_fewer_interactions_are_a_conflict(database: Database) -> None:
    """Without merging, what is left out is a change."""
    await published(database, "1", contract("/a", "/b"))
    with pytest.raises(ConflictError) as refused:
        await published(database, "1", contract("/a"))
    assert refused.value.changes == "- /b"


async def test_merge(database: Database) -> None:
    """Merging adds interactions to what the version has; none is lost, and what is there already changes nothing."""
    await published(database, "1", contract("/a"))
    assert outcomes(await published(database, "1", contract("/b"), merging=["api"])) == [("merged", True)]
    both = contract("/a", "/b")
    async with database.reading() as connection:
        assert (await pact(connection, "web", "api", "1")).sha == both.sha
    for again in (contract("/a"), contract("/b", "/a"), both):
        result = await published(database, "1", again, merging=["api"])
        assert outcomes(result) == [("unchanged", False)]
        assert result.published[0].contract.sha == both.sha
    with pytest.raises(ConflictError):
        await published(database, "1", contract("/b", status=404), merging=["api"])


async def test_merge_into_nothing(database: Database) -> None:
    """The first to merge publishes."""
    assert outcomes(await published(database, "1", contract("/a"), merging=["api"])) == [("created", True)]


async def test_two_parts_of_one_publication(database: Database) -> None:
    """Contracts with the same provider in one publication: merged, or in conflict."""
    assert outcomes(await published(database, "1", contract("/a"), contract("/b"), merging=["api"])) == [
        ("created", True),
        ("merged", True),
    ]
    with pytest.raises(ConflictError):
        await published(database, "2", contract("/a"), contract("/b"))
    async with database.reading() as connection:
        assert await pacticipants.find_version(connection, "web", "2") is None


async def test_merge_with_another_response(database: Database) -> None:
    """Where it is asked for, another response takes the place of an earlier one; another request does not."""
    await published(database, "1", contract("/a", "/b"))
    later = contract("/b", status=404)
    assert outcomes(await published(database, "1", later, merging=["api"], replaces=True)) == [("merged", True)]
    async with database.reading() as connection:
        found = await pact(connection, "web", "api", "1")
        [content] = (await pacts.contents_of(connection, [found.sha])).values()
    statuses = {item["description"]: item["response"]["status"] for item in read_document(content)["interactions"]}
    assert statuses == {"/a": 200, "/b": 404}
    interaction = {"description": "/a", "request": {"path": "/other"}, "response": {"status": 200}}
    other = contract_of(http_pact(interaction), "web", "api")
    with pytest.raises(ConflictError):
        await published(database, "1", other, merging=["api"], replaces=True)
    with pytest.raises(ConflictError):
        await published(database, "1", contract("/a", status=500), replaces=True)


async def test_merge_into_what_has_no_interactions(database: Database) -> None:
    """A document whose interactions are no list may be published, and be merged with."""
    await published(database, "1", contract_of({"interactions": 5}, "web", "api"))
    await published(database, "1", contract("/a"), merging=["api"])


async def test_documents(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many at once are stored as one after the other: each found, told of and searchable, in their order; a version
    that is there already gets what it does not have, and keeps what it has.
    """
    monkeypatch.setattr("stubserver.catalog.publish._AT_ONCE", 3)
    await published(database, "old", contract("/old"))
    documents = [
        *((f"file-{number}", contract(f"/{number}", provider=f"api-{number % 2}")) for number in range(8)),
        ("file-1", contract("/shared", provider="bank")),  # a version that one of the same documents makes
        ("file-8", contract("/8", provider="a")),
        ("file-8", contract("/8", provider="b")),
        ("old", contract("/old")),
        ("old", contract("/0", provider="new")),
    ]
    async with database.reading() as connection:
        before = await changes.latest(connection)
    async with database.writing() as connection:
        await publish_documents(connection, documents)
    async with database.reading() as connection:
        for number, its in documents:
            assert (await pact(connection, "web", its.provider, number)).sha == its.sha
            assert await pacts.contents_of(connection, [its.sha]) == {its.sha: its.content}
        latest = {item.provider: item.version for item in await pacts.choose(connection)}
        assert latest == {
            "api": "old",
            "api-0": "file-6",
            "api-1": "file-7",
            "bank": "file-1",
            "a": "file-8",
            "b": "file-8",
            "new": "old",
        }
        assert await changes.latest(connection) == before + len(documents) - 1  # one is as it was
        hits = await search.find(connection, ["/shared"], 5)
        assert {(hit.kind, hit.provider) for hit in hits} == {("path", "bank"), ("description", "bank")}
    with pytest.raises(ConflictError):
        async with database.writing() as connection:
            await publish_documents(connection, [("file-9", contract("/9")), ("old", contract("/other"))])
    async with database.reading() as connection:
        assert await pacts.find(connection, "web", "api", "file-9") is None


def test_flaws() -> None:
    """What cannot be served of a contract is told; of a good one, nothing."""
    assert flaws_of(contract("/a")) == []
    assert flaws_of(contract_of(http_pact({"request": {"method": 5}}), "web", "api"))
    assert flaws_of(contract_of({"interactions": 5, "x": [[[]]]}, "web", "api")) is not None
    assert Outcome("merged") is Outcome.MERGED

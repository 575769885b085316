"""Pact contents and publications: stored once, chosen by every selector."""

from __future__ import annotations

import pytest

from stubserver.store import Database, Kind, Selector, changes, environments, pacticipants, pacts, verifications
from tests.store.story import chosen, pact, pacticipant, publish, rows, sha_of, store


async def test_content_is_stored_once(database: Database) -> None:
    """The same content is stored once, however many publish it; what came first stays."""
    async with database.writing() as connection:
        first = await store(connection, "a")
        assert await pacts.store_contents(connection, {sha_of("a"): b"other spelling"}) == {sha_of("a"): first}
        assert await pacts.store_contents(connection, {}) == {}
        for consumer in ("web", "ios"):
            for version in "123":
                await publish(connection, consumer, "api", version, "a")
        assert (await rows(connection))["contents"] == 1
        assert await pacts.content_of(connection, first) == b"a"


@pytest.mark.parametrize("content", [b"", b"\0\xff" * 10, b"x" * 3_000_000])
async def test_any_bytes(database: Database, content: bytes) -> None:
    """Contents come back byte for byte."""
    async with database.writing() as connection:
        stored = (await pacts.store_contents(connection, {"a" * 64: content}))["a" * 64]
    async with database.reading() as connection:
        assert await pacts.content_of(connection, stored) == content
        assert await pacts.contents_of(connection, ["a" * 64, "b" * 64]) == {"a" * 64: content}
        assert await pacts.contents_of(connection, []) == {}


async def test_publication(database: Database) -> None:
    """A publication tells who, with whom, which version, and what."""
    async with database.writing() as connection:
        version_id = await publish(connection, "web", "api", "1", "été")
        found = await pact(connection, "web", "api", "1")
    assert (found.consumer, found.provider, found.version, found.version_id) == ("web", "api", "1", version_id)
    assert (found.sha, found.size) == (sha_of("été"), 5)


async def test_publish_again_replaces(database: Database) -> None:
    """A version has one pact with a provider; another content takes its place, and everyone is told."""
    async with database.writing() as connection:
        await publish(connection, "web", "api", "1", "a")
        await publish(connection, "web", "bank", "1", "a")
        before = await changes.latest(connection)
        await publish(connection, "web", "api", "1", "b")
        news = await changes.since(connection, before) or []
        assert [(item.consumer, item.provider, item.kind) for item in news] == [("web", "api", "pacts")]
        assert (await pact(connection, "web", "api", "1")).sha == sha_of("b")
        assert (await pact(connection, "web", "bank", "1")).sha == sha_of("a")
        assert (await rows(connection))["publications"] == 2


async def test_many_at_once(database: Database) -> None:
    """Many pacts of a version are stored together, some of them in place of earlier ones; each is told."""
    async with database.writing() as connection:
        version_id = await publish(connection, "web", "old", "1", "a")
        web = await pacticipant(connection, "web")
        names = ["old", *(f"new {number}" for number in range(50))]
        providers = await pacticipants.ensure_all(connection, [*names, "old"])
        assert list(providers) == names or set(providers) == set(names)
        shas = {sha_of(name): name.encode() for name in names}
        ids = await pacts.store_contents(connection, {**shas, sha_of("a"): b"a"})
        before = await changes.latest(connection)
        stored = {name: ids[sha_of(name)] for name in names}
        await pacts.publish(connection, web, version_id, stored, providers, ["old"])
        found = await pacts.of_version(connection, version_id)
        assert {name: item.sha for name, item in found.items()} == {name: sha_of(name) for name in names}
        news = await changes.since(connection, before)
        assert news is not None
        assert sorted((item.consumer, item.provider) for item in news) == sorted(("web", name) for name in names)
        assert await pacticipants.ensure_all(connection, []) == {}


async def test_latest_shas(history: Database) -> None:
    """The newest content of a consumer with each provider."""
    async with history.reading() as connection:
        ids = {name: (await pacticipant(connection, name)).id for name in ("api", "bank")}
        for name, expected in (("web", {"api": "a", "bank": "c"}), ("ios", {"api": "b"}), ("api", {})):
            found = await pacts.latest_shas(connection, await pacticipant(connection, name))
            assert found == {ids[provider]: sha_of(content) for provider, content in expected.items()}


async def test_remove(database: Database) -> None:
    """A content goes with the last pact that has it, and the results on it go with it."""
    async with database.writing() as connection:
        version_id = await publish(connection, "web", "api", "1", "a")
        await publish(connection, "web", "api", "2", "a")
        web, api = await pacticipant(connection, "web"), await pacticipant(connection, "api")
        found = await pact(connection, "web", "api", "1")
        await verifications.add(connection, found, web, api, version_id, True, None, {})
        await pacts.remove(connection, found)
        assert await pacts.find(connection, "web", "api", "1") is None
        assert (await rows(connection))["contents"] == (await rows(connection))["verifications"] == 1
        before = await changes.latest(connection)
        await pacts.remove(connection, await pact(connection, "web", "api", "2"))
        assert [(item.consumer, item.provider) for item in await changes.since(connection, before) or ()] == [
            ("web", "api")
        ]
        assert not {"contents", "verifications", "publications"} & set(await rows(connection))
        assert (await rows(connection))["versions"] == 2


async def test_remove_all(history: Database) -> None:
    """All pacts of two go, with the contents that nobody else has; versions and other pacts stay."""
    async with history.writing() as connection:
        assert await pacts.remove_all(connection, "web", "api") == 3
        assert await pacts.remove_all(connection, "web", "api") == 0
        assert await pacts.remove_all(connection, "nobody", "api") == 0
        assert await pacts.integrations(connection) == [("ios", "api"), ("web", "bank")]
        counted = await rows(connection)
    assert (counted["contents"], counted["publications"], counted["versions"]) == (2, 2, 4)


async def test_remove_orphans_spares_what_is_used(database: Database) -> None:
    """Only contents that no pact has any more are orphans."""
    async with database.writing() as connection:
        await publish(connection, "web", "api", "1", "a")
        await store(connection, "b")
        await pacts.remove_orphans(connection)
        assert await pacts.contents_of(connection, [sha_of("a"), sha_of("b")]) == {sha_of("a"): b"a"}


@pytest.fixture
async def history(database: Database) -> Database:
    """web publishes 2.0.0, 10.0.0, 1.0.0 in this order, ios its 1.0.0 between them, and web one for the bank."""
    async with database.writing() as connection:
        await publish(connection, "web", "api", "2.0.0", "a", branch="main", tags=["prod", "test"])
        await publish(connection, "ios", "api", "1.0.0", "b", branch="feature")
        await publish(connection, "web", "api", "10.0.0", "b", branch="main", tags=["test"])
        await publish(connection, "web", "bank", "10.0.0", "c", branch="main")
        await publish(connection, "web", "api", "1.0.0", "a", branch="feature")
    return database


@pytest.mark.parametrize(
    ("selector", "provider", "consumer", "expected"),
    [
        ((Kind.LATEST,), "api", "web", ["web 1.0.0"]),
        ((Kind.LATEST,), "api", None, ["ios 1.0.0", "web 1.0.0"]),
        ((Kind.LATEST,), None, "web", ["web 1.0.0", "web 10.0.0"]),
        ((Kind.LATEST,), None, None, ["ios 1.0.0", "web 1.0.0", "web 10.0.0"]),
        ((Kind.LATEST,), "bank", "ios", []),
        ((Kind.LATEST,), "web", "api", []),
        ((Kind.UNTAGGED,), "api", None, ["ios 1.0.0", "web 1.0.0"]),
        ((Kind.UNTAGGED,), "bank", None, []),
        ((Kind.TAG, "prod"), "api", None, ["web 2.0.0"]),
        ((Kind.TAG, "test"), "api", None, ["web 10.0.0"]),
        ((Kind.TAG, "test"), "bank", None, ["web 10.0.0"]),
        ((Kind.TAG, "TEST"), "api", None, []),
        ((Kind.BRANCH, "main"), "api", None, ["web 10.0.0"]),
        ((Kind.BRANCH, "feature"), "api", None, ["ios 1.0.0", "web 1.0.0"]),
        ((Kind.BRANCH, "feature"), "api", "ios", ["ios 1.0.0"]),
        ((Kind.BRANCH, "nothing"), "api", None, []),
        ((Kind.MAIN_BRANCH,), "api", None, ["web 10.0.0"]),
        ((Kind.VERSION, "1.0.0"), "api", None, ["ios 1.0.0", "web 1.0.0"]),
        ((Kind.VERSION, "2.0.0"), "api", "web", ["web 2.0.0"]),
        ((Kind.VERSION, "2"), "api", "web", []),
        ((Kind.PACT_VERSION, sha_of("a")), "api", "web", ["web 1.0.0"]),
        ((Kind.PACT_VERSION, sha_of("b")), "api", None, ["ios 1.0.0", "web 10.0.0"]),
        ((Kind.PACT_VERSION, sha_of("nothing")), "api", None, []),
        ((Kind.ENVIRONMENT, "production"), "api", None, []),
        ((Kind.DEPLOYED,), "api", None, []),
    ],
)
async def test_selectors(
    history: Database, selector: tuple[str, ...], provider: str | None, consumer: str | None, expected: list[str]
) -> None:
    """Of each consumer with each provider the newest that fits, by the order in which they were published."""
    async with history.reading() as connection:
        found = await chosen(connection, provider, consumer, *selector)
    assert [f"{name} {version}" for name, version in found] == expected


async def test_main_branch_is_each_consumers_own(history: Database) -> None:
    """Which branch is the main one, each consumer says for itself."""
    async with history.writing() as connection:
        ios = await pacticipant(connection, "ios")
        await pacticipants.change(connection, ios, {"main_branch": "feature"})
        assert await chosen(connection, "api", None, Kind.MAIN_BRANCH) == [("ios", "1.0.0"), ("web", "10.0.0")]


async def test_environments_choose(history: Database) -> None:
    """Of an environment, the pacts of all versions that are there now; deployed, released, or either, anywhere."""
    async with history.writing() as connection:
        production = await environments.add(connection, "production", None, True, [])
        test = await environments.add(connection, "test", None, False, [])
        ids = {
            number: (await pact(connection, "web", "api", number)).version_id for number in ("2.0.0", "10.0.0", "1.0.0")
        }
        for number, environment, kind, target in (
            ("2.0.0", production, "deployed", "blue"),
            ("10.0.0", production, "deployed", "green"),
            ("1.0.0", test, "released", None),
        ):
            await environments.settle(connection, "web", ids[number], environment, kind, target)
        both = [("web", "10.0.0"), ("web", "2.0.0")]
        assert await chosen(connection, "api", None, Kind.ENVIRONMENT, "production") == both
        assert await chosen(connection, "bank", None, Kind.ENVIRONMENT, "production") == [("web", "10.0.0")]
        assert await chosen(connection, "api", "ios", Kind.ENVIRONMENT, "production") == []
        assert await chosen(connection, "api", None, Kind.ENVIRONMENT, "test") == [("web", "1.0.0")]
        assert await chosen(connection, "api", None, Kind.DEPLOYED) == both
        assert await chosen(connection, "api", None, Kind.RELEASED) == [("web", "1.0.0")]
        assert await chosen(connection, "api", None, Kind.DEPLOYED, "production") == both
        assert await chosen(connection, "api", None, Kind.DEPLOYED, "test") == []
        assert await chosen(connection, "api", None, Kind.RELEASED, "test") == [("web", "1.0.0")]
        assert await chosen(connection, "api", None, Kind.DEPLOYED_OR_RELEASED, "production") == both
        assert await chosen(connection, "api", "web", Kind.DEPLOYED_OR_RELEASED) == [("web", "1.0.0"), *both]
        await environments.end(connection, (await environments.current(connection, "deployed", target="green"))[0])
        assert await chosen(connection, "api", None, Kind.ENVIRONMENT, "production") == [("web", "2.0.0")]
        await environments.remove(connection, production)
        assert await chosen(connection, "api", None, Kind.DEPLOYED) == []


async def test_same_version_in_several_places(history: Database) -> None:
    """A version that is deployed twice is chosen once."""
    async with history.writing() as connection:
        production = await environments.add(connection, "production", None, True, [])
        version_id = (await pact(connection, "web", "api", "2.0.0")).version_id
        for target in (None, "a", "b"):
            await environments.settle(connection, "web", version_id, production, "deployed", target)
        for selector in ((Kind.ENVIRONMENT, "production"), (Kind.DEPLOYED,), (Kind.DEPLOYED_OR_RELEASED,)):
            assert await chosen(connection, "api", None, *selector) == [("web", "2.0.0")]


async def test_history(history: Database) -> None:
    """All pacts that fit, however old, the newest first."""
    async with history.reading() as connection:

        async def told(*selector: str, consumer: str | None = None, limit: int | None = None) -> list[str]:
            kind = Selector(Kind(selector[0]), *selector[1:])
            found = await pacts.history(connection, "api", consumer, kind, limit)
            return [f"{item.consumer} {item.version}" for item in found]

        assert await told("latest") == ["web 1.0.0", "web 10.0.0", "ios 1.0.0", "web 2.0.0"]
        assert await told("latest", consumer="web", limit=2) == ["web 1.0.0", "web 10.0.0"]
        assert await told("tag", "test") == ["web 10.0.0", "web 2.0.0"]
        assert await told("main-branch") == ["web 10.0.0", "web 2.0.0"]
        assert await told("pact-version", sha_of("a")) == ["web 1.0.0", "web 2.0.0"]


async def test_previous_distinct(history: Database) -> None:
    """The newest earlier pact of the same two with another content."""
    async with history.reading() as connection:
        newest = await pact(connection, "web", "api", "1.0.0")
        before = await pacts.previous_distinct(connection, newest)
        assert before == await pact(connection, "web", "api", "10.0.0")
        first = await pacts.previous_distinct(connection, before)
        assert first == await pact(connection, "web", "api", "2.0.0")
        assert await pacts.previous_distinct(connection, first) is None


async def test_integrations(history: Database) -> None:
    """Every pair with a pact, by name, once."""
    async with history.reading() as connection:
        pairs = [("ios", "api"), ("web", "api"), ("web", "bank")]
        assert await pacts.integrations(connection) == pairs
        assert await pacts.integrations(connection, 1, 1) == pairs[1:2]
        assert await pacts.integrations(connection, 2) == pairs[2:]
        assert await pacts.count_integrations(connection) == 3


async def test_known_selectors(history: Database) -> None:
    """Branches, tags, environments and versions that lead to a pact of these names, and no others."""
    async with history.writing() as connection:
        production = await environments.add(connection, "production", None, True, [])
        await environments.add(connection, "empty", None, False, [])
        version_id = (await pact(connection, "web", "api", "2.0.0")).version_id
        await environments.settle(connection, "web", version_id, production, "deployed")

        async def known(consumer: str | None) -> set[str]:
            return {str(item) for item in await pacts.known_selectors(connection, "api", consumer)}

        of_ios = {"branch feature", "version 1.0.0"}
        of_web = {"branch main", "branch feature", "tag prod", "tag test", "environment production"}
        of_web |= {"version 2.0.0", "version 10.0.0", "version 1.0.0"}
        assert await known("ios") == of_ios
        assert await known("web") == of_web
        assert await known(None) == of_ios | of_web
        assert await pacts.known_selectors(connection, "nobody", None) == []


async def test_nothing_of_nobody(database: Database) -> None:
    """An empty store has nothing to choose."""
    async with database.reading() as connection:
        for kind in Kind:
            assert await pacts.choose(connection, "api", None, Selector(kind, "x")) == []
        assert await pacts.integrations(connection) == []
        assert await pacts.count_integrations(connection) == 0

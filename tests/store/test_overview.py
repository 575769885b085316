"""The integrations at a glance."""

from __future__ import annotations

from stubserver.store import Database, Digest, environments, overview, pacticipants, search
from tests.store.story import ODD_NAMES, pacticipant, publish, store, version


async def test_the_latest_of_each(database: Database) -> None:
    """Each integration is told once, by its latest pact, in the order of names or the newest first."""
    async with database.writing() as connection:
        for consumer, provider, number in (
            ("b", "x", "1"),
            ("a", "y", "1"),
            ("b", "x", "2"),
            ("a", "x", "1"),
            ("b", "x", "1b"),
        ):
            await publish(connection, consumer, provider, number, f"{consumer}{provider}{number}")
        found = await overview.integrations(connection)
        told = [(item.pact.provider, item.pact.consumer, item.pact.version) for item in found]
        assert told == [("x", "a", "1"), ("x", "b", "1b"), ("y", "a", "1")]
        newest = await overview.integrations(connection, newest_first=True)
        assert [(item.pact.provider, item.pact.consumer) for item in newest] == [("x", "b"), ("x", "a"), ("y", "a")]


async def test_pages(database: Database) -> None:
    """Pages are parts of the whole, whichever order there is."""
    async with database.writing() as connection:
        for number in range(7):
            await publish(connection, f"c{number}", "p", "1", str(number))
        for newest_first in (False, True):
            whole = await overview.integrations(connection, newest_first=newest_first)
            parts = [
                item
                for offset in range(0, 10, 3)
                for item in await overview.integrations(connection, offset=offset, limit=3, newest_first=newest_first)
            ]
            assert parts == whole
            assert len(whole) == 7


async def test_by_name(database: Database) -> None:
    """Those of some applications are chosen, as consumer or as provider, and counted the same."""
    async with database.writing() as connection:
        for name in ODD_NAMES:
            await publish(connection, name, "provider of all", "1", name)
        await publish(connection, "provider of all", "bank", "1")
        for name in ODD_NAMES:
            found = await overview.integrations(connection, names=[name])
            assert [item.pact.consumer for item in found] == [name]
            assert await overview.count_named(connection, [name]) == 1
        assert await overview.count_named(connection, ["provider of all"]) == len(ODD_NAMES) + 1
        assert len(await overview.integrations(connection, names=["provider of all"])) == len(ODD_NAMES) + 1
        assert await overview.integrations(connection, names=[]) == []
        assert await overview.count_named(connection, []) == 0


async def test_what_is_known(database: Database) -> None:
    """Branches, tags, environments and counts are those of the latest version; counts only once it has been read."""
    async with database.writing() as connection:
        await publish(connection, "web", "shop", "1", "one", branch="old", tags=["old"])
        await publish(connection, "web", "shop", "2", "two", branch="main", tags=["b", "a"])
        its = await version(connection, "web", "2")
        places = [await environments.add(connection, name, None, False, []) for name in ("uat", "live")]
        [item] = await overview.integrations(connection)
        assert item.version is not None
        assert [branch.name for branch in item.version.branches] == ["main"]
        assert sorted(item.version.tags) == ["a", "b"]
        assert (item.interactions, item.messages, item.environments, item.verification) == (None, None, (), None)
        await environments.settle(connection, "web", its.id, places[0], "deployed")
        await environments.settle(connection, "web", (await version(connection, "web", "1")).id, places[1], "released")
        [item] = await overview.integrations(connection)
        assert item.environments == ("uat",)
        await search.add(connection, {await store(connection, "two"): Digest(3, 4, 0, ())})
        [item] = await overview.integrations(connection)
        assert (item.interactions, item.messages) == (3, 4)


async def test_roles(database: Database) -> None:
    """Who provides and who consumes is told by what is published."""
    async with database.writing() as connection:
        await publish(connection, "web", "shop", "1")
        await publish(connection, "shop", "bank", "1")
        await pacticipants.ensure(connection, "alone")
        names = ["web", "shop", "bank", "alone", "nobody"]
        assert await overview.roles_of(connection, names) == {
            "web": (False, True),
            "shop": (True, True),
            "bank": (True, False),
            "alone": (False, False),
        }
        assert await overview.roles_of(connection, []) == {}
        await pacticipants.remove(connection, await pacticipant(connection, "web"))
        assert (await overview.roles_of(connection, ["shop"]))["shop"] == (False, True)
        assert len(await overview.integrations(connection)) == 1

"""Environments, and the versions that are deployed or released there."""

from __future__ import annotations

import pytest

from stubserver.store import Database, Environment, Residence, changes, environments, pacticipants
from tests.store.story import ODD_NAMES, publish, rows, version


@pytest.fixture
async def two(database: Database) -> tuple[Environment, Environment]:
    """production and test; and versions 1, 2, 3 of web, 1 of ios."""
    async with database.writing() as connection:
        for consumer, number in (("web", "1"), ("web", "2"), ("web", "3"), ("ios", "1")):
            await publish(connection, consumer, "api", number)
        production = await environments.add(connection, "production", "Live", True, [{"name": "Ops", "é": None}])
        test = await environments.add(connection, "test", None, False, [])
    return production, test


async def settle(
    database: Database, who: str, where: Environment, kind: str = "deployed", target: str | None = None
) -> tuple[Residence, bool]:
    """Deploy or release `name number`."""
    name, number = who.split()
    async with database.writing() as connection:
        version_id = (await version(connection, name, number)).id
        return await environments.settle(connection, name, version_id, where, kind, target)


async def current(database: Database, **choice: object) -> list[str]:
    """`name number` of what is there now."""
    async with database.reading() as connection:
        found = await environments.current(connection, **choice)  # type: ignore[arg-type]
    return [f"{item.pacticipant} {item.version}" for item in found]


async def test_add_and_find(database: Database, two: tuple[Environment, Environment]) -> None:
    """An environment is found by its UUID or its name; all are listed by name."""
    production, test = two
    assert (production.name, production.display_name, production.production) == ("production", "Live", True)
    assert production.contacts == [{"name": "Ops", "é": None}]
    assert (test.production, test.display_name, test.contacts) == (False, None, [])
    async with database.reading() as connection:
        assert await environments.every(connection) == [production, test]
        assert await environments.every(connection, "test") == [test]
        assert await environments.every(connection, "nothing") == []
        assert await environments.find(connection, production.uuid) == production
        assert await environments.find(connection, "nothing") is None


async def test_odd_names(database: Database) -> None:
    """Environments and targets may be named as oddly as anything."""
    async with database.writing() as connection:
        version_id = await publish(connection, "web", "api", "1")
        for name in ODD_NAMES:
            made = await environments.add(connection, name, name, False, [name])
            await environments.settle(connection, "web", version_id, made, "deployed", name)
    async with database.reading() as connection:
        for name in ODD_NAMES:
            [found] = await environments.every(connection, name)
            assert (found.name, found.display_name, found.contacts) == (name, name, [name])
            [there] = await environments.current(connection, "deployed", target=name)
            assert (there.target, there.environment) == (name, found)


async def test_change(database: Database, two: tuple[Environment, Environment]) -> None:
    """Everything may be changed but the UUID; since it may be named otherwise, everything may resolve anew."""
    production, test = two
    async with database.writing() as connection:
        before = await changes.latest(connection)
        changed = await environments.change(connection, production, "live", None, False, [])
        assert (changed.uuid, changed.name, changed.display_name, changed.production, changed.contacts) == (
            production.uuid,
            "live",
            None,
            False,
            [],
        )
        assert changed.created_at == production.created_at
        assert [item.consumer for item in await changes.since(connection, before) or ()] == [None]
        assert await environments.find(connection, test.uuid) == test


async def test_remove(database: Database, two: tuple[Environment, Environment]) -> None:
    """With an environment goes what was deployed there, and nothing else."""
    await settle(database, "web 1", two[0])
    await settle(database, "web 1", two[1])
    async with database.writing() as connection:
        await environments.remove(connection, two[0])
        assert await environments.every(connection) == [two[1]]
        assert (await rows(connection))["residences"] == 1
        assert len(await pacticipants.list_versions(connection, "web")) == 3


async def test_deploying_again_replaces(database: Database, two: tuple[Environment, Environment]) -> None:
    """The next version takes the place of the one before it, which ends, and may come back."""
    production, _ = two
    first, is_new = await settle(database, "web 1", production)
    assert is_new
    assert (first.kind, first.target, first.current, first.ended_at) == ("deployed", None, True, None)
    assert await settle(database, "web 1", production) == (first, False)
    await settle(database, "web 2", production)
    assert await current(database) == ["web 2"]
    assert await current(database, ended=True) == ["web 2", "web 1"]
    back, is_new = await settle(database, "web 1", production)
    assert is_new
    assert back.uuid != first.uuid
    assert await current(database) == ["web 1"]
    async with database.reading() as connection:
        ended = await environments.find_residence(connection, first.uuid, "deployed")
    assert ended is not None
    assert not ended.current
    assert ended.ended_at is not None


async def test_only_the_same_place_is_taken(database: Database, two: tuple[Environment, Environment]) -> None:
    """Another target, environment, application, or a release, is another place."""
    production, test = two
    await settle(database, "web 1", production)
    await settle(database, "web 1", production, target="blue")
    await settle(database, "web 1", test)
    await settle(database, "ios 1", production)
    await settle(database, "web 1", production, "released")
    await settle(database, "web 2", production)
    assert await current(database, environment=production, kind="deployed") == ["web 2", "ios 1", "web 1"]
    assert await current(database, environment=production, target="blue") == ["web 1"]
    await settle(database, "web 3", production, target="blue")
    assert await current(database, kind="deployed") == ["web 3", "web 2", "ios 1", "web 1"]
    assert await current(database, environment=test) == ["web 1"]
    assert await current(database, kind="released") == ["web 1"]


async def test_releases_stay_beside_each_other(database: Database, two: tuple[Environment, Environment]) -> None:
    """A release ends by its own; what is released again after that is the same release, which goes on."""
    first, _ = await settle(database, "web 1", two[0], "released")
    await settle(database, "web 2", two[0], "released")
    assert await settle(database, "web 1", two[0], "released") == (first, False)
    assert await current(database, kind="released") == ["web 2", "web 1"]
    async with database.writing() as connection:
        await environments.end(connection, first)
    assert await current(database, kind="released") == ["web 2"]
    assert await settle(database, "web 1", two[0], "released") == (first, False)
    assert await current(database, kind="released") == ["web 2", "web 1"]


async def test_find_residence(database: Database, two: tuple[Environment, Environment]) -> None:
    """What is recorded is found under its UUID, as what it is."""
    made, _ = await settle(database, "web 1", two[0])
    async with database.reading() as connection:
        assert await environments.find_residence(connection, made.uuid, "deployed") == made
        assert await environments.find_residence(connection, made.uuid, "released") is None
        assert await environments.find_residence(connection, "nothing", "deployed") is None


async def test_current_by_everything(database: Database, two: tuple[Environment, Environment]) -> None:
    """Each condition counts."""
    for who, where, kind, target in (
        ("web 1", two[0], "deployed", "a"),
        ("web 2", two[0], "deployed", "b"),
        ("web 2", two[1], "released", None),
        ("ios 1", two[0], "deployed", "a"),
    ):
        await settle(database, who, where, kind, target)
    assert await current(database) == ["ios 1", "web 2", "web 2", "web 1"]
    assert await current(database, pacticipant="web") == ["web 2", "web 2", "web 1"]
    assert await current(database, pacticipant="web", version="1") == ["web 1"]
    assert await current(database, target="a") == ["ios 1", "web 1"]
    assert await current(database, kind="released", pacticipant="ios") == []
    assert await current(database, environment=two[1]) == ["web 2"]


async def test_changes_are_told(database: Database, two: tuple[Environment, Environment]) -> None:
    """Whoever keeps pacts of the consumer is told when it settles or leaves; when nothing changes, nobody is."""
    made, _ = await settle(database, "web 1", two[0])
    async with database.reading() as connection:
        before = await changes.latest(connection)
    await settle(database, "web 1", two[0])
    async with database.writing() as connection:
        assert await changes.latest(connection) == before
        await environments.end(connection, made)
        assert [item.consumer for item in await changes.since(connection, before) or ()] == ["web"]

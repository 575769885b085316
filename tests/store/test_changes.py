"""Changes: numbered one by one, for everyone who keeps something of the store in memory."""

from __future__ import annotations

import asyncio

import pytest

from stubserver.store import Change, Database, changes


async def note_and_fail(database: Database) -> None:
    """A transaction that is given up."""
    async with database.writing() as connection:
        await changes.note(connection, "never")
        raise ZeroDivisionError


async def test_changes_are_numbered(database: Database) -> None:
    """Each change is one more than the last, and everyone finds those that came after what they know."""
    async with database.writing() as connection:
        assert await changes.latest(connection) == 0
        assert await changes.since(connection, 0) == []
        await changes.note(connection, "web", "api")
        await changes.note_all(connection, [])
        await changes.note(connection, kind="tokens")
        await changes.note(connection, "a'b\\ü")
    async with database.reading() as connection:
        assert await changes.latest(connection) == 3
        assert await changes.since(connection, 0) == [
            Change(1, "web", "api", "pacts"),
            Change(2, None, None, "tokens"),
            Change(3, "a'b\\ü", None, "pacts"),
        ]
        assert await changes.since(connection, 2) == [Change(3, "a'b\\ü", None, "pacts")]
        assert await changes.since(connection, 3) == []


async def test_old_changes_are_forgotten(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is further behind than is remembered is told so, and never a part as if it were all."""
    monkeypatch.setattr(changes, "_KEPT", 5)
    monkeypatch.setattr(changes, "_PRUNE_EVERY", 10)
    async with database.writing() as connection:
        for size in (1, 4, 6, 3, 6):
            await changes.note_all(connection, [("web", "api")] * size)
    async with database.reading() as connection:
        assert await changes.latest(connection) == 20
        found = await changes.since(connection, 15)
        assert found is not None
        assert [item.number for item in found] == [16, 17, 18, 19, 20]
        for number in (0, 5, 9):
            assert await changes.since(connection, number) is None


async def test_a_transaction_that_failed_leaves_no_gap(database: Database) -> None:
    """What did not happen has no number, so nobody has to begin anew because of it."""
    async with database.writing() as connection:
        await changes.note(connection, "before")
    with pytest.raises(ZeroDivisionError):
        await note_and_fail(database)
    async with database.writing() as connection:
        await changes.note(connection, "after")
    async with database.reading() as connection:
        assert [item.consumer for item in await changes.since(connection, 1) or ()] == ["after"]


async def test_notices(database: Database) -> None:
    """PostgreSQL tells when a change is committed, not before, and not when it is given up."""
    if not database.is_postgres:
        pytest.skip("only PostgreSQL tells")
    notices = database.notices(changes.CHANNEL)
    try:
        await asyncio.wait_for(anext(notices), 10)  # whoever begins to listen looks first
        heard = asyncio.ensure_future(anext(notices))
        with pytest.raises(ZeroDivisionError):
            await note_and_fail(database)
        async with database.writing() as connection:
            await changes.note(connection)
            await asyncio.sleep(0.1)
            assert not heard.done()
        await asyncio.wait_for(heard, 10)
    finally:
        await notices.aclose()  # type: ignore[attr-defined]


async def test_notices_after_a_lost_connection(database: Database) -> None:
    """A connection that is lost is made anew, and whoever listens is told to look for what was missed."""
    if not database.is_postgres:
        pytest.skip("only PostgreSQL tells")
    from sqlalchemy import text

    notices = database.notices(changes.CHANNEL)
    try:
        await asyncio.wait_for(anext(notices), 10)
        heard = asyncio.ensure_future(anext(notices))
        async with database.reading() as connection:
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            await connection.execute(text(f"{query} AND datname = current_database()"))
        await asyncio.wait_for(heard, 10)
        heard = asyncio.ensure_future(anext(notices))
        await asyncio.sleep(0.1)
        async with database.writing() as connection:
            await changes.note(connection)
        await asyncio.wait_for(heard, 10)
    finally:
        await notices.aclose()  # type: ignore[attr-defined]

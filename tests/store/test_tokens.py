"""Tokens in the store: hashes, and nothing else."""

from __future__ import annotations

from stubserver.store import Database, changes, tokens


async def test_tokens(database: Database) -> None:
    """Tokens are listed the oldest first; one that was revoked is known, but not good."""
    async with database.writing() as connection:
        before = await changes.latest(connection)
        first = await tokens.add(connection, "für 'CI'", "write", "a" * 64, "stubserver_rw_abc")
        second = await tokens.add(connection, "", "admin", "b" * 64, "")
        assert (first.description, first.role, first.hash, first.hint) == (
            "für 'CI'",
            "write",
            "a" * 64,
            "stubserver_rw_abc",
        )
        assert await tokens.every(connection) == [first, second]
        assert await tokens.find(connection, second.uuid) == second
        assert await tokens.find(connection, "nothing") is None
        await tokens.revoke(connection, first)
        news = await changes.since(connection, before) or []
        assert [(item.kind, item.consumer) for item in news] == [("tokens", None)] * 3
    async with database.reading() as connection:
        assert await tokens.every(connection) == [second]
        revoked = await tokens.find(connection, first.uuid)
        assert revoked is not None
        assert revoked.revoked_at is not None
        assert await tokens.every(connection, revoked=True) == [revoked, second]

"""Those who signed in: by hashes, for as long as both the sign-in and the token are good."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update

from stubserver.store import Database, schema, sign_ins, tokens

WEEK = timedelta(days=7)


async def test_a_sign_in(database: Database) -> None:
    """Whoever signed in is known by the hash of what their cookie holds, until they sign out; others stay."""
    async with database.writing() as connection:
        await tokens.add(connection, "one", "read", "a" * 64, "hint")
        uuid = await tokens.uuid_of(connection, "a" * 64)
        assert uuid is not None
        await sign_ins.add(connection, "1" * 64, uuid, WEEK)
        await sign_ins.add(connection, "2" * 64, uuid, WEEK)
        assert await sign_ins.token_hash_of(connection, "1" * 64) == "a" * 64
        assert await sign_ins.token_hash_of(connection, "3" * 64) is None
        await sign_ins.end(connection, "1" * 64)
        assert await sign_ins.token_hash_of(connection, "1" * 64) is None
        assert await sign_ins.token_hash_of(connection, "2" * 64) == "a" * 64


async def test_revoked(database: Database) -> None:
    """With the token, all its sign-ins end; those with others do not."""
    async with database.writing() as connection:
        for name in "ab":
            await tokens.add(connection, name, "read", name * 64, "hint")
            uuid = await tokens.uuid_of(connection, name * 64)
            assert uuid is not None
            await sign_ins.add(connection, f"{name}{'1' * 63}", uuid, WEEK)
        uuid = await tokens.uuid_of(connection, "a" * 64)
        found = await tokens.find(connection, uuid or "")
        assert found is not None
        await tokens.revoke(connection, found)
        assert await sign_ins.token_hash_of(connection, "a" + "1" * 63) is None
        assert await sign_ins.token_hash_of(connection, "b" + "1" * 63) == "b" * 64


async def test_expired(database: Database) -> None:
    """After its time a sign-in is none, and is forgotten with the next."""
    async with database.writing() as connection:
        await tokens.add(connection, "one", "read", "a" * 64, "hint")
        uuid = await tokens.uuid_of(connection, "a" * 64)
        assert uuid is not None
        await sign_ins.add(connection, "1" * 64, uuid, timedelta(seconds=-1))
        assert await sign_ins.token_hash_of(connection, "1" * 64) is None
        await sign_ins.add(connection, "2" * 64, uuid, WEEK)
        await connection.execute(update(schema.sign_ins).values(expires_at="2020-01-01T00:00:00.000+00:00"))
        assert await sign_ins.token_hash_of(connection, "2" * 64) is None
        await sign_ins.add(connection, "3" * 64, uuid, WEEK)
        rows = select(func.count()).select_from(schema.sign_ins)
        assert (await connection.execute(rows)).scalar_one() == 1

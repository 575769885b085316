"""Those who signed in to the pages: what their cookies hold, of which only hashes are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store.records import now
from stubserver.store.schema import sign_ins, tokens


async def add(connection: AsyncConnection, digest: str, token_uuid: str, lasts: timedelta) -> None:
    """Record that somebody signed in with a token; what has expired meanwhile is forgotten."""
    expires_at = (datetime.now(UTC) + lasts).isoformat(timespec="milliseconds")
    await connection.execute(delete(sign_ins).where(sign_ins.c.expires_at < now()))
    values = {"hash": digest, "token_uuid": token_uuid, "created_at": now(), "expires_at": expires_at}
    await connection.execute(insert(sign_ins).values(values))


async def token_hash_of(connection: AsyncConnection, digest: str) -> str | None:
    """The hash of the token that somebody signed in with, if that and the token are still good."""
    query = (
        select(tokens.c.hash)
        .select_from(sign_ins.join(tokens, tokens.c.uuid == sign_ins.c.token_uuid))
        .where(sign_ins.c.hash == digest, sign_ins.c.expires_at >= now(), tokens.c.revoked_at.is_(None))
    )
    return (await connection.execute(query)).scalar()


async def end(connection: AsyncConnection, digest: str) -> None:
    """Sign out."""
    await connection.execute(delete(sign_ins).where(sign_ins.c.hash == digest))

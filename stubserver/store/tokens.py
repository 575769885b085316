"""Access tokens, of which only hashes are kept."""

from __future__ import annotations

import uuid

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store.changes import note
from stubserver.store.records import Token, now
from stubserver.store.schema import tokens

_COLUMNS = tuple(tokens.c[name] for name in ("uuid", "description", "role", "hash", "hint", "created_at", "revoked_at"))


async def add(connection: AsyncConnection, description: str, role: str, digest: str, hint: str) -> Token:
    """Record a token."""
    values = {
        "uuid": str(uuid.uuid4()),
        "description": description,
        "role": role,
        "hash": digest,
        "hint": hint,
        "created_at": now(),
    }
    await connection.execute(insert(tokens).values(values))
    await note(connection, kind="tokens")
    return Token(**values, revoked_at=None)


async def every(connection: AsyncConnection, *, revoked: bool = False) -> list[Token]:
    """The tokens that are good, the oldest first; with `revoked`, also those that were."""
    query = select(*_COLUMNS).order_by(tokens.c.id)
    if not revoked:
        query = query.where(tokens.c.revoked_at.is_(None))
    return [Token(*row) for row in await connection.execute(query)]


async def find(connection: AsyncConnection, key: str) -> Token | None:
    """The token with this UUID, good or revoked."""
    row = (await connection.execute(select(*_COLUMNS).where(tokens.c.uuid == key))).first()
    return Token(*row) if row is not None else None


async def uuid_of(connection: AsyncConnection, digest: str) -> str | None:
    """The UUID of the good token with this hash."""
    query = select(tokens.c.uuid).where(tokens.c.hash == digest, tokens.c.revoked_at.is_(None))
    return (await connection.execute(query)).scalar()


async def revoke(connection: AsyncConnection, token: Token) -> None:
    """End a token."""
    await connection.execute(update(tokens).where(tokens.c.uuid == token.uuid).values(revoked_at=now()))
    await note(connection, kind="tokens")

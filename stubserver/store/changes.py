"""What changed, for everyone who keeps something of the store in memory."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store.records import Change, now
from stubserver.store.schema import changes

CHANNEL = "stubserver_changes"  # on which PostgreSQL tells that something changed
_KEPT = 10_000  # changes that are remembered; whoever is further behind begins anew
_PRUNE_EVERY = 100


async def note(
    connection: AsyncConnection, consumer: str | None = None, provider: str | None = None, kind: str = "pacts"
) -> int:
    """Tell, in a transaction that writes, that the pacts of a consumer (with a provider) may resolve anew."""
    # Not the database's own counting, which goes on when a transaction is given up: no number may be missing.
    number = await latest(connection) + 1
    values = {"id": number, "consumer": consumer, "provider": provider, "kind": kind, "created_at": now()}
    await connection.execute(insert(changes).values(values))
    if number % _PRUNE_EVERY == 0:
        await connection.execute(delete(changes).where(changes.c.id <= number - _KEPT))
    if connection.dialect.name == "postgresql":
        await connection.execute(
            text("SELECT pg_notify(:channel, :number)"), {"channel": CHANNEL, "number": str(number)}
        )
    return number


async def latest(connection: AsyncConnection) -> int:
    """The number of the latest change; 0 before the first."""
    return int((await connection.execute(select(func.coalesce(func.max(changes.c.id), 0)))).scalar_one())


async def since(connection: AsyncConnection, number: int) -> list[Change] | None:
    """The changes after this one, in their order; None when some of them are no longer remembered."""
    query = select(changes.c.id, changes.c.consumer, changes.c.provider, changes.c.kind).where(changes.c.id > number)
    found = [Change(*row) for row in await connection.execute(query.order_by(changes.c.id))]
    return found if not found or len(found) == found[-1].number - number else None

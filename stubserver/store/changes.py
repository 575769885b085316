"""What changed, for everyone who keeps something of the store in memory."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store.records import Change, now
from stubserver.store.schema import changes

CHANNEL = "stubserver_changes"  # on which PostgreSQL tells that something changed
_KEPT = 10_000  # changes that are remembered; whoever is further behind begins anew
_PRUNE_EVERY = 100


async def note(
    connection: AsyncConnection, consumer: str | None = None, provider: str | None = None, kind: str = "pacts"
) -> None:
    """Tell, in a transaction that writes, that the pacts of a consumer (with a provider) may resolve anew."""
    await note_all(connection, [(consumer, provider)], kind)


async def note_all(
    connection: AsyncConnection, pairs: Sequence[tuple[str | None, str | None]], kind: str = "pacts"
) -> None:
    """The same for several pairs of consumer and provider."""
    if not pairs:
        return
    # Not the database's own counting, which goes on when a transaction is given up: no number may be missing.
    first = await latest(connection) + 1
    last = first + len(pairs) - 1
    moment = now()
    rows = [
        {"id": number, "consumer": consumer, "provider": provider, "kind": kind, "created_at": moment}
        for number, (consumer, provider) in enumerate(pairs, first)
    ]
    await connection.execute(insert(changes), rows)
    if first // _PRUNE_EVERY != (last + 1) // _PRUNE_EVERY:
        await connection.execute(delete(changes).where(changes.c.id <= last - _KEPT))
    if connection.dialect.name == "postgresql":
        told = {"channel": CHANNEL, "number": str(last)}
        await connection.execute(text("SELECT pg_notify(:channel, :number)"), told)


async def latest(connection: AsyncConnection) -> int:
    """The number of the latest change; 0 before the first."""
    return int((await connection.execute(select(func.coalesce(func.max(changes.c.id), 0)))).scalar_one())


async def since(connection: AsyncConnection, number: int) -> list[Change] | None:
    """The changes after this one, in their order; None when some of them are no longer remembered."""
    query = select(changes.c.id, changes.c.consumer, changes.c.provider, changes.c.kind).where(changes.c.id > number)
    found = [Change(*row) for row in await connection.execute(query.order_by(changes.c.id))]
    return found if not found or len(found) == found[-1].number - number else None

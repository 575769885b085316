"""Who did what: writes and refusals."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store.records import AuditEvent, now
from stubserver.store.schema import audit

_KEPT = 200_000  # events
_REFUSALS_KEPT = 20_000  # of those that were refused, so that a flood of them drives out nothing else
_REFUSED = 400  # statuses from which on something was refused
_PRUNE_EVERY = 1000


def event(kind: str, actor: str, status: int, payload: dict[str, Any]) -> AuditEvent:
    """What happens now, to be recorded."""
    return AuditEvent(str(uuid.uuid4()), now(), kind, actor, status, payload)


async def record(connection: AsyncConnection, events: Iterable[AuditEvent]) -> None:
    """Record events. Of very many, the oldest are forgotten; of refusals, sooner."""
    for item in events:
        values = {
            "uuid": item.uuid,
            "timestamp": item.timestamp,
            "type": item.type,
            "actor": item.actor,
            "status": item.status,
            "payload": json.dumps(item.payload),
        }
        number = (await connection.execute(insert(audit).values(values).returning(audit.c.id))).scalar_one()
        if number % _PRUNE_EVERY == 0:
            await _prune(connection)


async def _prune(connection: AsyncConnection) -> None:
    for is_refusal, kept in ((True, _REFUSALS_KEPT), (False, _KEPT)):
        of_kind = audit.c.status >= _REFUSED if is_refusal else audit.c.status < _REFUSED
        oldest = select(audit.c.id).where(of_kind).order_by(audit.c.id.desc()).offset(kept).limit(1).scalar_subquery()
        await connection.execute(delete(audit).where(of_kind, audit.c.id <= oldest))


async def page(
    connection: AsyncConnection,
    limit: int,
    *,
    since: str | None = None,
    kind: str | None = None,
    actor: str | None = None,
    start: str | None = None,
    descending: bool = False,
) -> list[AuditEvent]:
    """Events from the one with UUID `start` on, at most `limit`."""
    order = audit.c.id.desc() if descending else audit.c.id.asc()
    columns = (audit.c.uuid, audit.c.timestamp, audit.c.type, audit.c.actor, audit.c.status, audit.c.payload)
    query = select(*columns).order_by(order).limit(limit)
    if since is not None:
        query = query.where(audit.c.timestamp >= since)
    if kind is not None:
        query = query.where(audit.c.type == kind)
    if actor is not None:
        query = query.where(audit.c.actor == actor)
    if start is not None:
        number = select(audit.c.id).where(audit.c.uuid == start).scalar_subquery()
        query = query.where(audit.c.id <= number if descending else audit.c.id >= number)
    rows = await connection.execute(query)
    return [AuditEvent(*row[:5], json.loads(row[5])) for row in rows]

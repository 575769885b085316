"""Environments, and the versions that are deployed or released there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store.changes import note
from stubserver.store.records import Environment, Residence, now
from stubserver.store.schema import environments, pacticipants, residences, versions

_COLUMNS = tuple(
    environments.c[name]
    for name in ("id", "uuid", "name", "display_name", "production", "contacts", "created_at", "updated_at")
)


def _environment(row: Any) -> Environment:
    identity, key, name, display_name, production, contacts, created_at, updated_at = row
    return Environment(
        identity, key, name, display_name, bool(production), json.loads(contacts), created_at, updated_at
    )


async def every(connection: AsyncConnection, name: str | None = None) -> list[Environment]:
    """All environments by name, or the one of this name."""
    query = select(*_COLUMNS).order_by(environments.c.name)
    if name is not None:
        query = query.where(environments.c.name == name)
    return [_environment(row) for row in await connection.execute(query)]


async def find(connection: AsyncConnection, key: str) -> Environment | None:
    """The environment with this UUID."""
    row = (await connection.execute(select(*_COLUMNS).where(environments.c.uuid == key))).first()
    return _environment(row) if row is not None else None


async def add(
    connection: AsyncConnection, name: str, display_name: str | None, production: bool, contacts: list[Any]
) -> Environment:
    """Make an environment."""
    moment = now()
    values = {
        "uuid": str(uuid.uuid4()),
        "name": name,
        "display_name": display_name,
        "production": production,
        "contacts": json.dumps(contacts),
        "created_at": moment,
        "updated_at": moment,
    }
    await connection.execute(insert(environments).values(values))
    return (await every(connection, name))[0]


async def change(
    connection: AsyncConnection,
    environment: Environment,
    name: str,
    display_name: str | None,
    production: bool,
    contacts: list[Any],
) -> Environment:
    """Set everything that an environment says of itself."""
    values = {
        "name": name,
        "display_name": display_name,
        "production": production,
        "contacts": json.dumps(contacts),
        "updated_at": now(),
    }
    await connection.execute(update(environments).where(environments.c.id == environment.id).values(values))
    await note(connection)
    found = await find(connection, environment.uuid)
    assert found is not None
    return found


async def remove(connection: AsyncConnection, environment: Environment) -> None:
    """Remove an environment with what was in it."""
    await connection.execute(delete(environments).where(environments.c.id == environment.id))
    await note(connection)


async def settle(
    connection: AsyncConnection,
    pacticipant: str,
    version_id: int,
    environment: Environment,
    kind: str,
    target: str | None = None,
) -> tuple[Residence, bool]:
    """Record that a version is deployed to (in place of the one that was) or released in an environment; and whether
    that was not recorded yet.
    """
    here = [
        residences.c.environment_id == environment.id,
        residences.c.kind == kind,
        residences.c.current,
        residences.c.target.is_(None) if target is None else residences.c.target == target,
    ]
    known = await _residences(connection, [*here, residences.c.version_id == version_id])
    if known:
        return known[0], False
    if kind == "released":
        before = await _residences(connection, [*here[:2], residences.c.version_id == version_id])
        if before:  # its support had ended, and begins again
            again = update(residences).where(residences.c.uuid == before[0].uuid)
            await connection.execute(again.values(current=True, ended_at=None))
            await note(connection, pacticipant)
            return (await _residences(connection, [residences.c.uuid == before[0].uuid]))[0], False
    if kind == "deployed":
        its = select(versions.c.id).select_from(versions.join(pacticipants)).where(pacticipants.c.name == pacticipant)
        replaced = update(residences).where(*here, residences.c.version_id.in_(its))
        await connection.execute(replaced.values(current=False, ended_at=now()))
    values = {
        "uuid": str(uuid.uuid4()),
        "kind": kind,
        "version_id": version_id,
        "environment_id": environment.id,
        "target": target,
        "current": True,
        "created_at": now(),
    }
    await connection.execute(insert(residences).values(values))
    await note(connection, pacticipant)
    return (await _residences(connection, [residences.c.uuid == values["uuid"]]))[0], True


async def find_residence(connection: AsyncConnection, key: str, kind: str) -> Residence | None:
    """What is recorded under this UUID."""
    found = await _residences(connection, [residences.c.uuid == key, residences.c.kind == kind])
    return found[0] if found else None


async def end(connection: AsyncConnection, residence: Residence) -> None:
    """Record that a version is no longer deployed, or no longer supported."""
    ended = update(residences).where(residences.c.uuid == residence.uuid)
    await connection.execute(ended.values(current=False, ended_at=now()))
    await note(connection, residence.pacticipant)


async def current(
    connection: AsyncConnection,
    kind: str | None = None,
    *,
    environment: Environment | None = None,
    pacticipant: str | None = None,
    version: str | None = None,
    target: str | None = None,
    ended: bool = False,
) -> list[Residence]:
    """What is deployed or released now (and what was, with `ended`), the newest first."""
    conditions: list[ColumnElement[bool]] = [] if ended else [residences.c.current]
    if kind is not None:
        conditions.append(residences.c.kind == kind)
    if environment is not None:
        conditions.append(residences.c.environment_id == environment.id)
    if pacticipant is not None:
        conditions.append(pacticipants.c.name == pacticipant)
    if version is not None:
        conditions.append(versions.c.number == version)
    if target is not None:
        conditions.append(residences.c.target == target)
    return await _residences(connection, conditions)


async def of_versions(connection: AsyncConnection, version_ids: Collection[int]) -> dict[int, list[str]]:
    """The names of the environments that versions are in, by the versions' ids."""
    query = (
        select(residences.c.version_id, environments.c.name)
        .select_from(residences.join(environments))
        .where(residences.c.version_id.in_(version_ids), residences.c.current)
        .distinct()
        .order_by(environments.c.name)
    )
    found: dict[int, list[str]] = {}
    for version_id, name in await connection.execute(query):
        found.setdefault(version_id, []).append(name)
    return found


async def _residences(connection: AsyncConnection, conditions: Iterable[ColumnElement[bool]]) -> list[Residence]:
    query = (
        select(
            residences.c.uuid,
            residences.c.kind,
            pacticipants.c.name,
            versions.c.number,
            residences.c.target,
            residences.c.current,
            residences.c.created_at,
            residences.c.ended_at,
            *_COLUMNS,
        )
        .select_from(residences.join(versions).join(pacticipants).join(environments))
        .where(*conditions)
        .order_by(residences.c.id.desc())
    )
    found: list[Residence] = []
    for row in await connection.execute(query):
        key, kind, name, number, target, is_current, created_at, ended_at = row[:8]
        environment = _environment(row[8:])
        found.append(Residence(key, kind, name, number, environment, target, bool(is_current), created_at, ended_at))
    return found

"""Pacticipants, and their versions, branches and tags."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store import environments
from stubserver.store.changes import note
from stubserver.store.records import Branch, BranchVersion, Pacticipant, Version, now
from stubserver.store.schema import branch_versions, branches, pacticipants, publications, tags, versions

_MAIN = ("develop", "main", "master")  # branches that are taken for the main one where none is set
_NEW = timedelta(seconds=10)  # a first tag within this time names the branch, too, as a Pact Broker has it

_COLUMNS = tuple(
    pacticipants.c[name]
    for name in ("id", "name", "display_name", "main_branch", "repository_url", "created_at", "updated_at")
)


def slug_of(name: str) -> str:
    """A name as a label of a host name: letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


async def find(connection: AsyncConnection, name: str) -> Pacticipant | None:
    """The pacticipant of this name."""
    row = (await connection.execute(select(*_COLUMNS).where(pacticipants.c.name == name))).first()
    return Pacticipant(*row) if row is not None else None


async def count(connection: AsyncConnection, containing: str | None = None) -> int:
    """How many pacticipants there are."""
    query = select(func.count()).select_from(pacticipants).where(_contains(containing))
    return int((await connection.execute(query)).scalar_one())


async def page(
    connection: AsyncConnection, offset: int = 0, limit: int | None = None, containing: str | None = None
) -> list[Pacticipant]:
    """Pacticipants by name; those whose names contain a text."""
    query = select(*_COLUMNS).where(_contains(containing)).order_by(pacticipants.c.name).offset(offset).limit(limit)
    return [Pacticipant(*row) for row in await connection.execute(query)]


def _contains(text: str | None) -> ColumnElement[bool]:
    return pacticipants.c.name.icontains(text or "", autoescape=True)


async def names(connection: AsyncConnection) -> list[str]:
    """The names of all pacticipants."""
    return list((await connection.execute(select(pacticipants.c.name).order_by(pacticipants.c.name))).scalars())


async def ensure(connection: AsyncConnection, name: str) -> tuple[Pacticipant, bool]:
    """The pacticipant of this name, made where there is none; and whether it was made."""
    found = await find(connection, name)
    if found is not None:
        return found, False
    moment = now()
    values = {"name": name, "slug": slug_of(name), "created_at": moment, "updated_at": moment}
    await connection.execute(insert(pacticipants).values(values))
    made = await find(connection, name)
    assert made is not None
    return made, True


async def ensure_all(connection: AsyncConnection, wanted: Collection[str]) -> dict[str, Pacticipant]:
    """The pacticipants of these names, made where there are none, by name."""
    names = list(dict.fromkeys(wanted))
    found = await _of_names(connection, names)
    missing = [name for name in names if name not in found]
    if missing:
        moment = now()
        rows = [{"name": name, "slug": slug_of(name), "created_at": moment, "updated_at": moment} for name in missing]
        await connection.execute(insert(pacticipants), rows)
        found |= await _of_names(connection, missing)
    return found


async def _of_names(connection: AsyncConnection, names: Collection[str]) -> dict[str, Pacticipant]:
    rows = await connection.execute(select(*_COLUMNS).where(pacticipants.c.name.in_(names)))
    return {item.name: item for item in (Pacticipant(*row) for row in rows)}


async def change(connection: AsyncConnection, pacticipant: Pacticipant, values: dict[str, str | None]) -> Pacticipant:
    """Set display_name, main_branch, repository_url."""
    changed = {**values, "updated_at": now()}
    await connection.execute(update(pacticipants).where(pacticipants.c.id == pacticipant.id).values(changed))
    if "main_branch" in values:
        await note(connection, pacticipant.name)
    found = await find(connection, pacticipant.name)
    assert found is not None
    return found


async def remove(connection: AsyncConnection, pacticipant: Pacticipant) -> None:
    """Remove a pacticipant with all that belongs to it: versions, pacts on either side, results."""
    await connection.execute(delete(pacticipants).where(pacticipants.c.id == pacticipant.id))
    await note(connection)


async def find_version(connection: AsyncConnection, pacticipant: str, number: str) -> Version | None:
    """A version with its branches, tags and the providers it has pacts with."""
    found = await _versions(connection, (pacticipants.c.name == pacticipant, versions.c.number == number), limit=1)
    return found[0] if found else None


async def latest_version(
    connection: AsyncConnection, pacticipant: str, *, tag: str | None = None, branch: str | None = None
) -> Version | None:
    """The newest version, of those with a tag or on a branch if one is given."""
    found = await _versions(connection, _conditions(pacticipant, tag, branch), limit=1)
    return found[0] if found else None


async def list_versions(
    connection: AsyncConnection,
    pacticipant: str,
    offset: int = 0,
    limit: int | None = None,
    *,
    tag: str | None = None,
    branch: str | None = None,
) -> list[Version]:
    """Versions, the newest first."""
    return await _versions(connection, _conditions(pacticipant, tag, branch), offset, limit)


async def count_versions(
    connection: AsyncConnection, pacticipant: str, *, tag: str | None = None, branch: str | None = None
) -> int:
    """How many versions there are."""
    query = select(func.count()).select_from(versions.join(pacticipants)).where(*_conditions(pacticipant, tag, branch))
    return int((await connection.execute(query)).scalar_one())


async def versions_of(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Version]:
    """Versions by their ids."""
    return {item.id: item for item in await _versions(connection, [versions.c.id.in_(ids)])} if ids else {}


async def newest_numbers(connection: AsyncConnection, ids: Collection[int]) -> dict[int, str]:
    """The number of the newest version of each pacticipant, by the pacticipant's id."""
    newest = select(func.max(versions.c.id)).where(versions.c.pacticipant_id.in_(ids))
    newest = newest.group_by(versions.c.pacticipant_id)
    rows = await connection.execute(
        select(versions.c.pacticipant_id, versions.c.number).where(versions.c.id.in_(newest))
    )
    return {row[0]: row[1] for row in rows}


async def ensure_version(
    connection: AsyncConnection, pacticipant: Pacticipant, number: str, build_url: str | None = None
) -> tuple[int, bool]:
    """The id of a version, made where there is none; and whether it was made."""
    known = select(versions.c.id).where(versions.c.pacticipant_id == pacticipant.id, versions.c.number == number)
    found = (await connection.execute(known)).scalar()
    if found is not None:
        if build_url is not None:
            await connection.execute(update(versions).where(versions.c.id == found).values(build_url=build_url))
        return int(found), False
    values = {"pacticipant_id": pacticipant.id, "number": number, "build_url": build_url, "created_at": now()}
    made = await connection.execute(insert(versions).values(values).returning(versions.c.id))
    return int(made.scalar_one()), True


async def add_versions(connection: AsyncConnection, wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """The ids of those of these versions (id of the pacticipant, number) that were not there yet, and now are."""
    key = (versions.c.pacticipant_id, versions.c.number)
    query = select(*key, versions.c.id).where(versions.c.number.in_({number for _, number in wanted}))
    known = {(row[0], row[1]) for row in await connection.execute(query)}
    missing = [each for each in dict.fromkeys(wanted) if each not in known]
    if not missing:
        return {}
    moment = now()
    rows = [{"pacticipant_id": owner, "number": number, "created_at": moment} for owner, number in missing]
    await connection.execute(insert(versions), rows)
    found = {(row[0], row[1]): int(row[2]) for row in await connection.execute(query)}
    return {each: found[each] for each in missing}


async def remove_version(connection: AsyncConnection, version: Version) -> None:
    """Remove a version with its pacts, tags and residences."""
    await connection.execute(delete(versions).where(versions.c.id == version.id))
    await note(connection, version.pacticipant)


async def add_to_branch(connection: AsyncConnection, pacticipant: Pacticipant, version_id: int, name: str) -> bool:
    """Put a version on a branch, which is made where there is none; whether it was not there yet."""
    branch = await _branch_id(connection, pacticipant.id, name)
    if branch is None:
        values = {"pacticipant_id": pacticipant.id, "name": name, "created_at": now()}
        branch = (await connection.execute(insert(branches).values(values).returning(branches.c.id))).scalar_one()
    of_both = (branch_versions.c.branch_id == branch, branch_versions.c.version_id == version_id)
    if (await connection.execute(select(exists().where(*of_both)))).scalar():
        return False
    values = {"branch_id": branch, "version_id": version_id, "created_at": now()}
    await connection.execute(insert(branch_versions).values(values))
    await _take_for_main(connection, pacticipant, name)
    await note(connection, pacticipant.name)
    return True


async def add_tag(connection: AsyncConnection, pacticipant: Pacticipant, version_id: int, name: str) -> bool:
    """Tag a version; whether it did not have the tag yet. The first tag of a version that is new and on no branch names
    its branch, too, and a tag that is called as an environment says that the version is deployed there.
    """
    tagged = select(tags.c.name).where(tags.c.version_id == version_id)
    present = set((await connection.execute(tagged)).scalars())
    if name in present:
        return False
    await connection.execute(insert(tags).values(version_id=version_id, name=name, created_at=now()))
    if not present and await _is_new_without_branch(connection, version_id):
        await add_to_branch(connection, pacticipant, version_id, name)
    await _take_for_main(connection, pacticipant, name)
    for environment in await environments.every(connection, name):
        await environments.settle(connection, pacticipant.name, version_id, environment, "deployed")
    await note(connection, pacticipant.name)
    return True


async def remove_tag(connection: AsyncConnection, version: Version, name: str) -> bool:
    """Take a tag away; whether it was there."""
    gone = await connection.execute(delete(tags).where(tags.c.version_id == version.id, tags.c.name == name))
    await note(connection, version.pacticipant)
    return gone.rowcount > 0


async def tag_time(connection: AsyncConnection, version: Version, name: str) -> str | None:
    """When a version was tagged; None where it was not."""
    query = select(tags.c.created_at).where(tags.c.version_id == version.id, tags.c.name == name)
    return (await connection.execute(query)).scalar()


async def find_branch(connection: AsyncConnection, pacticipant: str, name: str) -> Branch | None:
    """A branch."""
    found = await list_branches(connection, pacticipant, name)
    return found[0] if found else None


async def list_branches(connection: AsyncConnection, pacticipant: str, name: str | None = None) -> list[Branch]:
    """The branches of a pacticipant, the newest first."""
    newest = (
        select(branch_versions.c.branch_id, func.max(branch_versions.c.version_id).label("version_id"))
        .group_by(branch_versions.c.branch_id)
        .subquery()
    )
    query = (
        select(branches.c.name, branches.c.created_at, versions.c.number)
        .select_from(
            branches.join(pacticipants)
            .outerjoin(newest, newest.c.branch_id == branches.c.id)
            .outerjoin(versions, versions.c.id == newest.c.version_id)
        )
        .where(pacticipants.c.name == pacticipant)
        .order_by(branches.c.id.desc())
    )
    if name is not None:
        query = query.where(branches.c.name == name)
    return [Branch(*row) for row in await connection.execute(query)]


async def remove_branch(connection: AsyncConnection, pacticipant: Pacticipant, name: str) -> bool:
    """Remove a branch; its versions stay. Whether it was there."""
    of_name = (branches.c.pacticipant_id == pacticipant.id, branches.c.name == name)
    gone = await connection.execute(delete(branches).where(*of_name))
    await note(connection, pacticipant.name)
    return gone.rowcount > 0


async def _branch_id(connection: AsyncConnection, pacticipant_id: int, name: str) -> int | None:
    query = select(branches.c.id).where(branches.c.pacticipant_id == pacticipant_id, branches.c.name == name)
    return (await connection.execute(query)).scalar()


async def _is_new_without_branch(connection: AsyncConnection, version_id: int) -> bool:
    on_branch = exists().where(branch_versions.c.version_id == version_id)
    query = select(versions.c.created_at).where(versions.c.id == version_id, ~on_branch)
    created_at = (await connection.execute(query)).scalar()
    return created_at is not None and datetime.now(UTC) - datetime.fromisoformat(created_at) < _NEW


async def _take_for_main(connection: AsyncConnection, pacticipant: Pacticipant, name: str) -> None:
    if name in _MAIN:
        unset = (pacticipants.c.id == pacticipant.id, pacticipants.c.main_branch.is_(None))
        await connection.execute(update(pacticipants).where(*unset).values(main_branch=name))


def _conditions(pacticipant: str, tag: str | None, branch: str | None) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [pacticipants.c.name == pacticipant]
    if tag is not None:
        conditions.append(exists().where(tags.c.version_id == versions.c.id, tags.c.name == tag))
    if branch is not None:
        on_branch = (branch_versions.c.version_id == versions.c.id, branches.c.name == branch)
        conditions.append(exists().where(branch_versions.c.branch_id == branches.c.id, *on_branch))
    return conditions


async def _versions(
    connection: AsyncConnection,
    conditions: Iterable[ColumnElement[bool]],
    offset: int = 0,
    limit: int | None = None,
) -> list[Version]:
    query = (
        select(versions.c.id, pacticipants.c.name, versions.c.number, versions.c.build_url, versions.c.created_at)
        .select_from(versions.join(pacticipants))
        .where(*conditions)
        .order_by(versions.c.id.desc())
        .offset(offset)
        .limit(limit)
    )
    rows = (await connection.execute(query)).all()
    ids = [row.id for row in rows]
    details: tuple[dict[int, list[Any]], ...] = ({}, {}, {}) if not ids else await _details(connection, ids)
    return [Version(*row, *(tuple(found.get(row.id, ())) for found in details)) for row in rows]


async def _details(connection: AsyncConnection, ids: list[int]) -> tuple[dict[int, list[Any]], ...]:
    """Branches, tags and providers of versions, by the versions' ids."""
    on: dict[int, list[Any]] = {}
    tagged: dict[int, list[Any]] = {}
    providers: dict[int, list[Any]] = {}
    later = branch_versions.alias()
    is_latest = ~exists().where(
        later.c.branch_id == branch_versions.c.branch_id, later.c.version_id > branch_versions.c.version_id
    )
    query = (
        select(branch_versions.c.version_id, branches.c.name, is_latest)
        .select_from(branch_versions.join(branches))
        .where(branch_versions.c.version_id.in_(ids))
        .order_by(branch_versions.c.created_at, branches.c.id)
    )
    for version_id, name, latest in await connection.execute(query):
        on.setdefault(version_id, []).append(BranchVersion(name, bool(latest)))
    for version_id, name in await connection.execute(
        select(tags.c.version_id, tags.c.name).where(tags.c.version_id.in_(ids)).order_by(tags.c.name)
    ):
        tagged.setdefault(version_id, []).append(name)
    with_pacts = (
        select(publications.c.version_id, pacticipants.c.name)
        .select_from(publications.join(pacticipants, pacticipants.c.id == publications.c.provider_id))
        .where(publications.c.version_id.in_(ids))
        .order_by(pacticipants.c.name)
    )
    for version_id, name in await connection.execute(with_pacts):
        providers.setdefault(version_id, []).append(name)
    return on, tagged, providers

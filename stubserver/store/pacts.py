"""Pact contents and publications: storing them, and choosing among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store import search
from stubserver.store.changes import note, note_all
from stubserver.store.publications import COLUMNS, WHOLE, consumers, providers
from stubserver.store.records import LATEST, Kind, Pacticipant, Publication, Selector, now
from stubserver.store.schema import (
    branch_versions,
    branches,
    contents,
    environments,
    pacticipants,
    publications,
    residences,
    tags,
    versions,
)


async def store_contents(connection: AsyncConnection, content_by_sha: Mapping[str, bytes]) -> dict[str, int]:
    """The ids of contents, by their SHAs. What was stored first for a SHA stays."""
    shas = list(content_by_sha)
    found = await _ids_of(connection, shas)
    missing = [sha for sha in shas if sha not in found]
    if missing:
        moment = now()
        rows = [
            {"sha": sha, "content": content_by_sha[sha], "size": len(content_by_sha[sha]), "created_at": moment}
            for sha in missing
        ]
        await connection.execute(insert(contents), rows)
        found |= await _ids_of(connection, missing)
    return found


async def _ids_of(connection: AsyncConnection, shas: list[str]) -> dict[str, int]:
    rows = await connection.execute(select(contents.c.sha, contents.c.id).where(contents.c.sha.in_(shas)))
    return {row[0]: row[1] for row in rows}


async def content_of(connection: AsyncConnection, content_id: int) -> bytes:
    """The bytes of a content."""
    query = select(contents.c.content).where(contents.c.id == content_id)
    return bytes((await connection.execute(query)).scalar_one())


async def contents_of(connection: AsyncConnection, shas: list[str]) -> dict[str, bytes]:
    """The bytes of several contents, by their SHAs."""
    rows = await connection.execute(select(contents.c.sha, contents.c.content).where(contents.c.sha.in_(shas)))
    return {row[0]: bytes(row[1]) for row in rows}


async def find(connection: AsyncConnection, consumer: str, provider: str, version: str) -> Publication | None:
    """The pact of a consumer version with a provider."""
    found = await choose(connection, provider, consumer, Selector(Kind.VERSION, version))
    return found[0] if found else None


async def of_version(connection: AsyncConnection, version_id: int) -> dict[str, Publication]:
    """The pacts of a consumer version, by provider."""
    query = select(*COLUMNS).select_from(WHOLE).where(publications.c.version_id == version_id)
    return {item.provider: item for item in (Publication(*row) for row in await connection.execute(query))}


async def latest_shas(connection: AsyncConnection, consumer: Pacticipant) -> dict[int, str]:
    """The SHA of a consumer's latest pact with each provider, by the provider's id."""
    newest = (
        select(func.max(publications.c.version_id))
        .where(publications.c.consumer_id == consumer.id)
        .group_by(publications.c.provider_id)
    )
    query = (
        select(publications.c.provider_id, contents.c.sha, publications.c.version_id)
        .select_from(publications.join(contents))
        .where(publications.c.consumer_id == consumer.id, publications.c.version_id.in_(newest))
        .order_by(publications.c.version_id)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


async def publish(
    connection: AsyncConnection,
    consumer: Pacticipant,
    version_id: int,
    content_ids: Mapping[str, int],
    providers: Mapping[str, Pacticipant],
    replaced: Collection[str] = (),
) -> None:
    """Make contents the pacts of a consumer version, by the names of providers; those `replaced` have one already."""
    for name in replaced:
        of_both = (publications.c.version_id == version_id, publications.c.provider_id == providers[name].id)
        await connection.execute(update(publications).where(*of_both).values(content_id=content_ids[name]))
    added = {name: content_id for name, content_id in content_ids.items() if name not in replaced}
    await add(connection, [(consumer.id, providers[name].id, version_id, number) for name, number in added.items()])
    await note_all(connection, [(consumer.name, name) for name in content_ids])


async def add(connection: AsyncConnection, rows: Sequence[tuple[int, int, int, int]]) -> None:
    """Make contents the pacts of versions that have none yet: ids of consumer, provider, version and content."""
    moment = now()
    names = ("consumer_id", "provider_id", "version_id", "content_id")
    values = [{**dict(zip(names, row, strict=True)), "created_at": moment} for row in rows]
    if values:
        await connection.execute(insert(publications), values)


async def remove(connection: AsyncConnection, publication: Publication) -> None:
    """Remove the pact of a consumer version; its content goes with the last publication of it."""
    await connection.execute(delete(publications).where(publications.c.id == publication.id))
    await remove_orphans(connection)
    await note(connection, publication.consumer, publication.provider)


async def remove_all(connection: AsyncConnection, consumer: str, provider: str) -> int:
    """Remove all pacts of a consumer with a provider; how many there were."""
    ids = {
        role: select(pacticipants.c.id).where(pacticipants.c.name == name).scalar_subquery()
        for role, name in (("consumer", consumer), ("provider", provider))
    }
    of_both = (publications.c.consumer_id == ids["consumer"], publications.c.provider_id == ids["provider"])
    gone = (await connection.execute(delete(publications).where(*of_both))).rowcount
    if gone:
        await remove_orphans(connection)
        await note(connection, consumer, provider)
    return gone


async def remove_orphans(connection: AsyncConnection) -> None:
    """Remove the contents that no publication points to any more, with the results on them."""
    published = exists().where(publications.c.content_id == contents.c.id)
    gone = await connection.execute(delete(contents).where(~published))
    if gone.rowcount:
        await search.forget_unused(connection)


async def replaced_content(connection: AsyncConnection, sha: str) -> tuple[int, bytes] | None:
    """The id and bytes of a content with this SHA, published or not: what merging replaced is kept until something is
    removed, since somebody may be verifying it.
    """
    row = (await connection.execute(select(contents.c.id, contents.c.content).where(contents.c.sha == sha))).first()
    return (row[0], bytes(row[1])) if row is not None else None


async def choose(
    connection: AsyncConnection,
    provider: str | None = None,
    consumer: str | None = None,
    selector: Selector = LATEST,
    *,
    by_slug: bool = False,
) -> list[Publication]:
    """The pacts that a selector means: the newest of each consumer with each provider (of these names, or those whose
    names a host name has so); in an environment, those of all versions that are there. By consumer and provider, the
    newest first.
    """
    conditions = [*_named(provider, consumer, "slug" if by_slug else "name"), *_selected(selector)]
    if selector.kind in (Kind.ENVIRONMENT, Kind.DEPLOYED, Kind.RELEASED, Kind.DEPLOYED_OR_RELEASED):
        return await _publications(connection, select(*COLUMNS).select_from(WHOLE).where(*conditions))
    newest = (
        select(
            publications.c.consumer_id,
            publications.c.provider_id,
            func.max(publications.c.version_id).label("version_id"),
        )
        .select_from(WHOLE)
        .where(*conditions)
        .group_by(publications.c.consumer_id, publications.c.provider_id)
        .subquery()
    )
    is_newest = (
        (newest.c.version_id == publications.c.version_id)
        & (newest.c.provider_id == publications.c.provider_id)
        & (newest.c.consumer_id == publications.c.consumer_id)
    )
    return await _publications(connection, select(*COLUMNS).select_from(WHOLE.join(newest, is_newest)))


async def history(
    connection: AsyncConnection,
    provider: str | None,
    consumer: str | None = None,
    selector: Selector = LATEST,
    limit: int | None = None,
    offset: int = 0,
) -> list[Publication]:
    """All the pacts that fit a selector, however old, the newest first."""
    conditions = [*_named(provider, consumer), *_selected(selector)]
    query = select(*COLUMNS).select_from(WHOLE).where(*conditions)
    query = query.order_by(publications.c.version_id.desc(), consumers.c.name, providers.c.name)
    query = query.limit(limit).offset(offset or None)
    return [Publication(*row) for row in await connection.execute(query)]


async def count_history(connection: AsyncConnection, provider: str, consumer: str, selector: Selector) -> int:
    """How many there are of these."""
    conditions = [*_named(provider, consumer), *_selected(selector)]
    query = select(func.count()).select_from(WHOLE).where(*conditions)
    return int((await connection.execute(query)).scalar_one())


async def previous_distinct(connection: AsyncConnection, publication: Publication) -> Publication | None:
    """The newest pact before this one whose content differs."""
    query = (
        select(*COLUMNS)
        .select_from(WHOLE)
        .where(
            *_named(publication.provider, publication.consumer),
            publications.c.version_id < publication.version_id,
            publications.c.content_id != publication.content_id,
        )
        .order_by(publications.c.version_id.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).first()
    return Publication(*row) if row is not None else None


async def integrations(connection: AsyncConnection, offset: int = 0, limit: int | None = None) -> list[tuple[str, str]]:
    """(consumer, provider) of every pair that has a pact, by name."""
    pairs = select(publications.c.consumer_id, publications.c.provider_id).distinct().subquery()
    query = (
        select(consumers.c.name, providers.c.name)
        .select_from(
            pairs.join(consumers, consumers.c.id == pairs.c.consumer_id).join(
                providers, providers.c.id == pairs.c.provider_id
            )
        )
        .order_by(consumers.c.name, providers.c.name)
        .offset(offset)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await connection.execute(query)]


async def count_integrations(connection: AsyncConnection) -> int:
    """How many pairs of consumer and provider have a pact."""
    pairs = select(publications.c.consumer_id, publications.c.provider_id).distinct().subquery()
    return int((await connection.execute(select(func.count()).select_from(pairs))).scalar_one())


async def known_selectors(connection: AsyncConnection, provider: str, consumer: str | None) -> list[Selector]:
    """Branches, tags, environments and versions under which pacts of these names are found; a few of each."""
    has_pact = exists().where(*_named_plain(provider, consumer))
    found: list[Selector] = []
    on_branch = branches.join(branch_versions).join(versions, versions.c.id == branch_versions.c.version_id)
    queries: tuple[tuple[Kind, Any], ...] = (
        (Kind.BRANCH, select(branches.c.name).select_from(on_branch)),
        (Kind.TAG, select(tags.c.name).select_from(tags.join(versions))),
        (Kind.ENVIRONMENT, select(environments.c.name).select_from(residences.join(environments).join(versions))),
        (Kind.VERSION, select(versions.c.number)),
    )
    for kind, query in queries:
        if kind is Kind.ENVIRONMENT:
            query = query.where(residences.c.current)
        names = query.where(has_pact).distinct().limit(200)
        found += [Selector(kind, name) for name in (await connection.execute(names)).scalars().all()]
    return found


async def _publications(connection: AsyncConnection, query: Any) -> list[Publication]:
    query = query.order_by(consumers.c.name, providers.c.name, publications.c.version_id.desc())
    return [Publication(*row) for row in await connection.execute(query)]


def _named(provider: str | None, consumer: str | None, column: str = "name") -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if provider is not None:
        conditions.append(providers.c[column] == provider)
    if consumer is not None:
        conditions.append(consumers.c[column] == consumer)
    return conditions


def _named_plain(provider: str, consumer: str | None) -> list[ColumnElement[bool]]:
    """That the version at hand has a pact of these names."""
    providers, consumers = pacticipants.alias(), pacticipants.alias()
    conditions: list[ColumnElement[bool]] = [
        publications.c.version_id == versions.c.id,
        publications.c.provider_id == providers.c.id,
        providers.c.name == provider,
    ]
    if consumer is not None:
        conditions += [publications.c.consumer_id == consumers.c.id, consumers.c.name == consumer]
    return conditions


def _selected(selector: Selector) -> list[ColumnElement[bool]]:
    kind, name = selector.kind, selector.name
    version_id = publications.c.version_id
    if kind is Kind.LATEST:
        return []
    if kind is Kind.VERSION:
        return [versions.c.number == name]
    if kind is Kind.PACT_VERSION:
        return [contents.c.sha == name]
    if kind is Kind.TAG:
        return [exists().where(tags.c.version_id == version_id, tags.c.name == name)]
    if kind is Kind.UNTAGGED:
        return [~exists().where(tags.c.version_id == version_id)]
    if kind in (Kind.BRANCH, Kind.MAIN_BRANCH):
        of_name = branches.c.name == (name if kind is Kind.BRANCH else consumers.c.main_branch)
        on_branch = (branch_versions.c.version_id == version_id, branch_versions.c.branch_id == branches.c.id)
        return [exists().where(*on_branch, of_name)]
    here = [residences.c.version_id == version_id, residences.c.current]
    if name is not None:
        here += [residences.c.environment_id == environments.c.id, environments.c.name == name]
    if kind in (Kind.DEPLOYED, Kind.RELEASED):
        here.append(residences.c.kind == kind.value)
    return [exists().where(*here)]

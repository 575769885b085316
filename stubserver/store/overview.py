"""The integrations at a glance: the latest pact of each, with what is known of its version."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store import environments, pacticipants, search
from stubserver.store.publications import COLUMNS, WHOLE, consumers, is_latest, providers
from stubserver.store.records import Integration, Publication, Verification, Version
from stubserver.store.schema import digests, publications
from stubserver.store.schema import pacticipants as applications
from stubserver.store.verifications import newest_of


async def integrations(
    connection: AsyncConnection,
    *,
    offset: int = 0,
    limit: int | None = None,
    names: Collection[str] | None = None,
    newest_first: bool = False,
    incomplete: bool = False,
) -> list[Integration]:
    """The latest pact of each consumer with each provider, by provider and consumer (or by when it was published); of
    those of which either is among `names`; only those that cannot be served in full, if `incomplete`.
    """
    query = select(*COLUMNS).select_from(WHOLE).where(is_latest()).offset(offset).limit(limit)
    if names is not None:
        query = query.where(_is_among(names))
    if incomplete:
        has_skipped = (digests.c.content_id == publications.c.content_id, digests.c.skipped > 0)
        query = query.where(exists().where(*has_skipped))
    by_name = (providers.c.name, consumers.c.name)
    query = query.order_by(*((publications.c.id.desc(),) if newest_first else by_name))
    return await described(connection, [Publication(*row) for row in await connection.execute(query)])


def _is_among(names: Collection[str]) -> ColumnElement[bool]:
    return consumers.c.name.in_(names) | providers.c.name.in_(names)


async def count_named(connection: AsyncConnection, names: Collection[str]) -> int:
    """How many integrations there are of applications with these names."""
    query = select(func.count()).select_from(WHOLE).where(is_latest(), _is_among(names))
    return int((await connection.execute(query)).scalar_one())


async def count_incomplete(connection: AsyncConnection) -> int:
    """How many latest pacts cannot be served in full."""
    has_skipped = (digests.c.content_id == publications.c.content_id, digests.c.skipped > 0)
    query = select(func.count()).select_from(publications).where(is_latest(), exists().where(*has_skipped))
    return int((await connection.execute(query)).scalar_one())


async def roles_of(connection: AsyncConnection, names: Collection[str]) -> dict[str, tuple[bool, bool]]:
    """Whether applications provide, and whether they consume, by their names."""
    if not names:
        return {}
    is_provider = exists().where(publications.c.provider_id == applications.c.id)
    is_consumer = exists().where(publications.c.consumer_id == applications.c.id)
    query = select(applications.c.name, is_provider, is_consumer).where(applications.c.name.in_(names))
    return {row[0]: (bool(row[1]), bool(row[2])) for row in await connection.execute(query)}


async def described(connection: AsyncConnection, found: Sequence[Publication]) -> list[Integration]:
    """Publications with what is known of them: branches, tags and environments of the version, counts, verification."""
    if not found:
        return []
    content_ids = {item.content_id for item in found}
    its_versions: dict[int, Version] = await pacticipants.versions_of(connection, {item.version_id for item in found})
    places = await environments.of_versions(connection, {item.version_id for item in found})
    counts = await search.counts_of(connection, content_ids)
    results: dict[tuple[str, str], Verification] = await newest_of(connection, content_ids)
    found_counts = [counts.get(item.content_id, (None, None, None)) for item in found]
    return [
        Integration(
            item,
            its_versions.get(item.version_id),
            tuple(places.get(item.version_id, ())),
            interactions,
            messages,
            skipped,
            results.get((item.sha, item.provider)),
        )
        for item, (interactions, messages, skipped) in zip(found, found_counts, strict=True)
    ]

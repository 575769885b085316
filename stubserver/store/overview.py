"""The integrations at a glance: the latest pact of each, with what is known of its version."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store import environments, pacticipants, search
from stubserver.store.records import Integration, Publication, Verification, Version
from stubserver.store.schema import contents, digests, publications, versions
from stubserver.store.schema import pacticipants as applications
from stubserver.store.verifications import newest_of

_consumers = applications.alias("consumers")
_providers = applications.alias("providers")


def _newest() -> ColumnElement[int]:
    return func.max(publications.c.version_id)


async def integrations(
    connection: AsyncConnection,
    *,
    offset: int = 0,
    limit: int | None = None,
    names: Collection[str] | None = None,
    name: str | None = None,
    newest_first: bool = False,
    incomplete: bool = False,
) -> list[Integration]:
    """The latest pact of each consumer with each provider, by provider and consumer (or by when it was published); of
    those of which either is among `names`, or is `name`; only those that cannot be served in full, if `incomplete`.
    """
    pairs = (
        select(publications.c.consumer_id, publications.c.provider_id, _newest().label("version_id"))
        .group_by(publications.c.consumer_id, publications.c.provider_id)
        .subquery()
    )
    query = (
        select(
            publications.c.id,
            _consumers.c.name,
            _providers.c.name,
            versions.c.number,
            publications.c.version_id,
            publications.c.content_id,
            contents.c.sha,
            contents.c.size,
            publications.c.created_at,
        )
        .select_from(
            pairs.join(
                publications,
                (publications.c.version_id == pairs.c.version_id)
                & (publications.c.provider_id == pairs.c.provider_id)
                & (publications.c.consumer_id == pairs.c.consumer_id),
            )
            .join(_consumers, _consumers.c.id == publications.c.consumer_id)
            .join(_providers, _providers.c.id == publications.c.provider_id)
            .join(versions, versions.c.id == publications.c.version_id)
            .join(contents, contents.c.id == publications.c.content_id)
        )
        .where(*_named(names, name))
        .offset(offset)
        .limit(limit)
    )
    if incomplete:
        has_skipped = (digests.c.content_id == publications.c.content_id, digests.c.skipped > 0)
        query = query.where(exists().where(*has_skipped))
    by_name = (_providers.c.name, _consumers.c.name)
    query = query.order_by(*((publications.c.id.desc(),) if newest_first else by_name))
    return await described(connection, [Publication(*row) for row in await connection.execute(query)])


def _named(names: Collection[str] | None, name: str | None) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if names is not None:
        conditions.append(_consumers.c.name.in_(names) | _providers.c.name.in_(names))
    if name is not None:
        conditions.append((_consumers.c.name == name) | (_providers.c.name == name))
    return conditions


async def count_named(connection: AsyncConnection, names: Collection[str]) -> int:
    """How many integrations there are of applications with these names."""
    pairs = (
        select(publications.c.consumer_id, publications.c.provider_id)
        .select_from(
            publications.join(_consumers, _consumers.c.id == publications.c.consumer_id).join(
                _providers, _providers.c.id == publications.c.provider_id
            )
        )
        .where(*_named(names, None))
        .distinct()
        .subquery()
    )
    return int((await connection.execute(select(func.count()).select_from(pairs))).scalar_one())


async def count_incomplete(connection: AsyncConnection) -> int:
    """How many latest pacts cannot be served in full."""
    later = publications.alias()
    is_latest = ~exists().where(
        later.c.consumer_id == publications.c.consumer_id,
        later.c.provider_id == publications.c.provider_id,
        later.c.version_id > publications.c.version_id,
    )
    has_skipped = (digests.c.content_id == publications.c.content_id, digests.c.skipped > 0)
    query = select(func.count()).select_from(publications).where(is_latest, exists().where(*has_skipped))
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
    results: dict[tuple[int, str], Verification] = await newest_of(connection, content_ids)
    found_counts = [counts.get(item.content_id, (None, None, None)) for item in found]
    return [
        Integration(
            item,
            its_versions.get(item.version_id),
            tuple(places.get(item.version_id, ())),
            interactions,
            messages,
            skipped,
            results.get((item.content_id, item.provider)),
        )
        for item, (interactions, messages, skipped) in zip(found, found_counts, strict=True)
    ]

"""Results of verifying pacts with providers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store.records import Pacticipant, Publication, Verification, now
from stubserver.store.schema import contents, pacticipants, verifications, versions

_consumers = pacticipants.alias("consumers")
_providers = pacticipants.alias("providers")


async def add(
    connection: AsyncConnection,
    publication: Publication,
    consumer: Pacticipant,
    provider: Pacticipant,
    provider_version_id: int,
    success: bool,
    build_url: str | None,
    details: dict[str, Any],
) -> Verification:
    """Record a result."""
    values = {
        "content_id": publication.content_id,
        "consumer_id": consumer.id,
        "provider_id": provider.id,
        "provider_version_id": provider_version_id,
        "success": success,
        "build_url": build_url,
        "details": json.dumps(details),
        "created_at": now(),
    }
    made = await connection.execute(insert(verifications).values(values).returning(verifications.c.id))
    return (await _found(connection, [verifications.c.id == made.scalar_one()]))[0]


async def find(connection: AsyncConnection, number: int) -> Verification | None:
    """The result with this number."""
    found = await _found(connection, [verifications.c.id == number])
    return found[0] if found else None


async def of_contents(connection: AsyncConnection, content_ids: Collection[int], provider: str) -> list[Verification]:
    """The results on pact contents by a provider, the newest first."""
    return await _found(connection, [verifications.c.content_id.in_(content_ids), _providers.c.name == provider])


async def newest_of(connection: AsyncConnection, content_ids: Collection[int]) -> dict[tuple[str, str], Verification]:
    """The newest result of each content by each provider, by SHA and name."""
    newest = (
        select(func.max(verifications.c.id))
        .where(verifications.c.content_id.in_(content_ids))
        .group_by(verifications.c.content_id, verifications.c.provider_id)
    )
    return {(item.sha, item.provider): item for item in await _found(connection, [verifications.c.id.in_(newest)])}


async def verified(connection: AsyncConnection, content_ids: Collection[int], provider: str) -> set[int]:
    """Which of these contents a provider has verified successfully, once at least."""
    query = (
        select(verifications.c.content_id)
        .select_from(verifications.join(_providers, _providers.c.id == verifications.c.provider_id))
        .where(verifications.c.content_id.in_(content_ids), _providers.c.name == provider, verifications.c.success)
        .distinct()
    )
    return set((await connection.execute(query)).scalars())


async def _found(connection: AsyncConnection, conditions: Iterable[ColumnElement[bool]]) -> list[Verification]:
    query = (
        select(
            verifications.c.id,
            _consumers.c.name,
            _providers.c.name,
            versions.c.number,
            contents.c.sha,
            verifications.c.success,
            verifications.c.build_url,
            verifications.c.details,
            verifications.c.created_at,
        )
        .select_from(
            verifications.join(contents, contents.c.id == verifications.c.content_id)
            .join(_consumers, _consumers.c.id == verifications.c.consumer_id)
            .join(_providers, _providers.c.id == verifications.c.provider_id)
            .join(versions, versions.c.id == verifications.c.provider_version_id)
        )
        .where(*conditions)
        .order_by(verifications.c.id.desc())
        .limit(1000)
    )
    found: list[Verification] = []
    for number, consumer, provider, version, sha, success, build_url, details, created_at in await connection.execute(
        query
    ):
        told = json.loads(details)
        found.append(Verification(number, consumer, provider, version, sha, bool(success), build_url, told, created_at))
    return found

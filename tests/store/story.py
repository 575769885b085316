"""What tests of the store tell: who published what."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store import Pacticipant, Publication, Selector, Version, pacticipants, pacts, schema

ODD_NAMES = [
    "Web Shop",
    " blank around ",
    "shop/eu",
    "a+b",
    "100%",
    "under_score",
    "back\\slash",
    "it's",
    'say "hi"',
    "; DROP TABLE versions; --",
    "café",
    "cafe\u0301",
    "世界",
    "🛒",
    "line\nbreak",
    "Case",
    "case",
    "null",
    "%(name)s :name $1 ?",
    "n" * 255,
]


def sha_of(content: str) -> str:
    """A name for a content, in the form of a SHA-256."""
    return hashlib.sha256(content.encode()).hexdigest()


async def publish(
    connection: AsyncConnection,
    consumer: str,
    provider: str,
    version: str,
    content: str = "{}",
    *,
    branch: str | None = None,
    tags: Iterable[str] = (),
) -> int:
    """A consumer version publishes a pact; the version's id."""
    its, _ = await pacticipants.ensure(connection, consumer)
    other, _ = await pacticipants.ensure(connection, provider)
    version_id, _ = await pacticipants.ensure_version(connection, its, version)
    if branch is not None:
        await pacticipants.add_to_branch(connection, its, version_id, branch)
    for tag in tags:
        await pacticipants.add_tag(connection, its, version_id, tag)
    content_id = await store(connection, content)
    earlier = [name for name in await pacts.of_version(connection, version_id) if name == provider]
    await pacts.publish(connection, its, version_id, {provider: content_id}, {provider: other}, earlier)
    return version_id


async def store(connection: AsyncConnection, content: str) -> int:
    """The id of a content, stored where it is not there yet."""
    return (await pacts.store_contents(connection, {sha_of(content): content.encode()}))[sha_of(content)]


async def pacticipant(connection: AsyncConnection, name: str) -> Pacticipant:
    """The pacticipant of this name, who must be there."""
    found = await pacticipants.find(connection, name)
    assert found is not None
    return found


async def version(connection: AsyncConnection, name: str, number: str) -> Version:
    """A version, which must be there."""
    found = await pacticipants.find_version(connection, name, number)
    assert found is not None
    return found


async def pact(connection: AsyncConnection, consumer: str, provider: str, number: str) -> Publication:
    """A pact, which must be there."""
    found = await pacts.find(connection, consumer, provider, number)
    assert found is not None
    return found


async def chosen(
    connection: AsyncConnection, provider: str | None, consumer: str | None, *selector: Any
) -> list[tuple[str, str]]:
    """(consumer, version) of the pacts that a selector means."""
    found = await pacts.choose(connection, provider, consumer, Selector(*selector))
    return [(item.consumer, item.version) for item in found]


async def rows(connection: AsyncConnection) -> dict[str, int]:
    """How many rows each table has that has any."""
    counted = {}
    for table in schema.metadata.sorted_tables:
        counted[table.name] = int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
    return {name: count for name, count in counted.items() if count}

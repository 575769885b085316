"""Publications as queries have them: with consumer, provider, version and content."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists

from stubserver.store.schema import contents, pacticipants, publications, versions

consumers = pacticipants.alias("consumers")
providers = pacticipants.alias("providers")
WHOLE = (
    publications.join(consumers, consumers.c.id == publications.c.consumer_id)
    .join(providers, providers.c.id == publications.c.provider_id)
    .join(versions, versions.c.id == publications.c.version_id)
    .join(contents, contents.c.id == publications.c.content_id)
)
# Those of a `Publication`, in its order.
COLUMNS = (
    publications.c.id,
    consumers.c.name,
    providers.c.name,
    versions.c.number,
    publications.c.version_id,
    publications.c.content_id,
    contents.c.sha,
    contents.c.size,
    publications.c.created_at,
)


def is_latest() -> ColumnElement[bool]:
    """Whether a publication is the latest of its consumer with its provider."""
    later = publications.alias()
    return ~exists().where(
        later.c.consumer_id == publications.c.consumer_id,
        later.c.provider_id == publications.c.provider_id,
        later.c.version_id > publications.c.version_id,
    )

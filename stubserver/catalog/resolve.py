"""Which contents an address means, told by the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from stubserver.catalog.snapshot import Address
from stubserver.errors import StubServerError
from stubserver.store import Publication, pacticipants, pacts, slug_of

_LONGEST = 255  # characters of a name that anything can have


class AmbiguousHostError(StubServerError):
    """A host name that several names are reduced to."""

    status = 409
    title = "Ambiguous host name"
    slug = "ambiguous-host"


def pact_version_path(publication: Publication) -> str:
    """The path of a pact's content."""
    provider, consumer = quote(publication.provider, safe=""), quote(publication.consumer, safe="")
    return f"/pacts/provider/{provider}/consumer/{consumer}/pact-version/{publication.sha}"


async def chosen(connection: Any, address: Address) -> list[Publication]:
    """The publications that an address means. Raises AmbiguousHostError."""
    provider, consumer = address.provider, address.consumer
    if provider is None:
        return []
    if not address.is_host:
        return await pacts.choose(connection, provider, consumer, address.selector)
    providers = await pacticipants.find_by_slug(connection, provider)
    consumers = [None] if consumer is None else await pacticipants.find_by_slug(connection, consumer)
    found = [await pacts.choose(connection, one, other, address.selector) for one in providers for other in consumers]
    fitting = [publications for publications in found if publications]
    if len(fitting) > 1:
        names = ", ".join(f"{group[0].consumer} → {group[0].provider}" for group in fitting)
        raise AmbiguousHostError(f"this host name stands for more than one: {names}", "use an address with a path")
    return fitting[0] if fitting else []


def is_possible(address: Address) -> bool:
    """Whether anything can have such names."""
    names = (address.provider, address.consumer, address.selector.name)
    return not any(
        len(name) > _LONGEST or "\0" in name or any("\ud800" <= character <= "\udfff" for character in name)
        for name in names
        if name is not None
    )


def distinct(publications: Iterable[Publication]) -> list[Publication]:
    """One publication for each content, consumer and provider."""
    found: dict[tuple[str, str, str], Publication] = {}
    for item in publications:
        found.setdefault((item.consumer, item.provider, item.sha), item)
    return list(found.values())


def key_of(publications: list[Publication]) -> str | None:
    """What names these contents together; None where there are none."""
    if len(publications) < 2:
        return publications[0].sha if publications else None
    return hashlib.sha256("".join(item.sha for item in publications).encode()).hexdigest()


def touches(address: Address, consumer: str | None, provider: str | None) -> bool:
    """Whether a change of these pacts may change what an address means."""
    if address.is_host:
        consumer = consumer and slug_of(consumer)
        provider = provider and slug_of(provider)
    return (address.consumer is None or address.consumer == consumer) and (
        provider is None or address.provider == provider
    )

"""Which contents an address means, told by the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from stubserver.catalog.names import name_problem
from stubserver.catalog.snapshot import Address
from stubserver.errors import StubServerError
from stubserver.store import Publication, pacts, slug_of


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
    found = await pacts.choose(connection, provider, consumer, address.selector, by_slug=address.is_host)
    whose = dict.fromkeys((item.consumer if consumer is not None else "", item.provider) for item in found)
    if len(whose) > 1 and address.is_host:
        names = ", ".join(f"{one} → {other}" if one else other for one, other in whose)
        raise AmbiguousHostError(f"this host name stands for more than one: {names}", "use an address with a path")
    return found


def is_possible(address: Address) -> bool:
    """Whether anything can have such names."""
    names = (address.provider, address.consumer, address.selector.name)
    return all(name_problem(name) is None for name in names if name is not None)


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

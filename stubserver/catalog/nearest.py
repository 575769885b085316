"""Which addresses somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.catalog.snapshot import Address
from stubserver.store import LATEST, Selector, pacts, slug_of

_SHOWN = 5
_COMPARED = 2000  # names


async def nearest_addresses(connection: AsyncConnection, address: Address) -> list[Address]:
    """Addresses that exist and resemble one that does not, the most alike first."""
    pairs = await pacts.integrations(connection, limit=_COMPARED)
    provider, consumer = address.provider or "", address.consumer
    name_of = slug_of if address.is_host else str
    here = [
        pair for pair in pairs if name_of(pair[1]) == provider and (consumer is None or name_of(pair[0]) == consumer)
    ]
    if here:
        names = here[0] if consumer is not None else (None, here[0][1])
        selectors = await pacts.known_selectors(connection, here[0][1], names[0])
        alike = _alike(address.selector, selectors)
        return [Address(names[1], names[0], selector) for selector in (LATEST, *alike)][:_SHOWN]
    wanted = f"{consumer or ''} {provider}".lower()
    texts: dict[str, Address] = {}
    for its_consumer, its_provider in pairs:
        whole = Address(its_provider, its_consumer) if consumer is not None else Address(its_provider)
        texts.setdefault(f"{its_consumer if consumer is not None else ''} {its_provider}".lower(), whole)
    close = difflib.get_close_matches(wanted[:200], texts, n=_SHOWN, cutoff=0.4)
    return [texts[text] for text in close]


def _alike(wanted: Selector, known: Iterable[Selector]) -> list[Selector]:
    """Selectors of the same kind, the most alike first."""
    names = [selector.name for selector in known if selector.kind is wanted.kind and selector.name is not None]
    close = difflib.get_close_matches((wanted.name or "")[:200], names, n=_SHOWN, cutoff=0.0)
    return [Selector(wanted.kind, name) for name in close]

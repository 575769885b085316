"""Which addresses somebody may have meant."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.catalog.snapshot import Address
from stubserver.store import LATEST, Selector, pacts, slug_of

_SHOWN = 5
_COMPARED = 2000  # names
_LONGEST = 80  # characters of a name that are compared


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
        alike = await asyncio.to_thread(_alike, address.selector, selectors)
        return [Address(names[1], names[0], selector) for selector in (LATEST, *alike)][:_SHOWN]
    return await asyncio.to_thread(_named_alike, address, pairs)


def _named_alike(address: Address, pairs: Iterable[tuple[str, str]]) -> list[Address]:
    """The latest pacts of names that are like those of an address."""
    with_consumer = address.consumer is not None
    texts: dict[str, Address] = {}
    for consumer, provider in pairs:
        text = f"{consumer if with_consumer else ''} {provider}".lower()[:_LONGEST]
        texts.setdefault(text, Address(provider, consumer if with_consumer else None))
    wanted = f"{address.consumer or ''} {address.provider}".lower()[:_LONGEST]
    return [texts[text] for text in difflib.get_close_matches(wanted, texts, n=_SHOWN, cutoff=0.4)]


def _alike(wanted: Selector, known: Iterable[Selector]) -> list[Selector]:
    """Selectors of the same kind, the most alike first."""
    names = [selector.name for selector in known if selector.kind is wanted.kind and selector.name is not None]
    close = difflib.get_close_matches((wanted.name or "")[:_LONGEST], names, n=_SHOWN, cutoff=0.0)
    return [Selector(wanted.kind, name) for name in close]

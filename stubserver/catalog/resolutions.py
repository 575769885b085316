"""What is known of addresses: which contents they mean. Whatever a change touches is forgotten quickly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stubserver.catalog.resolve import touches
from stubserver.catalog.snapshot import Address
from stubserver.store import slug_of

_MOST = 20_000  # addresses that are remembered


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an address means: `key` tells its contents, None when there is no such pact."""

    key: str | None


class Resolutions:
    """Resolutions by address, the oldest forgotten first; and by whose pacts they are of."""

    def __init__(self) -> None:
        self._known: dict[Address, Resolution] = {}
        self._of_consumer: defaultdict[str, set[Address]] = defaultdict(set)
        self._of_provider: defaultdict[str, set[Address]] = defaultdict(set)  # those of all consumers

    def __len__(self) -> int:
        return len(self._known)

    def get(self, address: Address) -> Resolution | None:
        """What an address means, if that is known."""
        return self._known.get(address)

    def learn(self, address: Address, resolution: Resolution) -> None:
        """Remember what an address means."""
        if address not in self._known and len(self._known) >= _MOST:
            self._forget(next(iter(self._known)))
        self._known[address] = resolution
        self._group(address).add(address)

    def forget(self, changes: Iterable[tuple[str | None, str | None]]) -> None:
        """Forget what changes of pacts of a consumer (with a provider) touch; None as consumer is everything."""
        for consumer, provider in changes:
            if consumer is None:
                self._known.clear()
                self._of_consumer.clear()
                self._of_provider.clear()
                return
            for address in [item for item in self._near(consumer, provider) if touches(item, consumer, provider)]:
                self._forget(address)

    def _near(self, consumer: str, provider: str | None) -> Iterator[Address]:
        """Addresses that a change may touch."""
        for name in {consumer, slug_of(consumer)}:
            yield from self._of_consumer.get(name, ())
        if provider is None:
            for group in self._of_provider.values():
                yield from group
        else:
            for name in {provider, slug_of(provider)}:
                yield from self._of_provider.get(name, ())

    def _group(self, address: Address) -> set[Address]:
        if address.consumer is not None:
            return self._of_consumer[address.consumer]
        return self._of_provider[address.provider or ""]

    def _forget(self, address: Address) -> None:
        if self._known.pop(address, None) is not None:
            group = self._group(address)
            group.discard(address)
            if not group:
                groups = self._of_provider if address.consumer is None else self._of_consumer
                groups.pop(address.consumer or address.provider or "", None)

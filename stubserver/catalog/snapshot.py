"""The state of the catalog at one moment. Never changed; readers take no lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from matching import CompiledInteraction, CompiledPact, Index, Problem


@dataclass(frozen=True, slots=True)
class Address:
    """Which pacts a stub serves: all, those of one provider, or the one of a consumer with a provider."""

    provider: str | None = None
    consumer: str | None = None

    def __str__(self) -> str:
        if self.provider is None:
            return "all pacts"
        return f"all consumers of {self.provider}" if self.consumer is None else f"{self.consumer} → {self.provider}"

    def covers(self, pact: CompiledPact) -> bool:
        """Whether the pact is among those served here."""
        return self.provider in (None, pact.provider) and self.consumer in (None, pact.consumer)


ALL = Address()


@dataclass(frozen=True, slots=True)
class LoadedPact:
    """One document: where it came from, what became of it, and what is wrong with it.

    `pact` is None when the document could not be read at all. `stale` means that the document is broken now and an
    earlier, good reading of it is still served.
    """

    origin: str
    sha: str
    pact: CompiledPact | None
    problems: tuple[Problem, ...]
    stale: bool = False

    @property
    def skip_reasons(self) -> dict[str, int]:
        """Why interactions are not served, and how many for each reason."""
        return dict(Counter(item.reason for item in self.pact.skipped)) if self.pact is not None else {}


@dataclass(frozen=True, slots=True)
class Stub:
    """The interactions of one address, ready to answer."""

    address: Address
    index: Index


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is served, and what it came from."""

    pacts: tuple[LoadedPact, ...] = ()
    stubs: Mapping[Address, Stub] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)  # interaction id to origin
    interactions: Mapping[str, CompiledInteraction] = field(default_factory=dict)  # by id

    @property
    def root(self) -> Stub:
        """The stub of all pacts together."""
        return self.stubs[ALL]


def build_snapshot(pacts: Iterable[LoadedPact], order: str) -> Snapshot:
    """Index every address: all pacts, each provider, each integration. `order` is a key of matching.ORDERS."""
    loaded = tuple(pacts)
    grouped: dict[Address, list[CompiledInteraction]] = {ALL: []}
    origins: dict[str, str] = {}
    interactions: dict[str, CompiledInteraction] = {}
    for entry in loaded:
        pact = entry.pact
        if pact is None:
            continue
        for address in (ALL, Address(pact.provider), Address(pact.provider, pact.consumer)):
            grouped.setdefault(address, []).extend(pact.interactions)
        for interaction in pact.interactions:
            origins.setdefault(interaction.id, entry.origin)
            interactions.setdefault(interaction.id, interaction)
    stubs = {address: Stub(address, Index(members, order)) for address, members in grouped.items()}
    return Snapshot(loaded, stubs, origins, interactions)

"""The state of the catalog at one moment. Never changed; readers take no lock."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matching import CompiledInteraction, CompiledPact, Index, Problem
from stubserver.store import LATEST, Kind, Selector, slug_of


@dataclass(frozen=True, slots=True)
class Address:
    """Which pacts a stub serves: all, those of one provider, or the one of a consumer with a provider; and which of
    their versions.
    """

    provider: str | None = None
    consumer: str | None = None
    selector: Selector = LATEST
    is_host: bool = False  # the names are as a host name has them

    def __str__(self) -> str:
        if self.provider is None:
            return "all pacts"
        whose = f"all consumers of {self.provider}" if self.consumer is None else f"{self.consumer} → {self.provider}"
        return whose if self.selector.kind is Kind.LATEST else f"{whose} ({self.selector})"


ALL = Address()


@dataclass(frozen=True, slots=True, weakref_slot=True)
class LoadedPact:
    """One document: where it came from, what became of it, and what is wrong with it.

    `pact` is None when the document could not be read at all. `flaws` say why, or why it cannot be read now: `stale`
    means that an earlier, good reading of it is still served.
    """

    origin: str
    sha: str
    pact: CompiledPact | None
    flaws: tuple[Problem, ...] = ()
    stale: bool = False
    size: int = 0  # bytes of the document

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with it; of interactions that are not compiled yet, nothing is known."""
        return self.flaws if self.pact is None or self.stale else self.pact.problems

    @property
    def served(self) -> int:
        """How many of its interactions are served."""
        pact = self.pact
        return 0 if pact is None else sum(item.is_draft or item.refusal is None for item in pact.interactions)

    @property
    def drafts(self) -> int:
        """How many of its interactions are not compiled yet."""
        return sum(item.is_draft for item in self.pact.interactions) if self.pact is not None else 0

    @property
    def skip_reasons(self) -> dict[str, int]:
        """Why interactions are not served, and how many for each reason."""
        return dict(Counter(item.reason for item in self.pact.skipped)) if self.pact is not None else {}


_numbers = itertools.count()


class Stub:
    """The interactions of one address. They are indexed when the first request asks for them.

    `number` is another for each stub that ever was.
    """

    def __init__(self, address: Address, interactions: Sequence[CompiledInteraction], order: str = "specific") -> None:
        self.address = address
        self.interactions = interactions
        self.number = next(_numbers)
        self._order = order

    @functools.cached_property
    def index(self) -> Index:
        """The interactions by method and path."""
        return Index(self.interactions, self._order)

    @property
    def is_large(self) -> bool:
        """Whether indexing it takes noticeably long."""
        return len(self.interactions) >= _INDEXED_FIRST

    @property
    def has_variant(self) -> bool:
        """Whether `without_authorization` is there already."""
        return "without_authorization" in self.__dict__

    @functools.cached_property
    def without_authorization(self) -> Stub:
        """The same stub with no regard for what its requests say in Authorization."""
        members = [interaction.without_header("authorization") for interaction in self.interactions]
        return Stub(self.address, members, self._order)


class Snapshot:
    """All that is served, and what it came from."""

    def __init__(
        self,
        pacts: tuple[LoadedPact, ...],
        stubs: Mapping[Address, Stub],
        origins: Mapping[CompiledInteraction, str],
    ) -> None:
        self.pacts = pacts
        self.stubs = stubs
        self.origins = origins

    @property
    def root(self) -> Stub:
        """The stub of all pacts together."""
        return self.stubs[ALL]

    @functools.cached_property
    def by_host(self) -> Mapping[tuple[str | None, str | None], Address]:
        """The addresses by their names as a host name has them; none where several come to the same."""
        found: dict[tuple[str | None, str | None], list[Address]] = {}
        for address in self.stubs:
            if address.provider is not None:
                slugs = (slug_of(address.provider), slug_of(address.consumer) if address.consumer else None)
                found.setdefault(slugs, []).append(address)
        return {slugs: addresses[0] for slugs, addresses in found.items() if len(addresses) == 1}

    @functools.cached_property
    def interactions(self) -> Mapping[str, CompiledInteraction]:
        """Those that are served, by id. Asking for them compiles all of them, which may take long."""
        found: dict[str, CompiledInteraction] = {}
        for interaction in self.root.interactions:
            if interaction.refusal is None:
                found.setdefault(interaction.id, interaction)
        return found


_INDEXED_FIRST = 1000  # interactions of a stub from which on it is indexed before the first request asks for it


def build_snapshot(pacts: Iterable[LoadedPact], order: str) -> Snapshot:
    """Arrange every address: all pacts, each provider, each integration. `order` is a key of matching.ORDERS."""
    loaded = tuple(pacts)
    grouped: dict[Address, list[CompiledInteraction]] = {ALL: []}
    origins: dict[CompiledInteraction, str] = {}
    for entry in loaded:
        pact = entry.pact
        if pact is None:
            continue
        for address in (ALL, Address(pact.provider), Address(pact.provider, pact.consumer)):
            grouped.setdefault(address, []).extend(pact.interactions)
        for interaction in pact.interactions:
            origins.setdefault(interaction, entry.origin)
    stubs = {address: _prepared(Stub(address, members, order)) for address, members in grouped.items()}
    return Snapshot(loaded, stubs, origins)


def build_stub_snapshot(address: Address, pacts: Iterable[LoadedPact], order: str) -> Snapshot:
    """The pacts of one address by themselves, as `root`."""
    loaded = tuple(pacts)
    origins: dict[CompiledInteraction, str] = {}
    for entry in loaded:
        for interaction in entry.pact.interactions if entry.pact is not None else ():
            origins.setdefault(interaction, entry.origin)
    return Snapshot(loaded, {ALL: _prepared(Stub(address, tuple(origins), order))}, origins)


def _prepared(stub: Stub) -> Stub:
    """The stub; a large one with its index, so that no request waits for it."""
    if stub.is_large:
        stub.index  # noqa: B018  # asking builds it
    return stub

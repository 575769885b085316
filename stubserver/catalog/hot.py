"""Hot caches: what was worked out once and is asked for again.

They are bounded in bytes. What depends on the pacts belongs to one snapshot: whoever serves another one makes new
caches, and no entry ever has to be looked for and dropped. What is asked for once and never again is kept out: it has
to come a second time before it is let in.
"""

from __future__ import annotations

import time
from array import array
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from cachetools import Cache, LRUCache

from matching import Bucket, Match, NoMatch, Request, StateSelector, bounded, find
from stubserver.catalog.snapshot import Stub

LONGEST_BODY = 16 << 10  # bytes; a longer body is unlikely to come again, and costly to keep
_ENTRY = 1024  # bytes that a decision takes beside its texts, about
_TURNS = 8  # entries that are given another turn before one is dropped
_LATELY = 8192  # how many of those that came lately are known

V = TypeVar("V")


class Doorkeeper:
    """Lets in what comes for the second time. Forgets now and then, which costs a third time."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen = array("q", [0]) * _LATELY

    def admits(self, digest: int) -> bool:
        """Whether something with this digest (a hash) came lately."""
        place = digest % _LATELY
        if self._seen[place] == digest:
            return True
        self._seen[place] = digest
        return False


class Kept(Generic[V]):
    """A value (None once it was dropped), the bytes it is counted with, and whether it was used since it was last
    thought of dropping it.
    """

    __slots__ = ("attached", "size", "used", "value")

    def __init__(self, value: V, size: int) -> None:
        self.value: V | None = value
        self.attached: dict[object, Any] = {}  # what was made of the value, and goes with it
        self.size = size
        self.used = False

    def drop(self) -> None:
        """Let go of the value."""
        self.value = None
        self.attached = {}


class HotCache(Cache[bytes, Kept[V]]):
    """Values by bytes, up to `max_bytes` of both (0: none).

    `entries` is the same as a plain dictionary, for the one reader that cannot afford more than a look; whoever reads
    there marks what it uses. An entry that was used since its turn to be dropped last came is given another turn.
    """

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=lambda kept: kept.size)
        self.entries: OrderedDict[bytes, Kept[V]] = OrderedDict()
        self._doorkeeper = Doorkeeper()

    def admits(self, key: bytes) -> bool:
        """Whether a value for this key would be let in."""
        return self.maxsize > 0 and self._doorkeeper.admits(hash(key))

    def keep(self, key: bytes, value: V, size: int) -> Kept[V]:
        """Keep a value that takes `size` bytes beside its key, if there is room for it at all."""
        kept = Kept(value, size + len(key))
        if kept.size <= self.maxsize:
            self[key] = kept
        return kept

    def __setitem__(self, key: bytes, kept: Kept[V]) -> None:
        super().__setitem__(key, kept)
        self.entries[key] = kept

    def __delitem__(self, key: bytes) -> None:
        super().__delitem__(key)
        self.entries.pop(key).drop()

    def popitem(self) -> tuple[bytes, Kept[V]]:
        """Drop the oldest entry that was not used since its last turn; after a few turns given, the oldest."""
        for _ in range(_TURNS):
            key = next(iter(self.entries))
            kept = self.entries[key]
            if not kept.used:
                break
            kept.used = False
            self.entries.move_to_end(key)
        key = next(iter(self.entries))
        kept = self.entries[key]
        del self[key]
        return key, kept


_Decision = tuple[Match | NoMatch, int]  # with the bytes it is counted with


class Decisions:
    """Decides which interaction answers, and remembers up to `max_bytes` of decisions on bodies (0: none).

    Parsing and matching a body is what costs; a request without one is decided in about the time that looking it up
    would take. A decision depends on the stub, method, path, query, body, the wanted state, and on those headers that
    some candidate constrains; on nothing else. It is kept under exactly these.

    Bodies up to LONGEST_BODY must be decided in one thread only; longer ones are never remembered and may be decided in
    any.
    """

    __slots__ = ("__weakref__", "_cache", "_doorkeeper", "_lenient")

    def __init__(self, max_bytes: int, *, lenient: bool = False) -> None:
        self._cache: LRUCache[tuple[object, ...], _Decision] = LRUCache(max_bytes, getsizeof=lambda kept: kept[1])
        self._doorkeeper = Doorkeeper()
        self._lenient = lenient

    def decide(self, stub: Stub, request: Request, state: StateSelector | None) -> Match | NoMatch:
        """What `matching.find` says of the request at this stub."""
        if (
            not 0 < len(request.body) <= LONGEST_BODY
            or not self._cache.maxsize
            or not self._doorkeeper.admits(hash(request.body))
        ):
            return find(stub.index, request, state, lenient=self._lenient, clock=time.monotonic)
        with bounded(time.monotonic) as patience:  # path rules that backtrack count, too
            buckets = stub.index.buckets(request)
            if patience.gave_up:
                return NoMatch(gave_up=True)
        key = _key(stub, request, state, buckets)
        kept = self._cache.get(key)
        if kept is not None:
            return kept[0]
        found = find(stub.index, request, state, lenient=self._lenient, clock=time.monotonic, buckets=buckets)
        if not found.gave_up:
            size = _ENTRY + sum(len(item) for item in key if isinstance(item, (bytes, str)))
            if size <= self._cache.maxsize:
                self._cache[key] = found, size
        return found

    @property
    def size(self) -> int:
        """The bytes that all kept decisions are counted with."""
        return int(self._cache.currsize)


def _key(stub: Stub, request: Request, state: StateSelector | None, buckets: Iterable[Bucket]) -> tuple[object, ...]:
    """Everything that the decision depends on; an absent header differs from an empty one."""
    get = request.headers.get
    names = [name for bucket in buckets for name in bucket.constrained_headers]
    values = [None if (lines := get(name)) is None else "\n".join(lines) for name in names]
    asked = (None, None) if state is None else (state.source, state.stateless)
    return (stub.number, request.method, request.path, request.query, request.body, *asked, *values)

"""The second level of the hot cache: decisions on bodies that came before.

Parsing and matching a body is what costs; a request without one is decided in about the time that looking it up here
would take, and goes straight to the index. A decision depends on the stub, method, path, query, body, the wanted state,
and on those headers that some candidate constrains; on nothing else. So it is kept under exactly these, bounded in
bytes, for one snapshot: whoever serves another snapshot makes a new cache. (The first level, `web/replay.py`, knows
whole requests by their bytes; this one also knows those that differ in headers that no contract is about.)
"""

from __future__ import annotations

import time

from cachetools import LRUCache

from matching import Bucket, Match, NoMatch, Request, StateSelector, find
from stubserver.catalog.snapshot import Stub

LONGEST_BODY = 16 << 10  # bytes; a longer body is unlikely to come again, and costly to keep
_ENTRY = 1024  # bytes that an entry takes beside its texts, about


class Doorkeeper:
    """Admits what comes for the second time: what comes once and never again is not worth the trouble of keeping it."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def admits(self, digest: int) -> bool:
        """Whether this came lately."""
        seen = self._seen
        if digest in seen:
            return True
        if len(seen) >= _LATELY:
            seen.clear()
        seen.add(digest)
        return False


_LATELY = 16_384

_Kept = tuple[Match | NoMatch, int]  # the decision and the bytes it is counted with


class Decisions:
    """Decides which interaction answers, and remembers up to `max_bytes` of decisions (0: none).

    Bodies up to LONGEST_BODY must be decided in one thread only; longer ones are never remembered and may be decided in
    any.
    """

    __slots__ = ("_cache", "_doorkeeper", "_lenient")

    def __init__(self, max_bytes: int, *, lenient: bool = False) -> None:
        self._cache: LRUCache[tuple[object, ...], _Kept] = LRUCache(max_bytes, getsizeof=lambda kept: kept[1])
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
        buckets = tuple(stub.index.buckets(request))
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


def _key(stub: Stub, request: Request, state: StateSelector | None, buckets: tuple[Bucket, ...]) -> tuple[object, ...]:
    """Everything that the decision depends on; an absent header differs from an empty one."""
    get = request.headers.get
    names = [name for bucket in buckets for name in bucket.constrained_headers]
    values = [None if (lines := get(name)) is None else "\n".join(lines) for name in names]
    asked = (None, None) if state is None else (state.source, state.stateless)
    return (id(stub), request.method, request.path, request.query, request.body, *asked, *values)

"""The hot cache: decisions on bodies that came before.

Parsing and matching a body is what costs; a request without one is decided in about the time that looking it up here
would take, and goes straight to the index. A decision depends on the stub, method, path, query, body, the wanted state,
and on those headers that some interaction of the stub constrains; on nothing else. So it is kept under exactly these,
bounded in bytes, for one snapshot: whoever serves another snapshot makes a new cache.
"""

from __future__ import annotations

from cachetools import LRUCache

from matching import Match, NoMatch, Request, StateSelector, find
from stubserver.catalog.snapshot import Stub

_LONGEST_BODY = 16 << 10  # bytes; a longer body is unlikely to come again, and costly to keep
_ENTRY = 1024  # bytes that an entry takes beside its body, about

_Kept = tuple[Match | NoMatch, int]  # the decision and the bytes it is counted with


class Decisions:
    """Decides which interaction answers, and remembers up to `max_bytes` of decisions (0: none)."""

    __slots__ = ("_cache", "_lenient")

    def __init__(self, max_bytes: int, *, lenient: bool = False) -> None:
        self._cache: LRUCache[tuple[object, ...], _Kept] = LRUCache(max_bytes, getsizeof=lambda kept: kept[1])
        self._lenient = lenient

    def decide(self, stub: Stub, request: Request, state: StateSelector | None) -> Match | NoMatch:
        """What `matching.find` says of the request at this stub."""
        size = len(request.body)
        if not 0 < size <= _LONGEST_BODY or size + _ENTRY > self._cache.maxsize:
            return find(stub.index, request, state, lenient=self._lenient)
        key = _key(stub, request, state)
        kept = self._cache.get(key)
        if kept is None:
            kept = find(stub.index, request, state, lenient=self._lenient), size + _ENTRY
            self._cache[key] = kept
        return kept[0]

    @property
    def size(self) -> int:
        """The bytes that all kept decisions are counted with."""
        return int(self._cache.currsize)


def _key(stub: Stub, request: Request, state: StateSelector | None) -> tuple[object, ...]:
    headers = request.headers
    return (
        stub.address,
        request.method,
        request.path,
        request.query,
        request.body,
        None if state is None else (state.source, state.stateless),
        *(tuple(headers.get(name, ())) for name in stub.index.constrained_headers),
    )

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
        self._cache: LRUCache[tuple[bytes | str, ...], _Kept] = LRUCache(max_bytes, getsizeof=lambda kept: kept[1])
        self._lenient = lenient

    def decide(self, stub: Stub, request: Request, state: StateSelector | None) -> Match | NoMatch:
        """What `matching.find` says of the request at this stub."""
        if not 0 < len(request.body) <= _LONGEST_BODY or not self._cache.maxsize:
            return find(stub.index, request, state, lenient=self._lenient)
        key = _key(stub, request, state)
        kept = self._cache.get(key)
        if kept is not None:
            return kept[0]
        found = find(stub.index, request, state, lenient=self._lenient)
        size = _ENTRY + sum(map(len, key))
        if not found.gave_up and size <= self._cache.maxsize:
            self._cache[key] = found, size
        return found

    @property
    def size(self) -> int:
        """The bytes that all kept decisions are counted with."""
        return int(self._cache.currsize)


def _key(stub: Stub, request: Request, state: StateSelector | None) -> tuple[bytes | str, ...]:
    """Everything the decision depends on, as texts; what is absent differs from what is empty."""
    headers, address = request.headers, stub.address
    return (
        request.body,
        request.path,
        request.query,
        request.method,
        f"{address.provider}\n{address.consumer}",
        "" if state is None else f"{state.stateless}{state.source}",
        *("\n".join(headers[name]) if name in headers else "\r" for name in stub.index.constrained_headers),
    )

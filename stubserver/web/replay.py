"""The first level of the hot cache: the bytes of a whole request to its answer, before anything is parsed.

Parsing that begins between two requests depends on nothing but the bytes that come, and a stub's answer on nothing but
the request and what is served. So the answer to a request that is the same to the last byte is the answer given before,
for as long as the same pacts are served; whoever serves other pacts makes a new cache.
"""

from __future__ import annotations

from cachetools import Cache

from stubserver.catalog import Doorkeeper
from stubserver.web.answer import NEVER, Answer

LONGEST_REQUEST = 20 << 10  # bytes; longer ones are unlikely to come again, and costly to keep
_ENTRY = 400  # bytes that an entry takes beside its texts, about


class Kept:
    """An answer, what keeping it takes, and whether it was given since it was last thought of dropping it."""

    __slots__ = ("answer", "size", "used")

    def __init__(self, answer: Answer, size: int) -> None:
        self.answer = answer
        self.size = size
        self.used = False


class Replay(Cache[bytes, Kept]):
    """Answers by request, up to `max_bytes` of both (0: none).

    `entries` is the same as a plain dictionary, which is read in a tenth of the time. An entry that was used since its
    turn to be dropped last came is given another turn.
    """

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=lambda kept: kept.size)
        self.entries: dict[bytes, Kept] = {}
        self._doorkeeper = Doorkeeper()

    def offer(self, request: bytes, answer: Answer) -> None:
        """Keep the answer if it lasts, and if the request came before."""
        if answer.lasts_until == NEVER or len(request) > LONGEST_REQUEST or not self._doorkeeper.admits(hash(request)):
            return
        size = _ENTRY + len(request) + (0 if answer.is_shared else answer.size)
        if size <= self.maxsize:
            self[request] = Kept(answer, size)

    def __setitem__(self, request: bytes, kept: Kept) -> None:
        super().__setitem__(request, kept)
        self.entries[request] = kept

    def __delitem__(self, request: bytes) -> None:
        super().__delitem__(request)
        del self.entries[request]

    def popitem(self) -> tuple[bytes, Kept]:
        """Drop the oldest entry that was not used since its last turn."""
        for _ in range(len(self)):
            request = next(iter(self))
            kept = self.entries[request]
            if not kept.used:
                break
            kept.used = False
            del self[request]
            self[request] = kept
        request = next(iter(self))
        return request, self.pop(request)

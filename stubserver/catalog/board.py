"""What the workers of one machine tell each other: that something changed.

A few bytes of shared memory, eight for each worker. A worker that wrote something counts its own up before it
acknowledges; every worker compares all of them with what it saw last before it answers. So whoever was told that a pact
is published finds it at every worker with the very next request, nobody waits for anybody, and a worker that hangs or
dies holds up no other.
"""

from __future__ import annotations

import mmap
import struct

_COUNT = struct.Struct("=Q")


class Board:
    """The counters, as one worker sees them."""

    __slots__ = ("_memory", "_place", "_size")

    def __init__(self, memory: mmap.mmap, worker: int, workers: int) -> None:
        """`memory` is shared by `workers`, of which this is number `worker` from 0."""
        self._memory = memory
        self._place = worker * _COUNT.size
        self._size = workers * _COUNT.size

    @classmethod
    def alone(cls) -> Board:
        """The board of a server with one worker."""
        return cls(board_memory(1), 0, 1)

    @property
    def size(self) -> int:
        """How many workers share it."""
        return self._size // _COUNT.size

    @property
    def state(self) -> bytes:
        """What all counters show; another value than before means that something changed."""
        return self._memory[: self._size]

    def announce(self) -> None:
        """Tell all workers, this one included, that something changed."""
        (count,) = _COUNT.unpack_from(self._memory, self._place)
        _COUNT.pack_into(self._memory, self._place, (count + 1) & 0xFFFF_FFFF_FFFF_FFFF)


def board_memory(workers: int) -> mmap.mmap:
    """Memory for the counters of so many workers, which processes that are forked off share."""
    return mmap.mmap(-1, max(workers, 1) * _COUNT.size)

"""The journal: the latest requests to stubs, kept in memory for whoever asks what happened.

Noting a request keeps its bytes as they came, and a few facts of the answer; nothing is read of it until somebody
asks. So a warm request pays for one tuple. Misses are kept apart, so that no number of hits drives them out. Whatever
leaves the journal has its secrets blotted out (`web.redaction`).
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from multidict import CIMultiDict

from stubserver.web.answer import Facts
from stubserver.web.visit import Fields

LONGEST_HIT = 20 << 10  # bytes that are kept of a request that was answered
_LONGEST_MISS = 64 << 10  # and of one that was not, which is explained again
_LONGEST_REFUSED = 2 << 10  # and of the head of one that was refused, of which nobody knows who sent it
_MISS_BYTES = 4 << 20  # of all misses together
_MISSES = 5  # hits for each miss there is room for
_HITS = frozenset({"exact", "lenient", "preflight"})

_Noted = tuple[float, bytes, bytes, Facts]  # when, from whom, what came, what was answered


@dataclass(frozen=True, slots=True)
class Entry:
    """One request that is kept, read. `moment` is Unix time; `is_cut` tells that its body is not whole."""

    moment: float
    peer: str
    method: str
    target: str
    fields: Fields
    body: bytes
    is_cut: bool
    status: int
    size: int
    outcome: str
    interaction: str

    @property
    def number(self) -> int:
        """What tells it from all others of its worker: microseconds of Unix time."""
        return number_of(self.moment)


class Line(NamedTuple):
    """The first line of a request that is kept, and what it was answered with."""

    moment: float
    peer: str
    method: str
    target: str
    facts: Facts

    @property
    def number(self) -> int:
        """As that of the entry."""
        return number_of(self.moment)


class Journal:
    """The latest requests of this process."""

    __slots__ = ("_hits", "_miss_bytes", "_misses", "_most_misses", "_refused", "note_hit", "size")

    def __init__(self, size: int) -> None:
        """`size` is how many requests are kept that were answered; of misses and of those refused, a fifth each."""
        self.size = size
        self._hits: deque[_Noted] = deque(maxlen=size)
        # What `note` does with a hit, for those who cannot afford a call: the moment (Unix time), who sent it, at most
        # LONGEST_HIT of its bytes, and what it was answered with.
        self.note_hit: Callable[[_Noted], None] = self._hits.append
        self._misses: deque[_Noted] = deque()
        self._refused: deque[_Noted] = deque(maxlen=max(1, size // _MISSES))
        self._most_misses = max(1, size // _MISSES)
        self._miss_bytes = 0

    def __len__(self) -> int:
        return len(self._hits) + len(self._misses) + len(self._refused)

    @property
    def misses(self) -> int:
        """How many of them are misses."""
        return len(self._misses)

    @property
    def latest(self) -> float:
        """When the latest request came; 0 before the first."""
        return max((kept[-1][0] for kept in self._all if kept), default=0.0)

    def note(self, peer: bytes, data: bytes, facts: Facts) -> None:
        """Keep a request: who sent it, its bytes, and what it was answered with."""
        if facts[2] == "page":  # somebody opened the explorer
            return
        if facts[2] in _HITS:
            self._hits.append((time.time(), peer, data[:LONGEST_HIT], facts))
        elif facts[2] != "none":
            self._refused.append((time.time(), peer, data.partition(b"\r\n\r\n")[0][:_LONGEST_REFUSED], facts))
        else:
            data = data[:_LONGEST_MISS]
            self._misses.append((time.time(), peer, data, facts))
            self._miss_bytes += len(data)
            while len(self._misses) > self._most_misses or self._miss_bytes > _MISS_BYTES:
                self._miss_bytes -= len(self._misses.popleft()[2])

    @property
    def _all(self) -> tuple[deque[_Noted], ...]:
        return self._misses, self._refused, self._hits

    def lines(self, sort: str = "", outcome: str = "") -> Iterator[Line]:
        """The first line of each request that is kept, with an outcome if one is given: misses first, or by `time`; the
        newest first.
        """
        wanted = (self._misses,) if outcome == "none" else self._all
        kept = [reversed(tuple(each)) for each in wanted]
        noted = heapq.merge(*kept, key=lambda each: -each[0]) if sort == "time" else itertools.chain(*kept)
        for moment, peer, data, facts in noted:
            if not outcome or facts[2] == outcome:
                yield Line(moment, peer.decode("utf-8", "replace"), *_first_line(data), facts)

    def find(self, number: int) -> Entry | None:
        """The request with this number, if it is still kept."""
        for kept in self._all:
            for noted in tuple(kept):
                if number_of(noted[0]) == number:
                    return _read(noted)
        return None


def _first_line(data: bytes) -> tuple[str, str]:
    """Method and target."""
    method, _, rest = data[: data.find(b"\r\n")].decode("utf-8", "surrogateescape").partition(" ")
    return method, rest.rpartition(" HTTP/")[0] or rest


def number_of(moment: float) -> int:
    """The number of a request that came at a moment."""
    return round(moment * 1_000_000)


def as_bytes(method: str, target: str, fields: Fields, body: bytes) -> bytes:
    """A request that aiohttp has read, as it came or might have come."""
    lines = b"".join(b"%s: %s\r\n" % line for line in fields.raw_headers)
    head = f"{method} {target} HTTP/1.1\r\n".encode("utf-8", "surrogateescape")
    return b"".join((head, lines, b"\r\n", body[:_LONGEST_MISS]))


def _read(noted: _Noted) -> Entry:
    moment, peer, data, (status, size, outcome, interaction) = noted
    head, _, body = data.partition(b"\r\n\r\n")
    _, *lines = head.split(b"\r\n")
    method, target = _first_line(data if b"\r\n" in data else data + b"\r\n")
    raw = tuple((name.strip(), value.strip()) for name, _, value in (line.partition(b":") for line in lines if line))
    headers = CIMultiDict(
        (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape")) for name, value in raw
    )
    length = headers.get("Content-Length", "")
    is_coded = "Content-Encoding" in headers or "Transfer-Encoding" in headers  # and decoded since
    is_cut = (not is_coded and length.isdecimal() and int(length[:18]) > len(body)) or len(data) in (
        LONGEST_HIT,
        _LONGEST_MISS,
    )
    fields = Fields(headers, raw)
    told = peer.decode("utf-8", "replace")
    return Entry(moment, told, method, target, fields, body, is_cut, status, size, outcome, interaction)

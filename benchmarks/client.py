"""A small load client for machines without wrk. It costs more than the servers do: read its ratios with that in mind.

`python -m benchmarks.client PORT CONNECTIONS SECONDS PLAN FIRST PAUSE` prints what `wrk.lua` prints.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.traffic import ASIDE, Template, read_plan


class Load:
    """What all connections of a run share."""

    def __init__(self, turn: Iterator[Template], first: int, pause: float = 0.0) -> None:
        self.turn = turn
        self.counter = itertools.count(first)
        self.pause = pause / 1000
        self.latencies: list[float] = []
        self.bytes = self.statuses = self.failed = 0
        self.stopped = False
        self.waiting = 0  # connections that wait for an answer
        self.finished = asyncio.Event()

    def next(self) -> bytes | None:
        """The next request, if any."""
        template = next(self.turn, None)
        return template.filled(next(self.counter)) if template is not None else None


class Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._seen = b""
        self._missing = -1  # bytes of the answer that have not come; -1: its head has not come

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._pause()

    def _pause(self) -> None:
        if self._load.pause:
            asyncio.get_running_loop().call_later(2 * self._load.pause * random.random(), self._send)
        else:
            self._send()

    def _send(self) -> None:
        content = None if self._load.stopped else self._load.next()
        if content is not None:
            self._load.waiting += 1
            self._began = time.perf_counter()
            self._transport.write(content)
        elif not self._load.waiting:
            self._load.finished.set()

    def data_received(self, data: bytes) -> None:
        """Count the answer when it is complete, and go on."""
        self._load.bytes += len(data)
        if self._missing < 0:
            self._seen += data
            end = self._seen.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._seen[:end].lower()
            self._load.statuses += head[9:10] >= b"4"
            data, self._seen = self._seen[end + 4 :], b""
            self._missing = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        self._missing -= len(data)
        if self._missing <= 0:
            self._missing = -1
            self._load.waiting -= 1
            self._load.latencies.append(time.perf_counter() - self._began)
            self._pause()

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that ends before the run does is a failure."""
        if not self._load.stopped:
            self._load.failed += 1
            self._load.finished.set()


async def drive(port: int, connections: int, seconds: float | None, load: Load) -> float:
    """Run the load for some seconds, or until it has no more requests; the seconds that it took."""
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [await loop.create_connection(lambda: Connection(load), "127.0.0.1", port) for _ in range(connections)]
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(load.finished.wait(), seconds)
    load.stopped = True
    took = time.perf_counter() - began
    for transport, _ in made:
        transport.close()
    return took


def sweep(port: int, templates: Iterable[Template], connections: int = 8) -> Load:
    """Send every request once."""

    async def run() -> Load:
        load = Load(iter(templates), ASIDE)
        await drive(port, connections, None, load)
        return load

    return uvloop.run(run())


def main() -> None:
    """Drive, and print the outcome."""
    port, connections, seconds, plan, first, pause = sys.argv[1:]

    async def run() -> tuple[Load, float]:
        load = Load(itertools.cycle(read_plan(Path(plan))), int(first), float(pause))
        return load, await drive(int(port), int(connections), float(seconds), load)

    load, took = uvloop.run(run())
    ordered = sorted(load.latencies) or [0.0]
    places = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "max": 1.0}
    told = {name: round(ordered[int((len(ordered) - 1) * place)] * 1e6) for name, place in places.items()}
    counts = {"requests": len(load.latencies), "seconds": took, "bytes": load.bytes, "failed": load.failed}
    print(json.dumps({**counts, "statuses": load.statuses, "timeouts": 0, **told}))


if __name__ == "__main__":
    main()

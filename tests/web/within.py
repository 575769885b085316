"""What tests look at, and hold up, within a running server."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator

from stubserver.web.connection import DirectServer
from tests.conftest import Running
from tests.web.conversation import PATIENCE


def server_of(running: Running) -> DirectServer:
    """The server of the connections."""
    assert running.server._runner is not None
    server = running.server._runner.server
    assert isinstance(server, DirectServer)
    return server


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something to come about."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  # it happens in the server, which tells nobody
            await asyncio.sleep(0.005)


@contextlib.contextmanager
def held_up(running: Running) -> Iterator[Callable[[], None]]:
    """Keep all threads busy, so that what is worked on in them is not done; what is given lets them go on."""
    go_on, held = threading.Event(), threading.Semaphore(0)

    def hold() -> None:
        held.release()
        go_on.wait(PATIENCE)

    for _ in range(2):
        running.server._stub_door._pool.submit(hold)
    for _ in range(2):  # both are held before anything else is put into the queue
        assert held.acquire(timeout=PATIENCE)
    try:
        yield go_on.set
    finally:
        go_on.set()


def waiting(running: Running) -> int:
    """How many requests wait for a thread."""
    return running.server._stub_door._pool._work_queue.qsize()

"""Answers that go on until their client goes away: how many there may be, and how they end with the server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from stubserver.errors import StubServerError

_MOST = 50  # at once
_running: set[asyncio.Task[Any]] = set()


class TooManyStreamsError(StubServerError):
    """More live pages than there is room for."""

    status = 503
    title = "Too many live pages"
    slug = "too-many-live-pages"


@contextlib.contextmanager
def stream() -> Iterator[None]:
    """Count the running task among the streams for as long as it is in here. Raises TooManyStreamsError."""
    if len(_running) >= _MOST:
        raise TooManyStreamsError(f"there are {_MOST} live pages open already", "close some of them")
    task = asyncio.current_task()
    assert task is not None
    _running.add(task)
    try:
        yield
    finally:
        _running.discard(task)


async def end_streams() -> None:
    """End all streams, so that the server need not wait for them."""
    for task in tuple(_running):
        task.cancel()
    await asyncio.gather(*tuple(_running), return_exceptions=True)

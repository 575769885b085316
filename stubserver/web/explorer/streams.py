"""Answers that go on until their client goes away: how many there may be, and how they end with the server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from stubserver.errors import StubServerError

_MOST = 50  # at once


class TooManyStreamsError(StubServerError):
    """More live pages than there is room for."""

    status = 503
    title = "Too many live pages"
    slug = "too-many-live-pages"


class Streams:
    """The answers of a server that go on."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self.is_closing = False

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Count the running task among them for as long as it is in here. Raises TooManyStreamsError."""
        if len(self._running) >= _MOST or self.is_closing:
            raise TooManyStreamsError(f"there are {_MOST} live pages open already", "close some of them")
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            yield
        finally:
            self._running.discard(task)

    async def end(self) -> None:
        """End all of them, so that the server need not wait for them."""
        self.is_closing = True
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

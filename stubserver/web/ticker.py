"""What changes once a second, made once a second: no answer formats a date."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate


class Ticker:
    """`date_line` is the Date header of this second, `log_stamp` its moment as access logs
    write it (Common Log Format), `now` the event loop's time, all of them at most a second old.
    `lag` is how late, in seconds, the latest tick came.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.lag = 0.0
        self.date_line = b""
        self.log_stamp = b""
        self._callbacks: list[Callable[[], None]] = []
        self._handle: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._read()

    def each_second(self, callback: Callable[[], None]) -> None:
        """Call back every second, from the event loop."""
        self._callbacks.append(callback)

    def start(self) -> None:
        """Begin to tick in the running event loop."""
        loop = asyncio.get_running_loop()
        self.now = loop.time()
        self._read()
        self._schedule(loop)

    def stop(self) -> None:
        """Tick no more."""
        if self._handle is not None:
            self._handle.cancel()

    def _read(self) -> None:
        moment = time.time()
        self.date_line = f"Date: {formatdate(moment, usegmt=True)}\r\n".encode()
        self.log_stamp = time.strftime('[%d/%b/%Y:%H:%M:%S %z] "', time.localtime(moment)).encode()

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        # Just after the second begins, so that the date is hardly ever behind.
        self._due = loop.time() + 1.001 - time.time() % 1
        self._handle = loop.call_at(self._due, self._tick, loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self.now = loop.time()
        self.lag = max(self.now - self._due, 0.0)
        self._read()
        self._schedule(loop)
        for callback in self._callbacks:
            callback()

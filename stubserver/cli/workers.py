"""Several processes behind one address: they are forked off here, started again when they die, and stopped together.

Each has a socket of its own on the address (SO_REUSEPORT), among which the kernel spreads connections. A worker whose
parent is gone stops by itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import structlog

from stubserver.errors import ListenError

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_SHORT = 5.0  # seconds; a worker that dies sooner after its start is started again only after a pause
_PAUSE = 1.0
_MOST_SHORT = 5  # lives as short as that in a row, after which everything stops
_GRACE = 15.0  # seconds that workers get to stop


def reserve(host: str, port: int) -> tuple[socket.socket, int]:
    """A socket that holds an address for workers without listening there, and its port. Raises ListenError."""
    if not hasattr(socket, "SO_REUSEPORT") or not hasattr(os, "fork"):
        raise ListenError("this system has no way for workers to share an address", "use --workers 1")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as alone:  # nobody else may be there, who would get half of it
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind(address)
        held = socket.socket(family, kind, protocol)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        cure = "choose another with --port, or 0 for a free one"
        raise ListenError(f"cannot listen on {host}:{port}: {reason}", cure) from None
    return held, held.getsockname()[1]


class Workers:
    """The workers, as their parent sees them."""

    def __init__(self, count: int, serve: Callable[[int, bool], None], first: Callable[[], None]) -> None:
        """`serve` is what a worker, told its number and whether it starts for the first time, does until it is told to
        stop; `first` is done once, before all.
        """
        self._count = count
        self._serve = serve
        self._first = first
        self._running: dict[int, tuple[int, float]] = {}  # by process: number, since when
        self._short_lives = 0
        self._is_stopping = False
        self._alive = os.pipe()  # closed at this end when the parent is gone

    def run(self) -> int:
        """Start all workers and stay until they are stopped; the exit code. Processes are forked off, so nothing else
        may run in this one.
        """
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._stop)
        code = self._wait_for(self._fork(self._first))
        if code or self._is_stopping:
            return code
        for number in range(self._count):
            self._start(number, is_first_time=True)
        while self._running:
            try:
                process, status = os.wait()
            except ChildProcessError:
                break
            code = self._ended(process, os.waitstatus_to_exitcode(status)) or code
        return code

    def _start(self, number: int, *, is_first_time: bool = False) -> None:
        if self._is_stopping:
            return
        process = self._fork(lambda: self._work(number, is_first_time=is_first_time))
        self._running[process] = (number, time.monotonic())
        if self._is_stopping:  # it was told in the middle of this
            self._signal(signal.SIGTERM)

    def _work(self, number: int, *, is_first_time: bool) -> None:
        os.close(self._alive[1])
        threading.Thread(target=_stop_with_parent, args=(self._alive[0],), daemon=True).start()
        self._serve(number, is_first_time)

    def _ended(self, process: int, code: int) -> int:
        number, since = self._running.pop(process, (None, 0.0))
        if number is None or self._is_stopping:
            return 0
        is_short = time.monotonic() - since < _SHORT
        self._short_lives = self._short_lives + 1 if is_short else 0
        log.error("a worker ended; it is started again", worker=number, code=code)
        if self._short_lives >= _MOST_SHORT:
            log.error("workers do not stay alive; stopping")
            self._stop()
            return code if code > 0 else 1
        if is_short:
            time.sleep(_PAUSE)
        if not self._is_stopping:
            self._start(number)
        return 0

    def _stop(self, *_: Any) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            self._signal(signal.SIGTERM)
            if self._running:
                signal.signal(signal.SIGALRM, lambda *_: self._signal(signal.SIGKILL))
                signal.setitimer(signal.ITIMER_REAL, _GRACE)

    def _signal(self, name: signal.Signals) -> None:
        for process in list(self._running):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, name)

    def _fork(self, work: Callable[[], None]) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        process = os.fork()
        if process:
            return process
        code = 1
        try:
            for name in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
                signal.signal(name, signal.SIG_DFL)
            work()
            code = 0
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except KeyboardInterrupt:
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _wait_for(self, process: int) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _stop_with_parent(alive: int) -> None:
    """Stop this process when its parent is gone: nothing is ever written to the pipe, so reading ends with it."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)

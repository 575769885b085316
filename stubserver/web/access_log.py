"""The access log: a line for each request in the Common Log Format, with what answered it at the end.

    127.0.0.1 - - [25/Nov/2026:19:40:32 +0000] "GET /orders/1 HTTP/1.1" 200 312 exact d532fdc52e55

A line is put together and noted in less than a microsecond; a thread of its own writes many at once, so that a slow
disk holds up nobody.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any, BinaryIO

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.web_request import BaseRequest

from stubserver.errors import LogError
from stubserver.web.answer import OUTCOME
from stubserver.web.ticker import Ticker

_TOGETHER = 512  # lines that are handed to the thread at once; fewer at the end of each second
_MOST_WAITING = 400  # of these, in case the disk does not keep up; what is more is dropped, and said so


class AccessLog:
    """Writes lines to a file (appended to; opened anew when it is moved away), or to standard output for `-`."""

    def __init__(self, path: str, ticker: Ticker) -> None:
        """Raises LogError when the file cannot be written."""
        self._path = path
        self._ticker = ticker
        self._lines: list[bytes] = []
        self._waiting: deque[bytes] = deque()
        self._dropped = 0
        self._wake = threading.Event()
        self._is_closed = False
        self._is_failing = False
        try:
            self._file = self._open()
        except OSError as error:
            cure = "name a file that can be written, or - for standard output"
            raise LogError(f"access_log: cannot write {path}: {error.strerror}", cure) from None
        self._thread = threading.Thread(target=self._write_all, name="access log", daemon=True)
        self._thread.start()
        ticker.each_second(self.flush)

    def note(self, peer: bytes, request_line: bytes, tail: bytes) -> None:
        """Note one answered request. `request_line` is as it came, `tail` what the answer says of itself."""
        if b'"' in request_line or not request_line.isascii():
            request_line = _harmless(request_line)
        self._lines.append(b"".join((peer, b" - - ", self._ticker.log_stamp, request_line, tail)))
        if len(self._lines) >= _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Hand over to the thread what was noted."""
        if self._lines:
            if len(self._waiting) < _MOST_WAITING:
                self._waiting.append(b"".join(self._lines))
            else:
                self._dropped += len(self._lines)
            self._lines = []
            self._wake.set()

    def close(self) -> None:
        """Write what is left, and end."""
        self.flush()
        self._is_closed = True
        self._wake.set()
        self._thread.join(10)

    def _open(self) -> BinaryIO:
        return sys.stdout.buffer if self._path == "-" else Path(self._path).open("ab", buffering=0)

    def _write_all(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            try:
                self._reopen_if_moved()
                while self._waiting:
                    self._write(self._waiting[0])
                    self._waiting.popleft()
                if self._dropped:
                    self._write(b"# %d lines were dropped: the disk did not keep up\n" % self._dropped)
                    self._dropped = 0
                self._is_failing = False
            except (OSError, ValueError) as error:
                self._dropped += sum(lines.count(b"\n") for lines in self._waiting)
                self._waiting.clear()
                if not self._is_failing:
                    print(f"stubserver: the access log cannot be written: {error}", file=sys.stderr)
                self._is_failing = True
            if self._is_closed and not self._waiting:
                break
        if self._path != "-":
            self._file.close()

    def _write(self, content: bytes) -> None:
        while content:
            content = content[self._file.write(content) :]
        self._file.flush()

    def _reopen_if_moved(self) -> None:
        if self._path == "-":
            return
        try:
            is_ours = os.path.samestat(os.stat(self._path), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            is_ours = False
        if not is_ours:
            earlier, self._file = self._file, self._open()
            earlier.close()


def _harmless(text: bytes) -> bytes:
    """A request line that cannot be taken for more than one field."""
    return text.replace(b'"', b"%22").decode("ascii", "backslashreplace").encode()


class OrdinaryAccessLogger(AbstractAccessLogger):
    """Notes requests that aiohttp answers."""

    def __init__(self, log: AccessLog) -> None:
        self._log = log

    def log(self, request: BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Note one answered request."""
        line = f"{request.method} {request.raw_path} HTTP/{request.version.major}.{request.version.minor}"
        length = response.content_length or 0
        outcome, interaction = response.get(OUTCOME, ("-", "-"))
        self._log.note(
            (request.remote or "-").encode(),
            line.encode("utf-8", "surrogateescape"),
            f'" {response.status} {length} {outcome} {interaction}\n'.encode(),
        )


def ordinary_logger(log: AccessLog) -> Any:
    """What aiohttp makes its access logger with."""
    return lambda *_: OrdinaryAccessLogger(log)

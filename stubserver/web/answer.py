"""An answer on its way out: status, header lines and body, and the bytes that they are on the wire."""

from __future__ import annotations

import copy
import functools
import http
import math
from collections.abc import Iterable
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

ALWAYS = math.inf
NEVER = 0.0

_PHRASES = {status.value: status.phrase for status in http.HTTPStatus}
_BODILESS = frozenset({204, 304})


Event = tuple[str, str, dict[str, Any]]  # level, event and values of a line in the log


class Tally:
    """How many answers of one kind were given."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class Answer:
    """What one or many requests are answered with; never changed once it is made.

    `lasts_until` says until when (in Unix time) an equal request gets the same answer: ALWAYS, NEVER, or a moment.
    `outcome` and `interaction` go into the access log, `event` into the log, each time the answer is given.
    """

    __slots__ = (
        "_body_at", "_is_dated", "_rest", "_status_line", "event", "headers", "interaction", "is_shared", "lasts_until",
        "outcome", "status", "tally",
    )  # fmt: skip

    def __init__(
        self,
        status: int,
        headers: CIMultiDict[str],
        body: bytes,
        tally: Tally,
        *,
        outcome: str,
        interaction: str = "-",
        lasts_until: float = NEVER,
        is_shared: bool = False,
        event: Event | None = None,
    ) -> None:
        """`is_shared` tells that different requests get this very object; `event` is logged each time.

        Raises ValueError for a header that would break the answer apart.
        """
        self.status = status
        self.headers = tuple(headers.items())
        self.tally = tally
        self.outcome = outcome
        self.interaction = interaction
        self.lasts_until = lasts_until
        self.is_shared = is_shared
        self.event = event
        # What answers have in common stays at hand; what is this one's own is in one piece, fetched at once.
        self._status_line = _status_line(status)
        self._is_dated = "Date" in headers
        self._rest = fields_bytes(status, self.headers, len(body))
        self._body_at = len(self._rest)
        self._rest += body

    @property
    def body(self) -> bytes:
        """The body, content codings and all."""
        return self._rest[self._body_at :]

    def wire(self, date_line: bytes) -> bytes:
        """The whole answer as it goes out over HTTP/1.1 on a connection that stays open, with this Date header."""
        if self._is_dated:
            date_line = b""
        if self.status in _BODILESS:
            return b"".join((self._status_line, date_line, self._rest[: self._body_at]))
        return b"".join((self._status_line, date_line, self._rest))

    @property
    def log_tail(self) -> bytes:
        """What an access log says of the answer after the request line."""
        length = len(self._rest) - self._body_at
        return f'" {self.status} {length} {self.outcome} {self.interaction}\n'.encode()

    @property
    def size(self) -> int:
        """Bytes that keeping the answer takes, about."""
        return len(self._rest)

    def fleeting(self) -> Answer:
        """The same answer, which an equal request may not get."""
        copied = copy.copy(self)
        copied.lasts_until = NEVER
        return copied

    def as_response(self) -> web.Response:
        """The same answer for aiohttp to write, which knows of HEAD, HTTP/1.0 and closing connections."""
        return web.Response(status=self.status, headers=CIMultiDict(self.headers), body=self.body)


@functools.lru_cache(maxsize=1024)
def _status_line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n".encode()


def fields_bytes(status: int, headers: Iterable[tuple[str, str]], length: int) -> bytes:
    """The header lines, without Date, and the empty line that ends them. Raises ValueError."""
    lines = [f"{name}: {value}" for name, value in headers]
    if any("\r" in line or "\n" in line or "\0" in line for line in lines):
        raise ValueError("a header with a line break or a null character")
    if status not in _BODILESS:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")

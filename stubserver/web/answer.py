"""An answer on its way out: status, header lines and body, and the bytes that they are on the wire."""

from __future__ import annotations

import functools
import http
import math
from collections.abc import Iterable
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

OUTCOME = web.ResponseKey("outcome", tuple[str, str])  # what an access log says of an answer: outcome, interaction
ALWAYS = math.inf
NEVER = 0.0

_PHRASES = {status.value: status.phrase for status in http.HTTPStatus}
_BODILESS = frozenset({204, 304})


Event = tuple[str, str, dict[str, Any]]  # level, event and values of a line in the log


Facts = tuple[int, int, str, str]  # what is remembered of an answer: status, bytes of its body, outcome, interaction


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
        "_fields", "_is_dated", "_log_tail", "_status_line", "body", "event", "facts", "headers", "interaction",
        "is_hit", "is_shared", "lasts_until", "outcome", "status", "tally",
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
        """`is_shared` tells that the body is the interaction's own; `event` is logged each time.

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
        self.body = body
        self.facts: Facts = (status, len(body), outcome, interaction)
        self.is_hit = outcome == "exact"
        self._status_line = _status_line(status)
        self._is_dated = "Date" in headers
        self._log_tail: bytes | None = None
        self._fields = fields_bytes(status, self.headers, len(body))

    def wire(self, date_line: bytes) -> bytes:
        """The whole answer as it goes out over HTTP/1.1 on a connection that stays open, with this Date header."""
        body = b"" if self.status in _BODILESS else self.body
        return b"".join((self._status_line, b"" if self._is_dated else date_line, self._fields, body))

    @property
    def log_tail(self) -> bytes:
        """What an access log says of the answer after the request line."""
        if self._log_tail is None:
            self._log_tail = f'" {self.status} {len(self.body)} {self.outcome} {self.interaction}\n'.encode()
        return self._log_tail

    @property
    def size(self) -> int:
        """Bytes that keeping the answer takes, about."""
        return 2 * len(self._fields) + (0 if self.is_shared else len(self.body))

    def as_response(self) -> web.Response:
        """The same answer for aiohttp to write, which knows of HEAD, HTTP/1.0 and closing connections."""
        response = web.Response(status=self.status, headers=CIMultiDict(self.headers), body=self.body)
        response[OUTCOME] = (self.outcome, self.interaction)
        return response


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

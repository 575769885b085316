"""A request as the doors see it, whichever way it came from the socket."""

from __future__ import annotations

from multidict import MultiMapping

from matching import Request
from stubserver.web.wire import WireHeaders


class Incoming:
    """One whole request.

    `target` is raw, `headers` are case-insensitive, `raw_headers` the lines as they came, `body` has its content
    codings undone, `server` is scheme and host as the client wrote them.
    """

    __slots__ = ("body", "headers", "method", "raw_headers", "server", "target")

    def __init__(
        self,
        method: str,
        target: str,
        headers: MultiMapping[str],
        raw_headers: tuple[tuple[bytes, bytes], ...],
        body: bytes,
        server: str,
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.raw_headers = raw_headers
        self.body = body
        self.server = server

    def to_matching(self, path: str, query: str) -> Request:
        """The request as the core sees it, for a path within a stub."""
        return Request(self.method, path, query, WireHeaders(self.headers, self.raw_headers), self.body)

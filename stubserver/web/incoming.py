"""A request as the doors see it, whichever way it came from the socket."""

from __future__ import annotations

from collections.abc import Iterable

from multidict import MultiMapping

from matching.http_text import split_header
from matching.request import Headers


class Incoming(Headers):
    """One whole request, and its headers as the core reads them: only those that somebody asks for are split.

    `target` is raw, `headers` are case-insensitive, `raw_headers` the lines as they came, `body` has its content
    codings undone.
    """

    __slots__ = ("_server", "_values", "body", "headers", "method", "raw_headers", "target")

    def __init__(
        self,
        method: str,
        target: str,
        headers: MultiMapping[str],
        raw_headers: tuple[tuple[bytes, bytes], ...],
        body: bytes,
        server: str,
    ) -> None:
        """`server` is scheme and host as the client wrote them; where it ends with `//`, Host is added."""
        self.method = method
        self.target = target
        self.headers = headers
        self.raw_headers = raw_headers
        self.body = body
        self._server = server
        self._values: dict[str, list[str] | None] = {}

    @property
    def server(self) -> str:
        """Scheme and host as the client wrote them."""
        return self._server + self.headers["Host"] if self._server.endswith("//") else self._server

    @property
    def lines(self) -> Iterable[tuple[str, str]]:
        """The header lines in their order."""
        for name, value in self.raw_headers:
            yield name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape")

    def get(self, name: str) -> list[str] | None:
        """The values of a header (its name in lower case), list headers split, lines in order; None without any."""
        try:
            return self._values[name]
        except KeyError:
            lines = self.headers.getall(name, None)
            values = None if lines is None else [value for line in lines for value in split_header(name, line)]
            self._values[name] = values
            return values

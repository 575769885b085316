"""A request as the stub door sees it, whichever way it came from the socket."""

from __future__ import annotations

from collections.abc import Iterable

from multidict import MultiMapping

from matching import Request, StateSelector
from matching.http_text import LIST_HEADERS, split_header
from matching.request import Headers
from stubserver.web.addressing import Resolved
from stubserver.web.served import Served


class Fields(Headers):
    """The header fields of a request, as the core reads them: only those that somebody asks for are split into values.

    `headers` are case-insensitive, `raw_headers` the lines as they came. Many requests may share one object.
    """

    __slots__ = ("_server", "_values", "asks_for_no_state", "headers", "raw_headers")

    def __init__(
        self, headers: MultiMapping[str], raw_headers: tuple[tuple[bytes, bytes], ...], server: str | None = None
    ) -> None:
        """`server` is scheme and host as the client wrote them; without it, http and what Host says."""
        self.headers = headers
        self.raw_headers = raw_headers
        self._server = server
        self._values: dict[str, list[str] | None] = {}
        self.asks_for_no_state = False  # known once the stub door has read them

    @property
    def server(self) -> str:
        """Scheme and host as the client wrote them."""
        return self._server or f"http://{self.headers['Host']}"

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
            if lines is None:
                values = None
            elif len(lines) == 1 and name not in LIST_HEADERS:
                values = [lines[0].strip()]
            else:
                values = [value for line in lines for value in split_header(name, line)]
            self._values[name] = values
            return values


class Visit:
    """One whole request. `target` is raw, `body` has its content codings undone; the rest is what the stub door finds
    out on the way to the answer.
    """

    __slots__ = ("body", "fields", "method", "request", "resolved", "served", "state", "target")

    served: Served
    resolved: Resolved
    state: StateSelector | None
    request: Request

    def __init__(self, method: str, target: str, fields: Fields, body: bytes) -> None:
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body

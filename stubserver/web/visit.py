"""A request as the stub door sees it, whichever way it came from the socket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from multidict import CIMultiDict, MultiMapping

from matching import Request, StateSelector
from matching.http_text import LIST_HEADERS, split_header
from matching.request import Headers
from stubserver.errors import StubServerError
from stubserver.web.addressing import Place, Resolved
from stubserver.web.cors import Cors
from stubserver.web.served import Served


class Fields(Headers):
    """The header fields of a request, as the core reads them: only those that somebody asks for are split into values.

    `headers` are case-insensitive, `raw_headers` the lines as they came. Many requests may share one object, with what
    was found out about it: `asks`, what it asks of stubs.
    """

    __slots__ = ("_values", "asks", "headers", "raw_headers", "server")

    def __init__(
        self, headers: MultiMapping[str], raw_headers: tuple[tuple[bytes, bytes], ...], server: str | None = None
    ) -> None:
        """`server` is scheme and host as the client wrote them, where that is not told by the headers alone."""
        self.headers = headers
        self.raw_headers = raw_headers
        self.server = server
        self._values: dict[str, list[str] | None] = {}
        self.asks: Asks | None = None

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

    def with_authorization(self, name: str | None) -> Fields:
        """The same, but Authorization is what another header says; where that is None or not there, nothing is."""
        headers = CIMultiDict(self.headers)
        headers.popall("Authorization", None)
        lines = [line for line in self.raw_headers if line[0].lower() != b"authorization"]
        for value in self.headers.getall(name, ()) if name is not None else ():
            headers.add("Authorization", value)
            lines.append((b"Authorization", value.encode("utf-8", "surrogateescape")))
        return Fields(headers, tuple(lines), self.server)


@dataclass(frozen=True, slots=True)
class Asks:
    """What the headers of a request ask of the stub door, as long as the same is served: what has the same mark.

    `fields` are those that are matched, None for those that came. `ignores_authorization` tells that Authorization was
    meant for us, so no interaction can demand one of the request. `refusal` says why the request gets no answer at all.
    """

    mark: object
    fields: Fields | None
    state: StateSelector | None
    cors: Cors | None
    ignores_authorization: bool
    refusal: StubServerError | None


class Visit:
    """One whole request, addressed to a place. `target` is raw, `body` has its content codings undone; the rest is what
    the stub door finds out on the way to the answer.
    """

    __slots__ = (
        "asks",
        "body",
        "fields",
        "is_trusted",
        "may_look",
        "method",
        "place",
        "request",
        "resolved",
        "served",
        "target",
    )

    served: Served
    asks: Asks
    resolved: Resolved
    request: Request

    def __init__(self, method: str, target: str, place: Place, fields: Fields, body: bytes) -> None:
        self.method = method
        self.target = target
        self.place = place
        self.fields = fields
        self.body = body
        self.may_look = True  # for a token that is not known yet
        self.is_trusted = False  # whoever asks was let in already

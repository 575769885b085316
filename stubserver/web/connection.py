"""A connection, from its first byte: plain requests are answered at once, all others go to aiohttp.

Theory of operation. aiohttp's own request handler is correct for everything that HTTP allows, and pays for it: a task,
a future, a request and a response object for each request. Nearly all requests of test suites need none of that: they
come whole, one at a time, and their answer is known without waiting. A `Connection` stands in front and deals with
exactly these:

1. A read that is, byte for byte, a request that was answered before gets the same answer. That is sound because a
   `Connection` always stands between two requests, and parsing from there depends on the bytes alone.
2. Otherwise its head is parsed by aiohttp's parser, one for all connections, since it too always stands between two
   heads. What turns out to be one whole, ordinary request is answered by the stub door with one write. An answer that
   takes a thread is awaited by a task, while nothing more is read. Clients send the same header fields with every
   request; where these came before, byte for byte, they are not parsed again, and the request line is read by a
   pattern that knows only the plainest.
3. A request in a few pieces (head and body sent apart) is collected until it is whole.
4. Everything else is handed over for good: the connection is given an ordinary aiohttp request handler, as if it had
   been there from the start, and the bytes that came. That is so for chunked, compressed and long bodies, pipelined
   requests, HTTP/1.0, `Connection: close`, `Expect`, upgrades, HEAD, CONNECT, whatever the parser refuses, the control
   door, and clients that do not come through the proxies that are trusted, where there are any.

So the two ways differ in speed only. What is used of aiohttp are names that it exports: `web.Server`, the protocol that
it makes, `HttpRequestParser` and the fields of its messages.
"""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import web
from aiohttp.http import HttpRequestParser, HttpVersion11, RawRequestMessage

from stubserver.catalog import HotCache
from stubserver.web.access_log import AccessLog, ordinary_logger
from stubserver.web.answer import ALWAYS, NEVER, Answer
from stubserver.web.journal import LONGEST_HIT, Journal
from stubserver.web.served import Served
from stubserver.web.stub import StubDoor
from stubserver.web.ticker import Ticker
from stubserver.web.visit import Fields, Visit

_LONGEST_HELD = 64 << 10  # bytes of a request that are collected here, or of a body that is parsed here
_MOST_READS = 8  # reads that the head of a request may come in; it is parsed again with each
_LONGEST_LINE = 8000  # bytes of a request line that is read here; aiohttp takes little more
_LONGEST_KEPT = LONGEST_HIT  # bytes; longer requests are unlikely to come again, and costly to keep
_ANSWER, _FIELDS, _FIELD = 400, 2000, 300  # bytes that an entry takes beside its texts, about; and each header field
# A request line that can be read without a parser: a usual method, a path of printable characters, HTTP/1.1.
_PLAIN_LINE = re.compile(rb"(GET|POST|PUT|PATCH|DELETE|OPTIONS) (/[!\"$-~]*) HTTP/1\.1")
_POLL = 0.02  # seconds between two looks at what is left when the server stops
_SWEEP = 5  # seconds between two looks at which connections are idle for too long


@dataclass(frozen=True, slots=True)
class Wiring:
    """How connections are treated: `keepalive` is in seconds, `max_body` in bytes. Without `fast_path`, all of them are
    left to aiohttp.
    """

    keepalive: float
    max_body: int
    fast_path: bool = True
    counts: bool = True
    hot_cache: int = 2 << 20
    access_log: AccessLog | None = None
    journal: Journal | None = None


class Connection(asyncio.Protocol):
    """One client's connection, as long as it sends plain requests."""

    __slots__ = ("_held", "_is_full", "_missing", "_peer", "_reads", "_server", "_transport", "_work", "last_read")

    def __init__(self, server: DirectServer) -> None:
        self._server = server
        self._transport: asyncio.Transport
        self._peer = b"-"
        self._held: list[bytes] = []  # the pieces of a request that is not whole yet, as they came
        self._missing = 0  # bytes of its body that are still to come; 0 while its head is not whole
        self._reads = 0  # how many reads its head came in
        self._is_full = False  # the client does not read its answers
        self._work: asyncio.Task[None] | None = None
        self.last_read = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self.last_read = self._server.ticker.now
        self._server.direct.add(self)
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple):
            self._peer = peer[0].encode()
        if self._server.outside.proxies and not self._server.outside.trusts(self._peer.decode()):
            self._hand_over(b"")
            return
        connected = transport.get_extra_info("socket")
        if connected is not None and connected.family in (socket.AF_INET, socket.AF_INET6):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._server.direct.discard(self)

    def data_received(self, data: bytes) -> None:
        """Answer what came, or collect it, or hand the connection over."""
        server = self._server
        self.last_read = server.ticker.now
        served = server.door.serving()
        if self._held:
            self._held.append(data)
            if self._missing > len(data):
                self._missing -= len(data)
                return
            data = b"".join(self._held)
        else:
            kept = served.replay.entries.get(data)
            if (
                kept is not None
                and (answer := kept.value) is not None
                and (answer.lasts_until == ALWAYS or answer.lasts_until > time.time())
            ):
                kept.used = True
                server.door.replayed += 1
                self._send(data, answer)
                return
        line = data.find(b"\r\n")
        begin = data.find(b"\r\n\r\n", line) + 4
        known = server.fields.entries.get(data[line:begin])
        if (
            known is not None
            and known.value is not None
            and line < _LONGEST_LINE
            and (plain := _PLAIN_LINE.fullmatch(data, 0, line)) is not None
        ):
            known.used = True
            fields, length = known.value
            method, target = plain.groups()
            self._go_in(data, begin, method.decode(), target.decode(), fields, length, served)
        else:
            self._take(data, line, begin, served)

    def _take(self, data: bytes, line: int, begin: int, served: Served) -> None:
        """Deal with bytes that begin with a request, whose head ends at `begin` (3: it does not end)."""
        server = self._server
        is_whole = begin > 3
        try:
            messages, _, _ = server.parser.feed_data(data[:begin] if is_whole else data)
        except Exception:  # whatever it is that the parser does not like, aiohttp tells the client
            server.renew_parser()
            self._hand_over(data)
            return
        if not messages or not is_whole or line == 0:
            server.renew_parser()
            has_begun = not messages and not is_whole
            if not has_begun or not self._hold(data):
                self._hand_over(data)
            return
        message: RawRequestMessage = messages[0][0]
        length = int(message.headers.get("Content-Length", 0))
        if not self._is_plain(message, length):
            server.renew_parser()  # after some of these it expects no more
            self._hand_over(data)
            return
        fields = Fields(message.headers, message.raw_headers)
        block = data[line:begin]
        # Only what surely stands between the request line and the body: parsers take more for a request line.
        if _PLAIN_LINE.fullmatch(data, 0, line) is not None and server.fields.admits(block):
            size = _FIELDS + len(block) + _FIELD * len(message.raw_headers)
            server.fields.keep(block, (fields, length), size)
        self._go_in(data, begin, message.method, message.path, fields, length, served)

    def _go_in(
        self, data: bytes, begin: int, method: str, target: str, fields: Fields, length: int, served: Served
    ) -> None:
        """Answer a request whose body has this length, if it is whole."""
        missing = begin + length - len(data)
        place = self._server.door.place(target, fields)
        if missing < 0 or place is None or (missing and not self._hold(data, missing)):
            self._hand_over(data)
            return
        if missing:
            return
        self._reads, self._held = 0, []
        answer = self._server.door.answer(Visit(method, target, place, fields, data[begin:]), served)
        if isinstance(answer, Answer):
            self._give(data, answer, served)
        else:
            self._transport.pause_reading()
            self._work = asyncio.ensure_future(self._finish(data, answer, served))

    def _is_plain(self, message: RawRequestMessage, length: int) -> bool:
        """Whether a request is of the ordinary kind that is answered here."""
        return not (
            message.chunked
            or message.compression
            or message.upgrade
            or message.should_close
            or message.version != HttpVersion11
            or message.method in ("HEAD", "CONNECT")
            or length > self._server.longest_body
            or "Expect" in message.headers
            or "Transfer-Encoding" in message.headers  # what of it is not understood, aiohttp refuses
            or not message.path.startswith("/")
        )

    def _hold(self, data: bytes, missing: int = 0) -> bool:
        """Keep the beginning of a request until the rest comes, unless that is too much or takes too many reads."""
        self._reads += 1
        if len(data) + missing > _LONGEST_HELD or self._reads > _MOST_READS:
            return False
        self._held = self._held or [data]
        self._missing = missing
        return True

    def _send(self, data: bytes, answer: Answer) -> None:
        server = self._server
        self._transport.write(answer.wire(server.ticker.date_line))
        if server.counts:
            answer.tally.count += 1
        if (journal := server.journal) is not None:
            if answer.is_hit:
                journal.note_hit((time.time(), self._peer, data, answer.facts))
            else:
                journal.note(self._peer, data, answer.facts)
        if answer.event is not None:
            server.door.tell(answer.event)
        if server.access_log is not None:
            server.access_log.note(self._peer, data[: data.find(b"\r")], answer.log_tail)

    def _give(self, data: bytes, answer: Answer, served: Served) -> None:
        """Send an answer for the first time."""
        self._send(data[:LONGEST_HIT] if answer.is_hit and len(data) > LONGEST_HIT else data, answer)
        if answer.lasts_until != NEVER and len(data) <= _LONGEST_KEPT and served.replay.admits(data):
            served.replay.keep(data, answer, _ANSWER + answer.size)

    async def _finish(self, data: bytes, awaited: Awaitable[Answer], served: Served) -> None:
        """Answer once that is possible; the client's next request waits until then."""
        try:
            answer = await awaited
            if not self._transport.is_closing():
                self._give(data, answer, served)
        except Exception:
            self._transport.close()
            raise
        finally:
            self._work = None
            self._go_on()

    def pause_writing(self) -> None:
        """The client does not read its answers, so no more of its requests are read."""
        self._is_full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        self._is_full = False
        self._go_on()

    def _go_on(self) -> None:
        if self._work is None and not self._is_full and not self._transport.is_closing():
            self._transport.resume_reading()

    def _hand_over(self, data: bytes) -> None:
        """Leave the connection to aiohttp, with what came of a request that is not for here."""
        server, transport = self._server, self._transport
        server.direct.discard(self)
        handler = server.make_handler()
        transport.set_protocol(handler)
        handler.connection_made(transport)
        for piece in self._held or ([data] if data else []):
            handler.data_received(piece)

    @property
    def work(self) -> asyncio.Task[None] | None:
        """What is being done for an answer that is not given yet."""
        return self._work

    def close(self) -> None:
        """Close the connection; what was answered is still sent."""
        self._transport.close()

    def close_or_abort(self) -> None:
        """Close the connection; where that was tried before and the client does not read what is left, end it."""
        if self._transport.is_closing():
            self._transport.abort()
        else:
            self._transport.close()


class _Reader(asyncio.Protocol):
    """What the parser tells of bodies; it gets none."""

    def pause_reading(self) -> None:
        """Too much came."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """The rest may come."""


class DirectServer(web.Server):
    """An aiohttp server whose connections begin as `Connection`."""

    def __init__(self, handler: Any, door: StubDoor, ticker: Ticker, wiring: Wiring, **options: Any) -> None:
        """`handler` and `options` are for the requests that are left to aiohttp; see `web.Server`."""
        if wiring.access_log is not None:
            options["access_log_class"] = ordinary_logger(wiring.access_log)
        else:
            options["access_log"] = None
        super().__init__(handler, keepalive_timeout=wiring.keepalive, **options)
        self.door = door
        self.ticker = ticker
        self.direct: set[Connection] = set()
        self.access_log = wiring.access_log
        self.journal = wiring.journal
        self.counts = wiring.counts
        self.outside = door.outside
        self.longest_body = min(wiring.max_body, _LONGEST_HELD)
        self._wiring = wiring
        self._until_sweep = _SWEEP
        # Header fields that came before, parsed, and the length of the body that follows them.
        self.fields: HotCache[tuple[Fields, int]] = HotCache(wiring.hot_cache)
        self.renew_parser()
        ticker.each_second(self._sweep)

    @property
    def open_connections(self) -> int:
        """How many connections are open, aiohttp's included."""
        return len(self.direct) + len(self.connections)

    def __call__(self) -> Any:
        """The protocol of a new connection."""
        return Connection(self) if self._wiring.fast_path else self.make_handler()

    def make_handler(self) -> web.RequestHandler:
        """aiohttp's own protocol, for requests that need it."""
        return super().__call__()

    def renew_parser(self) -> None:
        """Begin with a new parser, where the earlier one does not stand between two requests."""
        # Bodies are cut from what was read; the parser gets heads only, and is told that no body follows.
        reader, loop = cast("Any", _Reader()), asyncio.get_running_loop()
        self.parser = HttpRequestParser(reader, loop, _LONGEST_HELD, response_with_body=False, auto_decompress=False)

    def _sweep(self) -> None:
        """Close connections that said nothing for too long."""
        self._until_sweep -= 1
        if self._until_sweep <= 0:
            self._until_sweep = _SWEEP
            oldest = self.ticker.now - self._wiring.keepalive
            for connection in [idle for idle in self.direct if idle.last_read < oldest and idle.work is None]:
                connection.close_or_abort()

    def pre_shutdown(self) -> None:
        """Close every connection for which nothing is being done."""
        for connection in [idle for idle in self.direct if idle.work is None]:
            connection.close()
        super().pre_shutdown()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # as it is in `web.Server`
        """Wait until answers are made and sent, `timeout` seconds at most, and close all connections."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (timeout or 0.0)
        while self.direct and loop.time() < deadline:
            self.pre_shutdown()  # those that have answered meanwhile
            await asyncio.sleep(_POLL)
        for connection in list(self.direct):
            connection.close_or_abort()
        await super().shutdown(timeout)

"""Conversations with a server: bytes out in whatever pieces, answers back, told apart by nothing but their dates."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from tests.web.raw import connected

PATIENCE = 10  # seconds that a conversation may take
BYE = b"GET /bye HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"  # a request that ends a conversation


_STATUSES = re.compile(rb"HTTP/1\.[01] (\d{3}) [^\r\n]*\r\n")


def request(line: str | bytes, *headers: str | bytes, body: bytes = b"") -> bytes:
    """A request with a Host; one with a body gets its length, unless the headers say how it is sent."""
    lines = [item if isinstance(item, bytes) else item.encode() for item in (line, "Host: h", *headers)]
    if body and not any(item.startswith(b"Transfer-Encoding") for item in lines):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", b""]) + body


class Reply(NamedTuple):
    """One answer. `headers` are its sorted lines without Date."""

    status_line: str
    headers: tuple[str, ...]
    body: bytes

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.status_line.split()[1])

    def values(self, name: str) -> list[str]:
        """The values of a header."""
        lines = (line.partition(": ") for line in self.headers)
        return [value for given, _, value in lines if given.lower() == name.lower()]


async def read_reply(reader: asyncio.StreamReader, *, bodiless: bool = False) -> Reply:
    """Read one answer, an interim one included. `bodiless` for an answer to HEAD."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status_line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    reply = Reply(status_line, tuple(sorted(line for line in lines if not line.startswith("Date: "))), b"")
    lengths = [] if bodiless else reply.values("Content-Length")
    return reply._replace(body=await reader.readexactly(sum(map(int, lengths))))


async def settle() -> None:
    """Let the server, which shares our event loop, accept or read what came, and nothing be joined to it."""
    for _ in range(6):
        await asyncio.sleep(0)


async def exchange(url: str, *pieces: bytes) -> list[Reply]:
    """Send one request on a fresh connection, in pieces that the server reads one by one; its answer, after all interim
    ones.
    """
    async with asyncio.timeout(PATIENCE), connected(url) as (reader, writer):
        reading = asyncio.ensure_future(_until_final(reader, bodiless=b"".join(pieces).startswith(b"HEAD ")))
        await _write(writer, pieces)
        return await reading


async def until_closed(url: str, *pieces: bytes) -> list[int]:
    """Send pieces on a fresh connection until the server closes it; the statuses of all answers."""
    received: list[bytes] = []
    async with asyncio.timeout(PATIENCE), connected(url) as (reader, writer):
        writing = asyncio.ensure_future(_write(writer, pieces))
        with contextlib.suppress(ConnectionError):  # there may be more than the server reads
            while piece := await reader.read(1 << 16):
                received.append(piece)
        await writing
    return [int(status) for status in _STATUSES.findall(b"".join(received))]


async def _until_final(reader: asyncio.StreamReader, *, bodiless: bool) -> list[Reply]:
    replies = [await read_reply(reader, bodiless=bodiless)]
    while replies[-1].status < 200:
        replies.append(await read_reply(reader, bodiless=bodiless))
    return replies


async def _write(writer: asyncio.StreamWriter, pieces: Sequence[bytes]) -> None:
    await settle()
    for piece in pieces:
        if not writer.transport.is_closing():  # whoever refuses a beginning does not wait for the rest
            writer.write(piece)
        await settle()


async def converse(url: str, requests: Sequence[bytes], cuts: Sequence[int] | None = None) -> list[Reply]:
    """Send requests on one connection, the last of which ends it; all answers. They are sent one by one, each after the
    answer to the one before, or, with `cuts`, all together, cut at these places.
    """
    replies: list[Reply] = []
    async with asyncio.timeout(PATIENCE), connected(url) as (reader, writer):
        if cuts is not None:
            stream = b"".join(requests)
            pieces = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
            writing = asyncio.ensure_future(_write(writer, pieces))
        for sent in requests:
            if cuts is None:
                await _write(writer, [sent])
            replies += await _until_final(reader, bodiless=sent.startswith(b"HEAD "))
        assert await reader.read() == b""
        if cuts is not None:
            await writing
    return replies

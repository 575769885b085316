"""What is said over one connection: bytes out in whatever pieces, answers back, told apart by nothing but their date."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from tests.web.raw import connected

PATIENCE = 20  # seconds that an answer may take


class Reply(NamedTuple):
    """One answer. `headers` are sorted lines without Date."""

    status_line: str
    headers: tuple[str, ...]
    body: bytes

    @property
    def status(self) -> int:
        return int(self.status_line.split()[1])

    def header(self, name: str) -> str | None:
        """The value of a header, if it came once."""
        values = [line.partition(": ")[2] for line in self.headers if line.lower().startswith(f"{name.lower()}: ")]
        return values[0] if len(values) == 1 else None


async def read_reply(reader: asyncio.StreamReader, *, bodiless: bool = False) -> Reply:
    """Read one answer, `100 Continue` included. `bodiless` for an answer to HEAD."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status_line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    lengths = [line.partition(": ")[2] for line in lines if line.lower().startswith("content-length: ")]
    assert len(lengths) < 2, head
    length = 0 if bodiless or not lengths else int(lengths[0])
    headers = tuple(sorted(line for line in lines if not line.startswith("Date: ")))
    return Reply(status_line, headers, await reader.readexactly(length))


async def settle() -> None:
    """Let the server, which shares our event loop, read what was sent."""
    for _ in range(6):
        await asyncio.sleep(0)


async def exchange(url: str, *pieces: bytes, head_only: bool = False) -> list[Reply]:
    """Send a request on a fresh connection, in pieces that the server reads one by one; its answer, with all interim
    ones before it.
    """
    async with asyncio.timeout(PATIENCE), connected(url) as (reader, writer):
        await settle()  # until the server has accepted the connection
        for piece in pieces:
            writer.write(piece)
            await settle()
        replies = [await read_reply(reader, bodiless=head_only)]
        while replies[-1].status < 200:
            replies.append(await read_reply(reader, bodiless=head_only))
        return replies


async def all_replies(url: str, pieces: Sequence[bytes], head_only: Sequence[bool]) -> list[Reply]:
    """Send pieces on a fresh connection; every answer until the server closes it. `head_only` tells which of the
    requests are HEAD.
    """
    replies: list[Reply] = []
    answered = 0
    async with asyncio.timeout(PATIENCE), connected(url) as (reader, writer):
        await settle()
        for piece in pieces:
            writer.write(piece)
            await settle()
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                bodiless = answered < len(head_only) and head_only[answered]
                replies.append(await read_reply(reader, bodiless=bodiless))
                answered += replies[-1].status >= 200
    return replies

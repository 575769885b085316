"""Requests byte by byte over a plain socket, for what no HTTP client would send."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to the server at a URL."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 24)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def answer(reader: asyncio.StreamReader, *, bodiless: bool = False) -> tuple[int, dict[str, str], bytes]:
    """Read one answer: status, headers by lower-case name, body. `bodiless` for an answer to HEAD."""
    status_line = await reader.readuntil(b"\r\n")
    head = b""
    while not head.endswith(b"\r\n\r\n") and head != b"\r\n":
        head += await reader.readuntil(b"\r\n")
    lines = [line.partition(":") for line in head.decode("latin-1").split("\r\n") if line]
    headers = {name.lower(): value.strip() for name, _, value in lines}
    status = int(status_line.split()[1])
    length = 0 if bodiless or status < 200 or status == 204 else int(headers.get("content-length", "0"))
    return status, headers, await reader.readexactly(length)


async def converse(url: str, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes on a fresh connection; the first answer."""
    async with asyncio.timeout(20), connected(url) as (reader, writer):
        writer.write(sent)
        await writer.drain()
        return await answer(reader)


async def everything(url: str, sent: bytes) -> bytes:
    """Send bytes on a fresh connection, send no more; all that comes back until the server closes."""
    async with asyncio.timeout(20), connected(url) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            writer.write(sent)
            await writer.drain()
            writer.write_eof()
        try:
            return await reader.read()
        except ConnectionError:
            return b""

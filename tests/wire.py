"""Requests written to a socket byte by byte: no client adds, drops or mends anything."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from matching.request import Request


async def send(url: str, request: Request, base: str = "") -> tuple[int, dict[str, str], bytes]:
    """Send a request as it is, under a base path; status, headers (lower case) and body of the answer."""
    query = f"?{request.query}" if request.query else ""
    lines = [
        f"{request.method} {base}{request.path}{query} HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        "Connection: close",
    ]
    lines += [f"{name}: {value}" for name, value in request.header_lines]
    if request.body:
        lines.append(f"Content-Length: {len(request.body)}")
    head = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
    return await send_raw(url, head + request.body)


async def send_raw(url: str, content: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes and read one answer until the server closes the connection."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(content)
        answer = await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, *header_lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in header_lines if ": " in line)
    return int(status_line.split()[1]), headers, body

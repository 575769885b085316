"""What real clients and a real Pact Broker said to each other, as it was recorded, and having it said again to ours.

All of it was recorded with two brokers, one after the other; what a trace presupposes is what those before it left. So
all are replayed in the order in which they were recorded, with bytes as they were: only what a server chooses itself
(UUIDs, numbers, SHAs, tokens) is put in place of what the real one chose.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stubserver.app import Server
from stubserver.security import Role, digest_of, hint_of, new_token
from stubserver.settings import Settings
from stubserver.store import tokens
from tests.shared import SHARED

FOLDER = SHARED / "broker-traces"
_GUARDED = "127.0.0.1:9396"  # the broker that asked for passwords
_USERS = {"ro": Role.READ, "rw": Role.WRITE}  # whose passwords were ropass and rwpass
_CHOSEN = re.compile(r"/pact-version/[0-9a-f]{40,64}|/verification-results/\d+")


@dataclass(frozen=True)
class Said:
    """An answer; names of headers in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The media type."""
        return self.headers.get("content-type", "").partition(";")[0]

    @property
    def document(self) -> Any:
        """The body as JSON; None for something else."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Exchange:
    """A recorded request with the answer of the real broker."""

    trace: str
    number: int
    time: float
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: str
    real: Said

    @property
    def path(self) -> str:
        """The path, without a query."""
        return self.target.partition("?")[0]

    @property
    def is_guarded(self) -> bool:
        """Whether it was had with the broker that asked for passwords."""
        return ("Host", _GUARDED) in self.headers


def recorded() -> list[Exchange]:
    """All exchanges in the order in which they were recorded; none where there are no traces."""
    found = [_read(file, line) for file in sorted(FOLDER.glob("*.jsonl")) for line in file.read_text().splitlines()]
    return sorted((exchange for exchange in found if exchange is not None), key=lambda exchange: exchange.time)


def _read(file: Path, line: str) -> Exchange | None:
    document = json.loads(line)
    if "path" not in document:  # what a broker sent to webhooks
        return None
    headers = {name.lower(): value for name, value in document["resp_headers"]}
    return Exchange(
        file.stem, document["n"], document["t"], document["method"], document["path"],
        tuple((name, value) for name, value in document["headers"]), document["body"],
        Said(document["status"], headers, document["resp_body"].encode()),
    )  # fmt: skip


async def replay(exchanges: list[Exchange], folder: Path) -> dict[tuple[str, int], Said]:
    """Our answers, by trace and number."""
    servers: dict[bool, tuple[Server, int]] = {}
    said: dict[tuple[str, int], Said] = {}
    for is_guarded in (False, True):
        settings = Settings(port=0, data=str(folder / str(is_guarded)), auth="token" if is_guarded else "off")
        server = Server(settings, hosted=True)
        await server.open()
        servers[is_guarded] = server, (await server.start())[1]
    ours = dict([pair async for pair in _passwords(servers[True][0])])
    for exchange in exchanges:
        answer = await _ask(servers[exchange.is_guarded][1], exchange, ours)
        said[exchange.trace, exchange.number] = answer
        if answer.status == exchange.real.status:
            ours |= dict(chosen(exchange.real.document, answer.document))
    for server, _ in servers.values():
        await server.stop()
    return said


async def _passwords(server: Server) -> Any:
    for name, role in _USERS.items():
        secret = new_token(role)
        async with server.hosted.writing() as connection:
            await tokens.add(connection, name, role, digest_of(secret), hint_of(secret))
        yield _basic(f"{name}:{name}pass"), _basic(f"{name}:{secret}")


def _basic(credentials: str) -> str:
    return base64.b64encode(credentials.encode()).decode()


def chosen(real: Any, ours: Any) -> Iterator[tuple[str, str]]:
    """What both chose themselves at the same places of their answers."""
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in real.keys() & ours.keys():
            if key == "uuid":
                yield real[key], ours[key]
            yield from chosen(real[key], ours[key])
    elif isinstance(real, list) and isinstance(ours, list):
        for one, other in zip(real, ours, strict=False):
            yield from chosen(one, other)
    elif isinstance(real, str) and isinstance(ours, str):
        yield from zip(_CHOSEN.findall(real), _CHOSEN.findall(ours), strict=False)


def _replaced(text: str, ours: dict[str, str]) -> str:
    for real, our in ours.items():
        text = text.replace(real, our)
    return text


async def _ask(port: int, exchange: Exchange, ours: dict[str, str]) -> Said:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    fields = "".join(f"{name}: {_replaced(value, ours)}\r\n" for name, value in exchange.headers)
    head = f"{exchange.method} {_replaced(exchange.target, ours)} HTTP/1.1\r\n{fields}\r\n"
    writer.write(head.encode() + exchange.body.encode())
    status = int((await reader.readline()).split()[1])
    headers: dict[str, str] = {}
    while (line := (await reader.readline()).decode().strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    length = 0 if exchange.method == "HEAD" else int(headers.get("content-length", "0"))
    body = await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()
    return Said(status, headers, body)

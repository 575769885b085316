"""`stubserver host` as processes of its own, and clients that publish to it and ask its stubs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp
import psutil

from tests.conftest import http_pact

_START = 30.0  # seconds until a host has to answer
_PATIENCE = 30.0  # seconds until a request counts as not answered
GONE = (aiohttp.ClientError, ConnectionError, TimeoutError)  # what a client sees of a server that dies


class Host:
    """A host, which can be started again on the same data after it stopped or was killed."""

    def __init__(self, folder: Path, *options: str, database: str | None = None) -> None:
        self._folder = folder
        self._options = options
        self._store = ["--database", database] if database is not None else ["--data", str(folder / "data")]
        self._printed = folder / "printed"
        self._process: subprocess.Popen[bytes] | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """Where it answers, without a trailing slash."""
        return self._url

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.url.rpartition(":")[2])

    @property
    def file(self) -> Path:
        """Its embedded database."""
        return self._folder / "data" / "stubserver.db"

    @property
    def printed(self) -> str:
        """What it printed since it was started."""
        return self._printed.read_text()

    @property
    def secret(self) -> str:
        """The token that it printed at its first start."""
        return re.findall(r"stubserver_admin_[\w-]{43}", self.printed)[0]

    @property
    def pid(self) -> int:
        """Of the process that was started."""
        assert self._process is not None
        return self._process.pid

    @property
    def workers(self) -> list[int]:
        """The process ids of its workers."""
        return [child.pid for child in psutil.Process(self.pid).children()]

    def launch(self) -> subprocess.Popen[bytes]:
        """Start it, and wait for nothing."""
        words = [sys.executable, "-m", "stubserver", "host", "-p", "0", *self._store, *self._options]
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("STUBSERVER_", "PACT_"))}
        ours["PYTHONPATH"] = str(Path(__file__).parents[2])
        with self._printed.open("wb") as printed:
            self._process = subprocess.Popen(
                words, cwd=self._folder, env=ours, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT
            )
        return self._process

    async def start(self) -> Self:
        """Start it and wait until it answers."""
        process = self.launch()
        until = time.monotonic() + _START
        while time.monotonic() < until:
            assert process.poll() is None, self.printed
            found = re.search(r"Hosting at (http://\S+)", self.printed)
            if found is not None and self._accepts(found[1]):
                self._url = found[1]
                return self
            await asyncio.sleep(0.01)
        raise AssertionError(f"it does not answer:\n{self.printed}")

    async def running(self) -> Self:
        """Start it unless it runs."""
        return self if self._process is not None and self._process.poll() is None else await self.start()

    def _accepts(self, url: str) -> bool:
        host, _, port = url.removeprefix("http://").partition(":")
        with contextlib.suppress(OSError):
            socket.create_connection((host, int(port)), timeout=1).close()
            return True
        return False

    def kill(self) -> None:
        """Kill it as a power failure would: it learns nothing of it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """Stop it in good order; its exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def owner_of(self, port: int) -> int | None:
        """Which of the workers has the connection from this port of a client."""
        for worker in self.workers:
            with contextlib.suppress(psutil.Error):
                held = psutil.Process(worker).net_connections("tcp")
                if any(item.raddr and item.raddr.port == port and item.laddr.port == self.port for item in held):
                    return worker
        return None


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    headers: Any
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Client:
    """Whoever speaks with a host: on a connection for each request or, with `stays`, on one that it keeps."""

    def __init__(self, url: str, *, stays: bool = False, secret: str | None = None) -> None:
        self._url = url
        self._sockets: list[socket.socket] = []
        connector = aiohttp.TCPConnector(limit=1 if stays else 0, force_close=not stays, socket_factory=self._socket)
        headers = {"Authorization": f"Bearer {secret}"} if secret is not None else {}
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        self._session = aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout)

    def _socket(self, where: Any) -> socket.socket:
        family, kind, protocol, *_ = where
        made = socket.socket(family, kind, protocol)
        self._sockets = [made]
        return made

    @property
    def port(self) -> int:
        """The port from which it speaks."""
        return int(self._sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Speak no more."""
        await self._session.close()

    async def request(self, method: str, path: str, document: Any = None, **headers: str) -> Reply:
        """Send a request, with a document as JSON."""
        url = aiohttp.client.URL(self._url + path, encoded=True)
        body = None if document is None else json.dumps(document).encode()
        if body is not None:
            headers["Content-Type"] = "application/json"
        async with self._session.request(method, url, data=body, headers=headers) as response:
            return Reply(response.status, response.headers, await response.read())

    async def get(self, path: str, **headers: str) -> Reply:
        """Send a GET."""
        return await self.request("GET", path, **headers)

    async def put_pact(self, consumer: str, provider: str, version: str, mark: Any) -> Reply:
        """Publish one pact in the old way."""
        path = f"{pair_path(consumer, provider)}/version/{version}"
        return await self.request("PUT", path, marked_pact(consumer, provider, mark))

    async def publish(
        self, consumer: str, provider: str, version: str, mark: Any, tags: Iterable[str] = (), branch: str | None = None
    ) -> Reply:
        """Publish one pact in the new way."""
        content = json.dumps(marked_pact(consumer, provider, mark)).encode()
        contract = {
            "consumerName": consumer,
            "providerName": provider,
            "specification": "pact",
            "contentType": "application/json",
            "content": b64encode(content).decode(),
        }
        document = {
            "pacticipantName": consumer,
            "pacticipantVersionNumber": version,
            "branch": branch,
            "tags": list(tags),
            "contracts": [contract],
        }
        return await self.request("POST", "/contracts/publish", document)

    async def tag(self, consumer: str, version: str, tag: str) -> Reply:
        """Tag a version."""
        return await self.request("PUT", f"/pacticipants/{consumer}/versions/{version}/tags/{tag}", {})

    async def mark(self, consumer: str, provider: str, selector: str = "latest") -> Any:
        """The mark that a stub answers with; the status where it is not 200."""
        return _mark_in(await self.get(f"{pair_path(consumer, provider)}/{selector}/stub/mark"))


def pair_path(consumer: str, provider: str) -> str:
    """Where the pacts of two are."""
    return f"/pacts/provider/{provider}/consumer/{consumer}"


def _mark_in(reply: Reply) -> Any:
    return reply.document["mark"] if reply.status == 200 else reply.status


def marked_pact(consumer: str, provider: str, mark: Any) -> dict[str, Any]:
    """A pact whose stub tells which it is: GET /mark answers with the mark. One more interaction makes it larger."""
    return http_pact(
        {"request": {"path": "/mark"}, "response": {"status": 200, "body": {"content": {"mark": mark}}}},
        {"request": {"path": "/other"}, "response": {"status": 200, "body": {"content": {"filling": "x" * 2000}}}},
        consumer=consumer,
        provider=provider,
    )


def mark_of(document: dict[str, Any]) -> Any:
    """The mark of a pact as the API gives it."""
    return document["interactions"][0]["response"]["body"]["content"]["mark"]


def path_pact(consumer: str, provider: str, path: str) -> dict[str, Any]:
    """A pact whose stub answers at one path alone, with 299."""
    return http_pact({"request": {"path": path}, "response": {"status": 299}}, consumer=consumer, provider=provider)


async def eventually(condition: Any, within: float, what: str) -> float:
    """Wait until an awaitable condition holds; how long it took."""
    began = time.monotonic()
    while not await condition():
        assert time.monotonic() - began < within, f"{what} not within {within} s"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


def rounds(variable: str, usual: int) -> int:
    """How often something is tried: in CI, or as often as a variable says."""
    return int(os.environ.get(variable, usual))


def figures(**told: Any) -> None:
    """Print what was measured, for whoever runs a test with -s."""
    print("\n  " + ", ".join(f"{name} {value}" for name, value in told.items()))

"""Shared fixtures: a real server on a real socket for whatever pacts a test needs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog

from stubserver.app import Server
from stubserver.settings import Settings

if sys.platform == "win32":
    _LOOPS = {"asyncio": asyncio.new_event_loop}
else:
    import uvloop

    _LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the event loop of asyncio; those that are marked so, on that of uvloop as well."""
    marker = item.get_closest_marker("asyncio")
    is_for_both = marker is not None and "loop_factories" in marker.kwargs
    return _LOOPS if is_for_both else {"asyncio": asyncio.new_event_loop}


@pytest.fixture(autouse=True)
def logs_of_its_own() -> Iterator[None]:
    """However a test configures the logs, the next one finds them as they are by themselves."""
    yield
    structlog.reset_defaults()


class Running:
    """A running server and a client session for it; `url` has no trailing slash."""

    def __init__(self, server: Server, url: str, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.url = url
        self.session = session

    async def request(self, method: str, target: str, **options: Any) -> tuple[int, Any, bytes]:
        """Send a request with its target as written; status, headers and body of the answer."""
        url = aiohttp.client.URL(self.url + target, encoded=True)
        async with self.session.request(method, url, allow_redirects=False, **options) as response:
            return response.status, response.headers, await response.read()

    async def get(self, target: str, **options: Any) -> tuple[int, Any, bytes]:
        """Send a GET."""
        return await self.request("GET", target, **options)

    async def report(self, method: str, target: str, **options: Any) -> dict[str, Any]:
        """Send a request that no interaction matches; its explanation."""
        status, headers, body = await self.request(method, target, **options)
        assert headers["X-Stub-Match"] == "none", (status, body)
        document: dict[str, Any] = json.loads(body)
        return document


Serve = Callable[..., Awaitable[Running]]


@pytest.fixture
async def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serve]:
    """Start servers: `await serve(pact, another, order="file")`. A pact is a document, raw bytes or a path."""
    monkeypatch.chdir(tmp_path)  # no stubserver.toml of whoever runs the tests
    started: list[Running] = []

    async def start(*pacts: dict[str, Any] | bytes | Path, **settings: Any) -> Running:
        paths = []
        for number, pact in enumerate(pacts):
            if isinstance(pact, Path):
                paths.append(str(pact))
                continue
            file = tmp_path / f"{len(started)}-{number}.json"
            file.write_bytes(pact if isinstance(pact, bytes) else json.dumps(pact).encode())
            paths.append(str(file))
        server = Server(Settings(paths=paths, port=0, **settings))
        await server.load()
        host, port = await server.start()
        running = Running(server, f"http://{host}:{port}", aiohttp.ClientSession(auto_decompress=False))
        started.append(running)
        return running

    yield start
    for running in started:
        await running.session.close()
        await running.server.stop()


def http_pact(*interactions: dict[str, Any], version: str = "4.0", **names: str) -> dict[str, Any]:
    """A pact document around these interactions; a request or response left out takes its default."""
    return {
        "consumer": {"name": names.get("consumer", "web")},
        "provider": {"name": names.get("provider", "api")},
        "interactions": [
            {"type": "Synchronous/HTTP", "description": f"case {n}", **i} for n, i in enumerate(interactions)
        ],
        "metadata": {"pactSpecification": {"version": version}},
    }

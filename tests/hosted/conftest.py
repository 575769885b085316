"""A hosted server in this process."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from stubserver.app import Server
from stubserver.settings import Settings
from tests.conftest import Running

Host = Callable[..., Awaitable[Running]]


@contextlib.asynccontextmanager
async def hosts(folder: Path) -> AsyncIterator[Host]:
    """What starts hosted servers, all with the same database in this folder; they are stopped in the end."""
    started: list[Running] = []

    async def start(**settings: Any) -> Running:
        server = Server(Settings(port=0, **{"data": str(folder / "data"), **settings}), hosted=True)
        await server.open()
        address, port = await server.start()
        scheme = "https" if "tls_cert" in settings else "http"
        session = aiohttp.ClientSession(auto_decompress=False)
        running = Running(server, f"{scheme}://{address}:{port}", session)
        started.append(running)
        return running

    try:
        yield start
    finally:
        for running in started:
            await running.session.close()
            await running.server.stop()


@pytest.fixture
async def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    """Start hosted servers: `await host(auth="token")`; those of one test share their database."""
    monkeypatch.chdir(tmp_path)
    async with hosts(tmp_path) as start:
        yield start


async def put_pact(running: Running, pact: dict[str, Any], version: str, prefix: str = "", **options: Any) -> None:
    """Publish a pact as a version of its consumer."""
    names = [quote(pact[role]["name"], safe="") for role in ("provider", "consumer")]
    url = f"{prefix}/pacts/provider/{names[0]}/consumer/{names[1]}/version/{version}"
    headers = {"Content-Type": "application/json", **options.pop("headers", {})}
    status, _, body = await running.request("PUT", url, data=json.dumps(pact), headers=headers, **options)
    assert status in (200, 201), body

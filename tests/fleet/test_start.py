"""What a host tells when it starts is true, whatever it starts with."""

from __future__ import annotations

import asyncio
import re
import socket
import time

import pytest

from tests.fleet.conftest import MakeHost
from tests.fleet.hosts import Client, eventually
from tests.fleet.postgres import Postgres


@pytest.mark.parametrize(
    "workers",
    [1, 2],
)
def test_the_url_that_is_told(make_host: MakeHost, workers: int) -> None:
    """When the URL is printed, it answers."""
    host = make_host("--workers", str(workers))
    host.launch()
    while (found := re.search(r"Hosting at http://(\S+):(\d+)\n", host.printed)) is None:
        time.sleep(0.002)
    socket.create_connection((found[1], int(found[2])), timeout=5).close()


@pytest.mark.parametrize("parameter", ["sslmode=prefer", "connect_timeout=5"])
async def test_a_url_as_providers_give_it(make_host: MakeHost, postgres: Postgres, parameter: str) -> None:
    """A database URL may have the parameters that everyone else understands."""
    host = await make_host(database=f"{postgres.url}&{parameter}").start()
    async with Client(host.url) as client:
        assert (await client.put_pact("web", "api", "1", "here")).status == 201


async def test_a_url_for_sqlalchemy(make_host: MakeHost, postgres: Postgres) -> None:
    """A URL with what SQLAlchemy understands beside that works for all connections, also for those that listen."""
    host = await make_host(database=f"{postgres.url}&ssl=prefer").start()
    count = "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%' AND datname = current_database()"

    async def listens() -> bool:
        return await postgres.ask(count) == [1]

    async with Client(host.url) as client:
        assert (await client.put_pact("web", "api", "1", "here")).status == 201
    await eventually(listens, 2, "listening")


async def test_a_database_that_does_not_exist(make_host: MakeHost, postgres: Postgres) -> None:
    """A host whose database does not exist says so, and ends."""
    host = make_host(database=re.sub(r"/test_\d+\?", "/nowhere?", postgres.url))
    assert await asyncio.to_thread(host.launch().wait, 20) == 3
    assert "nowhere" in host.printed
    assert "Traceback" not in host.printed

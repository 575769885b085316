"""PostgreSQL is away for a while: what is in memory is served, everything else says so, and all recovers by itself."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.fleet.conftest import MakeHost
from tests.fleet.hosts import Client, Reply, eventually, figures, pair_path
from tests.fleet.postgres import Postgres, frozen
from tests.fleet.test_crash import Publisher, demand_whole


def demand_unavailable(reply: Reply) -> None:
    """An answer that says what is wrong, in a way that clients understand, and when to try again."""
    assert reply.status == 503
    assert int(reply.headers["Retry-After"]) > 0
    assert "json" in reply.headers["Content-Type"]
    document = reply.document
    assert document.get("errors") or document.get("detail")


async def test_a_database_that_is_stopped(make_host: MakeHost, own_postgres: Postgres) -> None:
    """Stubs that were asked before go on answering without delay; what needs the database says 503; when it is back,
    so is everything else, and nothing that was acknowledged is lost.
    """
    host = await make_host("--workers", "2", database=own_postgres.url).start()
    publisher = Publisher("busy")
    async with Client(host.url) as client:
        for name in ("warm", "cold"):
            assert (await client.put_pact(name, "api", "1", name)).status == 201
        for _ in range(40):  # at all workers
            assert await client.mark("warm", "api") == "warm"
        publishing = asyncio.create_task(publisher.publish_until_it_dies(host.url))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(own_postgres.stop)
        with pytest.raises(AssertionError):  # it is told 503
            await publishing

        slowest = await _served_from_memory(client, 2.0)
        demand_unavailable(await client.put_pact("web", "api", "1", "new"))
        demand_unavailable(await client.publish("web", "api", "2", "new"))
        demand_unavailable(await client.get(f"{pair_path('cold', 'api')}/latest/stub/mark"))
        for path in ("/pacticipants", f"{pair_path('warm', 'api')}/latest", "/pacts/latest", "/integrations"):
            demand_unavailable(await client.get(path))
        assert (await client.get("/_stubserver/health")).status == 200
        assert (await client.get("/_stubserver/ready")).document["store"] == "lost"
        assert (await client.get("/")).status == 200

        await asyncio.to_thread(own_postgres.start)

        async def publishes() -> bool:
            return (await client.put_pact("web", "api", "back", "back")).status in (200, 201)

        async def is_ready() -> bool:
            return bool((await client.get("/_stubserver/ready")).document["store"] == "up")

        recovered = await eventually(publishes, 5, "publishing again")
        assert await client.mark("cold", "api") == "cold"
        assert await client.mark("web", "api") == "back"
        await eventually(is_ready, 3, "ready")
        await publisher.check(client)
        await demand_whole(client)
    figures(warm_max_ms=round(slowest * 1000, 1), recovered_s=round(recovered, 2))


async def _served_from_memory(client: Client, seconds: float) -> float:
    """Ask a warm stub for so long; the slowest answer."""
    slowest, until = 0.0, time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        assert await client.mark("warm", "api") == "warm"
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 0.25
    return slowest


async def test_a_database_that_hangs(make_host: MakeHost, own_postgres: Postgres) -> None:
    """While the database answers nothing and refuses nothing, warm stubs are served; whoever waited for it is answered
    when it goes on.
    """
    host = await make_host(database=own_postgres.url).start()
    async with Client(host.url) as client:
        for name in ("warm", "cold"):
            assert (await client.put_pact(name, "api", "1", name)).status == 201
        assert await client.mark("warm", "api") == "warm"
        with frozen(await own_postgres.processes()):
            publishing = asyncio.create_task(client.put_pact("web", "api", "1", "new"))
            asking = asyncio.create_task(client.mark("cold", "api"))
            await _served_from_memory(client, 1.0)
        assert await asking == "cold"
        assert (await publishing).status == 201
        assert await client.mark("web", "api") == "new"


async def test_a_database_that_comes_and_goes(make_host: MakeHost, own_postgres: Postgres) -> None:
    """While it stops, starts and ends connections, everything is answered with success or 503, and nothing else; what
    was acknowledged stays.
    """
    host = await make_host(database=own_postgres.url).start()
    is_over = asyncio.Event()
    statuses: Counter[int] = Counter()
    odd: list[Reply] = []
    acknowledged: dict[str, str] = {}

    async def ask_and_publish(name: str) -> None:
        async with Client(host.url, stays=True) as client:
            number = 0
            while not is_over.is_set():
                number += 1
                replies = [
                    await client.put_pact(name, "api", f"v{number}", f"{name} {number}"),
                    await client.get("/pacticipants"),
                    await client.get(f"{pair_path(name, 'api')}/version/v{number}/stub/mark"),
                ]
                for reply in replies:
                    statuses[reply.status] += 1
                if replies[0].status == 201:
                    acknowledged[f"{name} v{number}"] = f"{name} {number}"
                odd.extend(reply for reply in replies if reply.status not in (200, 201, 404, 503))

    asking = [asyncio.create_task(ask_and_publish(f"web{number}")) for number in range(4)]
    for _ in range(2):
        await asyncio.sleep(0.4)
        await own_postgres.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        await asyncio.sleep(0.4)
        await asyncio.to_thread(own_postgres.stop)
        await asyncio.sleep(0.4)
        await asyncio.to_thread(own_postgres.start)
    await asyncio.sleep(1.5)
    is_over.set()
    await asyncio.gather(*asking)
    assert not odd, (statuses, odd[0], host.printed[-3000:])
    async with Client(host.url, stays=True) as client:
        for key, mark in acknowledged.items():
            name, version = key.split()
            assert await client.mark(name, "api", f"version/{version}") == mark
    assert "Traceback" not in host.printed
    figures(statuses=dict(statuses), acknowledged=len(acknowledged), lost=0)


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_host_without_its_database(make_host: MakeHost, tmp_path: Path, workers: int) -> None:
    """A host that starts while its database is away says so and ends; no URL is told, and no password shown."""
    host = make_host("--workers", str(workers), database=f"postgresql://postgres:hunter2@/stubs?host={tmp_path}")
    code = await asyncio.to_thread(host.launch().wait, 20)
    assert code == 3
    assert "the database does not answer" in host.printed
    assert not any(word in host.printed for word in ("Hosting at", "Traceback", "hunter2"))

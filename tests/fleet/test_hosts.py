"""Hosts on several machines, as far as one machine can have them: two hosts that share one PostgreSQL."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.fleet.conftest import MakeHost
from tests.fleet.hosts import Client, figures, rounds
from tests.fleet.postgres import LISTENING, Postgres, frozen

ROUNDS = rounds("STUBSERVER_ROUNDS", 5)
_IN_A_ROW = 8  # answers of connections of their own, by which every worker was asked
DEAF_ROUNDS = max(3, ROUNDS // 10)


class Fleet:
    """Two hosts, and clients of each."""

    def __init__(self, first: Client, second: Client, postgres: Postgres) -> None:
        self.first = first
        self.second = second
        self.postgres = postgres

    async def staleness(self, number: int) -> float:
        """For how many seconds any worker of the other host goes on answering with the earlier version after one was
        published.
        """
        here, there = (self.first, self.second) if number % 2 else (self.second, self.first)
        for _ in range(_IN_A_ROW):  # all workers have the earlier one in memory
            assert await there.mark("web", "api") in (number - 1, 404)
        assert (await here.publish("web", "api", f"v{number}", number)).status == 200
        published, latest, fresh = time.monotonic(), 0.0, 0
        while fresh < _IN_A_ROW:
            if (seen := await there.mark("web", "api")) == number:
                fresh += 1
            else:
                assert seen in (number - 1, 404)
                latest, fresh = time.monotonic() - published, 0
                assert latest < 10
            await asyncio.sleep(0.002)
        return latest


def told(times: list[float]) -> dict[str, str]:
    """Percentiles in milliseconds."""
    ordered = sorted(times)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    last = len(ordered) - 1
    return {name: f"{ordered[min(int(share * len(ordered)), last)] * 1000:.1f} ms" for name, share in at.items()}


@pytest.mark.parametrize("workers", [1, 2])
async def test_what_one_host_publishes(make_host: MakeHost, postgres: Postgres, workers: int) -> None:
    """The other host serves it soon; also when it is not told, since it looks for itself."""
    hosts = [make_host("--workers", str(workers), database=postgres.url) for _ in range(2)]
    await asyncio.gather(*(host.start() for host in hosts))
    async with Client(hosts[0].url) as first, Client(hosts[1].url) as second:
        fleet = Fleet(first, second, postgres)
        times = [await fleet.staleness(number) for number in range(ROUNDS)]
        figures(rounds=ROUNDS, **told(times))
        assert max(times) < 1.5
        deaf = []
        for number in range(ROUNDS, ROUNDS + DEAF_ROUNDS):
            with frozen(await postgres.ask(LISTENING)):
                deaf.append(await fleet.staleness(number))
        figures(deaf_rounds=DEAF_ROUNDS, **told(deaf))
        assert max(deaf) < 2.5
        for process in await postgres.ask(LISTENING):
            await postgres.ask(f"SELECT pg_terminate_backend({process})")
        await asyncio.sleep(1)
        assert len(await postgres.ask(LISTENING)) == 2 * workers  # all listen again
        assert await fleet.staleness(ROUNDS + DEAF_ROUNDS) < 1.5


async def test_hosts_that_start_at_the_same_time(make_host: MakeHost, postgres: Postgres) -> None:
    """Hosts that start at the same time on an empty database both come up, and make one first token."""
    hosts = [make_host("--auth", "token", database=postgres.url) for _ in range(2)]
    await asyncio.gather(*(host.start() for host in hosts))
    secrets = [host.secret for host in hosts if "stubserver_admin_" in host.printed]
    assert len(secrets) == 1
    for host in hosts:
        async with Client(host.url, secret=secrets[0]) as client:
            assert (await client.get("/pacticipants")).status == 200


async def test_many_who_publish(make_host: MakeHost, postgres: Postgres) -> None:
    """However many publish at the same time, everyone is answered, and readers are served meanwhile."""
    host = await make_host(database=postgres.url).start()
    async with Client(host.url) as client:
        assert (await client.put_pact("web", "api", "1", "here")).status == 201

        async def publish(name: str) -> None:
            for number in range(15):
                assert (await client.put_pact(name, "api", f"v{number}", number)).status == 201
                assert await client.mark(name, "api") == number

        publishing = asyncio.gather(*(publish(f"web{number}") for number in range(8)))
        while not publishing.done():
            assert await client.mark("web", "api") == "here"
            await asyncio.sleep(0.01)
        await publishing

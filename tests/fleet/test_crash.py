"""What was acknowledged is there after whatever death of the server, and nothing is there in part."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import sys
import time
from collections import Counter

import psutil
import pytest

from tests.fleet.conftest import MakeHost
from tests.fleet.hosts import GONE, Client, Host, eventually, figures, mark_of, pair_path, rounds

CRASHES = rounds("STUBSERVER_CRASHES", 4)
PUBLISHERS = 4

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel does not share out connections")


class Publisher:
    """Publishes version after version of one consumer, in turn in all ways, and notes what was acknowledged."""

    def __init__(self, consumer: str) -> None:
        self.consumer = consumer
        self.acknowledged: dict[str, str] = {}  # versions and their marks
        self.tagged: list[str] = []  # versions whose tag was acknowledged, in their order
        self.attempted: dict[str, str] = {}
        self.attempted_tags: list[str] = []

    async def publish_until_it_dies(self, url: str) -> None:
        """Go on until there is no answer."""
        async with Client(url, stays=True) as client:
            with contextlib.suppress(*GONE):
                while True:
                    await self.publish(client)

    async def publish(self, client: Client) -> None:
        """Publish one version more."""
        number = len(self.attempted)
        version = f"v{number}"
        mark = self.attempted[version] = f"{self.consumer} {number} {random.random()}"
        way = number % 3
        if way == 0:
            self.attempted_tags.append(version)
            reply = await client.publish(self.consumer, "api", version, mark, ["prod"])
            assert reply.status == 200, reply
            self.acknowledged[version] = mark
            self.tagged.append(version)
        elif way == 1:
            reply = await client.put_pact(self.consumer, "api", version, mark)
            assert reply.status == 201, reply
            self.acknowledged[version] = mark
        else:
            reply = await client.put_pact(self.consumer, "api", version, mark)
            assert reply.status == 201, reply
            self.acknowledged[version] = mark
            self.attempted_tags.append(version)
            assert (await client.tag(self.consumer, version, "prod")).status == 201
            self.tagged.append(version)

    async def check(self, client: Client, versions: list[str] | None = None) -> None:
        """What was acknowledged is there and answers; of what was not, each is there as a whole or not at all."""
        pair = pair_path(self.consumer, "api")
        for version in self.attempted if versions is None else versions:
            mark = self.attempted[version]
            reply = await client.get(f"{pair}/version/{version}")
            if version in self.acknowledged or reply.status != 404:
                assert (reply.status, mark_of(reply.document)) == (200, mark)
                assert await client.mark(self.consumer, "api", f"version/{version}") == mark
            else:
                assert await client.mark(self.consumer, "api", f"version/{version}") == 404
        if self.acknowledged:
            assert await client.mark(self.consumer, "api") in self._from(list(self.acknowledged)[-1], self.attempted)
        if self.tagged:
            last = await client.mark(self.consumer, "api", "latest/prod")
            assert last in self._from(self.tagged[-1], self.attempted_tags)

    def _from(self, version: str, versions: dict[str, str] | list[str]) -> list[str]:
        """The marks of what came last of what was acknowledged, and of what was tried after it."""
        order = list(versions)
        return [self.attempted[item] for item in order[order.index(version) :]]


def demand_sound(host: Host) -> None:
    """The embedded database has no damage."""
    with contextlib.closing(sqlite3.connect(host.file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


async def demand_whole(client: Client) -> int:
    """Everything that is listed can be read and is served; how many publications that were."""
    count = 0
    for item in (await client.get("/pacts/latest")).document["pacts"]:
        consumer = item["_embedded"]["consumer"]["name"]
        pair = pair_path(consumer, "api")
        listed = (await client.get(f"{pair}/versions")).document["_links"]["pact-versions"]
        for link in listed:
            version = link["href"].rpartition("/")[2]
            reply = await client.get(f"{pair}/version/{version}")
            assert await client.mark(consumer, "api", f"version/{version}") == mark_of(reply.document)
            count += 1
    return count


async def test_a_killed_server(make_host: MakeHost) -> None:
    """However often a server is killed while clients publish to it, what it acknowledged is there when it is back."""
    host = make_host()
    began, publishers = time.monotonic(), [Publisher(f"web{number}") for number in range(PUBLISHERS)]
    earlier = [0] * PUBLISHERS
    for _ in range(CRASHES):
        await host.start()
        async with Client(host.url, stays=True) as client:
            for publisher, start in zip(publishers, earlier, strict=True):
                await publisher.check(client, list(publisher.attempted)[start:])
        earlier = [len(publisher.attempted) for publisher in publishers]
        dying = [asyncio.create_task(publisher.publish_until_it_dies(host.url)) for publisher in publishers]
        await asyncio.sleep(random.uniform(0.02, 0.6))
        host.kill()
        await asyncio.gather(*dying)
        demand_sound(host)
    await host.start()
    async with Client(host.url, stays=True) as client:
        for publisher in publishers:
            await publisher.check(client)
        listed = await demand_whole(client)
    demand_sound(host)
    acknowledged = sum(len(publisher.acknowledged) for publisher in publishers)
    tried = sum(len(publisher.attempted) for publisher in publishers)
    assert acknowledged <= listed <= tried
    took = time.monotonic() - began
    figures(
        rounds=CRASHES,
        acknowledged=acknowledged,
        unanswered=tried - acknowledged,
        listed=listed,
        lost=0,
        seconds=round(took, 1),
    )


async def _ask_on_and_on(url: str, told: list[tuple[float, float, int]]) -> None:
    """Ask a stub again and again, each time on a connection of its own: when it was asked, how long it took, and the
    status; 0 where the connection broke.
    """
    async with Client(url) as client:
        while True:
            began = time.monotonic()
            try:
                status = (await client.get(f"{pair_path('web', 'api')}/latest/stub/mark")).status
            except GONE:
                status = 0
            told.append((began, time.monotonic() - began, status))
            await asyncio.sleep(0.001)


@on_linux
async def test_a_killed_worker(make_host: MakeHost) -> None:
    """When a worker dies, only what it was working on is lost: the other goes on, a new one takes its place, and what
    was acknowledged is there.
    """
    host = await make_host("--workers", "2").start()
    publishers = [Publisher(f"web{number}") for number in range(PUBLISHERS)]
    deaths: list[float] = []
    told: list[tuple[float, float, int]] = []
    async with Client(host.url) as client:
        assert (await client.put_pact("web", "api", "1", "here")).status == 201
        asking = asyncio.create_task(_ask_on_and_on(host.url, told))
        for _ in range(2):  # with five short lives in a row, a host stops
            publishing = [asyncio.create_task(publisher.publish_until_it_dies(host.url)) for publisher in publishers]
            await asyncio.sleep(random.uniform(0.1, 0.5))
            before = set(host.workers)
            dying = random.choice(sorted(before))
            deaths.append(time.monotonic())
            os.kill(dying, signal.SIGKILL)

            async def is_replaced(dying: int = dying, before: set[int] = before) -> bool:
                return dying not in host.workers and len(set(host.workers) - before) == 1

            await eventually(is_replaced, 10, "a new worker")
            await asyncio.sleep(1.5)  # until it answers, too
            for task in publishing:
                task.cancel()
            await asyncio.gather(*publishing, return_exceptions=True)
            for publisher in publishers:
                await publisher.check(client)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await demand_whole(client)
    demand_sound(host)
    broken = [(began, took) for began, took, status in told if status != 200]
    assert all(any(began - 0.05 <= death <= began + took + 0.05 for death in deaths) for began, took in broken), broken
    slowest = max(took for _, took, status in told if status == 200)
    assert slowest < 1
    acknowledged = sum(len(publisher.acknowledged) for publisher in publishers)
    figures(
        killed=len(deaths),
        asked=len(told),
        broken=len(broken),
        acknowledged=acknowledged,
        lost=0,
        slowest_ms=round(slowest * 1000),
    )


@on_linux
async def test_a_killed_parent(make_host: MakeHost) -> None:
    """When the parent of the workers dies, they stop by themselves, and what was acknowledged is there afterwards."""
    host = make_host("--workers", "2")
    publishers = [Publisher(f"web{number}") for number in range(PUBLISHERS)]
    statuses: Counter[str] = Counter()
    for _ in range(max(2, CRASHES // 10)):
        await host.start()
        workers = [psutil.Process(worker) for worker in host.workers]
        publishing = [asyncio.create_task(publisher.publish_until_it_dies(host.url)) for publisher in publishers]
        await asyncio.sleep(random.uniform(0.1, 0.6))
        host.kill()
        gone, alive = await asyncio.to_thread(psutil.wait_procs, workers, 12)
        assert not alive
        statuses["workers that stopped"] += len(gone)
        await asyncio.gather(*publishing)
        demand_sound(host)
    await host.start()
    async with Client(host.url) as client:
        for publisher in publishers:
            await publisher.check(client)
        await demand_whole(client)
    figures(acknowledged=sum(len(publisher.acknowledged) for publisher in publishers), lost=0, **statuses)

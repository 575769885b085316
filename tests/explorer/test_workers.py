"""The live page of several workers is one: whichever is asked tells of all, and of those that do not answer."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time

from tests.explorer.pages import BROWSER, UI, Page
from tests.fleet.conftest import MakeHost
from tests.fleet.hosts import Client, Host, Reply

SECRET = "hunter2-Tr0ub4dor"


async def look(client: Client, path: str) -> Reply:
    """A page, as a browser asks for it."""
    return await client.get(UI + path, Accept=BROWSER)


async def of_each_worker(host: Host) -> dict[int, Client]:
    """A connection that stays, to each worker."""
    found: dict[int, Client] = {}
    for _ in range(60):
        client = Client(host.url, stays=True)
        await client.get("/_stubserver/health")
        owner = host.owner_of(client.port)
        if owner is None or owner in found:
            await client.close()
        else:
            found[owner] = client
        if len(found) == 2:
            return found
    raise AssertionError("not every worker answered")


async def test_two_workers(make_host: MakeHost) -> None:
    """Requests of both are listed on either, can be opened on either, and their secrets stay where they came; a worker
    that hangs is told of, and holds up the page no longer than a moment; the others' requests are still shown.
    """
    host = await make_host("--workers", "2").start()
    clients = await of_each_worker(host)
    try:
        first, second = clients.values()
        await first.put_pact("web", "api", "1", "here")
        stub = "/pacts/provider/api/consumer/web/latest/stub"
        for number, client in enumerate((first, second)):
            await client.get(f"{stub}/missing-{number}?token={SECRET}", Authorization=f"Bearer {SECRET}")
            await client.get(f"{stub}/mark?hit={number}")
        listed = []
        for client in (first, second):
            page = Page((await look(client, "/live")).body)
            assert "4 requests kept" in page.text
            assert "did not answer" not in page.text
            assert SECRET not in page.source
            links = page.links(f"{UI}/live/")
            assert len(links) == 4
            listed.append(set(links))
            assert {re.findall(r"/live/(\d+)-", href)[0] for href in links} == {"0", "1"}
            for href in links:
                opened = await client.get(href, Accept=BROWSER)
                assert opened.status == 200
                assert SECRET.encode() not in opened.body
            explained = [await client.get(href, Accept=BROWSER) for href in links[:2]]
            assert all(b"Why nothing matched" in reply.body for reply in explained)
        assert listed[0] == listed[1]
        assert "3 requests" not in Page((await look(first, "/live?q=missing-1")).body).text
        assert len(Page((await look(first, "/live?q=missing-1")).body).links(f"{UI}/live/")) == 1
        await _without_one(clients, listed[0])
    finally:
        for client in clients.values():
            await client.close()
    host.stop()


async def _without_one(clients: dict[int, Client], links: set[str]) -> None:
    """What the first worker shows while the second hangs."""
    (_, client), (other, _) = clients.items()
    os.kill(other, signal.SIGSTOP)
    try:
        began = time.monotonic()
        page = Page((await look(client, "/live")).body)
        assert time.monotonic() - began < 2.5
        assert "1 worker did not answer" in page.text
        assert "2 requests kept" in page.text
        own = set(page.links(f"{UI}/live/"))
        assert len(own) == 2
        began = time.monotonic()
        gone = await client.get(next(iter(links - own)), Accept=BROWSER)
        assert (gone.status, time.monotonic() - began < 2.5) == (404, True)
    finally:
        os.kill(other, signal.SIGCONT)
    await asyncio.sleep(0)
    assert "4 requests kept" in Page((await look(client, "/live")).body).text

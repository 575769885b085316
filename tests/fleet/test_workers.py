"""Several workers answer as one server would."""

from __future__ import annotations

import re

from tests.fleet.conftest import MakeHost
from tests.fleet.hosts import Client


async def test_metrics_of_all_workers(make_host: MakeHost) -> None:
    """Whichever worker is asked, the counters are those of all of them, each with a series of its own."""
    host = await make_host("--workers", "2").start()
    async with Client(host.url) as client:
        await client.put_pact("web", "api", "1", "here")
        for _ in range(30):
            assert await client.mark("web", "api") == "here"
        told = {(await client.get("/_stubserver/metrics")).body.decode() for _ in range(6)}
        for text in told:
            counts = re.findall(r'^stubserver_answers_total{.*outcome="exact".*worker="(\d)"} ([\d.]+)$', text, re.M)
            assert {worker for worker, _ in counts} == {"0", "1"}
            assert sum(float(count) for _, count in counts) == 30

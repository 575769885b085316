"""The pages of the explorer with much to show, and what the journal costs a warm request.

    python -m benchmarks.explorer [--integrations 1000] [--interactions 5000] [--rounds 5]

Times and sizes of pages are of this machine at this moment: the first time, with what has to be compiled for it, and
the median of further ones. What the journal costs is a ratio of processor time within the same rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks import traffic
from benchmarks.hosting import hosting, names, pact
from benchmarks.measure import Options, Run, measured, plans, print_row, tell, warm
from benchmarks.servers import Server, pin_this_process, stubserver
from benchmarks.speed import pact_of
from stubserver.catalog.contract import contract_of
from stubserver.catalog.publish import Publishing, publish
from stubserver.store import Database, sqlite_url

_BATCH = 250
_VERSIONS = 100
_AGAIN = 5
_LARGE = ("big-consumer", "big-provider")
_UI = "/_stubserver/ui"
_STUB = f"/pacts/provider/{_LARGE[1]}/consumer/{_LARGE[0]}/latest/stub"
_PAGES = (
    ("home", "/"),
    ("home, the last page", "/?page=1000"),
    ("home, newest first", "/?order=newest"),
    ("search: a field", "/search?q=text"),
    ("search: a path", "/search?q=things/4"),
    ("search: nothing", "/search?q=nowhere-at-all"),
    ("network, the hundred busiest", "/network"),
    ("network around one", "/network?around=provider-3"),
    ("live", "/live"),
    ("a provider of ten consumers, who uses what", "/providers/provider-3/stub/usage"),
    ("the large stub", _STUB),
    ("the large stub, last page", f"{_STUB}?page=1000"),
    ("the large stub, filtered by text", f"{_STUB}?q=item+77"),
    ("the large stub, who uses what", f"{_STUB}/usage"),
    ("the large stub, the console", f"{_STUB}/try"),
    ("an interaction of it", f"{_STUB}/interactions/{{interaction}}"),
    ("versions", "/integrations/provider-0/consumer-0"),
    ("what changed between two versions", "/integrations/provider-0/consumer-0/diff?from=1&to=v5"),
    ("environments", "/environments"),
    ("audit", "/audit"),
)
_EXPORTS = ("openapi.json", "openapi.yaml", "postman.json", "stub.har")
Rows = Iterator[tuple[str, ...]]


def large_pact(count: int) -> dict[str, Any]:
    """A pact of very many interactions on a fifth as many paths."""
    interactions = [
        {
            "description": f"item {number} in edition {number % 5}",
            "providerStates": [{"name": f"item {number // 5} exists"}],
            "request": {
                "method": ("GET", "PUT", "DELETE", "PATCH", "POST")[number % 5],
                "path": f"/shelf-{number // 250}/items-{number // 5}",
                "headers": {"Accept": "application/json"},
            },
            "response": {
                "status": 200,
                "headers": {"Content-Type": "application/json"},
                "body": {"id": number, "name": f"item {number}", "price": {"amount": 1.5, "currency": "EUR"}},
                "matchingRules": {
                    "body": {"$.price.currency": {"matchers": [{"match": "regex", "regex": "[A-Z]{3}"}]}}
                },
            },
        }
        for number in range(count)
    ]
    consumer, provider = _LARGE
    metadata = {"pactSpecification": {"version": "3.0.0"}}
    return {
        "consumer": {"name": consumer},
        "provider": {"name": provider},
        "interactions": interactions,
        "metadata": metadata,
    }


async def fill(folder: Path, integrations: int, interactions: int) -> None:
    """Put pacts into a new store: many small ones, a large one, and one with many versions."""
    database = Database(sqlite_url(folder))
    await database.migrate()
    for start in range(0, integrations, _BATCH):
        async with database.writing() as connection:
            for number in range(start, min(start + _BATCH, integrations)):
                contract = contract_of(pact(number), *names(number))
                await publish(connection, Publishing(contract.consumer, "1", (contract,), "main"))
    async with database.writing() as connection:
        large = contract_of(large_pact(interactions), *_LARGE)
        await publish(connection, Publishing(large.consumer, "1", (large,), "main"))
        for edition in range(_VERSIONS):
            contract = contract_of(pact(0, edition), *names(0))
            await publish(connection, Publishing(contract.consumer, f"v{edition}", (contract,), "main"))
    await database.close()


def fetch(server: Server, path: str) -> tuple[float, int]:
    """Milliseconds that the server worked on a page (of an export: until all of it was here), and its size."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)) as connection:
        began = time.perf_counter()
        connection.request("GET", path, headers={"Accept": "text/html"})
        response = connection.getresponse()
        content = response.read()
        took = (time.perf_counter() - began) * 1000
    if response.status != 200:
        raise SystemExit(f"{path}: {response.status} {content[:300]!r}")
    told = re.search(rb"made in ([\d.]+) ms", content)
    return float(told[1]) if told else took, len(content)


def measure_pages(server: Server) -> Rows:
    """Every page: the first time, the median of further ones, and its size."""
    for _ in range(30):  # something for the live page
        fetch(server, "/pacts/provider/provider-0/consumer/consumer-0/latest/stub/things/1")
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)) as connection:
        connection.request("GET", f"/_stubserver/interactions?provider={_LARGE[1]}&consumer={_LARGE[0]}")
        found = json.loads(connection.getresponse().read())["interactions"][0]["id"]
    shown = [(label, _UI + path.replace("{interaction}", found)) for label, path in _PAGES]
    shown += [(f"export of the large stub: {name}", f"/_stubserver/export{_STUB}/{name}") for name in _EXPORTS]
    for label, path in shown:
        first, size = fetch(server, path)
        again = statistics.median(fetch(server, path)[0] for _ in range(_AGAIN))
        yield label, f"{first:,.0f} ms", f"{again:,.1f} ms", f"{size / 1000:,.0f} kB"


def measure_journal(options: Options, folder: Path) -> Rows:
    """Processor time of a request with the journal on, beside it off, in turn; and of a second server with it off,
    which tells what a difference means.
    """
    size = options.main_size
    file = pact_of(size, folder)
    made = {
        "repeats": traffic.exact(size),
        "unique GETs": traffic.unique_get(size),
        "unique POSTs": traffic.unique_post(size),
    }
    with (
        stubserver("journal", file) as on,
        stubserver("none", file, "--journal", "0") as off,
        stubserver("none again", file, "--journal", "0") as again,
        plans(made) as files,
    ):
        servers = (on, off, again)
        for server in servers:
            warm(server, made.values())
        runs = [Run(f"{plan} {server.name}", server, files[plan]) for plan in made for server in servers]
        figures = measured(runs, options)
    for plan in made:
        columns = [[one.cpu_us or 0.0 for one in figures.samples[f"{plan} {server.name}"]] for server in servers]
        rounds = list(zip(*columns, strict=True))
        ratio = statistics.median(2 * with_it / (without + other) for with_it, without, other in rounds)
        noise = statistics.median(other / without for _, without, other in rounds)
        with_it, without, _ = (statistics.median(column) for column in columns)
        yield plan, f"{with_it:.2f} µs", f"{without:.2f} µs", f"{ratio:.3f}", f"{noise:.3f}"


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explorer", description=__doc__)
    parser.add_argument("--integrations", type=int, default=1000)
    parser.add_argument("--interactions", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pin_this_process()
    with tempfile.TemporaryDirectory(prefix="bench-explorer-") as name:
        folder = Path(name)
        data = folder / "data"
        data.mkdir()
        tell("filling a store")
        asyncio.run(fill(data, options.integrations, options.interactions))
        print_row("page", "first time", "then", "size")
        print_row("---", "---", "---", "---")
        with hosting(data) as server:
            for row in measure_pages(server):
                print_row(*row)
        tell("the journal")
        print_row("requests", "with the journal", "without", "ratio", "without, beside without")
        print_row("---", "---", "---", "---", "---")
        for row in measure_journal(Options(rounds=options.rounds), folder):
            print_row(*row)


if __name__ == "__main__":
    main()

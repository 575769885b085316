"""`stubserver host` with a store of ten thousand pacts: start, memory, first and later answers, lists, publishing.

    python -m benchmarks.hosting [--pacts 10000] [--rounds 3]

Each figure is of this machine at this moment, but for the last row, which is a ratio within the same rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import http.client
import json
import random
import re
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.driver import has_wrk
from benchmarks.measure import print_row
from benchmarks.servers import DRIVER_CORE, Server, Starting, ours, pin_this_process, pinned, running, stubserver
from stubserver.catalog.contract import contract_of
from stubserver.catalog.publish import Publishing, publish
from stubserver.store import Database, sqlite_url

_CONSUMERS, _PROVIDERS = 1000, 100
_BATCH = 250  # pacts that are stored in one transaction
_SAMPLE = 500  # stubs that are asked
_LISTS = (
    "/",
    "/pacts/latest",
    "/integrations",
    "/integrations?page=50&size=100",
    "/pacticipants",
    "/pacticipants?page=5&size=100",
    "/pacts/provider/{provider}/latest",
    "/_stubserver/stubs",
    "/_stubserver/metrics",
)
_MB = 1e6
Rows = Iterator[tuple[str, str]]


def names(number: int) -> tuple[str, str]:
    """Consumer and provider of a pact: no two pacts have both in common."""
    return f"consumer-{number % _CONSUMERS}", f"provider-{number // _CONSUMERS * 10 + number % 10}"


def pact(number: int, edition: int = 0) -> dict[str, Any]:
    """A pact of five interactions, about 4 KB."""
    consumer, provider = names(number)
    interactions = [
        {
            "description": f"thing {place}",
            "request": {
                "method": "GET",
                "path": f"/things/{place}",
                "matchingRules": {"$.path": {"match": "regex", "regex": rf"/things/{place}\d*"}},
            },
            "response": {
                "status": 200,
                "headers": {"Content-Type": "application/json"},
                "body": {"pact": number, "edition": edition, "text": f"{place}" * 420},
                "matchingRules": {"$.body.text": {"match": "type"}},
            },
        }
        for place in range(5)
    ]
    return {
        "consumer": {"name": consumer},
        "provider": {"name": provider},
        "interactions": interactions,
        "metadata": {"pactSpecification": {"version": "2.0.0"}},
    }


async def fill(folder: Path, count: int) -> None:
    """Put pacts into a new store."""
    database = Database(sqlite_url(folder))
    await database.migrate()
    for start in range(0, count, _BATCH):
        async with database.writing() as connection:
            for number in range(start, min(start + _BATCH, count)):
                contract = contract_of(pact(number), *names(number))
                await publish(connection, Publishing(contract.consumer, "1", (contract,), "main"))
    await database.close()


def stub_path(number: int) -> str:
    """Where the latest version of a pact is served."""
    consumer, provider = names(number)
    return f"/pacts/provider/{provider}/consumer/{consumer}/latest/stub"


def ask(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", document: Any = None
) -> tuple[float, bytes]:
    """Milliseconds until the whole answer was there, and its body."""
    body = None if document is None else json.dumps(document).encode()
    began = time.perf_counter()
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    response = connection.getresponse()
    content = response.read()
    took = (time.perf_counter() - began) * 1000
    if response.status not in (200, 201):
        raise SystemExit(f"{method} {path}: {response.status} {content[:300]!r}")
    return took, content


def connected(server: Server) -> closing[http.client.HTTPConnection]:
    """A connection that stays."""
    return closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=300))


def percentiles(times: list[float]) -> str:
    """Median, 99th percentile and maximum."""
    ordered = sorted(times)
    middle, high = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    return f"p50 {middle:.1f} ms, p99 {high:.1f} ms, max {ordered[-1]:.1f} ms"


def megabytes(server: Server) -> str:
    """Resident memory."""
    return f"{(server.rss() or 0) / _MB:,.0f} MB"


def gauge(server: Server, name: str) -> float:
    """What the server measures itself."""
    with connected(server) as connection:
        found = re.search(rf"^stubserver_{name} (\S+)$", ask(connection, "/_stubserver/metrics")[1].decode(), re.M)
    return float(found[1]) if found else 0.0


def compiled(server: Server) -> str:
    """What it keeps compiled."""
    count, size = gauge(server, "compiled_stubs"), gauge(server, "compiled_bytes")
    return f"{count:,.0f} compiled, counted {size / _MB:,.0f} MB"


def hosting(data: Path, *options: str) -> Starting:
    """A host on this store."""
    words = ["--data", str(data), "--loglevel", "none", *options]
    return running("host", lambda port, _: [*ours(), "host", "--port", str(port), *words])


def touch(server: Server, numbers: list[int]) -> list[float]:
    """Ask each of these stubs once; milliseconds of each."""
    times = []
    with connected(server) as connection:
        for number in numbers:
            took, body = ask(connection, f"{stub_path(number)}/things/3")
            if json.loads(body)["pact"] != number:
                raise SystemExit(f"the stub of {names(number)} answers with another pact")
            times.append(took)
    return times


def publish_some(server: Server, numbers: list[int], edition: int) -> list[float]:
    """Publish a new version of each of these; milliseconds of each."""
    times = []
    with connected(server) as connection:
        for number in numbers:
            path = f"{stub_path(number).removesuffix('/latest/stub')}/version/{edition}"
            times.append(ask(connection, path, "PUT", pact(number, edition))[0])
    return times


def at_once(count: int) -> dict[str, Any]:
    """A publication of contracts of one consumer with many providers."""
    contracts = []
    for number in range(count):
        its = {"consumerName": f"many-{count}", "providerName": f"new-{number}", "specification": "pact"}
        document = {**pact(0, number), "consumer": {"name": f"many-{count}"}, "provider": {"name": f"new-{number}"}}
        content = base64.b64encode(json.dumps(document).encode()).decode()
        contracts.append({**its, "content": content, "contentType": "application/json"})
    return {"pacticipantName": f"many-{count}", "pacticipantVersionNumber": "1", "contracts": contracts}


def probed(server: Server, path: str, method: str = "GET", document: Any = None) -> tuple[float, bytes, float]:
    """As `ask`, while a warm stub is asked again and again; and the milliseconds of its slowest answer."""
    slowest, is_over = [0.0], threading.Event()

    def probe() -> None:
        with connected(server) as connection:
            while not is_over.is_set():
                slowest[0] = max(slowest[0], ask(connection, f"{stub_path(0)}/things/1")[0])
                time.sleep(0.002)

    touch(server, [0])
    thread = threading.Thread(target=probe)
    thread.start()
    try:
        with connected(server) as connection:
            took, content = ask(connection, path, method, document)
    finally:
        is_over.set()
        thread.join()
    return took, content, slowest[0]


def measure(data: Path, count: int) -> Rows:
    """Everything that is measured of one server with this store."""
    order = list(range(count))
    random.Random(1).shuffle(order)
    sample = order[:_SAMPLE]
    with hosting(data) as server:
        yield "start until it listens", f"{server.started:.2f} s"
        yield "resident memory after that", megabytes(server)
        yield f"first answers of {len(sample)} stubs", percentiles(touch(server, sample))
        yield "… second answers", percentiles(touch(server, sample))
        for path in _LISTS:
            asked = path.replace("{provider}", names(0)[1])
            found = [probed(server, asked) for _ in range(3)]
            took, held_up, size = min(one[0] for one in found), max(one[2] for one in found), len(found[0][1])
            meanwhile = f"a warm stub meanwhile: at most {held_up:.0f} ms"
            yield f"GET {asked}", f"{took:.0f} ms, {size / 1e3:,.0f} KB; {meanwhile}"
        yield "… resident memory after these lists", megabytes(server)
        yield "publishing, few stubs in memory", percentiles(publish_some(server, sample[:200], 2))
        touch(server, order[:1000])
        yield "resident memory after 1,000 stubs", megabytes(server)
        touch(server, order)
        yield f"… after all {count:,}", f"{megabytes(server)}; {compiled(server)}"
        yield "publishing, all stubs in memory", percentiles(publish_some(server, sample[:200], 3))
        for many in (100, 1000):
            took, _, held_up = probed(server, "/contracts/publish", "POST", at_once(many))
            yield f"{many:,} contracts at once", f"{took:,.0f} ms; a warm stub meanwhile: at most {held_up:,.0f} ms"
    with hosting(data, "--room", str(64 << 20)) as server:
        touch(server, order)
        yield f"with --room of 64 MiB, after all {count:,}", f"{megabytes(server)}; {compiled(server)}"


def rate(server: Server, path: str, seconds: int) -> float:
    """Requests per second that wrk gets answered."""
    words = [*pinned(DRIVER_CORE), "wrk", "-t1", "-c32", f"-d{seconds}s", f"http://127.0.0.1:{server.port}{path}"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in shown:
        raise SystemExit(shown)
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", shown)[0])


def compare(data: Path, folder: Path, rounds: int) -> Rows:
    """A published stub beside the same pact loaded from a file."""
    file = folder / "pact.json"
    file.write_text(json.dumps(pact(7)))
    rates: dict[str, list[float]] = {}
    ways = ("published", "published, two workers on that core", "loaded, same address", "loaded, at /")
    with hosting(data) as host, hosting(data, "--workers", "2") as two, stubserver("serve", file) as serve:
        for _ in range(rounds):
            for way, server, path in zip(
                ways, (host, two, serve, serve), (stub_path(8), stub_path(8), stub_path(7), ""), strict=True
            ):
                rates.setdefault(way, []).append(rate(server, f"{path}/things/1", 2))
    for way in ways[:-1]:
        ratio = statistics.median(one / other for one, other in zip(rates[way], rates[ways[-1]], strict=True))
        figures = f"{statistics.median(rates[way]):,.0f} / {statistics.median(rates[ways[-1]]):,.0f} per s"
        yield f"requests of a warm stub, {way} / {ways[-1]}", f"{ratio:.2f} ({figures})"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hosting", description=__doc__)
    parser.add_argument("--pacts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    pin_this_process()
    with tempfile.TemporaryDirectory(prefix="bench-hosting-") as name:
        folder = Path(name)
        data = folder / "data"
        data.mkdir()
        began = time.monotonic()
        asyncio.run(fill(data, options.pacts))
        size = (data / "stubserver.db").stat().st_size
        print_row("what", "figure")
        print_row("---", "---")
        print_row(f"{options.pacts:,} pacts stored in bulk", f"{time.monotonic() - began:.0f} s, {size / _MB:,.0f} MB")
        for what, figure in measure(data, options.pacts):
            print_row(what, figure)
        if has_wrk():
            for what, figure in compare(data, folder, options.rounds):
                print_row(what, figure)


if __name__ == "__main__":
    main()

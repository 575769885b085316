"""Requests per second over the wire: ours, the Rust stub server and a bare aiohttp server, side by side.

`python -m benchmarks.http [--sizes 10,100,1000,10000] [--seconds 4] [--rounds 3]`

Servers run on one core, the load generator on another. wrk drives it when it is installed; otherwise a client made
with aiohttp does, which is slower than the servers and therefore measures itself: read its ratios with that in mind.
Subjects take turns within each round, and each figure is the median of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from benchmarks import corpus
from matching import Request

KINDS = ("literal", "pattern", "query", "post", "miss")
UNIQUE = 1_000  # different requests of each kind
CONNECTIONS = 32
RUST_LARGEST = 100  # interactions; the Rust stub needs seconds for each request beyond that
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Subject:
    """A server to measure: its name, the command that starts it on a port, and how large a pact it is given."""

    name: str
    command: list[str]
    largest: int = sys.maxsize


def subjects(pact: Path) -> list[Subject]:
    """Everything that is installed here."""
    ours = [sys.executable, "-m", "stubserver", "serve", str(pact), "--loglevel", "none", "--port", "{port}"]
    found = [
        Subject("aiohttp hello", [sys.executable, "-m", "benchmarks.hello", "{port}"]),
        Subject("stubserver", ours),
    ]
    rust = shutil.which("pact", path=str(Path(sys.executable).parent)) or shutil.which("pact")
    if rust:
        command = [rust, "stub", "--file", str(pact), "--loglevel", "none", "--port", "{port}"]
        found.append(Subject("pact stub (Rust)", command, RUST_LARGEST))
    return found


def pinned(core: int) -> list[str]:
    """The words that keep a command on one core, where that can be done."""
    return ["taskset", "-c", str(core)] if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else []


@contextmanager
def running(subject: Subject) -> Iterator[str]:
    """Start a server on a free port of the loopback interface; its URL, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [word.format(port=port) for word in subject.command]
    process = subprocess.Popen([*pinned(0), *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise SystemExit(f"{subject.name} did not start: {' '.join(command)}") from None
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def measure(url: str, requests: list[Request], seconds: float, folder: Path) -> float:
    """Answers per second over that many connections."""
    if shutil.which("wrk"):
        return measure_with_wrk(url, requests, seconds, folder)
    return asyncio.run(measure_with_aiohttp(url, requests, seconds))


def measure_with_wrk(url: str, requests: list[Request], seconds: float, folder: Path) -> float:
    """Drive with wrk, which sends the requests in turn."""
    script = folder / "requests.lua"
    script.write_text(lua(requests))
    command = [
        *pinned(1),
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--timeout",
        "30s",
        "-s",
        str(script),
        url,
    ]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert found, output
    return float(found[1])


def lua(requests: list[Request]) -> str:
    """A wrk script that sends these requests in turn, each formatted once."""
    entries = []
    for request in requests:
        target = json.dumps(request.path + (f"?{request.query}" if request.query else ""))
        headers = ", ".join(f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in request.header_lines)
        body = json.dumps(request.body.decode()) if request.body else "nil"
        entries.append(f"  {{{json.dumps(request.method)}, {target}, {{{headers}}}, {body}}},")
    return (
        "local list = {\n" + "\n".join(entries) + "\n}\nlocal ready = {}\nlocal turn = 0\n"
        "init = function(args)\n  for i, r in ipairs(list) do\n"
        "    ready[i] = wrk.format(r[1], r[2], r[3], r[4])\n  end\nend\n"
        "request = function()\n  turn = turn % #ready + 1\n  return ready[turn]\nend\n"
    )


async def measure_with_aiohttp(url: str, requests: list[Request], seconds: float) -> float:
    """Drive with aiohttp's client."""
    answered, deadline = 0, time.monotonic() + seconds

    async def drive(session: aiohttp.ClientSession, offset: int) -> None:
        nonlocal answered
        turn = offset
        while time.monotonic() < deadline:
            request = requests[turn % len(requests)]
            turn += 1
            target = url + request.path + (f"?{request.query}" if request.query else "")
            lines = dict(request.header_lines)
            async with session.request(request.method, target, headers=lines, data=request.body or None) as response:
                await response.read()
            answered += 1

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:
        await asyncio.gather(*(drive(session, 31 * number) for number in range(CONNECTIONS)))
    return answered / seconds


def verified(url: str, kind: str, request: Request) -> None:
    """Demand that the subject gives the right answer before its speed counts for anything."""

    async def ask() -> int:
        target = url + request.path + (f"?{request.query}" if request.query else "")
        lines = dict(request.header_lines)
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, target, headers=lines, data=request.body or None) as response,
        ):
            return response.status

    status = asyncio.run(ask())
    if (status == 200) != (kind != "miss"):
        raise SystemExit(f"{url} answered a {kind} request with {status}")


def main() -> None:
    """Measure, print the table and keep the raw figures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", default="10,100,1000,10000")
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--kinds", default=",".join(KINDS))
    given = options.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    kinds = given.kinds.split(",")
    figures: dict[tuple[str, int, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in sizes:
            pact = folder / f"{size}.json"
            pact.write_bytes(corpus.pact(size))
            for _ in range(given.rounds):
                for subject in subjects(pact):
                    if size > subject.largest:
                        continue
                    with running(subject) as url:
                        for kind in kinds:
                            requests = list(corpus.requests(size, kind, UNIQUE))
                            if subject.name != "aiohttp hello":
                                verified(url, kind, requests[0])
                            elif kind == "miss":
                                continue
                            rate = measure(url, requests, given.seconds, folder)
                            figures.setdefault((kind, size, subject.name), []).append(rate)
    report(figures, sizes, kinds)


def report(figures: dict[tuple[str, int, str], list[float]], sizes: list[int], kinds: list[str]) -> None:
    """The table: requests per second, and how many times the floor of the same run."""
    console = Console(width=120, soft_wrap=True)
    setting = {
        "date": time.strftime("%Y-%m-%d"),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "driver": "wrk" if shutil.which("wrk") else "aiohttp client",
        "versions": {name: version(name) for name in ("stubserver", "aiohttp", "uvloop", "orjson")},
    }
    console.print(" · ".join(f"{key} {value}" for key, value in setting.items()), style="dim")
    medians = {key: statistics.median(rates) for key, rates in figures.items()}
    names = list(dict.fromkeys(name for _, _, name in medians))
    table = Table("request", "server", *(f"{size:,}" for size in sizes))
    for kind in kinds:
        for name in names:
            cells = []
            for size in sizes:
                rate, floor = medians.get((kind, size, name)), medians.get((kind, size, "aiohttp hello"))
                ratio = f"  ({rate / floor:.2f})" if rate and floor and name != "aiohttp hello" else ""
                cells.append(f"{rate:,.0f}{ratio}" if rate else "–")
            if any(cell != "–" for cell in cells):
                table.add_row(kind, name, *cells)
        table.add_section()
    console.print(table)
    console.print("requests/s by number of interactions; in brackets the ratio to aiohttp hello in the same run")
    RESULTS.mkdir(exist_ok=True)
    raw = [
        {"kind": kind, "interactions": size, "server": name, "rates": r} for (kind, size, name), r in figures.items()
    ]
    (RESULTS / "http.json").write_text(json.dumps({**setting, "figures": raw}, indent=1) + "\n")


def cpu_name() -> str:
    """The processor, as the kernel names it."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor()


if __name__ == "__main__":
    main()

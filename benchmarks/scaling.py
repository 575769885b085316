"""What a request costs as one thing grows: pacts, bodies, rules, connections. Interactions are in `speed.py`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import corpus, traffic
from benchmarks.driver import CONNECTIONS
from benchmarks.measure import Options, Run, measured, plans, tell, warm
from benchmarks.servers import floor, stubserver
from benchmarks.speed import pact_of
from benchmarks.traffic import Plan
from benchmarks.verify import verify

SECONDS = 1  # of each run; there are many
TOTAL = 4_000  # interactions, however many pacts hold them
PACTS = (1, 10, 100, 1_000)
BODIES = (200, 1 << 10, 10 << 10, 100 << 10)  # bytes
RULES = (0, 10, 100)
CROWDS = (1, 8, 32, 128, 1_000)  # connections


@dataclass(frozen=True)
class Point:
    """One place of a curve: the pact to serve and the requests to send."""

    at: int
    pact: Path
    plan: Plan
    connections: int = CONNECTIONS


def measure_scaling(options: Options) -> dict[str, Any]:
    """All curves, each with its floor in the same rounds."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        return {
            "pacts": _series("pacts", _by_pacts(folder), "hello", options),
            "body": _series("body", _by_body(folder), "json", options),
            "rules": _series("rules", _by_rules(folder), "json", options),
            "connections": _series("connections", _by_connections(folder, options), "hello", options),
        }


def _by_pacts(folder: Path) -> list[Point]:
    plan = traffic.unique_get(TOTAL)
    return [Point(count, corpus.pacts(folder / f"pacts{count}", TOTAL, TOTAL // count), plan) for count in PACTS]


def _by_body(folder: Path) -> list[Point]:
    return [Point(size, _file(folder, f"body{size}", corpus.sized(size)), traffic.sized_post(size)) for size in BODIES]


def _by_rules(folder: Path) -> list[Point]:
    plan = traffic.ruled_post()
    return [Point(count, _file(folder, f"rules{count}", corpus.ruled(count)), plan) for count in RULES]


def _by_connections(folder: Path, options: Options) -> list[Point]:
    pact, plan = pact_of(options.main_size, folder), traffic.unique_get(options.main_size)
    return [Point(count, pact, plan, count) for count in CROWDS]


def _file(folder: Path, name: str, content: bytes) -> Path:
    file = folder / f"{name}.json"
    file.write_bytes(content)
    return file


def _series(name: str, points: Sequence[Point], beside: str, options: Options) -> dict[str, Any]:
    told: dict[str, Any] = {
        "points": [point.at for point in points],
        "floor": beside,
        "floors": {},
        "seconds": {},
        "rss": {},
    }
    floors: dict[tuple[str, int], str] = {}
    tell(f"scaling: {name}")
    with ExitStack() as stack:
        floor_server = stack.enter_context(floor(beside))
        files = stack.enter_context(plans({str(point.at): point.plan for point in points}))
        servers = {pact: stack.enter_context(stubserver(name, pact)) for pact in {point.pact: None for point in points}}
        runs = []
        for point in points:
            server, file = servers[point.pact], files[str(point.at)]
            told["rss"].setdefault(str(point.at), server.rss())
            verify(server.port, point.plan)
            warm(server, [point.plan])
            told["seconds"][str(point.at)] = server.started
            traffic_of = (point.plan.name, point.connections)
            if traffic_of not in floors:  # the floor does not know what else differs
                floors[traffic_of] = f"floor {point.at}"
                runs.append(Run(floors[traffic_of], floor_server, file, point.connections))
            told["floors"][str(point.at)] = floors[traffic_of]
            runs.append(Run(f"stubserver {point.at}", server, file, point.connections))
        return {**told, "figures": measured(runs, options, seconds=SECONDS).as_json()}

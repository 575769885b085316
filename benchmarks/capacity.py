"""Many idle connections: what they take, and what they cost those that are at work."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import traffic
from benchmarks.driver import Sample, drive
from benchmarks.measure import Options, plans, tell, warm
from benchmarks.probe import idle_crowd, raise_file_limit
from benchmarks.speed import first_request, started
from benchmarks.traffic import Plan

IDLE = 10_000
_SPARE = 200  # files for everything else
_SECONDS = 1  # of each run


def measure_idle(options: Options) -> dict[str, Any]:
    """Row 8: memory with idle connections, and the rate with and without them."""
    size = options.main_size
    count = min(IDLE, raise_file_limit() - _SPARE)
    made: dict[str, Plan] = {"exact": traffic.exact(size), "get": traffic.unique_get(size)}
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        server = stack.enter_context(started(size, Path(name)))
        files = stack.enter_context(plans(made))
        warm(server, made.values())
        told: dict[str, Any] = {"wanted": IDLE, "rss_before": server.rss(), "with": {}, "without": {}}
        tell(f"{count:,} idle connections")
        for each, file in files.items():
            told["without"][each] = _samples(drive(server, file, _SECONDS) for _ in range(options.rounds))
        told["rss_after_load"] = server.rss()
        with idle_crowd(server, first_request(size), count) as had:
            told |= {"had": had, "rss_idle": server.rss()}
            for each, file in files.items():
                told["with"][each] = _samples(drive(server, file, _SECONDS) for _ in range(options.rounds))
            told["rss_with_active"] = server.rss()
    return told


def _samples(samples: Any) -> list[dict[str, Any]]:
    taken: list[Sample] = list(samples)
    return [sample.as_json() for sample in taken]

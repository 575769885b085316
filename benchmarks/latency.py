"""How long answers take: beside explanations that take long, and at half of the highest rate."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import corpus, traffic
from benchmarks.driver import Sample, drive, written
from benchmarks.measure import Figures, Options, Run, measured, plans, tell, warm
from benchmarks.probe import loop_lag, probed, probing
from benchmarks.servers import Server, floor, stubserver
from benchmarks.speed import BY_SIZE, FLOORS, floor_names, plans_of, started
from benchmarks.traffic import Plan
from benchmarks.verify import verify

CANDIDATES = 50
_MISS_CONNECTIONS = (8, 1)
_CROWD_CONNECTIONS = 256  # of paced runs: enough that a pause in whole milliseconds gives any rate
_SHORTEST_PAUSE = 0.5


def measure_misses(options: Options) -> dict[str, Any]:
    """Row 4: misses among fifty near candidates, with a probe beside them."""
    plan = traffic.misses()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        pact = Path(name) / "crowd.json"
        pact.write_bytes(corpus.crowd(CANDIDATES))
        server = stack.enter_context(stubserver("crowd", pact))
        file = stack.enter_context(written(plan))
        cheap = traffic.cheap_get()
        verify(server.port, Plan("probe", (cheap,)))
        verify(server.port, plan)
        tell(f"misses among {CANDIDATES} candidates, with a probe")
        told: dict[str, Any] = {"candidates": CANDIDATES, "rounds": []}
        for _ in range(options.rounds):
            one: dict[str, Any] = {"idle": probed(server, cheap, 1).as_json()}
            for connections in _MISS_CONNECTIONS:
                with probing(server, cheap) as probe:
                    sample = drive(server, file, options.seconds, connections=connections, answered=False)
                one[str(connections)] = {**sample.as_json(), "probe": probe.as_json()}
            told["rounds"].append(one)
        told["loop_lag_ms"] = loop_lag(server)
    return told


def measure_paced(options: Options) -> dict[str, Any]:
    """Row 7: percentiles of ours and of the floor at half of the highest rate of ours."""
    size = options.main_size
    made = {name: plan for name, plan in plans_of(size).items() if name in BY_SIZE}
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        server = stack.enter_context(started(size, Path(name)))
        files = stack.enter_context(plans(made))
        warm(server, made.values())
        floors = {of: stack.enter_context(floor(of)) for of in floor_names()}
        tell("percentiles at half of the highest rate")
        for each, file in files.items():
            beside = floors.get(FLOORS[each])
            if beside is not None:
                told[each] = _paced(server, beside, file, options)
    return told


def _paced(server: Server, beside: Server, file: Path, options: Options) -> dict[str, Any]:
    highest = drive(server, file, options.seconds).rate
    target = highest / 2
    runs = [Run(of.name, of, file, _CROWD_CONNECTIONS, _pause_for(of, file, target)) for of in (server, beside)]
    figures = measured(runs, options)
    told = {"highest": highest, "target": target, "subject": server.name, "floor": beside.name}
    return {**told, "figures": figures.as_json(), "p99_ratio": p99_ratio(figures, server.name, beside.name)}


def p99_ratio(figures: Figures, subject: str, beside: str) -> float:
    """The median of the ratios of each round."""
    pairs = zip(figures.samples[subject], figures.samples[beside], strict=True)
    ratios = sorted(one.p99 / other.p99 for one, other in pairs)
    return ratios[len(ratios) // 2]


def _pause_for(server: Server, file: Path, target: float) -> float:
    """The mean pause, in milliseconds, at which all connections together reach a rate; found by two short tries."""
    wanted = _CROWD_CONNECTIONS / target * 1000  # from one request of a connection to its next
    pause = max(_SHORTEST_PAUSE, wanted - 1)
    for _ in range(2):
        sample: Sample = drive(server, file, 1, connections=_CROWD_CONNECTIONS, pause=pause)
        pause = max(_SHORTEST_PAUSE, pause + wanted - _CROWD_CONNECTIONS / sample.rate * 1000)
    return pause

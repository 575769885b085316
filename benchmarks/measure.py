"""Rounds: every subject and every floor in turn, again and again, so that a busy minute meets all alike."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.client import sweep
from benchmarks.driver import CONNECTIONS, Sample, drive, written
from benchmarks.servers import Server
from benchmarks.traffic import Plan

_BEGAN = time.monotonic()
_SETTLING, _LONGEST_SETTLING = 0.04, 5.0  # seconds


@dataclass(frozen=True)
class Options:
    """How long and how often."""

    rounds: int = 3
    seconds: int = 2
    sizes: tuple[int, ...] = (10, 100, 1_000, 10_000, 100_000)
    main_size: int = 1_000  # the size of all rows that name none


@dataclass(frozen=True)
class Run:
    """Something to be timed in each round, under a name of its own."""

    name: str
    server: Server
    plan: Path
    connections: int = CONNECTIONS
    pause: float = 0.0


@dataclass
class Figures:
    """All samples by the name of their run, one for each round."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def rate(self, name: str) -> float:
        """The median rate."""
        return statistics.median(sample.rate for sample in self.samples[name])

    def ratio(self, name: str, floor: str) -> float:
        """The median, over the rounds, of the ratio to a floor of the same round."""
        pairs = zip(self.samples[name], self.samples[floor], strict=True)
        return statistics.median(one.rate / other.rate for one, other in pairs)

    def median(self, name: str, what: str) -> float | None:
        """The median of some figure; None where it could not be had."""
        values = [getattr(sample, what) for sample in self.samples[name]]
        return None if None in values else statistics.median(values)

    def flags(self, name: str) -> str:
        """What is wrong with the samples, each thing once."""
        return ", ".join(sorted({sample.flag for sample in self.samples[name] if sample.flag}))

    def as_json(self) -> dict[str, Any]:
        """All raw figures."""
        return {name: [sample.as_json() for sample in samples] for name, samples in self.samples.items()}


def measured(runs: Sequence[Run], options: Options, *, seconds: int | None = None) -> Figures:
    """Every run once in each round. A run whose server was kept from its core is tried once more."""
    figures = Figures()
    for _ in range(options.rounds):
        for run in runs:
            figures.samples.setdefault(run.name, []).append(_tried(run, seconds or options.seconds))
    return figures


def _tried(run: Run, seconds: int) -> Sample:
    tries = [drive(run.server, run.plan, seconds, connections=run.connections, pause=run.pause)]
    if tries[0].flag == "server not busy":
        tries.append(drive(run.server, run.plan, seconds, connections=run.connections, pause=run.pause))
    settle(run.server)
    return max(tries, key=lambda sample: sample.server_share or 0.0)


def settle(server: Server) -> None:
    """Wait until a server has done with what was still on its way, so that it does not disturb the next."""
    deadline, used = time.monotonic() + _LONGEST_SETTLING, server.cpu_seconds()
    while time.monotonic() < deadline:
        time.sleep(_SETTLING)
        before, used = used, server.cpu_seconds()
        if before is None or used is None or used - before < _SETTLING / 2:
            return


@contextmanager
def plans(made: Mapping[str, Plan]) -> Iterator[dict[str, Path]]:
    """These plans as files."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(written(plan)) for name, plan in made.items()}


def warm(server: Server, made: Iterable[Plan]) -> None:
    """Send every request of these plans once: what is compiled on first use is compiled afterwards."""
    for plan in made:
        load = sweep(server.port, plan.templates)
        if load.failed or load.statuses or len(load.latencies) != len(plan.templates):
            raise SystemExit(f"{server.name}: {plan.name}: {load.statuses} wrong answers, {load.failed} hung up")


def print_row(*cells: str) -> None:
    """A row of a table, as Markdown has it."""
    print(f"| {' | '.join(cells)} |", flush=True)


def tell(text: str) -> None:
    """Say what is going on."""
    print(f"[{time.monotonic() - _BEGAN:5.0f} s] {text}", file=sys.stderr, flush=True)

"""A busy server seen from outside: a probe that asks a cheap question at fixed times, and crowds that are idle."""

from __future__ import annotations

import resource
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from benchmarks.servers import Server
from benchmarks.traffic import Template
from benchmarks.verify import Answer, Wire, ask, is_right

_EVERY = 0.005  # seconds between questions
_SOURCES = 4  # loopback addresses that idle connections come from, so that ports do not run out


@dataclass
class Probe:
    """Milliseconds from the moment a question was due until its answer was there."""

    latencies: list[float] = field(default_factory=list)
    wrong: int = 0

    @property
    def p99(self) -> float:
        """Of a hundred questions, the slowest but one."""
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[98]

    def as_json(self) -> dict[str, float | int]:
        """What is kept."""
        counts = {"questions": len(self.latencies), "wrong": self.wrong}
        median = statistics.median(self.latencies)
        return {**counts, "median_ms": median, "p99_ms": self.p99, "max_ms": max(self.latencies)}


@contextmanager
def probing(server: Server, template: Template) -> Iterator[Probe]:
    """Ask every few milliseconds on a connection of its own. A question that waits delays no later one's due time."""
    probe, stop = Probe(), threading.Event()

    def run() -> None:
        wire = Wire(server.port)
        due = time.perf_counter()
        while not stop.is_set():
            time.sleep(max(0.0, due - time.perf_counter()))
            probe.wrong += not is_right(template, wire.ask(template.head))
            probe.latencies.append((time.perf_counter() - due) * 1000)
            due = max(due + _EVERY, time.perf_counter())
        wire.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield probe
    finally:
        stop.set()
        thread.join()


def probed(server: Server, template: Template, seconds: float) -> Probe:
    """Probe a server that has nothing else to do: what machine and client add."""
    with probing(server, template) as probe:
        time.sleep(seconds)
    return probe


def raise_file_limit() -> int:
    """Let this process and its children open as many files as the system allows it; how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


@contextmanager
def idle_crowd(server: Server, template: Template, count: int) -> Iterator[int]:
    """Keep that many connections open, each after one right answer; how many were had."""
    wires: list[Wire] = []
    try:
        for number in range(count):
            try:
                wires.append(Wire(server.port, source=f"127.0.0.{1 + number % _SOURCES}"))
            except OSError:  # files or ports ran out
                break
            if not is_right(template, wires[-1].ask(template.head)):
                raise SystemExit(f"{server.name} answered a connection wrongly after {number} others")
        yield len(wires)
    finally:
        for wire in wires:
            wire.close()


def loop_lag(server: Server) -> dict[str, float]:
    """What the server tells of the lag of its own event loop, in milliseconds; empty when it tells nothing."""
    found: dict[str, float] = {}
    with suppress(OSError):
        answer: Answer = ask(server.port, b"GET /_stubserver/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        for line in answer.body.decode(errors="replace").splitlines() if answer.status == 200 else ():
            name, _, value = line.rpartition(" ")
            if "loop" in name and "lag" in name and not name.startswith("#") and "bucket" not in name:
                with suppress(ValueError):
                    found[name] = float(value) * (1000 if "seconds" in name else 1)
    return found

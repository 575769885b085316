"""Counters for Prometheus: what was answered, by contract and outcome, never by path.

Answering adds one to an integer; all the rest is done when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stubserver.web.answer import Tally
from stubserver.web.siblings import Siblings

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Tallies:
    """One tally for each outcome of each contract. They outlive the pacts, so that no counter ever falls."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str, str], Tally] = {}

    def of(self, outcome: str, consumer: str = "", provider: str = "") -> Tally:
        """The tally of an outcome (`exact`, `lenient`, `none`, …), for one contract where one answered."""
        key = (outcome, consumer, provider)
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = Tally()
        return tally

    def __iter__(self) -> Iterator[tuple[tuple[str, str, str], int]]:
        return iter([(key, tally.count) for key, tally in self._tallies.items()])


class Reading(NamedTuple):
    """One value, read when somebody asks. A counter only ever grows."""

    name: str
    text: str
    value: float
    is_counter: bool = False


Told = dict[str, Any]  # what a worker tells of itself: answers and readings, as JSON can say them


class Metrics:
    """What the control door shows at `/metrics`: the tallies, some readings, and what Python says of the process.

    Of several workers, each has series of its own (`worker`), since each begins to count anew when it is started again;
    of the process, then, nothing is told.
    """

    def __init__(self, tallies: Tallies, read: Callable[[], Iterable[Reading]]) -> None:
        self._tallies = tallies
        self._read = read
        self.siblings: Siblings | None = None

    def told(self) -> Told:
        """What this worker has to tell."""
        answers = [[*(text.encode("utf-8", "replace").decode() for text in key), count] for key, count in self._tallies]
        return {"answers": answers, "readings": [list(reading) for reading in self._read()]}

    async def tell(self, _: Mapping[str, str]) -> Told:
        """The same, for another worker that asks."""
        return self.told()

    async def text(self) -> bytes:
        """The exposition, of all workers."""
        registry = CollectorRegistry()
        if self.siblings is None:
            registry.register(_Telling({None: self.told()}))
            ProcessCollector(registry=registry)
            PlatformCollector(registry=registry)
            GCCollector(registry=registry)
        else:
            told = await self.siblings.ask("metrics")
            registry.register(_Telling({str(worker): of_worker for worker, of_worker in told.items()}))
        return generate_latest(registry)


class _Telling(Collector):
    """What workers told, by their names; None is the only one."""

    def __init__(self, told: Mapping[str | None, Told]) -> None:
        self._told = told

    def collect(self) -> Iterator[Metric]:
        """All series."""
        further = [] if None in self._told else ["worker"]
        labels = ["outcome", "consumer", "provider", *further]
        answers = CounterMetricFamily("stubserver_answers", "Answers to requests for stubs.", labels=labels)
        readings: dict[str, Metric] = {}
        for worker, told in self._told.items():
            own = [] if worker is None else [worker]
            for *key, count in told["answers"]:
                answers.add_metric([*key, *own], count)
            for name, text, value, is_counter in told["readings"]:
                kind = CounterMetricFamily if is_counter else GaugeMetricFamily
                family = readings.setdefault(name, kind(f"stubserver_{name}", text, labels=further))
                family.add_metric(own, value)  # type: ignore[attr-defined]
        yield answers
        yield from readings.values()

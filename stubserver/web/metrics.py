"""Counters for Prometheus: what was answered, by contract and outcome, never by path.

Answering adds one to an integer; all the rest is done when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stubserver.web.answer import Tally

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


class Metrics(Collector):
    """What the control door shows at `/metrics`: the tallies, some readings, and what Python says of the process."""

    def __init__(self, tallies: Tallies, read: Callable[[], Iterable[Reading]]) -> None:
        self._tallies = tallies
        self._read = read
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def collect(self) -> Iterator[Metric]:
        """Everything of ours."""
        labels = ["outcome", "consumer", "provider"]
        answers = CounterMetricFamily("stubserver_answers", "Answers to requests for stubs.", labels=labels)
        for key, count in self._tallies:
            answers.add_metric([text.encode("utf-8", "replace").decode() for text in key], count)
        yield answers
        for reading in self._read():
            family = CounterMetricFamily if reading.is_counter else GaugeMetricFamily
            yield family(f"stubserver_{reading.name}", reading.text, value=reading.value)

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self._registry)

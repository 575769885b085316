"""Counters for Prometheus: what was answered, by contract and outcome, never by path.

Answering adds one to an integer; all the rest is done when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator

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


class Metrics(Collector):
    """What the control door shows at `/metrics`; `read` gives the gauges and counters that are not tallies."""

    def __init__(self, tallies: Tallies) -> None:
        self._tallies = tallies
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self.gauges: dict[str, tuple[str, float]] = {}
        self.counters: dict[str, tuple[str, float]] = {}

    def collect(self) -> Iterator[Metric]:
        """Everything of ours."""
        labels = ["outcome", "consumer", "provider"]
        answers = CounterMetricFamily("stubserver_answers", "Requests to stubs that were answered.", labels=labels)
        for key, count in self._tallies:
            answers.add_metric([text.encode("utf-8", "replace").decode() for text in key], count)
        yield answers
        for name, (text, value) in self.counters.items():
            yield CounterMetricFamily(f"stubserver_{name}", text, value=value)
        for name, (text, value) in self.gauges.items():
            yield GaugeMetricFamily(f"stubserver_{name}", text, value=value)

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self._registry)

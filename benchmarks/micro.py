"""What each phase costs: parse, compile, look up, decide, explain, render. `python -m benchmarks.micro`.

Every figure is the best of several rounds in one process, and stands beside two yardsticks of the same run: a call
that does nothing and `orjson.loads` of the same body. Compare ratios, not microseconds.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from aiohttp import web
from multidict import CIMultiDict
from rich.console import Console
from rich.table import Table

from benchmarks import corpus
from matching import CompiledInteraction, Index, Match, Mismatch, NoMatch, Request, find, load_pact, near_misses
from matching.parse import parse_pact
from stubserver.web.served import ready_headers

SIZES = (10, 100, 1_000, 10_000)


def best(work: Callable[[], Any], times: int, rounds: int = 5) -> float:
    """Seconds of one call, the best of several rounds of many calls."""
    found = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(times):
            work()
        found = min(found, (time.perf_counter() - started) / times)
    return found


def microseconds(seconds: float) -> str:
    """Seconds as microseconds, for the tables."""
    return f"{seconds * 1e6:,.2f}"


def nothing() -> None:
    """The yardstick of a call."""


def decide_each(index: Index, requests: list[Request]) -> Callable[[], None]:
    """Decide on the next of these requests, each from its raw parts, as one that just came in."""
    turn = iter(range(sys.maxsize))

    def work() -> None:
        template = requests[next(turn) % len(requests)]
        fresh = Request(template.method, template.path, template.query, template.header_lines, template.body)
        find(index, fresh)

    return work


def main() -> None:
    """Print the tables."""
    console = Console(width=140, soft_wrap=True)
    payload = json.dumps(corpus.body(5)).encode()
    yardsticks = {
        "an empty call": best(nothing, 1_000_000),
        f"orjson.loads of {len(payload)} bytes": best(lambda: orjson.loads(payload), 100_000),
    }
    table = Table("yardstick", "µs")
    for name, seconds in yardsticks.items():
        table.add_row(name, microseconds(seconds))
    console.print(table)
    console.print(load_table())
    console.print(phase_table())
    console.print(decide_table())


def load_table() -> Table:
    """What loading costs, per interaction."""
    table = Table("interactions", "parse µs each", "parse + compile µs each", "index µs each")
    for size in SIZES:
        document = corpus.pact(size)
        gc.collect()
        parsed = best(partial(parse_pact, document), 1, 3) / size
        loaded = best(partial(load_pact, document), 1, 3) / size
        pact = load_pact(document)
        indexed = best(partial(Index, pact.interactions), 1, 3) / size
        table.add_row(f"{size:,}", microseconds(parsed), microseconds(loaded), microseconds(indexed))
    return table


def phase_table() -> Table:
    """What the phases of one request cost, each alone, among 1,000 interactions."""
    table = Table("phase (1,000 interactions)", *KINDS)
    index = Index(load_pact(corpus.pact(1_000)).interactions)
    requests = {kind: list(corpus.requests(1_000, kind, 500)) for kind in KINDS}
    answering = {kind: find(index, requests[kind][0]) for kind in KINDS}
    rows: dict[str, Callable[[str], Callable[[], Any]]] = {
        "look up the candidates": lambda kind: partial(index.buckets, requests[kind][0]),
        "matches: one candidate": lambda kind: partial(accept_fresh, answering[kind], requests[kind][0]),
        "explain: one candidate, one mismatch": lambda kind: partial(explain_other, answering[kind], requests[kind][0]),
        "render: an answer object": lambda kind: partial(render, ready_headers(interaction_of(answering[kind]))),
    }
    for name, work in rows.items():
        table.add_row(name, *(microseconds(best(work(kind), 5_000)) for kind in KINDS))
    return table


KINDS = ("literal", "pattern", "query", "post")


def interaction_of(found: Match | NoMatch) -> CompiledInteraction:
    """The interaction of a match."""
    assert isinstance(found, Match)
    return found.interaction


def accept_fresh(found: Match | NoMatch, template: Request) -> bool:
    """Decide on one candidate, from the raw parts of a request that just came in."""
    return interaction_of(found).accepts(template.with_method(template.method))


def explain_other(found: Match | NoMatch, template: Request) -> list[Mismatch]:
    """Explain a request that differs in its method."""
    return list(interaction_of(found).explain(template.with_method("PURGE")))


def render(headers: CIMultiDict[str]) -> web.Response:
    """The answer as the stub door makes it, for a client without an Origin."""
    return web.Response(status=200, headers=headers.copy(), body=b"x" * 1024)


def decide_table() -> Table:
    """What a decision costs, by kind of request and number of interactions; the last column should be near 1."""
    table = Table("decision (µs)", *(f"{size:,}" for size in SIZES), "10,000 / 10")
    indexes = {size: Index(load_pact(corpus.pact(size)).interactions) for size in SIZES}
    for kind in ("literal", "pattern", "query", "post", "miss"):
        costs = []
        for size in SIZES:
            requests = list(corpus.requests(size, kind, 2_000))
            outcome = find(indexes[size], requests[0])
            assert isinstance(outcome, NoMatch if kind == "miss" else Match), kind
            costs.append(best(decide_each(indexes[size], requests), 5_000))
        table.add_row(f"find: {kind}", *map(microseconds, costs), f"{costs[-1] / costs[0]:.2f}")
    costs = []
    for size in SIZES:
        miss = next(corpus.requests(size, "miss", 1))
        costs.append(best(partial(near_misses, indexes[size], miss), 500))
    table.add_row("explain: near misses of a POST", *map(microseconds, costs), f"{costs[-1] / costs[0]:.2f}")
    costs = []
    for size in SIZES:
        lost = Request("GET", "/api/literal0/nothing")
        costs.append(best(partial(near_misses, indexes[size], lost), 50))
    table.add_row(
        "explain: near misses of a path nobody records", *map(microseconds, costs), f"{costs[-1] / costs[0]:.2f}"
    )
    return table


if __name__ == "__main__":
    main()

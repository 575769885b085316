"""What things take in memory, by differences of resident memory between servers that differ in nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks import corpus, traffic
from benchmarks.client import sweep
from benchmarks.measure import Options, tell, warm
from benchmarks.servers import Server, stubserver
from benchmarks.speed import EACH
from benchmarks.traffic import ASIDE, Plan, Template

_FEW, _MANY = 1_000, 6_000  # interactions, in pacts of EACH
_TOTAL, _FEW_PACTS, _MANY_PACTS = 2_000, 20, 500  # interactions, and in how many pacts
_KEPT = 3_000  # answers
_SEEN = 3  # times: a cache may take in only what comes again


def measure_memory(options: Options) -> dict[str, Any]:
    """Bytes for each interaction before and after its first answer, for each pact, and for each answer kept."""
    tell("memory")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        few, few_warm = _loaded(corpus.pacts(folder / "few", _FEW, EACH), _FEW)
        many, many_warm = _loaded(corpus.pacts(folder / "many", _MANY, EACH), _MANY)
        together, _ = _loaded(corpus.pacts(folder / "together", _TOTAL, _TOTAL // _FEW_PACTS), _TOTAL)
        apart, _ = _loaded(corpus.pacts(folder / "apart", _TOTAL, _TOTAL // _MANY_PACTS), _TOTAL)
        each = _MANY - _FEW
        return {
            "interaction": (many - few) / each,
            "interaction_answered": (many_warm - few_warm) / each,
            "interaction_in_file": len(corpus.pact(EACH)) / EACH,
            "pact": (apart - together) / (_MANY_PACTS - _FEW_PACTS),
            "kept_get": _kept(folder, traffic.unique_get(_FEW)),
            "kept_post": _kept(folder, traffic.unique_post(_FEW)),
        }


def _loaded(pacts: Path, interactions: int) -> tuple[int, int]:
    """Resident bytes when loaded, and when every interaction answered once."""
    with stubserver("memory", pacts) as server:
        loaded = server.rss() or 0
        warm(server, _all_of(interactions))
        return loaded, server.rss() or 0


def _all_of(interactions: int) -> Iterable[Plan]:
    return (traffic.unique_get(interactions, ["literal", "pattern", "query"]), traffic.unique_post(interactions))


def _kept(folder: Path, plan: Plan) -> float:
    """Bytes for each request that comes again and again; as many that never come again were sent before."""
    file = folder / "kept.json"
    file.write_bytes(corpus.pact(_FEW))
    with stubserver("memory", file) as server:
        _send(server, plan, ASIDE, _SEEN * _KEPT, 1)
        before = server.rss() or 0
        _send(server, plan, ASIDE + 1_000_000, _KEPT, _SEEN)
        return ((server.rss() or 0) - before) / _KEPT


def _send(server: Server, plan: Plan, first: int, count: int, times: int) -> None:
    """So many different requests, each several times."""
    templates = plan.templates
    made = [Template(templates[turn % len(templates)].filled(first + turn), None) for turn in range(count)]
    for _ in range(times):
        sweep(server.port, made)

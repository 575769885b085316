"""Do the benchmarks work, and does ours cost the same among few interactions and many? `make bench-smoke`.

Nothing here is timed: a busy machine must not fail it. Everything starts, every kind of traffic is answered rightly,
and the cost of a decision is counted in operations: the lines, calls and calls into C that Python runs for it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks import corpus, peer_files, traffic
from benchmarks.driver import drive, driver_name, written
from benchmarks.measure import tell, warm
from benchmarks.servers import Server, StartError, floor, pin_this_process, stubserver
from benchmarks.speed import first_request, floor_names, own_address, pact_of, plans_of
from benchmarks.traffic import Plan, Template, message, read_plan
from benchmarks.verify import WrongAnswerError, answering, ask, is_right, verify
from matching import Index, Match, NearMiss, NoMatch, Request, find, load_pact, near_misses

_SMALL, _LARGE = 10, 10_000
_GROWTH = 1.1  # of the operations from small to large; what a dict lookup or a set costs inside C is not counted
_SIZE = 100


class SmokeError(Exception):
    """Something that must hold does not."""


def operations(work: Callable[[], object]) -> int:
    """Lines, calls and calls into C that this work runs."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        nonlocal count
        count += 1
        return trace

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "c_call"

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(trace)
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return count


def check_operations() -> None:
    """Deciding and explaining must not run more operations among many interactions than among few."""
    indexes = {size: Index(load_pact(corpus.pact(size)).interactions) for size in (_SMALL, _LARGE)}
    for kind in ("literal", "pattern", "query", "post", "miss"):
        counts = {size: _decided(index, size, kind) for size, index in indexes.items()}
        _demand_flat(f"find: {kind}", counts)
    explained = {}
    for size, index in indexes.items():
        request = _last(size, "miss")
        _explained(index, request)
        explained[size] = operations(partial(_explained, index, request))
    _demand_flat("near misses: POST", explained)


def _decided(index: Index, size: int, kind: str) -> int:
    request = _last(size, kind)
    expected = NoMatch if kind == "miss" else Match
    if not isinstance(find(index, _fresh(request)), expected):  # also makes what is made on first use
        raise SmokeError(f"find: {kind} among {size}: not {expected.__name__}")
    return operations(lambda: find(index, _fresh(request)))


def _explained(index: Index, request: Request) -> list[NearMiss]:
    return near_misses(index, _fresh(request))


def _last(size: int, kind: str) -> Request:
    return list(corpus.requests(size, kind, 3))[-1]


def _fresh(request: Request) -> Request:
    """The request as one that just came in."""
    return Request(request.method, request.path, request.query, request.header_lines, request.body)


def _demand_flat(what: str, counts: dict[int, int]) -> None:
    small, large = counts[_SMALL], counts[_LARGE]
    tell(f"{what}: {small} operations among {_SMALL}, {large} among {_LARGE:,}")
    if large > small * _GROWTH:
        raise SmokeError(f"{what} grows with the number of interactions: {small} → {large} operations")


def check_servers(folder: Path) -> None:
    """Floors and ours start, answer rightly and are driven."""
    for name in floor_names():
        with floor(name) as server:
            content = ask(server.port, message("GET", "/anything")).json()
            if content != corpus.answer(0):
                raise SmokeError(f"the floor {name} answered {str(content)[:100]}")
    made = plans_of(_SIZE)
    with stubserver("one pact", pact_of(_SIZE, folder), ready=answering(first_request(_SIZE))) as server:
        for plan in made.values():
            verify(server.port, plan)
        warm(server, made.values())
        _drive(server, made["get"], answered=True)
        _drive(server, made["post"], answered=True)
    with stubserver("pacts", corpus.pacts(folder / "pacts", _SIZE, 20)) as server:
        for plan in made.values():
            verify(server.port, plan)
        _check_own_address(server)
    crowd = folder / "crowd.json"
    crowd.write_bytes(corpus.crowd(50))
    with stubserver("crowd", crowd) as server:
        verify(server.port, traffic.misses())
        _drive(server, traffic.misses(), answered=False)
    for content, plan in ((corpus.sized(1024), traffic.sized_post(1024)), (corpus.ruled(10), traffic.ruled_post())):
        crowd.write_bytes(content)
        with stubserver(plan.name, crowd) as server:
            verify(server.port, plan)


def _check_own_address(server: Server) -> None:
    position = 20 * 3 + 1
    content = message("GET", f"{own_address(3)}/api/pattern{position}/7")
    if not is_right(Template(content, None, corpus.answer(position)), ask(server.port, content)):
        raise SmokeError(f"no right answer at {own_address(3)}")


def _drive(server: Server, plan: Plan, *, answered: bool) -> None:
    with written(plan) as file:
        if [template.filled(1) for template in read_plan(file)] != [template.filled(1) for template in plan.templates]:
            raise SmokeError(f"the plan {plan.name} is not read as it was written")
        sample = drive(server, file, 1, connections=4, answered=answered)
    if sample.failed or not sample.requests:
        raise SmokeError(f"{server.name}, {plan.name}: {sample}")


def check_peer_files(folder: Path) -> None:
    """The corpus can be written in the language of every peer."""
    with _made(folder / "peers") as at:
        files = [peer_files.mockoon(8, at), peer_files.mountebank(8, at, 1), peer_files.prism(8, at)]
        files += [peer_files.pact(8, at), peer_files.wiremock(8, at) / "mappings" / "all.json"]
        for file in files:
            json.loads(file.read_text())


@contextmanager
def _made(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    yield folder


def main() -> int:
    """Check everything; 1 when something does not hold."""
    pin_this_process()
    tell(f"driven by {driver_name()}")
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            check_peer_files(Path(name))
            check_servers(Path(name))
        check_operations()
    except (SmokeError, WrongAnswerError, StartError, OSError) as error:
        print(f"bench-smoke: {error}", file=sys.stderr)
        return 1
    print("bench-smoke: everything starts, answers rightly, and costs the same among few and many")
    return 0


if __name__ == "__main__":
    sys.exit(main())

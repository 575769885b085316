"""Requests per second by kind of traffic and number of interactions, beside their floors; and what options cost."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import corpus, traffic
from benchmarks.measure import Options, Run, measured, plans, tell, warm
from benchmarks.servers import Server, Starting, floor, has_option, nginx_binary, stubserver
from benchmarks.traffic import Plan, Template, message
from benchmarks.verify import WrongAnswerError, answering, ask, is_right, verify

GETS = ("literal", "pattern", "query")
IN_ONE_PACT = 1_000  # interactions; more come in pacts of EACH
EACH = 100
FLOORS = {"exact": "nginx", "exact get": "nginx", "browser": "nginx", "get": "hello", "post": "json"}
BY_SIZE = ("exact", "get", "post")  # the plans that are run at every size
_FIRST_ANSWERS = 50


def plans_of(size: int) -> dict[str, Plan]:
    """The traffic for that many interactions."""
    return {
        "exact": traffic.exact(size),
        "exact get": traffic.exact(size, GETS),
        "browser": traffic.exact(size, GETS, browser=True),
        "get": traffic.unique_get(size),
        "post": traffic.unique_post(size),
    }


def pact_of(size: int, folder: Path) -> Path:
    """The pact file, or for many interactions the directory of pacts."""
    place = folder / f"{size}"
    if size > IN_ONE_PACT:
        return corpus.pacts(place, size, EACH)
    file = place.with_suffix(".json")
    file.write_bytes(corpus.pact(size))
    return file


def first_request(size: int) -> Template:
    """What a server is asked until it answers."""
    return traffic.exact(size, ["literal"]).templates[0]


def measure_sizes(options: Options) -> dict[str, Any]:
    """Rows 1 to 3, 5 and 9: floors and sizes in turn, every server up all the time and only one at work."""
    loading: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        floors = {of: stack.enter_context(floor(of)) for of in floor_names()}
        runs: list[Run] = []
        for size in options.sizes:
            made = plans_of(size)
            tell(f"loading {size:,} interactions")
            server = stack.enter_context(started(size, folder))
            loading[str(size)] = loaded(server, size)
            for plan in made.values():
                verify(server.port, plan)
            warm(server, made.values())
            loading[str(size)]["rss_warm"] = server.rss()
            chosen = made if size == options.main_size else {each: made[each] for each in BY_SIZE}
            files = stack.enter_context(plans(chosen))
            for each, file in files.items():
                if size == options.main_size:
                    runs += [Run(f"{each} {of}", floors[of], file) for of in floors_of(each) if of in floors]
                runs.append(Run(f"{each} {size}", server, file))
        runs.sort(key=lambda run: run.name.rsplit(" ", 1)[0])  # a floor and its subjects follow one another
        tell(f"{len(runs)} runs × {options.rounds} rounds × {options.seconds} s: floors and sizes")
        figures = measured(runs, options)
    return {"figures": figures.as_json(), "loading": loading, "main_size": options.main_size, "sizes": options.sizes}


def floor_names() -> list[str]:
    """The floors that can be run here."""
    return [*(["nginx"] if nginx_binary() else []), "hello", "json", "raw"]


def floors_of(plan: str) -> list[str]:
    """The floor of a plan; for one of them also that of the event loop."""
    return [FLOORS[plan], *(["raw"] if plan == "exact" else [])]


def started(size: int, folder: Path) -> Starting:
    """Ours with that many interactions, ready with its first right answer."""
    return stubserver(f"stubserver {size}", pact_of(size, folder), ready=answering(first_request(size)))


def loaded(server: Server, size: int) -> dict[str, Any]:
    """What loading took, and how long the first answers of pacts took that had not been asked before."""
    told: dict[str, Any] = {"seconds": server.started, "rss": server.rss(), "peak_rss": server.peak_rss()}
    if size > IN_ONE_PACT:
        told["first_ms_at_root"] = list(_first_answers(server, size, 1, lambda _: ""))
        told["first_ms_at_own_address"] = list(_first_answers(server, size, 2, own_address))
    return told


def own_address(number: int) -> str:
    """Where one integration is served alone."""
    return f"/pacts/provider/provider-{number}/consumer/consumer-{number}/latest/stub"


def _first_answers(server: Server, size: int, kind: int, base: Callable[[int], str]) -> Iterator[float]:
    """Milliseconds of the first GETs to pacts that nobody asked yet."""
    count = size // EACH
    for turn in range(min(_FIRST_ANSWERS, count // 3)):
        number = (turn * 2 + kind) % count  # the first pact was asked already; the two series meet no pact of the other
        position = number * EACH + EACH // 2 - 1
        target = f"{base(number)}/api/pattern{position}/7"
        content = message("GET", target)
        began = time.perf_counter()
        answer = ask(server.port, content)
        yield (time.perf_counter() - began) * 1000
        if not is_right(Template(content, None, corpus.answer(position)), answer):
            raise WrongAnswerError(f"{target} was answered with {answer.status} {answer.body[:200]!r}")


def measure_options(options: Options) -> dict[str, Any]:
    """Row 6: the default beside metrics off, an access log, and no caches."""
    size = options.main_size
    variants = {
        "default": [],
        "no metrics": ["--no-metrics"],
        "access log": ["--access-log", "access.log"],  # in the server's own folder
        "no caches": ["--hot-cache", "0"],
    }
    missing = [name for name, words in variants.items() if words and not has_option(words[0])]
    made = {"exact": traffic.exact(size), "get": traffic.unique_get(size)}
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        pact, files = pact_of(size, Path(name)), stack.enter_context(plans(made))
        ready = answering(first_request(size))
        runs, chosen = [], [variant for variant in variants if variant not in missing]
        for variant in chosen:
            server = stack.enter_context(stubserver(variant, pact, *variants[variant], ready=ready))
            for plan in made.values():
                verify(server.port, plan)
            warm(server, made.values())
            runs += [Run(f"{each} {variant}", server, file) for each, file in files.items()]
        runs.sort(key=lambda run: run.name.split(" ", 1)[0])
        tell(f"{len(runs)} runs × {options.rounds} rounds × {options.seconds} s: options")
        figures = measured(runs, options)
    return {"figures": figures.as_json(), "missing": missing, "variants": chosen, "plans": list(made)}

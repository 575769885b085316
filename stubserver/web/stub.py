"""The stub door: a request comes in, the interaction that matches it answers.

A warm request takes this way, and no other: the address is read from the path, the index gives the candidates, the
first that accepts answers with what was made ready when it answered first. Nothing on this way waits. Only a miss pays
for an explanation, and what may take long is done in a thread: `answer` gives the answer, or something to await for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

import structlog
from cachetools import LRUCache
from multidict import CIMultiDict

from matching import (
    CompiledInteraction,
    GeneratorContext,
    Match,
    NoMatch,
    PatternError,
    Request,
    ResponseTemplate,
    StateSelector,
    echo_template,
)
from stubserver.catalog import LONGEST_BODY, Catalog, Decisions, HotCache, Snapshot, Stub
from stubserver.errors import BadRequestError, StubServerError
from stubserver.web.addressing import AddressBook
from stubserver.web.answer import ALWAYS, NEVER, Answer, Event
from stubserver.web.cors import Cors
from stubserver.web.generation import Generation
from stubserver.web.metrics import Tallies
from stubserver.web.misses import STATE_HEADER, Question, explain_miss, miss_text
from stubserver.web.problems import JSON_HEADERS, PROBLEM_TYPE, SERVER, dumped, problem_document
from stubserver.web.served import Served, ready_headers
from stubserver.web.visit import Visit
from stubserver.web.wire import split_target

P = ParamSpec("P")
T = TypeVar("T")

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_PACTFLOW_STATE_HEADER = "pactflow-stub-provider-state"
_STATELESS_HEADER = "X-Stub-Stateless"
_PACTFLOW_STATELESS_HEADER = "pactflow-stub-include-empty-provider-states"
_OUR_HEADERS = frozenset({"x-stub-match", "x-stub-interaction"})
_EXPLAIN_IN_THREAD = 4 << 10  # bytes of body from which an explanation leaves the event loop
_THREADS = 2
_ORIGINS = 16  # origins for which an interaction's answer is kept ready
_SELECTORS = 256  # provider states that were asked for and are kept ready


@dataclass(frozen=True, slots=True)
class StubOptions:
    """What the stub door can be told; see the settings of the same names."""

    lenient: bool = False
    hot_cache: int = 16 << 20
    no_match_status: int = 500
    near_misses: int = 3
    head: bool = False
    provider_state: str | None = None
    provider_state_header: str | None = None
    stateless: bool = True
    cors: bool = True
    cors_referer: bool = False
    seed: str = ""
    clock: str = "today"
    random: bool = False
    echo: bool = False
    log_hits: bool = False


_Step = Answer | Awaitable[Any]  # an answer, or what has to be awaited for the next step towards one


class StubDoor:
    """Answers requests for stubs."""

    def __init__(self, catalog: Catalog, options: StubOptions) -> None:
        """Raises PatternError when the provider state of the options is not a pattern, ValueError for a bad clock."""
        self._catalog = catalog
        self._options = options
        self._cors = Cors(from_referer=options.cors_referer) if options.cors else None
        self._state_headers = tuple(filter(None, (STATE_HEADER, _PACTFLOW_STATE_HEADER, options.provider_state_header)))
        self._selectors: LRUCache[tuple[str, bool], StateSelector] = LRUCache(_SELECTORS)
        self.generation = Generation(options.seed, options.clock, random=options.random)
        self.tallies = Tallies()
        self.replayed = 0
        self._served = self._serve(catalog.current)
        self._pool = ThreadPoolExecutor(_THREADS, "matching")
        self._explaining = asyncio.Semaphore(_THREADS)
        if options.provider_state is not None:
            StateSelector(options.provider_state)

    @property
    def book(self) -> AddressBook:
        """The addresses of what is served now."""
        return self.serving().book

    @property
    def remembered_bytes(self) -> int:
        """What both levels of the hot cache are counted with."""
        return int(self._served.replay.currsize) + self._served.decisions.size

    def serving(self) -> Served:
        """What belongs to the catalog's current snapshot, made anew when that was replaced."""
        if self._served.book.snapshot is not self._catalog.current:
            self._served = self._serve(self._catalog.current)
        return self._served

    def _serve(self, snapshot: Snapshot) -> Served:
        half = self._options.hot_cache // 2
        return Served(AddressBook(snapshot), HotCache(half), Decisions(half, lenient=self._options.lenient))

    def answer(self, visit: Visit) -> Answer | Awaitable[Answer]:
        """The answer to a request, or what to await for it. What cannot be understood is answered with a problem; so is
        what goes wrong by our own mistake, which is logged. Never raises.
        """
        try:
            served = visit.served = self.serving()
            path, query = split_target(visit.target)
            visit.resolved = resolved = served.book.resolve(path)
            fields, body = visit.fields, visit.body
            visit.state = None if fields.asks_for_no_state else self.state_selector(fields.headers)
            fields.asks_for_no_state = visit.state is None
            visit.request = request = Request(visit.method, resolved.path, query, fields, body)
            if len(body) > LONGEST_BODY:  # a large body must not hold up everyone else
                step: _Step = self._answer_aside(visit)
            else:
                step = self._answer_found(visit, served.decisions.decide(resolved.stub, request, visit.state))
        except Exception as error:
            return self.refuse(visit, error)
        return step if isinstance(step, Answer) else self._awaited(visit, step)

    async def _awaited(self, visit: Visit, answer: _Step) -> Answer:
        try:
            while not isinstance(answer, Answer):
                answer = await answer
        except Exception as error:
            return self.refuse(visit, error)
        return answer

    async def _answer_aside(self, visit: Visit) -> _Step:
        decide = visit.served.decisions.decide
        return self._answer_found(visit, await self.in_thread(decide, visit.resolved.stub, visit.request, visit.state))

    def _answer_found(self, visit: Visit, found: Match | NoMatch) -> _Step:
        request = visit.request
        if self._tries_as_get(request, found):
            found = visit.served.decisions.decide(visit.resolved.stub, request.with_method("GET"), visit.state)
        if isinstance(found, Match):
            if found.interaction.template is None and not self._options.echo:
                return self._hit(visit, found)
            return self._fill(visit, found)
        headers = visit.fields.headers
        if self._cors is not None and self._cors.is_preflight(request.method, headers):
            lines = CIMultiDict({"Server": SERVER, **self._cors.preflight_headers(headers)})
            tally = self.tallies.of("preflight")
            return Answer(204, lines, b"", tally, outcome="preflight", lasts_until=ALWAYS)
        snapshot = visit.served.book.snapshot
        question = Question(snapshot, visit.resolved, request, visit.state, visit.fields.server, found.gave_up)
        return self._explain(visit, question)

    def decide(self, stub: Stub, request: Request, state: StateSelector | None) -> Match | NoMatch:
        """What the stub door would answer the request with; remembers nothing, so any thread may ask."""
        decisions = Decisions(0, lenient=self._options.lenient)
        found = decisions.decide(stub, request, state)
        if self._tries_as_get(request, found):
            return decisions.decide(stub, request.with_method("GET"), state)
        return found

    def _tries_as_get(self, request: Request, found: Match | NoMatch) -> bool:
        return self._options.head and isinstance(found, NoMatch) and request.method == "HEAD"

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work that takes long beside the event loop; little of it at once, since each may hold a large body."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, functools.partial(work, *args, **kwargs))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def state_selector(self, headers: Mapping[str, str]) -> StateSelector | None:
        """The provider state that a request with these headers (or else the settings) asks for. Raises
        BadRequestError.
        """
        asked = None
        for name in self._state_headers:
            if name in headers:
                asked = headers[name]
                break
        else:
            if self._options.provider_state is None:
                return None
        hidden = (
            headers.get(_STATELESS_HEADER, "").lower() == "hide"
            or headers.get(_PACTFLOW_STATELESS_HEADER, "").lower() == "false"
        )
        return self.selector_for(asked, stateless=False if hidden else None)

    def selector_for(self, source: str | None, *, stateless: bool | None = None) -> StateSelector | None:
        """The selector for a provider state, or for that of the settings. Raises BadRequestError."""
        source = self._options.provider_state if source is None else source
        if not source:
            return None
        stateless = self._options.stateless if stateless is None else stateless
        selector = self._selectors.get((source, stateless))
        if selector is None:
            try:
                selector = StateSelector(source, stateless=stateless)
            except PatternError as error:
                cure = "send a regular expression that is found in the state's name"
                raise BadRequestError(f"the provider state {source!r} {error}", cure) from None
            self._selectors[source, stateless] = selector
        return selector

    def _hit(self, visit: Visit, found: Match) -> Answer:
        """What the interaction recorded: made once for each origin that asks, and kept with the match."""
        origin = self._cors.origin_of(visit.fields.headers) if self._cors is not None else None
        memo = found.memo
        if origin is None and type(memo) is Answer:
            return memo
        if found.lenient or found.gave_up or self._options.log_hits:
            return self._made(visit, found, origin, NEVER if found.gave_up else ALWAYS)
        if memo is None and origin is None:
            memo = found.memo = self._made(visit, found, None, ALWAYS, is_shared=True)
            return memo
        if not isinstance(memo, dict):
            memo = found.memo = {None: memo or self._made(visit, found, None, ALWAYS, is_shared=True)}
        answer: Answer | None = memo.get(origin)
        if answer is None:
            answer = self._made(visit, found, origin, ALWAYS, is_shared=True)
            if len(memo) < _ORIGINS:
                memo[origin] = answer
        return answer

    def _made(
        self,
        visit: Visit,
        found: Match,
        origin: str | None,
        lasts_until: float,
        *,
        is_shared: bool = False,
        generated: _Filled | None = None,
    ) -> Answer:
        """The answer of an interaction; `generated` is status, body and headers in place of the recorded ones."""
        interaction = found.interaction
        headers = ready_headers(interaction)
        status, body = interaction.response.status, interaction.response.body
        if generated is not None:
            status, body, lines = generated
            for name, value in lines:
                if name.lower() not in _OUR_HEADERS:
                    headers[name] = value
        outcome = "lenient" if found.lenient else "exact"
        headers["X-Stub-Match"] = outcome
        if self._cors is not None:
            self._cors.allow(origin, headers)
        event = None
        if self._options.log_hits:
            values = {
                "target": f"{visit.method} {visit.target}",
                "interaction": interaction.interaction.description,
                "pact": f"{interaction.consumer} → {interaction.provider}",
                "status": status,
            }
            event = ("debug", "match", values)
        return Answer(
            status,
            headers,
            body,
            self.tallies.of(outcome, interaction.consumer, interaction.provider),
            outcome=outcome,
            interaction=interaction.id,
            lasts_until=lasts_until,
            is_shared=is_shared,
            event=event,
        )

    def _fill(self, visit: Visit, found: Match) -> _Step:
        """An answer with generated values, if it has any."""
        interaction, echoing, request = found.interaction, visit.served.echoing, visit.request
        template = interaction.template
        if self._options.echo:
            if interaction not in echoing:
                return self._fill_first(visit, found)
            template = echoing[interaction]
        if template is None:
            return self._hit(visit, found)
        if request.method != interaction.method:  # HEAD answered as GET: with the values of GET
            request = request.with_method(interaction.method)
        context = self.generation.context(
            visit.fields.headers,
            interaction.id,
            visit.fields.server + visit.resolved.base,
            interaction.interaction.states,
            request,
            interaction.header_names,
        )
        if template.is_large:  # thousands of values must not hold up everyone else
            return self._fill_aside(visit, found, template, context)
        return self._generated(visit, found, _filled(interaction, template, context), context.now)

    async def _fill_first(self, visit: Visit, found: Match) -> _Step:
        """What of the interaction's answer is echoed is found out when it answers first."""
        visit.served.echoing[found.interaction] = await self.in_thread(echo_template, found.interaction)
        return self._fill(visit, found)

    async def _fill_aside(
        self, visit: Visit, found: Match, template: ResponseTemplate, context: GeneratorContext
    ) -> _Step:
        filled = await self.in_thread(_filled, found.interaction, template, context)
        return self._generated(visit, found, filled, context.now)

    def _generated(self, visit: Visit, found: Match, filled: _Filled, now: datetime) -> Answer:
        given = visit.fields.headers
        origin = self._cors.origin_of(given) if self._cors is not None else None
        lasts_until = NEVER if found.gave_up else self.generation.lasts_until(given, now)
        return self._made(visit, found, origin, lasts_until, generated=filled)

    async def _explain(self, visit: Visit, question: Question) -> _Step:
        """One explanation after the other, and others are served in between."""
        async with self._explaining:
            if len(question.request.body) > _EXPLAIN_IN_THREAD:
                report = await self.in_thread(explain_miss, question, self._options.near_misses)
            else:
                await asyncio.sleep(0)
                report = explain_miss(question, self._options.near_misses)
        return self._miss(visit, question, report)

    def _miss(self, visit: Visit, question: Question, report: dict[str, Any]) -> Answer:
        # Names only: values may be secrets or personal, and logs are kept.
        values = {"method": visit.method, "path": question.request.path[:200], "nearest": _nearest(report)}
        headers, body = miss_content(visit.fields.headers.get("Accept", ""), report)
        self._allow(visit, headers)
        return Answer(
            self._options.no_match_status,
            headers,
            body,
            self.tallies.of("none"),
            outcome="none",
            lasts_until=NEVER if question.gave_up else ALWAYS,
            event=("warning", "no match", values),
        )

    def refuse(self, visit: Visit, error: Exception) -> Answer:
        """The answer that tells what is wrong; a mistake of ours is logged."""
        if not isinstance(error, StubServerError):
            log.error("unexpected error", target=f"{visit.method} {visit.target}", exc_info=error)
            error = StubServerError("something unexpected went wrong; it was logged", "report it")
        headers = CIMultiDict({"Content-Type": PROBLEM_TYPE, **JSON_HEADERS, "X-Stub-Match": "none"})
        self._allow(visit, headers)
        body = dumped(problem_document(error))
        return Answer(error.status, headers, body, self.tallies.of("refused"), outcome="refused")

    def _allow(self, visit: Visit, headers: CIMultiDict[str]) -> None:
        if self._cors is not None:
            self._cors.allow(self._cors.origin_of(visit.fields.headers), headers)

    def tell(self, event: Event) -> None:
        """Log what an answer has to say, each time that it is given."""
        level, text, values = event
        # Whoever read the log may be gone; the client is still there.
        with contextlib.suppress(OSError, ValueError):
            getattr(log, level)(text, **values)


_Filled = tuple[int, bytes, list[tuple[str, str]]]  # status, body and header lines with generated values


def _filled(interaction: CompiledInteraction, template: ResponseTemplate, context: GeneratorContext) -> _Filled:
    status = template.fill_status(context, interaction.response.status)
    body = template.fill_body(context, status, interaction.response.body)
    return status, body, list(template.fill_headers(context))


def _nearest(report: dict[str, Any]) -> str | None:
    """The nearest interaction and where it differs, without values."""
    if not report["nearest"]:
        return None
    near = report["nearest"][0]
    places = [f"{mismatch['part']} {mismatch['path'][:100]}".strip() for mismatch in near["mismatches"][:3]]
    return f"{near['interaction']['description'][:100]} ({', '.join(places)})"


def miss_content(accept: str, report: dict[str, Any]) -> tuple[CIMultiDict[str], bytes]:
    """The report as text where the client accepts text or HTML before JSON, otherwise as JSON; with its headers."""
    headers: CIMultiDict[str] = CIMultiDict({"X-Stub-Match": "none", **JSON_HEADERS})
    if "json" not in accept and ("text/html" in accept or "text/plain" in accept):
        headers["Content-Type"] = "text/plain; charset=utf-8"
        return headers, miss_text(report).encode("utf-8", "backslashreplace")
    headers["Content-Type"] = "application/json"
    return headers, dumped(report)

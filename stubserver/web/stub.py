"""The stub door: a request comes in, the interaction that matches it answers.

A warm request takes this way, and no other: the address is read from the path, the body is read (the one await), the
index gives the candidates, the first that accepts answers with what was made ready when its pact was loaded. Only a
miss pays for an explanation.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import structlog
from aiohttp import web
from aiohttp.web_request import BaseRequest
from multidict import CIMultiDict

from matching import (
    CompiledInteraction,
    Match,
    NoMatch,
    PatternError,
    Request,
    ResponseTemplate,
    StateSelector,
    echo_template,
)
from stubserver.catalog import LONGEST_BODY, Catalog, Decisions, Snapshot, Stub
from stubserver.errors import BadRequestError, StubServerError
from stubserver.web.addressing import AddressBook, Resolved
from stubserver.web.cors import Cors
from stubserver.web.generation import Generation
from stubserver.web.misses import STATE_HEADER, Question, explain_miss, miss_text
from stubserver.web.problems import SERVER, dumped, problem_response
from stubserver.web.wire import description_text, read_body, server_of, split_target, to_matching

P = ParamSpec("P")
T = TypeVar("T")

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_PACTFLOW_STATE_HEADER = "pactflow-stub-provider-state"
_STATELESS_HEADER = "X-Stub-Stateless"
_PACTFLOW_STATELESS_HEADER = "pactflow-stub-include-empty-provider-states"
_OUR_HEADERS = frozenset({"x-stub-match", "x-stub-interaction"})
_EXPLAIN_IN_THREAD = 4 << 10  # bytes of body from which an explanation leaves the event loop
_THREADS = 2


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


@dataclass(frozen=True, slots=True)
class _Served:
    """What belongs to one snapshot. A request that has begun finishes with the one it began with."""

    book: AddressBook
    decisions: Decisions
    headers: dict[CompiledInteraction, CIMultiDict[str]]  # ready header lines of answers given before
    echoing: dict[CompiledInteraction, ResponseTemplate | None]  # templates with echo, of those asked for before


class StubDoor:
    """Answers requests for stubs."""

    def __init__(self, catalog: Catalog, options: StubOptions) -> None:
        """Raises PatternError when the provider state of the options is not a pattern, ValueError for a bad clock."""
        self._catalog = catalog
        self._options = options
        self._cors = Cors(from_referer=options.cors_referer) if options.cors else None
        self._state_headers = tuple(filter(None, (STATE_HEADER, _PACTFLOW_STATE_HEADER, options.provider_state_header)))
        self.generation = Generation(options.seed, options.clock, random=options.random)
        self._served = self._serve(catalog.current)
        self._pool = ThreadPoolExecutor(_THREADS, "matching")
        if options.provider_state is not None:
            StateSelector(options.provider_state)

    @property
    def book(self) -> AddressBook:
        """The addresses of what is served now."""
        return self._serving().book

    def _serving(self) -> _Served:
        """What belongs to the catalog's current snapshot, made anew when that was replaced."""
        if self._served.book.snapshot is not self._catalog.current:
            self._served = self._serve(self._catalog.current)
        return self._served

    def _serve(self, snapshot: Snapshot) -> _Served:
        return _Served(AddressBook(snapshot), Decisions(self._options.hot_cache, lenient=self._options.lenient), {}, {})

    async def answer(self, request: BaseRequest) -> web.StreamResponse:
        """Answer one request; what cannot be understood is answered with a problem."""
        try:
            return await self._answer(request)
        except StubServerError as error:
            response = problem_response(error)
            response.headers["X-Stub-Match"] = "none"
            if self._cors is not None:
                self._cors.allow(request, response.headers)
            return response

    async def _answer(self, request: BaseRequest) -> web.StreamResponse:
        served = self._serving()
        path, query = split_target(request.raw_path)
        resolved = served.book.resolve(path)
        state = self.state_selector(request)
        actual = to_matching(request, resolved.path, query, await read_body(request))
        if len(actual.body) > LONGEST_BODY:  # a large body must not hold up everyone else
            found = await self.in_thread(self._decide, served.decisions, resolved.stub, actual, state)
        else:
            found = self._decide(served.decisions, resolved.stub, actual, state)
        if isinstance(found, Match):
            template = found.interaction.template if not self._options.echo else await self._echoing(served, found)
            if template is not None:
                return await self._generated(request, served, resolved, actual, found, template)
            response = found.interaction.response
            return self._hit(request, served, found, response.status, response.body)
        if self._cors is not None and self._cors.is_preflight(request):
            return web.Response(status=204, headers={"Server": SERVER, **self._cors.preflight_headers(request)})
        question = Question(served.book.snapshot, resolved, actual, state, server_of(request), found.gave_up)
        return await self._miss(request, question)

    def _decide(
        self, decisions: Decisions, stub: Stub, request: Request, state: StateSelector | None
    ) -> Match | NoMatch:
        found = decisions.decide(stub, request, state)
        if isinstance(found, NoMatch) and self._options.head and request.method == "HEAD":
            return decisions.decide(stub, request.with_method("GET"), state)
        return found

    def decide(self, stub: Stub, request: Request, state: StateSelector | None) -> Match | NoMatch:
        """What the stub door would answer the request with; remembers nothing, so any thread may ask."""
        return self._decide(Decisions(0, lenient=self._options.lenient), stub, request, state)

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work that takes long beside the event loop; little of it at once, since each may hold a large body."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, functools.partial(work, *args, **kwargs))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def state_selector(self, request: BaseRequest) -> StateSelector | None:
        """The provider state that the request (or else the settings) asks for. Raises BadRequestError."""
        headers = request.headers
        asked = next((headers[name] for name in self._state_headers if name in headers), None)
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
        try:
            return StateSelector(source, stateless=self._options.stateless if stateless is None else stateless)
        except PatternError as error:
            cure = "send a regular expression that is found in the state's name"
            raise BadRequestError(f"the provider state {source!r} {error}", cure) from None

    def _hit(
        self,
        request: BaseRequest,
        served: _Served,
        found: Match,
        status: int,
        body: bytes,
        generated_headers: Iterable[tuple[str, str]] = (),
    ) -> web.StreamResponse:
        interaction = found.interaction
        ready = served.headers.get(interaction)
        if ready is None:
            ready = served.headers[interaction] = ready_headers(interaction)
        headers = ready.copy()
        for name, value in generated_headers:
            if name.lower() not in _OUR_HEADERS:
                headers[name] = value
        if found.lenient:
            headers["X-Stub-Match"] = "lenient"
        if self._options.log_hits:
            log.debug(
                "match",
                target=f"{request.method} {request.raw_path}",
                interaction=interaction.interaction.description,
                pact=f"{interaction.consumer} → {interaction.provider}",
                status=status,
            )
        if self._cors is not None:
            self._cors.allow(request, headers)
        return web.Response(status=status, headers=headers, body=body)

    async def _echoing(self, served: _Served, found: Match) -> ResponseTemplate | None:
        """What of the interaction's answer is generated, echoed values included; made when it first answers."""
        interaction = found.interaction
        if interaction not in served.echoing:
            served.echoing[interaction] = await self.in_thread(echo_template, interaction)
        return served.echoing[interaction]

    async def _generated(
        self,
        request: BaseRequest,
        served: _Served,
        resolved: Resolved,
        actual: Request,
        found: Match,
        template: ResponseTemplate,
    ) -> web.StreamResponse:
        """An answer with generated values."""
        interaction = found.interaction
        if actual.method != interaction.method:  # HEAD answered as GET: with the values of GET
            actual = actual.with_method(interaction.method)
        context = self.generation.context(
            request,
            interaction.id,
            server_of(request) + resolved.base,
            interaction.interaction.states,
            actual,
            interaction.header_names,
        )
        status = template.fill_status(context, interaction.response.status)
        if template.is_large:  # thousands of values must not hold up everyone else
            body = await self.in_thread(template.fill_body, context, status, interaction.response.body)
        else:
            body = template.fill_body(context, status, interaction.response.body)
        return self._hit(request, served, found, status, body, template.fill_headers(context))

    async def _miss(self, request: BaseRequest, question: Question) -> web.StreamResponse:
        limit = self._options.near_misses
        if len(question.request.body) > _EXPLAIN_IN_THREAD:
            report = await self.in_thread(explain_miss, question, limit)
        else:
            report = explain_miss(question, limit)
        # Names only: values may be secrets or personal, and logs are kept.
        log.warning("no match", method=request.method, path=question.request.path[:200], nearest=_nearest(report))
        headers: CIMultiDict[str] = CIMultiDict({"X-Stub-Match": "none", "Server": SERVER})
        if self._cors is not None:
            self._cors.allow(request, headers)
        return miss_response(request, report, self._options.no_match_status, headers)


def ready_headers(interaction: CompiledInteraction) -> CIMultiDict[str]:
    """The header lines of an interaction's answer: as recorded, then ours."""
    headers = CIMultiDict(interaction.response.headers)
    headers["X-Stub-Match"] = "exact"
    headers["X-Stub-Interaction"] = f"{interaction.id} {description_text(interaction.interaction.description)}"
    headers.setdefault("Server", SERVER)
    return headers


def _nearest(report: dict[str, Any]) -> str | None:
    """The nearest interaction and where it differs, without values."""
    if not report["nearest"]:
        return None
    near = report["nearest"][0]
    places = [f"{mismatch['part']} {mismatch['path'][:100]}".strip() for mismatch in near["mismatches"][:3]]
    return f"{near['interaction']['description'][:100]} ({', '.join(places)})"


def miss_response(request: BaseRequest, report: dict[str, Any], status: int, headers: CIMultiDict[str]) -> web.Response:
    """The report as text where the client asks for text or HTML before JSON, otherwise as JSON."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cache-Control"] = "no-store"
    accept = request.headers.get("Accept", "")
    if "json" not in accept and ("text/html" in accept or "text/plain" in accept):
        text = miss_text(report).encode("utf-8", "backslashreplace")
        return web.Response(status=status, body=text, content_type="text/plain", charset="utf-8", headers=headers)
    return web.Response(status=status, body=dumped(report), content_type="application/json", headers=headers)

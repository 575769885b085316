"""The stub door: a request comes in, the interaction that matches it answers.

A warm request takes this way, and no other: the address is read from the path, the index gives the candidates, the
first that accepts answers with what was made ready when it answered first. Nothing on this way waits. Only a miss pays
for an explanation, and what may take long is done in a thread: `answer` gives the answer, or something to await for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, ParamSpec, TypeVar

import structlog
from multidict import CIMultiDict

from matching import Match, NoMatch, Request, StateSelector
from stubserver.catalog import ALL, LONGEST_BODY, Address, Catalog, Decisions, HostedCatalog, HotCache, Stub
from stubserver.errors import NotFoundError, StubServerError
from stubserver.security import Guard
from stubserver.store import StoreUnavailableError
from stubserver.web.addressing import AddressBook, Naming, Place, Resolved, at_root, base_path
from stubserver.web.answer import ALWAYS, NEVER, Answer, Event
from stubserver.web.asks import AskDefaults, AskReader
from stubserver.web.auth import Access
from stubserver.web.generation import Generation
from stubserver.web.giving import Giving, Step
from stubserver.web.metrics import Tallies
from stubserver.web.misses import Question, explain_miss, miss_content, nearest_place
from stubserver.web.outside import Outside
from stubserver.web.pages import accepts_html, links_of
from stubserver.web.problems import JSON_HEADERS, PROBLEM_TYPE, SERVER, dumped, problem_document
from stubserver.web.redaction import blotted_text
from stubserver.web.served import Served
from stubserver.web.visit import Fields, Visit

P = ParamSpec("P")
T = TypeVar("T")

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_EXPLAIN_IN_THREAD = 4 << 10  # bytes of body from which an explanation leaves the event loop
_THREADS = 2
_SHOWN = 300  # characters of a path that the audit has
_HOSTS = 1000  # host names whose addresses are remembered


@dataclass(frozen=True, slots=True)
class StubOptions:
    """What the stub door can be told; see the settings of the same names."""

    lenient: bool = False
    hot_cache: int = 16 << 20
    no_match_status: int = 500
    near_misses: int = 3
    head: bool = False
    asks: AskDefaults = field(default_factory=AskDefaults)
    seed: str = ""
    clock: str = "today"
    random: bool = False
    echo: bool = False
    log_hits: bool = False


class StubDoor:
    """Answers requests for stubs."""

    def __init__(
        self,
        catalog: Catalog,
        hosted: HostedCatalog | None = None,
        access: Access | None = None,
        options: StubOptions | None = None,
        outside: Outside | None = None,
        naming: Naming | None = None,
    ) -> None:
        """Raises PatternError when the provider state of the options is not a pattern, ValueError for a bad clock."""
        self._catalog = catalog
        self._hosted = hosted
        self._options = options = options or StubOptions()
        self.outside = outside or Outside()
        self.naming = naming or Naming()
        self.asks = AskReader(options.asks, access or Access(Guard()))
        self.generation = Generation(options.seed, options.clock, random=options.random)
        self.tallies = Tallies()
        self._giving = Giving(
            self,
            self.generation,
            self.tallies,
            self.asks.default_cors,
            echo=options.echo,
            log_hits=options.log_hits,
        )
        self.replayed = 0
        self._hosts: dict[str | None, Address | None] = {}
        self._served = self._serve()
        self._pool = ThreadPoolExecutor(_THREADS, "matching")
        self._explaining = asyncio.Semaphore(_THREADS)
        self._suggesting = asyncio.Semaphore(1)

    @property
    def book(self) -> AddressBook:
        """The addresses of what is served now."""
        return self._now().book

    @property
    def remembered_bytes(self) -> int:
        """What both levels of the hot cache are counted with."""
        return int(self._served.replay.currsize) + self._served.decisions.size

    def place(self, target: str, fields: Fields) -> Place | None:
        """Where a request target with these header fields is addressed to; None for the control door."""
        host = fields.headers.get("Host")
        try:
            address = self._hosts[host]
        except KeyError:
            address = self.naming.host_address(host)
            if len(self._hosts) < _HOSTS:
                self._hosts[host] = address
        return self.naming.place(target, address)

    def serving(self) -> Served:
        """What belongs to what is served now, made anew when that was replaced. It is empty, and `is_behind`, when
        another worker wrote something that has to be known first.
        """
        hosted = self._hosted
        if hosted is not None and hosted.has_siblings and hosted.is_behind:
            none = Decisions(0, lenient=self._options.lenient)
            return replace(self._served, replay=HotCache(0), decisions=none, is_behind=True)
        return self._now()

    def _now(self) -> Served:
        served, hosted = self._served, self._hosted
        if served.book.snapshot is not self._catalog.current or (
            hosted is not None and served.epoch is not hosted.epoch
        ):
            self._served = self._serve()
        return self._served

    def _serve(self) -> Served:
        half = self._options.hot_cache // 2
        epoch = self._hosted.epoch if self._hosted is not None else None
        book = AddressBook(self._catalog.current, self._hosted)
        return Served(book, epoch, HotCache(half), Decisions(half, lenient=self._options.lenient))

    def server(self, visit: Visit) -> str:
        """Scheme and host, with the prefix of a proxy, as the client wrote them."""
        fields = visit.fields
        if visit.place.address.is_host and "Host" in fields.headers:
            return self.outside.host_server(fields.headers["Host"])
        return fields.server or self.outside.server(fields.headers, trusted=bool(self.outside.proxies))

    def answer(self, visit: Visit, served: Served | None = None) -> Answer | Awaitable[Answer]:
        """The answer to a request, or what to await for it. What cannot be understood is answered with a problem; so is
        what goes wrong by our own mistake, which is logged. Never raises.
        """
        try:
            served = visit.served = served or self.serving()
            step = self._answer_late(visit) if served.is_behind else self._answer_now(visit)
        except Exception as error:
            return self.refuse(visit, error)
        return step if isinstance(step, Answer) else self._awaited(visit, step)

    async def _answer_late(self, visit: Visit) -> Step:
        """Answer after taking in what another worker wrote; if the store does not tell, from what is in memory."""
        await self.catch_up()
        visit.served = self._now()
        return self._answer_now(visit)

    async def catch_up(self) -> None:
        """Take in what another worker wrote, if anything; if the store does not tell, go on without."""
        if self._hosted is not None and self._hosted.has_siblings and self._hosted.is_behind:
            with contextlib.suppress(StoreUnavailableError):
                await self._hosted.catch_up()

    def _answer_now(self, visit: Visit) -> Step:
        served, fields = visit.served, visit.fields
        asks = fields.asks
        if asks is None or asks.mark is not served.mark:
            asks = fields.asks = self.asks.read(fields, served.mark)
        visit.asks = asks
        if asks.refusal is not None and not visit.is_trusted:
            if self._is_preflight(visit):  # browsers ask for leave without credentials
                return self._preflight(visit)
            return self._turned_away(visit, asks.refusal, may_look=visit.may_look)
        resolved = served.book.resolve(visit.place)
        if isinstance(resolved, Resolved):
            return self._answer_at(visit, resolved)
        return self._answer_after_loading(visit, is_known=resolved is not None)

    def _answer_at(self, visit: Visit, resolved: Resolved) -> Step:
        asks, body = visit.asks, visit.body
        if asks.ignores_authorization:
            if resolved.stub.is_large and not resolved.stub.has_variant:
                return self._answer_after_variant(visit, resolved)
            resolved = resolved._replace(stub=resolved.stub.without_authorization)
        visit.resolved = resolved
        path, query = visit.place.path, visit.place.query
        visit.request = request = Request(visit.method, path, query, asks.fields or visit.fields, body)
        if len(body) > LONGEST_BODY:  # a large body must not hold up everyone else
            return self._answer_aside(visit)
        return self._answer_found(visit, visit.served.decisions.decide(resolved.stub, request, asks.state))

    async def _answer_after_variant(self, visit: Visit, resolved: Resolved) -> Step:
        """A large stub takes a while to be made again with no regard for a header."""
        await self.in_thread(lambda: resolved.stub.without_authorization.index)
        return self._answer_at(visit, resolved)

    async def _answer_after_loading(self, visit: Visit, *, is_known: bool) -> Step:
        """Load the stub of an address that is asked for the first time, or tell that there is none."""
        hosted, place = self._hosted, visit.place
        snapshot = await hosted.load(place.address) if hosted is not None and not is_known else None
        if snapshot is not None:
            return self._answer_at(visit, visit.served.book.resolved(place, snapshot))
        if not self.naming.has_root:
            raise await self.unknown(place)
        visit.place = at_root(place)
        return self._answer_at(visit, visit.served.book.root)

    async def resolve(self, place: Place) -> Resolved:
        """What a place means now, loaded if need be. Raises NotFoundError, StoreUnavailableError."""
        await self.catch_up()
        book = self.book
        resolved = book.resolve(place)
        if not isinstance(resolved, Resolved) and self._hosted is not None:
            snapshot = await self._hosted.load(place.address)
            resolved = book.resolved(place, snapshot) if snapshot is not None else None
        if isinstance(resolved, Resolved):
            return resolved
        raise await self.unknown(place)

    async def locate(self, place: Place) -> tuple[Resolved, Place]:
        """The same for whoever sends a request: where every path belongs to the stub of all pacts, what is no address
        is a path of that one. Raises as `resolve`.
        """
        try:
            return await self.resolve(place), place
        except NotFoundError:
            if not self.naming.has_root:
                raise
            return self.book.root, at_root(place)

    def question(
        self, method: str, fields: Fields, body: bytes, resolved: Resolved, place: Place, server: str
    ) -> Question:
        """What such a request asks of a stub. Makes a large stub anew where Authorization was for us, so it may take
        long.
        """
        asks = self.asks.read(fields, object())
        if asks.ignores_authorization:
            resolved = resolved._replace(stub=resolved.stub.without_authorization)
        request = Request(method, place.path, place.query, asks.fields or fields, body)
        return Question(resolved, request, asks.state, server)

    async def unknown(self, place: Place) -> NotFoundError:
        """That there is no stub at an address, and which there are that it might mean."""
        async with self._suggesting:
            nearest = await self._hosted.nearest(place.address) if self._hosted is not None else []
        known = ", ".join(base_path(address) for address in nearest)
        cure = f"the nearest that exist: {known}" if known else "nothing like it is published; see /"
        return NotFoundError(f"there is no stub of {place.address}", cure)

    def _is_preflight(self, visit: Visit) -> bool:
        cors = visit.asks.cors
        return cors is not None and cors.is_preflight(visit.method, visit.fields.headers)

    def _preflight(self, visit: Visit) -> Answer:
        """Leave for a browser to send the real request."""
        assert visit.asks.cors is not None
        lines = CIMultiDict({"Server": SERVER, **visit.asks.cors.preflight_headers(visit.fields.headers)})
        return Answer(204, lines, b"", self.tallies.of("preflight"), outcome="preflight", lasts_until=ALWAYS)

    def _turned_away(self, visit: Visit, refusal: StubServerError, *, may_look: bool) -> Step:
        if self._hosted is None:
            return self.refuse(visit, refusal)
        if may_look and self.asks.access.has_unknown_token(visit.fields.headers):
            return self._answer_after_looking(visit)
        told = {"method": visit.method, "path": visit.place.base[:_SHOWN], "reason": refusal.detail}
        self._hosted.note_refusal("StubRefused", refusal.status, told)
        return self.refuse(visit, refusal)

    async def _answer_after_looking(self, visit: Visit) -> Step:
        """Answer after looking whether a token was made by another process a moment ago."""
        assert self._hosted is not None
        await self._hosted.look_again()
        visit.served, visit.may_look = self._now(), False
        return self._answer_now(visit)

    async def _awaited(self, visit: Visit, answer: Step) -> Answer:
        try:
            while not isinstance(answer, Answer):
                answer = await answer
        except Exception as error:
            return self.refuse(visit, error)
        return answer

    async def _answer_aside(self, visit: Visit) -> Step:
        decide = visit.served.decisions.decide
        return self._answer_found(
            visit, await self.in_thread(decide, visit.resolved.stub, visit.request, visit.asks.state)
        )

    def _answer_found(self, visit: Visit, found: Match | NoMatch) -> Step:
        request = visit.request
        if self._tries_as_get(request, found):
            found = visit.served.decisions.decide(visit.resolved.stub, request.with_method("GET"), visit.asks.state)
        if isinstance(found, Match):
            if found.interaction.template is None and not self._options.echo:
                return self._giving.hit(visit, found)
            return self._giving.fill(visit, found)
        if self._is_preflight(visit):
            return self._preflight(visit)
        if self._is_browser_at_root(visit):
            return self._to_explorer(visit)
        question = Question(visit.resolved, request, visit.asks.state, self.server(visit), found.gave_up)
        return self._explain(visit, question)

    def _is_browser_at_root(self, visit: Visit) -> bool:
        """Whether somebody opened the root of the server in a browser, where no interaction is."""
        return (
            visit.method == "GET"
            and visit.place.path == "/"
            and visit.place.address is ALL
            and accepts_html(visit.fields.headers.get("Accept", ""))
        )

    def _to_explorer(self, visit: Visit) -> Answer:
        headers = CIMultiDict({"Location": links_of(self.server(visit)).page(), "Server": SERVER, "Vary": "Accept"})
        return Answer(303, headers, b"", self.tallies.of("page"), outcome="page")

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

    async def _explain(self, visit: Visit, question: Question) -> Step:
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
        values = {
            "method": visit.method,
            "path": blotted_text(question.request.path[:200]),
            "nearest": nearest_place(report),
        }
        headers, body = miss_content(
            visit.fields.headers.get("Accept", ""), report, question, is_open=not self.asks.access.is_on
        )
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
        headers = CIMultiDict({"Content-Type": PROBLEM_TYPE, **JSON_HEADERS, "X-Stub-Match": "none", **error.headers})
        if "WWW-Authenticate" in headers and accepts_html(visit.fields.headers.get("Accept", "")):
            # A browser that sent credentials by itself would send them for any page, those that stubs answer with too.
            headers["WWW-Authenticate"] = 'Bearer realm="stubserver"'
        self._allow(visit, headers)
        body = dumped(problem_document(error))
        return Answer(error.status, headers, body, self.tallies.of("refused"), outcome="refused")

    def _allow(self, visit: Visit, headers: CIMultiDict[str]) -> None:
        cors = asks.cors if (asks := visit.fields.asks) is not None else self.asks.default_cors
        if cors is not None:
            cors.allow(cors.origin_of(visit.fields.headers), headers)

    def tell(self, event: Event) -> None:
        """Log what an answer has to say, each time that it is given."""
        level, text, values = event
        # Whoever read the log may be gone; the client is still there.
        with contextlib.suppress(OSError, ValueError):
            getattr(log, level)(text, **values)

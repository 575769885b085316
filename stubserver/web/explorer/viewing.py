"""One request for a page: who asks, and the page as an answer."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from cachetools import LRUCache

from matching import CompiledMessage
from stubserver.catalog import Catalog, HostedCatalog
from stubserver.errors import BadRequestError, BodyTooLargeError, StubServerError
from stubserver.outline.outline import Outline
from stubserver.security import Principal, Role
from stubserver.ui.pages import new_nonce, render
from stubserver.web.api.call import Api
from stubserver.web.auth import Access
from stubserver.web.explorer.reports import Reports
from stubserver.web.explorer.streams import Streams
from stubserver.web.pages import MENU, Site, html_response, links_of
from stubserver.web.stub import StubDoor
from stubserver.web.wire import split_target

P = ParamSpec("P")
T = TypeVar("T")

PART_HEADER = "X-Part"  # what scripts send that want a part of a page
_THREADS = 2
_LONGEST_FORM, _MOST_FIELDS = 64 << 10, 50
_OUTLINED = 200_000  # interactions whose outlines are kept
_EXPORTED = 32 << 20  # bytes of exports that are kept
_ADMIN_PAGES = (("tokens", "Tokens"), ("audit", "Audit"), ("settings", "Settings"))


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as it is shown: secrets are not."""

    name: str
    value: str
    told: str
    is_default: bool


class Explorer:
    """What all pages share."""

    def __init__(
        self,
        api: Api,
        catalog: Catalog,
        reports: Reports,
        settings: Sequence[Setting],
        content_of: Callable[[str], bytes | None],
    ) -> None:
        """`content_of` tells the bytes of a document that was read from a source, by its origin."""
        self.api = api
        self.catalog = catalog
        self.reports = reports
        self.settings = settings
        self.content_of = content_of
        self.streams = Streams()
        self.news: LRUCache[Any, tuple[Any, bytes]] = LRUCache(50)  # of live pages, as they were last sent
        self._pool = ThreadPoolExecutor(_THREADS, "pages")
        self._exporting = asyncio.Lock()
        self._exports: LRUCache[tuple[Any, ...], tuple[bytes, str]] = LRUCache(
            _EXPORTED, getsizeof=lambda export: len(export[0]) + 1
        )
        self._outlines: LRUCache[int, Outline] = LRUCache(_OUTLINED, getsizeof=lambda outline: max(1, len(outline)))

    @property
    def door(self) -> StubDoor:
        """The stub door."""
        return self.api.door

    @property
    def hosted(self) -> HostedCatalog:
        """What is published."""
        return self.api.hosted

    @property
    def access(self) -> Access:
        """Who may come in."""
        return self.api.access

    async def close(self, _: web.Application) -> None:
        """Work on no more pages."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work that takes long beside the event loop, and beside the threads that stubs need."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, functools.partial(work, *args, **kwargs))

    async def exported(self, key: tuple[Any, ...], make: Callable[[], tuple[bytes, str]]) -> tuple[bytes, str]:
        """Something that takes long to make and is the same for as long as its key is: made by one thread of its own,
        and kept.
        """
        async with self._exporting:
            kept: tuple[bytes, str] | None = self._exports.get(key)
            if kept is None:
                kept = await asyncio.to_thread(make)
                if len(kept[0]) < _EXPORTED:
                    self._exports[key] = kept
            return kept

    async def outline_of(self, stub: Any, messages: Sequence[CompiledMessage]) -> Outline:
        """The outline of a stub and the messages beside it, made when it is first asked for."""
        outline = self._outlines.get(stub.number)
        if outline is None:
            outline = await self.in_thread(Outline, stub.interactions, messages)
            if len(outline) <= _OUTLINED:
                self._outlines[stub.number] = outline
        return outline


class Viewing:
    """A request for a page, by somebody who may see it."""

    def __init__(
        self,
        explorer: Explorer,
        request: web.Request,
        principal: Principal | None,
        current: str,
        *,
        signed_in: bool,
        is_good: Callable[[], Awaitable[bool]],
    ) -> None:
        """`is_good` tells whether the principal is still one."""
        self.explorer = explorer
        self.request = request
        self.principal = principal
        self._current = current
        self._signed_in = signed_in
        self._is_good = is_good
        self._began = time.perf_counter()
        self.server = explorer.door.naming.own(explorer.door.outside.server_of(request))
        self.links = links_of(self.server)

    @functools.cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters of the query, the first of each name, without what no database takes."""
        query = self.request.query
        return {name: query[name].replace("\0", "") for name in query}

    @property
    def wants_part(self) -> bool:
        """Whether a script wants a part of the page."""
        return PART_HEADER in self.request.headers

    async def form(self, most: int = _LONGEST_FORM) -> dict[str, str]:
        """The fields of the form that was sent, of at most so many bytes. Raises BadRequestError, BodyTooLargeError."""
        kind = self.request.content_type
        if kind != "application/x-www-form-urlencoded":
            raise BadRequestError(f"{kind} is not a form", "send application/x-www-form-urlencoded")
        content = bytearray()
        async for piece in self.request.content.iter_any():
            content += piece
            if len(content) > most:
                raise BodyTooLargeError(f"the form has more than {most:,} bytes", "send less")
        try:
            pairs = parse_qsl(content.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise BadRequestError("the form cannot be read", "send a few fields, in UTF-8") from None
        return {name: value.replace("\0", "") for name, value in pairs}

    def may(self, role: Role) -> bool:
        """Whether whoever asks may do what this role may."""
        return self.principal is not None and self.principal.role.allows(role)

    @property
    def words(self) -> str:
        """What is searched for."""
        text = "".join(character for character in self.query.get("q", "") if character.isprintable())
        return " ".join(text[:200].split())

    def page_number(self) -> int:
        """Which page of a list is asked for; 1 is the first."""
        asked = self.query.get("page", "1")
        return min(max(int(asked), 1), 1_000_000) if asked.isdecimal() and len(asked) < 8 else 1

    @property
    def own_path(self) -> str:
        """The raw path that was asked for, as a browser has it."""
        path, _ = split_target(self.request.raw_path)
        return self.links.prefix + self.explorer.door.naming.within(path)

    @property
    def own_target(self) -> str:
        """The same with its query."""
        _, query = split_target(self.request.raw_path)
        return self.own_path + (f"?{query}" if query else "")

    @property
    def is_left(self) -> bool:
        """Whether whoever asked has gone away."""
        transport = self.request.transport
        return transport is None or transport.is_closing()

    async def is_still_allowed(self) -> bool:
        """Whether whoever asked may still see what they see."""
        return self.principal is not None and await self._is_good()

    def name_in_path(self, name: str) -> str:
        """A name in the path, without what no database takes."""
        return self.request.match_info[name].replace("\0", "")

    def reading(self) -> Any:
        """One moment of the store."""
        return self.explorer.hosted.reading()

    def _site(self, nonce: str) -> Site:
        is_admin = self.may(Role.ADMIN)
        return Site(
            links=self.links,
            nonce=nonce,
            query=self.query.get("q", "")[:200] if self._current in ("", "search") else "",
            current=self._current,
            pages=[*MENU, *(_ADMIN_PAGES if is_admin else ())],
            has_sign_in=self.explorer.access.is_on,
            is_signed_in=self._signed_in,
            who=self.principal.name if self.principal is not None else "",
            may_read=self.principal is not None,
            may_write=self.may(Role.WRITE),
            began=self._began,
        )

    async def page(self, template: str, status: int = 200, **values: Any) -> web.Response:
        """A whole page. What it is filled with may be long, so it is put together beside the event loop."""
        nonce = new_nonce()
        site = self._site(nonce)
        text = await self.explorer.in_thread(render, template, site=site, **values)
        return html_response(text, nonce, status)

    async def part(self, template: str, **values: Any) -> web.Response:
        """A part of a page, for scripts."""
        return html_response(await self.part_text(template, **values), new_nonce())

    async def part_text(self, template: str, **values: Any) -> str:
        """The same as text."""
        return await self.explorer.in_thread(render, template, site=self._site(""), **values)

    async def page_or_part(self, template: str, part: str, **values: Any) -> web.Response:
        """The part if a script asks for it, otherwise the page."""
        return await (self.part(part, **values) if self.wants_part else self.page(template, **values))

    async def problem(self, error: StubServerError, links: Sequence[tuple[str, str]] = ()) -> web.Response:
        """What went wrong, as a page."""
        values = {"title": error.title, "detail": error.detail, "cure": error.cure, "links": links}
        return await self.page("problem.html", error.status, **values)


Handler = Callable[[Viewing], Awaitable[web.StreamResponse]]

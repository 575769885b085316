"""One call of the API: who asks, for what, and how it is answered when it cannot be."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from matching.json_text import JsonError, parse_object
from stubserver.catalog import HostedCatalog
from stubserver.catalog.names import FILE_VERSION, name_problem
from stubserver.catalog.publish import ConflictError
from stubserver.errors import NotFoundError, StubServerError, UnsupportedMediaTypeError
from stubserver.security import Principal
from stubserver.store import audit, pacts
from stubserver.web.api.hal import Urls, error_document
from stubserver.web.auth import Access
from stubserver.web.stub import StubDoor
from stubserver.web.wire import read_expected_body, split_target

LONGEST_URL = 2000  # characters of texts that are no names


class InvalidError(StubServerError):
    """What was sent does not fit: messages by field."""

    status = 400
    title = "Validation failed"
    slug = "validation-failed"

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{field}: {message}" for field, told in errors.items() for message in told))


class AlreadyError(StubServerError):
    """There is one of this name."""

    status = 409
    title = "Conflict"
    slug = "conflict"


class OldConflictError(ConflictError):
    """The same as ConflictError, where clients publish in the old way."""


@dataclass(frozen=True, slots=True)
class Api:
    """What all calls share. `prepare`, where there is one, is awaited before each of them; then everything is forgotten
    when the server stops.
    """

    hosted: HostedCatalog
    door: StubDoor
    access: Access
    prepare: Callable[[], Awaitable[None]] | None = None

    @property
    def is_ephemeral(self) -> bool:
        """Whether what is published is forgotten when the server stops."""
        return self.prepare is not None


class Call:
    """A request to the API. `kind` is what it is called in the audit."""

    def __init__(self, api: Api, request: web.Request, prefix: str, principal: Principal, kind: str) -> None:
        self.api = api
        self.request = request
        self.principal = principal
        self._kind = kind
        self.noted: dict[str, Any] = {}  # what the audit says of the call beside its request
        self._prefix = prefix

    @functools.cached_property
    def urls(self) -> Urls:
        """The URLs of resources, as the client reaches them."""
        outside = self.api.door.outside.server_of(self.request)
        return Urls(outside + self._prefix, outside)

    @property
    def self_url(self) -> str:
        """The URL that was asked for, as the client reaches it."""
        path, query = split_target(self.request.raw_path)
        return self.urls.outside + self.api.door.naming.within(path) + (f"?{query}" if query else "")

    def __getitem__(self, name: str) -> str:
        """A name in the path. Raises InvalidError for one that nothing can have."""
        return named(name, self.request.match_info[name])

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the query."""
        return self.request.query

    def asked(self, name: str) -> str | None:
        """A parameter of the query that is a name, if it is there. Raises InvalidError."""
        return named(name, self.query[name]) if self.query.get(name) else None

    def reading(self) -> contextlib.AbstractAsyncContextManager[AsyncConnection]:
        """One moment of the store."""
        return self.api.hosted.reading()

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, recorded in the audit, which everyone sees when it ends without an error."""
        async with self.api.hosted.writing() as connection:
            yield connection
            await audit.record(connection, [audit.event(self._kind, self.principal.name, 200, self.payload)])

    def demand_no_file_version(self, *versions: str) -> None:
        """Raises InvalidError for versions that are files here: they come and go with those."""
        if self.api.is_ephemeral and any(version.startswith(FILE_VERSION) for version in versions):
            raise InvalidError({"version": [f"versions that begin with {FILE_VERSION} are files; change those"]})

    async def demand_no_files(
        self, connection: AsyncConnection, *, consumer: str | None = None, provider: str | None = None
    ) -> None:
        """The same for all pacts of a consumer, a provider, or both."""
        if self.api.is_ephemeral:
            found = await pacts.history(connection, provider, consumer)
            self.demand_no_file_version(*(item.version for item in found))

    def note(self, **details: Any) -> None:
        """Add to what the audit says of the call."""
        self.noted |= details

    @property
    def payload(self) -> dict[str, Any]:
        """What the audit says of the call."""
        return payload_of(self.request, self.noted)

    async def body(self, *kinds: str) -> bytes:
        """The body. Raises UnsupportedMediaTypeError for one of another kind than JSON (or these)."""
        content = await read_expected_body(self.request)
        kind = self.request.content_type.lower()
        allowed = kinds or ("application/json", "application/hal+json", "application/merge-patch+json")
        if "Content-Type" not in self.request.headers or kind not in allowed:
            raise UnsupportedMediaTypeError(f"the body has to be {allowed[0]}", f"send Content-Type: {allowed[0]}")
        return content

    async def document(self, *, may_be_empty: bool = False) -> dict[str, Any]:
        """The body as a JSON object. Raises InvalidError."""
        content = await self.body()
        if may_be_empty and not content.strip():
            return {}
        if len(content) > _LARGE:
            document = await self.api.door.in_thread(_parsed, content)
        else:
            document = _parsed(content)
        return document

    def link(self, document: Mapping[str, Any]) -> str:
        """The URL that a document gives of itself."""
        return str(document["_links"]["self"]["href"])


_LARGE = 64 << 10  # bytes of a body from which on it is parsed aside


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        return parse_object(content)
    except JsonError as error:
        raise InvalidError({"base": [f"the body {error}"]}) from None


def payload_of(request: web.Request, noted: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit says of a request; of secrets, nothing."""
    headers = request.headers
    return {
        "path": request.raw_path.partition("?")[0][:1000],
        "queryString": request.query_string[:1000],
        "method": request.method,
        "userAgent": headers.get("User-Agent", "")[:200],
        "referer": headers.get("Referer", "")[:200],
        "remote": request.remote or "",
        "params": dict(noted),
    }


def named(field: str, value: Any) -> str:
    """A name as it may be. Raises InvalidError."""
    problem = name_problem(value)
    if problem is not None:
        raise InvalidError({field: [problem]})
    return str(value)


def optional_text(document: Mapping[str, Any], name: str) -> str | None:
    """A member that is a name, null, or not there. Raises InvalidError."""
    value = document.get(name)
    if value is not None and (problem := name_problem(value, LONGEST_URL)) is not None:
        raise InvalidError({name: [problem]})
    return value


def error_response(error: StubServerError) -> web.Response:
    """An error as real clients print it: what is not there as `error`, everything else as `errors` and `notices`."""
    if isinstance(error, InvalidError):
        told = {field: list(messages) for field, messages in error.errors.items()}
        notices = [{"type": "error", "text": f"{field} {text}"} for field, texts in told.items() for text in texts]
        return error_document({"notices": notices, "errors": told}, error.status, error.headers)
    notices = [{"type": "error", "text": error.detail}]
    if isinstance(error, ConflictError):
        lines = error.changes.split("\n")
        notices += [{"type": "info", "text": line} for line in lines[:_LINES]]
        if len(lines) > _LINES:
            notices.append({"type": "info", "text": f"... and {len(lines) - _LINES} more lines"})
    if error.cure:
        notices.append({"type": "info", "text": error.cure})
    document: dict[str, Any] = {"notices": notices, "errors": {_FIELDS.get(error.status, "base"): [error.detail]}}
    if isinstance(error, (NotFoundError, AlreadyError, OldConflictError)) or error.status == 405:
        document = {"error": error.detail, "notices": notices}
    return error_document(document, error.status, error.headers)


_LINES = 40  # of a difference that are shown
_FIELDS = {401: "authorization", 403: "authorization", 409: "contracts"}


def page_of(query: Mapping[str, str]) -> tuple[int, int] | None:
    """(number from 1, size) of the page that a query asks for. Raises InvalidError."""
    number, size = query.get("page", query.get("pageNumber")), query.get("size", query.get("pageSize"))
    if number is None and size is None:
        return None
    try:
        asked = int(number or 1), int(size or 100)
    except ValueError:
        raise InvalidError({"page": ["page and size must be whole numbers"]}) from None
    if not (1 <= asked[0] <= 1 << 40 and 1 <= asked[1] <= 1000):
        raise InvalidError({"page": ["page must be 1 or more, size between 1 and 1000"]})
    return asked


def paged(
    document: dict[str, Any], url: str, page: tuple[int, int] | None, total: int, containing: str | None = None
) -> dict[str, Any]:
    """A list (of what contains a text) with what tells which page of it this is, and links to its neighbours."""
    if page is None:
        return document
    number, size = page
    pages = max(1, -(-total // size))
    links = document.setdefault("_links", {})
    also = f"&{urlencode({'q': containing})}" if containing else ""
    if number < pages:
        links["next"] = {"href": f"{url}?page={number + 1}&size={size}{also}", "title": "Next page"}
    if number > 1:
        links["previous"] = {"href": f"{url}?page={number - 1}&size={size}{also}", "title": "Previous page"}
    return {"page": {"number": number, "size": size, "totalElements": total, "totalPages": pages}, **document}

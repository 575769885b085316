"""The control door: what is loaded, whether the server is well, and why a request would not match.

All of it lives under one reserved prefix; the routes stand in one table at the end.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

from aiohttp import web

from matching import CompiledInteraction, Match, Request
from matching.json_text import JsonError, dump_json, parse_object
from stubserver.catalog import ALL, Address, Catalog, HostedCatalog, Snapshot
from stubserver.errors import BadRequestError, BodyTooLargeError, NotFoundError, StubServerError
from stubserver.security import Role
from stubserver.web.addressing import CONTROL_PREFIX, Place, Resolved
from stubserver.web.auth import Access
from stubserver.web.messages import message_answer, message_summary, messages_of
from stubserver.web.metrics import CONTENT_TYPE, Metrics
from stubserver.web.misses import Question, explain_miss
from stubserver.web.problems import SERVER, json_response, problem_response
from stubserver.web.query import JsonPathQuery
from stubserver.web.stub import StubDoor
from stubserver.web.views import (
    interaction_document,
    interaction_summary,
    origin_of,
    pact_document,
    stub_document,
)
from stubserver.web.wire import read_expected_body, split_target


class ControlDoor:
    """Handlers of the control door."""

    def __init__(
        self,
        catalog: Catalog,
        stub_door: StubDoor,
        near_misses: int,
        max_body: int,
        metrics: Metrics | None = None,
        hosted: HostedCatalog | None = None,
    ) -> None:
        self._catalog = catalog
        self._stub_door = stub_door
        self._near_misses = near_misses
        self._max_body = max_body
        self._metrics = metrics
        self._hosted = hosted

    def _server_of(self, request: web.Request) -> str:
        return self._stub_door.outside.server_of(request)

    async def _scope(self, request: web.Request) -> Snapshot:
        """What a question is about: all that is loaded; where that is too much, the pacts of a provider (and a
        consumer).
        """
        if self._hosted is None or self._stub_door.naming.has_root:
            return self._catalog.current
        provider, consumer = request.query.get("provider"), request.query.get("consumer")
        if provider is None:
            raise BadRequestError("provider is missing", "add ?provider=…, and &consumer=… for one pact of it")
        snapshot = await self._hosted.load(Address(provider, consumer))
        if snapshot is None:
            raise await self._stub_door.unknown(Place(Address(provider, consumer), "", "/", ""))
        return snapshot

    async def health(self, request: web.Request) -> web.Response:
        """The process answers; and where its API is."""
        api = CONTROL_PREFIX if self._stub_door.naming.has_root else ""
        return json_response({"status": "up", "api": f"{api}/"})

    async def ready(self, request: web.Request) -> web.Response:
        """Something is served; 503 while nothing is."""
        if self._hosted is not None and not self._stub_door.naming.has_root:
            return json_response({"status": "ready", "store": "lost" if self._hosted.is_lost else "up"})
        snapshot = self._catalog.current
        served = len(snapshot.root.interactions)
        broken = [entry.origin for entry in snapshot.pacts if entry.pact is None or entry.stale]
        document = {"status": "ready" if served else "empty", "interactions": served, "broken": broken}
        return json_response(document, status=200 if served else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        """Counters in the text format of Prometheus; 404 where they are turned off."""
        if self._metrics is None:
            raise NotFoundError("metrics are turned off", "start the server without --no-metrics")
        headers = {"Server": SERVER, "Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        return web.Response(body=await self._metrics.text(), headers=headers)

    async def stubs(self, request: web.Request) -> web.Response:
        """Every address that is served; of published pacts, the latest of each consumer with each provider."""
        server = self._server_of(request)
        stubs = [
            stub_document(stub.address, server, len(stub.interactions))
            for stub in self._catalog.current.stubs.values()
            if stub.address.provider is not None or self._stub_door.naming.has_root
        ]
        if self._hosted is not None:
            stubs += [stub_document(address, server) for address in await self._hosted.addresses()]
        return await self._stub_door.in_thread(json_response, {"stubs": stubs})

    async def pacts(self, request: web.Request) -> web.Response:
        """Every document, what is served of it, and what is wrong with it."""
        server = self._server_of(request)
        snapshot = await self._scope(request)
        return json_response({"pacts": [pact_document(entry, server) for entry in snapshot.pacts]})

    async def interactions(self, request: web.Request) -> web.Response:
        """All interactions, or those of one `provider` or `consumer`, or those in which a JSONPath finds something."""
        snapshot = await self._scope(request)
        wanted = {name: request.query[name] for name in ("provider", "consumer") if name in request.query}
        unknown = set(request.query) - {"provider", "consumer", "jsonpath"}
        if unknown:
            raise BadRequestError(
                f"unknown parameters: {', '.join(sorted(unknown))}", "use provider, consumer, jsonpath"
            )
        # Those that are not compiled yet are compiled for this, which may take long.
        known = await self._stub_door.in_thread(lambda: snapshot.interactions)
        chosen = [
            interaction
            for interaction in known.values()
            if all(getattr(interaction, name) == value for name, value in wanted.items())
        ]
        if "jsonpath" not in request.query:
            return json_response({"interactions": [interaction_summary(i, origin_of(snapshot, i)) for i in chosen]})
        query = JsonPathQuery(request.query["jsonpath"])
        return json_response(await self._stub_door.in_thread(_search, snapshot, chosen, query))

    async def interaction(self, request: web.Request) -> web.Response:
        """One interaction in full."""
        snapshot = await self._scope(request)
        known = await self._stub_door.in_thread(lambda: snapshot.interactions)
        found = known.get(request.match_info["id"])
        if found is None:
            raise NotFoundError(
                f"there is no interaction {request.match_info['id']}", f"see {CONTROL_PREFIX}/interactions"
            )
        return json_response(interaction_document(found, origin_of(snapshot, found)))

    async def messages(self, request: web.Request) -> web.Response:
        """All messages."""
        server = self._server_of(request)
        found = messages_of(await self._scope(request))
        return json_response({"messages": [message_summary(message, origin, server) for origin, message in found]})

    async def message(self, request: web.Request) -> web.Response:
        """The content of one message."""
        names = request.match_info
        snapshot = self._catalog.current
        if self._hosted is not None and not self._stub_door.naming.has_root:
            address = Address(names["provider"], names["consumer"])
            snapshot = await self._hosted.load(address) or snapshot
        return message_answer(snapshot, request, self._stub_door.generation, self._server_of(request))

    async def explain(self, request: web.Request) -> web.Response:
        """Why a request, described as JSON, would not match, or which interaction would answer it."""
        content = await read_expected_body(request)
        if len(content) > self._max_body:
            raise BodyTooLargeError("the request's body is over the limit", "raise --max-body")
        described = await self._stub_door.in_thread(_parsed_object, content)
        resolved, place = await self._resolved(described)
        server = self._server_of(request)
        return json_response(await self._stub_door.in_thread(self._explanation, described, resolved, place, server))

    async def _resolved(self, described: dict[str, Any]) -> tuple[Resolved, Place]:
        """Where a described request goes, and what is left of its path."""
        target = _text_member(described, "path")
        target = "/" if target is None else target
        if not target.startswith("/"):
            raise BadRequestError("path must begin with /", 'write {"path": "/orders/1?page=2"}')
        door = self._stub_door
        place = door.naming.place(target, None)
        if place is None and not door.naming.has_root:
            raise BadRequestError("path has no address of a stub", f"begin it with one; see {CONTROL_PREFIX}/stubs")
        return await door.locate(place or Place(ALL, "", *split_target(target)))

    def _explanation(self, described: dict[str, Any], resolved: Resolved, place: Place, server: str) -> dict[str, Any]:
        question = self._question(described, resolved, place, server)
        found = self._stub_door.decide(question.resolved.stub, question.request, question.state)
        if isinstance(found, Match):
            summary = interaction_summary(found.interaction, origin_of(resolved.snapshot, found.interaction))
            return {"match": summary, "lenient": found.lenient}
        return {"match": None, **explain_miss(replace(question, gave_up=found.gave_up), self._near_misses)}

    def _question(self, described: dict[str, Any], resolved: Resolved, place: Place, server: str) -> Question:
        body = _body_bytes(described)
        lines = _header_lines(described.get("headers", {}))
        if "body" in described and not any(name.lower() == "content-type" for name, _ in lines):
            lines.append(("Content-Type", "application/json"))
        method = (_text_member(described, "method") or "GET").upper()
        request = Request(method, place.path, place.query, lines, body)
        state = self._stub_door.asks.selector_for(_text_member(described, "state"))
        return Question(resolved, request, state, server)


_MOST_FOUND = 1000  # values that a search shows in all


def _search(snapshot: Snapshot, chosen: list[CompiledInteraction], query: JsonPathQuery) -> dict[str, Any]:
    """The interactions in which the query finds something, with what it finds; `more` when there was too much."""
    found: list[dict[str, Any]] = []
    left = _MOST_FOUND
    for interaction in chosen:
        origin = origin_of(snapshot, interaction)
        hits = query.find(interaction_document(interaction, origin))
        if hits:
            found.append({**interaction_summary(interaction, origin), "found": hits})
            left -= len(hits)
        if left <= 0:
            return {"interactions": found, "more": True}
    return {"interactions": found}


def _parsed_object(content: bytes) -> dict[str, Any]:
    try:
        document = parse_object(content)
    except JsonError as error:
        raise BadRequestError(f"the body {error}", _EXPLAIN_CURE) from None
    unknown = set(document) - {"method", "path", "headers", "body", "body_text", "body_base64", "state"}
    if unknown:
        raise BadRequestError(f"unknown members: {', '.join(sorted(unknown))}", _EXPLAIN_CURE)
    return document


_EXPLAIN_CURE = (
    'describe the request: {"method", "path" (with its query and, for one stub, its address), "headers", '
    '"body" (JSON), "body_text" or "body_base64", "state"}'
)


def _body_bytes(document: dict[str, Any]) -> bytes:
    if "body" in document:
        return dump_json(document["body"])
    text = _text_member(document, "body_text")
    encoded = _text_member(document, "body_base64")
    if text is not None:
        return text.encode()
    if encoded is None:
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequestError("body_base64 is not base64", "use the standard alphabet with padding") from None


def _text_member(document: dict[str, Any], name: str) -> str | None:
    value = document.get(name)
    if name in document and not isinstance(value, str):
        raise BadRequestError(f"{name} must be a text", _EXPLAIN_CURE)
    return value


def _header_lines(headers: Any) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    if not isinstance(headers, dict):
        raise BadRequestError("headers must be an object", 'write {"headers": {"Accept": "application/json"}}')
    for name, value in headers.items():
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in values):
            raise BadRequestError(f"header {name}: the value must be a text or a list of texts", _EXPLAIN_CURE)
        lines.extend((name, item) for item in values)
    return lines


Handler = Callable[[ControlDoor, web.Request], Awaitable[web.StreamResponse]]

# method, path below the prefix, name, handler
ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", "/health", "health", ControlDoor.health),
    ("GET", "/ready", "ready", ControlDoor.ready),
    ("GET", "/metrics", "metrics", ControlDoor.metrics),
    ("GET", "/stubs", "stubs", ControlDoor.stubs),
    ("GET", "/pacts", "pacts", ControlDoor.pacts),
    ("GET", "/interactions", "interactions", ControlDoor.interactions),
    ("GET", "/interactions/{id}", "interaction", ControlDoor.interaction),
    ("GET", "/messages", "messages", ControlDoor.messages),
    ("GET", "/messages/{provider}/{consumer}", "message", ControlDoor.message),
    ("POST", "/explain", "explain", ControlDoor.explain),
)


def add_control_routes(
    application: web.Application, door: ControlDoor, access: Access, prefixes: Iterable[str]
) -> None:
    """Add the routes of the control door, under each of these prefixes; HEAD is answered wherever GET is."""
    for prefix in prefixes:
        start = prefix + CONTROL_PREFIX
        for method, path, name, handler in ROUTES:
            add = application.router.add_get if method == "GET" else application.router.add_post
            handle = _bound(door, access if name not in _OPEN else None, handler)
            add(start + path, handle)


_OPEN = frozenset({"health", "ready"})  # what asks for no token: whoever watches over the server has none


def _bound(
    door: ControlDoor, access: Access | None, handler: Handler
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            if access is not None:
                access.demand(request.headers, Role.READ)
            return await handler(door, request)
        except StubServerError as error:
            return problem_response(error)

    return handle

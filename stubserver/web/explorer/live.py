"""Requests as they come: a list, a stream of it, and each of them in full."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import Any

from aiohttp import web

from matching import Request
from stubserver.errors import NotFoundError
from stubserver.outline.lines import actual_request
from stubserver.web.addressing import parse_address
from stubserver.web.explorer.reports import address_in, mismatches_in
from stubserver.web.explorer.viewing import Viewing
from stubserver.web.problems import SERVER
from stubserver.web.sent import OF_EVERYBODY, sent_of

_ROWS = 50
_LONGEST_FORM = 50_000  # characters of a request that can be tried again
_EVERY = 0.5  # seconds between two updates, at least
_BREATH = 20.0  # seconds after which a silent stream says that it is still there
_OUTCOMES = (
    ("", "all"),
    ("none", "no match"),
    ("exact", "matched"),
    ("lenient", "matched, since lenient"),
    ("refused", "refused"),
    ("preflight", "preflights"),
)
_WANTED = ("q", "outcome", "sort")


async def live_page(viewing: Viewing) -> web.Response:
    """GET /live: the latest requests"""
    is_on = viewing.explorer.reports.journal is not None
    values = await _listed(viewing, viewing.page_number()) if is_on else {}
    wanted = _wanted(viewing)
    return await viewing.page_or_part(
        "live.html",
        "_live.html",
        is_on=is_on,
        wanted={name: wanted.get(name, "") for name in _WANTED},
        outcomes=_OUTCOMES,
        stream=viewing.links.page("live/stream", **wanted),
        **values,
    )


def _wanted(viewing: Viewing) -> dict[str, str]:
    return {name: viewing.query[name][:200] for name in _WANTED if viewing.query.get(name)}


async def _listed(viewing: Viewing, page: int) -> dict[str, Any]:
    wanted = _wanted(viewing)
    listing = await viewing.explorer.reports.listing(wanted, page * _ROWS)
    pages = max(1, math.ceil(listing.fitting / _ROWS))
    page = min(page, pages)
    shown = listing.rows[(page - 1) * _ROWS : page * _ROWS]
    return {
        "rows": [(row, *_split(row.target)) for row in shown],
        "total": listing.total,
        "misses": listing.misses,
        "shown": listing.fitting,
        "silent": listing.silent,
        "page": page,
        "pages": pages,
        "page_link": lambda number: viewing.links.page("live", **wanted, page=number),
    }


def _split(target: str) -> tuple[str, str]:
    """The address of the stub that a target begins with, and what follows it."""
    parsed = parse_address(target)
    base = parsed[1] if parsed is not None else ""
    return base, target[len(base) :] or "/"


async def live_stream(viewing: Viewing) -> web.StreamResponse:
    """GET /live/stream: the first page of the list, whenever it changes, at most twice a second (Server-Sent Events)"""
    if viewing.explorer.reports.journal is None:
        raise NotFoundError("requests are not kept", "start the server with --journal 1000")
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "Server": SERVER}
    response = web.StreamResponse(headers={**headers, "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"})
    with viewing.explorer.streams.running(), contextlib.suppress(ConnectionError, asyncio.CancelledError):
        await response.prepare(viewing.request)
        if viewing.request.method != "HEAD":
            await _send_news(viewing, response)
    return response


async def _send_news(viewing: Viewing, response: web.StreamResponse) -> None:
    known: tuple[float, int] | None = None
    silence = 0.0
    while not viewing.explorer.streams.is_closing and not viewing.is_left:
        news = await viewing.explorer.reports.latest()
        if news != known:
            if not await viewing.is_still_allowed():
                return
            known, silence = news, 0.0
            await response.write(await _news(viewing, news))
        elif silence >= _BREATH:
            silence = 0.0
            if not await viewing.is_still_allowed():
                return
            await response.write(b": still here\n\n")
        await asyncio.sleep(_EVERY)
        silence += _EVERY


async def _news(viewing: Viewing, news: tuple[float, int]) -> bytes:
    """The first page of the list as an event; made once for all who look at the same."""
    key = (viewing.links.prefix, tuple(sorted(_wanted(viewing).items())))
    kept = viewing.explorer.news.get(key)
    if kept is None or kept[0] != news:
        text = await viewing.part_text("_live.html", **await _listed(viewing, 1))
        kept = viewing.explorer.news[key] = news, event("rows", text)
    return kept[1]


def event(name: str, text: str) -> bytes:
    """An event of a stream: every line of the text is one of its own."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n".encode("utf-8", "replace")


async def entry_page(viewing: Viewing) -> web.Response:
    """GET /live/ID: one request, and why nothing matched it"""
    told = await viewing.explorer.reports.entry(viewing.name_in_path("id"))
    values = await viewing.explorer.in_thread(_entry_values, viewing, told)
    return await viewing.page("entry.html", entry=told, **values)


def _entry_values(viewing: Viewing, told: dict[str, Any]) -> dict[str, Any]:
    its, links = told["request"], viewing.links
    lines = [(name, value) for name, value in its["headers"]]
    body = its["body"].encode("utf-8", "surrogateescape")
    request = Request(told["method"], its["path"], its["query"], lines, body)
    address = address_in(told["address"]) if told["address"] is not None else None
    nearest = None
    if told["nearest"] is not None:
        nearest = [
            {
                "link": links.interaction(address, near["id"]) if address is not None else links.page(),
                "description": near["description"],
                "count": len(near["mismatches"]),
                "more": near["more"],
                "marked": actual_request(request, mismatches_in(near)),
            }
            for near in told["nearest"]
        ]
    notes = []
    if told["is_cut"]:
        notes.append("Only the beginning of the request was kept.")
    if told["hint"] and nearest is None:
        notes.append(told["hint"])
    sent = sent_of(request, without=OF_EVERYBODY)
    is_hit = told["interaction"] is not None and address is not None
    return {
        "shown": actual_request(request, []),
        "nearest": nearest,
        "hint": told["hint"],
        "changed": told["changed"],
        "told": " ".join(notes),
        "interaction_link": links.interaction(address, told["interaction"]) if is_hit and address is not None else None,
        "interaction_name": told["interaction"],
        "try_fields": sent.as_form() if address is not None and sent.size <= _LONGEST_FORM else None,
        "try_link": links.stub(address, "/try") if address is not None else None,
        "is_redacted": told["is_redacted"],
        "outcome": dict(_OUTCOMES).get(told["outcome"], told["outcome"]),
    }

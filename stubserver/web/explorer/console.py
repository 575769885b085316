"""The console: a request is tried on a stub, and the answer shown; or why there is none, and a request that has one."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from matching import CompiledInteraction, Match, Mismatch, NearMiss, Part, Request, example_request, mended
from matching.content_types import parse_content_type
from matching.http_text import is_sendable_value, is_token
from stubserver.errors import BadRequestError
from stubserver.outline.lines import Message, actual_request, answer_message
from stubserver.web.addressing import Place, Resolved
from stubserver.web.answer import Answer
from stubserver.web.asks import STATE_HEADER
from stubserver.web.explorer.contracts import LONGEST_CHOICE, StubView, demand_interaction
from stubserver.web.explorer.viewing import Viewing
from stubserver.web.generation import SEED_HEADER
from stubserver.web.misses import hint_of, how_to_reach, nearest_of, state_pattern
from stubserver.web.sent import Sent, sent_of
from stubserver.web.visit import Fields, Visit

_STATES = 200  # that are offered
_LONGEST_TRIED = 2 << 20  # bytes of a request that is tried, as a form has it
_LONGEST = {
    "method": 100,
    "target": 8000,
    "headers": 16_000,
    "body": 50_000,
    "state": 2000,
    "seed": 2000,
}  # characters that are put into a field
_LONGEST_FIX = 20_000  # and into a fix, of which there may be several


@dataclass(frozen=True, slots=True)
class Near:
    """An interaction that nearly matched: the request with what is wrong marked, and the fields of one that matches."""

    interaction: CompiledInteraction
    marked: Message
    count: int
    more: bool
    fixed: Mapping[str, str] | None
    fix_told: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a request; `nearest` is None where it was answered."""

    status: int
    outcome: str
    microseconds: str
    size: int
    interaction: CompiledInteraction | None
    shown: Message
    nearest: Sequence[Near] | None
    hint: str | None


async def console_page(viewing: Viewing, view: StubView, interaction_id: str | None = None) -> web.Response:
    """GET …/stub/try, …/interactions/ID/try: the console, filled in with a request"""
    item = demand_interaction(view, interaction_id) if interaction_id is not None else None
    if item is None and view.outline.endpoints:
        item = view.outline.endpoints[0].interactions[0]
    sent = await viewing.explorer.in_thread(_sent_for, view, item) if item is not None else Sent()
    return await _console(viewing, view, sent, None, item)


def _sent_for(view: StubView, item: CompiledInteraction) -> Sent:
    """The fields for the recorded request of an interaction."""
    further, _ = how_to_reach(view.stub.index, item)
    state = next((value for name, value in further if name == STATE_HEADER), "")
    return sent_of(example_request(item.interaction.request), state=state)


async def _console(
    viewing: Viewing, view: StubView, sent: Sent, tried: Tried | None, item: CompiledInteraction | None = None
) -> web.Response:
    names = [name for name in view.outline.states if len(name) <= LONGEST_CHOICE][:_STATES]
    left_out = [name for name, most in _LONGEST.items() if len(getattr(sent, name)) > most]
    shown = replace(sent, **dict.fromkeys(left_out, ""))
    states = sorted(map(state_pattern, names))
    return await viewing.page(
        "try.html", view=view, sent=shown, answer=tried, item=item, states=states, left_out=left_out
    )


async def try_request(viewing: Viewing, view: StubView) -> web.Response:
    """POST …/stub/try: try a request"""
    form = await viewing.form(_LONGEST_TRIED)
    sent = Sent(**{name: form[name] for name in Sent.__slots__ if name in form})
    try:
        visit = _visit(viewing, view, sent)
        tried = await _tried(viewing, view, sent, visit)
    except BadRequestError as error:
        message = Message([], [], 0, False)
        tried = Tried(error.status, "refused", "0", 0, None, message, [], f"{error.detail}: {error.cure}")
    if viewing.wants_part:
        return await viewing.part("_answer.html", view=view, answer=tried)
    return await _console(viewing, view, sent, tried)


def _visit(viewing: Viewing, view: StubView, sent: Sent) -> Visit:
    """The request as the stub door gets it. Raises BadRequestError."""
    method, target = sent.method.strip().upper(), sent.target.strip()
    if not is_token(method):
        raise BadRequestError("the method is not one", "write it like GET")
    if not target.startswith("/") or re.search(r"[\x00-\x20\x7f]", target):
        raise BadRequestError("the path has to begin with / and cannot have blanks", "write %20 for a blank")
    body = _body_of(sent)
    lines = _header_lines(sent)
    names = {name.lower() for name, _ in lines}
    for name, value in (("Host", viewing.request.host), ("Content-Length", str(len(body)) if body else "")):
        if value and name.lower() not in names:
            lines.append((name, value))
    raw = tuple((name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in lines)
    fields = Fields(CIMultiDict(lines), raw, viewing.server)
    path, _, query = target.partition("#")[0].partition("?")
    base = "" if view.address.provider is None else viewing.links.base(view.address)[len(viewing.links.prefix) :]
    visit = Visit(method, base + target, Place(view.address, base, path, query), fields, body)
    visit.is_trusted = True
    return visit


def _body_of(sent: Sent) -> bytes:
    """The bytes of the body. Raises BadRequestError."""
    if sent.encoded:
        try:
            return base64.b64decode(sent.encoded, validate=True)
        except ValueError:
            raise BadRequestError("the body is not base64", "begin anew") from None
    text = sent.body.replace("\r\n", "\n")
    return (text.replace("\n", "\r\n") if sent.newlines == "crlf" else text).encode("utf-8", "replace")


def _header_lines(sent: Sent) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for number, line in enumerate(sent.headers.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if not colon or not is_token(name) or not is_sendable_value(value):
            raise BadRequestError(f"line {number} of the headers is not a header", "write it like Accept: text/plain")
        lines.append((name, value))
    for name, value in ((STATE_HEADER, sent.state.strip()), (SEED_HEADER, sent.seed.strip())):
        if value:
            if not is_sendable_value(value):
                raise BadRequestError(f"{value[:40]!r} cannot be sent in a header", "leave control characters out")
            lines.append((name, value))
    return lines


async def _tried(viewing: Viewing, view: StubView, sent: Sent, visit: Visit) -> Tried:
    door = viewing.explorer.door
    began = time.perf_counter()
    step = door.answer(visit)
    answer = step if isinstance(step, Answer) else await step
    took = f"{(time.perf_counter() - began) * 1e6:,.0f}"
    shown = await viewing.explorer.in_thread(_shown, answer)
    nearest, hint = None, None
    if answer.outcome == "none":
        nearest, hint = await viewing.explorer.in_thread(_nearest, viewing, view, sent, visit)
    interaction = view.outline.by_id.get(answer.interaction)
    return Tried(answer.status, answer.outcome, took, len(answer.body), interaction, shown, nearest, hint)


def _shown(answer: Answer) -> Message:
    declared = next((value for name, value in answer.headers if name.lower() == "content-type"), None)
    content_type = parse_content_type(declared) if declared is not None else None
    return answer_message(answer.status, answer.headers, answer.body, content_type)


def _nearest(viewing: Viewing, view: StubView, sent: Sent, visit: Visit) -> tuple[list[Near], str | None]:
    """Why nothing matched, and what would."""
    door = viewing.explorer.door
    resolved = Resolved(view.stub, view.snapshot, view.address, visit.place.base)
    question = door.question(visit.method, visit.fields, visit.body, resolved, visit.place, viewing.server)
    request = question.request
    if isinstance(door.decide(question.resolved.stub, request, question.state), Match):
        return [], "it matches by now: send it again"
    found = nearest_of(question, 3)
    return [_near(near, request, sent) for near in found], hint_of(question, found)


_OURS = frozenset({"host", "content-length", STATE_HEADER.lower(), SEED_HEADER.lower()})  # which the console adds


def _near(near: NearMiss, request: Request, sent: Sent) -> Near:
    marked = actual_request(_without_ours(request), near.mismatches)
    fixed, told = _fixed(near, request, sent)
    return Near(near.interaction.source, marked, len(near.mismatches), near.more, fixed, told)


def _without_ours(request: Request) -> Request:
    lines = [line for line in request.header_lines if line[0].lower() not in _OURS]
    return Request(request.method, request.path, request.query, lines, request.body)


def _fixed(near: NearMiss, request: Request, sent: Sent) -> tuple[Mapping[str, str] | None, str]:
    """(the fields of a request that the interaction accepts, what they change), or (None, why there are none)."""
    made = mended(_without_ours(request), near.interaction)
    if made is None:
        return None, "Not even the recorded request satisfies its own rules."
    state = sent.state
    if _has_state(near.mismatches):
        state = state_pattern(near.interaction.states[0]) if near.interaction.states else ""
    fixed = sent_of(made, state=state, seed=sent.seed)
    if fixed.size > _LONGEST_FIX:
        return None, "The request is too long to be mended on a page."
    changed = [name for name, was, now in _pairs(sent, request, made, state) if was != now]
    return fixed.as_form(), f"changes the {' and the '.join(changed)}, and nothing else"


def _pairs(sent: Sent, request: Request, made: Request, state: str) -> Sequence[tuple[str, Any, Any]]:
    """What a fix may change: its name, before and after."""
    before = _without_ours(request)
    return (
        ("provider state", sent.state, state),
        ("method", before.method, made.method),
        ("path", before.path, made.path),
        ("query", before.query, made.query),
        ("headers", sorted(before.header_lines), sorted(made.header_lines)),
        ("body", before.body, made.body),
    )


def _has_state(mismatches: Sequence[Mismatch]) -> bool:
    return any(mismatch.part is Part.STATE for mismatch in mismatches)

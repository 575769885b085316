"""The pages of a stub: its interactions, who uses what, and each interaction."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from matching import CompiledInteraction, Severity, example_request
from matching.content_types import parse_content_type
from matching.json_text import JsonError, dump_json, parse_json
from matching.mismatch import shortened
from matching.model import Body, BodyState, MatchingRules
from stubserver.catalog import ALL, Address, LoadedPact, Snapshot, Stub
from stubserver.errors import NotFoundError
from stubserver.outline.endpoints import Endpoint
from stubserver.outline.lines import body_lines, recorded_request, recorded_response
from stubserver.outline.outline import EndpointUsage, Filter, Outline
from stubserver.outline.snippets import Sending, snippets_of
from stubserver.store import LATEST, pacts
from stubserver.ui.links import ALL_PATH
from stubserver.web.addressing import Place, Resolved, parse_address
from stubserver.web.auth import TOKEN_HEADER
from stubserver.web.explorer.viewing import Viewing
from stubserver.web.messages import message_summary, messages_of
from stubserver.web.misses import how_to_reach
from stubserver.web.problems import dumped, json_response
from stubserver.web.views import interaction_document

_ROWS = 100  # interactions on a page
_ENDPOINTS = 25  # endpoints on a page about who uses what
_FIELDS = 400  # fields on such a page, where few consumers use them
_COLUMNS = 6  # consumers that have columns of their own; of more, it is told which use a field
_OTHERS = 50  # messages, or interactions that are not served, on a page
_STATES = 200  # provider states to choose from
LONGEST_CHOICE = 300  # characters of what can be chosen
_SNIPPETS = 12_000  # characters of code on a page
_RAW = 30_000  # bytes of JSON on a page


@dataclass(frozen=True, slots=True)
class StubView:
    """A stub as its pages show it."""

    address: Address
    url: str
    stub: Stub
    snapshot: Snapshot
    outline: Outline

    @property
    def title(self) -> str:
        """Whose it is."""
        if self.address.provider is None:
            return "All pacts"
        return f"{self.address.consumer} → {self.address.provider}" if self.address.consumer else self.address.provider

    @property
    def selector(self) -> str:
        """Which versions it has; "" for the latest."""
        return "" if self.address.selector == LATEST else str(self.address.selector)

    @property
    def consumers(self) -> list[str]:
        """Those whose pacts it has."""
        return sorted(self.outline.consumers)

    def stub_of(self, consumer: str) -> Address:
        """The same of one consumer."""
        provider = self.address.provider or next(
            (item.provider for item in self.outline.by_id.values() if item.consumer == consumer), ""
        )
        return Address(provider, consumer, self.address.selector)


def split_below(path: str) -> tuple[Address, str] | None:
    """The stub that a path below the root of the pages is about, and what follows it; None where it is about none."""
    if path.startswith(ALL_PATH) and path[len(ALL_PATH) :][:1] in ("", "/"):
        return ALL, path[len(ALL_PATH) :]
    parsed = parse_address(path)
    return (parsed[0], path[len(parsed[1]) :]) if parsed is not None else None


async def view_of(viewing: Viewing, address: Address, *, outlined: bool = True) -> StubView:
    """The stub at an address, with its outline if that is needed. Raises NotFoundError, StoreUnavailableError."""
    resolved = await resolve(viewing, address)
    whole = [
        message
        for _, message in messages_of(resolved.snapshot)
        if address.provider in (None, message.provider) and address.consumer in (None, message.consumer)
    ]
    outline = await viewing.explorer.outline_of(resolved.stub, whole) if outlined else Outline(())
    url = f"{viewing.server}{viewing.links.base(address)[len(viewing.links.prefix) :]}"
    return StubView(address, url or viewing.server, resolved.stub, resolved.snapshot, outline)


async def resolve(viewing: Viewing, address: Address) -> Resolved:
    """What an address means now. Raises NotFoundError, StoreUnavailableError."""
    door = viewing.explorer.door
    if address == ALL and not door.naming.has_root:
        raise NotFoundError("there is no stub of all pacts here", "choose a provider")
    place = Place(ALL, "", "/", "") if address == ALL else Place(address, viewing.links.base(address), "/", "")
    return await door.resolve(place)


def _wanted(viewing: Viewing) -> Filter:
    query = viewing.query
    state = query.get("state") or None
    state = "" if state == "-" else state
    text = query.get("q", "")[:200].strip()
    return Filter(query.get("method") or None, state, query.get("consumer") or None, text)


async def interactions_page(viewing: Viewing, view: StubView) -> web.Response:
    """GET …/stub: its interactions by endpoint"""
    wanted, page, outline = _wanted(viewing), viewing.page_number(), view.outline
    found = await viewing.explorer.in_thread(lambda: list(outline.filtered(wanted)))
    total = sum(len(items) for _, items in found)
    pages = max(1, -(-total // _ROWS))
    page = min(page, pages)
    address = view.address
    kept = {name: viewing.query.get(name) for name in ("q", "method", "state", "consumer")}
    values: dict[str, Any] = {
        "view": view,
        "wanted": wanted,
        "groups": _rows(found, (page - 1) * _ROWS),
        "found": total,
        "all": len(outline),
        "endpoint_count": len(found),
        "show_consumer": len(outline.consumers) > 1,
        "page": page,
        "pages": pages,
        "page_link": lambda number: viewing.links.stub(address, "", **kept, page=number),
    }
    values["messages"] = [message_summary(message, "", viewing.server) for message in outline.messages(wanted, _OTHERS)]
    if viewing.wants_part:
        return await viewing.part("_interactions.html", **values)
    return await viewing.page(
        "stub.html",
        methods=sorted(outline.methods.items()),
        states=_choices(outline),
        stateless=outline.stateless,
        consumers=sorted(outline.consumers.items()),
        skipped=_skipped(view),
        warnings=_warnings(view),
        **values,
    )


def _choices(outline: Outline) -> list[tuple[str, int]]:
    """The provider states that can be chosen, and how many interactions are in each."""
    known = [(name, count) for name, count in outline.states.most_common() if len(name) <= LONGEST_CHOICE]
    return sorted(known[:_STATES])


def _rows(found: Sequence[Any], skip: int) -> list[Any]:
    """The part of grouped interactions that one page shows."""
    groups, left = [], _ROWS
    for endpoint, items in found:
        if skip >= len(items):
            skip -= len(items)
            continue
        shown = items[skip : skip + left]
        skip, left = 0, left - len(shown)
        groups.append((endpoint, shown))
        if left <= 0:
            break
    return groups


def _skipped(view: StubView) -> list[dict[str, Any]]:
    """What of the pacts of a stub is not served."""
    skipped = (
        {"description": item.description, "pointer": item.pointer, "reason": item.reason, "origin": entry.origin}
        for entry in _entries_of(view)
        for item in (entry.pact.skipped if entry.pact is not None else ())
    )
    return list(itertools.islice(skipped, _OTHERS))


def _warnings(view: StubView) -> list[dict[str, str]]:
    """What else is to be known of the pacts of a stub: what is served otherwise than it is recorded."""
    problems = (
        {"pointer": problem.pointer, "message": problem.message, "cure": problem.cure, "origin": entry.origin}
        for entry in _entries_of(view)
        for problem in entry.problems
        if problem.severity is Severity.WARNING
    )
    return list(itertools.islice(problems, _OTHERS))


def _entries_of(view: StubView) -> list[LoadedPact]:
    address = view.address
    return [
        entry
        for entry in view.snapshot.pacts
        if entry.pact is not None
        and address.provider in (None, entry.pact.provider)
        and address.consumer in (None, entry.pact.consumer)
    ]


async def usage_page(viewing: Viewing, view: StubView) -> web.Response:
    """GET …/stub/usage: who uses what"""
    wanted, outline, address = _wanted(viewing), view.outline, view.address
    found = await viewing.explorer.in_thread(lambda: [endpoint for endpoint, _ in outline.filtered(wanted)])
    pages = max(1, -(-len(found) // _ENDPOINTS))
    page = min(viewing.page_number(), pages)
    shown = found[(page - 1) * _ENDPOINTS : page * _ENDPOINTS]
    usages = await viewing.explorer.in_thread(lambda: _usages(outline, shown))
    values: dict[str, Any] = {
        "view": view,
        "wanted": wanted,
        "usages": usages,
        "columns": _COLUMNS,
        "endpoint_count": len(found),
        "page": page,
        "pages": pages,
        "page_link": lambda number: viewing.links.stub(address, "/usage", q=wanted.text, page=number),
    }
    if viewing.wants_part:
        return await viewing.part("_usage.html", **values)
    states = _choices(outline)
    more = max(0, len(outline.states) - len(states))
    return await viewing.page("usage.html", states=states, more_states=more, **values)


def _usages(outline: Outline, endpoints: Sequence[Endpoint]) -> list[EndpointUsage]:
    """What is used of endpoints, with as many fields as fit on a page."""
    usages, left = [], _FIELDS
    for endpoint in endpoints:
        whole = outline.usage_of(endpoint)
        room = max(left // max(1, len(whole.consumers) // _COLUMNS), 10)
        read = [(status, fields[:room]) for status, fields in whole.read]
        usage = replace(whole, sent=whole.sent[:room], read=read)
        left -= len(usage.sent) + sum(len(fields) for _, fields in usage.read)
        usages.append(usage)
    return usages


def demand_interaction(view: StubView, interaction_id: str) -> CompiledInteraction:
    """An interaction of a stub. Raises NotFoundError."""
    found = view.outline.by_id.get(interaction_id)
    if found is None:
        cure = "it may have changed since: look for it among those of this stub"
        raise NotFoundError(f"no interaction of {view.title} has the id {interaction_id[:40]}", cure)
    return found


async def interaction_page(viewing: Viewing, view: StubView, interaction_id: str) -> web.Response:
    """GET …/stub/interactions/ID: one interaction"""
    found = demand_interaction(view, interaction_id)
    raw, origin = await _raw_of(viewing, view, found)
    values = await viewing.explorer.in_thread(_interaction_values, viewing, view, found)
    link = viewing.links.interaction(view.address, found.id)
    return await viewing.page(
        "interaction.html",
        view=view,
        item=found,
        endpoint=view.outline.endpoint_of(found),
        raw=raw,
        origin=origin,
        permalink=viewing.server + link[len(viewing.links.prefix) :],
        raw_link=viewing.links.interaction(view.address, found.id, "/json"),
        **values,
    )


async def interaction_json(viewing: Viewing, view: StubView, interaction_id: str) -> web.Response:
    """GET …/stub/interactions/ID/json: the same as a JSON document"""
    found = demand_interaction(view, interaction_id)
    return json_response(interaction_document(found, view.snapshot.origins.get(found.source, "")))


def _interaction_values(viewing: Viewing, view: StubView, found: CompiledInteraction) -> dict[str, Any]:
    recorded = found.interaction
    further, note = how_to_reach(view.stub.index, found)
    if note is None and further:
        note = "Another interaction would answer this request; asking for the provider state prefers this one."
    elif note is not None:
        note = f"No request leads here: {note}."
    if viewing.explorer.access.is_on:
        further = (*further, (TOKEN_HEADER, "YOUR-TOKEN"))
    base = view.url.rstrip("/")
    sending = Sending(base, example_request(recorded.request), further, recorded.description, found.response.status)
    request, response = recorded_request(found), recorded_response(found)
    notes = [note for line in (*response.head, *response.body) for note in line.notes]
    comments = []
    if recorded.comments is not None:
        content = Body(BodyState.PRESENT, dump_json(recorded.comments), parse_content_type("application/json"))
        comments = list(body_lines(content, MatchingRules(), ()))[:200]
    return {
        "request": request,
        "response": response,
        "request_rules": any(line.notes for line in (*request.head, *request.body)),
        "response_rules": bool(notes),
        "has_generators": any(
            note.tone == "generator" for line in (*response.head, *response.body) for note in line.notes
        ),
        "state_params": [_short_json(state.params) for state in recorded.states],
        "comments": comments,
        "snippets": [each for each in snippets_of(sending) if len(each.text) <= _SNIPPETS],
        "note": note,
    }


def _short_json(params: Mapping[str, Any]) -> str:
    return dump_json(shortened(dict(params))).decode("utf-8", "replace")


async def _raw_of(viewing: Viewing, view: StubView, found: CompiledInteraction) -> tuple[str | None, str]:
    """An interaction as it stands in its document, and which document that is."""
    origin = view.snapshot.origins.get(found.source, "")
    content = viewing.explorer.content_of(origin)
    if content is None:
        entry = next((entry for entry in view.snapshot.pacts if entry.origin == origin), None)
        if entry is not None:
            async with viewing.reading() as connection:
                content = (await pacts.contents_of(connection, [entry.sha])).get(entry.sha)
    if content is None:
        return None, origin
    return await viewing.explorer.in_thread(_at_pointer, content, found.interaction.pointer), origin


def _at_pointer(content: bytes, pointer: str) -> str | None:
    try:
        value = parse_json(content.removeprefix(b"\xef\xbb\xbf"))
    except JsonError:
        return None
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return None
    if isinstance(value, dict):
        value = {key: item for key, item in value.items() if key != "_id"}
    text = dumped(value).decode("utf-8", "replace")
    size = 0
    for place, character in enumerate(text):  # as many as fit on a page once they are escaped
        size += 5 if character in "<>&\"'" else len(character.encode("utf-8", "replace"))
        if size > _RAW:
            return text[:place] + "\n… (shortened)"
    return text

"""Why a request was not answered, as JSON for machines and as text for people."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from multidict import CIMultiDict

from matching import (
    CompiledInteraction,
    Index,
    Match,
    NearMiss,
    PatternError,
    Request,
    StateSelector,
    example_request,
    find,
    near_misses,
)
from stubserver.outline.curl import curl_line
from stubserver.ui.pages import render
from stubserver.web.addressing import Resolved, base_path, named, parse_address
from stubserver.web.asks import STATE_HEADER
from stubserver.web.pages import MENU, Site, accepts_html, links_of, page_headers
from stubserver.web.problems import JSON_HEADERS, dumped
from stubserver.web.sent import OF_BROWSERS, sent_of
from stubserver.web.views import interaction_summary, origin_of


@dataclass(frozen=True, slots=True)
class Question:
    """A request together with everything that decides which interaction answers it.

    `server` is scheme and host as the client wrote them; `gave_up` tells that a slow pattern was given up.
    """

    resolved: Resolved
    request: Request
    state: StateSelector | None
    server: str
    gave_up: bool = False

    @property
    def shown_target(self) -> str:
        """Method, path and query as they came, within the stub."""
        query = f"?{self.request.query}" if self.request.query else ""
        return f"{self.request.method} {self.request.path}{query}"


def explain_miss(question: Question, limit: int) -> dict[str, Any]:
    """The report on a request that no interaction matches.

    `mismatches` are the sentences of the nearest interaction (what PactFlow's stubs answer with); `nearest` has the
    nearest interactions in full, each with a curl command that it answers, or a note that says why there is none.
    """
    found = nearest_of(question, limit)
    report: dict[str, Any] = {
        "error": "no-match",
        "message": f"No interaction matches {question.shown_target} at the stub of {question.resolved.address}",
        "hint": hint_of(question, found),
        "mismatches": [mismatch.message for mismatch in found[0].mismatches] if found else [],
        "nearest": [_near_miss(question, near) for near in found],
    }
    if report["hint"] is None:
        del report["hint"]
    return report


def nearest_of(question: Question, limit: int) -> list[NearMiss]:
    """The interactions nearest to a request that none matches."""
    index = question.resolved.stub.index
    return near_misses(index, question.request, question.state, limit=limit, clock=time.monotonic)


def hint_of(question: Question, found: list[NearMiss]) -> str | None:
    """What is to be said of a miss beside its nearest interactions."""
    parsed = parse_address(question.request.path) if question.resolved.base == "" else None
    if parsed is not None:
        prefix = parsed[1]
        known = [base_path(address) for address in question.resolved.snapshot.stubs if address.provider is not None]
        return f"No loaded pact has the address {prefix}; there are: {', '.join(known[:10]) or 'none'}"
    if question.gave_up:
        return "A regular expression of the contract took too long on this request and was given up"
    if not question.resolved.stub.interactions:
        return "No interactions are loaded; see /_stubserver/pacts for what became of each document"
    if not found:
        return "No path that resembles this one was found; see /_stubserver/interactions for those that exist"
    return None


def _near_miss(question: Question, near: NearMiss) -> dict[str, Any]:
    curl, note = _matching_curl(question, near)
    document = {
        "interaction": interaction_summary(near.interaction, origin_of(question.resolved.snapshot, near.interaction)),
        "mismatches": [mismatch.as_json() for mismatch in near.mismatches],
        "more": near.more,
        "curl": curl,
    }
    return document if note is None else {**document, "note": note}


def _matching_curl(question: Question, near: NearMiss) -> tuple[str | None, str | None]:
    """(a command that the interaction answers, None), or (None, why there is none)."""
    example = example_request(near.interaction.interaction.request)
    further, note = how_to_reach(question.resolved.stub.index, near.interaction, question.state)
    if note is not None:
        return None, note
    line = curl_line(question.server + question.resolved.base, example, further)
    return line, None if line else "its body is too long for a command line"


def how_to_reach(
    index: Index, interaction: CompiledInteraction, state: StateSelector | None = None
) -> tuple[tuple[tuple[str, str], ...], str | None]:
    """(headers with which the recorded request is answered by its interaction, None), or ((), why there are none).

    Where another interaction would answer the recorded request, asking for the provider state may help. `state` is
    what is asked for already.
    """
    example = example_request(interaction.interaction.request)
    if not interaction.matches(example) or not example.path.startswith("/"):
        return (), "its recorded request does not satisfy its own rules, or cannot be sent"
    states = [state_pattern(name) for name in interaction.states[:1]]
    asked = [] if state is None else [state.source, ""]
    other = None
    for wanted in (*asked, *([None] if not asked else []), *states):
        found = find(index, example, _selector(state, wanted), clock=time.monotonic)
        if isinstance(found, Match) and found.interaction is interaction:
            return () if wanted is None else ((STATE_HEADER, wanted),), None
        other = found.interaction.interaction.description if isinstance(found, Match) else other
    note = f"its recorded request is answered by another interaction: {other}" if other else None
    return (), note or "its recorded request is answered by no interaction in this state"


def state_pattern(name: str) -> str:
    """What asks for exactly this provider state."""
    return "^" + re.escape(name).replace(r"\ ", " ") + "$"


def _selector(state: StateSelector | None, wanted: str | None) -> StateSelector | None:
    """The selector that a request with this state header gets."""
    if not wanted:
        return None
    stateless = state.stateless if state is not None else True
    try:
        return StateSelector(wanted, stateless=stateless)
    except PatternError:  # a state's name that is too long to be asked for
        return None


def miss_text(report: dict[str, Any]) -> str:
    """The same report for people."""
    lines = [report["message"] + "."]
    if "hint" in report:
        lines += ["", report["hint"] + "."]
    for number, near in enumerate(report["nearest"], 1):
        interaction = near["interaction"]
        states = f", when {' and '.join(interaction['states'])}" if interaction["states"] else ""
        lines += [
            "",
            f"{number}. {interaction['description']}{states}",
            f"   {interaction['consumer']} → {interaction['provider']}: "
            f"{interaction['method']} {interaction['path']}   ({interaction['origin']})",
        ]
        for mismatch in near["mismatches"]:
            where = f" {mismatch['path']}" if mismatch["path"] else ""
            lines.append(f"   - {mismatch['part']}{where}: {mismatch['message']}")
        if near["more"]:
            lines.append("   - …")
        if near["curl"]:
            lines += ["   This request matches it:", f"     {near['curl']}"]
        elif "note" in near:
            lines.append(f"   No request to try: {near['note']}")
    return "\n".join(lines) + "\n"


def _miss_page(report: dict[str, Any], question: Question, is_open: bool) -> str:
    """The report as a page: without scripts, and the same for equal requests."""
    links = links_of(question.server)
    site = Site(links, may_read=is_open, pages=MENU, current="stub") if is_open else Site(links)
    address = named(question.resolved)
    sent = sent_of(question.request, without=OF_BROWSERS)
    can_try = is_open and address is not None and sent.size <= _LONGEST_FORM
    to_stub = links.stub(address) if address is not None else links.page()
    return render(
        "miss.html",
        site=site,
        target=question.shown_target,
        is_base=question.request.path == "/" and question.resolved.base != "",
        address=str(question.resolved.address),
        hint=report.get("hint"),
        nearest=[
            {
                "note": None,
                "link": links.interaction(address, near["interaction"]["id"]) if address is not None else to_stub,
                **near,
            }
            for near in report["nearest"]
        ],
        stub_link=to_stub,
        try_link=links.stub(address, "/try") if address is not None else "",
        try_fields=sent.as_form() if can_try else None,
    )


_LONGEST_FORM = 25_000  # characters of a request that a page takes to the console


def nearest_place(report: dict[str, Any]) -> str | None:
    """The nearest interaction and where it differs, without values."""
    if not report["nearest"]:
        return None
    near = report["nearest"][0]
    places = [f"{mismatch['part']} {mismatch['path'][:100]}".strip() for mismatch in near["mismatches"][:3]]
    return f"{near['interaction']['description'][:100]} ({', '.join(places)})"


def miss_content(
    accept: str, report: dict[str, Any], question: Question, *, is_open: bool = False
) -> tuple[CIMultiDict[str], bytes]:
    """The report as a page for browsers, as text where the client accepts that before JSON, otherwise as JSON; with its
    headers. `is_open` tells that everyone may use the explorer.
    """
    headers: CIMultiDict[str] = CIMultiDict({"X-Stub-Match": "none", **JSON_HEADERS})
    if accepts_html(accept):
        headers.update(page_headers())
        return headers, _miss_page(report, question, is_open).encode("utf-8", "replace")
    if "json" not in accept and "text/plain" in accept:
        headers["Content-Type"] = "text/plain; charset=utf-8"
        return headers, miss_text(report).encode("utf-8", "backslashreplace")
    headers["Content-Type"] = "application/json"
    return headers, dumped(report)

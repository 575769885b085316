"""Why a request was not answered, as JSON for machines and as text for people."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from multidict import CIMultiDict

from matching import Match, NearMiss, PatternError, Request, StateSelector, example_request, find, near_misses
from stubserver.web.addressing import Resolved, base_path, parse_address
from stubserver.web.asks import STATE_HEADER
from stubserver.web.curl import curl_line
from stubserver.web.problems import JSON_HEADERS, dumped
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
    found = near_misses(
        question.resolved.stub.index, question.request, question.state, limit=limit, clock=time.monotonic
    )
    report: dict[str, Any] = {
        "error": "no-match",
        "message": f"No interaction matches {question.shown_target} at the stub of {question.resolved.address}",
        "hint": _hint(question, found),
        "mismatches": [mismatch.message for mismatch in found[0].mismatches] if found else [],
        "nearest": [_near_miss(question, near) for near in found],
    }
    if report["hint"] is None:
        del report["hint"]
    return report


def _hint(question: Question, found: list[NearMiss]) -> str | None:
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
    """(a command that the interaction answers, None), or (None, why there is none).

    Where another interaction would answer the recorded request, asking for the provider state may help.
    """
    example = example_request(near.interaction.interaction.request)
    if not near.interaction.matches(example) or not example.path.startswith("/"):
        return None, "its recorded request does not satisfy its own rules, or cannot be sent"
    states = ["^" + re.escape(state).replace(r"\ ", " ") + "$" for state in near.interaction.states[:1]]
    asked = [] if question.state is None else [question.state.source, ""]
    other = None
    for wanted in (*asked, *([None] if not asked else []), *states):
        found = find(question.resolved.stub.index, example, _selector(question, wanted), clock=time.monotonic)
        if isinstance(found, Match) and found.interaction is near.interaction:
            extra = () if wanted is None else ((STATE_HEADER, wanted),)
            line = curl_line(question.server + question.resolved.base, example, extra)
            return line, None if line else "its body is too long for a command line"
        other = found.interaction.interaction.description if isinstance(found, Match) else other
    return None, f"its recorded request is answered by another interaction: {other}" if other else None


def _selector(question: Question, wanted: str | None) -> StateSelector | None:
    """The selector that a request with this state header gets."""
    if not wanted:
        return None
    stateless = question.state.stateless if question.state is not None else True
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


def nearest_place(report: dict[str, Any]) -> str | None:
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

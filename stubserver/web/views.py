"""Interactions and stubs as JSON documents."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from matching import CompiledInteraction, Problem
from matching.content_types import Kind, codec_of
from matching.json_text import JsonError, parse_json
from matching.model import Body, BodyState, HeaderValues
from stubserver.catalog import Address, LoadedPact, Snapshot
from stubserver.web.addressing import base_path


def interaction_summary(interaction: CompiledInteraction, origin: str) -> dict[str, Any]:
    """What names an interaction: id, description, states, whose it is, where it stands, what it answers."""
    recorded = interaction.interaction
    return {
        "id": interaction.id,
        "description": recorded.description,
        "states": list(interaction.states),
        "consumer": interaction.consumer,
        "provider": interaction.provider,
        "origin": f"{origin}#{recorded.pointer}",
        "method": interaction.method,
        "path": recorded.request.path,
        "status": interaction.response.status,
    }


def interaction_document(interaction: CompiledInteraction, origin: str) -> dict[str, Any]:
    """An interaction in full: the summary, the recorded request with its rules, and the answer."""
    recorded = interaction.interaction
    request, rules = recorded.request, recorded.request.rules
    return {
        **interaction_summary(interaction, origin),
        "key": recorded.key,
        "pending": recorded.pending,
        "state_params": {state.name: dict(state.params) for state in recorded.states if state.params},
        "request": {
            "method": request.method,
            "path": request.path,
            "query": {name: list(values) for name, values in request.query.items()},
            "headers": _headers(request.headers),
            "body": _body(request.body),
        },
        "rules": {
            "path": _rules(rules.path),
            "query": {name: _rules(value) for name, value in rules.query.items()},
            "header": {name: _rules(value) for name, value in rules.header.items()},
            "body": {_path_text(path): _rules(value) for path, value in rules.body},
        },
        "response": {
            "status": interaction.response.status,
            "headers": _headers(tuple((name, (value,)) for name, value in interaction.response.headers)),
            "body": _body(recorded.response.body),
            "generators": [
                {"category": item.category, "path": item.path, "type": item.type, **item.attributes}
                for item in recorded.response.generators
            ],
        },
    }


def _headers(headers: HeaderValues) -> dict[str, Any]:
    shown: dict[str, list[str]] = {}
    for name, values in headers:
        shown.setdefault(name, []).extend(values)
    return {name: values[0] if len(values) == 1 else values for name, values in shown.items()}


def _body(body: Body) -> Any:
    """The body as JSON when it is JSON, as text when it is text, else as `{"base64": …}`; None when there is none."""
    if body.state is not BodyState.PRESENT:
        return "" if body.state is BodyState.EMPTY else None
    if body.content_type is not None and body.content_type.kind is Kind.JSON:
        try:
            return parse_json(body.content)
        except JsonError:
            pass
    try:
        return body.content.decode(codec_of(body.content_type) or "utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body.content).decode()}


def _rules(rules: Any) -> Any:
    if rules is None:
        return None
    combined = [{"match": rule.name, **rule.attributes} for rule in rules.rules]
    return {"any": combined} if rules.any_suffices else combined


def _path_text(path: tuple[Any, ...]) -> str:
    from_token: Mapping[type, Any] = {str: lambda t: f"['{t}']", int: lambda t: f"[{t}]"}
    return "$" + "".join(from_token.get(type(token), lambda t: t.value)(token) for token in path)


def stub_document(address: Address, base_url: str, interactions: int | None = None) -> dict[str, Any]:
    """A stub: what it serves and its base URL; how many interactions it has, where that is known."""
    document: dict[str, Any] = {
        "url": base_url + (base_path(address) or "/"),
        "provider": address.provider,
        "consumer": address.consumer,
    }
    return document if interactions is None else {**document, "interactions": interactions}


def pact_document(entry: LoadedPact, base_url: str) -> dict[str, Any]:
    """A loaded document: whose it is, how much of it is served, and every problem with its place and cure."""
    pact = entry.pact
    document: dict[str, Any] = {"origin": entry.origin, "sha256": entry.sha, "stale": entry.stale}
    if pact is not None:
        document |= {
            "consumer": pact.consumer,
            "provider": pact.provider,
            "specification": pact.specification,
            "stub": base_url + base_path(Address(pact.provider, pact.consumer)),
            "served": entry.served,
            "uncompiled": entry.drafts,
            "messages": len(pact.messages),
            "skipped": [
                {"description": item.description, "pointer": item.pointer, "reason": item.reason}
                for item in pact.skipped
            ],
        }
    return document | {"problems": [problem_document(problem) for problem in entry.problems]}


def problem_document(problem: Problem) -> dict[str, str]:
    """A problem of a document."""
    return {
        "severity": problem.severity.value,
        "pointer": problem.pointer,
        "message": problem.message,
        "cure": problem.cure,
    }


def origin_of(snapshot: Snapshot, interaction: CompiledInteraction) -> str:
    """The document an interaction came from."""
    return snapshot.origins.get(interaction.source, "")

"""Documents and their interactions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from matching.errors import PactError, Problem, Severity
from matching.json_text import MAX_DEPTH, JsonError, depth_of, dump_json, exactly, parse_json, text_of
from matching.model import (
    ExampleRequest,
    ExampleResponse,
    Generator,
    Interaction,
    Message,
    MessageContent,
    Pact,
    ProviderState,
    QueryParameters,
    RuleList,
    SkippedInteraction,
    Specification,
)
from matching.parse.http import (
    is_body_missing,
    parse_body,
    parse_body_envelope,
    parse_headers,
    parse_query_parameters,
)
from matching.parse.messages import parse_message, parse_synchronous_message, parse_v3_message
from matching.parse.report import Report
from matching.parse.rules import count_rules, parse_generators, parse_path_rules, parse_rules

_BOM = b"\xef\xbb\xbf"


def parse_pact(content: bytes) -> Pact:
    """Read one pact document.

    Raises PactError when it is not a pact at all. Anything less is listed in the result: an interaction that
    cannot be served is among `skipped`, and everything that was set aside is among `problems`.
    """
    return parse_document(read_document(content))[0]


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is a pact, but of whose entries nothing is known yet."""

    members: Mapping[str, Any]
    specification: Specification
    consumer: str
    provider: str
    entries: list[tuple[str, int, Any]]  # the member they are in, their position there, and what they are
    report: Report


def read_document(content: bytes) -> Document:
    """Read a document as far as its names and the number of its entries. Raises PactError when it is not a pact."""
    report = Report()
    members = _parse_document(content, report)
    return Document(
        members,
        _specification(members, report),
        _pacticipant(members, "consumer", report),
        _pacticipant(members, "provider", report),
        _entries(members, report),
        report,
    )


def parse_document(document: Document, most: int | None = None) -> tuple[Pact, list[Draft]]:
    """Parse the entries of a document; see `parse_pact`. Of the interactions beyond the first `most` only so much is
    read as is needed to find them; the pact has everything else.
    """
    report, specification = document.report, document.specification
    interactions: list[Interaction] = []
    drafts: list[Draft] = []
    messages: list[Message] = []
    skipped: list[SkippedInteraction] = []
    for name, index, entry in document.entries:
        at = report.at(name, index)
        try:
            kind = _kind(entry, name, specification, at)
            if kind is not _EntryKind.HTTP:
                common = _parse_common(entry, index, at)
                messages.append(Message(contents=tuple(_CONTENTS[kind](entry, at)), **common))
            elif most is None or len(interactions) < most:
                interactions.append(_parse_http(entry, index, specification, at))
            else:
                drafts.append(_draft(entry, index, specification, at))
        except PactError as error:
            report.problems.extend(error.problems)
            reason = error.problems[0].message
            skipped.append(SkippedInteraction(_description(entry, index), at.pointer, reason))
    pact = Pact(
        document.consumer,
        document.provider,
        specification,
        tuple(interactions),
        tuple(messages),
        tuple(skipped),
        tuple(report.problems),
    )
    return pact, drafts


@dataclass(frozen=True, slots=True)
class Draft:
    """An interaction of which only so much was read as is needed to find it.

    `content` is its JSON, `pointer` where it stands; the counts are those of what is recorded.
    """

    content: bytes
    index: int
    specification: Specification
    pointer: str
    method: str
    path: str
    path_rules: RuleList | None
    path_generators: tuple[Generator, ...]
    header_count: int
    query_count: int
    has_body: bool
    rule_count: int

    def parse(self) -> tuple[Interaction, list[Problem]]:
        """Read all of it. Raises PactError when it cannot be served."""
        report = Report()
        at = report.at("interactions", self.index)
        interaction = _parse_http(parse_json(self.content), self.index, self.specification, at)
        return interaction, report.problems


def _draft(entry: Mapping[str, Any], index: int, specification: Specification, report: Report) -> Draft:
    # What is wrong is told when all of it is read; only what keeps it from being found is an error here.
    unheard, v4 = Report(steps=(*report.steps, "request")), specification is Specification.V4
    request = _object(entry, "request", report)
    method, path, query = _parse_target(request, unheard)
    headers = request.get("headers")
    return Draft(
        exactly(dump_json(entry)),
        index,
        specification,
        report.pointer,
        method,
        path,
        parse_path_rules(request, unheard),
        parse_generators(request, unheard) if "generators" in request else (),
        len(headers) if isinstance(headers, dict) else 0,
        len(query),
        not is_body_missing(request, envelope=v4),
        count_rules(request),
    )


def _parse_document(content: bytes, report: Report) -> Mapping[str, Any]:
    content = content.removeprefix(_BOM)
    if not content.strip():
        raise PactError([report.problem(Severity.ERROR, "the document is empty", "write a pact into it, or remove it")])
    try:
        document = parse_json(content)
    except JsonError as error:
        cure = "correct it at that place; a pact is a JSON document in UTF-8"
        raise PactError([report.problem(Severity.ERROR, f"is not JSON: {error}", cure)]) from None
    if not isinstance(document, dict):
        raise PactError(
            [
                report.problem(
                    Severity.ERROR, "is not a JSON object", "a pact begins with {, names consumer and provider"
                )
            ]
        )
    if document and not document.keys() & {"consumer", "provider", "interactions", "messages"}:
        cure = "leave it out; a pact names consumer, provider and interactions"
        raise PactError([report.problem(Severity.ERROR, "is not a pact: it has none of a pact's members", cure)])
    if depth_of(document) > MAX_DEPTH + 10:
        cure = "flatten it; no pact needs that"
        raise PactError([report.problem(Severity.ERROR, f"nests deeper than {MAX_DEPTH} levels", cure)])
    return document


def _specification(document: Mapping[str, Any], report: Report) -> Specification:
    """The version the metadata declare; the major part decides, except for 1.1. Without any: V3."""
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    declared: Any = None
    for key in ("pactSpecification", "pact-specification"):
        entry = metadata.get(key)
        if isinstance(entry, dict) and "version" in entry:
            declared, steps = entry["version"], ("metadata", key, "version")
            break
    else:
        declared, steps = metadata.get("pactSpecificationVersion"), ("metadata", "pactSpecificationVersion", "")
    has_types = any(isinstance(entry, dict) and "type" in entry for entry in _list(document.get("interactions")))
    guess = Specification.V4 if has_types else Specification.V3
    if declared is None:
        return guess
    text = text_of(declared)
    if re.match(r"1\.1(\D|$)", text):
        return Specification.V1_1
    major = re.match(r"([1-4])(\D|$)", text)
    if major:
        return {"1": Specification.V1, "2": Specification.V2, "3": Specification.V3, "4": Specification.V4}[major[1]]
    report.at(*filter(None, steps)).warn(
        f"the specification version {text!r} is not known; the document is read as {guess.name}",
        "use 1.0.0, 1.1.0, 2.0.0, 3.0.0 or 4.0",
    )
    return guess


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _entries(document: Mapping[str, Any], report: Report) -> list[tuple[str, int, Any]]:
    entries: list[tuple[str, int, Any]] = []
    found = False
    for name in ("interactions", "messages"):
        value = document.get(name)
        if isinstance(value, list):
            found = True
            entries.extend((name, index, entry) for index, entry in enumerate(value))
        elif value is not None:
            report.at(name).warn("is not a list; nothing of it is served", f"write {name} as a list")
            found = True
    if not found:
        report.warn("has no interactions", "add a list of interactions, or remove the document")
    return entries


class _EntryKind(Enum):
    """What an entry of a document describes."""

    HTTP = "Synchronous/HTTP"
    MESSAGE = "Asynchronous/Messages"
    SYNCHRONOUS_MESSAGE = "Synchronous/Messages"
    V3_MESSAGE = "message"


_CONTENTS: Mapping[_EntryKind, Callable[[Mapping[str, Any], Report], Iterator[MessageContent]]] = {
    _EntryKind.MESSAGE: parse_message,
    _EntryKind.SYNCHRONOUS_MESSAGE: parse_synchronous_message,
    _EntryKind.V3_MESSAGE: parse_v3_message,
}


def _kind(entry: Any, member: str, specification: Specification, report: Report) -> _EntryKind:
    """What an entry is. Raises PactError for what is no interaction."""
    if not isinstance(entry, dict):
        cure = "write an object with description, request and response"
        raise PactError([report.problem(Severity.SKIPPED, "the interaction is not an object", cure)])
    if member == "messages":
        return _EntryKind.V3_MESSAGE
    kind = entry.get("type")
    if specification is not Specification.V4:
        return _EntryKind.HTTP
    if kind is None:
        if "request" in entry or "response" in entry:
            return _EntryKind.HTTP
        cure = "name its type, or give it a request"
        raise PactError([report.problem(Severity.SKIPPED, "the interaction has neither a type nor a request", cure)])
    try:
        return _EntryKind(kind)
    except ValueError:
        cure = "use Synchronous/HTTP, Asynchronous/Messages or Synchronous/Messages"
        problem = report.at("type").problem(Severity.SKIPPED, f"there is no interaction type {text_of(kind)!r}", cure)
        raise PactError([problem]) from None


def _description(entry: Any, index: int) -> str:
    description = entry.get("description") if isinstance(entry, dict) else None
    return text_of(description) if description is not None else f"Interaction {index}"


def _pacticipant(document: Mapping[str, Any], role: str, report: Report) -> str:
    entry = document.get(role)
    name = entry.get("name") if isinstance(entry, dict) else None
    if isinstance(name, str) and name:
        return name
    report.at(role).warn(f"the {role} has no name; {role!r} is used", f'add "{role}": {{"name": "…"}}')
    return role


def _parse_common(entry: Mapping[str, Any], index: int, report: Report) -> dict[str, Any]:
    """What every kind of entry has."""
    key = entry.get("key")
    plugins = entry.get("pluginConfiguration")
    return {
        "description": _description(entry, index),
        "states": _parse_states(entry),
        "pointer": report.pointer,
        "key": key if isinstance(key, str) else None,
        "pending": entry.get("pending") is True,
        "comments": entry.get("comments"),
        "plugins": tuple(plugins) if isinstance(plugins, dict) else (),
    }


def _parse_http(entry: Mapping[str, Any], index: int, specification: Specification, report: Report) -> Interaction:
    v4 = specification is Specification.V4
    return Interaction(
        request=_parse_request(_object(entry, "request", report), v4, report.at("request")),
        response=_parse_response(_object(entry, "response", report), v4, report.at("response")),
        **_parse_common(entry, index, report),
    )


def _object(entry: Mapping[str, Any], name: str, report: Report) -> Mapping[str, Any]:
    value = entry.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    problem = report.at(name).problem(
        Severity.SKIPPED, f"the {name} is not an object", f"write the {name} as an object"
    )
    raise PactError([problem])


def _parse_states(entry: Mapping[str, Any]) -> tuple[ProviderState, ...]:
    """`providerStates` of V3 and V4, else the single text of V1 and V2."""
    states = entry.get("providerStates")
    if isinstance(states, list):
        return tuple(_parse_state(state) for state in states if state is not None)
    if isinstance(states, str) and states:
        return (ProviderState(states),)
    for key in ("providerState", "provider_state"):
        state = entry.get(key)
        if state is not None and state != "":
            return (ProviderState(text_of(state)),)
    return ()


def _parse_state(state: Any) -> ProviderState:
    if not isinstance(state, dict):
        return ProviderState(text_of(state))
    params = state.get("params")
    name = state.get("name")
    return ProviderState(
        text_of(name) if name is not None else "unnamed state", params if isinstance(params, dict) else {}
    )


def _parse_request(request: Mapping[str, Any], v4: bool, report: Report) -> ExampleRequest:
    method, path, query = _parse_target(request, report)
    headers = parse_headers(request.get("headers"), report.at("headers"))
    return ExampleRequest(
        method,
        path,
        query,
        headers,
        parse_body_envelope(request, headers, report.at("body")) if v4 else parse_body(request, headers),
        parse_rules(request, report, query),
        parse_generators(request, report),
        count_rules(request),
    )


def _parse_target(request: Mapping[str, Any], report: Report) -> tuple[str, str, QueryParameters]:
    """Method, path and query."""
    method = "GET" if request.get("method") is None else request["method"]
    if not isinstance(method, str) or not method.strip():
        problem = report.at("method").problem(Severity.SKIPPED, "the method is not a text", "write it like GET")
        raise PactError([problem])
    path = "/" if request.get("path") is None else request["path"]
    if not isinstance(path, str):
        problem = report.at("path").problem(Severity.SKIPPED, "the path is not a text", "write it like /orders/1")
        raise PactError([problem])
    query = parse_query_parameters(request.get("query"), report.at("query"))
    if "?" in path and not query:
        report.at("path").warn("the path holds a query; it is read as one", "move what follows ? into query")
        path, _, text = path.partition("?")
        query = parse_query_parameters(text, report)
    return method.strip().upper(), path, query


def _parse_response(response: Mapping[str, Any], v4: bool, report: Report) -> ExampleResponse:
    headers = parse_headers(response.get("headers"), report.at("headers"))
    return ExampleResponse(
        _parse_status(response.get("status", 200), report.at("status")),
        headers,
        parse_body_envelope(response, headers, report.at("body")) if v4 else parse_body(response, headers),
        parse_rules(response, report),
        parse_generators(response, report),
    )


def _parse_status(value: Any, report: Report) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 3:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    problem: Problem | None = None
    if isinstance(value, bool) or not isinstance(value, int) or not 100 <= value <= 999:
        problem = report.problem(
            Severity.SKIPPED, f"the status {text_of(value)!r} is not between 100 and 999", "write it like 200"
        )
    elif value < 200:
        problem = report.problem(
            Severity.SKIPPED, f"the status {value} is not a final answer", "record the final status, 200 or above"
        )
    if problem:
        raise PactError([problem])
    return int(value)

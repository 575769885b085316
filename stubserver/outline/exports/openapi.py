"""OpenAPI 3.1: what consumers use of a provider, as a description of it, with an example for each interaction."""

from __future__ import annotations

import http
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from matching import CompiledInteraction
from matching.content_types import Kind
from matching.http_text import parse_query
from matching.json_text import JsonError, parse_json
from matching.model import Body, BodyState, ExampleRequest, MatchingRules, RuleList
from matching.paths import Scope
from stubserver.outline.endpoints import Endpoint
from stubserver.outline.exports.about import About
from stubserver.outline.exports.schema import (
    Schema,
    ecma_pattern,
    merged,
    parameter_schema,
    schema_of,
    text_schema,
    without_empty,
)
from stubserver.outline.fields import rules_at

_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"})
_NO_PARAMETERS = frozenset({"accept", "content-type", "authorization"})  # which OpenAPI describes elsewhere
_PHRASES = {status.value: status.phrase for status in http.HTTPStatus}
_LONGEST = 20_000  # characters of one example
_EXAMPLES = 50  # of one kind of body


def openapi_of(endpoints: Iterable[Endpoint], about: About) -> dict[str, Any]:
    """The description of endpoints, as a document of OpenAPI 3.1."""
    paths: dict[str, Any] = {}
    schemes: dict[str, Any] = {}
    omitted: list[str] = []
    names: set[str] = set()
    for endpoint in endpoints:
        if endpoint.method not in _METHODS or not endpoint.path.startswith("/"):
            omitted.append(f"{endpoint.method} {endpoint.path}")
            continue
        item = paths.setdefault(endpoint.path, {})
        item[endpoint.method.lower()] = _operation(endpoint, schemes, names)
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": about.title, "version": about.version, "description": about.text},
        "servers": [{"url": about.server}],
        "paths": paths,
    }
    if about.token_header is not None:
        schemes["stub"] = {"type": "apiKey", "in": "header", "name": about.token_header}
        document["security"] = [{"stub": []}]
        for item in paths.values():
            for operation in item.values():
                if "security" in operation:
                    operation["security"] = [{"stub": [], **each} for each in operation["security"]]
    if schemes:
        document["components"] = {"securitySchemes": schemes}
    if omitted:  # methods that OpenAPI does not know
        document["x-omitted"] = omitted
    return cast("dict[str, Any]", _sendable(document))


def _sendable(value: Any) -> Any:
    """A document whose texts are Unicode: recorded bytes that are none are replaced."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        made = {_sendable(key): _sendable(item) for key, item in value.items()}
        if made.get("required") != value.get("required") and isinstance(made["required"], list):
            made["required"] = list(dict.fromkeys(made["required"]))  # names that are the same by now
        return made
    return [_sendable(item) for item in value] if isinstance(value, list) else value


def _operation(endpoint: Endpoint, schemes: dict[str, Any], names: set[str]) -> dict[str, Any]:
    interactions = endpoint.interactions
    parameters = [*_path_parameters(endpoint), *_query_parameters(interactions), *_header_parameters(interactions)]
    descriptions = dict.fromkeys(item.interaction.description for item in interactions)
    operation: dict[str, Any] = {
        "operationId": _unique(_slug(f"{endpoint.method.lower()} {endpoint.path}"), names),
        "summary": next(iter(descriptions)),
        "tags": [next((piece for piece in endpoint.path.split("/") if piece and piece[0] != "{"), "/")],
        "x-consumers": sorted({item.consumer for item in interactions}),
    }
    if parameters:
        operation["parameters"] = parameters
    security = _security(interactions, schemes)
    if security:
        operation["security"] = security
    bodies = [item for item in interactions if item.interaction.request.body.state is BodyState.PRESENT]
    content = _content((item, item.interaction.request.body, item.interaction.request.rules) for item in bodies)
    if content:
        operation["requestBody"] = {"content": content, "required": len(bodies) == len(interactions)}
    operation["responses"] = _responses(interactions)
    return operation


def _slug(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_") or "operation"


def _unique(name: str, names: set[str]) -> str:
    made, number = name, 2
    while made in names:
        made, number = f"{name}_{number}", number + 1
    names.add(made)
    return made


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found = []
    for parameter in endpoint.parameters:
        schema: Schema = {"type": "string", "examples": list(parameter.examples[:3])}
        patterns = [ecma_pattern(source) for source in parameter.patterns]
        if len(patterns) == 1 and patterns[0] is not None:
            schema["pattern"] = patterns[0]
        made = {"name": parameter.name, "in": "path", "required": True, "schema": schema}
        found.append({**made, "example": parameter.examples[0]})
    return found


def _query_parameters(interactions: Sequence[CompiledInteraction]) -> list[dict[str, Any]]:
    schemas: dict[str, list[Schema]] = {}
    for item in interactions:
        request = item.interaction.request
        for name, values in request.query.items():
            rules = request.rules.query.get(name, request.rules.query_default)
            schema = parameter_schema([value or "" for value in values], rules)
            if len(values) > 1:
                schema = {"type": "array", "items": schema}
            schemas.setdefault(name, []).append(schema)
    return [_parameter(name, "query", its, len(interactions)) for name, its in schemas.items()]


def _header_parameters(interactions: Sequence[CompiledInteraction]) -> list[dict[str, Any]]:
    schemas: dict[str, list[Schema]] = {}
    written: dict[str, str] = {}
    for item in interactions:
        request = item.interaction.request
        for name, values in request.headers:
            folded = name.lower()
            if folded not in _NO_PARAMETERS:
                written.setdefault(folded, name)
                schema = parameter_schema([", ".join(values)], request.rules.header.get(folded))
                schemas.setdefault(folded, []).append(schema)
    return [_parameter(written[name], "header", its, len(interactions)) for name, its in schemas.items()]


def _parameter(name: str, place: str, schemas: Sequence[Schema], count: int) -> dict[str, Any]:
    schema = without_empty(merged(schemas))
    made = {"name": name, "in": place, "required": len(schemas) >= count, "schema": schema}
    if made["required"] and schema.get("examples"):
        made["example"] = schema["examples"][0]
    return made


def _security(interactions: Sequence[CompiledInteraction], schemes: dict[str, Any]) -> list[dict[str, Any]]:
    """What Authorization headers ask for."""
    found: dict[str, dict[str, Any]] = {}
    without = 0
    for item in interactions:
        value = _authorization(item.interaction.request)
        if value is None:
            without += 1
            continue
        scheme = value.partition(" ")[0].lower()
        if scheme in ("bearer", "basic") and " " in value:
            schemes[scheme] = {"type": "http", "scheme": scheme}
        else:
            scheme = "authorization"
            schemes[scheme] = {"type": "apiKey", "in": "header", "name": "Authorization"}
        found[scheme] = {scheme: []}
    return [*([{}] if without and found else []), *found.values()]


def _authorization(request: ExampleRequest) -> str | None:
    return next((", ".join(values) for name, values in request.headers if name.lower() == "authorization"), None)


_Recorded = tuple[CompiledInteraction, Body, MatchingRules]


def _content(recorded: Iterable[_Recorded]) -> dict[str, Any]:
    """Bodies by media type: their schema, and an example of each interaction."""
    by_type: dict[str, list[_Recorded]] = {}
    for item in recorded:
        content_type = item[1].content_type
        by_type.setdefault(content_type.essence if content_type is not None else "text/plain", []).append(item)
    return {media: _media(its) for media, its in by_type.items()}


def _media(recorded: Sequence[_Recorded]) -> dict[str, Any]:
    schema = without_empty(merged(_body_schema(body, rules) for _, body, rules in recorded))
    examples: dict[str, Any] = {}
    names: set[str] = set()
    for item, body, _ in recorded[:_EXAMPLES]:
        value = _body_example(body)
        if value is None:
            continue
        example: dict[str, Any] = {"summary": item.interaction.description, "value": value}
        if item.states:
            example["description"] = "Given " + " and ".join(item.states)
            example["x-states"] = list(item.states)
        examples[_unique(_slug(item.interaction.description)[:60], names)] = example
    return {"schema": schema, "examples": examples} if examples else {"schema": schema}


def _body_schema(body: Body, rules: MatchingRules) -> Schema:
    kind = _kind(body)
    scope: Scope[RuleList] = Scope.root(list(rules.body))
    if kind is Kind.JSON:
        try:
            return schema_of(parse_json(body.content), scope)
        except JsonError:
            return {"type": "string"}
    if kind is Kind.FORM:
        members = {
            name: _form_schema([value or "" for value in values], rules_at(scope.child(name)))
            for name, values in parse_query(body.content.decode("utf-8", "replace")).items()
        }
        return {"type": "object", "properties": members, "required": list(members)}
    if kind is Kind.MULTIPART:
        return {"type": "object"}
    return {"type": "string", "format": "binary"} if kind is Kind.BINARY else {"type": "string"}


def _form_schema(values: list[str], rules: RuleList | None) -> Schema:
    schema = text_schema(values, rules)
    return {"type": "array", "items": schema} if len(values) > 1 else schema


def _kind(body: Body) -> Kind:
    return body.content_type.kind if body.content_type is not None else Kind.TEXT


def _body_example(body: Body) -> Any:
    kind = _kind(body)
    if len(body.content) > _LONGEST or kind in (Kind.BINARY, Kind.MULTIPART):
        return None
    if kind is Kind.JSON:
        try:
            return parse_json(body.content)
        except JsonError:
            pass
    if kind is Kind.FORM:
        parameters = parse_query(body.content.decode("utf-8", "replace"))
        return {
            name: [value or "" for value in values] if len(values) > 1 else (values[0] or "") if values else ""
            for name, values in parameters.items()
        }
    try:
        return body.content.decode()
    except UnicodeDecodeError:
        return None


def _responses(interactions: Sequence[CompiledInteraction]) -> Mapping[str, Any]:
    by_status: dict[str, list[CompiledInteraction]] = {}
    for item in sorted(interactions, key=lambda interaction: interaction.response.status):
        by_status.setdefault(_status(item.response.status), []).append(item)
    return {name: _response(its) for name, its in by_status.items()}


def _status(status: int) -> str:
    return str(status) if status < 600 else "default"


def _response(interactions: Sequence[CompiledInteraction]) -> dict[str, Any]:
    statuses = sorted({item.response.status for item in interactions})
    title = ", ".join(_PHRASES.get(status, f"Status {status}") for status in statuses)
    lines = []
    for item in interactions[:_EXAMPLES]:
        given = f" (given {' and '.join(item.states)})" if item.states else ""
        lines.append(f"- {item.interaction.description}{given}")
    made: dict[str, Any] = {"description": "\n".join([title, "", *lines])}
    headers: dict[str, Any] = {}
    for item in interactions:
        recorded = item.interaction.response
        for name, values in recorded.headers:
            if name.lower() != "content-type":
                schema = parameter_schema([", ".join(values)], recorded.rules.header.get(name.lower()))
                headers.setdefault(name, {"schema": without_empty(schema)})
    if headers:
        made["headers"] = headers
    bodies = ((item, item.interaction.response.body, item.interaction.response.rules) for item in interactions)
    content = _content(its for its in bodies if its[1].state is BodyState.PRESENT and its[0].response.body)
    if content:
        made["content"] = content
    return made

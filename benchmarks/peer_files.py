"""The corpus in the language of each peer: what the pact says, as nearly as the peer can say it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import corpus

_JSON = {"Content-Type": "application/json"}
_NUMBER, _TEXT = r"^-?[0-9.]+$", r"^.*$"


def path_of(position: int) -> tuple[str, str]:
    """Kind and fixed beginning of the path of an interaction."""
    kind = corpus.KINDS[position % 4]
    return kind, f"/api/{kind}{position}"


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a JSON document with its dotted path."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in pairs:
            yield from leaves(each, f"{at}.{key}" if at else str(key))
    else:
        yield at, value


def _pattern(at: str, value: Any) -> str:
    """A pattern for the text of a value of the recorded body."""
    if at.endswith("country"):
        return "^[A-Z]{2}$"
    if isinstance(value, bool):
        return "^(true|false)$"
    return _TEXT if isinstance(value, str) else _NUMBER


def wiremock(interactions: int, folder: Path) -> Path:
    """Mappings; bodies by equalToJson with a placeholder for each type."""

    def placeholder(at: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: placeholder(key, each) for key, each in value.items()}
        if isinstance(value, list):
            return [placeholder(at, each) for each in value]
        if at == "country":
            return "${json-unit.regex}[A-Z]{2}"
        kinds = {bool: "any-boolean", str: "any-string", int: "any-number", float: "any-number"}
        return f"${{json-unit.{kinds[type(value)]}}}"

    def mapping(position: int) -> dict[str, Any]:
        kind, path = path_of(position)
        request: dict[str, Any] = {"method": "POST" if kind == "post" else "GET"}
        if kind == "literal":
            request["urlPath"] = f"{path}/items"
        elif kind == "pattern":
            request["urlPathPattern"] = f"{path}/\\d+"
        else:
            request["urlPath"] = path
        if kind == "query":
            numbers = {name: {"matches": r"\d+"} for name in ("page", "size")}
            request["queryParameters"] = {**numbers, "sort": {"equalTo": "name"}}
        elif kind == "post":
            request["bodyPatterns"] = [{"equalToJson": placeholder("", corpus.body(1))}]
        return {"request": request, "response": {"status": 200, "headers": _JSON, "jsonBody": corpus.answer(position)}}

    place = folder / "mappings"
    place.mkdir()
    (place / "all.json").write_text(json.dumps({"mappings": [mapping(position) for position in range(interactions)]}))
    return folder


# What a data file must hold beside what matters here.
_MOCKOON_RESPONSE: dict[str, Any] = {
    "latency": 0,
    "statusCode": 200,
    "label": "",
    "headers": [{"key": "Content-Type", "value": "application/json"}],
    "bodyType": "INLINE",
    "filePath": "",
    "databucketID": "",
    "sendFileAsBody": False,
    "rulesOperator": "AND",
    "disableTemplating": True,
    "fallbackTo404": False,
    "crudKey": "id",
    "callbacks": [],
}
_MOCKOON_ROUTE: dict[str, Any] = {
    "type": "http",
    "documentation": "",
    "streamingMode": None,
    "streamingInterval": 0,
}
_MOCKOON_ENVIRONMENT: dict[str, Any] = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "lastMigration": 33,
    "name": "corpus",
    "endpointPrefix": "",
    "latency": 0,
    "port": 0,
    "hostname": "127.0.0.1",
    "folders": [],
    "proxyMode": False,
    "proxyHost": "",
    "proxyRemovePrefix": False,
    "tlsOptions": {
        "enabled": False,
        "type": "CERT",
        "pfxPath": "",
        "certPath": "",
        "keyPath": "",
        "caPath": "",
        "passphrase": "",
    },
    "cors": True,
    "headers": [],
    "proxyReqHeaders": [],
    "proxyResHeaders": [],
    "data": [],
    "callbacks": [],
}


def mockoon(interactions: int, folder: Path) -> Path:
    """An environment; one rule for each value of a body."""

    def rule(target: str, modifier: str, pattern: str) -> dict[str, Any]:
        return {"target": target, "modifier": modifier, "value": pattern, "invert": False, "operator": "regex"}

    def route(position: int) -> dict[str, Any]:
        kind, path = path_of(position)
        endpoint = path[1:] + {"literal": "/items", "pattern": "/:number"}.get(kind, "")
        found: list[dict[str, Any]] = []
        if kind == "pattern":
            found = [rule("params", "number", r"^\d+$")]
        elif kind == "query":
            found = [rule("query", "page", r"^\d+$"), rule("query", "size", r"^\d+$"), rule("query", "sort", "^name$")]
        elif kind == "post":
            found = [rule("body", at, _pattern(at, value)) for at, value in leaves(corpus.body(1))]
        response = {
            **_MOCKOON_RESPONSE,
            "uuid": str(uuid.UUID(int=2 * position + 1)),
            "body": json.dumps(corpus.answer(position)),
            "rules": found,
            "default": not found,
        }
        return {
            **_MOCKOON_ROUTE,
            "uuid": str(uuid.UUID(int=2 * position + 2)),
            "method": "post" if kind == "post" else "get",
            "endpoint": endpoint,
            "responses": [response],
            "responseMode": "FALLBACK" if found else None,
        }

    routes = [route(position) for position in range(interactions)]
    children = [{"type": "route", "uuid": route["uuid"]} for route in routes]
    environment = {**_MOCKOON_ENVIRONMENT, "routes": routes, "rootChildren": children}
    file = folder / "mockoon.json"
    file.write_text(json.dumps(environment))
    return file


def mountebank(interactions: int, folder: Path, port: int) -> Path:
    """One imposter; bodies by patterns for the texts of their values."""

    def patterns(at: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: patterns(key, each) for key, each in value.items()}
        return _pattern(at, value)

    def stub(position: int) -> dict[str, Any]:
        kind, path = path_of(position)
        target = path + {"literal": "/items"}.get(kind, "")
        method = "POST" if kind == "post" else "GET"
        predicates: list[dict[str, Any]] = [{"equals": {"method": method, "path": target}}]
        if kind == "pattern":
            predicates = [{"equals": {"method": method}}, {"matches": {"path": rf"^{path}/\d+$"}}]
        elif kind == "query":
            predicates.append({"matches": {"query": {"page": r"^\d+$", "size": r"^\d+$", "sort": "^name$"}}})
        elif kind == "post":
            recorded = {name: each for name, each in corpus.body(1).items() if name != "items"}
            predicates.append({"matches": {"body": patterns("", recorded)}})
            # A predicate on a list holds when some item fits it; so each value is also demanded not to misfit.
            for name in ("quantity", "price"):
                predicates.append({"exists": {"body": {"items": [{name: True}]}}})
                predicates.append({"not": {"matches": {"body": {"items": [{name: "[^0-9.]"}]}}}})
        answer = {"statusCode": 200, "headers": _JSON, "body": json.dumps(corpus.answer(position))}
        return {"predicates": predicates, "responses": [{"is": answer}]}

    stubs = [stub(position) for position in range(interactions)]
    imposter = {"port": port, "host": "127.0.0.1", "protocol": "http", "stubs": stubs, "recordRequests": False}
    file = folder / "imposters.json"
    file.write_text(json.dumps({"imposters": [{**imposter, "defaultResponse": {"statusCode": 404}}]}))
    return file


def prism(interactions: int, folder: Path) -> Path:
    """An OpenAPI description; paths, queries and bodies by schemas."""

    def schema(at: str, value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            each = {key: schema(key, item) for key, item in value.items()}
            return {"type": "object", "properties": each, "required": list(value), "additionalProperties": False}
        if isinstance(value, list):
            return {"type": "array", "minItems": 1, "items": schema(at, value[0])}
        if at == "country":
            return {"type": "string", "pattern": "^[A-Z]{2}$"}
        kinds = {bool: "boolean", str: "string", int: "number", float: "number"}
        return {"type": kinds[type(value)]}

    def parameter(name: str, place: str, rule: dict[str, Any]) -> dict[str, Any]:
        return {"name": name, "in": place, "required": True, "schema": {"type": "string", **rule}}

    def operation(position: int) -> tuple[str, dict[str, Any]]:
        kind, path = path_of(position)
        target = path + {"literal": "/items", "pattern": "/{number}"}.get(kind, "")
        content = {"application/json": {"example": corpus.answer(position)}}
        told: dict[str, Any] = {"responses": {"200": {"description": "", "content": content}}}
        number = {"pattern": r"^\d+$"}
        if kind == "pattern":
            told["parameters"] = [parameter("number", "path", number)]
        elif kind == "query":
            sort = parameter("sort", "query", {"enum": ["name"]})
            told["parameters"] = [*(parameter(name, "query", number) for name in ("page", "size")), sort]
        elif kind == "post":
            body = {"application/json": {"schema": schema("", corpus.body(1))}}
            told["requestBody"] = {"required": True, "content": body}
        return target, {"post" if kind == "post" else "get": told}

    paths = dict(operation(position) for position in range(interactions))
    file = folder / "openapi.json"
    description = {"openapi": "3.0.3", "info": {"title": "corpus", "version": "1"}, "paths": paths}
    file.write_text(json.dumps(description))
    return file


def pact(interactions: int, folder: Path) -> Path:
    """The pact itself."""
    file = folder / "pact.json"
    file.write_bytes(corpus.pact(interactions))
    return file


Writer = Callable[[int, Path], Path]

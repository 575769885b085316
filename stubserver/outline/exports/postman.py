"""A Postman collection (v2.1): a folder for each endpoint, a request for each interaction, with the recorded answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from matching import CompiledInteraction, Request, example_request
from stubserver.outline.endpoints import Endpoint
from stubserver.outline.exports.about import About

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def postman_of(endpoints: Iterable[Endpoint], about: About) -> dict[str, Any]:
    """The collection of endpoints; the stub's URL is its variable `baseUrl`."""
    return {
        "info": {"name": about.title, "description": about.text, "schema": _SCHEMA},
        "variable": [{"key": "baseUrl", "value": about.server}],
        "item": [
            {"name": f"{endpoint.method} {endpoint.path}", "item": [_item(each) for each in endpoint.interactions]}
            for endpoint in endpoints
        ],
    }


def _item(interaction: CompiledInteraction) -> dict[str, Any]:
    recorded = interaction.interaction
    request = _request(example_request(recorded.request))
    request["description"] = "Given " + " and ".join(interaction.states) if interaction.states else ""
    response = interaction.response
    answer = {
        "name": recorded.description,
        "originalRequest": request,
        "code": response.status,
        "header": [{"key": name, "value": value} for name, value in response.headers],
        "body": response.body.decode("utf-8", "replace"),
    }
    return {"name": recorded.description, "request": request, "response": [answer]}


def _request(request: Request) -> dict[str, Any]:
    query = f"?{request.query}" if request.query else ""
    made: dict[str, Any] = {
        "method": request.method,
        "header": [{"key": name, "value": value} for name, value in request.header_lines],
        "url": {
            "raw": "{{baseUrl}}" + request.path + query,
            "host": ["{{baseUrl}}"],
            "path": request.path.lstrip("/").split("/"),
            "query": [{"key": key, "value": value} for key, value in parse_qsl(request.query, keep_blank_values=True)],
        },
    }
    if request.body:
        made["body"] = {"mode": "raw", "raw": request.body.decode("utf-8", "replace")}
    return made

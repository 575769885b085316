"""An HTTP archive (HAR 1.2): each interaction as if it had been seen on the network."""

from __future__ import annotations

import base64
import http
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from matching import CompiledInteraction, example_request
from stubserver import __version__
from stubserver.outline.endpoints import Endpoint
from stubserver.outline.exports.about import About

_PHRASES = {status.value: status.phrase for status in http.HTTPStatus}


def har_of(endpoints: Iterable[Endpoint], about: About, moment: str) -> dict[str, Any]:
    """The archive of endpoints; `moment` (ISO 8601) is when everything is said to have been seen."""
    entries = [_entry(each, about, moment) for endpoint in endpoints for each in endpoint.interactions]
    creator = {"name": "stubserver", "version": __version__}
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


def _entry(interaction: CompiledInteraction, about: About, moment: str) -> dict[str, Any]:
    request, response = example_request(interaction.interaction.request), interaction.response
    query = f"?{request.query}" if request.query else ""
    sent: dict[str, Any] = {
        "method": request.method,
        "url": about.server + request.path + query,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in request.header_lines],
        "queryString": [
            {"name": name, "value": value} for name, value in parse_qsl(request.query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        media = request.declared_type or "application/octet-stream"
        sent["postData"] = {"mimeType": media, "text": request.body.decode("utf-8", "replace")}
    media = next((value for name, value in response.headers if name.lower() == "content-type"), "")
    content: dict[str, Any] = {"size": len(response.body), "mimeType": media}
    try:
        content["text"] = response.body.decode()
    except UnicodeDecodeError:
        content |= {"text": base64.b64encode(response.body).decode(), "encoding": "base64"}
    location = next((value for name, value in response.headers if name.lower() == "location"), "")
    received = {
        "status": response.status,
        "statusText": _PHRASES.get(response.status, ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in response.headers],
        "content": content,
        "redirectURL": location,
        "headersSize": -1,
        "bodySize": len(response.body),
    }
    return {
        "startedDateTime": moment,
        "time": 0,
        "request": sent,
        "response": received,
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "comment": interaction.interaction.description,
    }

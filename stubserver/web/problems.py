"""Every error to its HTTP shape, and JSON that can hold whatever came over the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from stubserver import __version__
from stubserver.errors import StubServerError

SERVER = f"stubserver/{__version__}"  # the Server header of every answer


def problem_response(error: StubServerError) -> web.Response:
    """An operational error as `application/problem+json` (RFC 9457), with the cure as a member of its own."""
    return json_response(problem_document(error), status=error.status, content_type=PROBLEM_TYPE, headers=error.headers)


PROBLEM_TYPE = "application/problem+json"


def problem_document(error: StubServerError) -> dict[str, Any]:
    """An operational error as RFC 9457 writes it."""
    return {
        "type": f"urn:stubserver:problem:{error.slug}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "cure": error.cure,
    }


JSON_HEADERS = {"Server": SERVER, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


def json_response(
    document: Any,
    *,
    status: int = 200,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """A JSON answer, indented: people read it in terminals. Not to be sniffed, not to be cached."""
    fixed = {**JSON_HEADERS, **(headers or {})}
    return web.Response(status=status, body=dumped(document), content_type=content_type, headers=fixed)


def dumped(document: Any) -> bytes:
    """Indented JSON of anything made of JSON values, texts that are not UTF-8 included."""
    try:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
    except TypeError:  # texts that are not UTF-8, integers beyond 64 bits
        text = json.dumps(document, indent=2, ensure_ascii=False, default=dict)
        return text.encode("utf-8", "backslashreplace") + b"\n"

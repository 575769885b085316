"""A stub in the formats of other tools, and the page that leads to them."""

from __future__ import annotations

from datetime import UTC, datetime

import yaml
from aiohttp import web

from matching.json_text import parse_json
from stubserver.errors import NotFoundError
from stubserver.outline.exports.about import About
from stubserver.outline.exports.har import har_of
from stubserver.outline.exports.openapi import openapi_of
from stubserver.outline.exports.postman import postman_of
from stubserver.outline.outline import Outline
from stubserver.web.auth import TOKEN_HEADER
from stubserver.web.explorer.contracts import StubView
from stubserver.web.explorer.swagger import swagger_files
from stubserver.web.explorer.viewing import Viewing
from stubserver.web.problems import dumped

_LARGE = 2 << 20  # bytes of a description from which on its YAML is written as JSON
_YAML = "application/yaml; charset=utf-8"
EXPORTS = (
    ("OpenAPI 3.1 (JSON)", "openapi.json"),
    ("OpenAPI 3.1 (YAML)", "openapi.yaml"),
    ("Postman collection", "postman.json"),
    ("HTTP archive (HAR)", "stub.har"),
)


async def openapi_page(viewing: Viewing, view: StubView) -> web.Response:
    """GET …/stub/openapi: exports, and Swagger UI where it is installed"""
    links = viewing.links
    exports = []
    for label, name in EXPORTS:
        path = links.export(view.address, name)
        exports.append((label, path, viewing.server + path[len(links.prefix) :]))
    return await viewing.page(
        "openapi.html",
        view=view,
        exports=exports,
        swagger=swagger_files() is not None,
        needs_token=viewing.explorer.access.is_on,
    )


async def export(viewing: Viewing, view: StubView, name: str) -> web.Response:
    """GET /export…/stub/NAME: a stub in the format of another tool. Raises NotFoundError."""
    if name not in {known for _, known in EXPORTS}:
        raise NotFoundError(f"there is no export {name[:60]}", f"use one of {', '.join(known for _, known in EXPORTS)}")
    text = (
        f"What {', '.join(view.consumers[:20]) or 'nobody'} "
        f"{'use' if len(view.consumers) > 1 else 'uses'} of {view.address.provider or 'all providers'}, "
        "as their contracts say. Only what is used is described."
    )
    token_header = TOKEN_HEADER if viewing.explorer.access.is_on else None
    about = About(view.title, view.selector or "latest", text, view.url, token_header)
    today = datetime.now(UTC).date().isoformat()
    key = (name, view.stub.number, about, today)
    content, media = await viewing.explorer.exported(key, lambda: _exported(name, view.outline, about, today))
    file = f"{''.join(c if c.isalnum() and c.isascii() else '-' for c in view.title)[:80]}.{name}"
    headers = {
        "Content-Type": media,
        "Content-Disposition": f'inline; filename="{file}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return web.Response(body=content, headers=headers)


def _exported(name: str, outline: Outline, about: About, today: str) -> tuple[bytes, str]:
    """An export and its media type."""
    endpoints = outline.endpoints
    if name == "postman.json":
        return dumped(postman_of(endpoints, about)), "application/json"
    if name == "stub.har":
        return dumped(har_of(endpoints, about, f"{today}T00:00:00Z")), "application/json"
    document = dumped(openapi_of(endpoints, about))
    if name == "openapi.json":
        return document, "application/json"
    if len(document) > _LARGE:  # JSON is YAML, and made much faster
        return document, _YAML
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    # Read from the JSON, so that both say the same, whatever texts there are.
    text = yaml.dump(parse_json(document), Dumper=dumper, sort_keys=False, allow_unicode=True, width=100)
    return text.encode(), _YAML

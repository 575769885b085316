"""Messages over HTTP: what a provider would put on a queue, fetched by its description.

The content is the body of the answer, its metadata are headers: `X-Stub-Metadata-<name>` each, and all of them together
as `Pact-Message-Metadata` (JSON in base64), the way pact's verifiers pass them on.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web
from multidict import CIMultiDict

from matching import CompiledMessage
from matching.http_text import is_sendable_value
from matching.json_text import dump_json, text_of
from matching.messages import CompiledContent
from matching.model import Role
from stubserver.catalog import Address, Snapshot
from stubserver.errors import BadRequestError, NotFoundError
from stubserver.web.addressing import CONTROL_PREFIX, base_path
from stubserver.web.generation import Generation
from stubserver.web.problems import SERVER
from stubserver.web.wire import description_text

_LONGEST_HEADER = 6144  # characters of one value; many clients refuse lines beyond 8 KiB
_PARAMETERS = frozenset({"description", "state", "role", "number"})
_CURE = f"see {CONTROL_PREFIX}/messages for all there are"


def messages_of(snapshot: Snapshot) -> Iterator[tuple[str, CompiledMessage]]:
    """(origin, message) of every loaded message."""
    for entry in snapshot.pacts:
        for message in entry.pact.messages if entry.pact is not None else ():
            yield entry.origin, message


def message_summary(message: CompiledMessage, origin: str, server: str) -> dict[str, Any]:
    """What names a message, and where it is fetched."""
    recorded = message.message
    provider, consumer = (quote(name, safe="", errors="replace") for name in (message.provider, message.consumer))
    named = {"description": recorded.description}
    if recorded.states:  # another message may have the same description
        named["state"] = recorded.states[0].name
    query = urlencode(named, quote_via=quote, errors="replace")
    return {
        "id": message.id,
        "description": recorded.description,
        "states": [state.name for state in recorded.states],
        "consumer": message.consumer,
        "provider": message.provider,
        "origin": f"{origin}#{recorded.pointer}",
        "contents": [
            {"role": content.role.value, "content_type": str(content.content_type or "")}
            for content in message.contents
        ],
        "url": f"{server}{CONTROL_PREFIX}/messages/{provider}/{consumer}?{query}",
    }


def message_answer(snapshot: Snapshot, request: web.Request, generation: Generation, server: str) -> web.Response:
    """The message that a request names: the content as body, the metadata as headers.

    `description` names it, `state` chooses among those of one description, `role` and `number` among request and
    responses of a synchronous message. Raises NotFoundError, BadRequestError.
    """
    unknown = set(request.query) - _PARAMETERS
    if unknown:
        cure = f"use {', '.join(sorted(_PARAMETERS))}"
        raise BadRequestError(f"unknown parameters: {', '.join(sorted(unknown))}", cure)
    message = _message(snapshot, request.match_info, request.query)
    content = _content(message, request.query)
    address = base_path(Address(message.provider, message.consumer))
    place = next(number for number, item in enumerate(message.contents) if item is content)
    name = f"{message.id} {place}"
    context = generation.context(request.headers, name, server + address, message.message.states)
    body, metadata = content.fill(context)
    headers = CIMultiDict(_metadata_headers(metadata))
    headers["X-Stub-Message"] = f"{message.id} {description_text(message.message.description)}"
    headers["Server"] = SERVER
    headers["X-Content-Type-Options"] = "nosniff"
    if content.content_type is not None and body:
        headers["Content-Type"] = str(content.content_type)
    return web.Response(body=body, headers=headers)


def _message(snapshot: Snapshot, names: Mapping[str, str], query: Mapping[str, str]) -> CompiledMessage:
    provider, consumer = names["provider"], names["consumer"]
    among = [
        message for _, message in messages_of(snapshot) if (message.provider, message.consumer) == (provider, consumer)
    ]
    if not among:
        raise NotFoundError(f"no messages of {provider!r} for {consumer!r} are loaded", _CURE)
    if "description" not in query:
        known = ", ".join(sorted({repr(message.message.description) for message in among})[:20])
        raise BadRequestError("description is missing", f"add ?description=…, one of {known}")
    found = [message for message in among if message.message.description == query["description"]]
    if "state" in query:
        found = [message for message in found if query["state"] in (state.name for state in message.message.states)]
    if not found:
        raise NotFoundError(f"no such message of {provider!r} for {consumer!r}: {dict(query)}", _CURE)
    return found[0]


def _content(message: CompiledMessage, query: Mapping[str, str]) -> CompiledContent:
    try:
        role = Role(query["role"]) if "role" in query else None
        number = int(query.get("number", "0"))
    except ValueError as error:
        cure = "use message, request or response as role, and a number from 0"
        raise BadRequestError(f"role or number cannot be read: {error}", cure) from None
    content = message.content(role, number) if number >= 0 else None
    if content is None:
        roles = ", ".join(item.role.value for item in message.contents) or "nothing"
        raise NotFoundError(f"the message has no such content; it has {roles}", _CURE)
    return content


def _metadata_headers(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not metadata:
        return
    together = base64.b64encode(dump_json(dict(metadata))).decode()
    lines = [("Pact-Message-Metadata", together)]
    for name, value in metadata.items():
        lines.append((f"X-Stub-Metadata-{re.sub(r'[^0-9A-Za-z_-]', '-', name)}", text_of(value)))
    for name, text in lines:
        if is_sendable_value(text) and len(text) <= _LONGEST_HEADER:
            yield name, text

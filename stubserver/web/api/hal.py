"""HAL: the URLs of resources, links to them, and answers made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from matching.json_text import dump_json
from stubserver.catalog import Address
from stubserver.store import Kind, Publication, Selector
from stubserver.web.addressing import base_path, segment_of
from stubserver.web.problems import SERVER, dumped

HAL = "application/hal+json;charset=utf-8"
BROKER_VERSION = "2.120.0"  # of the Pact Broker whose answers ours are like
_HEADERS = {
    "Server": SERVER,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
    "Vary": "Accept",
    "X-Pact-Broker-Version": BROKER_VERSION,
}
Link = dict[str, Any]


def hal_response(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A HAL answer."""
    return bytes_response(dumped(document), status, headers)


def error_document(document: Any, status: int, headers: Mapping[str, str]) -> web.Response:
    """A HAL answer in ASCII: the Ruby client puts it into a text of its own, whatever encoding that has."""
    return bytes_response(json.dumps(document, indent=2).encode() + b"\n", status, headers)


def bytes_response(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None, content_type: str = HAL
) -> web.Response:
    """An answer with this body."""
    return web.Response(status=status, body=body, headers={**_HEADERS, "Content-Type": content_type, **(headers or {})})


def compact_response(document: Any) -> web.Response:
    """A HAL answer that may be long: not indented, since nobody reads it."""
    return bytes_response(dump_json(document))


def empty_response(status: int) -> web.Response:
    """An answer without a body."""
    return web.Response(status=status, headers=_HEADERS)


def spliced(content: bytes, members: Mapping[str, Any]) -> bytes:
    """A JSON object, as bytes that stay as they are, with members added at its end."""
    added = dump_json(members)
    return content[:-1] + (b"," if content != b"{}" else b"") + added[1:]


def link(href: str, title: str | None = None, name: str | None = None, *, templated: bool = False) -> Link:
    """A link."""
    made: Link = {"href": href}
    if title is not None:
        made["title"] = title
    if name is not None:
        made["name"] = name
    if templated:
        made["templated"] = True
    return made


class Urls:
    """The URLs of resources below a base URL, which has no slash at its end."""

    __slots__ = ("base", "outside")

    def __init__(self, base: str, outside: str) -> None:
        """`outside` is scheme, host and prefix, below which stubs are; `base` may be further down."""
        self.base = base
        self.outside = outside

    def at(self, *segments: str) -> str:
        """The URL of these segments, each encoded."""
        return "/".join((self.base, *map(segment_of, segments)))

    def pacticipant(self, name: str) -> str:
        """Of an application."""
        return self.at("pacticipants", name)

    def version(self, pacticipant: str, number: str) -> str:
        """Of a version of an application."""
        return self.at("pacticipants", pacticipant, "versions", number)

    def tag(self, pacticipant: str, number: str, tag: str) -> str:
        """Of a tag of a version."""
        return self.at("pacticipants", pacticipant, "versions", number, "tags", tag)

    def branch(self, pacticipant: str, name: str) -> str:
        """Of a branch."""
        return self.at("pacticipants", pacticipant, "branches", name)

    def branch_version(self, pacticipant: str, branch: str, number: str) -> str:
        """Of a version on a branch."""
        return self.at("pacticipants", pacticipant, "branches", branch, "versions", number)

    def integration(self, consumer: str, provider: str) -> str:
        """Below which the pacts of a consumer with a provider are."""
        return self.at("pacts", "provider", provider, "consumer", consumer)

    def pact(self, publication: Publication) -> str:
        """Of the pact of a consumer version."""
        here = self.integration(publication.consumer, publication.provider)
        return f"{here}/version/{segment_of(publication.version)}"

    def pact_version(self, publication: Publication) -> str:
        """Of the content of a pact."""
        return self.integration(publication.consumer, publication.provider) + f"/pact-version/{publication.sha}"

    def environment(self, uuid: str) -> str:
        """Of an environment."""
        return self.at("environments", uuid)

    def stub(self, provider: str, consumer: str | None, selector: Selector) -> str:
        """Of a stub."""
        return self.outside + base_path(Address(provider, consumer, selector))

    def curies(self, context: str) -> list[Link]:
        """Where relations are explained."""
        return [{"name": "pb", "href": f"{self.base}/doc/{{rel}}?context={context}", "templated": True}]

    def version_stub(self, publication: Publication) -> str:
        """Of the stub of the pact of a consumer version."""
        return self.stub(publication.provider, publication.consumer, Selector(Kind.VERSION, publication.version))

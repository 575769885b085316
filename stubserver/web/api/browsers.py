"""Browsers that ask for a resource of the API: they are sent to the page that shows it."""

from __future__ import annotations

from aiohttp import web

from stubserver.catalog import Address
from stubserver.store import Selector
from stubserver.ui.links import Links
from stubserver.web.api.call import Call
from stubserver.web.pages import accepts_html, links_of, see_other


def wants_page(request: web.Request) -> bool:
    """Whether a page is wanted rather than data."""
    return accepts_html(request.headers.get("Accept", ""))


def to_explorer(server: str) -> web.Response:
    """The answer that sends a browser to the explorer of the server at this URL."""
    return _sent(links_of(server).page())


def to_stub_page(call: Call, selector: Selector) -> web.Response:
    """The answer that sends a browser to the pages of the stub of a pact."""
    return _sent(_links(call).stub(Address(call["provider"], call["consumer"], selector)))


def to_versions_page(call: Call) -> web.Response:
    """The answer that sends a browser to the versions of a pact."""
    return _sent(_links(call).integration(call["consumer"], call["provider"]))


def _links(call: Call) -> Links:
    return links_of(call.urls.outside)


def _sent(location: str) -> web.Response:
    response = see_other(location)
    response.headers["Vary"] = "Accept"
    return response

"""Pages as answers: their headers, what every one of them needs, and who wants them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from stubserver import __version__
from stubserver.ui.links import Links
from stubserver.ui.pages import policy
from stubserver.web.addressing import CONTROL_PREFIX, base_path
from stubserver.web.problems import SERVER

MENU = (("", "APIs"), ("network", "Network"), ("live", "Live"), ("environments", "Environments"))  # of the menu


@dataclass(frozen=True, slots=True)
class Site:
    """What every page needs; nothing is told of strangers."""

    links: Links
    nonce: str = ""  # without one, the page has no scripts
    began: float | None = None  # when the work on it began, where that is told
    query: str = ""
    current: str = ""
    pages: Sequence[tuple[str, str]] = ()
    has_sign_in: bool = False
    is_signed_in: bool = False
    who: str = ""
    may_read: bool = False
    may_write: bool = False
    version: str = __version__

    def elapsed(self) -> str:
        """How long the server has worked on the page, in milliseconds; "" where that is not told."""
        return f"{(time.perf_counter() - self.began) * 1000:.1f}" if self.began is not None else ""


def links_of(server: str) -> Links:
    """Where the pages are, for whoever reaches the server by this URL."""
    path = server.partition("://")[2].partition("/")[2].rstrip("/")
    return Links(f"/{path}" if path else "", CONTROL_PREFIX, base_path)


def html_response(text: str, nonce: str, status: int = 200) -> web.Response:
    """A page as an answer, with what keeps others from running anything in it."""
    content = text.encode("utf-8", "replace")
    return web.Response(status=status, body=content, headers=page_headers(nonce))


def page_headers(nonce: str = "") -> dict[str, str]:
    """The headers of a page, whose scripts have this nonce."""
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Server": SERVER,
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy(nonce),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Vary": "Accept, X-Part",
    }


def see_other(location: str) -> web.Response:
    """The answer that sends a browser to another page."""
    return web.Response(status=303, headers={"Location": location, "Server": SERVER, "Cache-Control": "no-store"})


def accepts_html(accept: str) -> bool:
    """Whether a browser asks, which wants pages, rather than a client that wants data."""
    return "text/html" in accept and "json" not in accept and not accept.startswith(_JAVA)


_JAVA = "text/html, image/gif, image/jpeg"  # how what Java's own client accepts begins, which shows no pages

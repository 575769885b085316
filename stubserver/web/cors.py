"""Cross-origin requests: browsers on any origin may use the stubs, with credentials, without set-up."""

from __future__ import annotations

from collections.abc import Mapping

from multidict import CIMultiDict
from yarl import URL

_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_MAX_AGE = "600"  # seconds a browser may keep a preflight answer


class Cors:
    """Adds the headers that let a browser read an answer, unless the contract records some of its own."""

    __slots__ = ("_from_referer",)

    def __init__(self, *, from_referer: bool = False) -> None:
        self._from_referer = from_referer

    def origin_of(self, headers: Mapping[str, str]) -> str | None:
        """The origin that a request with these headers came from, if it says so."""
        origin = headers.get("Origin")
        if origin is None and self._from_referer and (referer := headers.get("Referer")):
            try:
                url = URL(referer)
                origin = str(url.origin()) if url.absolute else None
            except ValueError:
                origin = None
        return origin if origin is None or origin.isascii() else None

    def allow(self, origin: str | None, headers: CIMultiDict[str]) -> None:
        """Let an origin read the answer with these headers. A recorded Access-Control-Allow-Origin stands as it is."""
        if "Access-Control-Allow-Origin" in headers:
            return
        headers.add("Vary", "Origin")
        if origin is None:
            headers["Access-Control-Allow-Origin"] = "*"
            return
        headers["Access-Control-Allow-Origin"] = origin
        headers.setdefault("Access-Control-Allow-Credentials", "true")
        # `*` does not count for requests with credentials: every name has to be said.
        headers.setdefault("Access-Control-Expose-Headers", ", ".join(_worth_exposing(headers)))

    def is_preflight(self, method: str, headers: Mapping[str, str]) -> bool:
        """Whether a browser asks for leave to send the real request."""
        return method == "OPTIONS" and "Origin" in headers and "Access-Control-Request-Method" in headers

    def preflight_headers(self, asked: Mapping[str, str]) -> CIMultiDict[str]:
        """The answer to a preflight with these headers: everything that was asked for is allowed."""
        headers = CIMultiDict(
            {
                "Access-Control-Allow-Origin": asked["Origin"],
                "Access-Control-Allow-Credentials": "true",
                "Access-Control-Allow-Methods": _with(_METHODS, asked["Access-Control-Request-Method"]),
                "Access-Control-Max-Age": _MAX_AGE,
                "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            }
        )
        if "Access-Control-Request-Headers" in asked:
            headers["Access-Control-Allow-Headers"] = asked["Access-Control-Request-Headers"]
        if asked.get("Access-Control-Request-Private-Network") == "true":
            headers["Access-Control-Allow-Private-Network"] = "true"
        return headers


def _worth_exposing(headers: CIMultiDict[str]) -> list[str]:
    return [name for name in dict.fromkeys(headers) if name != "Vary" and not name.startswith("Access-Control-")]


def _with(methods: str, method: str) -> str:
    return methods if method in methods.split(", ") else f"{methods}, {method}"

"""Blotting out secrets of requests: what a name calls a secret, and what looks like one of our tokens."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_plus

from matching.content_types import Kind
from matching.json_text import dump_json
from matching.request import Request

BLOT = "•••"
# Names of headers, parameters and members whose values nobody else should read.
_SECRET = re.compile(
    r"auth(?!or(?!i[sz]))|cookie|token|secret|passw|pwd|api[-_ ]?key|access[-_]?key|private[-_]?key|credential|"
    r"session|signature|jwt|\bsid\b|\bpin\b|\botp\b|cvv|cvc|card[-_]?number|iban|\bssn\b",
    re.IGNORECASE,
)
_LOOKS_SECRET = re.compile(r"stubserver_(?:ro|rw|admin)_[A-Za-z0-9_-]{20,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_SCHEMES = ("bearer", "basic", "digest", "token", "apikey")
_SHORTEST = 3  # characters of a secret that is blotted out wherever it stands


class Blotter:
    """Blots out the secrets of one request, in it and in whatever is told of it."""

    def __init__(self, request: Request) -> None:
        self._secrets: set[str] = set()
        lines = [(name, self._header(name, value)) for name, value in request.header_lines]
        query = self._parameters(request.query)
        body = self._body(request)
        path = self._plain(request.path)
        self.request = Request(request.method, path, query, [(name, self.text(value)) for name, value in lines], body)
        self.is_needed = bool(self._secrets)

    def text(self, text: str) -> str:
        """A text without the secrets."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, BLOT)
        return _LOOKS_SECRET.sub(BLOT, text)

    def value(self, value: Any) -> Any:
        """A JSON value without the secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return BLOT if not isinstance(value, bool) and value is not None and str(value) in self._secrets else value

    def _header(self, name: str, value: str) -> str:
        if not _SECRET.search(name):
            return self._plain(value)
        scheme, _, rest = value.partition(" ")
        if rest and scheme.lower() in _SCHEMES:
            self._note(rest)
            return f"{scheme} {BLOT}"
        self._note(value)
        return BLOT

    def _plain(self, text: str) -> str:
        for found in _LOOKS_SECRET.findall(text):
            self._note(found)
        return _LOOKS_SECRET.sub(BLOT, text)

    def _note(self, secret: str) -> None:
        secret = secret.strip()
        if len(secret) >= _SHORTEST:
            self._secrets.add(secret)

    def _parameters(self, query: str) -> str:
        if not query:
            return query
        pieces = []
        for piece in query.split("&"):
            name, equals, value = piece.partition("=")
            if equals and value and _SECRET.search(unquote_plus(name)):
                self._note(value)
                self._note(unquote_plus(value))
                piece = f"{name}={BLOT}"
            pieces.append(self._plain(piece))
        return "&".join(pieces)

    def _body(self, request: Request) -> bytes:
        if not request.body:
            return b""
        content_type = request.content_type
        kind = content_type.kind if content_type is not None else None
        if kind is Kind.JSON and request.json[1] is None:
            return dump_json(self._members(request.json[0]))
        if kind is Kind.FORM:
            return self._parameters(request.text).encode("utf-8", "surrogateescape")
        return self._other_text(request.body)

    def _other_text(self, body: bytes) -> bytes:
        """A body of which nothing is known: what looks like `password=…`, `<token>…` or `"secret": "…"` is blotted."""
        text = body.decode("utf-8", "surrogateescape")
        blotted = _NAMED_VALUE.sub(self._blotted, text)
        return self._plain(blotted).encode("utf-8", "surrogateescape")

    def _blotted(self, found: re.Match[str]) -> str:
        if not _SECRET.search(found["name"]):
            return found[0]
        self._note(found["value"])
        return f"{found['name']}{found['between']}{BLOT}"

    def _members(self, document: Any) -> Any:
        """A JSON document without its secrets, walked without the call stack."""
        root: list[Any] = [None]
        todo: list[tuple[Any, Any, Any, bool]] = [(root, 0, document, False)]
        while todo:
            place, key, value, is_secret = todo.pop()
            if isinstance(value, dict):
                place[key] = made = dict.fromkeys(value)
                todo.extend((made, name, item, is_secret or bool(_SECRET.search(name))) for name, item in value.items())
            elif isinstance(value, list):
                place[key] = items = [None] * len(value)
                todo.extend((items, number, item, is_secret) for number, item in enumerate(value))
            elif is_secret and value not in (None, True, False, ""):
                self._note(str(value))
                place[key] = BLOT
            else:
                place[key] = self._plain(value) if isinstance(value, str) else value
        return root[0]


_NAMED_VALUE = re.compile(
    r"""(?P<name>[\w-]{2,40})(?P<between>["']?\s*(?:[:=>])\s*["']?)(?P<value>[^\s"'<>&,;]{1,4000})"""
)

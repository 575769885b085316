"""Requests as fields of a form: what the console shows of one, and pages take to it."""

from __future__ import annotations

import base64
import re
from dataclasses import asdict, dataclass

from matching import Request
from matching.json_text import JsonError, parse_json
from stubserver.web.asks import STATE_HEADER
from stubserver.web.generation import SEED_HEADER
from stubserver.web.problems import dumped

# Names of headers that are left out of a form: what every client adds, and what browsers add of their own.
OF_EVERYBODY = re.compile(r"host|content-length|connection|accept-encoding", re.IGNORECASE)
OF_BROWSERS = re.compile(
    rf"{OF_EVERYBODY.pattern}|accept|accept-language|user-agent|upgrade-insecure-requests|cache-control|pragma|referer|"
    r"cookie|priority|dnt|sec-.*",
    re.IGNORECASE,
)
_LENGTH = re.compile(r"content-length", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sent:
    """The fields of the console."""

    method: str = "GET"
    target: str = "/"
    headers: str = ""
    body: str = ""
    state: str = ""
    seed: str = ""
    newlines: str = "lf"  # what ends the lines of the body (lf, crlf), since browsers have their own way
    encoded: str = ""  # a body that is no text, in base64; then `body` is left out

    @property
    def size(self) -> int:
        """The characters of all fields."""
        return sum(map(len, self.as_form().values()))

    def as_form(self) -> dict[str, str]:
        """The fields by name."""
        return asdict(self)


def sent_of(request: Request, *, state: str = "", seed: str = "", without: re.Pattern[str] = _LENGTH) -> Sent:
    """The fields for a request, without the headers of some names; what a header asks of the stub has its own field."""
    lines = []
    for name, value in request.header_lines:
        if name.lower() == STATE_HEADER.lower():
            state = state or value
        elif name.lower() == SEED_HEADER.lower():
            seed = seed or value
        elif not without.fullmatch(name):
            lines.append(f"{name}: {value}")
    target = request.path + (f"?{request.query}" if request.query else "")
    text = _text_of(request)
    if text is None:
        encoded = base64.b64encode(request.body).decode()
        return Sent(request.method, target, "\n".join(lines), "", state, seed, encoded=encoded)
    newlines = "crlf" if "\r\n" in text else "lf"
    return Sent(request.method, target, "\n".join(lines), text, state, seed, newlines)


def _text_of(request: Request) -> str | None:
    """A body as people edit it: JSON over several lines, where that does not change it; None for what is no text."""
    content_type = request.content_type
    if request.body and content_type is not None and content_type.subtype.endswith("json"):
        try:
            document = parse_json(request.body)
            text = dumped(document)
            if parse_json(text) == document:
                return text.decode().rstrip("\n")
        except (JsonError, UnicodeDecodeError):
            pass
    try:
        plain = request.body.decode()
    except UnicodeDecodeError:
        return None
    return plain if "\0" not in plain else None

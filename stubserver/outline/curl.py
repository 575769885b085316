"""A request as a curl command that a person can paste."""

from __future__ import annotations

import base64
import re
import shlex

from matching import Request

LONGEST_BODY = 32 << 10  # bytes; longer ones do not fit a command line everywhere
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # what terminals and shells do not pass on as it is


def curl_line(base_url: str, request: Request, extra_headers: tuple[tuple[str, str], ...] = ()) -> str | None:
    """The command that sends the request to a stub; None when its body is too long for a command line."""
    if len(request.body) > LONGEST_BODY:
        return None
    words = ["curl"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != "GET" or request.body:
        words += ["-X", request.method]
    for name, value in (*request.header_lines, *extra_headers):
        if name.lower() != "content-length":  # curl says how long the body is
            words += ["-H", f"{name}: {value}" if value else f"{name};"]
    text = _plain_text(request.body)
    if request.body:
        if not any(name.lower() == "content-type" for name, _ in request.header_lines):
            words += ["-H", "Content-Type:"]  # or curl would name one
        words += ["--data-binary", "@-"] if text is None else ["--data-raw", text]
    target = base_url + request.path + (f"?{request.query}" if request.query else "")
    if "/." in request.path:
        words.insert(1, "--path-as-is")
    # Brackets and braces mean ranges to curl unless globbing is off.
    if any(character in target for character in "[]{}"):
        words.insert(1, "--globoff")
    line = " ".join(map(shlex.quote, [*words, target]))
    if text is None:
        return f"printf %s {base64.b64encode(request.body).decode()} | base64 -d | {line}"
    return line


def _plain_text(body: bytes) -> str | None:
    """The body as a command line can hold it; None when it cannot."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(text) else text

"""A request as a curl command that a person can paste."""

from __future__ import annotations

import shlex

from matching import Request

_LONGEST_BODY = 32 << 10  # bytes; longer ones do not fit a command line everywhere


def curl_line(base_url: str, request: Request, extra_headers: tuple[tuple[str, str], ...] = ()) -> str | None:
    """The command that sends the request to a stub; None when its body cannot be written on a command line."""
    words = ["curl"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != "GET" or request.body:
        words += ["-X", request.method]
    for name, value in (*request.header_lines, *extra_headers):
        if name.lower() != "content-length":  # curl says how long the body is
            words += ["-H", f"{name}: {value}" if value else f"{name};"]
    if request.body:
        try:
            text = request.body.decode()
        except UnicodeDecodeError:
            return None
        if len(request.body) > _LONGEST_BODY or "\x00" in text:
            return None
        words += ["--data-raw", text]
    target = base_url + request.path + (f"?{request.query}" if request.query else "")
    if "/." in request.path:
        words.insert(1, "--path-as-is")
    # Brackets and braces mean ranges to curl unless globbing is off.
    if any(character in target for character in "[]{}"):
        words.insert(1, "--globoff")
    return " ".join(map(shlex.quote, [*words, target]))

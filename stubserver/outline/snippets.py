"""Code that sends a request, to be copied: for the shell, and for the tools that tests are written with."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from matching import Request
from matching.content_types import Kind
from matching.json_text import JsonError, parse_json
from stubserver.outline.curl import LONGEST_BODY, curl_line


@dataclass(frozen=True, slots=True)
class Snippet:
    """A text in a language."""

    label: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A request to a stub below `base`, with further headers for the stub itself; what it is for, and the status that
    is expected.
    """

    base: str
    request: Request
    further: tuple[tuple[str, str], ...]
    description: str
    status: int

    @property
    def url(self) -> str:
        """The whole URL."""
        return self.base + self.request.path + (f"?{self.request.query}" if self.request.query else "")

    @property
    def headers(self) -> dict[str, str]:
        """The headers, those that come several times on one line."""
        joined: dict[str, str] = {}
        for name, value in (*self.request.header_lines, *self.further):
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return joined


def snippets_of(sending: Sending) -> list[Snippet]:
    """The same request in several languages; none where its body is too long to be copied, and in none that would send
    another request.
    """
    request = sending.request
    if len(request.body) > LONGEST_BODY:
        return []
    curl = curl_line(sending.base, request, sending.further)
    found = [Snippet("curl", "shell", curl)] if curl is not None else []
    if _DOTS.search(request.path):
        return found  # all others would shorten the path
    if not (request.body and request.method in ("GET", "HEAD")):
        found.append(Snippet("fetch", "javascript", _fetch(sending)))
    return [
        *found,
        Snippet("httpx", "python", _httpx(sending)),
        Snippet("pytest", "python", _pytest(sending)),
        Snippet("Playwright", "typescript", _playwright(sending)),
        Snippet("Cypress", "javascript", _cypress(sending)),
    ]


_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


def _text(value: Any) -> str:
    """A value as JavaScript writes it, in ASCII, so that no editor or page spoils it."""
    return json.dumps(value, ensure_ascii=True)


def _object(members: dict[str, str], indent: str) -> str:
    if not members:
        return "{}"
    lines = [f"{indent}  {_text(name)}: {_text(_latin(value))}," for name, value in members.items()]
    return "\n".join(["{", *lines, indent + "}"])


def _latin(value: str) -> str:
    """A header's value as JavaScript sends it: each character is a byte."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("latin-1")


def _body_text(body: bytes) -> str | None:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _javascript_body(request: Request, indent: str) -> str:
    """An expression for the same bytes."""
    text = _body_text(request.body)
    if text is None:
        encoded = base64.b64encode(request.body).decode()
        return f'Uint8Array.from(atob("{encoded}"), (byte) => byte.charCodeAt(0))'
    content_type = request.content_type
    is_json = content_type is not None and content_type.kind is Kind.JSON
    document = _faithful(request.body) if is_json else None
    if document is not None:
        pretty = json.dumps(document, indent=2, ensure_ascii=True).replace("\n", "\n" + indent)
        return f"JSON.stringify({pretty})"
    return _text(text)


def _faithful(body: bytes) -> Any:
    """The body as a JSON object or list that JavaScript writes as it was; None where it would not."""
    try:
        document = parse_json(body)
    except JsonError:
        return None
    if not isinstance(document, (dict, list)):
        return None
    todo = [document]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            if "__proto__" in value or any(key.isdecimal() for key in value):
                return None  # JavaScript has ways of its own with these keys
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
        elif (isinstance(value, float) and (value.is_integer() or "e" in repr(value))) or (
            isinstance(value, int) and abs(value) >= 1 << 53
        ):
            return None
    return document


def _members(sending: Sending, names: tuple[str, str, str], indent: str) -> Iterator[str]:
    """What JavaScript libraries want to know: method, headers and body, under these names."""
    method, headers, body = names
    if sending.request.method != "GET":
        yield f"{indent}{method}: {_text(sending.request.method)},"
    if sending.headers:
        yield f"{indent}{headers}: {_object(sending.headers, indent)},"
    if sending.request.body:
        yield f"{indent}{body}: {_javascript_body(sending.request, indent)},"


def _fetch(sending: Sending) -> str:
    options = list(_members(sending, ("method", "headers", "body"), "  "))
    call = f"fetch({_text(sending.url)}" + (", {\n" + "\n".join(options) + "\n}" if options else "") + ")"
    return f"const response = await {call};\nconsole.log(response.status, await response.text());\n"


def _playwright(sending: Sending) -> str:
    options = list(_members(sending, ("method", "headers", "data"), "    "))
    call = f"request.fetch({_text(sending.url)}" + (", {\n" + "\n".join(options) + "\n  }" if options else "") + ")"
    call = re.sub(r'data: Uint8Array\.from\(atob\(("[^"]*")\), .*\)', r'data: Buffer.from(\1, "base64")', call)
    return (
        'import { test, expect } from "@playwright/test";\n\n'
        f"test({_text(sending.description)}, async ({{ request }}) => {{\n"
        f"  const response = await {call};\n"
        f"  expect(response.status()).toBe({sending.status});\n}});\n"
    )


def _cypress(sending: Sending) -> str:
    options = "\n".join(_members(sending, ("method", "headers", "body"), "    "))
    return (
        f"it({_text(sending.description)}, () => {{\n"
        f"  cy.request({{\n    url: {_text(sending.url)},\n{options}{chr(10) if options else ''}"
        "    failOnStatusCode: false,\n  }).then((response) => {\n"
        f"    expect(response.status).to.eq({sending.status});\n  }});\n}});\n"
    )


def _httpx(sending: Sending, indent: str = "") -> str:
    lines = [
        f"{indent}response = httpx.request(",
        f"{indent}    {sending.request.method!r},",
        f"{indent}    {sending.url!a},",
    ]
    if sending.headers:
        lines.append(f"{indent}    headers={{")
        lines += [f"{indent}        {name}: {value}," for name, value in _python_headers(sending.headers)]
        lines.append(f"{indent}    }},")
    if sending.request.body:
        text = _body_text(sending.request.body)
        lines.append(
            f"{indent}    content={sending.request.body!r}," if text is None else f"{indent}    content={text!a},"
        )
    lines.append(f"{indent})")
    if not indent:
        lines = ["import httpx", "", *lines, "print(response.status_code, response.text)"]
    return "\n".join(lines) + "\n"


def _python_headers(headers: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Headers as Python writes them: as bytes, where one of them is not ASCII."""
    is_ascii = all(value.isascii() for value in headers.values())
    for name, value in headers.items():
        if is_ascii:
            yield repr(name), repr(value)
        else:
            yield repr(name.encode()), repr(value.encode("utf-8", "surrogateescape"))


def _pytest(sending: Sending) -> str:
    name = re.sub(r"[^0-9a-z]+", "_", sending.description.lower()).strip("_")[:60] or "stub"
    return (
        f"import httpx\n\n\ndef test_{name}():\n{_httpx(sending, '    ')}"
        f"    assert response.status_code == {sending.status}\n"
    )

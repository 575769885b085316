"""Contracts whose every text means harm, or is larger than any page."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from tests.conftest import Running, http_pact
from tests.explorer.pages import api, deploy, environment, pair, publish, verify
from tests.wire import send_raw

SCRIPT = "<script>alert(1)</script>"
NAMES = [
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{7*7}}{% raw %}${7*7}",
    "javascript:alert(1)",
    "a'b\"c\\d`e",
    "\u202egnp.exe\u202c\u200b\ufeff🛒💥",
    "%2F",
    "a/../../b",
    "stub",
    "n" * 255,
    "</title></textarea><svg onload=alert(1)>",
    "&lt;b&gt; &amp; &#60;i&#62;",
    "?q=1#f;x",
]
TEXTS = [*NAMES, "\x00\x01\x1f\x7f\x85\u2028", "--><!-- ]]> <![CDATA[ <!--", ""]
ASKED = [*TEXTS, "\ud800 alone \udfff"]  # what no contract can hold, but a request
LONG = [SCRIPT * 40_000, "<" * 100_000, "\"'" * 50_000, "\u202e\u200b" * 50_000]


def interaction(text: str, number: int) -> dict[str, Any]:
    """An interaction with this text wherever there is one."""
    return {
        "description": text or f"empty {number}",
        "key": text,
        "pending": number % 2 == 0,
        "comments": {"text": [text], text or "x": {text: text}, "testname": text},
        "providerStates": [{"name": text or "a state", "params": {text: text, "n": [text]}}, {"name": f"s{number}"}],
        "request": {
            "method": "POST",
            "path": f"/{number}/{text}",
            "query": {text or "q": [text], "plain": [text, ""]},
            "headers": {"X-Text": [text], "Content-Type": ["application/json"]},
            "body": {"content": {text: text, "list": [text, {text: [text]}]}, "contentType": "application/json"},
            "matchingRules": {
                "body": {
                    "$.list[0]": {"combine": "AND", "matchers": [{"match": "regex", "regex": text}]},
                    "$.list[1]": {"combine": "AND", "matchers": [{"match": "type"}, {"match": "equality"}]},
                },
                "query": {"plain": {"combine": "AND", "matchers": [{"match": "include", "value": text}]}},
            },
        },
        "response": {
            "status": 200,
            "headers": {"X-Text": [text]},
            "body": {"content": {"text": text, "at": text, "more": {text: text}}, "contentType": "application/json"},
            "matchingRules": {
                "body": {
                    "$.text": {"combine": "AND", "matchers": [{"match": "include", "value": text}]},
                    "$.at": {"combine": "AND", "matchers": [{"match": "date", "format": text}]},
                }
            },
            "generators": {"body": {"$.text": {"type": "ProviderState", "expression": text}}},
        },
    }


def headed(text: str) -> dict[str, Any]:
    """An interaction with this text as names of headers, methods, types of rules and generators."""
    return {
        "description": f"odd {text}",
        "request": {"method": text, "path": "/odd", "headers": {text: ["x"]}},
        "response": {
            "status": 200,
            "body": {"content": {"a": "b"}, "contentType": text},
            "matchingRules": {"body": {f"$['{text}']": {"combine": "AND", "matchers": [{"match": text}]}}},
            "generators": {"body": {"$.a": {"type": text}}},
        },
    }


def body(name: str, content: Any, kind: str, **more: Any) -> dict[str, Any]:
    """An interaction that sends and reads this body."""
    made = {"content": content, "contentType": kind, **more}
    return {
        "description": name,
        "request": {"method": "PUT", "path": f"/{name}", "body": made},
        "response": {"status": 200, "body": made},
    }


def _encoded(content: bytes) -> tuple[str, dict[str, str]]:
    return base64.b64encode(content).decode(), {"encoded": "base64"}


def bodies() -> list[dict[str, Any]]:
    """Bodies that are too large, or no text."""
    made = [
        body(f"long-{number}", {"long": text, text[:500]: [text]}, "application/json")
        for number, text in enumerate(LONG)
    ]
    made.append(body("keys", {f"<key-{number}>": number for number in range(10_000)}, "application/json"))
    made.append(body("text", SCRIPT * 40_000, "text/plain"))
    for kind in ("application/octet-stream", "text/plain", "application/json", "application/xml", "image/svg+xml"):
        content, more = _encoded(bytes(range(256)) * 40 + b"\xff\xfe<script>\xed\xa0\x80")
        made.append(body(f"bytes-{len(made)}", content, kind, **more))
    elements = "".join(f'<b x="{number}">&lt;script&gt;{number}</b>' for number in range(10_000))
    made.append(body("elements", f"<a>{elements}</a>", "application/xml"))
    made.append(
        body(
            "form",
            "&".join(f"{quote(text, errors='replace')}=%3Cscript%3E" for text in TEXTS),
            "application/x-www-form-urlencoded",
        )
    )
    made.append(
        body(
            "multipart",
            f'--x\r\nContent-Disposition: form-data; name="{SCRIPT}"\r\n\r\n{SCRIPT}\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        )
    )
    return made


def large() -> list[dict[str, Any]]:
    """Interactions whose other texts are too large."""
    long = SCRIPT * 8_000
    rule = {"match": "regex", "regex": "/i" + "(x|y)?" * 20_000}
    many = [
        ("a text", {"description": long}, {"path": "/a"}),
        ("a state", {"providerStates": [{"name": long}]}, {"path": "/b"}),
        ("a parameter", {"providerStates": [{"name": "x", "params": {"p": long, long: 1}}]}, {"path": "/c"}),
        ("a path", {}, {"path": "/d/" + "x" * 200_000}),
        ("a query", {}, {"path": "/e", "query": {"q": [long], long: ["1"]}}),
        ("a header", {}, {"path": "/f", "headers": {"X": [long], "Y" * 100_000: ["1"]}}),
        ("comments", {"comments": {"text": [long] * 3, long: long}}, {"path": "/g"}),
        ("a key", {"key": long}, {"path": "/h"}),
        ("an expression", {}, {"path": "/i", "matchingRules": {"path": {"matchers": [rule]}}}),
        ("an answer", {"response": {"headers": {"X": [long]}}}, {"path": "/j"}),
    ]
    return [{"description": name, "request": request, "response": {}, **more} for name, more, request in many]


def messages(text: str) -> list[dict[str, Any]]:
    """Messages with this text wherever there is one."""
    content = {"content": {text: text}, "contentType": "application/json"}
    return [
        {
            "type": "Asynchronous/Messages",
            "description": text or "empty",
            "providerStates": [{"name": text or "s", "params": {text: text}}],
            "contents": content,
            "metadata": {text or "m": text},
        },
        {
            "type": "Synchronous/Messages",
            "description": f"asked {text}",
            "request": {"contents": {"content": text, "contentType": "text/plain"}},
            "response": [{"contents": content}],
        },
    ]


async def fill(running: Running) -> None:
    """Publish all of it, with hostile versions, branches, tags, environments and results; and ask the stubs badly."""
    for number, name in enumerate(NAMES):
        other = NAMES[(number + 3) % len(NAMES)]
        items = (
            [interaction(text, place) for place, text in enumerate(TEXTS)]
            if number < 2
            else [interaction(name, number)]
        )
        pact = http_pact(*items, headed(name), *messages(name), consumer=name, provider=other)
        changed = http_pact(interaction(name, number + 1), *messages(name[:1] or "x"), consumer=name, provider=other)
        await publish(running, changed, f"2 {name}"[:255], branch=f"b {name}"[:255], tags=[f"t {name}"[:255]])
        await publish(running, pact, name, branch=name, tags=[name])
        await verify(running, name, other, success=number % 2 == 0, version=name)
        await deploy(running, name, name, await environment(running, spaceless(name), displayName=name))
        await api(running, "POST", "/settings/tokens", {"description": name, "role": "read"})
    await publish(running, http_pact(*bodies(), *messages(LONG[0]), consumer="bodies", provider="large"), "1")
    await publish(running, http_pact(*large(), consumer="texts", provider="large"), "1")
    for text in ASKED:
        await miss(running, text)


def spaceless(name: str) -> str:
    """A name as environments have them."""
    return name.replace(" ", "_")


async def miss(running: Running, text: str) -> None:
    """A request that matches nothing, with this text in all its places, byte by byte."""
    raw = text.encode("utf-8", "surrogatepass")
    visible = bytes(byte for byte in raw if byte > 0x20 and byte != 0x7F)
    path = f"{pair('bodies', 'large')}/latest/stub/".encode()
    lines = [
        b"PUT " + path + visible.replace(b"#", b"") + b" HTTP/1.1",
        b"Host: x",
        b"Connection: close",
        b"X-A: " + visible,
    ]
    lines += [b"Content-Type: application/json", b"Content-Length: %d" % (len(raw) + 2)]
    await send_raw(running.url, b"\r\n".join([*lines, b"", b'"' + raw.replace(b'"', b"'") + b'"']))

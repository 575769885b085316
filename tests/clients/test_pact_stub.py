"""Beside the Rust stub server: the same pacts, the same requests, the same answers, but for differences with a name."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from matching.request import Request
from tests.conftest import Serve, http_pact
from tests.wire import send

JSON = ("Content-Type", "application/json")
TOKEN = ("Authorization", "Bearer abc")

PACT = http_pact(
    {
        "description": "products",
        "request": {"method": "GET", "path": "/products"},
        "response": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": [{"id": 1}]},
    },
    {
        "description": "a product by number",
        "request": {
            "method": "GET",
            "path": "/products/1",
            "matchingRules": {"path": {"matchers": [{"match": "regex", "regex": "/products/\\d+"}]}},
        },
        "response": {"status": 200, "body": {"id": 1}},
    },
    {
        "description": "a search",
        "request": {
            "method": "GET",
            "path": "/search",
            "query": {"q": ["cup"], "page": ["1"]},
            "matchingRules": {"query": {"page": {"matchers": [{"match": "regex", "regex": "\\d+"}]}}},
        },
        "response": {"status": 200, "body": {"hits": []}},
    },
    {
        "description": "an order",
        "request": {
            "method": "POST",
            "path": "/orders",
            "headers": {"Content-Type": "application/json", "Authorization": "Bearer abc"},
            "body": {"items": [{"product": 1, "quantity": 2}], "note": "x"},
            "matchingRules": {
                "header": {"Authorization": {"matchers": [{"match": "regex", "regex": "Bearer .+"}]}},
                "body": {
                    "$.items": {"matchers": [{"match": "type", "min": 1}]},
                    "$.items[*].quantity": {"matchers": [{"match": "integer"}]},
                    "$.note": {"matchers": [{"match": "type"}]},
                },
            },
        },
        "response": {"status": 201, "body": {"id": "o-1"}},
    },
    {
        "description": "a removal",
        "request": {"method": "DELETE", "path": "/orders/1"},
        "response": {"status": 204},
    },
    version="3.0.0",
)


def order(**changes: object) -> bytes:
    """The body of an order, changed."""
    return json.dumps({"items": [{"product": 5, "quantity": 1}], "note": "y", **changes}).encode()


@dataclass(frozen=True)
class Case:
    """A request to both servers; `difference` names why ours may answer otherwise, and `ours` says how."""

    name: str
    request: Request
    difference: str = ""
    ours: int = 0


def ordering(name: str, **changes: object) -> Case:
    """The case of an order, changed."""
    return Case(name, Request("POST", "/orders", "", [JSON, TOKEN], order(**changes)))


CASES = [
    Case("list", Request("GET", "/products")),
    Case("by number", Request("GET", "/products/77")),
    Case("not a number", Request("GET", "/products/x")),
    Case("pattern is for the whole path", Request("GET", "/products/77/more")),
    Case("unexpected query", Request("GET", "/products", "a=1")),
    Case("search", Request("GET", "/search", "q=cup&page=22")),
    Case("search in another order", Request("GET", "/search", "page=3&q=cup")),
    Case("search, page is no number", Request("GET", "/search", "q=cup&page=x")),
    Case("search, missing parameter", Request("GET", "/search", "q=cup")),
    Case("search, value differs", Request("GET", "/search", "q=pan&page=1")),
    ordering("order"),
    ordering("order with more items", items=[{"product": 1, "quantity": 1}] * 3),
    ordering("order, product changed under the rule of the list", items=[{"product": 9, "quantity": 1}]),
    ordering("order without items", items=[]),
    ordering("order, quantity is a text", items=[{"product": 1, "quantity": "1"}]),
    ordering("order, quantity is a decimal", items=[{"product": 1, "quantity": 1.5}]),
    ordering("order with an extra key", extra=1),
    ordering("order, note is null", note=None),
    Case("order, not JSON", Request("POST", "/orders", "", [JSON, TOKEN], b"{")),
    Case("removal", Request("DELETE", "/orders/1")),
    Case("another method", Request("PUT", "/products")),
    Case("nowhere", Request("GET", "/nowhere")),
    Case("trailing slash", Request("GET", "/products/")),
    Case("encoded path", Request("GET", "/%70roducts"), "percent-encoding of the path: raw or decoded segments", 200),
    Case("order without its header", Request("POST", "/orders", "", [JSON], order()), "headers exclude", 500),
    Case("order without a body", Request("POST", "/orders", "", [JSON, TOKEN]), "a missing body excludes", 500),
]


@pytest.fixture
async def rust_stub(tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a Rust stub server that serves PACT."""
    binary = shutil.which("pact", path=str(Path(sys.executable).parent)) or shutil.which("pact")
    if binary is None:
        pytest.skip("needs the pact command line (pip install pact-python-cli)")
    file = tmp_path / "rust.json"
    file.write_text(json.dumps(PACT))
    process = await asyncio.create_subprocess_exec(
        binary, "stub", "--file", str(file), "--loglevel", "info",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{await asyncio.wait_for(announced_port(process), 30)}"
    finally:
        process.terminate()
        await process.communicate()


async def announced_port(process: asyncio.subprocess.Process) -> int:
    """The port that the Rust stub server says it listens on."""
    assert process.stdout is not None
    seen = b""
    while line := await process.stdout.readline():
        seen += line
        _, found, rest = line.partition(b"port ")
        digits = "".join(c for c in rest.decode(errors="replace") if c.isdigit() or c == " ").split()
        if found and digits:
            return int(digits[0])
    raise AssertionError(f"the Rust stub server said no port: {seen!r}")


async def test_answers_agree_with_the_rust_stub(serve: Serve, rust_stub: str) -> None:
    """Status and body agree with the Rust stub server; where they do not, the difference is meant and named."""
    running = await serve(PACT, loglevel="none")
    for case in CASES:
        theirs, _, their_body = await send(rust_stub, case.request)
        ours, headers, our_body = await send(running.url, case.request)
        if case.difference:
            assert ours == case.ours != theirs, f"{case.name}: no longer different ({case.difference})"
            continue
        if theirs == 404 and not their_body:
            assert headers["x-stub-match"] == "none", case.name
            continue
        assert ours == theirs, case.name
        assert our_body == their_body or json.loads(our_body) == json.loads(their_body), case.name


async def test_lenient_answers_what_the_rust_stub_answers(serve: Serve, rust_stub: str) -> None:
    """With `lenient`, wrong headers and missing bodies are overlooked as the Rust stub server does."""
    running = await serve(PACT, lenient=True, loglevel="none")
    for case in CASES:
        if case.difference.endswith(("headers exclude", "body excludes")):
            theirs, _, _ = await send(rust_stub, case.request)
            ours, headers, _ = await send(running.url, case.request)
            assert (ours, headers["x-stub-match"]) == (theirs, "lenient"), case.name

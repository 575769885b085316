"""Snippets, run as a person would who copies them: each reaches exactly its interaction."""

from __future__ import annotations

import asyncio
import base64
import functools
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from matching import CompiledInteraction, Request, example_request
from stubserver.outline.snippets import Sending, Snippet, snippets_of
from stubserver.web.misses import how_to_reach
from tests.conftest import Running, Serve, http_pact
from tests.outline.corpus import EXAMPLES, HOSTILE_TEXTS
from tests.web.breaks import json_body
from tests.web.broken import CASES
from tests.web.pasted import curl

STATUS = 231  # of the first interaction; each of the others has one of its own, so that it tells which it was

HOSTILE: dict[str, dict[str, Any]] = {
    **{
        f"text {number}": {
            "method": "POST",
            "path": f"/hostile/{number}/{text}",
            "query": {"q": [text], text: ["1"]},
            **json_body({"text": text, text: 1}),
        }
        for number, text in enumerate(HOSTILE_TEXTS)
    },
    **{
        f"plain text {number}": {
            "method": "POST",
            "path": f"/text/{number}",
            "body": {"content": text, "contentType": "text/plain"},
        }
        for number, text in enumerate(HOSTILE_TEXTS)
    },
    "numbers": {
        "method": "POST",
        "path": "/numbers",
        **json_body({"list": [1.0, -0.0, 1e-7, 1.5, 2**53 + 1, 10**25, -(2**53), 1e21]}),
    },
    "long number": {"method": "POST", "path": "/long", **json_body({"id": 2**53 + 1})},
    "whole decimal": {"method": "POST", "path": "/whole", **json_body({"n": 1.0})},
    "keys": {
        "method": "POST",
        "path": "/keys",
        **json_body({"b": 1, "__proto__": {"x": 1}, "1": 2, "0": 3, "constructor": None, "-1": 4, "": 5}),
    },
    "a key of JavaScript": {"method": "POST", "path": "/proto", **json_body({"a": [{"__proto__": {"x": 1}}]})},
    "keys of objects in lists": {
        "method": "POST",
        "path": "/inner",
        **json_body([{"__proto__": [1]}, {"2": 1, "1": 1}]),
    },
    "JSON that is text": {
        "method": "POST",
        "path": "/json-as-text",
        "body": {"content": '{ "a": 1 }\n', "contentType": "text/plain"},
    },
    "bytes": {
        "method": "PUT",
        "path": "/all-bytes",
        "body": {"content": "AAECgP/+wyg=", "contentType": "application/octet-stream", "encoded": "base64"},
    },
    "letters in a header": {"path": "/letters", "headers": {"X-Name": ["Grüße, 世界"]}},
    "quotes in a header": {"path": "/quotes", "headers": {"X-Name": ['it\'s "q" \\ ${x} `y` </script>']}},
    "an empty header": {"path": "/empty-header", "headers": {"X-Empty": [""]}},
    "odd path": {"path": "/odd/a;b=c,d:@!$&'()*+/%zz//x"},
    "dots in a path": {"path": "/dots/../a/./b"},
    "braces in a query": {"path": "/braces", "query": {"a[]": ["{1}", "[2]"], "flag": [""]}},
    "HEAD": {"method": "HEAD", "path": "/head"},
    "OPTIONS": {"method": "OPTIONS", "path": "/options"},
    "another method": {"method": "PURGE", "path": "/purge"},
    "DELETE with a body": {"method": "DELETE", "path": "/delete", **json_body({"a": 1})},
    "headers in any case": {"path": "/case", "headers": {"x-lower": ["1"], "X-UPPER": ["2"], "Cookie": ["a=1; b=2"]}},
}
KINDS = {name: case.request for name, case in CASES.items() if case.version == "4.0"}
ALL = {**KINDS, **HOSTILE}


# What libraries refuse to send as it is: bodies of GETs, paths that they make shorter.
CANNOT_BE_SENT = {"body of a GET", "dots in a path"}


def described(name: str) -> str:
    """A description that goes into the snippet, as hostile as what it describes."""
    number = name.rpartition(" ")[2]
    return f"{name} {HOSTILE_TEXTS[int(number)]}" if number.isdecimal() and name.startswith("text") else name


@functools.cache
def pact() -> dict[str, Any]:
    """All of them in one pact."""
    return http_pact(
        *(
            {"description": described(name), "request": request, "response": {"status": STATUS + number}}
            for number, (name, request) in enumerate(ALL.items())
        )
    )


class Stub:
    """A stub and the interactions that it serves, by their descriptions."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.index = running.server.catalog.current.root.index
        self.interactions = {found.interaction.description: found for found in self.index.interactions}

    def sending(self, interaction: CompiledInteraction) -> Sending:
        """What a page would show of an interaction."""
        further, note = how_to_reach(self.index, interaction)
        assert note is None, (interaction.interaction.description, note)
        recorded = interaction.interaction
        return Sending(
            self.running.url,
            example_request(recorded.request),
            further,
            recorded.description,
            interaction.response.status,
        )

    def snippet(self, label: str, name: str) -> str:
        """The snippet of an interaction for a language or tool."""
        [found] = [each.text for each in snippets_of(self.sending(self.interactions[name])) if each.label == label]
        return found

    def snippets(self, label: str, names: list[str]) -> dict[str, str]:
        """Those of all interactions that have one: only those may have none that a tool cannot send at all."""
        found = {
            name: each.text
            for name in names
            for each in snippets_of(self.sending(self.interactions[name]))
            if each.label == label
        }
        assert set(names) - set(found) <= CANNOT_BE_SENT
        return found


@pytest.fixture
async def stub(serve: Serve) -> Stub:
    """A stub of all requests."""
    return Stub(await serve(pact(), loglevel="none"))


async def run(*command: str, **environment: str) -> str:
    """Run a command; what it prints. Fails with its errors."""
    outer = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**outer, **environment},
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    text = output.decode("utf-8", "replace")
    assert process.returncode == 0, text
    return text


def write_modules(folder: Path, snippets: dict[str, str]) -> None:
    """Write snippets in JavaScript as modules that are called by their numbers."""
    for number, text in enumerate(snippets.values()):
        (folder / f"{number}.mjs").write_text(text, "utf-8")


def node() -> str:
    """Where node is; skips the test where it is not."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed")
    return found


def python_with_httpx() -> str:
    """This Python; skips the test where it has no httpx."""
    if importlib.util.find_spec("httpx") is None:
        pytest.skip("httpx is not installed")
    return sys.executable


def assert_statuses(lines: str, stub: Stub, names: Iterable[str]) -> None:
    """Each snippet was answered by its own interaction, told by its status; all that were not are named."""
    found = json.loads(lines)
    wanted = {name: stub.interactions[name].response.status for name in names}
    assert {name: each for name, each in found.items() if each != wanted[name]} == {}
    assert sorted(found) == sorted(names)


NAMES = [described(name) for name in ALL]
HOSTILE_NAMES = [described(name) for name in HOSTILE]


async def test_curl(stub: Stub) -> None:
    """The curl command, pasted into a shell, reaches its interaction."""
    slots = asyncio.Semaphore(4)

    async def one(name: str) -> str | None:
        async with slots:
            interaction = stub.interactions[name]
            status, headers = await curl(stub.snippet("curl", name))
            reached = headers.get("x-stub-interaction", "").split(" ")[0]
            return None if (reached, status) == (interaction.id, interaction.response.status) else name

    assert [name for name in await asyncio.gather(*map(one, NAMES)) if name] == []


async def test_fetch(stub: Stub, tmp_path: Path) -> None:
    """So does the JavaScript for browsers and node."""
    # What a snippet prints is told by the last line of each; they run one after the other in one process.
    snippets = stub.snippets("fetch", NAMES)
    write_modules(tmp_path, snippets)
    runner = """
    const names = %s, found = {}, log = console.log;
    for (const [number, name] of names.entries()) {
      let first;
      console.log = (status) => { first ??= status; };
      try { await import(`./${number}.mjs`); } catch (error) { first = `${error} ${error.cause ?? ""}`; }
      Object.defineProperty(found, name, { value: first, enumerable: true });
    }
    log(JSON.stringify(found));
    """
    (tmp_path / "all.mjs").write_text(runner % json.dumps(list(snippets)), "utf-8")
    assert_statuses(await run(node(), str(tmp_path / "all.mjs")), stub, snippets)


async def test_fetch_alone(stub: Stub, tmp_path: Path) -> None:
    """It is a program of its own, too: it prints the status and the body."""
    interaction = stub.interactions["JSON"]
    file = tmp_path / "snippet.mjs"
    file.write_text(stub.snippet("fetch", "JSON"), "utf-8")
    assert (await run(node(), str(file))).split()[0] == str(interaction.response.status)


async def test_httpx(stub: Stub, tmp_path: Path) -> None:
    """So does the Python with httpx."""
    codes = stub.snippets("httpx", HOSTILE_NAMES)
    (tmp_path / "codes.json").write_text(json.dumps(codes), "utf-8")
    runner = (
        "import builtins, json, sys\n"
        "found = {}\n"
        "def told(status, *rest):\n    found[name] = status\n"
        "for name, code in json.load(open(sys.argv[1], encoding='utf-8')).items():\n"
        "    try:\n        exec(compile(code, name.split()[0], 'exec'), {'print': told})\n"
        "    except Exception as error:\n        found[name] = repr(error)\n"
        "builtins.print(json.dumps(found))\n"
    )
    found = await run(python_with_httpx(), "-c", runner, str(tmp_path / "codes.json"), SSL_CERT_DIR=str(tmp_path))
    assert_statuses(found, stub, codes)


async def test_pytest(stub: Stub, tmp_path: Path) -> None:
    """So do the tests for pytest, and they pass, whatever their names are."""
    snippets = stub.snippets("pytest", HOSTILE_NAMES[::3])
    for number, text in enumerate(snippets.values()):
        (tmp_path / f"test_{number}.py").write_text(text, "utf-8")
    options = ["-q", "--tb=line", "-p", "no:cacheprovider"]
    command = [python_with_httpx(), "-m", "pytest", *options, "--rootdir", str(tmp_path), str(tmp_path)]
    output = await run(*command, SSL_CERT_DIR=str(tmp_path), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert f"{len(snippets)} passed" in output


# Playwright and Cypress, with a stand-in for what runs their tests. Requests are sent for real.

PLAYWRIGHT = """
import { createRequire } from "node:module";
const { request } = createRequire(import.meta.url)(%s);
export const waiting = [];
export function test(name, body) {
  waiting.push(async () => {
    const context = await request.newContext();
    try { await body({ request: context }); } finally { await context.dispose(); }
  });
}
export const expect = (value) => ({ toBe(wanted) { globalThis.told = value; } });
"""
RUNNER = """
import { waiting } from "@playwright/test";
const names = %s, found = {};
for (const [number, name] of names.entries()) {
  globalThis.told = undefined;
  try {
    await import(`./${number}.mjs`);
    for (const each of waiting.splice(0)) await each();
  } catch (error) { globalThis.told = String(error); }
  Object.defineProperty(found, name, { value: globalThis.told, enumerable: true });
}
console.log(JSON.stringify(found));
"""


async def test_playwright(stub: Stub, tmp_path: Path) -> None:
    """So do the tests for Playwright, with its own way of sending requests."""
    specification = importlib.util.find_spec("playwright")
    if specification is None or specification.origin is None:
        pytest.skip("playwright is not installed")
    driver = Path(specification.origin).parent / "driver" / "package"
    if not driver.exists():
        pytest.skip("this playwright has no driver of its own")
    package = tmp_path / "node_modules" / "@playwright" / "test"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"name": "@playwright/test", "type": "module", "exports": "./index.js"}')
    (package / "index.js").write_text(PLAYWRIGHT % json.dumps(str(driver)))
    snippets = stub.snippets("Playwright", NAMES)
    write_modules(tmp_path, snippets)
    (tmp_path / "all.mjs").write_text(RUNNER % json.dumps(list(snippets)), "utf-8")
    assert_statuses(await run(node(), str(tmp_path / "all.mjs")), stub, snippets)


CYPRESS = """
const found = [];
globalThis.it = (name, body) => body();
globalThis.expect = () => ({ to: { eq() {} } });
globalThis.cy = { request: (options) => { found.push(options); return { then() {} }; } };
for (let number = 0; number < %d; number++) await import(`./${number}.mjs`);
const bytes = (body) => body === undefined ? "" : Buffer.from(body).toString("base64");
console.log(JSON.stringify(found.map(({ body, ...options }) => ({ ...options, body: bytes(body) }))));
"""


async def test_cypress(stub: Stub, tmp_path: Path) -> None:
    """The tests for Cypress ask it for a request that is the recorded one: URL, method, headers and body."""
    names = [name for name in NAMES if name != "dots in a path"]  # which it shortens
    sendings = [stub.sending(stub.interactions[name]) for name in names]
    write_modules(tmp_path, stub.snippets("Cypress", names))
    (tmp_path / "all.mjs").write_text(CYPRESS % len(names), "utf-8")
    asked = json.loads(await run(node(), str(tmp_path / "all.mjs")))
    refused = []
    for options, wanted, name in zip(asked, sendings, names, strict=True):
        recorded = wanted.request
        assert options["url"] == wanted.url
        assert options.get("method", "GET") == recorded.method
        as_bytes = {name: value.encode().decode("latin-1") for name, value in wanted.headers.items()}
        assert options.get("headers", {}) == as_bytes
        assert options["failOnStatusCode"] is False
        body = base64.b64decode(options["body"])
        sent = Request(recorded.method, recorded.path, recorded.query, recorded.headers, body)
        refused += [] if stub.interactions[name].matches(sent) else [(name, body)]
    assert refused == []


async def test_languages_take_them(stub: Stub, tmp_path: Path) -> None:
    """Every snippet is what its language takes, in ASCII, whatever its texts are."""
    for number, name in enumerate(NAMES):
        for each in snippets_of(stub.sending(stub.interactions[name])):
            if each.language in ("javascript", "typescript"):
                assert each.text.isascii()
                (tmp_path / f"{number}-{each.label}.mjs").write_text(each.text)
            elif each.language == "python":
                assert each.text.isascii()
                compile(each.text, "snippet", "exec")
    for name in ("keys", described("text 1")):
        for label in ("Playwright", "Cypress", "fetch"):
            await run(node(), "--check", str(tmp_path / f"{NAMES.index(name)}-{label}.mjs"))


async def test_examples(serve: Serve) -> None:
    """Those of the example pacts reach theirs, too, by asking for a provider state where that is needed."""
    stub = Stub(await serve(*EXAMPLES, loglevel="none"))
    for interaction in stub.index.interactions:
        further, note = how_to_reach(stub.index, interaction)
        if note is None:
            by_label = {each.label: each.text for each in snippets_of(stub.sending(interaction))}
            status, headers = await curl(by_label["curl"])
            assert headers["x-stub-interaction"].split(" ")[0] == interaction.id
            assert status == interaction.response.status
            assert not further or further[0][0] in by_label["fetch"]


def sending(request: Request) -> Sending:
    """A request to somewhere."""
    return Sending("http://stub", request, (), "a description", 200)


def test_long_bodies() -> None:
    """A body that nobody copies has no snippets."""
    assert snippets_of(sending(Request("POST", "/", "", (), b"x" * 40_000))) == []


def test_headers_that_come_twice() -> None:
    """Headers that come several times are one line with all their values."""
    lines = [("X-A", "1"), ("X-B", "3"), ("X-A", "2")]
    assert sending(Request("GET", "/", "", lines)).headers == {"X-A": "1, 2", "X-B": "3"}


def test_labels() -> None:
    """The languages stand in an order in which most people look for theirs."""
    found: list[Snippet] = snippets_of(sending(Request("POST", "/", "", [("X-A", "1")], b"x")))
    assert [each.label for each in found] == ["curl", "fetch", "httpx", "pytest", "Playwright", "Cypress"]

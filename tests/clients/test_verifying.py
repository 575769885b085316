"""Providers verify themselves against what is published, and tools load it, as they would from a Pact Broker."""

from __future__ import annotations

import http.server
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.hosted import BIN, Client, Hosted, Names, Said, ask, encoded, names, run, write_pact


class _Provider(http.server.BaseHTTPRequestHandler):
    """Answers /things with the number 1, and takes every state."""

    def do_GET(self) -> None:
        body = b'{"id": 1}' if self.path == "/things" else b"{}"
        self._answer(200 if self.path == "/things" else 404, body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(200, b"{}")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def provider() -> Iterator[int]:
    """The port of a provider."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Provider) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def verify(server: Hosted, port: int, who: Names, *more: str) -> Said:
    """Run `pact verifier` against the provider with what is published."""
    binary = shutil.which("pact", path=str(BIN))
    if binary is None:
        pytest.skip("needs the pact command line (pip install pact-python-cli)")
    token = ["-t", server.write] if server.write else []
    return run(
        [binary, "verifier", "--no-colour"], "-b", server.url, *token, "-n", who.provider,
        "-h", "127.0.0.1", "-p", str(port), *more,
    )  # fmt: skip


def publish(client: Client, server: Hosted, folder: Path, who: Names, number: int = 1, version: str = "") -> None:
    """Publish a pact, with which the provider agrees if the number is 1."""
    pact = write_pact(folder / "pact.json", who.consumer, who.provider, number)
    token = ["-k", server.write] if server.write else []
    said = client.publish(server.url, pact, version or who.version, "--branch", who.branch, "--tag", who.tag, *token)
    assert said.code == 0, said.text


def result(server: Hosted, who: Names, version: str = "") -> tuple[Any, Any]:
    """The latest result of a consumer version, of the pact and of the version."""
    number, token = encoded(version or who.version), {"X_Stub_Token": server.read} if server.read else {}
    pact = f"{server.url}/pacts/provider/{encoded(who.provider)}/consumer/{encoded(who.consumer)}/version/{number}"
    whole = f"{server.url}/verification-results/consumer/{encoded(who.consumer)}/version/{number}/latest"
    return ask(f"{pact}/verification-results/latest", **token).document, ask(whole, **token).document


@pytest.mark.parametrize(("case", "selecting"), [("unicode", "latest"), ("odd", "selectors"), ("unicode", "pending")])
def test_the_verifier_publishes_its_result(
    rust: Client, prefixed: Hosted, provider: int, tmp_path: Path, case: str, selecting: str
) -> None:
    """`pact verifier` finds the pact, with and without selectors, and what it publishes can be read afterwards."""
    who = names(case, f"verified {selecting}")
    publish(rust, prefixed, tmp_path, who)
    more = {
        "latest": [],
        "selectors": ["--consumer-version-selectors", f'{{"branch": "{who.branch}"}}'],
        "pending": ["--consumer-version-selectors", '{"latest": true}', "--enable-pending"],
    }[selecting]

    said = verify(
        prefixed, provider, who, *more, "--publish", "--provider-version", "p/1+x", "--provider-branch", "main",
        "--provider-tags", "checked",
    )  # fmt: skip

    assert said.code == 0, said.text
    assert f"Verifying a pact between {who.consumer} and {who.provider}" in said.text
    assert "Publishing of verification results failed" not in said.text
    of_pact, of_version = result(prefixed, who)
    assert (of_pact["success"], of_pact["providerApplicationVersion"]) == (True, "p/1+x")
    assert of_pact["verifiedBy"]["implementation"] == "Pact-Rust"
    assert of_version["success"] is True
    assert of_version["providerSummary"] == {"successful": [who.provider], "failed": [], "unknown": []}
    its = ask(f"{prefixed.url}/pacticipants/{encoded(who.provider)}/versions/p%2F1%2Bx").document["_embedded"]
    assert [branch["name"] for branch in its["branchVersions"]] == ["main"]
    assert [tag["name"] for tag in its["tags"]] == ["checked"]


def test_a_failure_is_published(rust: Client, guarded: Hosted, provider: int, tmp_path: Path) -> None:
    """What the provider does otherwise fails the build and is kept; a pact that is pending fails no build."""
    who = names("odd", "failing")
    publish(rust, guarded, tmp_path, who, 2)
    publishing = ("--publish", "--provider-version", "1")

    said = verify(guarded, provider, who, *publishing)

    assert said.code == 1, said.text
    of_pact, of_version = result(guarded, who)
    assert of_pact["success"] is False
    assert [test["success"] for test in of_pact["testResults"]] == [False]
    assert of_version["providerSummary"]["failed"] == [who.provider]

    said = verify(
        guarded, provider, who, "--enable-pending", "--consumer-version-selectors", '{"latest": true}', *publishing
    )  # fmt: skip

    assert said.code == 0, said.text
    assert "pending" in said.text


def test_deployed_versions_are_verified(rust: Client, prefixed: Hosted, provider: int, tmp_path: Path) -> None:
    """Selectors for an environment, and for what is deployed, take the version that is there and no other."""
    who = names("odd", "verified there")
    publish(rust, prefixed, tmp_path, who)
    publish(rust, prefixed, tmp_path, who, 2, version="2")
    at = ("-b", prefixed.url)
    assert rust("create-environment", "--name", "verified", *at).code == 0
    its = ("-a", who.consumer, "-e", who.version, "--environment", "verified")
    assert rust("record-deployment", *its, *at).code == 0

    for selector in ('{"environment": "verified"}', '{"deployedOrReleased": true}', '{"deployed": true}'):
        said = verify(prefixed, provider, who, "--consumer-version-selectors", selector)
        assert said.code == 0, said.text
    assert verify(prefixed, provider, who, "--consumer-version-selectors", '{"latest": true}').code == 1


def test_a_provider_that_nobody_knows(prefixed: Hosted, provider: int) -> None:
    """A provider without pacts is told that there are none."""
    said = verify(prefixed, provider, names("plain", "nobody"))

    assert said.code == 1
    assert "No pacts found for provider 'api-nobody'" in said.text


@pytest.mark.parametrize("selecting", ["selectors", "default", "url"])
def test_a_test_in_python_verifies(
    rust: Client, guarded: Hosted, provider: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, selecting: str
) -> None:
    """pact-python's Verifier, with a token, reads what is published and publishes the result."""
    monkeypatch.setenv("PACT_DO_NOT_TRACK", "true")
    pact = pytest.importorskip("pact", reason="needs pact-python")
    who = names("unicode", f"python {selecting}")
    publish(rust, guarded, tmp_path, who)
    verifier = pact.Verifier(who.provider, host="127.0.0.1").add_transport(url=f"http://127.0.0.1:{provider}")
    verifier.set_publish_options("py/1", branch="main")
    verifier.state_handler(f"http://127.0.0.1:{provider}/states", body=True)
    if selecting == "url":
        verifier.add_source(guarded.stub(who.provider, who.consumer).removesuffix("/stub"), token=guarded.write)
    elif selecting == "default":
        verifier.broker_source(guarded.url, token=guarded.write)
    else:
        source = verifier.broker_source(guarded.url, token=guarded.write, selector=True)
        source.include_pending().provider_branch("main").consumer_version(branch=who.branch)
        source.consumer_version(latest=True).build()

    verifier.verify()

    of_pact, of_version = result(guarded, who)
    assert (of_pact["success"], of_pact["providerApplicationVersion"]) == (True, "py/1")
    assert of_version["success"] is True


def test_the_stub_server_of_pact_loads_what_is_published(rust: Client, prefixed: Hosted, tmp_path: Path) -> None:
    """`pact stub` with the URL of the server loads the latest pacts and answers as our stubs do."""
    who = names("odd", "for pact stub")
    publish(rust, prefixed, tmp_path, who)
    log = tmp_path / "stub.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [rust.command[0], "stub", "-b", prefixed.url, "--consumer-name", who.consumer, "--loglevel", "info"],
            stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while (found := re.search(r"started on port (\d+)", log.read_text())) is None:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        theirs = ask(f"http://127.0.0.1:{found[1]}/things")
        ours = ask(prefixed.stub(who.provider, who.consumer) + "/things")
        assert (theirs.status, theirs.document) == (ours.status, ours.document) == (200, {"id": 1})
    finally:
        process.kill()
        process.wait()

"""A hosted stub server that really runs, the clients that talk to it, and the pacts that they bring."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
EXAMPLES = PROJECT / "examples" / "pacts"
_SECONDS = 60.0  # that a server gets to start or stop, and a client to end
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_TOKEN = re.compile(r"stubserver_(?:ro|rw|admin)_[A-Za-z0-9_-]{43}")
_NOISE = re.compile(r"RuntimeWarning|_PATH = _find_executable|deprecated and (?:will be|no longer)")


@dataclass
class Said:
    """How a command ended, and what it printed, without colours and without what the Ruby client says of itself."""

    code: int
    text: str

    def url(self, before: str) -> str:
        """The URL that is printed after these words."""
        found = re.search(re.escape(before) + r" (\S+)", self.text)
        assert found is not None, self.text
        return found[1]


def run(command: list[str], *arguments: str, cwd: Path | None = None, **environment: str) -> Said:
    """Run a command that knows nothing of the brokers and the proxies of whoever runs the tests."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PACT_", "STUBSERVER_")) and not name.lower().endswith("_proxy")
    }
    known = {**inherited, "PACT_DO_NOT_TRACK": "true", "PACT_BROKER_HTTP_RETRIES": "0", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*command, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        env={**known, **environment}, cwd=cwd, timeout=_SECONDS, check=False,
    )  # fmt: skip
    lines = _ANSI.sub("", done.stdout.decode(errors="replace")).splitlines()
    return Said(done.returncode, "\n".join(line for line in lines if not _NOISE.search(line)))


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]  # by names in small letters
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def ask(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """Send a request, its target as written. Underscores in names of headers stand for hyphens."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_SECONDS)
    with contextlib.closing(connection):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target or "/", body, sent)
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, received, response.read())


@dataclass
class Hosted:
    """A running server. `url` is how clients reach it, `direct` how it is reached past any proxy."""

    url: str
    direct: str
    data: Path
    admin: str = ""
    read: str = ""
    write: str = ""

    def stub(self, provider: str, consumer: str, selector: str = "latest") -> str:
        """The URL of a stub; the selector is as it stands in the path."""
        return f"{self.url}/pacts/provider/{encoded(provider)}/consumer/{encoded(consumer)}/{selector}/stub"

    def token(self, role: str) -> str:
        """A new token, made over the API."""
        wanted = json.dumps({"description": role, "role": role}).encode()
        admin = {"Authorization": f"Bearer {self.admin}", "Content_Type": "application/json"}
        return str(ask(f"{self.url}/settings/tokens", "POST", wanted, **admin).document["value"])


def encoded(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="")


def token_in(text: str) -> str:
    """The token that is printed."""
    found = _TOKEN.search(text)
    assert found is not None, text
    return found[0]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def running(folder: Path, command: str, *options: str, started: str, prints: str = "") -> Iterator[tuple[str, str]]:
    """(URL, everything printed) of a `stubserver` that says `started URL`, and then `prints`; stopped in the end."""
    printed = folder / "printed.txt"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PACT_", "STUBSERVER_"))}
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [str(BIN / "stubserver"), command, *options], cwd=folder, env=clean,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        pattern = re.compile(re.escape(started) + r" (http\S+)[\s\S]*" + re.escape(prints))
        deadline = time.monotonic() + _SECONDS
        while (found := pattern.search(text := printed.read_text())) is None:
            assert process.poll() is None, f"it ended with {process.returncode}: {text}"
            assert time.monotonic() < deadline, f"it did not start: {text}"
            time.sleep(0.02)
        yield found[1], text
    finally:
        process.terminate()
        assert process.wait(_SECONDS) == 0, printed.read_text()
    text = printed.read_text()
    assert "Traceback" not in text, text
    assert "unexpected error" not in text, text


@contextlib.contextmanager
def hosting(folder: Path, *options: str) -> Iterator[Hosted]:
    """A hosted server with a store of its own."""
    data, port = folder / "data", free_port()
    needs_tokens = "token" in options
    with running(
        folder, "host", "--data", str(data), "-p", str(port), *(option.format(port=port) for option in options),
        started="Hosting at", prints="stubserver_admin_" if needs_tokens else "",
    ) as (url, text):  # fmt: skip
        hosted = Hosted(url, f"http://127.0.0.1:{port}", data)
        if needs_tokens:
            hosted.admin = token_in(text)
            hosted.read, hosted.write = hosted.token("read"), hosted.token("write")
        yield hosted


@dataclass(frozen=True)
class Client:
    """A command line of a Pact Broker client. `is_rust` tells the newer ones from those in Ruby."""

    name: str
    command: tuple[str, ...]
    is_rust: bool

    def __call__(self, *arguments: str, **environment: str) -> Said:
        """Run one of its commands."""
        return run(list(self.command), *arguments, **environment)

    def publish(self, url: str, pact: Path, version: str, *more: str, **environment: str) -> Said:
        """Publish a pact as a version."""
        return self("publish", str(pact), "-a", version, "-b", url, *more, **environment)


CLIENTS = ("rust", "ruby", "npm18", "npm16")


def client_or_skip(name: str) -> Client:
    """A client by name; skips the calling test, saying why, when it is not installed."""
    if name == "rust":
        binary = shutil.which("pact", path=str(BIN))
        if binary is None:
            pytest.skip("needs the pact command line (pip install pact-python-cli)")
        return Client(name, (binary, "broker"), is_rust=True)
    if name == "ruby":
        home = Path(os.environ.get("STUBSERVER_RUBY_CLIENT") or PROJECT / ".venv" / "ruby-client")
        if not (home / "bin" / "pact-broker").exists():
            pytest.skip("needs an environment with pact-python-cli==2.6.4.0; name it with STUBSERVER_RUBY_CLIENT")
        return Client(name, (str(home / "bin" / "pact-broker"),), is_rust=False)
    command = npm_folder(name) / "node_modules" / ".bin" / "pact-broker"
    return Client(name, (str(command),), is_rust=name == "npm18")


def npm_folder(name: str) -> Path:
    """Where @pact-foundation/pact-cli of this major version is installed; skips when it is not."""
    homes = Path(os.environ.get("STUBSERVER_NPM_CLIENTS") or PROJECT / ".venv" / "npm-clients")
    home = homes / name.removeprefix("npm")
    if shutil.which("node") is None or not (home / "node_modules" / ".bin" / "pact-broker").exists():
        major = name.removeprefix("npm")
        pytest.skip(f"needs node, and @pact-foundation/pact-cli {major} in {home}; see STUBSERVER_NPM_CLIENTS")
    return home


@dataclass(frozen=True)
class Names:
    """Who publishes what, as which version."""

    consumer: str
    provider: str
    version: str
    branch: str
    tag: str = "dev"


def names(case: str, client: str) -> Names:
    """Names that no other test takes; `odd` ones are hard on whoever writes URLs."""
    if case == "plain":
        return Names(f"web-{client}", f"api-{client}", "1.0.0", "main")
    if case == "odd":
        return Names(f"Foo Web/UI {client}", f"Bar & Co {client}", "1.1+ab/c", "feat/x y", "to be/tested")
    return Names(f"Wéb 日本 {client}", f"Çatalogue/№1 {client}", "1.0~ä?#%41", "añadir/日本", "geprüft ✓")


def write_pact(path: Path, consumer: str, provider: str, number: int = 1, *, name: str = "things") -> Path:
    """A pact: GET /things is answered with a number."""
    document = {
        "consumer": {"name": consumer},
        "provider": {"name": provider},
        "interactions": [
            {
                "description": f"a request for {name}",
                "providerState": f"{name} exist",
                "request": {"method": "GET", "path": f"/{name}"},
                "response": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"id": number}},
            }
        ],
        "metadata": {"pactSpecification": {"version": "2.0.0"}},
    }
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path

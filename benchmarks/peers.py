"""The peers: other stub and mock servers with the same corpus, beside ours and the floor.

`make bench-peers` installs them. One that is not installed is left out, and so is one that takes too long; the table
says which and why.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import peer_files, traffic
from benchmarks.client import sweep
from benchmarks.measure import Options, Run, measured, plans, tell
from benchmarks.servers import Server, StartError, Starting, floor, free_port, running
from benchmarks.speed import first_request, started
from benchmarks.traffic import ASIDE, Plan
from benchmarks.verify import WrongAnswerError, answering, ask, is_right, verify

SIZES = (10, 100, 1_000)
_FOLDER = Path(__file__).parent / ".peers"
_MODULES = _FOLDER / "node_modules"
_START = 60.0  # seconds that a peer gets until it answers
_PATIENCE = 20.0  # seconds that it gets for one answer
_ONE_AT_A_TIME = 0.008  # seconds for one answer from which 32 at once would not be done within a run
_SLOW = 1.0  # seconds for one answer from which only few requests are sent
_TIMED = 1.0  # seconds that one at a time takes


@dataclass(frozen=True)
class Peer:
    """How a peer is found, started and asked."""

    name: str
    found: Callable[[], str | None]  # its version; None when it is not installed
    start: Callable[[int, Path], Starting]  # with that many interactions and a folder for its files
    serve: Callable[[Server, Path], None] = lambda server, folder: None  # what is to be said to it once it is up
    warm_up: float = 1.0  # seconds of load before it is timed


def _pact_tool() -> str | None:
    return shutil.which("pact", path=str(Path(sys.executable).parent)) or shutil.which("pact")


def _shown(words: Sequence[str], pattern: str) -> str | None:
    shown = subprocess.run(words, capture_output=True, text=True, check=False)
    found = re.search(pattern, shown.stdout + shown.stderr)
    return found[1] if found else None


def _pact_version(tool: str) -> str | None:
    binary = _pact_tool()
    return _shown([binary, tool, "--version"], r"(\d+\.\d+\.\d+)") if binary else None


def _npm_version(package: str) -> str | None:
    file = _MODULES / package / "package.json"
    return str(json.loads(file.read_text())["version"]) if file.is_file() and shutil.which("node") else None


def _npm_tool(name: str, *words: str) -> list[str]:
    return ["node", str((_MODULES / ".bin" / name).resolve()), *words]


def _pact_stub(size: int, folder: Path) -> Starting:
    file = str(peer_files.pact(size, folder))
    binary = _pact_tool() or "pact"
    # It listens on all interfaces, and has no option for another address.
    return running(
        "pact stub", lambda port, _: [binary, "stub", "-f", file, "-p", str(port), "-l", "none"], within=_START
    )


def _pact_mock(size: int, folder: Path) -> Starting:
    peer_files.pact(size, folder)
    binary = _pact_tool() or "pact"

    def command(port: int, at: Path) -> list[str]:
        words = [
            binary,
            "mock",
            "start",
            "-p",
            str(port),
            "-h",
            "127.0.0.1",
            "-o",
            str(at),
            "--base-port",
            str(free_port()),
        ]
        return [*words, "--no-file-log", "-l", "none"]

    return running("pact mock", command, within=_START)


def _create_mock(server: Server, folder: Path) -> None:
    """The mock server is made by its master, which chooses its port."""
    words = [_pact_tool() or "pact", "mock", "create", "-f", str(folder / "pact.json"), "-p", str(server.port)]
    shown = subprocess.run(
        [*words, "-h", "127.0.0.1", "--no-file-log"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_START,
        check=False,
    )
    found = re.search(r"port[: ]+(\d+)", shown.stdout + shown.stderr)
    if found is None:
        raise StartError(f"no mock server was made: {shown.stdout} {shown.stderr}")
    server.port = int(found[1])


def _wiremock_version() -> str | None:
    return _npm_version("wiremock") if shutil.which("java") else None


def _wiremock(size: int, folder: Path) -> Starting:
    peer_files.wiremock(size, folder)
    jar = str(next((_MODULES / "wiremock" / "build").glob("*.jar")))
    options = ["--no-request-journal", "--disable-request-logging", "--disable-banner", "--bind-address", "127.0.0.1"]
    return running(
        "WireMock",
        lambda port, _: ["java", "-jar", jar, "--port", str(port), "--root-dir", str(folder), *options],
        within=_START,
    )


def _mockoon(size: int, folder: Path) -> Starting:
    file = str(peer_files.mockoon(size, folder))
    options = ["--hostname", "127.0.0.1", "--disable-log-to-file", "--disable-admin-api"]
    return running(
        "Mockoon",
        lambda port, _: _npm_tool("mockoon-cli", "start", "-d", file, "-p", str(port), *options),
        within=_START,
    )


def _mountebank(size: int, folder: Path) -> Starting:
    def command(port: int, at: Path) -> list[str]:
        file = str(peer_files.mountebank(size, folder, port))
        options = ["--port", str(free_port()), "--host", "127.0.0.1", "--nologfile", "--loglevel", "error"]
        return _npm_tool("mb", "start", "--configfile", file, *options, "--pidfile", str(at / "mb.pid"))

    return running("mountebank", command, within=_START)


def _prism(size: int, folder: Path) -> Starting:
    file = str(peer_files.prism(size, folder))
    return running(
        "Prism",
        lambda port, _: _npm_tool("prism", "mock", file, "-p", str(port), "-h", "127.0.0.1", "-v", "silent"),
        within=_START,
    )


PEERS = (
    Peer("pact stub (Rust)", lambda: _pact_version("stub"), _pact_stub),
    Peer("pact mock (Rust)", lambda: _pact_version("mock"), _pact_mock, _create_mock),
    Peer("WireMock", _wiremock_version, _wiremock, warm_up=3.0),
    Peer("Mockoon", lambda: _npm_version("@mockoon/cli"), _mockoon),
    Peer("mountebank", lambda: _npm_version("mountebank"), _mountebank),
    Peer("Prism", lambda: _npm_version("@stoplight/prism-cli"), _prism),
)


def plans_for(size: int) -> dict[str, Plan]:
    """A literal path again and again; a path by pattern and a body by rules, never the same."""
    return {
        "exact": traffic.exact(size, ["literal"]),
        "regex": traffic.unique_get(size, ["pattern"]),
        "post": traffic.unique_post(size),
    }


def versions() -> dict[str, str | None]:
    """The version of each peer; None for one that is not installed."""
    return {peer.name: peer.found() for peer in PEERS}


def measure_peers(options: Options, sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """Row 10: all peers up at once for each size, one at work at a time."""
    told: dict[str, Any] = {"versions": versions(), "sizes": list(sizes), "by_size": {}}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
            told["by_size"][str(size)] = _measure_size(size, Path(name), options, stack)
    return told


def _measure_size(size: int, folder: Path, options: Options, stack: ExitStack) -> dict[str, Any]:
    told: dict[str, Any] = {"left_out": {}, "one_at_a_time": {}, "seconds": {}, "rss": {}}
    made = plans_for(size)
    files = stack.enter_context(plans(made))
    servers = {
        "aiohttp hello": stack.enter_context(floor("hello")),
        "stubserver": stack.enter_context(started(size, folder)),
    }
    for plan in made.values():
        verify(servers["stubserver"].port, plan)
        sweep(servers["stubserver"].port, plan.templates)
    runs = [Run(f"{each} {name}", server, file) for name, server in servers.items() for each, file in files.items()]
    for peer in PEERS:
        if peer.found() is None:
            told["left_out"][peer.name] = "not installed"
            continue
        tell(f"{peer.name} with {size:,} interactions")
        place = folder / re.sub(r"\W", "", peer.name)
        place.mkdir()
        try:
            server = stack.enter_context(peer.start(size, place))
            _come_up(peer, server, place, size)
            told["seconds"][peer.name] = server.started
            runs += _prepared(peer, server, made, files, told)
            told["rss"][peer.name] = server.rss()
        except (StartError, WrongAnswerError, subprocess.TimeoutExpired) as error:
            told["left_out"][peer.name] = str(error)[:300]
    runs.sort(key=lambda run: run.name.split(" ", 1)[0])
    tell(f"{len(runs)} runs × {options.rounds} rounds × 1 s: peers with {size:,} interactions")
    return {**told, "figures": measured(runs, options, seconds=1).as_json()}


def _come_up(peer: Peer, server: Server, folder: Path, size: int) -> None:
    """Wait for the first right answer."""
    began = time.monotonic()
    peer.serve(server, folder)
    is_ready = answering(first_request(size), _PATIENCE)
    while not is_ready(server.port):
        if time.monotonic() - began > _START:
            raise StartError(f"no right answer within {_START:.0f} s")
        time.sleep(0.05)
    server.started += time.monotonic() - began


def _prepared(
    peer: Peer, server: Server, made: dict[str, Plan], files: dict[str, Path], told: dict[str, Any]
) -> list[Run]:
    """Verified and warm; what takes long is timed here and now, one at a time."""
    runs = []
    for each, plan in made.items():
        alone = _seconds_alone(server, plan)
        if alone < _SLOW:
            verify(server.port, plan, compared=20 if alone < _ONE_AT_A_TIME else 2, refused=each == "exact")
        if alone < _ONE_AT_A_TIME:
            _warm(server, plan, peer.warm_up)
            runs.append(Run(f"{each} {peer.name}", server, files[each]))
        else:
            told["one_at_a_time"][f"{each} {peer.name}"] = 1 / _median_alone(server, plan, alone)
    return runs


def _seconds_alone(server: Server, plan: Plan) -> float:
    """One request after another one, both answered rightly; only one of a server that is slow."""
    found = []
    for number, template in enumerate(plan.templates[-2:]):
        began = time.monotonic()
        try:
            answer = ask(server.port, template.filled(ASIDE + 1000 + number), _PATIENCE)
        except OSError:
            raise WrongAnswerError(f"more than {_PATIENCE:.0f} s for one request") from None
        found.append(time.monotonic() - began)
        if not is_right(template, answer):
            raise WrongAnswerError(f"{template.head[:200]!r} was answered with {answer.status} {answer.body[:100]!r}")
        if found[0] > _SLOW:
            break
    return found[-1]


def _median_alone(server: Server, plan: Plan, first: float) -> float:
    found, began = [first], time.monotonic()
    while time.monotonic() - began < _TIMED:
        template = plan.templates[(len(found) * 31) % len(plan.templates)]
        at = time.monotonic()
        ask(server.port, template.filled(ASIDE + 2000 + len(found)), _PATIENCE)
        found.append(time.monotonic() - at)
    return statistics.median(found)


def _warm(server: Server, plan: Plan, seconds: float) -> None:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        sweep(server.port, plan.templates[:200], connections=4)

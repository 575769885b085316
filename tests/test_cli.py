"""The command line, run as people run it."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from stubserver.cli import main
from stubserver.settings import Settings
from tests.conftest import http_pact

SHOP = http_pact(
    {
        "description": "orders of a day",
        "request": {"method": "GET", "path": "/orders", "query": {"day": ["2024-02-29"]}},
        "response": {"status": 200, "body": {"content": [{"id": 1}]}},
    },
    {
        "description": "a new order",
        "request": {"method": "POST", "path": "/orders", "body": {"content": {"item": "book"}}},
        "response": {"status": 201},
    },
    consumer="web",
    provider="shop",
)
FLAWED = http_pact({"request": {"path": "/fine"}}, {"description": "odd", "request": {"method": 5}}, provider="flawed")


def environment(**variables: str) -> dict[str, str]:
    """This environment without settings of whoever runs the tests, and with these variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STUBSERVER_", "PACT_BROKER_"))}
    return {**kept, "PYTHONUNBUFFERED": "1", "COLUMNS": "80", **variables}


def run(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "stubserver", *arguments],
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


class Process:
    """A running `stubserver serve`."""

    def __init__(self, arguments: tuple[str, ...], cwd: Path, variables: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stubserver", "serve", *arguments],
            cwd=cwd,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.output = ""
        self.errors = ""

    def wait_for(self, pattern: str) -> str:
        """Read until the output or the errors hold a pattern; its first group."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        streams = {self.process.stdout.fileno(): "output", self.process.stderr.fileno(): "errors"}
        deadline = time.monotonic() + 15
        while not (found := re.search(pattern, self.output + self.errors)):
            assert time.monotonic() < deadline, f"no {pattern}\n{self.output}\n{self.errors}"
            for stream in select.select(list(streams), [], [], 0.2)[0]:
                piece = os.read(stream, 1 << 16).decode()
                name = streams[stream] if piece else streams.pop(stream)
                setattr(self, name, getattr(self, name) + piece)
            assert streams, f"ended without {pattern}\n{self.output}\n{self.errors}"
        return found[1] if found.groups() else found[0]

    def url(self) -> str:
        """The URL it says it serves at."""
        return self.wait_for(r"(?:at |\"url\":\")(http://[^\s\"]+)")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, read what is left; the exit code."""
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=15)
        self.output += output.decode()
        self.errors += errors.decode()
        return self.process.returncode


Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start servers: `start("pacts", "--port", "0", STUBSERVER_HEAD="1")`."""
    started: list[Process] = []

    def begin(*arguments: str, **variables: str) -> Process:
        started.append(Process(arguments, tmp_path, variables))
        return started[-1]

    yield begin
    for process in started:
        if process.process.poll() is None:
            process.process.kill()
        process.process.communicate()


@pytest.fixture
def pacts(tmp_path: Path) -> Path:
    """A directory with one pact, and it is a neighbour of where the commands run."""
    folder = tmp_path / "pacts"
    folder.mkdir()
    (folder / "shop.json").write_text(json.dumps(SHOP))
    return folder


def status_of(url: str) -> int:
    """The status of a GET."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - our own server
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)


def test_serve(start: Start, pacts: Path) -> None:
    """`serve` tells what is served from where, every address, a curl command that works, and where it listens."""
    server = start("pacts", "--port", "0")
    url = server.url()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d{2,5}", url)
    row = next(line for line in server.output.splitlines() if "pacts/shop.json" in line)
    assert re.findall(r"[\w./]+", row) == ["web", "shop", "V4", "2", "0", "pacts/shop.json"]
    for address in ("/", "/providers/shop/stub", "/pacts/provider/shop/consumer/web/latest/stub"):
        assert f"{url}{address} " in server.output
    [line] = [line.strip() for line in server.output.splitlines() if line.strip().startswith("curl ")]
    answered = subprocess.run(
        ["bash", "-c", f"{line} -s -w ' %{{http_code}}'"], capture_output=True, text=True, check=True, timeout=10
    )
    assert answered.stdout == '[{"id":1}] 200'
    assert status_of(url + "/_stubserver/ready") == 200
    assert server.stop() == 0
    assert "Traceback" not in server.errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it(start: Start, pacts: Path, number: int) -> None:
    """SIGTERM and SIGINT end it at once and well, with connections open."""
    server = start("pacts", "-p", "0")
    url = server.url()
    assert status_of(url + "/_stubserver/health") == 200
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as idle:
        idle.sendall(b"GET /_stubserver/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(15).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        assert server.stop(number) == 0
        assert time.monotonic() - began < 4
    assert "Traceback" not in server.errors


ODD_PATHS = [
    "/things/urn:key:1:on:x",  # :key: and :on: are emoji to some consoles
    "/[bold]x[/bold]",
    "/a%20b",
    "/very/" + "long/" * 60,
    "/back\\",
]


@pytest.mark.parametrize("path", ODD_PATHS, ids=lambda path: path[:20])
def test_what_is_printed_can_be_pasted(start: Start, tmp_path: Path, path: str) -> None:
    """The printed curl command is printed as it is, whatever the console thinks of its characters."""
    (tmp_path / "odd.json").write_text(json.dumps(http_pact({"request": {"path": path}, "response": {"status": 299}})))
    server = start("odd.json", "--port", "0")
    server.url()
    [line] = [line.strip() for line in server.output.splitlines() if line.strip().startswith("curl ")]
    answered = subprocess.run(
        ["bash", "-c", f"{line} -s -o /dev/null -w '%{{http_code}}'"], capture_output=True, text=True, timeout=10
    )
    assert answered.stdout == "299", line


@pytest.mark.parametrize("body", ["a\tb", "[red]x[/red] :key:", "  two\n  lines  \nend"])
def test_bodies_that_are_printed_can_be_pasted(start: Start, tmp_path: Path, body: str) -> None:
    """A text body in the printed curl command keeps its tabs, blanks and line breaks."""
    request = {"method": "PUT", "path": "/x", "body": {"content": body, "contentType": "text/plain"}}
    (tmp_path / "odd.json").write_text(json.dumps(http_pact({"request": request, "response": {"status": 299}})))
    server = start("odd.json", "--port", "0")
    server.url()
    command = re.search(r"^ *(curl .*?/x)$", server.output, re.MULTILINE | re.DOTALL)
    assert command is not None
    answered = subprocess.run(
        ["bash", "-c", f"{command[1]} -s -o /dev/null -w '%{{http_code}}'"], capture_output=True, text=True, timeout=10
    )
    assert answered.stdout == "299", command[1]


def test_what_is_not_served_is_said(start: Start, pacts: Path) -> None:
    """Skipped interactions and unreadable documents are named with the reason; the rest is served."""
    (pacts / "flawed.json").write_text(json.dumps(FLAWED))
    (pacts / "broken.json").write_text("{")
    server = start("pacts", "--port", "0")
    url = server.url()
    assert "not read" in server.output
    assert "pacts/broken.json" in server.output
    assert re.search(r"skipped 1 of pacts/flawed\.json: .*method", server.output)
    assert status_of(url + "/fine") == 200


# The options of pact-stub-server, short and long; those of OpenTelemetry are not meant.
PARITY = [
    ["-l", "warn"],
    ["--loglevel", "debug"],
    ["-f", "pacts/shop.json"],
    ["--file", "pacts/shop.json"],
    ["-d", "pacts"],
    ["--dir", "pacts"],
    ["-e", "json"],
    ["--extension", "json"],
    ["-u", "http://127.0.0.1:1/x"],
    ["--url", "http://127.0.0.1:1/x"],
    ["-b", "http://127.0.0.1:1"],
    ["--broker-url", "http://127.0.0.1:1"],
    ["--user", "a:b"],
    ["-t", "abc"],
    ["--token", "abc"],
    ["-p", "0"],
    ["-o"],
    ["--cors"],
    ["--cors-referer"],
    ["--insecure-tls"],
    ["-s", "state"],
    ["--provider-state", "state"],
    ["--provider-state-header-name", "X-State"],
    ["--empty-provider-state"],
    ["--consumer-name", "web", "--consumer-name", "ios"],
    ["--provider-name", "shop"],
    ["--retries", "1"],
    ["-w"],
    ["--watch"],
]


def test_options_of_pact_stub_server(start: Start, pacts: Path) -> None:
    """Every option of pact-stub-server is taken, all of them together."""
    arguments = [word for option in PARITY for word in option]
    server = start(*arguments, "--retries", "0")
    assert status_of(server.url() + "/orders?day=2024-02-29") == 200
    assert server.stop() == 0


@pytest.mark.parametrize("level", ["none", "trace"])
def test_extreme_log_levels(start: Start, pacts: Path, level: str) -> None:
    """The least and the most can be logged; with `none`, nothing is, not even a miss."""
    server = start("pacts", "--port", "0", "--loglevel", level)
    assert status_of(server.url() + "/nowhere") == 500
    assert server.stop() == 0
    assert (server.errors == "") == (level == "none")


@pytest.mark.parametrize("option", PARITY, ids=" ".join)
def test_each_option_is_known(option: list[str], pacts: Path) -> None:
    """Each option is taken by itself: what is complained about is another one."""
    result = CliRunner().invoke(main, ["serve", *option, "--no-such-option"])
    assert result.exit_code == 2
    assert "--no-such-option" in result.output


@pytest.mark.parametrize("option", ["-v", "--version", "-h", "--help"])
def test_version_and_help(option: str) -> None:
    """Version and help are told under the usual names."""
    result = CliRunner().invoke(main, [option], prog_name="stubserver")
    assert result.exit_code == 0
    assert "stubserver" in result.output


@pytest.mark.parametrize("command", ["serve", "check"])
def test_nothing_to_serve(tmp_path: Path, command: str) -> None:
    """Without anything to load: exit code 2, and what to do."""
    result = run(command, cwd=tmp_path)
    assert result.returncode == 2
    assert "nothing to serve" in result.stderr
    assert "cure: " in result.stderr
    assert result.stdout == ""


def test_all_sources_broken(pacts: Path) -> None:
    """When nothing at all could be read: exit code 3, with every place and cure."""
    (pacts / "shop.json").write_text('{"interactions": [}')
    result = run("serve", "pacts", "absent.json", "--port", "0", cwd=pacts.parent)
    assert result.returncode == 3
    assert "pacts/shop.json#" in result.stderr
    assert "absent.json" in result.stderr
    assert "cure: " in result.stderr
    assert "Traceback" not in result.stderr


def test_strict_load(pacts: Path) -> None:
    """With --strict-load one flaw is enough: exit code 3, with its place."""
    (pacts / "flawed.json").write_text(json.dumps(FLAWED))
    result = run("serve", "pacts", "--strict-load", "--port", "0", cwd=pacts.parent)
    assert result.returncode == 3
    assert "pacts/flawed.json#/interactions/1/request/method" in result.stderr
    assert "cure: " in result.stderr


def test_port_taken(pacts: Path) -> None:
    """A port that is taken: exit code 4, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run("serve", "pacts", "--port", port, cwd=pacts.parent)
    assert result.returncode == 4
    assert port in result.stderr
    assert "--port" in result.stderr
    assert "Traceback" not in result.stderr


def test_host_that_is_not_here(pacts: Path) -> None:
    """An address that is not of this machine: exit code 4, and what to do."""
    result = run("serve", "pacts", "--port", "0", "--host", "192.0.2.1", cwd=pacts.parent)
    assert result.returncode == 4
    assert "--host" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--order", "random"], "--order"),
        (["--port", "many"], "port"),
        (["--port", "70000"], "port"),
        (["--no-match-status", "200"], "no_match_status"),
        (["--provider-state", "("], "provider_state"),
        (["--clock", "yesterday"], "clock"),
        (["--retries", "99"], "retries"),
    ],
)
def test_wrong_options(arguments: list[str], named: str) -> None:
    """An option that cannot be used: exit code 2, and which."""
    result = CliRunner(env=dict.fromkeys(os.environ)).invoke(main, ["serve", "pacts", *arguments])
    assert result.exit_code == 2
    assert named in result.output


def json_lines(text: str) -> list[dict[str, Any]]:
    """Every line as JSON."""
    return [json.loads(line) for line in text.splitlines()]


def test_json_logs(start: Start, pacts: Path) -> None:
    """With --log-format json all output is JSON lines: serving, misses, reloads; nothing else."""
    server = start("pacts", "--port", "0", "--log-format", "json", "--watch")
    url = server.url()
    assert status_of(url + "/nowhere?%FF") == 500
    server.wait_for('"no match"')
    time.sleep(0.3)
    (pacts / "shop.json").write_text("{")
    server.wait_for("earlier reading")
    assert server.stop() == 0
    assert server.output == ""
    events = json_lines(server.errors)
    assert [event["event"] for event in events][:2] == ["serving", "no match"]
    assert events[0] == events[0] | {"url": url, "pacts": 1, "interactions": 2, "level": "info"}
    assert all({"event", "level", "timestamp"} <= set(event) for event in events)


def test_json_logs_say_what_is_not_served(start: Start, pacts: Path) -> None:
    """With --log-format json a document that could not be read is named as well."""
    (pacts / "broken.json").write_text("{")
    server = start("pacts", "--port", "0", "--log-format", "json")
    assert status_of(server.url() + "/_stubserver/health") == 200
    assert server.stop() == 0
    json_lines(server.output + server.errors)
    assert "pacts/broken.json" in server.errors


def test_json_logs_when_nothing_could_be_read(tmp_path: Path) -> None:
    """With --log-format json the failure to load is JSON as well."""
    (tmp_path / "broken.json").write_text("{")
    result = run("serve", "broken.json", "--log-format", "json", "--port", "0", cwd=tmp_path)
    assert result.returncode == 3
    assert json_lines(result.stdout + result.stderr)


def test_watch(start: Start, pacts: Path) -> None:
    """With --watch a change is served, and a broken one is not."""
    server = start("pacts", "--port", "0", "--watch")
    url = server.url()
    assert status_of(url + "/orders?day=2024-02-29") == 200
    time.sleep(0.4)
    (pacts / "shop.json").write_text(json.dumps(SHOP).replace("2024-02-29", "2025-01-01"))
    server.wait_for("reloaded")
    assert status_of(url + "/orders?day=2025-01-01") == 200
    (pacts / "shop.json").write_text("{")
    server.wait_for("earlier reading is still served")
    assert "pacts/shop.json" in server.errors
    assert status_of(url + "/orders?day=2025-01-01") == 200
    assert server.stop() == 0


def test_watch_waits_for_a_good_pact(start: Start, pacts: Path) -> None:
    """With --watch a server begins even when everything is broken, and serves as soon as it is mended."""
    (pacts / "shop.json").write_text("{")
    server = start("pacts", "--port", "0", "--watch")
    url = server.url()
    assert status_of(url + "/_stubserver/ready") == 503
    time.sleep(0.4)
    (pacts / "shop.json").write_text(json.dumps(SHOP))
    server.wait_for("reloaded")
    assert status_of(url + "/_stubserver/ready") == 200


def test_check_finds_nothing(pacts: Path) -> None:
    """`check` of good pacts: exit code 0, and how much they hold."""
    result = run("check", "pacts", cwd=pacts.parent)
    assert (result.returncode, result.stderr) == (0, "")
    assert "1 pacts: 2 interactions can be served, 0 cannot; 0 problems" in result.stdout


def test_check_when_loading_is_strict(pacts: Path) -> None:
    """`check` lists every problem with exit code 1 where the settings say that loading is strict, too."""
    (pacts / "flawed.json").write_text(json.dumps(FLAWED))
    result = run("check", "pacts", cwd=pacts.parent, STUBSERVER_STRICT_LOAD="1")
    assert "Traceback" not in result.stderr
    assert result.returncode == 1
    assert "skipped pacts/flawed.json#/interactions/1/request/method" in result.stdout.splitlines()


def test_check_prints_names_as_they_are(tmp_path: Path) -> None:
    """A name is printed as it is, whatever the console thinks of its characters."""
    (tmp_path / ":key: and [red].json").write_text("{")
    result = run("check", ":key: and [red].json", cwd=tmp_path)
    assert result.returncode == 1
    assert "error :key: and [red].json#" in result.stdout.splitlines()


def test_check_finds_problems(pacts: Path) -> None:
    """`check` of flawed pacts: exit code 1, and every problem with file, pointer and cure."""
    (pacts / "flawed.json").write_text(json.dumps(FLAWED))
    long_name = "a name with [brackets] " + "and many words " * 8 + ".json"
    (pacts / long_name).write_text("{")
    result = run("check", "pacts", "absent.json", cwd=pacts.parent)
    assert result.returncode == 1
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    for place in (
        "skipped pacts/flawed.json#/interactions/1/request/method",
        f"error pacts/{long_name}#",
        "error absent.json#",
    ):
        position = lines.index(place)
        assert lines[position + 1].startswith("  ")
        assert lines[position + 2].startswith("  cure: ")
    assert lines[-1] == "4 pacts: 3 interactions can be served, 1 cannot; 3 problems"


def test_check_keeps_notes_apart(tmp_path: Path) -> None:
    """A note is told and is no problem: exit code 0."""
    response = {"body": {"content": {"id": 1}}, "generators": {"body": {"$.idd": {"type": "Uuid"}}}}
    (tmp_path / "noted.json").write_text(json.dumps(http_pact({"request": {"path": "/"}, "response": response})))
    result = run("check", "noted.json", cwd=tmp_path)
    assert result.returncode == 0
    assert "note noted.json#/interactions/0/response/generators/body/$.idd" in result.stdout


def test_precedence(start: Start, pacts: Path, tmp_path: Path) -> None:
    """An option beats the environment, which beats stubserver.toml, which beats the default."""
    (tmp_path / "stubserver.toml").write_text('paths = ["pacts"]\nport = 0\nno_match_status = 501\nhead = true\n')
    assert status_of(start().url() + "/nowhere") == 501
    assert status_of(start(STUBSERVER_NO_MATCH_STATUS="502").url() + "/nowhere") == 502
    server = start("--no-match-status", "503", STUBSERVER_NO_MATCH_STATUS="502")
    assert status_of(server.url() + "/nowhere") == 503


def test_every_setting_has_its_option() -> None:
    """The option of a setting, of `serve` or `host`, is its name with dashes."""
    commands = [main.get_command(click.Context(main), name) for name in ("serve", "host")]
    parameters = [parameter for command in commands if command is not None for parameter in command.params]
    options = {name for parameter in parameters for name in (parameter.name, *parameter.opts)}
    for name in Settings.model_fields:
        assert name in options
        assert name == "paths" or f"--{name.replace('_', '-')}" in options


def test_options_of_generated_answers(start: Start, tmp_path: Path) -> None:
    """Seed, clock and echo are options; two servers with the same ones give the same answer."""
    request = {
        "path": "/orders/1",
        "matchingRules": {"path": {"matchers": [{"match": "regex", "regex": "/orders/\\d+"}]}},
    }
    response = {
        "body": {"content": {"id": 1, "ref": "x", "day": "2020-01-01"}},
        "generators": {"body": {"$.ref": {"type": "Uuid"}, "$.day": {"type": "Date"}}},
    }
    (tmp_path / "orders.json").write_text(json.dumps(http_pact({"request": request, "response": response})))
    options = ("orders.json", "-p", "0", "--clock", "2026-02-28", "--echo")
    servers = [start(*options, "--seed", "one"), start(*options, STUBSERVER_SEED="one")]
    answers = []
    for server in servers:
        with urllib.request.urlopen(server.url() + "/orders/7", timeout=10) as answer:  # noqa: S310 - our own server
            answers.append(json.load(answer))
    assert answers[0] == answers[1]
    assert answers[0] == {"id": 7, "ref": answers[0]["ref"], "day": "2026-02-28"}


def test_switches_can_be_turned_off(start: Start, pacts: Path) -> None:
    """A switch that the environment turns on is turned off by its option."""
    server = start("pacts", "-p", "0", "--no-cors", "--no-lenient", STUBSERVER_LENIENT="1", STUBSERVER_CORS="1")
    with urllib.request.urlopen(server.url() + "/orders?day=2024-02-29", timeout=10) as response:  # noqa: S310 - our own
        assert response.headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize("way", ["--fast-path", "--no-fast-path"])
def test_access_log(start: Start, pacts: Path, tmp_path: Path, way: str) -> None:
    """With --access-log every request has its line in a file, or in the output, whichever way it is answered."""
    server = start("pacts", "-p", "0", way, "--access-log", "access.log")
    for _ in range(4):
        assert status_of(server.url() + "/orders?day=2024-02-29") == 200
    assert server.stop() == 0
    lines = (tmp_path / "access.log").read_text().splitlines()
    assert [re.findall(r'"(.*)" (\d+) (\d+) (\w+)', line) for line in lines] == [
        [("GET /orders?day=2024-02-29 HTTP/1.1", "200", "10", "exact")]
    ] * 4
    server = start("pacts", "-p", "0", way, "--access-log", "-")
    assert status_of(server.url() + "/orders") == 500
    assert server.stop() == 0
    assert re.search(r'^127.*"GET /orders HTTP/1.1" 500 \d+ none -$', server.output, re.MULTILINE)


def test_access_log_that_cannot_be_written(pacts: Path) -> None:
    """A log that cannot be written keeps the server from starting: which, why, and what to do."""
    result = run("serve", "pacts", "--port", "0", "--access-log", "absent/access.log", cwd=pacts.parent)
    assert result.returncode == 4
    assert "absent/access.log" in result.stderr
    assert "cure: " in result.stderr
    assert "Traceback" not in result.stderr


def test_metrics_can_be_turned_off(start: Start, pacts: Path) -> None:
    """With --no-metrics there are none to be had."""
    assert status_of(start("pacts", "-p", "0", "--metrics").url() + "/_stubserver/metrics") == 200
    assert status_of(start("pacts", "-p", "0", "--no-metrics").url() + "/_stubserver/metrics") == 404


def test_secrets_do_not_show(pacts: Path) -> None:
    """A token is in no message, whatever fails."""
    result = run(
        "serve", "http://127.0.0.1:1/x", "-t", "hunter2", "--user", "a:hunter2", "--retries", "0", cwd=pacts.parent
    )
    assert result.returncode == 3
    assert "hunter2" not in result.stdout + result.stderr
    result = run("serve", "pacts", cwd=pacts.parent, STUBSERVER_TOKEN="hunter2", STUBSERVER_PORT="hunter2")
    assert result.returncode == 2
    assert "port" in result.stderr
    assert "hunter2" not in result.stdout + result.stderr


_FAIL = """
import sys, structlog
from stubserver.observability import configure_logging
configure_logging("info", sys.argv[1])
def answer(authorization):
    raise ValueError("what went wrong")
try:
    answer(sys.argv[2])
except ValueError:
    structlog.get_logger().exception("unexpected error")
"""


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_tracebacks_hold_no_values(tmp_path: Path, log_format: str) -> None:
    """A traceback in the log shows where something went wrong, and not what the variables held."""
    failed = subprocess.run(
        [sys.executable, "-c", _FAIL, log_format, "hunter2"], capture_output=True, text=True, check=True, timeout=30
    )
    told = failed.stdout + failed.stderr
    assert "what went wrong" in told
    assert "answer" in told
    assert "hunter2" not in told

"""The access log: one line for each request, in the Common Log Format, whichever way it was answered."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stubserver.errors import LogError
from stubserver.web.access_log import AccessLog
from stubserver.web.ticker import Ticker
from tests.conftest import Running, Serve, http_pact
from tests.web.conversation import exchange, request
from tests.web.within import until

SHOP = http_pact(
    {"description": "orders", "request": {"path": "/orders"}, "response": {"body": {"content": [1, 2]}}},
    {"description": "gone", "request": {"method": "DELETE", "path": "/orders"}, "response": {"status": 204}},
    {"description": "same", "request": {"path": "/same"}, "response": {"status": 304, "headers": {"ETag": "a"}}},
    {
        "description": "new",
        "request": {"method": "POST", "path": "/orders", "body": {"content": "a", "contentType": "text/plain"}},
        "response": {"status": 201},
    },
    {"description": "strict", "request": {"path": "/strict", "headers": {"X-A": "1"}}},
)
PLAIN = "Content-Type: text/plain"
# A request, and its line as far as it is always the same: request line, status, length, outcome.
ASKED = [
    (request("GET /orders?a=%22b HTTP/1.1"), "GET /orders?a=%22b HTTP/1.1", 500, None, "none"),
    (request("GET /orders HTTP/1.1"), "GET /orders HTTP/1.1", 200, 5, "exact"),
    (request("DELETE /orders HTTP/1.1"), "DELETE /orders HTTP/1.1", 204, 0, "exact"),
    (request("GET /same HTTP/1.1"), "GET /same HTTP/1.1", 304, 0, "exact"),
    (request("POST /orders HTTP/1.1", PLAIN, body=b"a"), "POST /orders HTTP/1.1", 201, 0, "exact"),
    (request("GET /strict HTTP/1.1"), "GET /strict HTTP/1.1", 200, 0, "lenient"),
    (request("GET /orders HTTP/1.1", "X-Stub-State: ("), "GET /orders HTTP/1.1", 400, None, "none"),
    (
        request("POST /orders HTTP/1.1", PLAIN, "Transfer-Encoding: chunked", body=b"1\r\na\r\n0\r\n\r\n"),
        "POST /orders HTTP/1.1",
        201,
        0,
        "exact",
    ),
    (request("GET /orders HTTP/1.0"), "GET /orders HTTP/1.0", 200, 5, "exact"),
    (request("GET /orders HTTP/1.1", "Connection: close"), "GET /orders HTTP/1.1", 200, 5, "exact"),
    (request("GET /_stubserver/health HTTP/1.1"), "GET /_stubserver/health HTTP/1.1", 200, None, "-"),
    (request("GET http://h/orders HTTP/1.1"), "GET http://h/orders HTTP/1.1", 200, 5, "exact"),
    (request('GET /"orders" HTTP/1.1'), "GET /%22orders%22 HTTP/1.1", 500, None, "none"),
    (request("GET /orders#x HTTP/1.1"), "GET /orders#x HTTP/1.1", 200, 5, "exact"),
]
LINE = re.compile(
    r'(\S+) - - \[(\d{2}/[A-Z][a-z]{2}/\d{4}(?::\d{2}){3} [+-]\d{4})\] "([ !#-~]*)" (\d{3}) (\d+) ([a-z-]+) (\S+)\n'
)


async def logged(serve: Serve, path: Path, fast_path: bool, *sent: bytes) -> tuple[Running, list[tuple[str, ...]]]:
    """The lines after these requests, taken apart."""
    running = await serve(SHOP, access_log=str(path), fast_path=fast_path, lenient=True)
    for one in sent:
        await exchange(running.url, one)
    await running.server.stop()
    return running, lines_of(path)


def lines_of(path: Path) -> list[tuple[str, ...]]:
    """The lines of a log, taken apart."""
    lines = path.read_text("ascii").splitlines(keepends=True)
    found = [match.groups() for line in lines if (match := LINE.fullmatch(line)) is not None]
    assert len(found) == len(lines), lines
    return found


@pytest.mark.parametrize("fast_path", [True, False])
async def test_lines(serve: Serve, tmp_path: Path, fast_path: bool) -> None:
    """Address, moment, request line, status, length of the body, outcome and interaction stand in each line; of all
    requests in their order, however often they come.
    """
    sent = [asked[0] for asked in ASKED for _ in range(4)]
    running, lines = await logged(serve, tmp_path / "access.log", fast_path, *sent)
    ids = {item.interaction.description: item.id for item in running.server.catalog.current.root.interactions}
    assert len(lines) == len(sent)
    for (peer, moment, line, status, length, outcome, interaction), asked in zip(
        lines, (asked for asked in ASKED for _ in range(4)), strict=True
    ):
        assert peer == "127.0.0.1"
        assert abs(time.mktime(time.strptime(moment[:20], "%d/%b/%Y:%H:%M:%S")) - time.time()) < 3600
        assert (line, int(status)) == (asked[1], asked[2])
        assert asked[3] in (None, int(length))
        if asked[2] != 400:
            assert outcome == asked[4]
        assert (interaction in ids.values()) == (outcome in ("exact", "lenient"))
    assert lines[4][6] == ids["orders"]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(request("GET /orders HTTP/1.1", "X-Stub-State: ("), id="refused"),
        pytest.param(
            request("OPTIONS /a HTTP/1.1", "Origin: http://a", "Access-Control-Request-Method: GET"),
            id="preflight",
        ),
        pytest.param(b"\r\n" + request("GET /orders HTTP/1.1"), id="an empty line before"),
        pytest.param(request("GET /orders HTTP/1.1"), id="hit"),
        pytest.param(request("GET /nowhere HTTP/1.1"), id="miss"),
    ],
)
async def test_lines_of_either_way(serve: Serve, tmp_path: Path, sent: bytes) -> None:
    """A line is the same whichever way the request was answered."""
    lines = []
    for fast_path in (True, False):
        _, ((_, _, *line),) = await logged(serve, tmp_path / f"{fast_path}.log", fast_path, sent)
        lines.append(line)
    assert lines[0] == lines[1]


@pytest.mark.parametrize("fast_path", [True, False])
async def test_what_is_no_request(serve: Serve, tmp_path: Path, fast_path: bool) -> None:
    """What is refused before it is understood has a line, too."""
    _, lines = await logged(serve, tmp_path / "access.log", fast_path, b"HELLO\r\n\r\n", request("GET /\xff HTTP/1.1"))
    assert [(line[3], line[5]) for line in lines] == [("400", "-"), ("400", "-")]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AccessLog]:
    """A log in a file `access.log`."""
    log = AccessLog(str(tmp_path / "access.log"), Ticker())
    yield log
    log.close()


TAIL = b'" 200 0 exact abc\n'
LAW = settings(max_examples=200, deadline=None)


@LAW
@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b""))))
def test_odd_request_lines(tmp_path_factory: pytest.TempPathFactory, request_lines: list[bytes]) -> None:
    """Whatever stands in a request line, it takes one line of ASCII, and ends where the quotation mark says."""
    path = tmp_path_factory.getbasetemp() / "odd.log"
    path.unlink(missing_ok=True)
    log = AccessLog(str(path), Ticker())
    for line in request_lines:
        log.note(b"::1", line, TAIL)
    log.close()
    content = path.read_bytes()
    assert content.isascii()
    lines = content.split(b"\n")[:-1]
    assert len(lines) == len(request_lines)
    for written, line in zip(lines, request_lines, strict=True):
        assert written.count(b'"') == 2
        if line.isascii():
            assert written.split(b'"')[1] == line.replace(b'"', b"%22")


def test_nothing_is_lost(log: AccessLog, tmp_path: Path) -> None:
    """All lines are there after the end, in their order, however many came at once."""
    for number in range(5000):
        log.note(b"-", b"%d" % number, TAIL)
    log.close()
    lines = (tmp_path / "access.log").read_text().splitlines()
    assert [line.split('"')[1] for line in lines] == [str(number) for number in range(5000)]


def test_it_is_continued(tmp_path: Path) -> None:
    """A file that is there already is added to."""
    path = tmp_path / "access.log"
    path.write_text("earlier\n")
    log = AccessLog(str(path), Ticker())
    log.note(b"-", b"later", TAIL)
    log.close()
    assert [line.split('"')[1:2] for line in path.read_text().splitlines()] == [[], ["later"]]


async def test_each_second(serve: Serve, tmp_path: Path) -> None:
    """Lines are written within moments, not only when there are many."""
    path = tmp_path / "access.log"
    running = await serve(SHOP, access_log=str(path))
    await exchange(running.url, request("GET /orders HTTP/1.1"))
    await until(lambda: path.read_bytes().count(b"\n") == 1)


def test_standard_output(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """`-` is standard output, which stays open."""
    for number in range(2):
        log = AccessLog("-", Ticker())
        log.note(b"-", b"line %d" % number, TAIL)
        log.close()
    print("after")
    lines = capsysbinary.readouterr().out.splitlines()
    assert [line.split(b'"')[1:2] for line in lines] == [[b"line 0"], [b"line 1"], []]


async def test_rotation(log: AccessLog, tmp_path: Path) -> None:
    """When the file is moved or removed, a new one is begun under its name; no line is lost or written twice."""
    path = tmp_path / "access.log"

    async def note(name: bytes) -> None:
        log.note(b"-", name, TAIL)
        log.flush()
        await until(lambda: path.exists() and name in path.read_bytes())

    await note(b"first")
    path.rename(tmp_path / "access.log.1")
    await note(b"second")
    path.unlink()
    await note(b"third")
    shutil.copy(path, tmp_path / "copy")
    (tmp_path / "copy").replace(path)  # another file, with the same in it
    await note(b"fourth")
    assert [line.split(b'"')[1] for line in (tmp_path / "access.log.1").read_bytes().splitlines()] == [b"first"]
    assert [line.split(b'"')[1] for line in path.read_bytes().splitlines()] == [b"third", b"fourth"]


async def test_a_folder_that_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While the folder is away nothing can be written, which is told; once it is back, lines are written again."""
    monkeypatch.setattr("tests.web.within.PATIENCE", 1)
    folder, away = tmp_path / "logs", tmp_path / "away"
    folder.mkdir()
    log = AccessLog(str(folder / "access.log"), Ticker())
    folder.rename(away)
    log.note(b"-", b"lost", TAIL)
    log.flush()
    await until(lambda: "cannot be written" in capsys.readouterr().err)
    away.rename(folder)
    log.note(b"-", b"again", TAIL)
    log.flush()
    await until(lambda: b"again" in (folder / "access.log").read_bytes())
    log.close()


def test_a_full_disk(capsys: pytest.CaptureFixture[str]) -> None:
    """When nothing can be written, that is told, and the end comes at once."""
    log = AccessLog("/dev/full", Ticker())
    for number in range(2000):
        log.note(b"-", b"%d" % number, TAIL)
    closing = threading.Thread(target=log.close, daemon=True)
    closing.start()
    closing.join(2)
    assert "cannot be written" in capsys.readouterr().err
    assert not closing.is_alive()


def test_a_slow_disk(tmp_path: Path) -> None:
    """What a disk cannot keep up with is dropped, and how much of it is told."""
    read, write = os.pipe()
    log = AccessLog(f"/dev/fd/{write}", Ticker())
    noted = 300_000
    for number in range(noted):
        log.note(b"-", b"%d" % number, TAIL)
    assert len(log._waiting) <= 401
    received: list[bytes] = []

    def drain() -> None:
        while piece := os.read(read, 1 << 20):
            received.append(piece)

    reading = threading.Thread(target=drain)
    reading.start()
    log.close()
    os.close(write)
    reading.join(10)
    os.close(read)
    lines = b"".join(received).splitlines()
    told = [re.fullmatch(rb"# (\d+) lines were dropped: .*", line) for line in lines if line.startswith(b"#")]
    assert len(told) == 1
    assert told[0] is not None
    assert len(lines) - 1 + int(told[0][1]) == noted


@pytest.mark.parametrize("path", ["absent/access.log", "."])
def test_a_file_that_cannot_be_written(tmp_path: Path, path: str) -> None:
    """A file that cannot be written is an error that says which and why."""
    with pytest.raises(LogError, match=re.escape(str(tmp_path / path))) as raised:
        AccessLog(str(tmp_path / path), Ticker())
    assert "-" in raised.value.cure


async def test_a_server_without_its_log(serve: Serve, tmp_path: Path) -> None:
    """A server does not start when its log cannot be written."""
    with pytest.raises(LogError):
        await serve(SHOP, access_log=str(tmp_path / "absent" / "access.log"))

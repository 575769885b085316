"""Whatever comes over the wire, the server goes on answering."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest

from tests.conftest import Running, Serve, http_pact
from tests.web.raw import answer, connected, converse, everything

API = http_pact(
    {"description": "hello", "request": {"path": "/hello"}, "response": {"status": 200}},
    {
        "description": "typed",
        "request": {
            "method": "POST",
            "path": "/typed",
            "body": {"content": {"n": 1, "s": "a", "l": [{"x": 1}]}, "contentType": "application/json"},
            "matchingRules": {
                "body": {
                    "$.n": {"combine": "AND", "matchers": [{"match": "number"}]},
                    "$.s": {"combine": "AND", "matchers": [{"match": "regex", "regex": "(a|b)+"}]},
                    "$.l": {"combine": "AND", "matchers": [{"match": "type", "min": 1}]},
                }
            },
        },
        "response": {"status": 201},
    },
    {
        "description": "exact",
        "request": {
            "method": "POST",
            "path": "/exact",
            "body": {"content": {"a": [1, "x", None]}, "contentType": "application/json"},
        },
        "response": {"status": 202},
    },
    {
        "description": "by rule",
        "request": {
            "path": "/by-rule/x",
            "headers": {"X-A": ["1"]},
            "matchingRules": {
                "path": {"combine": "AND", "matchers": [{"match": "regex", "regex": "/by-rule/.*"}]},
                "header": {"X-A": {"combine": "AND", "matchers": [{"match": "regex", "regex": "\\d+"}]}},
            },
        },
        "response": {"status": 203},
    },
    provider="api",
)


@pytest.fixture
async def api(serve: Serve) -> AsyncIterator[Running]:
    running = await serve(API)
    yield running
    async with asyncio.timeout(10):
        assert (await running.get("/hello"))[0] == 200  # after all that, it answers


async def post(running: Running, path: str, body: bytes) -> tuple[int, bytes]:
    """POST bytes as JSON."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    status, _, content = await converse(running.url, head.encode() + body)
    return status, content


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x01\x02\xff\xfe\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50,  # a TLS hello
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET /hello HTTP/1.1\r\n: x\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nA: b\rc\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nA: b\x00c\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nA : b\r\n\r\n",
        b"GET /hello HTTP/1.1\r\n A: b\r\n\r\n",
        b"GET /he llo HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /typed HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /typed HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /typed HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /typed HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /typed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /typed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"POST /typed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nA: " + b"b" * 100_000 + b"\r\n\r\n",
        b"GET /hello HTTP/1.1\r\n" + b"A: b\r\n" * 50_000 + b"\r\n",
        b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://a:b:c/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://a:99999/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET hello HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET ? HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET //[ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET //a:b/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a:b:c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
        b"GET /_stubserver/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /_stubserver/interactions?jsonpath=%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /_stubserver/health HTTP/1.1\r\nHost: \xff[\r\n\r\n",
        b"GET /_stubserver/stubs HTTP/1.1\r\nHost: \xff[\r\n\r\n",
    ],
    ids=lambda sent: ascii(sent[:48])[2:-1],
)
async def test_garbage(api: Running, sent: bytes) -> None:
    """What is not a sound request gets an answer below 500, an explanation, or a closed connection: never a crash."""
    received = await everything(api.url, sent)
    for status in statuses(received):
        assert status < 500 or b"X-Stub-Match: none" in received, received[:500]


def statuses(received: bytes) -> list[int]:
    """The statuses of the answers in a stream."""
    return [int(piece[2:5]) for piece in received.split(b"HTTP/1.")[1:] if piece[2:5].isdigit()]


@pytest.mark.parametrize(
    "path", [b"/\xff\xfe", b"/%ff%fe", b"/%", b"/%zz", b"/%00", b"/a%0d%0ab", b"/?\xff=%ff", b"/\xe4\xb8\x96", b"/a#b"]
)
async def test_odd_paths(api: Running, path: bytes) -> None:
    """A path of arbitrary bytes is a path that no interaction records; the report on it is JSON."""
    status, _, body = await converse(api.url, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    if status != 400:  # the parser may refuse it
        assert status == 500
        assert json.loads(body)["error"] == "no-match"


@pytest.mark.parametrize(
    "path", [b"/by-rule/\xff", b"/by-rule/%ff", b"/by-rule/%", b"/by-rule/%00", b"/by-rule/" + b"%41" * 2000]
)
async def test_odd_paths_meet_rules(api: Running, path: bytes) -> None:
    """Rules for paths look at arbitrary bytes without failing."""
    status, headers, _ = await converse(api.url, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n\r\n")
    assert status in (203, 400) or headers["x-stub-match"] == "none"


@pytest.mark.parametrize(
    "header",
    [
        b"X-A: \xff\xfe",
        b"X-A: 1\xff",
        b"Content-Type: \xff/\xfe; charset=\xff",
        b"Content-Type: application/json; charset=nonsense",
        b"Accept: \xff",
        b"X-Stub-State: \xff\xfe",
        b"X-Stub-State: \xf0\x9f\x92\xa9",
        b"X-Stub-Stateless: \xff",
        b"Referer: \xff",
        b"Origin: \xff",
        b"Cookie: " + b"a=b; " * 1000,
        b"Expect: \xff",
        b"Connection: \xff",
        b"Host: \xff",
    ],
)
async def test_odd_headers(api: Running, header: bytes) -> None:
    """Headers of arbitrary bytes are compared or refused, at hits and at misses."""
    for path in (b"/hello", b"/by-rule/x", b"/nowhere"):
        status, headers, body = await converse(api.url, b"GET " + path + b" HTTP/1.1\r\n" + header + b"\r\n\r\n")
        assert status < 500 or headers.get("x-stub-match") == "none", body


async def test_headers_cannot_be_injected(serve: Serve) -> None:
    """Nothing that a contract or a request says adds a header line to an answer."""
    pact = http_pact(
        {
            "description": "a\r\nX-Evil: 1",
            "request": {"path": "/x"},
            "response": {"headers": {"X-Fine": ["1"], "X-Split": ["a\r\nX-Evil: 1"], "X-Bad\r\nX-Evil": ["1"]}},
        }
    )
    running = await serve(pact)
    _, headers, _ = await running.get("/x", headers={"Origin": "http://a"})
    assert headers["X-Fine"] == "1"
    assert "X-Evil" not in headers
    assert "X-Split" not in headers
    received = await everything(running.url, b"GET /x%0d%0aX-Evil:1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"\nX-Evil" not in received.partition(b"\r\n\r\n")[0]


async def test_reports_do_not_run_in_browsers(api: Running) -> None:
    """What a request says comes back in a page as a text, and the page may run nothing."""
    head = b"GET /<script>alert(1)</script> HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n"
    status, headers, body = await converse(api.url, head)
    assert status in (400, 500)
    assert b"<script" not in body
    assert "script-src 'none'" in headers.get("content-security-policy", "script-src 'none'")


DEEP = [b"[", b'{"a":', b'[{"l":']


@pytest.mark.parametrize("unit", DEEP)
@pytest.mark.parametrize("depth", [200, 900, 1020, 100_000])
@pytest.mark.parametrize("path", ["/typed", "/exact"])
async def test_deep_json(api: Running, path: str, depth: int, unit: bytes) -> None:
    """Nesting of any depth, closed or not, is a miss with a report."""
    closing = unit.replace(b'"a":', b"").replace(b'"l":', b"")[::-1].translate(bytes.maketrans(b"[{", b"]}"))
    wrapped = b'{"a":[1,"x",' + unit * depth + b"1" + closing * depth + b'],"s":"a","n":1,"l":[1]}'
    long_number = b'{"n":1234567890123456789012,"a":' + unit * depth + b"1" + closing * depth + b"}"
    for body in (unit * depth, unit * depth + b"1" + closing * depth, wrapped, long_number):
        status, content = await post(api, path, body)
        assert status == 500
        report = json.loads(content)
        assert report["error"] == "no-match"
        assert len(content) < 100_000


async def test_deep_json_where_anything_goes(serve: Serve) -> None:
    """Deep values under type rules are decided without failing."""
    rules = {"body": {"$.a": {"combine": "AND", "matchers": [{"match": "type"}]}}}
    regex = {"body": {"$.a": {"combine": "AND", "matchers": [{"match": "regex", "regex": ".*x"}]}}}
    content = {"content": {"a": [1]}, "contentType": "application/json"}
    running = await serve(
        http_pact(
            {"request": {"method": "POST", "path": "/type", "body": content, "matchingRules": rules}},
            {"request": {"method": "POST", "path": "/regex", "body": content, "matchingRules": regex}},
        )
    )
    for depth in (200, 300, 900, 1000):
        body = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
        for path in ("/type", "/regex"):
            status, answered = await post(running, path, body)
            assert status == 200 or json.loads(answered)["error"] == "no-match"


@pytest.mark.parametrize(
    "number",
    [
        b"1e400",
        b"-1e400",
        b"1e-400",
        b"1" * 5001,
        b"-" + b"9" * 4000,
        b"1." + b"0" * 5000 + b"1",
        b"1e99999999999",
        b"NaN",
        b"Infinity",
        b"0x10",
        b"01",
        b"+1",
        b"-0",
        b"1" * 100_000,
        b"18446744073709551616",
        b"1e400,12345678901234567890",
    ],
    ids=lambda number: number[:20].decode(),
)
async def test_odd_numbers(api: Running, number: bytes) -> None:
    """Any number, or what passes for one, is compared or refused; the report on it is JSON."""
    for path in ("/typed", "/exact"):
        for body in (number, b'{"n":' + number + b',"s":"a","l":[{"x":1}]}', b'{"a":[' + number + b',"x",null]}'):
            async with asyncio.timeout(5):
                status, content = await post(api, path, body)
            assert status in (201, 202) or json.loads(content)["error"] == "no-match"


@pytest.mark.parametrize(
    "body",
    [
        b'{"n":1,"n":2,"s":"a","l":[{"x":1}]}',
        b'{"a":1,"a":[1,"x",null]}',
        b'{"s":"\\ud800","n":1,"l":[{"x":1}]}',
        b'{"s":"\\ud800","n":12345678901234567890123,"l":[{"x":1}]}',
        b'{"\\udfff":12345678901234567890123}',
        b'{"a":[12345678901234567890123,"\\udfff",null]}',
        b'"\\u0000"',
        b"\xff\xfe\x00",
        b"\xef\xbb\xbf{}",
        b'{"s":"\xff"}',
        b'{"s":"' + b"a" * 100_000 + b'!"}',
        b"{" + b'"k":1,' * 50_000 + b'"k":1}',
        b"[" + b"1," * 100_000 + b"1]",
        b'{"l":[' + b"{}," * 100_000 + b"{}]}",
        b"\x00" * 1000,
        b" " * 100_000,
        b"null",
        b"}",
    ],
    ids=lambda body: ascii(body[:40])[2:-1],
)
async def test_odd_bodies(api: Running, body: bytes) -> None:
    """Any body is compared or reported on as JSON."""
    for path in ("/typed", "/exact"):
        status, content = await post(api, path, body)
        assert status in (201, 202) or json.loads(content)["error"] == "no-match"


async def test_slow_client(api: Running) -> None:
    """A client that sends byte by byte is served, and holds up nobody else."""
    async with connected(api.url) as (reader, writer):
        for byte in b"GET /hello HTTP/1.1\r\nHost: slow\r\n\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.005)
            if byte == ord("H"):
                assert (await api.get("/hello"))[0] == 200
        assert (await answer(reader))[0] == 200


@pytest.mark.parametrize("body", [b"", b'{"n":', b"5\r\nabc"])
async def test_close_in_the_middle(api: Running, body: bytes) -> None:
    """A client that goes away in the middle of its request, politely or not, leaves nothing behind."""
    head = b"POST /typed HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    if body.startswith(b"5"):
        head = b"POST /typed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    for abrupt in (True, False) * 5:
        async with connected(api.url) as (_, writer):
            writer.write(head + body)
            await writer.drain()
            await asyncio.sleep(0.005)
            if abrupt:
                writer.transport.abort()


async def test_close_before_the_answer(api: Running) -> None:
    """A client that does not wait for the answer is no error."""
    for _ in range(20):
        async with connected(api.url) as (_, writer):
            writer.write(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
            writer.transport.abort()


async def test_many_idle_connections(api: Running) -> None:
    """Two hundred open connections that say nothing keep nobody out."""
    writers = [(await asyncio.open_connection("127.0.0.1", int(api.url.rpartition(":")[2])))[1] for _ in range(200)]
    try:
        assert (await api.get("/hello"))[0] == 200
    finally:
        for writer in writers:
            writer.transport.abort()


async def test_many_candidates_and_a_big_body(serve: Serve) -> None:
    """A big body that nearly matches many interactions is explained in seconds, and others are served meanwhile."""
    content = {"items": [{"id": n, "name": "x" * 20} for n in range(50)]}
    rules = {
        "body": {
            "$.items": {"combine": "AND", "matchers": [{"match": "type"}]},
            "$.items[*].name": {"combine": "AND", "matchers": [{"match": "regex", "regex": "(x|y)+"}]},
        }
    }
    running = await serve(
        http_pact(
            *[
                {
                    "description": f"candidate {n}",
                    "request": {
                        "method": "POST",
                        "path": "/big",
                        "body": {"content": {**content, "n": n}, "contentType": "application/json"},
                        "matchingRules": rules,
                    },
                }
                for n in range(30)
            ],
            {"request": {"path": "/hello"}},
        )
    )
    body = json.dumps({"items": [{"id": n, "name": "x" * 20} for n in range(10_000)], "n": -1}).encode()
    started = time.monotonic()
    asking = asyncio.create_task(post(running, "/big", body))
    slowest = 0.0
    while not asking.done():
        before = time.monotonic()  # server and client share a loop here: what blocks it delays the pause too
        await asyncio.sleep(0.01)
        assert (await running.get("/hello"))[0] == 200
        slowest = max(slowest, time.monotonic() - before)
    status, report = await asking
    assert status == 500
    assert len(json.loads(report)["nearest"]) == 3
    assert time.monotonic() - started < 15
    assert slowest < 0.6


async def test_state_pattern_that_would_run_away(serve: Serve) -> None:
    """A state pattern that backtracks forever elsewhere is decided at once."""
    pact = http_pact({"providerStates": [{"name": "a" * 5000}], "request": {"path": "/x"}})
    running = await serve(pact, stateless=False)
    async with asyncio.timeout(3):
        status, _, _ = await running.get("/x", headers={"X-Stub-State": "^(a+)+$"})
        assert status == 200
        await running.report("GET", "/x", headers={"X-Stub-State": "^(a|aa)+b$"})


async def test_pattern_of_a_pact_that_would_run_away(serve: Serve) -> None:
    """A rule that needs backtracking is stopped in time; the request is then a miss."""
    rules = {"path": {"combine": "AND", "matchers": [{"match": "regex", "regex": "/(a+)+(?!b)c"}]}}
    running = await serve(http_pact({"request": {"path": "/aac", "matchingRules": rules}}))
    async with asyncio.timeout(3):
        assert (await running.get("/aac"))[0] == 200
        await running.report("GET", "/" + "a" * 3000)

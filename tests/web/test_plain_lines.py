"""Request lines that are read without a parser, and header fields that are not parsed again, say what aiohttp's parser
reads in them.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp.http import HttpRequestParser
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stubserver.web.connection import _PLAIN_LINE
from tests.conftest import Running, Serve, http_pact
from tests.web.conversation import PATIENCE, exchange, read_reply, request, until_closed
from tests.web.raw import connected
from tests.web.within import server_of

LAW = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))

API = http_pact(
    {"description": "any", "request": {"path": "/a"}},
    {"description": "sent", "request": {"method": "POST", "path": "/a"}, "response": {"status": 201}},
    {"description": "number", "request": {"path": "/a", "query": {"n": ["1"]}}, "response": {"status": 202}},
    {
        "description": "not there",
        "providerStates": [{"name": "empty"}],
        "request": {"path": "/a"},
        "response": {"status": 404},
    },
)


@pytest.fixture
def api(tmp_path: Path) -> Path:
    """API as a file, whose name is in explanations."""
    path = tmp_path / "api.json"
    path.write_text(json.dumps(API))
    return path


@pytest.fixture
async def fast(serve: Serve, api: Path) -> Running:
    """A server with the fast path."""
    return await serve(api)


@pytest.fixture
async def slow(serve: Serve, api: Path) -> Running:
    """A server whose connections are all left to aiohttp."""
    return await serve(api, fast_path=False, hot_cache=0)


def parsed(content: bytes) -> tuple[str, str]:
    """Method and target of a request as aiohttp reads them."""
    parser = HttpRequestParser(cast("Any", asyncio.Protocol()), asyncio.get_running_loop(), 1 << 16)
    messages, _, rest = parser.feed_data(content)
    assert len(messages) == 1
    assert rest == b""
    return messages[0][0].method, messages[0][0].path


TARGETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)).map(lambda text: f"/{text}")
PLAIN_LINES = st.from_regex(_PLAIN_LINE, fullmatch=True) | st.builds(
    lambda method, target: f"{method} {target} HTTP/1.1".encode(),
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    TARGETS.filter(lambda target: "#" not in target),
)


@LAW
@given(PLAIN_LINES)
@example(b"GET //a:b@c/ HTTP/1.1")
@example(b"GET //[ HTTP/1.1")
@example(b"GET /?/?http://a:b:c HTTP/1.1")
@example(b'GET /"\\^`{|}<> HTTP/1.1')
@example(b"GET /%zz%00%0d%0a HTTP/1.1")
@example(b"GET /" + b"a" * 7900 + b" HTTP/1.1")
async def test_plain_lines(line: bytes) -> None:
    """A line that the pattern takes has the method and the target that it says."""
    plain = _PLAIN_LINE.fullmatch(line)
    assert plain is not None
    method, target = plain.groups()
    assert parsed(line + b"\r\nHost: h\r\n\r\n") == (method.decode(), target.decode())


NOT_PLAIN = [
    b"get /a HTTP/1.1",
    b"HEAD /a HTTP/1.1",
    b"CONNECT a:1 HTTP/1.1",
    b"GET /a HTTP/1.0",
    b"GET /a HTTP/1.10",
    b"GET /a HTTP/1x1",
    b"GET /a  HTTP/1.1",
    b"GET  /a HTTP/1.1",
    b" GET /a HTTP/1.1",
    b"GET /a HTTP/1.1 ",
    b"GET /a\tHTTP/1.1",
    b"GET /a#b HTTP/1.1",
    b"GET /a b HTTP/1.1",
    b"GET /\xff HTTP/1.1",
    b"GET /\x7f HTTP/1.1",
    b"GET a HTTP/1.1",
    b"GET * HTTP/1.1",
    b"GET http://h/a HTTP/1.1",
    b"GET /a HTTP/1.1\n",
    b"\nGET /a HTTP/1.1",
    b"GET /a HTTP/1.1\r",
    b"",
]


# Whatever comes before it, this ends a head or a short body, and is then no request, so that the connection is closed.
NONSENSE = b"\r\n\r\n\0\0\r\n\r\n"


@pytest.mark.parametrize("line", NOT_PLAIN, ids=ascii)
async def test_lines_that_are_not_plain(fast: Running, slow: Running, line: bytes) -> None:
    """All other lines are left to the parser, also when the header fields after them are known."""
    assert _PLAIN_LINE.fullmatch(line) is None
    for number in range(3):
        await exchange(fast.url, request(f"GET /a?{number} HTTP/1.1"))
    sent = line + request("")
    expected = await until_closed(slow.url, sent, NONSENSE)
    assert expected
    assert await until_closed(fast.url, sent, NONSENSE) == expected


BEGINNINGS = ["GET ", "POST ", "OPTIONS ", "HEAD ", "get ", "GET /a HTTP/1.1\r\n", "POST /a HTTP/1.1\r\nHost: h\r\n"]
INSIDES = ["/a", "/a?n=1", "/nowhere", " HTTP/1.1", " HTTP/1.0", "#", "%20", "x", "\0", "\xff", "\t", " ", ": ", ":"]
ENDS = ["\r\n", "\n", "\r", "Host: h\r\n", "Host: h\r\n\r\n", "Content-Length: 1\r\n", "X-Stub-State: empty\r\n",
        "Expect: 100-continue\r\n", "Content-Encoding: gzip\r\n", " folded\r\n"]  # fmt: skip
PIECES = st.sampled_from([piece.encode("latin-1") for piece in (*BEGINNINGS, *INSIDES, *ENDS)])
HEADS = st.builds(
    lambda beginning, fields: b"".join([beginning, *fields, b"\r\n"]),
    st.sampled_from([b"GET /a?n=1 HTTP/1.1\r\nHost: h\r\n", b"POST /a HTTP/1.1\r\nHost: h\r\n"]),
    st.lists(st.sampled_from([end.encode() for end in ENDS]) | st.binary(max_size=2), max_size=3),
)
ANYTHING = st.lists(HEADS | PIECES | PIECES | st.binary(max_size=3), max_size=7).map(b"".join)


@LAW
@given(ANYTHING, st.integers(1, 3))
@example(request("GET /a HTTP/1.1"), 3)
@example(request("POST /a HTTP/1.1", body=b"a"), 3)
@example(request("GET /a HTTP/1.1", "Content-Length: 1"), 3)
async def test_any_bytes(fast: Running, slow: Running, sent: bytes, times: int) -> None:
    """Any bytes get answers of the same statuses either way, however often they came before."""
    # A request in two pieces is put together; what is wrong after it is then seen before it is answered, as if it had
    # come whole.
    expected = [await until_closed(slow.url, sent, NONSENSE), await until_closed(slow.url, sent + NONSENSE)]
    for _ in range(times):
        assert await until_closed(fast.url, sent, NONSENSE) in expected


LINES = st.sampled_from(
    [
        "GET /a HTTP/1.1",
        "POST /a HTTP/1.1",
        "GET /a?n=1 HTTP/1.1",
        "GET /nowhere HTTP/1.1",
        "OPTIONS /nowhere HTTP/1.1",
        "HEAD /a HTTP/1.1",
        "GET /a HTTP/1.0",
        "GET http://h/a HTTP/1.1",
        "GET /_stubserver/health HTTP/1.1",
    ]
)
BLOCKS = st.sampled_from(
    [
        (),
        ("X-Stub-State: empty",),
        ("X-Stub-State: (",),
        ("Origin: http://a",),
        ("Origin: http://b", "Access-Control-Request-Method: PUT"),
        ("Accept: text/html",),
        ("Connection: close",),
        ("Expect: 100-continue",),
        ("Content-Length: 0",),
    ]
)
BODIES = st.sampled_from([b"", b"", b"1", b"2", b"[1]"])
REQUESTS = st.builds(lambda line, block, body: request(line, *block, body=body), LINES, BLOCKS, BODIES)


@LAW
@given(st.lists(st.tuples(REQUESTS, st.integers(1, 3)), min_size=1, max_size=8))
async def test_equal_header_fields(fast: Running, slow: Running, sent: list[tuple[bytes, int]]) -> None:
    """Header fields that came with other requests, with other bodies of that length too, mean what they say."""
    for content, times in sent:
        expected = await exchange(slow.url, content)
        for _ in range(times):
            assert await exchange(fast.url, content) == expected


async def test_a_known_length(fast: Running) -> None:
    """A body is as long as the known header fields say, whatever comes after it."""
    for body in (b"abc", b"xyz", b"123"):
        assert [reply.status for reply in await exchange(fast.url, request("POST /a HTTP/1.1", body=body))] == [201]
    sent = request("POST /a HTTP/1.1", body=b"...")
    assert [reply.status for reply in await exchange(fast.url, sent[:-1], sent[-1:])] == [201]
    assert await until_closed(fast.url, sent + request("GET /a?n=1 HTTP/1.1", "Connection: close")) == [201, 202]


async def test_a_request_is_no_header_field(fast: Running, slow: Running) -> None:
    """A request after an empty line, which aiohttp allows, is not remembered as header fields of others."""
    late = b"\r\n" + request("GET /a HTTP/1.1")
    for _ in range(3):
        assert [reply.status for reply in await exchange(fast.url, late)] == [200]
    sent = b"GET /a?n=1 HTTP/1.1" + late
    assert [reply.status for reply in await exchange(slow.url, sent)] == [400]
    assert [reply.status for reply in await exchange(fast.url, sent)] == [400]


@pytest.mark.parametrize(
    "last",
    [request("GET /a HTTP/1.0"), request("GET /a HTTP/1.1", "Connection: close")],
    ids=["HTTP/1.0", "Connection: close"],
)
async def test_the_end_of_another_connection(fast: Running, last: bytes) -> None:
    """A plain request is answered at once, whatever came last on other connections."""
    await exchange(fast.url, last)
    async with asyncio.timeout(PATIENCE), connected(fast.url) as (reader, writer):
        writer.write(request("GET /a HTTP/1.1", "X-New: 1"))
        assert (await read_reply(reader)).status == 200
        assert len(server_of(fast).direct) == 1

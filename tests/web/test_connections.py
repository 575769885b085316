"""However a request comes from the socket, whole or in pieces, alone or in a row, it gets the answer that aiohttp's own
request handler would give.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Running, Serve, http_pact
from tests.web.conversation import BYE, Reply, converse, exchange, request

BOOK = b'{"item":"book"}'
pytestmark = pytest.mark.asyncio(loop_factories=["asyncio", "uvloop"])

SHOP = http_pact(
    {"description": "all orders", "request": {"path": "/orders"}, "response": {"body": {"content": [1, 2]}}},
    {
        "description": "an order",
        "request": {
            "path": "/orders/1",
            "matchingRules": {"path": {"matchers": [{"match": "regex", "regex": "/orders/\\d+"}]}},
        },
        "response": {"status": 299, "headers": {"X-Name": ["Zoë", "2"]}, "body": {"content": {"id": "?"}}},
    },
    {
        "description": "no orders",
        "providerStates": [{"name": "sold out"}],
        "request": {"path": "/orders"},
        "response": {"status": 404},
    },
    {
        "description": "a new order",
        "request": {
            "method": "POST",
            "path": "/orders",
            "body": {"content": {"item": "book"}, "contentType": "application/json"},
        },
        "response": {"status": 201, "headers": {"Location": ["/orders/3"]}},
    },
    {"description": "gone", "request": {"method": "DELETE", "path": "/orders/1"}, "response": {"status": 204}},
    {
        "description": "a reference",
        "request": {"path": "/reference"},
        "response": {
            "body": {"content": {"id": "?"}, "contentType": "application/json"},
            "generators": {"body": {"$.id": {"type": "Uuid"}}},
        },
    },
)
JSON, CHUNKED = "Content-Type: application/json", "Transfer-Encoding: chunked"
CONVERSATION = {
    "hit": request("GET /orders HTTP/1.1"),
    "hit by a pattern": request("GET /orders/7 HTTP/1.1"),
    "generated": request("GET /reference HTTP/1.1"),
    "body": request("POST /orders HTTP/1.1", JSON, body=BOOK),
    "another body": request("POST /orders HTTP/1.1", JSON, body=b"[1]"),
    "no content": request("DELETE /orders/1 HTTP/1.1"),
    "miss": request("GET /nowhere?a=%20b HTTP/1.1"),
    "miss as text": request("GET /nowhere HTTP/1.1", "Accept: text/html"),
    "preflight": request("OPTIONS /orders HTTP/1.1", "Origin: http://a", "Access-Control-Request-Method: PUT"),
    "origin": request("GET /orders HTTP/1.1", "Origin: http://a"),
    "state": request("GET /orders HTTP/1.1", "X-Stub-State: sold"),
    "state that is no pattern": request("GET /orders HTTP/1.1", "X-Stub-State: ("),
    "HEAD": request("HEAD /orders HTTP/1.1"),
    "chunked": request("POST /orders HTTP/1.1", JSON, CHUNKED, body=b"f\r\n%b\r\n0\r\n\r\n" % BOOK),
    "expectation": request("POST /orders HTTP/1.1", JSON, "Expect: 100-continue", body=BOOK),
    "gzip": request("POST /orders HTTP/1.1", JSON, "Content-Encoding: gzip", body=gzip.compress(BOOK, mtime=0)),
    "control door": request("GET /_stubserver/health HTTP/1.1"),
    "HTTP/1.0 kept alive": request("GET /orders HTTP/1.0", "Connection: keep-alive"),
    "kept alive": request("GET /orders HTTP/1.1", "Connection: Keep-Alive"),
    "percent-encoded path": request("GET /%6frders HTTP/1.1"),
    "fragment": request("GET /orders#x HTTP/1.1"),
    "absolute form": request("GET http://other/orders HTTP/1.1"),
    "asterisk form": request("OPTIONS * HTTP/1.1"),
    "empty line before": b"\r\n" + request("GET /orders/8 HTTP/1.1"),
    "body of a GET": request("GET /orders HTTP/1.1", body=b"abc"),
}  # fmt: skip
# What comes after these is not read; what is wrong with the last ones is told as far as they were read.
LAST = {
    "HTTP/1.0": request("GET /orders HTTP/1.0"),
    "close": request("POST /orders HTTP/1.1", JSON, "Connection: close", body=BOOK),
}
UPGRADES = {
    "upgrade": request("GET /orders HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket"),
    "unknown upgrade": request("GET /orders HTTP/1.1", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"),
}
REFUSED = {
    "no request line": b"HELLO\r\n\r\n",
    "blank in the path": request("GET /or ders HTTP/1.1"),
    "lower case": request("get /orders HTTP/1.1"),
    "beyond ASCII": request("GET /órdenes HTTP/1.1"),
    "no host": b"GET /orders HTTP/1.1\r\n\r\n",
    "bad field": request("GET /orders HTTP/1.1", "a b: c"),
    "bad length": request("GET /orders HTTP/1.1", "Content-Length: x"),
}
EVERYTHING = {**CONVERSATION, **LAST, **UPGRADES, **REFUSED}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """SHOP as a file, whose name is in explanations."""
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(SHOP))
    return path


@pytest.fixture
async def slow(serve: Serve, shop: Path) -> Running:
    """A server whose connections are all left to aiohttp."""
    return await serve(shop, fast_path=False, hot_cache=0)


@pytest.fixture(params=[True, False], ids=["warm", "uncached"])
async def fast(serve: Serve, shop: Path, request: pytest.FixtureRequest) -> Running:
    """A server with the fast path: one that got every request before, or one that remembers none."""
    if not request.param:
        return await serve(shop, hot_cache=0)
    running = await serve(shop)
    for _ in range(3):
        for sent in EVERYTHING.values():
            await exchange(running.url, sent)
    return running


def comparable(name: str, replies: list[Reply]) -> list[Any]:
    """What has to be the same. Of what aiohttp refuses, the explanation shows how far it was read."""
    return [reply.status for reply in replies] if name in REFUSED else replies


async def test_whole_requests(fast: Running, slow: Running) -> None:
    """A request that comes whole, again and again, gets the same answer as from aiohttp's handler."""
    for name, sent in EVERYTHING.items():
        expected = await exchange(slow.url, sent)
        for _ in range(3):
            assert await exchange(fast.url, sent) == expected, name


@pytest.mark.parametrize("name", EVERYTHING)
async def test_requests_in_two_pieces(fast: Running, slow: Running, name: str) -> None:
    """A request that comes in two pieces, wherever it is cut, gets the answer that it gets whole."""
    sent = EVERYTHING[name]
    expected = comparable(name, await exchange(slow.url, sent))
    for cut in range(1, len(sent)):
        assert comparable(name, await exchange(fast.url, sent[:cut], sent[cut:])) == expected, sent[:cut]


async def test_requests_byte_by_byte(fast: Running, slow: Running) -> None:
    """A request that comes byte by byte gets the answer that it gets whole."""
    for name, sent in EVERYTHING.items():
        expected = comparable(name, await exchange(slow.url, sent))
        assert comparable(name, await exchange(fast.url, *(bytes([byte]) for byte in sent))) == expected, name


async def test_one_connection(fast: Running, slow: Running) -> None:
    """Requests of one connection, each sent after the answer to the one before, are answered as on their own."""
    requests = [*CONVERSATION.values(), BYE]
    expected = await converse(slow.url, requests)
    assert len(expected) == len(requests) + 1  # one has an interim answer
    assert await converse(fast.url, requests) == expected


@pytest.mark.parametrize("last", LAST)
async def test_the_last_request_of_a_connection(fast: Running, slow: Running, last: str) -> None:
    """A request that ends its connection is answered before that, on its own or after others."""
    requests = [CONVERSATION["hit"], CONVERSATION["miss"], LAST[last]]
    expected = await converse(slow.url, requests)
    assert len(expected) == 3
    for cuts in (None, [], [len(requests[0])], [len(requests[0]) + 9]):
        assert await converse(fast.url, requests, cuts) == expected


async def test_pipelined_requests(fast: Running, slow: Running) -> None:
    """Requests that come all at once are answered one by one, in their order."""
    requests = [*CONVERSATION.values(), BYE]
    assert await converse(fast.url, requests, cuts=[]) == await converse(slow.url, requests)


LAW = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@LAW
@given(st.data())
async def test_any_conversation_cut_anywhere(fast: Running, slow: Running, data: st.DataObject) -> None:
    """Any requests in a row, cut into any pieces, are answered as when each waits for the answer to the one before."""
    names = data.draw(st.lists(st.sampled_from(list(CONVERSATION)), min_size=1, max_size=5))
    requests = [*(CONVERSATION[name] for name in names), BYE]
    length = sum(map(len, requests))
    cuts = sorted(data.draw(st.sets(st.integers(1, length - 1), max_size=6)))
    assert await converse(fast.url, requests, cuts) == await converse(slow.url, requests)


ODD = {
    "transfer codings without chunked": request("POST /orders HTTP/1.1", JSON, "Transfer-Encoding: gzip"),
    "identity as a transfer coding": request("GET /orders HTTP/1.1", "Transfer-Encoding: identity"),
    "another server in the absolute form": request("GET http://other:8080/ordres HTTP/1.1"),
    "origin that is not UTF-8": request("GET /orders HTTP/1.1", b"Origin: http://\xff"),
}


@pytest.mark.parametrize("name", ODD)
async def test_odd_requests(fast: Running, slow: Running, name: str) -> None:
    """An odd request, too, gets the same answer either way."""
    assert await exchange(fast.url, ODD[name]) == await exchange(slow.url, ODD[name])

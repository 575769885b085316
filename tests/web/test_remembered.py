"""Decisions that are remembered are those that would be made anew."""

from __future__ import annotations

import itertools
import json
import tracemalloc

from matching import Request, load_pact
from stubserver.catalog import Address, Stub
from stubserver.catalog.hot import Decisions
from tests.conftest import Serve, http_pact

ORDER = {"content": {"item": "book"}, "contentType": "application/json"}
POST = {"method": "POST", "path": "/orders", "body": ORDER}

WEB = http_pact(
    {"description": "plain", "request": POST, "response": {"status": 201}},
    {
        "description": "with key",
        "request": {**POST, "headers": {"X-Key": ["k"]}},
        "response": {"status": 202},
    },
    {
        "description": "sold out",
        "providerStates": [{"name": "sold out"}],
        "request": POST,
        "response": {"status": 409},
    },
    {
        "description": "second page",
        "request": {**POST, "query": {"page": ["2"]}},
        "response": {"status": 203},
    },
    {"description": "put", "request": {**POST, "method": "PUT"}, "response": {"status": 204}},
    provider="shop",
)
IOS = http_pact({"description": "ios", "request": POST, "response": {"status": 299}}, consumer="ios", provider="shop")

JSON = {"Content-Type": "application/json"}
REQUESTS = [
    ("POST", "/orders", JSON, 201),
    ("POST", "/orders", {**JSON, "X-Key": "k"}, 202),
    ("POST", "/orders", {**JSON, "X-Key": "other"}, 201),
    ("POST", "/orders", {**JSON, "X-Stub-State": "sold"}, 409),
    ("POST", "/orders", {**JSON, "X-Stub-State": "unknown", "X-Stub-Stateless": "hide"}, 500),
    ("POST", "/orders", {**JSON, "X-Stub-State": "unknown"}, 201),
    ("POST", "/orders?page=2", JSON, 203),
    ("PUT", "/orders", JSON, 204),
    ("POST", "/orders", {"Content-Type": "text/plain"}, 500),
    ("POST", "/orders", {"Content-Type": "application/hal+json"}, 201),
    ("POST", "/pacts/provider/shop/consumer/ios/latest/stub/orders", JSON, 299),
    ("POST", "/pacts/provider/shop/consumer/web/latest/stub/orders", JSON, 201),
    ("POST", "/providers/shop/stub/orders", {**JSON, "X-Key": "k"}, 202),
]


async def test_one_body_under_many_circumstances(serve: Serve) -> None:
    """The same body is decided by method, path, query, address, state and headers, in whatever order they come."""
    running = await serve(WEB, IOS)
    for order in (REQUESTS, REQUESTS[::-1], REQUESTS[1::2] + REQUESTS[::2]):
        for method, target, headers, expected in itertools.chain(order, order):
            status, _, _ = await running.request(method, target, data=b'{"item":"book"}', headers=headers)
            assert status == expected, (method, target, headers)


async def test_what_is_published_later_is_served(serve: Serve) -> None:
    """A decision is forgotten when the pacts are replaced."""
    running = await serve(WEB)

    async def status() -> int:
        return (await running.request("POST", "/orders", data=b'{"item":"book"}', headers=JSON))[0]

    assert [await status(), await status()] == [201, 201]
    replaced = http_pact({"description": "plain", "request": POST, "response": {"status": 250}}, provider="shop")
    running.server.catalog.publish([("a", json.dumps(replaced).encode())])
    assert [await status(), await status()] == [250, 250]
    running.server.catalog.publish([])
    assert await status() == 500


def test_what_is_remembered_stays_within_its_bytes() -> None:
    """The limit holds for all that is kept: long paths, queries and headers count as well as bodies."""
    pact = load_pact(json.dumps(WEB).encode())
    stub = Stub(Address(), pact.interactions)
    decisions = Decisions(1 << 20)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(1500):
            headers = [("Content-Type", "application/json"), ("X-Key", f"{number}" + "x" * 7000)]
            decisions.decide(stub, Request("POST", "/orders", f"{number}" + "q" * 7000, headers, b"{}"), None)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 4 << 20

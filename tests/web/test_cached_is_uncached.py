"""A server that remembers, and answers plain requests at once, answers as one that does neither: after any requests,
whatever pacts were published between them, and under any settings.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from stubserver.app import Server
from stubserver.settings import Settings
from tests.conftest import http_pact
from tests.web.conversation import exchange, request

JSON = {"Content-Type": ["application/json"]}
NUMBER = {"match": "regex", "regex": "/orders/\\d+"}


def order(**values: Any) -> dict[str, Any]:
    return {"content": values, "contentType": "application/json"}


ORDERS = http_pact(
    {"description": "all", "request": {"path": "/orders"}, "response": {"body": order(all=True)}},
    {
        "description": "second page",
        "request": {"path": "/orders", "query": {"page": ["2"]}},
        "response": {"status": 206},
    },
    {
        "description": "sold out",
        "providerStates": [{"name": "sold out"}],
        "request": {"path": "/orders"},
        "response": {"status": 404},
    },
    *(
        {
            "description": f"order {number}",
            "request": {"method": "POST", "path": "/orders", "body": order(item=number)},
            "response": {"status": 201, "body": order(id=number)},
        }
        for number in range(6)
    ),
    {
        "description": "with key",
        "request": {"method": "POST", "path": "/orders", "headers": {"X-Key": ["k"]}, "body": order(item=1)},
        "response": {"status": 202},
    },
    provider="shop",
)
CHANGED = json.loads(json.dumps(ORDERS).replace('"all": true', '"all": false').replace("206", "203"))
OTHER = http_pact(
    {
        "description": "any order",
        "request": {
            "path": "/orders/1",
            "matchingRules": {"path": {"matchers": [NUMBER]}},
        },
        "response": {
            "body": order(id=1, ref="?", day="?"),
            "generators": {"body": {"$.ref": {"type": "Uuid"}, "$.day": {"type": "Date"}}},
        },
    },
    {
        "description": "any item",
        "request": {
            "method": "POST",
            "path": "/orders",
            "body": order(item=1),
            "matchingRules": {"body": {"$.item": {"matchers": [{"match": "integer"}]}}},
        },
        "response": {"status": 409, "headers": {"Access-Control-Allow-Origin": ["http://b"]}},
    },
    {"description": "all", "request": {"path": "/orders"}, "response": {"status": 299}},
    {"description": "its head", "request": {"method": "HEAD", "path": "/orders"}, "response": {"status": 208}},
    consumer="ios",
    provider="shop",
)
DOCUMENTS = [json.dumps(pact).encode() for pact in (ORDERS, CHANGED, OTHER)] + [b"{", b"[]"]

HEADERS: list[tuple[str, ...]] = [
    (),
    ("Origin: http://a",),
    ("Origin: http://b",),
    ("X-Stub-State: sold",),
    ("X-Stub-State: other", "X-Stub-Stateless: hide"),
    ("X-Stub-State: (",),
    ("X-Key: k",),
    ("X-Key: x",),
    ("X-Stub-Seed: 1",),
    ("Accept: text/html",),
]
GETS = [
    request(line, *headers)
    for line in (
        "GET /orders HTTP/1.1",
        "GET /orders?page=2 HTTP/1.1",
        "GET /providers/shop/stub/orders HTTP/1.1",
        "GET /pacts/provider/shop/consumer/ios/latest/stub/orders HTTP/1.1",
        "GET /orders/12 HTTP/1.1",
        "GET /nowhere HTTP/1.1",
        "HEAD /orders HTTP/1.1",
        "OPTIONS /orders HTTP/1.1",
    )
    for headers in HEADERS
]
BODIES = [
    b'{"item":1}',
    b'{"item":2}',
    b'{"item":9}',
    b'{"item":1.0}',
    b'{"item":"1"}',
    b'{"item":',
    b'{"item": 1 }',
    b"",
]
POSTS = [
    request("POST /orders HTTP/1.1", "Content-Type: application/json", *headers, body=body)
    for headers in HEADERS
    for body in BODIES
]
PREFLIGHTS = [
    request("OPTIONS /orders HTTP/1.1", f"Origin: http://{origin}", "Access-Control-Request-Method: POST")
    for origin in "ab"
]
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "lenient": st.just(True),
        "head": st.just(True),
        "echo": st.just(True),
        "cors": st.just(False),
        "order": st.sampled_from(["file", "status"]),
        "no_match_status": st.just(404),
        "provider_state": st.just("sold"),
        "stateless": st.just(False),
        "loglevel": st.just("debug"),
        "metrics": st.just(False),
    },
)


class TwoServers(RuleBasedStateMachine):
    """One that remembers and one that does not, told and asked the same."""

    asked = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.servers: list[Server] = []
        self.urls: list[str] = []
        self.documents: list[tuple[str, bytes]] = []

    @initialize(documents=st.just(DOCUMENTS[:1]) | st.lists(st.sampled_from(DOCUMENTS), max_size=3))
    def begin(self, documents: list[bytes]) -> None:
        self.documents = [(str(place), document) for place, document in enumerate(documents)]
        self.restart({})

    @rule(options=OPTIONS)
    def restart(self, options: dict[str, Any]) -> None:
        self.runner.run(self._restart(options))

    async def _restart(self, options: dict[str, Any]) -> None:
        await self._stop()
        for way in ({}, {"hot_cache": 0, "fast_path": False}):
            server = Server(Settings(port=0, **options, **way))
            server.catalog.publish(self.documents)
            host, port = await server.start()
            self.servers.append(server)
            self.urls.append(f"http://{host}:{port}")

    @rule(documents=st.lists(st.sampled_from(DOCUMENTS), max_size=3))
    def publish(self, documents: list[bytes]) -> None:
        self.documents = [(str(place), document) for place, document in enumerate(documents)]
        self.reload()

    @rule()
    def reload(self) -> None:
        for server in self.servers:
            server.catalog.publish(self.documents)

    @rule(target=asked, sent=st.sampled_from(GETS + POSTS + PREFLIGHTS), times=st.integers(1, 4))
    def ask(self, sent: bytes, times: int) -> bytes:
        self.runner.run(self._ask(sent, times))
        return sent

    @rule(sent=st.lists(asked, min_size=1, max_size=6), times=st.integers(1, 3))
    def ask_again(self, sent: list[bytes], times: int) -> None:
        for one in sent * times:
            self.runner.run(self._ask(one, 1))

    @rule(first=st.integers(0, len(POSTS) - 9))
    def ask_for_many(self, first: int) -> None:
        for one in POSTS[first : first + 8] * 2:
            self.runner.run(self._ask(one, 2))

    async def _ask(self, sent: bytes, times: int) -> None:
        fast, slow = self.urls
        expected = await exchange(slow, sent)
        for _ in range(times):
            assert await exchange(fast, sent) == expected

    async def _stop(self) -> None:
        for server in self.servers:
            await server.stop()
        self.servers.clear()
        self.urls.clear()

    def teardown(self) -> None:
        self.runner.run(self._stop())
        self.runner.close()


def test_cached_is_uncached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status, headers and body are the same from both."""
    monkeypatch.chdir(tmp_path)  # no stubserver.toml of whoever runs the tests
    steps = settings(max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(TwoServers, settings=steps)

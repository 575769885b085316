"""The hot cache remembers decisions, and never one that something else would change."""

from __future__ import annotations

import json

import pytest

from matching import Match, NoMatch, Request, StateSelector, load_pact
from stubserver.catalog import Address, Decisions, Stub
from tests.conftest import Serve, http_pact

JSON = ("Content-Type", "application/json")
PACT = http_pact(
    {
        "description": "with a token",
        "providerStates": [{"name": "signed in"}],
        "request": {
            "method": "POST",
            "path": "/orders",
            "headers": {"Authorization": "Bearer a", "Content-Type": "application/json"},
            "body": {"content": {"id": 1}, "contentType": "application/json"},
        },
    },
    {
        "description": "without one",
        "request": {
            "method": "POST",
            "path": "/orders",
            "headers": {"Content-Type": "application/json"},
            "body": {"content": {"id": 1}, "contentType": "application/json"},
        },
        "response": {"status": 401},
    },
)


@pytest.fixture
def stub() -> Stub:
    """The stub of PACT."""
    return Stub(Address(), load_pact(json.dumps(PACT).encode()).interactions)


def order(*headers: tuple[str, str], body: bytes = b'{"id":1}') -> Request:
    return Request("POST", "/orders", "", [JSON, *headers], body)


def status(found: Match | NoMatch) -> int | None:
    return found.interaction.response.status if isinstance(found, Match) else None


def test_a_repeated_request_is_decided_once(stub: Stub) -> None:
    """From its second time on, the same request gets the very same decision object, whatever its unconstrained headers
    are.
    """
    decisions = Decisions(1 << 20)
    _, first = (decisions.decide(stub, order(("X-Request-Id", "1"), body=b"{}"), None) for _ in range(2))
    assert decisions.decide(stub, order(("X-Request-Id", "2"), body=b"{}"), None) is first
    assert first == NoMatch()


def test_everything_that_decides_is_in_the_key(stub: Stub) -> None:
    """Another constrained header, body, state or content type is another decision."""
    decisions = Decisions(1 << 20)
    for _ in range(2):
        assert status(decisions.decide(stub, order(), None)) == 401
        assert status(decisions.decide(stub, order(("Authorization", "Bearer a")), None)) == 200
        assert status(decisions.decide(stub, order(("Authorization", "Bearer b")), None)) == 401
        assert status(decisions.decide(stub, order(body=b'{"id":2}'), None)) is None
        assert status(decisions.decide(stub, order(), StateSelector("signed"))) == 401
        assert decisions.decide(stub, order(), StateSelector("signed", stateless=False)) == NoMatch()
        plain = Request("POST", "/orders", "", [("Content-Type", "text/plain")], b'{"id":1}')
        assert decisions.decide(stub, plain, None) == NoMatch()


def test_the_cache_is_bounded(stub: Stub) -> None:
    """However many different bodies come, no more bytes are kept than allowed; large bodies are not kept at all."""
    decisions = Decisions(20_000)
    for number in range(200):
        decisions.decide(stub, order(body=json.dumps({"id": number}).encode()), None)
        assert decisions.size <= 20_000
    kept = decisions.size
    decisions.decide(stub, order(body=b'{"id":"' + b"x" * 20_000 + b'"}'), None)
    assert decisions.size == kept


def test_no_bytes_mean_no_cache(stub: Stub) -> None:
    """With a size of nothing, every request is decided anew."""
    decisions = Decisions(0)
    first = decisions.decide(stub, order(body=b"{}"), None)
    assert first == NoMatch()
    for _ in range(3):
        assert decisions.decide(stub, order(body=b"{}"), None) is not first
    assert decisions.size == 0


async def test_a_reload_forgets_every_decision(serve: Serve) -> None:
    """The request that was just answered gets the new answer as soon as the new pact is published."""
    running = await serve(PACT)
    sent = {"data": b'{"id":1}', "headers": {"Content-Type": "application/json"}}
    assert (await running.request("POST", "/orders", **sent))[0] == 401
    changed = json.loads(json.dumps(PACT))
    changed["interactions"][1]["response"]["status"] = 403
    running.server.catalog.publish([("changed", json.dumps(changed).encode())])
    assert (await running.request("POST", "/orders", **sent))[0] == 403


async def test_stubs_do_not_share_decisions(serve: Serve) -> None:
    """The same request at two stubs is two decisions, whatever the names of provider and consumer are."""
    order_of = {"method": "POST", "path": "/orders", "body": {"content": {"id": 1}, "contentType": "application/json"}}
    specific = {**order_of, "headers": {"Content-Type": "application/json"}}
    running = await serve(
        http_pact({"request": order_of, "response": {"status": 201}}, provider="None", consumer="None"),
        http_pact({"request": specific, "response": {"status": 299}}, provider="other"),
    )
    sent = {"data": b'{"id":1}', "headers": {"Content-Type": "application/json"}}
    for _ in range(2):
        assert (await running.request("POST", "/orders", **sent))[0] == 299
        assert (await running.request("POST", "/providers/None/stub/orders", **sent))[0] == 201

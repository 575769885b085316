"""Addresses: every pact, every provider and every integration has a base URL of its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from stubserver.catalog import Address
from stubserver.web.addressing import base_path
from tests.conftest import Running, Serve, http_pact


def answering(status: int, path: str = "/orders", **names: str) -> dict[str, Any]:
    """A pact whose only interaction answers GET `path` with a status that identifies it."""
    return http_pact({"request": {"path": path}, "response": {"status": status}}, **names)


WEB_SHOP = answering(201, consumer="web", provider="shop")
IOS_SHOP = answering(202, consumer="ios", provider="shop")
WEB_BANK = answering(203, consumer="web", provider="bank")


@pytest.fixture
async def three(serve: Serve) -> Running:
    return await serve(WEB_SHOP, IOS_SHOP, WEB_BANK)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/orders", 201),
        ("/providers/shop/stub/orders", 201),
        ("/providers/bank/stub/orders", 203),
        ("/pacts/provider/shop/consumer/web/latest/stub/orders", 201),
        ("/pacts/provider/shop/consumer/ios/latest/stub/orders", 202),
        ("/pacts/provider/bank/consumer/web/latest/stub/orders", 203),
        ("/pacts/provider/%73hop/consumer/io%73/latest/stub/orders", 202),
    ],
)
async def test_each_address_serves_its_own(three: Running, target: str, status: int) -> None:
    """`/` serves all pacts, a provider's address those of the provider, an integration's address its one."""
    assert (await three.get(target))[0] == status


async def test_an_address_serves_nothing_else(three: Running) -> None:
    """What another provider records is not found under an address, and the report speaks of that stub only."""
    report = await three.report("GET", "/providers/bank/stub/payments")
    assert "all consumers of bank" in report["message"]
    assert "GET /payments" in report["message"]
    assert {near["interaction"]["provider"] for near in report["nearest"]} <= {"bank"}


@pytest.mark.parametrize("target", ["/providers/shop/stub", "/providers/shop/stub/", "/providers/shop/stub?a=1"])
async def test_base_url_itself(serve: Serve, target: str) -> None:
    """The base URL, with or without a trailing slash, is the provider's `/`."""
    query = {"a": ["1"]} if "?" in target else {}
    running = await serve(
        http_pact({"request": {"path": "/", "query": query}, "response": {"status": 299}}, provider="shop")
    )
    assert (await running.get(target))[0] == 299


NAMES = [
    "Web Shop",
    "shop/eu",
    "café",
    "世界",
    "a+b",
    "100%",
    "50%25",
    "a?b#c",
    "stub",
    "providers",
    "latest",
    "A&B; <x>",
    "a\\b",
    "🛒",
]


@pytest.mark.parametrize("name", NAMES)
async def test_names_with_odd_characters(serve: Serve, name: str) -> None:
    """A name is one percent-encoded segment, whatever it holds, as provider and as consumer."""
    running = await serve(answering(250, provider=name, consumer=name), answering(251))
    encoded = quote(name, safe="")
    assert (await running.get(f"/providers/{encoded}/stub/orders"))[0] == 250
    assert (await running.get(f"/pacts/provider/{encoded}/consumer/{encoded}/latest/stub/orders"))[0] == 250
    assert (await running.get(base_path(Address(name, name)) + "/orders"))[0] == 250


async def test_plus_is_a_plus(serve: Serve) -> None:
    """In a path `+` is a plus: `a+b` is not `a b`."""
    running = await serve(answering(250, provider="a+b"), answering(251, provider="a b"))
    assert (await running.get("/providers/a+b/stub/orders"))[0] == 250
    assert (await running.get("/providers/a%20b/stub/orders"))[0] == 251


async def test_encoded_slash_is_not_a_slash(serve: Serve) -> None:
    """`shop%2Feu` is one name, `shop/eu` is no address."""
    running = await serve(answering(250, provider="shop/eu"))
    assert (await running.get("/providers/shop%2Feu/stub/orders"))[0] == 250
    await running.report("GET", "/providers/shop/eu/stub/orders")


async def test_names_are_told_apart_by_case(three: Running) -> None:
    """Names count as they are written."""
    await three.report("GET", "/providers/Shop/stub/orders")


@pytest.mark.parametrize(
    "target",
    ["/providers/nobody/stub/orders", "/pacts/provider/shop/consumer/nobody/latest/stub/orders"],
)
async def test_unknown_address(three: Running, target: str) -> None:
    """An address that is not loaded belongs to the stub of all pacts, and the report names those there are."""
    report = await three.report("GET", target)
    assert "all pacts" in report["message"]
    assert target.removesuffix("/orders") in report["hint"]
    assert "/providers/shop/stub" in report["hint"]
    assert "/pacts/provider/bank/consumer/web/latest/stub" in report["hint"]


async def test_other_paths_give_no_hint_of_addresses(three: Running) -> None:
    """Paths that only begin like an address do not."""
    for target in ("/providers/shop", "/providers/shop/stubs/orders", "/pacts/provider/shop"):
        report = await three.report("GET", target)
        assert "has the address" not in report.get("hint", "")


@pytest.mark.parametrize(
    "path",
    [
        "/providers",
        "/providers/shop",
        "/providers/other/stub",
        "/pacts/x",
        "/pacts/provider/a/consumer/b/latest/stub/x",
        "/health",
        "/ready",
        "/_stubserverx",
        "/_stub",
        "/stubs",
    ],
)
async def test_a_provider_may_own_such_paths(serve: Serve, path: str) -> None:
    """A provider may record paths that look like ours: only loaded addresses and one prefix are taken."""
    running = await serve(answering(299, path=path, provider="shop"))
    assert (await running.get(path))[0] == 299
    assert (await running.get("/providers/shop/stub" + path))[0] == 299


async def test_reserved_prefix(serve: Serve) -> None:
    """What a provider records under the reserved prefix is still reached through its own address."""
    running = await serve(answering(299, path="/_stubserver/health", provider="shop"))
    assert (await running.get("/_stubserver/health"))[0] == 200
    assert (await running.get("/providers/shop/stub/_stubserver/health"))[0] == 299


@pytest.mark.parametrize("target", ["/_stubserver", "/_stubserver/", "/_stubserver?x=1", "/_stubserver/health"])
async def test_the_control_door_is_never_a_stub(three: Running, target: str) -> None:
    """The reserved prefix answers for itself, with and without a slash or a query."""
    status, headers, _ = await three.get(target)
    assert status == 200
    assert "X-Stub-Match" not in headers


async def test_the_path_within_a_stub_stays_as_it_came(serve: Serve) -> None:
    """Behind the address the path is taken raw: encoded slashes, double slashes and dots are part of it."""
    running = await serve(
        http_pact(
            {"request": {"path": "/a%2Fb"}, "response": {"status": 201}},
            {"request": {"path": "//a"}, "response": {"status": 202}},
            {"request": {"path": "/a/./b"}, "response": {"status": 203}},
            {"request": {"path": "/a b"}, "response": {"status": 204}},
            provider="p",
        )
    )
    for base in ("", "/providers/p/stub"):
        answers = [(await running.get(base + path))[0] for path in ("/a%2Fb", "//a", "/a/./b", "/a%20b")]
        assert answers == [201, 202, 203, 204]


async def test_several_pacts_of_one_integration(serve: Serve) -> None:
    """Two documents of one consumer and provider are served at one address."""
    running = await serve(answering(201, path="/a"), answering(202, path="/b"))
    base = "/pacts/provider/api/consumer/web/latest/stub"
    assert [(await running.get(base + path))[0] for path in ("/a", "/b")] == [201, 202]


async def test_a_name_that_is_not_unicode_breaks_nothing(serve: Serve) -> None:
    """A name with a lone surrogate cannot be an address; everything else is served all the same."""
    names = b'"consumer": {"name": "\\ud800"}, "provider": {"name": "x\\udfff"}'
    odd = b"{" + names + b', "long": 12345678901234567890, "interactions": []}'
    running = await serve(WEB_SHOP, odd)
    assert (await running.get("/orders"))[0] == 201
    for control in ("/_stubserver/stubs", "/_stubserver/pacts", "/_stubserver/interactions"):
        assert (await running.get(control))[0] == 200

"""Every publication is a stub at once, at every address that means it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.conftest import Running, http_pact
from tests.hosted.conftest import Host, put_pact


def answering(status: int, **names: str) -> dict[str, Any]:
    """A pact whose only interaction answers GET /orders with a status that identifies it."""
    return http_pact({"request": {"path": "/orders"}, "response": {"status": status}}, **names)


async def send(running: Running, method: str, path: str, document: Any = None) -> Any:
    """Send JSON to the API; the answer."""
    status, _, body = await running.request(
        method, path, data=json.dumps(document or {}), headers={"Content-Type": "application/json"}
    )
    assert status < 300, body
    return json.loads(body) if body else None


async def versions(running: Running) -> None:
    """Three versions of web → shop, one of ios → shop: branches, tags, and one that is deployed."""
    await put_pact(running, answering(201, provider="shop"), "1")
    await send(running, "PUT", "/pacticipants/web/branches/main/versions/1")
    await put_pact(running, answering(202, provider="shop"), "2")
    await send(running, "PUT", "/pacticipants/web/branches/feat%2Fx/versions/2")
    await send(running, "PUT", "/pacticipants/web/versions/2/tags/dev")
    await put_pact(running, answering(203, provider="shop"), "3")
    await put_pact(running, answering(210, provider="shop", consumer="ios"), "7")
    uat = await send(running, "POST", "/environments", {"name": "uat", "production": False})
    await send(running, "POST", f"/pacticipants/web/versions/1/deployed-versions/environment/{uat['uuid']}")


PAIR = "/pacts/provider/shop/consumer/web"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{PAIR}/latest/stub", 203),
        (f"{PAIR}/latest/dev/stub", 202),
        (f"{PAIR}/branch/main/latest/stub", 201),
        (f"{PAIR}/branch/feat%2Fx/latest/stub", 202),
        (f"{PAIR}/main-branch/stub", 201),
        (f"{PAIR}/version/2/stub", 202),
        (f"{PAIR}/2/stub", 202),
        (f"{PAIR}/environment/uat/stub", 201),
        (f"{PAIR}/latest-untagged/stub", 203),
        ("/pacts/provider/shop/consumer/ios/latest/stub", 210),
        ("/providers/shop/version/7/stub", 210),
        ("/providers/shop/latest/dev/stub", 202),
        ("/providers/shop/branch/main/latest/stub", 201),
        ("/env/uat/providers/shop/stub", 201),
    ],
)
async def test_every_address(host: Host, address: str, status: int) -> None:
    """Each selector means the version that it should."""
    running = await host()
    await versions(running)
    assert (await running.get(f"{address}/orders"))[0] == status


async def test_by_content(host: Host) -> None:
    """A pact is served by the SHA of its content, which the API tells."""
    running = await host()
    await versions(running)
    pact = json.loads((await running.get(f"{PAIR}/version/2"))[2])
    href = pact["_links"]["pb:pact-version"]["href"].removeprefix(running.url)
    assert (await running.get(f"{href}/stub/orders"))[0] == 202


async def test_by_host_name(host: Host) -> None:
    """A provider, or a consumer with a provider, is served under a host name of its own."""
    running = await host()
    pact = answering(204, provider="Order Service", consumer="Web Shop")
    await put_pact(running, pact, "1")
    port = running.url.rpartition(":")[2]
    for name in ("order-service", "web-shop--order-service", "ORDER-Service"):
        status, headers, _ = await running.get("/orders", headers={"Host": f"{name}.localhost:{port}"})
        assert (status, headers["X-Stub-Match"]) == (204, "exact")
    status, _, body = await running.get("/orders", headers={"Host": f"order.localhost:{port}"})
    assert status == 404
    assert "/providers/Order%20Service/stub" in json.loads(body)["cure"]


async def test_an_ambiguous_host_name(host: Host) -> None:
    """Where two names come to the same host name, neither is guessed."""
    running = await host()
    await put_pact(running, answering(201, provider="a b"), "1")
    await put_pact(running, answering(202, provider="a-b"), "1")
    status, _, body = await running.get("/orders", headers={"Host": "a-b.localhost"})
    assert status == 409
    assert "a b" in json.loads(body)["detail"]


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("/pacts/provider/shpo/consumer/web/latest/stub", "/pacts/provider/shop/consumer/web/latest/stub"),
        ("/pacts/provider/shop/consumer/web/branch/mian/latest/stub", "/branch/main/latest/stub"),
        ("/pacts/provider/shop/consumer/web/version/22/stub", "/version/2/stub"),
        ("/pacts/provider/shop/consumer/web/environment/uta/stub", "/environment/uat/stub"),
        ("/providers/shops/stub", "/providers/shop/stub"),
    ],
)
async def test_unknown_addresses(host: Host, address: str, hint: str) -> None:
    """What is not there is 404, and names the nearest that is."""
    running = await host()
    await versions(running)
    status, headers, body = await running.get(f"{address}/orders")
    assert (status, headers["X-Stub-Match"]) == (404, "none")
    assert hint in json.loads(body)["cure"]


async def test_a_publication_is_served_at_once(host: Host) -> None:
    """The next request after a publication sees it, at addresses that were asked for before, too."""
    running = await host()
    for number in range(20):
        await put_pact(running, answering(200 + number, provider="shop"), str(number))
        for address in (f"{PAIR}/latest/stub", "/providers/shop/stub"):
            for _ in range(3):
                assert (await running.get(f"{address}/orders"))[0] == 200 + number


async def test_what_is_deleted_is_gone_at_once(host: Host) -> None:
    """Deleting the latest version brings back the one before; deleting all of them, nothing."""
    running = await host()
    await versions(running)
    assert (await running.get(f"{PAIR}/latest/stub/orders"))[0] == 203
    await send(running, "DELETE", f"{PAIR}/version/3")
    assert (await running.get(f"{PAIR}/latest/stub/orders"))[0] == 202
    await send(running, "DELETE", "/pacticipants/web")
    assert (await running.get(f"{PAIR}/latest/stub/orders"))[0] == 404
    assert (await running.get("/providers/shop/stub/orders"))[0] == 210


async def test_many_ask_for_a_cold_stub(host: Host) -> None:
    """However many ask for a stub that is not in memory, all are answered."""
    running = await host()
    await put_pact(running, answering(201, provider="shop"), "1")
    answers = await asyncio.gather(*(running.get("/providers/shop/stub/orders") for _ in range(50)))
    assert {answer[0] for answer in answers} == {201}
    assert running.server.hosted.compiled_stubs == 1


async def test_stubs_leave_memory_when_there_is_no_room(host: Host) -> None:
    """Compiled pacts take no more than the room they are given; those that had to go come back when asked for."""
    running = await host(room=1 << 20)
    for number in range(60):
        await put_pact(running, answering(200 + number, provider=f"p{number}"), "1")
    for _ in range(2):
        for number in range(60):
            assert (await running.get(f"/providers/p{number}/stub/orders"))[0] == 200 + number
    assert running.server.hosted.compiled_bytes <= 1 << 20
    assert running.server.hosted.compiled_stubs < 200


async def test_the_next_start_has_it_all(host: Host) -> None:
    """What was published is served after a restart."""
    first = await host()
    await versions(first)
    await first.server.stop()
    second = await host()
    assert (await second.get(f"{PAIR}/latest/dev/stub/orders"))[0] == 202


async def test_explanations(host: Host) -> None:
    """A miss at a published stub is explained, and its curl line is answered; so is a described request."""
    running = await host()
    await put_pact(running, answering(201, provider="shop"), "1")
    report = await running.report("GET", "/providers/shop/stub/order")
    assert report["message"].endswith("at the stub of all consumers of shop")
    assert "/pact-version/" in report["nearest"][0]["interaction"]["origin"]
    assert f"{running.url}/providers/shop/stub/orders" in report["nearest"][0]["curl"]
    described = {"path": "/providers/shop/stub/orders"}
    assert (await send(running, "POST", "/_stubserver/explain", described))["match"]["path"] == "/orders"
    status, _, body = await running.request("POST", "/_stubserver/explain", data=b'{"path": "/orders"}')
    assert status == 400
    assert "/_stubserver/stubs" in json.loads(body)["cure"]

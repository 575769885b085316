"""What strangers try: pages in a browser, floods, names that nothing can have, requests without a token."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from stubserver.catalog import Address
from tests.conftest import http_pact
from tests.hosted.conftest import Host, put_pact

SHOP = http_pact({"request": {"path": "/a"}, "response": {"status": 201}}, provider="shop")
WRITE = ("PUT", "/pacts/provider/shop/consumer/web/version/1")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Host": "localhost:8080"}, 201),
        ({"Host": "[::1]:8080"}, 201),
        ({"Host": "evil.example:8080"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:1", "Origin": "http://localhost:1"}, 201),
        ({"Host": "LOCALHOST.:80", "Origin": "http://localhost"}, 201),
        ({"Host": "localhost", "Origin": "http://ui.example", "X-Forwarded-Host": "ui.example"}, 201),
    ],
)
async def test_pages_of_somebody_else(host: Host, headers: dict[str, str], status: int) -> None:
    """Where nobody needs a token, no page of somebody else can write, whatever name it gives to this server."""
    running = await host()
    sent = {"Content-Type": "application/json", **headers}
    answer = await running.request(*WRITE, data=json.dumps(SHOP), headers=sent)
    assert answer[0] == status, answer[2]


async def test_preflights_tell_nothing(host: Host) -> None:
    """A preflight without a token is answered in the same way, whether there is such a stub or not."""
    running = await host(auth="token")
    token = {"Authorization": f"Bearer {running.server.first_token}"}
    await put_pact(running, SHOP, "1", headers=token)
    asked = {"Origin": "http://ui", "Access-Control-Request-Method": "GET"}
    answers = [
        await running.request("OPTIONS", f"/providers/{name}/stub/a", headers=asked) for name in ("shop", "shpo")
    ]
    assert [(status, body) for status, _, body in answers] == [(204, b"")] * 2


@pytest.mark.parametrize("name", ["%00", "a%00b", "%ff%fe", "x" * 300, "%ed%a0%80", "%0a", "%7F"])
async def test_names_that_nothing_can_have(host: Host, name: str) -> None:
    """An address with such a name is not there, and such a name in a question is a bad request."""
    running = await host()
    assert (await running.get(f"/providers/{name}/stub/a"))[0] == 404
    assert (await running.get(f"/pacts/provider/p/consumer/c/branch/{name}/latest/stub/a"))[0] == 404
    assert (await running.get(f"/pacticipants/{name}"))[0] in (400, 404)
    for query in ("/environments?name=", "/pacticipants?q=", "/audit?type=", "/audit?from="):
        assert (await running.get(query + name))[0] in (200, 400)


async def test_odd_host_names(host: Host) -> None:
    """Bytes in Host that are no text are no stub."""
    running = await host()
    assert (await running.get("/", headers={"Host": "a\xff.localhost"}))[0] in (400, 404)
    assert (await running.get("/", headers={"Host": "x" * 400 + ".localhost"}))[0] == 404


async def test_a_flood_of_addresses_takes_no_memory(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses that are not there are remembered up to a bound, the latest of them."""
    monkeypatch.setattr("stubserver.catalog.resolutions._MOST", 100)
    running = await host()
    for start in range(0, 400, 50):
        targets = [f"/providers/{'x' * 200}{number}/stub" for number in range(start, start + 50)]
        answers = await asyncio.gather(*(running.get(target) for target in targets))
        assert {answer[0] for answer in answers} == {404}
    known = running.server.hosted.epoch.resolutions
    assert len(known) == 100
    assert known.get(Address("x" * 200 + "399")) is not None
    assert known.get(Address("x" * 200 + "0")) is None


async def test_many_alike_differ(host: Host) -> None:
    """A conflict between pacts with thousands of interactions of one name is answered soon, and holds up nobody."""
    running = await host()

    def pact(status: int) -> dict[str, Any]:
        return {
            "consumer": {"name": "web"},
            "provider": {"name": "shop"},
            "interactions": [
                {"request": {"path": f"/{number}"}, "response": {"status": status}} for number in range(8000)
            ],
        }

    await put_pact(running, pact(200), "1")
    loop = asyncio.get_running_loop()
    refused = asyncio.create_task(
        running.request(*WRITE, data=json.dumps(pact(201)), headers={"Content-Type": "application/json"})
    )
    longest = 0.0
    while not refused.done():
        begun = loop.time()
        await asyncio.sleep(0.01)
        longest = max(longest, loop.time() - begun)
    assert (await refused)[0] == 409
    assert longest < 2  # what a server that stands still for ten seconds is not


async def test_writers_at_once(host: Host) -> None:
    """However many write at once, all are acknowledged and none is lost."""
    running = await host()

    async def one(number: int) -> None:
        pact = http_pact({"request": {"path": "/a"}, "response": {"status": 200 + number}}, provider=f"p{number}")
        await put_pact(running, pact, "1")
        assert (await running.get(f"/providers/p{number}/stub/a"))[0] == 200 + number

    await asyncio.gather(*(one(number) for number in range(40)))
    listed = json.loads((await running.get("/integrations"))[2])["_embedded"]["integrations"]
    assert len(listed) == 40

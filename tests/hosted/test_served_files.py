"""A server of files has the same API, under its reserved prefix; what is published to it lasts until it stops."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Serve, http_pact
from tests.hosted.conftest import put_pact
from tests.hosted.test_addresses import answering, send

API = "/_stubserver"


async def test_published_beside_files(serve: Serve) -> None:
    """A publication is served at `/` and at its addresses with the very next request."""
    running = await serve(answering(201, provider="shop"))
    other = http_pact({"request": {"path": "/pay"}, "response": {"status": 202}}, provider="bank")
    await put_pact(running, other, "1", API)
    assert [(await running.get(path))[0] for path in ("/orders", "/pay")] == [201, 202]
    assert (await running.get("/providers/bank/stub/pay"))[0] == 202
    assert (await running.get("/pacts/provider/bank/consumer/web/version/1/stub/pay"))[0] == 202
    assert (await running.get("/", headers={"Host": "bank.localhost"}))[1]["X-Stub-Match"] == "none"
    assert (await running.get("/pay", headers={"Host": "bank.localhost"}))[0] == 202


async def test_published_in_place_of_a_file(serve: Serve) -> None:
    """A publication takes the place of the file of the same consumer and provider; deleted, the file is back."""
    running = await serve(answering(201, provider="shop"))
    for status in (202, 203):
        await put_pact(running, answering(status, provider="shop"), str(status), API)
        assert (await running.get("/orders"))[0] == status
        assert (await running.get("/providers/shop/stub/orders"))[0] == status
    for status in (202, 203):
        await send(running, "DELETE", f"{API}/pacts/provider/shop/consumer/web/version/{status}")
    assert (await running.get("/orders"))[0] == 201


async def test_files_are_read_through_the_api(serve: Serve) -> None:
    """The pacts of files are there for verifiers and other readers."""
    running = await serve(answering(201, provider="shop"), answering(202, provider="bank"))
    listed = json.loads((await running.get(f"{API}/pacts/latest"))[2])
    assert sorted(pact["_embedded"]["provider"]["name"] for pact in listed["pacts"]) == ["bank", "shop"]
    href = listed["_links"]["pb:pacts"][0]["href"].removeprefix(running.url)
    assert json.loads((await running.get(href))[2])["interactions"][0]["request"]["path"] == "/orders"
    assert (await running.get("/orders"))[0] in (201, 202)
    index = json.loads((await running.get(f"{API}/"))[2])
    assert index["_links"]["pb:publish-contracts"]["href"] == f"{running.url}{API}/contracts/publish"


async def test_changed_files_are_read_through_the_api(serve: Serve, tmp_path: Path) -> None:
    """A file that is loaded again is the latest pact of its consumer."""
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(answering(201, provider="shop")))
    running = await serve(file)
    path = f"{API}/pacts/provider/shop/consumer/web/latest"
    assert json.loads((await running.get(path))[2])["interactions"][0]["response"]["status"] == 201
    file.write_text(json.dumps(answering(202, provider="shop")))
    await running.server.reload()
    assert json.loads((await running.get(path))[2])["interactions"][0]["response"]["status"] == 202
    assert (await running.get("/orders"))[0] == 202


async def test_a_path_like_an_address_belongs_to_the_api_under_test(serve: Serve) -> None:
    """A provider may own paths that look like addresses, as long as nothing is published there."""
    path = "/providers/x/branch/y/latest/stub"
    running = await serve(http_pact({"request": {"path": path}, "response": {"status": 203}}))
    for _ in range(2):
        assert (await running.get(path))[0] == 203


@pytest.mark.parametrize("settings", [{"auth": "token"}, {"host": "0.0.0.0"}])  # noqa: S104
async def test_publishing_is_closed_to_strangers(serve: Serve, settings: dict[str, str]) -> None:
    """With tokens, or open to other machines without them, nobody publishes without leave."""
    running = await serve(answering(201, provider="shop"), **settings)
    running.url = running.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
    headers = {"Content-Type": "application/json"}
    url = f"{API}/pacts/provider/shop/consumer/web/version/1"
    status, _, body = await running.request("PUT", url, data=b"{}", headers=headers)
    assert status == (401 if "auth" in settings else 403), body
    told = json.loads(body)
    assert told["errors"]["authorization"]
    assert told["notices"][0]["type"] == "error"
    if "auth" in settings:
        token = running.server.first_token
        assert token is not None
        await put_pact(running, answering(202, provider="shop"), "1", API, headers={"Authorization": f"Bearer {token}"})
        assert (await running.get("/orders", headers={"X-Stub-Token": token}))[0] == 202
        assert (await running.get("/orders"))[0] == 401
    else:
        assert (await running.get("/orders"))[0] == 201


@pytest.mark.parametrize(
    "path", ["/integrations/provider/shop/consumer/web", "/pacticipants/web", "/pacticipants/shop", "/VERSION"]
)
async def test_files_are_not_deleted_through_the_api(serve: Serve, path: str) -> None:
    """What comes from a file is taken away with the file, in no other way."""
    running = await serve(answering(201, provider="shop"))
    [pact] = json.loads((await running.get(f"{API}/pacts/latest"))[2])["pacts"]
    version = pact["_links"]["self"][1]["href"].removeprefix(running.url)
    target = version if path == "/VERSION" else f"{API}{path}"
    status, _, body = await running.request("DELETE", target)
    assert status == 400
    assert "are files" in body.decode()
    assert (await running.get(version))[0] == 200

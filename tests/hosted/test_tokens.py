"""Tokens: who may do what, and that a token is not taken for the application's own."""

from __future__ import annotations

import json
from typing import Any

from stubserver.security import Role, digest_of, hint_of, new_token
from stubserver.store import Database, audit, tokens
from tests.conftest import Running, http_pact
from tests.hosted.conftest import Host, put_pact

# One interaction demands a header that is called as ours is, one demands none.
SHOP = http_pact(
    {"request": {"path": "/a", "headers": {"Authorization": ["Bearer app"]}}, "response": {"status": 201}},
    {"request": {"path": "/a"}, "response": {"status": 202}},
    {"request": {"path": "/only", "headers": {"Authorization": ["Bearer app"]}}, "response": {"status": 203}},
    provider="shop",
)
STUB = "/providers/shop/stub"


def bearer(token: str | None) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


async def guarded(host: Host) -> tuple[Running, str]:
    """A server that asks for tokens, with a pact; and its first token."""
    running = await host(auth="token")
    token = running.server.first_token
    assert token is not None
    await put_pact(running, SHOP, "1", headers=bearer(token))
    return running, token


async def made(running: Running, admin: str, role: str) -> dict[str, Any]:
    """A token made over the API."""
    status, _, body = await running.request(
        "POST",
        "/settings/tokens",
        data=json.dumps({"description": f"a {role}", "role": role}),
        headers={"Content-Type": "application/json", **bearer(admin)},
    )
    assert status == 201, body
    document: dict[str, Any] = json.loads(body)
    return document


async def test_stubs_need_a_token(host: Host) -> None:
    """A stub answers whoever has a token, in either header, at every repetition; and nobody else."""
    running, _ = await guarded(host)
    token = running.server.first_token
    for _ in range(4):  # the same bytes are answered from the hot cache
        assert (await running.get(f"{STUB}/a"))[0] == 401
        assert (await running.get(f"{STUB}/a", headers=bearer("nonsense")))[0] == 401
        assert (await running.get(f"{STUB}/a", headers={"X-Stub-Token": str(token)}))[0] == 202
        assert (await running.get(f"{STUB}/a", headers=bearer(token)))[0] == 201


async def test_authorization_belongs_to_the_application(host: Host) -> None:
    """It takes part in matching, unless it carries our token: then no interaction can demand one of the request."""
    running, token = await guarded(host)
    ours = {"X-Stub-Token": token}
    assert (await running.get(f"{STUB}/only", headers={**ours, **bearer("app")}))[0] == 203
    assert (await running.get(f"{STUB}/only", headers={**ours, **bearer("other")}))[0] == 500
    assert (await running.get(f"{STUB}/only", headers=ours))[0] == 500
    assert (await running.get(f"{STUB}/only", headers=bearer(token)))[0] == 203
    named = {**bearer(token), "X-Stub-Authorization-Header": "X-App", "X-App": "Bearer app"}
    assert (await running.get(f"{STUB}/only", headers=named))[0] == 203
    assert (await running.get(f"{STUB}/only", headers={**named, "X-App": "Bearer other"}))[0] == 500
    report = await running.report("GET", f"{STUB}/none", headers=bearer(token))
    assert token not in json.dumps(report)


async def test_a_revoked_token_is_refused_at_once(host: Host) -> None:
    """The request after the revocation is refused, though the same one was answered from the hot cache before."""
    running, admin = await guarded(host)
    token = await made(running, admin, "read")
    for _ in range(4):
        assert (await running.get(f"{STUB}/a", headers={"X-Stub-Token": token["value"]}))[0] == 202
    assert (await running.request("DELETE", f"/settings/tokens/{token['uuid']}", headers=bearer(admin)))[0] == 204
    assert (await running.get(f"{STUB}/a", headers={"X-Stub-Token": token["value"]}))[0] == 401


async def test_a_token_of_another_process_is_good_at_once(host: Host) -> None:
    """A token that the command line made a moment ago is known with its first use, by stubs and API."""
    running, _ = await guarded(host)
    for path in (f"{STUB}/a", "/pacts/latest"):
        token = new_token(Role.READ)
        database = Database(str(running.server.hosted.database.url))
        async with database.writing() as connection:
            await tokens.add(connection, "made elsewhere", "read", digest_of(token), hint_of(token))
        await database.close()
        assert (await running.get(path, headers={"X-Stub-Token": token}))[0] in (200, 202)


async def test_only_the_first_start_makes_a_token(host: Host) -> None:
    """The next start knows the administrator, and makes no other."""
    first, admin = await guarded(host)
    await first.server.stop()
    second = await host(auth="token")
    assert second.server.first_token is None
    assert (await second.get("/audit", headers=bearer(admin)))[0] == 200


async def test_preflights_need_no_token(host: Host) -> None:
    """Browsers ask for leave without credentials, so leave is given without them."""
    running, _ = await guarded(host)
    asked = {"Origin": "http://ui", "Access-Control-Request-Method": "GET"}
    status, headers, _ = await running.request("OPTIONS", f"{STUB}/a", headers=asked)
    assert (status, headers["Access-Control-Allow-Origin"]) == (204, "http://ui")
    status, headers, _ = await running.get(f"{STUB}/a", headers={"Origin": "http://ui"})
    assert (status, headers["Access-Control-Allow-Origin"]) == (401, "http://ui")


async def test_refusals_are_recorded(host: Host) -> None:
    """Whoever is refused, at a stub or at the API, is in the audit a moment later; tokens are not."""
    running, admin = await guarded(host)
    await running.get(f"{STUB}/a", headers=bearer("stubserver_ro_" + "x" * 43))
    await running.request("POST", "/contracts/publish", data=b"{}")
    changed = {**SHOP, "interactions": SHOP["interactions"][:1]}
    sent = {"Content-Type": "application/json", **bearer(admin)}
    url = "/pacts/provider/shop/consumer/web/version/1"
    assert (await running.request("PUT", url, data=json.dumps(changed), headers=sent))[0] == 409
    await running.server.hosted.close()  # what waits for being recorded is recorded
    database = Database(str(running.server.hosted.database.url))
    async with database.reading() as connection:
        events = await audit.page(connection, 100)
    await database.close()
    kinds = [(event.type, event.status) for event in events]
    assert ("StubRefused", 401) in kinds
    assert ("PublishContracts", 401) in kinds
    assert ("PublishPact", 200) in kinds
    [conflict] = [event for event in events if event.status == 409]
    assert conflict.actor.startswith("first administrator")
    assert len(conflict.payload["params"]["contracts"][0]["sha"]) == 64
    assert "x" * 43 not in repr(events)
    assert admin not in repr(events)

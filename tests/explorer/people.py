"""Those who look at pages of a server that asks for tokens."""

from __future__ import annotations

from typing import Any

from stubserver.security import Role, digest_of, hint_of, new_token
from stubserver.store import tokens
from tests.conftest import Running, http_pact
from tests.explorer.pages import api, post
from tests.hosted.conftest import Host, put_pact

COOKIE = "stubserver_sign_in"
SHOP = http_pact(
    {"request": {"path": "/a"}, "response": {"status": 201}},
    {"request": {"path": "/a", "headers": {"Authorization": ["Bearer app"]}}, "response": {"status": 202}},
    provider="shop",
)
STUB = "/pacts/provider/shop/consumer/web/latest/stub"


async def guarded(host: Host, **settings: Any) -> tuple[Running, str]:
    """A server that asks for tokens, with a pact; and its first token."""
    running = await host(auth="token", **settings)
    token = running.server.first_token
    assert token is not None
    await put_pact(running, SHOP, "1", headers={"Authorization": f"Bearer {token}"})
    return running, token


async def token_of(running: Running, role: Role, name: str = "") -> tuple[str, str]:
    """A new token, and its UUID."""
    secret = new_token(role)
    async with running.server.hosted.writing() as connection:
        await tokens.add(connection, name or f"a {role}", role, digest_of(secret), hint_of(secret))
        uuid = await tokens.uuid_of(connection, digest_of(secret))
    assert uuid is not None
    return secret, uuid


async def signed_in(running: Running, token: str, to: str = "", **headers: str) -> tuple[dict[str, str], Any]:
    """The header with the cookie that whoever signs in with a token gets; and the headers of that answer."""
    status, its, body = await post(running, "/sign-in", {"token": token, "to": to}, **headers)
    assert status == 303, body
    name, _, value = its["Set-Cookie"].partition(";")[0].partition("=")
    assert name == COOKIE
    return {"Cookie": f"{COOKIE}={value}"}, its


async def revoke(running: Running, admin: str, uuid: str) -> None:
    """Revoke a token over the API."""
    await api(running, "DELETE", f"/settings/tokens/{uuid}", None, 204, Authorization=f"Bearer {admin}")

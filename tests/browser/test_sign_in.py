"""Signing in, and what is there for whom."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import Open, here
from tests.browser.shop import JSON, ORDERS, UI, example
from tests.conftest import Running
from tests.hosted.conftest import Host, put_pact

pytestmark = here


async def sign_in(page: Page, token: str) -> None:
    """Give a token to the page that asks for one."""
    await page.get_by_label("Token").fill(token)
    await page.get_by_role("button", name="Sign in").click()


async def reading(running: Running, admin: dict[str, str]) -> str:
    """A token that may read only."""
    wanted = json.dumps({"description": "a reader", "role": "read"})
    _, _, body = await running.request("POST", "/settings/tokens", data=wanted, headers={**JSON, **admin})
    made: dict[str, Any] = json.loads(body)
    return str(made["value"])


async def test_signing_in(host: Host, window: Open) -> None:
    """Strangers are asked for a token and led where they wanted to go; pages of administrators are for those alone."""
    running = await host(auth="token")
    root = running.url + UI
    admin = {"Authorization": f"Bearer {running.server.first_token}"}
    await put_pact(running, example("shop-web-orders.json"), "1", headers=admin)
    page = (await window("status of 401", "status of 403")).page

    await page.goto(running.url)
    await expect(page.locator("h1")).to_have_text("Sign in")
    for words in ("Live", "Tokens", "orders"):
        await expect(page.locator("body")).not_to_contain_text(words)
    await page.goto(f"{root}{ORDERS}?q=note")
    await sign_in(page, "nonsense")
    await expect(page.get_by_role("alert")).to_have_text("This token is not known, or was revoked.")
    await sign_in(page, await reading(running, admin))
    await expect(page).to_have_url(f"{root}{ORDERS}?q=note")
    await expect(page.locator(".who")).to_contain_text("a reader")
    menu = page.get_by_role("navigation", name="Pages")
    await expect(menu).to_have_text("APIs Network Live Environments")
    for name in ("tokens", "audit", "settings"):
        answer = await page.goto(f"{root}/{name}")
        assert answer is not None
        assert answer.status == 403
        await expect(page.locator("main")).to_contain_text("sign in with a token whose role is admin")
    await page.goto(f"{root}/environments")
    await expect(page.get_by_role("button", name="Add")).to_have_count(0)

    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("h1")).to_have_text("Sign in")
    await page.goto(f"{root}/live")
    await expect(page.locator("h1")).to_have_text("Sign in")
    await sign_in(page, str(running.server.first_token))
    await expect(page).to_have_url(f"{root}/live")
    await menu.get_by_role("link", name="Audit").click()
    events = page.get_by_role("region", name="Events")
    await expect(events).to_contain_text("PublishPact")
    for _ in range(30):  # refusals are recorded within a second
        if "SignInRefused" in await events.inner_text():
            break
        await asyncio.sleep(0.1)
        await page.reload()
    await expect(events).to_contain_text("SignInRefused")
    await menu.get_by_role("link", name="Settings").click()
    await expect(page.get_by_role("row").filter(has_text="auth").first).to_contain_text("token")


async def test_tokens(host: Host, window: Open) -> None:
    """A token that is made on its page is shown once, and works until it is revoked, which is asked about first."""
    running = await host(auth="token")
    page = (await window("status of 401", permissions=["clipboard-read", "clipboard-write"])).page
    await page.goto(f"{running.url}{UI}/tokens")
    await sign_in(page, str(running.server.first_token))
    await page.get_by_label("What it is for").fill("the build")
    await page.get_by_label("Role").select_option("read")
    await page.get_by_role("button", name="Make a token").click()
    made = page.get_by_role("status").filter(has_text="The token “the build” is made")
    await made.get_by_role("button", name="Copy the token").click()
    await expect(made.get_by_role("button")).to_have_text("Copied")
    token = await page.evaluate("navigator.clipboard.readText()")
    assert token == await made.locator("code").inner_text()
    assert token.startswith("stubserver_ro_")
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await running.get("/pacticipants", headers=bearer))[0] == 200

    await page.get_by_role("navigation", name="Pages").get_by_role("link", name="Tokens").click()
    await page.wait_for_load_state()
    row = page.get_by_role("row").filter(has_text="the build")
    await expect(row).to_contain_text(token[:16])
    assert token not in await page.content()
    asked: list[str] = []

    def decline(dialog: Any) -> Any:
        asked.append(dialog.message)
        return dialog.dismiss()

    page.once("dialog", decline)
    await row.get_by_role("button", name="Revoke the build").click()
    await page.wait_for_timeout(100)
    assert asked == ["Revoke the token “the build”? Whoever uses it is turned away at once."]
    assert (await running.get("/pacticipants", headers=bearer))[0] == 200
    page.once("dialog", lambda dialog: dialog.accept())
    await row.get_by_role("button", name="Revoke the build").click()
    await expect(row).to_contain_text("revoked just now")
    assert (await running.get("/pacticipants", headers=bearer))[0] == 401

"""What is published appears, and what changed is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import Open, here
from tests.browser.shop import UI, Shop
from tests.clients.hosted import Client, client_or_skip, write_pact
from tests.hosted.conftest import Host

pytestmark = here


async def test_publishing(host: Host, window: Open, tmp_path: Path) -> None:
    """An empty home page tells how to publish; what the Pact CLI publishes is on it, with its branch, and answers."""
    rust: Client = client_or_skip("rust")
    running = await host()
    opened = await window(permissions=["clipboard-read", "clipboard-write"])
    page = opened.page
    await page.goto(running.url)
    await expect(page.locator("main")).to_contain_text("Nothing is published here yet")
    pact = write_pact(tmp_path / "pact.json", "the web", "the/api")
    said = await asyncio.to_thread(rust.publish, running.url, pact, "1.0", "--branch", "feat/x", "--tag", "dev")
    assert said.code == 0, said.text

    await page.reload()
    row = page.get_by_role("row").filter(has_text="the/api")
    await expect(row).to_contain_text("the web")
    for words in ("1.0", "feat/x", "dev", "just now", "not verified"):
        await expect(row).to_contain_text(words)
    await row.get_by_role("button", name="Copy the stub URL of the web with the/api").click()
    await expect(row.get_by_role("button")).to_have_text("Copied")
    url = await page.evaluate("navigator.clipboard.readText()")
    assert url == said.url("Its stub answers at")
    assert (await running.get(url.removeprefix(running.url) + "/things"))[2] == b'{"id":1}'

    await row.get_by_role("link", name="the web").click()
    await page.get_by_role("link", name="a request for things").click()
    await page.get_by_role("link", name="Try this one").click()
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#answer h2")).to_have_text("Answered by a request for things")
    assert page.url.startswith(running.url + UI + "/pacts/provider/the%2Fapi/consumer/the%20web/latest/stub/")


async def test_comparing(window: Open, shop: Shop) -> None:
    """Two versions that are chosen and compared: the field that came is told, and the other way round it went."""
    page = (await window()).page
    await page.goto(shop.page("/"))
    await page.get_by_role("row").filter(has_text="shop-web").get_by_role("link", name="1.1.0").last.click()
    newer, older = (page.get_by_role("row").filter(has_text=version) for version in ("1.1.0", "1.0.0"))
    for words in ("feat/postcode", "dev", "changed", "failed"):
        await expect(newer).to_contain_text(words)
    for words in ("main", "production", "verified"):
        await expect(older).to_contain_text(words)
    await page.get_by_label("From version 1.1.0").check()
    await page.get_by_label("To version 1.0.0").check()
    await page.get_by_role("button", name="Compare").click()
    await expect(page.locator("h1")).to_have_text("What changed for shop-web")
    await expect(page.locator(".count")).to_have_text("0 interactions added, 2 changed, 0 removed")
    change = page.locator(".change").filter(has=page.get_by_role("link", name="an order", exact=True))
    await expect(change.get_by_role("row").filter(has_text="postcode")).to_contain_text("no longer sends")
    await page.get_by_role("link", name="the other way round").click()
    await expect(change.get_by_role("row").filter(has_text="postcode")).to_contain_text("now sends")

    await page.get_by_role("link", name="shop-web", exact=True).click()
    await page.get_by_label("Versions of").select_option("branch main")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("row").filter(has_text="1.0.0")).to_have_count(1)
    await expect(page.get_by_role("row").filter(has_text="1.1.0")).to_have_count(0)

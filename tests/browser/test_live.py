"""Requests as they come."""

from __future__ import annotations

import asyncio

from playwright.async_api import expect

from tests.browser.conftest import Open, here
from tests.browser.shop import ORDERS, SIGNED_IN, UI, example
from tests.hosted.conftest import Host, put_pact

pytestmark = here


async def test_misses_appear_by_themselves(host: Host, window: Open) -> None:
    """A miss appears on the open page, before what matched, and leads to why; a pause keeps the page as it is."""
    running = await host()
    await put_pact(running, example("shop-web-orders.json"), "1")
    page = (await window()).page
    await page.goto(f"{running.url}{UI}/live")
    await expect(page.locator(".pulse")).to_have_text("live")
    await expect(page.locator("#live")).to_contain_text("No request came yet.")
    await running.report("GET", f"{ORDERS}/orders/x-1?secret=hidden", headers=SIGNED_IN)
    for number in (7, 8):
        assert (await running.get(f"{ORDERS}/orders/o-{number}", headers=SIGNED_IN))[0] == 200
    rows = page.locator("#live tbody tr")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(0)).to_contain_text("/orders/x-1")
    await expect(rows.nth(0)).to_contain_text("no match")
    await expect(rows.nth(1)).to_contain_text("/orders/o-8")
    await expect(page.locator(".count")).to_contain_text("3 requests kept; 1 miss")

    await page.get_by_role("button", name="Pause").click()
    await expect(page.locator(".pulse")).to_have_text("paused")
    await running.report("GET", f"{ORDERS}/while-paused")
    await page.wait_for_timeout(1200)  # longer than news take
    await expect(rows).to_have_count(3)
    await page.get_by_role("button", name="Go on").click()
    await expect(rows.nth(0)).to_contain_text("/while-paused")

    await rows.nth(1).get_by_role("link", name="why?").click()
    await expect(page.locator("h2").first).to_have_text("Why nothing matched")
    await expect(page.locator(".near").first).to_contain_text("the state of an order")
    await expect(page.locator(".line.marked").first).to_contain_text("/orders/x-1")
    await expect(page.locator(".near").first).to_contain_text("Authorization: Bearer •••")
    assert "Bearer me" not in await page.content()
    assert "hidden" not in await page.inner_text("main")
    await page.get_by_role("button", name="Try it again, and mend it").click()
    await expect(page.get_by_label("Path and query")).to_have_value("/orders/x-1?secret=•••")
    await expect(page.locator("#answer h2")).to_have_text("No interaction matches")

    await page.goto(f"{running.url}{UI}/live")
    await page.get_by_label("Find").fill("o-7")
    await page.get_by_role("button", name="Show").click()
    await expect(rows).to_have_count(1)
    await running.get(f"{ORDERS}/orders/o-77", headers=SIGNED_IN)
    await expect(rows).to_have_count(2)  # what comes later has to fit, too
    await running.get(f"{ORDERS}/orders/o-9", headers=SIGNED_IN)
    await page.wait_for_timeout(1200)
    await expect(rows).to_have_count(2)


async def test_stopping_while_somebody_looks(host: Host, window: Open) -> None:
    """A server whose live page is open in a browser stops without waiting for it."""
    running = await host()
    page = (await window("net::ERR_")).page
    await page.goto(f"{running.url}{UI}/live")
    await expect(page.locator(".pulse")).to_have_text("live")
    stopping = asyncio.ensure_future(running.server.stop())
    done, _ = await asyncio.wait([stopping], timeout=3)
    await stopping
    assert done

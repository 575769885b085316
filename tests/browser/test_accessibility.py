"""What axe-core, a judge of accessible pages, says of every page."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open, Window, here
from tests.browser.shop import ORDERS, PAGES, UI, Shop, named
from tests.hosted.conftest import Host

pytestmark = here

_AXE = Path(__file__).resolve().parents[2] / ".venv" / "npm-tools" / "node_modules" / "axe-core" / "axe.min.js"
# Swagger UI is somebody else's, and shown only where it is installed.
_RUN = """async (options) => (await axe.run({ exclude: ["#swagger"] }, options)).violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .map((one) => [one.id, one.help, one.nodes.length, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200))])"""


@cache
def axe() -> str:
    """The judge; skips the calling test, saying why, where it is not installed."""
    if not _AXE.exists():
        pytest.skip(f"needs axe-core in {_AXE.parents[2]} (make npm-tools)")
    return _AXE.read_text(encoding="utf-8")


async def assert_accessible(page: Page) -> None:
    """There is no serious or critical violation in what the page shows, with light and with dark colours."""
    # Not as a script of the page, which its policy would refuse.
    await page.evaluate(axe())
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found: list[Any] = await page.evaluate(_RUN, {"resultTypes": ["violations"]})
    assert found == [], "light"
    await page.emulate_media(color_scheme="dark")
    found = await page.evaluate(_RUN, {"resultTypes": ["violations"], "runOnly": ["color-contrast"]})
    assert found == [], "dark"


@pytest.mark.parametrize("path", PAGES, ids=named)
async def test_a_page(viewer: Window, shop: Shop, path: str) -> None:
    """A page is accessible, as it is when it is opened, with all that can be unfolded."""
    axe()
    viewer.expected = ("status of 404",)
    await viewer.page.set_viewport_size({"width": 1280, "height": 800})
    await viewer.page.goto(shop.page(path))
    await assert_accessible(viewer.page)


async def test_what_comes_later(window: Open, shop: Shop, host: Host) -> None:
    """So are answers and explanations, results while typing, new tokens, refusals and pages of misses."""
    axe()
    page = (await window("status of 401", "status of 500")).page
    await page.goto(shop.page(f"{ORDERS}/interactions/{{order}}/try"))
    for body, told in (("{}", "No interaction matches"), (None, "Answered by an order")):
        if body is not None:
            await page.get_by_label("Body", exact=True).fill(body)
            await page.get_by_role("button", name="Send").click()
        else:
            await page.get_by_role("button", name="Apply the fix").first.click()
        await expect(page.locator("#answer h2")).to_contain_text(told)
        await assert_accessible(page)
    await page.goto(shop.page("/"))
    await page.locator("#find").fill("quantity")
    await expect(page.locator("#results")).to_contain_text("Fields")
    await assert_accessible(page)
    await page.goto(shop.stub("/orders/none"))
    await assert_accessible(page)

    running = await host(auth="token")
    await page.goto(running.url + UI + "/tokens")
    for token in ("nonsense", str(running.server.first_token)):
        await page.get_by_label("Token").fill(token)
        await page.get_by_role("button", name="Sign in").click()
        await assert_accessible(page)
    await page.get_by_label("What it is for").fill("the build")
    await page.get_by_role("button", name="Make a token").click()
    await assert_accessible(page)
    await page.goto(running.url + UI + "/")
    await assert_accessible(page)

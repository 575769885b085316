"""Every page, as it is when it is opened."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open, Window, here
from tests.browser.shop import LONG_STUB, MORE_PAGES, ORDERS, PAGES, UI, Shop, named
from tests.hosted.conftest import Host

pytestmark = here

_OVERFLOW = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".unseen, .skip"))
  .slice(0, 5).map((one) => `${one.tagName} ${one.className}: ${one.textContent.trim().slice(0, 60)}`)"""


_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


async def assert_fits(page: Page) -> None:
    """The page fits in a phone and in a laptop, with light and with dark colours, and those differ."""
    backs = set()
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        for scheme in _SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            needed = await page.evaluate("document.documentElement.scrollWidth")
            assert needed <= width, (width, scheme, needed, await page.evaluate(_OVERFLOW))
            tall = await page.evaluate(
                "[...document.querySelectorAll('.main-nav a')].filter((one) => one.offsetHeight > 60).length"
            )
            assert not tall, "the menu is broken into letters"
            backs.add(await page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(backs) == 2


@pytest.mark.parametrize("path", [*PAGES, *MORE_PAGES], ids=named)
async def test_a_page(viewer: Window, shop: Shop, path: str) -> None:
    """A page opens with a title and one heading, without errors, and needs no scrolling to the side."""
    is_missing = path == "/no-such-page"
    viewer.expected = ("status of 404",) if is_missing else ()
    answer = await viewer.page.goto(shop.page(path))
    assert answer is not None
    assert answer.status == (404 if is_missing else 200)
    assert await viewer.page.locator("h1:not(#swagger h1)").count() == 1
    assert (await viewer.page.title()).endswith(" · stubserver")
    await assert_fits(viewer.page)


async def test_an_empty_server(window: Open, host: Host) -> None:
    """Where nothing is published yet, the home page tells how that is done; the other pages are fine, too."""
    running = await host()
    opened = await window()
    for path in ("/", "/network", "/live", "/environments", "/tokens", "/audit", "/problems", "/search?q=a"):
        await opened.page.goto(running.url + UI + path)
        await assert_fits(opened.page)
    await opened.page.goto(running.url)
    assert f"pact broker publish pacts/*.json -a $(git rev-parse HEAD) --branch main -b {running.url}" in (
        await opened.page.inner_text("main")
    )


@pytest.mark.parametrize("stub", [ORDERS, LONG_STUB, "/providers/orders/stub"], ids=named)
async def test_a_stub_opened_in_a_browser(window: Open, shop: Shop, stub: str) -> None:
    """The base URL of a stub and a path that it does not have are explained as a page, with the status of a miss."""
    opened = await window("status of 500")
    page = opened.page
    for path in ("/", "/orders/nonsense?a=1", f"/{'long' * 60}"):
        answer = await page.goto(shop.running.url + stub + path)
        assert answer is not None
        assert answer.status == 500
        assert answer.headers["x-stub-match"] == "none"
        assert (await page.inner_text("h1")).startswith("The stub of" if path == "/" else "No interaction matches")
        await assert_fits(page)
    await page.get_by_role("link", name="See all its interactions").click()
    await expect(page).to_have_url(shop.page(stub))

"""From a search to a request that works, as somebody goes who does not know the API yet, with and without scripts."""

from __future__ import annotations

import json
import re

from playwright.async_api import Page, expect

from tests.browser.conftest import Open, here
from tests.browser.shop import Shop

pytestmark = here


async def find_an_order(page: Page, shop: Shop) -> None:
    """From what was found to the console, filled in with the request of an order."""
    found = page.locator("#results li", has=page.get_by_text("quantity")).first
    await found.get_by_role("link", name="shop-web → orders").click()
    assert page.url.startswith(shop.page("/pacts/provider/orders/consumer/shop-web/latest/stub?q="))
    await expect(page.locator(".endpoint h2")).to_have_text("POST /orders")  # nothing else has such a field
    await page.get_by_role("link", name="an order", exact=True).click()
    await expect(page.locator("h1")).to_have_text("an order")
    await page.get_by_role("link", name="Try this one").click()
    await expect(page.get_by_label("Path and query")).to_have_value("/orders")
    await page.wait_for_load_state()


async def break_and_mend(page: Page) -> None:
    """A request that is answered; the same, spoilt, with what is wrong; the fix, which is answered again."""
    await page.get_by_role("button", name="Send").click()
    answer = page.locator("#answer")
    await expect(answer.locator("h2")).to_have_text("Answered by an order")
    await expect(answer.get_by_role("region", name="The answer")).to_contain_text('"id": "o-1001"')

    body = page.get_by_label("Body", exact=True)
    spoilt = json.loads(await body.input_value())
    spoilt["items"][0]["quantity"] = "two"
    spoilt["note"] = "my own words"
    await body.fill(json.dumps(spoilt, indent=2))
    await page.get_by_role("button", name="Send").click()
    await expect(answer.locator("h2")).to_have_text("No interaction matches")
    near = answer.locator(".near").first
    await expect(near.locator("h3")).to_contain_text("1 difference")
    await expect(near.locator(".line.marked")).to_have_count(1)
    await expect(near.locator(".line.marked")).to_contain_text('"quantity": "two"')
    await expect(near.locator(".wrong")).to_contain_text('Expected "two" (string) to be an integer')
    await expect(near.locator("form")).to_contain_text("changes the body, and nothing else")

    await near.get_by_role("button", name="Apply the fix").click()
    await expect(answer.locator("h2")).to_have_text("Answered by an order")
    mended = json.loads(await body.input_value())
    assert mended["items"][0]["quantity"] != "two"
    assert mended["note"] == "my own words"


async def test_from_a_search_to_an_answer(window: Open, shop: Shop) -> None:
    """Typing the name of a field finds the endpoint at once; its request is sent, spoilt, explained and mended."""
    page = (await window()).page
    await page.goto(shop.page("/"))
    home = await page.inner_text("#results")
    await page.get_by_role("searchbox", name="Search all contracts").press_sequentially("quantity", delay=10)
    await expect(page.locator("#results")).to_contain_text("Fields")
    await expect(page).to_have_url(shop.page("/search?q=quantity"))
    await page.get_by_role("searchbox", name="Search all contracts").fill("")
    await expect(page.locator("#results")).to_contain_text("shop-mailer")
    assert await page.inner_text("#results") == home
    await expect(page).to_have_url(shop.page("/"))
    await page.get_by_role("searchbox", name="Search all contracts").fill("quantity")
    await expect(page.locator("#results")).to_contain_text("Fields")

    await find_an_order(page, shop)
    await break_and_mend(page)
    assert re.search("/interactions/[0-9a-f]+/try$", page.url)  # all that without another page
    await page.get_by_label("Headers").fill("no header")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#answer")).to_contain_text("line 1 of the headers is not a header")


async def test_without_scripts(window: Open, shop: Shop) -> None:
    """The same way in a browser that runs no scripts, with a page at each step."""
    page = (await window(java_script_enabled=False)).page
    await page.goto(shop.page("/"))
    search = page.get_by_role("searchbox", name="Search all contracts")
    await search.fill("quantity")
    await search.press("Enter")
    await expect(page).to_have_url(shop.page("/search?q=quantity"))
    await expect(page.get_by_role("searchbox", name="Search all contracts")).to_have_value("quantity")
    await find_an_order(page, shop)
    await break_and_mend(page)
    assert page.url.endswith("/stub/try")
    await expect(page.locator("button.copy:visible")).to_have_count(0)  # which could do nothing
    await page.goto(shop.page("/live"))
    await expect(page.get_by_role("button", name="Pause")).to_be_hidden()


async def test_an_interaction_in_a_state(window: Open, shop: Shop) -> None:
    """An interaction that another one stands before is tried with its provider state, and gives its own answer."""
    page = (await window()).page
    await page.goto(shop.page("/pacts/provider/catalogue/consumer/shop-web/latest/stub"))
    await page.get_by_role("link", name="a list of products when there are none").click()
    await page.get_by_role("link", name="Try this one").click()
    await expect(page.get_by_label("Provider state")).to_have_value("^no products exist$")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#answer h2")).to_have_text("Answered by a list of products when there are none")
    await page.get_by_label("Provider state").fill("nonsense")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#answer h2")).to_have_text("No interaction matches")
    await page.get_by_role("button", name="Apply the fix").first.click()
    await expect(page.locator("#answer h2")).to_contain_text("Answered by a list of products")

"""Keys, copies and filters: what makes pages quick to use."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.conftest import Open, here
from tests.browser.shop import LONG_STUB, ORDERS, Shop

pytestmark = here


async def test_copying(window: Open, shop: Shop) -> None:
    """Every button that copies says so, and puts into the clipboard what stands beside it."""
    page = (await window(permissions=["clipboard-read", "clipboard-write"])).page

    async def copied(name: str) -> str:
        button = page.get_by_role("button", name=f"Copy {name}", exact=True)
        await button.click()
        await expect(button).to_have_text("Copied")
        return str(await page.evaluate("navigator.clipboard.readText()"))

    await page.goto(shop.page(ORDERS))
    assert await copied("the base URL") == shop.stub() == await page.locator(".base code").inner_text()
    await page.goto(shop.page(f"{ORDERS}/interactions/{{order}}"))
    assert await copied("a link to this interaction") == page.url
    for summary in await page.locator(".snippets summary").all():
        label = await summary.inner_text()
        snippet = page.locator(".snippets details", has=page.get_by_text(label, exact=True))
        if await snippet.get_attribute("open") is None:
            await summary.click()
        text = await copied(label)
        assert text.strip() == (await snippet.locator("pre").inner_text()).strip()
        assert "/orders" in text
    await page.goto(shop.page(f"{ORDERS}/openapi"))
    assert (await copied("the address of OpenAPI 3.1 (JSON)")).endswith(f"/_stubserver/export{ORDERS}/openapi.json")
    await page.goto(shop.page("/integrations/orders/shop-web"))
    assert await copied("the stub URL of version 1.0.0") == shop.stub().replace("latest", "version/1.0.0")


async def focused(page: Page) -> str:
    """What has the focus, by its id or its text."""
    return str(await page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))


async def test_the_keyboard(window: Open, shop: Shop) -> None:
    """The first key skips the menu; a slash goes to the search; rules are reached by Tab and opened by Enter."""
    page = (await window()).page
    await page.goto(shop.page(f"{ORDERS}/interactions/{{order}}"))
    await page.keyboard.press("Tab")
    assert await focused(page) == "Skip to the content"
    assert (await page.locator(".skip").bounding_box() or {})["x"] >= 0
    await page.keyboard.press("Enter")
    assert await focused(page) == "main"
    await page.keyboard.press("/")
    assert await focused(page) == "find"
    await page.keyboard.type("a/b")  # a slash in a field is a slash
    await expect(page.locator("#find")).to_have_value("a/b")

    await page.locator("#main").focus()
    note = page.locator(".note").first
    assert await note.locator("summary").count() == 1
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await note.locator("summary").evaluate("(one) => one === document.activeElement"):
            break
    else:
        raise AssertionError("no rule was reached")
    await expect(note.locator(".told")).to_be_hidden()
    await page.keyboard.press("Enter")
    await expect(note.locator(".told")).to_be_visible()
    outline = await note.locator("summary").evaluate("(one) => getComputedStyle(one).outlineStyle")
    assert outline == "solid"
    await page.keyboard.press("Enter")
    await expect(note.locator(".told")).to_be_hidden()


async def test_filters(window: Open, shop: Shop) -> None:
    """Text, method and state narrow the list at once, stand in the address, and are there after loading anew."""
    page = (await window()).page
    await page.goto(shop.page(ORDERS))
    rows = page.locator("#part .rows li")
    await expect(rows).to_have_count(4)
    await page.get_by_label("Find", exact=True).press_sequentially("postcode", delay=10)
    await expect(rows).to_have_count(2)
    await expect(page.locator(".count")).to_have_text("2 interactions of 4, 1 endpoint")
    await page.get_by_label("State").select_option("the customer is signed in")
    await expect(rows).to_have_count(1)
    await expect(page).to_have_url(shop.page(f"{ORDERS}?q=postcode&state=the+customer+is+signed+in"))
    await page.reload()
    await expect(rows).to_have_count(1)
    await expect(page.get_by_label("Find", exact=True)).to_have_value("postcode")
    await expect(page.get_by_label("State")).to_have_value("the customer is signed in")

    await page.get_by_label("Method").select_option("GET")
    await expect(page.locator("#part")).to_contain_text("No interaction fits.")
    await page.get_by_role("link", name="Show all").click()
    await expect(rows).to_have_count(4)
    await expect(page.get_by_label("Method")).to_have_value("")
    await page.wait_for_load_state()
    await page.get_by_label("State").select_option("-")
    await expect(rows).to_have_text(["an order without signing in 401"])
    await page.get_by_label("State").select_option("")
    await page.get_by_label("Method").select_option("GET")
    await expect(rows).to_have_count(1)
    await rows.get_by_role("link").click()
    await page.go_back()
    await expect(rows).to_have_count(1)
    await expect(page.get_by_label("Method")).to_have_value("GET")

    await page.goto(shop.page("/providers/orders/stub"))
    await page.get_by_label("Consumer").select_option("shop-ios")
    await expect(rows).to_have_count(1)
    await page.goto(shop.page("/providers/orders/stub/usage"))
    await page.get_by_label("Find", exact=True).fill("quantity")
    await expect(page.locator("#part .count")).to_have_text("1 endpoint")
    await page.reload()
    await expect(page.locator("#part .count")).to_have_text("1 endpoint")


async def test_the_picture(window: Open, shop: Shop) -> None:
    """The network leads to the stubs, by its arrows, its boxes and its list."""
    page = (await window()).page
    await page.goto(shop.page("/network"))
    await page.get_by_role("link", name="shop-mailer uses orders").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/consumer/shop-mailer/latest/stub")
    await expect(page.locator("#messages + ul")).to_contain_text("an order was placed")
    await expect(page.locator("#skipped ~ ul").last).to_contain_text("aGuess")
    await page.goto(shop.page("/network"))
    await page.get_by_label("Around").fill("catalogue")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator(".lead")).to_contain_text("3 applications, 2 integrations")
    await page.get_by_role("group").get_by_role("link", name="catalogue", exact=True).click()
    await page.wait_for_url("**/providers/catalogue/stub/usage")
    await page.goto(shop.page(f"{LONG_STUB}?q=nothing"))
    await expect(page.locator("#part")).to_contain_text("No interaction fits.")

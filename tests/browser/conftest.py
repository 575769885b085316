"""One browser for all tests of this room, and one server with something of everything.

They live on one event loop, which is that of the tests here as well; so each module of tests is marked with `here`.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from tests.browser.shop import Shop, open_shop
from tests.hosted.conftest import Host, hosts

here = pytest.mark.asyncio(loop_scope="package")
_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_MILLISECONDS = 15_000.0  # that anything on a page gets to happen


class Window:
    """A window of a browser that is just opened: its page, and what went wrong on it so far."""

    def __init__(self, context: BrowserContext, page: Page, expected: tuple[str, ...]) -> None:
        """`expected` are words of complaints that the browser may have, such as one of a status that is meant."""
        self.context = context
        self.page = page
        self.troubles: list[str] = []
        self.expected = expected
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.troubles.append(f"error on {page.url}: {error}"))

    def _note(self, message: ConsoleMessage) -> None:
        # What the Content-Security-Policy refuses is told as an error, too.
        if message.type in ("error", "warning") and not any(words in message.text for words in self.expected):
            self.troubles.append(f"{message.type} on {self.page.url}: {message.text}")


Open = Callable[..., Awaitable[Window]]


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    """Chromium; the tests are skipped where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for found in map(shutil.which, names) if found is not None), None)
    if path is None:
        pytest.skip("needs Chromium: chromium, chromium-browser or google-chrome in the PATH")
    expect.set_options(timeout=_MILLISECONDS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_OPTIONS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="package")
async def window(browser: Browser) -> AsyncIterator[Open]:
    """Open windows that share nothing: `await window(color_scheme="dark")`. In the end, nothing went wrong in any."""
    opened: list[Window] = []

    async def open_one(*expected: str, **options: Any) -> Window:
        context = await browser.new_context(**options)
        context.set_default_timeout(_MILLISECONDS)
        opened.append(Window(context, await context.new_page(), expected))
        return opened[-1]

    yield open_one
    for one in opened:
        await one.context.close()
    assert [trouble for one in opened for trouble in one.troubles] == []


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def shared_window(browser: Browser) -> AsyncIterator[Window]:
    """A window that stays open, since opening one takes longer than opening a page."""
    context = await browser.new_context()
    context.set_default_timeout(_MILLISECONDS)
    yield Window(context, await context.new_page(), ())
    await context.close()


@pytest.fixture
def viewer(shared_window: Window) -> Iterator[Window]:
    """A window for whoever only looks at pages. In the end, nothing went wrong in it."""
    shared_window.troubles.clear()
    shared_window.expected = ()
    yield shared_window
    assert shared_window.troubles == []


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A server with something of everything, which no test changes but by sending requests to its stubs."""
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        async with hosts(folder) as start:
            yield await open_shop(await start())


@pytest_asyncio.fixture(loop_scope="package")
async def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    """Start hosted servers on the event loop of this room."""
    monkeypatch.chdir(tmp_path)
    async with hosts(tmp_path) as start:
        yield start

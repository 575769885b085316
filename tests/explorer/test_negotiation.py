"""Browsers get pages, everyone else what they always got; and links are as people reach the server."""

from __future__ import annotations

import base64
import json
import tracemalloc
from typing import Any
from urllib.parse import urljoin

import pytest

from stubserver.ui.pages import static_file
from tests.conftest import Running, Serve, http_pact
from tests.explorer.pages import AS_BROWSER, UI, Page, faults_of, page, post, ui
from tests.hosted.conftest import Host, put_pact
from tests.wire import send_raw

SHOP = http_pact(
    {"request": {"path": "/a"}, "response": {"status": 201}},
    {"request": {"path": "/b/c", "query": {"q": ["1"]}}, "response": {"status": 200}},
    consumer="web",
    provider="shop",
)
PACT = "/pacts/provider/shop/consumer/web"
STUB = f"{PACT}/latest/stub"


async def shop(host: Host, **settings: Any) -> Running:
    """A server with a pact."""
    running = await host(**settings)
    await put_pact(running, SHOP, "1")
    return running


async def raw(running: Running, target: str, *lines: str) -> tuple[int, dict[str, str], bytes]:
    """A GET with these header lines only."""
    head = "\r\n".join([f"GET {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *lines, "", ""])
    return await send_raw(running.url, head.encode())


async def test_the_root_of_a_host(host: Host) -> None:
    """A browser that opens the address gets to the explorer; clients get the index of the API."""
    running = await shop(host)
    status, headers, _ = await running.get("/", headers=AS_BROWSER)
    assert (status, headers["Location"]) == (303, f"{UI}/")
    assert "Accept" in headers["Vary"]
    for line in (["Accept: */*"], ["Accept: application/hal+json"], ["Accept: application/json"], []):
        for _ in range(2):
            status, fields, body = await raw(running, "/", *line)
            assert (status, fields["content-type"].partition(";")[0]) == (200, "application/hal+json"), line
            assert "_links" in json.loads(body)
    status, _, _ = await running.get("/", headers={"Accept": "text/html, application/hal+json"})
    assert status == 200


@pytest.mark.parametrize(
    "target", [f"{PACT}/latest", f"{PACT}/version/1", f"{PACT}/versions", "/pacts/latest", "/environments"]
)
async def test_resources(host: Host, target: str) -> None:
    """Whoever follows a link of the API in a browser gets a page about the same, or the data; clients get the data."""
    running = await shop(host)
    status, headers, body = await running.get(target, headers=AS_BROWSER)
    if status == 303:
        assert headers["Location"].startswith(f"{UI}/")
        await page(running, headers["Location"])
    else:
        assert status == 200
        json.loads(body)
    for line in (["Accept: */*"], ["Accept: application/hal+json"], []):
        status, _, body = await raw(running, target, *line)
        assert status == 200
        json.loads(body)


@pytest.mark.parametrize(
    ("target", "place"),
    [(f"{PACT}/latest", "latest"), (f"{PACT}/version/1", "version/1"), (f"{PACT}/latest/prod", "latest/prod")],
)
async def test_the_url_of_a_pact(host: Host, target: str, place: str) -> None:
    """In a browser, the URL of a pact is its page, and that of its very version, tag or branch."""
    running = await shop(host)
    tag = "/pacticipants/web/versions/1/tags/prod"
    assert (await running.request("PUT", tag, headers={"Content-Type": "application/json"}))[0] == 201
    status, headers, _ = await running.get(target, headers=AS_BROWSER)
    assert (status, headers["Location"]) == (303, f"{UI}{PACT}/{place}/stub")
    shown = await page(running, headers["Location"])
    assert "case 0" in shown.text


async def test_the_root_of_a_server_of_files(serve: Serve) -> None:
    """It belongs to the stubs; only where no interaction answers it, a browser gets to the explorer."""
    running = await serve(SHOP)
    for _ in range(3):
        status, headers, _ = await running.get("/", headers=AS_BROWSER)
        assert (status, headers["Location"]) == (303, f"{UI}/")
        status, headers, body = await running.get("/", headers={"Accept": "*/*"})
        assert (status, headers["X-Stub-Match"]) == (500, "none")
        assert json.loads(body)["error"] == "no-match"
        assert (await running.request("POST", "/", headers=AS_BROWSER))[0] == 500
    running = await serve(http_pact({"request": {"path": "/"}, "response": {"status": 207}}))
    for _ in range(3):
        assert (await running.get("/", headers=AS_BROWSER))[0] == 207
        assert (await running.get("/"))[0] == 207
    await ui(running, "/")


@pytest.mark.parametrize("status", [500, 404])
async def test_misses(host: Host, serve: Serve, status: int) -> None:
    """A miss in a browser is a page with the status of misses; for others JSON, or text where they want that."""
    for running, base in (
        (await shop(host, no_match_status=status), STUB),
        (await serve(SHOP, no_match_status=status), ""),
    ):
        for _ in range(3):  # from the caches as well
            found, headers, body = await running.get(f"{base}/b/c?q=2", headers=AS_BROWSER)
            assert (found, headers["X-Stub-Match"]) == (status, "none")
            assert faults_of(body, headers) == []
            shown = Page(body)
            assert "GET /b/c?q=2" in shown.text
            assert "case 1" in shown.text
            links = [href for href in shown.links(UI) if href.endswith("/stub")]
            assert links
            await page(running, links[0])
        for accept, kind in (
            ("*/*", "application/json"),
            ("application/json", "application/json"),
            ("text/plain", "text/plain"),
            ("text/html, application/json", "application/json"),
            ("text/plain, text/html", "text/html"),
        ):
            found, headers, body = await running.get(f"{base}/b/c?q=2", headers={"Accept": accept})
            assert (found, headers["Content-Type"].partition(";")[0]) == (status, kind), accept
        found, _, body = await raw(running, f"{base}/b/c?q=2")
        assert (found, json.loads(body)["error"]) == (status, "no-match")


async def test_a_miss_goes_to_the_console(serve: Serve) -> None:
    """What missed is taken to the console byte by byte, without what browsers add; state and seed have their fields."""
    running = await serve(SHOP)
    chosen = {"X-Mine": "1", "X-Stub-State": "open", "X-Stub-Seed": "7", "Content-Type": "image/png"}
    sent = {**AS_BROWSER, "Cookie": "a=b", "Sec-Fetch-Mode": "navigate", "User-Agent": "x", **chosen}
    _, _, body = await running.request("POST", "/providers/shop/stub/b?c=%20d", data=b"\x89PNG\0\xff", headers=sent)
    shown = Page(body)
    fields = shown.fields
    assert (fields["method"], fields["target"], fields["state"], fields["seed"]) == ("POST", "/b?c=%20d", "open", "7")
    assert fields["headers"].splitlines() == ["X-Mine: 1", "Content-Type: image/png"]
    assert (fields["body"], base64.b64decode(fields["encoded"])) == ("", b"\x89PNG\0\xff")
    [form] = [its for its in shown.all("form", method="post") if its["action"].endswith("/try")]
    status, headers, body = await post(running, form["action"].removeprefix(UI), fields)
    assert (status, faults_of(body, headers)) == (200, [])
    again = Page(body)
    assert "No interaction matches" in again.text
    assert again.fields["encoded"] == fields["encoded"]


async def test_misses_by_both_ways(serve: Serve) -> None:
    """The page of a miss is the same whichever way the request took."""
    texts = []
    for fast in (True, False):
        running = await serve(SHOP, fast_path=fast)
        _, headers, body = await running.get("/b/c?q=2", headers=AS_BROWSER)
        assert faults_of(body, headers) == []
        texts.append(Page(body).text.partition("made in")[0].replace(running.url, ""))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_methods(host: Host, method: str) -> None:
    """A page takes GET and HEAD; a method that it does not know is refused with 405."""
    running = await shop(host)
    for path in ("/", "/search", "/live", STUB, f"{STUB}/usage"):
        sent = {**AS_BROWSER, "Origin": running.url}
        status, _, _ = await running.request(method, UI + path, headers=sent)
        assert status in ((200,) if method in ("GET", "HEAD") else (404, 405)), path


async def test_problems_of_pages(host: Host) -> None:
    """What is not there is a page for browsers, and JSON for those who want that."""
    running = await shop(host)
    for path in ("/nothing", "/live/0-1", "/integrations/a/b", "/providers/nobody/stub", f"{STUB}/interactions/x"):
        await ui(running, path, 404)
        status, headers, body = await running.get(UI + path, headers={"Accept": "application/json"})
        assert (status, headers["Content-Type"].partition(";")[0]) == (404, "application/problem+json"), path
        assert json.loads(body)["status"] == 404


PREFIXED: list[tuple[dict[str, Any], dict[str, str], str]] = [
    ({"base_url": "http://127.0.0.1/broker"}, {}, ""),
    ({"base_url": "http://127.0.0.1/broker"}, {}, "/broker"),
    ({"trusted_proxy": ["127.0.0.0/8"]}, {"X-Forwarded-Prefix": "/broker/"}, ""),
]


@pytest.mark.parametrize(("settings", "sent", "before"), PREFIXED, ids=["taken-away", "left", "proxy"])
async def test_all_links_carry_the_prefix(
    host: Host, settings: dict[str, Any], sent: dict[str, str], before: str
) -> None:
    """Below a path, every link, form, file and redirect of every page is below it, whether a proxy leaves it or not."""
    running = await host(allow_open=True, **settings)
    await put_pact(running, SHOP, "1", before, headers=sent)
    await put_pact(running, http_pact({"request": {"path": "/z"}}, consumer="web", provider="shop"), "2", before)
    await running.get(f"{before}{STUB}/miss?x", headers=sent)
    todo, seen = [f"/broker{UI}/"], {f"/broker{UI}/"}
    while todo:
        target = todo.pop()
        asked = before + target.removeprefix("/broker")
        status, headers, body = await running.get(asked, headers={**AS_BROWSER, **sent})
        assert status in (200, 303), target
        if status == 303:
            assert headers["Location"].startswith("/broker/"), target
            continue
        if not headers["Content-Type"].startswith("text/html"):
            continue
        for tag, its in Page(body).elements:
            for name in ("href", "src", "action", "data-instant", "data-stream", "data-openapi"):
                link = its.get(name)
                if link is None or link.startswith("#"):
                    continue
                assert link.startswith("/broker/_stubserver/"), (target, tag, link)
                if "/interactions/" in link and "?" in link:
                    continue  # of the control door, which knows the latest only
                if link not in seen and tag != "form" and name != "data-stream" and len(seen) < 120:
                    seen.add(link)
                    todo.append(link)
    assert len(seen) > 20
    shown = Page((await running.get(before + UI + STUB, headers={**AS_BROWSER, **sent}))[2])
    assert "/broker/pacts/provider/shop/consumer/web/latest/stub" in shown.text


@pytest.mark.parametrize(("settings", "sent", "before"), PREFIXED, ids=["taken-away", "left", "proxy"])
@pytest.mark.parametrize("target", ["/", UI, f"{PACT}/latest"])
async def test_redirects_carry_the_prefix(
    host: Host, settings: dict[str, Any], sent: dict[str, str], before: str, target: str
) -> None:
    """Nobody is sent out of the path below which the server is."""
    running = await host(allow_open=True, **settings)
    await put_pact(running, SHOP, "1", before, headers=sent)
    status, headers, _ = await running.get(before + target, headers={**AS_BROWSER, **sent})
    assert status == 303
    assert urljoin(f"/broker{target}", headers["Location"]).startswith(f"/broker{UI}/")


async def test_a_prefix_of_anybody(host: Host) -> None:
    """Only a trusted proxy may say what comes before all paths."""
    running = await shop(host)
    shown = await ui(running, "/", headers={"X-Forwarded-Prefix": "/evil", "X-Forwarded-Host": "evil.example"})
    assert "evil" not in shown.source


async def test_forms_behind_a_proxy(host: Host) -> None:
    """A form that is sent through a proxy is taken, though the host that it names is not ours."""
    running = await host(trusted_proxy=["127.0.0.0/8"], allow_open=True)
    sent = {"X-Forwarded-Host": "stubs.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/broker"}
    status, headers, _ = await post(
        running, "/environments", {"name": "uat"}, Origin="https://stubs.example.com", **sent
    )
    assert (status, headers["Location"]) == (303, f"/broker{UI}/environments#uat")


async def test_static_files(host: Host) -> None:
    """Files beside pages are what they are called, may be kept, and nothing else is given from there."""
    running = await shop(host)
    for its in [*(await ui(running, "/")).all("script"), *(await ui(running, "/")).all("link")]:
        target = its.get("src") or its["href"]
        status, headers, body = await running.get(target)
        assert status == 200
        assert body
        assert "immutable" in headers["Cache-Control"]
        assert headers["X-Content-Type-Options"] == "nosniff"
    for name in ("nothing.js", "..%2fpages.py", "..%2Ftemplates%2Fhome.html", "%00.css", "a" * 300 + ".css", "%FF.css"):
        assert (await running.get(f"{UI}/static/{name}"))[0] == 404, name
        assert (await running.get(f"{UI}/swagger/{name}"))[0] == 404, name


def test_names_of_files_are_not_kept() -> None:
    """Whoever asks for files that are not there, under ever new names, takes no memory."""
    tracemalloc.start()
    for number in range(2000):
        assert static_file(f"{number}{'x' * 2000}.txt") is None
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_000_000

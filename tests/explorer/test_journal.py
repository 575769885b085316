"""The latest requests: what is kept of them, in which bounds, and that nothing of a secret leaves the server."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import re
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from stubserver.security import Role
from stubserver.web.journal import Journal
from tests.conftest import Running, Serve, http_pact
from tests.explorer.pages import AS_BROWSER, UI, Page, page, post, publish, ui
from tests.explorer.people import guarded, revoke, signed_in, token_of
from tests.hosted.conftest import Host, put_pact


def body_of(content: Any, kind: str = "application/json") -> dict[str, Any]:
    """A body of V4."""
    return {"content": content, "contentType": kind}


SHOP = http_pact(
    {"description": "all orders", "request": {"path": "/orders"}, "response": {"status": 200}},
    {
        "description": "a new order",
        "request": {
            "method": "POST",
            "path": "/orders",
            "headers": {"Authorization": ["Bearer recorded"], "Content-Type": ["application/json"]},
            "body": body_of({"id": 1, "password": "recorded", "name": "n"}),
        },
        "response": {"status": 201},
    },
    {
        "description": "a search",
        "request": {"path": "/search", "query": {"q": ["1"], "api_key": ["recorded"]}, "headers": {"X-Api-Key": ["r"]}},
        "response": {"status": 202},
    },
    provider="shop",
)
EMPTY = http_pact(provider="shop")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists are worked out for each who asks, so that tests need not wait for what just came."""
    monkeypatch.setattr("stubserver.web.explorer.reports._LATELY", -1.0)


async def entries(running: Running, query: str = "", **headers: str) -> list[str]:
    """The links of the requests on the live page."""
    return (await ui(running, f"/live{query}", headers=headers)).links(f"{UI}/live/")


async def newest(running: Running, **headers: str) -> Page:
    """The page of the latest request."""
    return await page(running, (await entries(running, "?sort=time", **headers))[0], headers=headers)


# --- Bounds


def test_bounds_of_entries() -> None:
    """Of hits the latest are kept, of misses a fifth as many; no hit drives out a miss, and no miss a hit."""
    journal = Journal(10)
    for number in range(3):
        journal.note(b"-", b"GET /miss%d HTTP/1.1\r\n\r\n" % number, (500, 1, "none", "-"))
    for number in range(100):
        journal.note(b"-", b"GET /hit%d HTTP/1.1\r\n\r\n" % number, (200, 1, "exact", "x"))
    found = [line.target for line in journal.lines()]
    assert found == ["/miss2", "/miss1", *(f"/hit{number}" for number in range(99, 89, -1))]
    assert (len(journal), journal.misses) == (12, 2)
    for number in range(100):
        journal.note(b"-", b"GET /miss HTTP/1.1\r\n\r\n", (401, number, "refused", "-"))
    assert len(list(journal.lines(outcome="exact"))) == 10
    assert [line.facts[1] for line in journal.lines(outcome="refused")] == [99, 98]


def test_bounds_of_bytes() -> None:
    """However much comes, a bounded number of bytes is kept, and an entry tells that it is not whole."""
    journal = Journal(100)
    head = b"POST /x HTTP/1.1\r\nContent-Length: 200000\r\n\r\n"
    tracemalloc.start()
    for outcome in ("none", "exact", "refused", "lenient", "preflight"):
        for _ in range(200):
            journal.note(b"-", head + bytes(200_000), (500, 1, outcome, "-"))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 7_000_000
    kept = [journal.find(line.number) for line in journal.lines()]
    assert kept
    assert all(entry is not None and entry.is_cut for entry in kept)
    assert journal.misses >= 10


async def test_bounds_over_http(host: Host) -> None:
    """A flood of hits leaves the misses where they are; the page tells how many of each there are."""
    running = await host(journal=20)
    await put_pact(running, SHOP, "1")
    stub = "/providers/shop/stub"
    await running.get(f"{stub}/missing")
    for _ in range(100):
        await running.get(f"{stub}/orders")
    shown = await ui(running, "/live")
    assert "21 requests kept" in shown.text
    assert "1 miss" in shown.text
    assert len(shown.links(f"{UI}/live/")) == 21
    assert "/missing" in shown.rows()[1][1]
    for _ in range(30):
        await running.get(f"{stub}/missing")
    assert "4 misses" in (await ui(running, "/live")).text


async def test_lists_are_shared(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for the same list at about the same time gets the same; a moment later, what came since is there."""
    monkeypatch.setattr("stubserver.web.explorer.reports._LATELY", 0.4)
    running = await host()
    await put_pact(running, SHOP, "1")
    assert await entries(running) == []
    await running.get("/providers/shop/stub/orders")
    assert len(await entries(running, "?sort=time")) == 1  # another question
    assert await entries(running) == []
    await asyncio.sleep(0.45)
    assert len(await entries(running)) == 1


async def test_off(host: Host) -> None:
    """With journal=0 nothing is kept; the page says so, there is no stream and no entry."""
    running = await host(journal=0)
    await put_pact(running, SHOP, "1")
    await running.get("/providers/shop/stub/orders")
    shown = await ui(running, "/live")
    assert "--journal 0" in shown.text
    assert not [its for _, its in shown.elements if "data-stream" in its]
    status, headers, _ = await running.get(f"{UI}/live/stream", headers={"Accept": "text/event-stream"})
    assert (status, headers["Content-Type"].partition(";")[0]) == (404, "application/problem+json")
    await ui(running, "/live/0-1", 404)


# --- What is told of a request


async def test_the_list(host: Host) -> None:
    """Each request has its line: when, what, the status, the outcome, from whom; misses first, or the newest."""
    running = await host()
    await put_pact(running, SHOP, "1")
    stub = "/providers/shop/stub"
    await running.get(f"{stub}/nope?x=1")
    await running.get(f"{stub}/orders")
    shown = await ui(running, "/live")
    first, second = shown.rows()[1:]
    assert (first[2], first[4]) == ("500", "127.0.0.1")
    for text in ("GET", stub, "/nope?x=1"):
        assert text in first[1]
    assert "no match" in first[3]
    assert second[2] == "200"
    for text in ("GET", stub, "/orders"):
        assert text in second[1]
    assert "/orders" in (await ui(running, "/live?sort=time")).rows()[1][1]
    assert len(await entries(running, "?outcome=exact")) == 1
    assert len(await entries(running, "?outcome=none")) == 1
    assert len(await entries(running, "?q=nope+get")) == 1
    assert await entries(running, "?q=nothing+of+that") == []
    hit = await newest(running)
    assert "Answered by" in hit.text
    [link] = [href for href in hit.links(UI) if "/interactions/" in href]
    assert "all orders" in (await page(running, link)).text


async def test_pages_of_the_list(host: Host) -> None:
    """Fifty are on a page; the rest on further ones, each once."""
    running = await host()
    await put_pact(running, SHOP, "1")
    for number in range(120):
        await running.get(f"/providers/shop/stub/orders?n={number}")
    seen: list[str] = []
    for number in (1, 2, 3, 9):
        seen += await entries(running, f"?sort=time&page={number}")
    assert len(seen) == 50 + 50 + 20 + 20
    assert len(set(seen)) == 120


_BODY = b'{"id": 2}'
_ZIPPED = gzip.compress(_BODY, mtime=0)
# How a request comes: the version of HTTP, a header line of its own, its body.
WAYS = {
    "plain": (b"1.1", b"Content-Length: 9", _BODY),
    "closing": (b"1.1", b"Connection: close\r\nContent-Length: 9", _BODY),
    "old": (b"1.0", b"Content-Length: 9", _BODY),
    "chunked": (
        b"1.1",
        b"Transfer-Encoding: chunked",
        b"4\r\n" + _BODY[:4] + b"\r\n5\r\n" + _BODY[4:] + b"\r\n0\r\n\r\n",
    ),
    "compressed": (b"1.1", b"Content-Encoding: gzip\r\nContent-Length: %d" % len(_ZIPPED), _ZIPPED),
}


@pytest.mark.parametrize("way", WAYS)
async def test_requests_by_all_ways(host: Host, way: str) -> None:
    """Whichever way a request takes through the server, its entry shows it whole, and why nothing matched."""
    running = await host()
    await put_pact(running, SHOP, "1")
    version, line, body = WAYS[way]
    lines = [b"POST /providers/shop/stub/orders?a=b%20c HTTP/" + version, b"Host: h", b"X-Mark: m", line]
    sent = b"\r\n".join([*lines, b"Content-Type: application/json", b"", body])
    reader, writer = await asyncio.open_connection(*running.url.removeprefix("http://").split(":"))
    writer.write(sent)
    await writer.drain()
    assert b" 500 " in await reader.readline()
    writer.close()
    await writer.wait_closed()
    shown = await newest(running)
    assert "POST /providers/shop/stub/orders?a=b%20c" in shown.text
    assert "Only the beginning" not in shown.text
    for text in ("X-Mark: m", '"id": 2', "Content-Type: application/json", "Why nothing matched", "a new order"):
        assert text in shown.text, text
    assert shown.fields["method"] == "POST"
    assert json.loads(shown.fields["body"]) == {"id": 2}


@pytest.mark.parametrize("fast", [True, False])
async def test_both_ways_note_alike(serve: Serve, fast: bool) -> None:
    """What is kept is the same with the fast path and without: hits, misses, preflights, refusals, long bodies."""
    running = await serve(SHOP, fast_path=fast, max_body=100_000)
    bodies = [
        b"",
        b'{"id": 2}',
        b'{"id": 2, "long": "' + b"x" * 10_000 + b'"}',
        b'"' + b"y" * 90_000 + b'"',
        b"z" * 200_000,
    ]
    for content in bodies:
        sent = {"Content-Type": "application/json", "X-Mark": "m"}
        await running.request("POST", "/orders?a=1", data=io.BytesIO(content), headers=sent)
    for _ in range(3):
        await running.get("/orders")
    asked = {"Origin": "http://ui", "Access-Control-Request-Method": "GET"}
    await running.request("OPTIONS", "/orders", headers=asked)
    shown = await ui(running, "/live?sort=time")
    told = [row[1:] for row in shown.rows()[1:]]
    assert [row[1] for row in told] == ["204", "200", "200", "200", "413", "500", "500", "500", "500"]
    assert [row[0] for row in told[4:]] == ["POST /orders?a=1"] * 5
    pages = [await page(running, href) for href in shown.links(f"{UI}/live/")]
    for number, its in enumerate(pages[5:]):
        assert ("Only the beginning" in its.text) is (number == 0), number
    assert "Why nothing matched" in pages[6].text
    assert "10,0" in pages[6].text


async def test_a_miss_and_what_mends_it(host: Host) -> None:
    """From a miss one gets to the nearest interaction, and to the console with the request, where a fix is offered."""
    running = await host()
    await put_pact(running, SHOP, "1")
    sent = {"Content-Type": "application/json", "X-Stub-State": "open", "X-Stub-Seed": "7"}
    await running.request("POST", "/providers/shop/stub/orders", data=b'{"id": 2}', headers=sent)
    shown = await newest(running)
    assert "Why nothing matched" in shown.text
    assert "a new order" in shown.text
    [near] = [href for href in shown.links(UI) if "/interactions/" in href][:1]
    assert "a new order" in (await page(running, near)).text
    fields = shown.fields
    assert (fields["method"], fields["target"], fields["state"], fields["seed"]) == ("POST", "/orders", "open", "7")
    assert "Host" not in fields["headers"]
    [form] = [its for its in shown.all("form", method="post") if its["action"].endswith("/try")]
    status, _, body = await post(running, form["action"].removeprefix(UI), fields)
    tried = Page(body)
    assert status == 200
    assert "No interaction matches" in tried.text
    assert "Apply the fix" in tried.text


async def test_what_changed_since(host: Host) -> None:
    """Once the contract has what was asked for, the entry says that it matches by now."""
    running = await host()
    await put_pact(running, SHOP, "1")
    await running.get("/providers/shop/stub/new")
    assert "By what is published now" not in (await newest(running)).text
    more = {"request": {"path": "/new"}, "response": {"status": 200}}
    await put_pact(running, http_pact(more, provider="shop"), "2")
    assert "By what is published now, this request matches" in (await newest(running)).text
    await running.request("DELETE", "/pacticipants/shop")
    assert "no stub of" in (await newest(running)).text


async def test_host_names(host: Host) -> None:
    """A request to a stub by its host name is explained, and leads to the pages of that stub."""
    running = await host()
    await put_pact(running, SHOP, "1")
    for name in ("shop.localhost", "web--shop.localhost"):
        await running.get("/new", headers={"Host": name})
        shown = await newest(running)
        assert "GET /new" in shown.text
        [form] = [its for its in shown.all("form", method="post") if its["action"].endswith("/try")]
        await page(running, form["action"])
    await running.get("/new", headers={"Host": "nobody.localhost"})
    assert "404" in (await newest(running)).text


async def test_requests_to_nothing_and_to_ourselves(serve: Serve) -> None:
    """Pages and the API are in no journal; a server without interactions has misses."""
    running = await serve(EMPTY)
    await running.get("/_stubserver/health")
    await ui(running, "/")
    assert await entries(running) == []
    await running.get("/anything")
    assert "Why nothing matched" in (await newest(running)).text


# --- Secrets

SECRET = "hunter2-Tr0ub4dor"
OURS = "stubserver_rw_" + "Zq9" * 14 + "x"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ6YXBob2QifQ.c2lnbmF0dXJlLWJ5dGVz"
KIND = {"json": "application/json", "form": "application/x-www-form-urlencoded", "xml": "application/xml"}


def _sent() -> Iterator[tuple[str, str, dict[str, str], bytes]]:
    """Requests with a secret: what it is called, target, headers, body."""
    for name, value in (
        ("Authorization", f"Bearer {SECRET}"),
        ("authorization", SECRET),
        ("Authorization", f"Digest username=x, response={SECRET}"),
        ("Authorization", "Basic " + base64.b64encode(f"user:{SECRET}".encode()).decode()),
        ("Proxy-Authorization", f"Basic {SECRET}"),
        ("Cookie", f"sid={SECRET}; other={SECRET}2"),
        ("X-Api-Key", SECRET),
        ("apikey", SECRET),
        ("X-Auth-Token", SECRET),
        ("X-Amz-Security-Token", SECRET),
        ("X-Csrf-Token", SECRET),
        ("X-Client-Secret", SECRET),
        ("X-Signature", SECRET),
        ("X-Session-Id", SECRET),
    ):
        yield f"header {name} {value[:8]}", "/orders", {name: value}, b""
    for name in (
        "token",
        "access_token",
        "api_key",
        "apiKey",
        "password",
        "client_secret",
        "sig-signature",
        "auth",
        "pin",
    ):
        yield f"query {name}", f"/search?a=1&{name}={SECRET}&b=2", {}, b""
    yield "query, name encoded", f"/search?%74oken={SECRET}", {}, b""
    yield "query, value encoded", f"/search?token={quote(SECRET).replace('-', '%2D')}", {}, b""
    yield "query, brackets", f"/search?user[password]={SECRET}", {}, b""
    for document in (
        {"password": SECRET},
        {"user": {"credentials": {"deep": [SECRET, {"x": SECRET}]}}},
        {"tokens": [SECRET, SECRET]},
        {"list": [{"accessToken": SECRET}]},
        {"id": 1, "password": SECRET, "name": "n"},
        {"cardNumber": SECRET},
    ):
        yield f"json {document}", "/orders", {"Content-Type": KIND["json"]}, json.dumps(document).encode()
    yield "json of no type", "/orders", {}, json.dumps({"password": SECRET}).encode()
    yield "json, broken", "/orders", {"Content-Type": KIND["json"]}, b'{"password": "%s"' % SECRET.encode()
    yield "form", "/orders", {"Content-Type": KIND["form"]}, f"a=1&password={SECRET}".encode()
    yield (
        "form, encoded",
        "/orders",
        {"Content-Type": KIND["form"]},
        f"pass%77ord={SECRET.replace('-', '%2d')}".encode(),
    )
    for text in (
        f"<a><password>{SECRET}</password></a>",
        f'<a password="{SECRET}"/>',
        f"<a><ns:token xmlns:ns='u'> {SECRET} </ns:token></a>",
        f'<a><password kind="plain">{SECRET}</password></a>',
        f"<a><password><![CDATA[{SECRET}]]></password></a>",
        f"<a><credentials><user>u</user><value>{SECRET}</value></credentials></a>",
    ):
        yield f"xml {text}", "/orders", {"Content-Type": KIND["xml"]}, text.encode()
    parts = f'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\n{SECRET}\r\n--x--\r\n'
    yield "multipart", "/orders", {"Content-Type": "multipart/form-data; boundary=x"}, parts.encode()
    yield "text", "/orders", {"Content-Type": "text/plain"}, f"password: {SECRET}\nx".encode()


async def leaks(running: Running, secret: str, **headers: str) -> list[str]:
    """The pages about requests that have a secret in them, in any spelling."""
    found = []
    spellings = {secret, quote(secret), quote(secret).replace("-", "%2D"), quote(secret).replace("-", "%2d")}
    spellings |= {base64.b64encode(f"user:{secret}".encode()).decode()}
    links = await entries(running, **headers)
    for target in (f"{UI}/live", f"{UI}/live?outcome=none", *links):
        shown = await page(running, target, headers=headers)
        text = shown.source + "".join(value for _, its in shown.elements for value in its.values()) + shown.text
        found += [target for spelling in spellings if spelling in text]
    reports = running.server._reports  # what workers tell each other
    told = json.dumps(
        [await reports.tell_rows({}), *[await reports.tell_entry({"number": n}) for n in _numbers(links)]]
    )
    return found + [f"told: {spelling}" for spelling in spellings if spelling in told]


def _numbers(links: list[str]) -> list[str]:
    return [link.rpartition("-")[2] for link in links]


@pytest.mark.parametrize(("target", "sent", "body"), [its[1:] for its in _sent()], ids=[its[0][:60] for its in _sent()])
async def test_secrets_are_blotted(serve: Serve, target: str, sent: dict[str, str], body: bytes) -> None:
    """What a name calls a secret stands on no page about the request: not in the list, not in why nothing matched."""
    running = await serve(SHOP)
    method = "POST" if body else "GET"
    await running.request(method, target, data=body or None, headers=sent)
    await running.request("DELETE", target, data=body or None, headers=sent)
    links = await entries(running)
    assert len(links) == 2
    assert await leaks(running, SECRET) == []
    assert "•••" in (await page(running, links[0])).source


@pytest.mark.parametrize(
    ("target", "sent", "body"),
    [
        (f"/orders/{OURS}", {}, b""),
        (f"/search?x={OURS}", {}, b""),
        ("/orders", {"X-Anything": OURS}, b""),
        ("/orders", {"X-Anything": f"it is {OURS}."}, b""),
        ("/orders", {"Authorization": "Basic " + base64.b64encode(f"{OURS}:".encode()).decode()}, b""),
        ("/orders", {"Content-Type": "application/json"}, json.dumps({"x": [f"a {OURS}"], OURS: 1}).encode()),
        ("/orders", {"Content-Type": "text/plain"}, OURS.encode()),
        ("/orders", {"Content-Type": "application/xml"}, f"<a>{OURS}</a>".encode()),
    ],
    ids=["path", "query", "header", "sentence", "basic", "json", "text", "xml"],
)
async def test_our_tokens_are_blotted(serve: Serve, target: str, sent: dict[str, str], body: bytes) -> None:
    """One of our tokens is blotted wherever it stands; so is a JSON web token."""
    running = await serve(SHOP)
    for token in (OURS, JWT):
        its = {name: value.replace(OURS, token) for name, value in sent.items()}
        content = body.replace(OURS.encode(), token.encode())
        await running.request("PUT", target.replace(OURS, token), data=content or None, headers=its)
        assert await leaks(running, token) == []
        encoded = base64.b64encode(f"{OURS}:".encode()).decode()
        assert encoded not in (await newest(running)).source


@pytest.mark.parametrize(
    "secret",
    ["s3cret", SECRET, 'quo"ted\\se cret', "x" * 50 + "y" * 500, "Grüße-äöü", "<b>secret</b>", "a,b, c"],
    ids=["short", "usual", "quotes", "long", "letters", "tags", "commas"],
)
async def test_secrets_in_explanations(serve: Serve, secret: str) -> None:
    """Why nothing matched says where a secret is wrong, and not what it was, nor a part of it, however it is quoted."""
    running = await serve(SHOP)
    other = secret[::-1]  # in a place of its own, so that it has to be found there
    spellings = [(its, json.dumps(its)[1:-1], json.dumps(its, ensure_ascii=False)[1:-1]) for its in (secret, other)]
    parts = {text for its in spellings for text in (*its, its[0][:40], quote(its[0]))}
    await running.request(
        "POST",
        "/orders",
        data=json.dumps({"id": 1, "password": secret, "name": "n"}, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {other}"},
    )
    await running.get(f"/search?q=1&api_key={quote(secret)}", headers={"X-Api-Key": other})
    for href in await entries(running):
        shown = await page(running, href)
        assert "Why nothing matched" in shown.text
        for part in parts:
            assert part not in shown.text, part
            assert not [its for _, its in shown.elements if part in " ".join(its.values())], part


@pytest.mark.parametrize("value", ["7", "42", "0", "1"])
async def test_short_secrets(serve: Serve, value: str) -> None:
    """A secret of one or two characters is blotted where its name stands."""
    running = await serve(SHOP)
    sent = {"Content-Type": "application/json", "X-Api-Key": value}
    content = f'{{"pin": {value}, "password": "{value}"}}'.encode()
    await running.request("POST", f"/orders?pin={value}&x=y", data=content, headers=sent)
    shown = await newest(running)
    for text in (shown.text, shown.title, shown.fields["target"], shown.fields["headers"], shown.fields["body"]):
        assert f"pin={value}" not in text
        assert f'"pin": {value}' not in text
        assert f'"password": "{value}"' not in text
        assert f"X-Api-Key: {value}" not in text
    assert f"pin={value}" not in (await ui(running, "/live")).text


async def test_cut_bodies_keep_no_secrets(serve: Serve) -> None:
    """A body of which only the beginning is kept is no JSON any more; what it calls secret is blotted all the same."""
    running = await serve(SHOP)
    content = json.dumps({"password": "correct horse battery staple", "long": "x" * 100_000}).encode()
    await running.request("POST", "/orders", data=io.BytesIO(content), headers={"Content-Type": "application/json"})
    shown = await newest(running)
    assert "Only the beginning" in shown.text
    for word in ("correct", "horse", "battery", "staple"):
        assert word not in shown.source


async def test_nobody_searches_for_secrets(serve: Serve) -> None:
    """What is blotted cannot be found either: whoever asks for its beginning would learn it letter by letter."""
    running = await serve(SHOP)
    await running.get(f"/orders?token={SECRET}")
    await running.get(f"/missing?token={SECRET}")
    assert len(await entries(running, "?q=token")) == 2
    for part in (f"token={SECRET[:1]}", SECRET[:4], SECRET, f"={SECRET[:2]}"):
        assert await entries(running, f"?q={quote(part)}") == [], part


async def test_plain_requests_are_shown_as_they_are(serve: Serve) -> None:
    """What is no secret is not blotted: a page number, an author, an item."""
    running = await serve(SHOP)
    sent = {"Content-Type": "application/json", "X-Author": "Douglas", "Accept": "text/plain"}
    content = json.dumps({"author": "Douglas", "items": [1, None, True, ""], "shopping": "pinned"}).encode()
    await running.request("PUT", "/orders?author=Adams&page=2&spin=3", data=content, headers=sent)
    shown = await newest(running)
    assert "•••" not in shown.source
    for text in ("author=Adams&page=2&spin=3", "X-Author: Douglas", '"author": "Douglas"', '"pinned"'):
        assert text in shown.text


# --- The stream


async def events(response: aiohttp.ClientResponse, seconds: float) -> list[str]:
    """The events that come within so many seconds, or until the stream ends."""
    text = b""
    try:
        async with asyncio.timeout(seconds):
            async for chunk in response.content.iter_any():
                text += chunk
    except TimeoutError:
        pass
    return [event for event in text.decode().split("\n\n") if event.startswith("event: rows")]


async def test_the_stream(host: Host) -> None:
    """It begins with the list, has it anew when a request came, at most twice a second, and blots as the page does."""
    running = await host()
    await put_pact(running, SHOP, "1")
    async with running.session.get(f"{running.url}{UI}/live/stream") as response:
        assert response.headers["Content-Type"].partition(";")[0] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
        first = await events(response, 0.4)
        assert len(first) == 1
        loading = asyncio.create_task(_load(running, 2.0))
        began = time.monotonic()
        found = await events(response, 2.0)
        took = time.monotonic() - began
        await loading
        assert 2 <= len(found) <= took / 0.5 + 1
        last = (await events(response, 0.8))[-1]
    assert "/orders" in last
    assert SECRET not in last
    assert "•••" in last
    lines = [line for event in found for line in event.split("\n")[1:]]
    assert all(line.startswith("data:") for line in lines)


async def _load(running: Running, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await running.get(f"/providers/shop/stub/orders?token={SECRET}")
        await asyncio.sleep(0.01)


async def test_the_stream_of_what_is_wanted(host: Host) -> None:
    """It shows what its page shows."""
    running = await host()
    await put_pact(running, SHOP, "1")
    for path in ("orders", "missing"):
        await running.get(f"/providers/shop/stub/{path}")
    [its] = [its for _, its in (await ui(running, "/live?outcome=none")).elements if "data-stream" in its]
    async with running.session.get(running.url + its["data-stream"]) as response:
        [event] = await events(response, 0.4)
    assert "/missing" in event
    assert "/orders" not in event


async def test_streams_end_with_the_server(host: Host) -> None:
    """Open streams do not hold the server up when it stops."""
    running = await host()
    await put_pact(running, SHOP, "1")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        streams = [await session.get(f"{running.url}{UI}/live/stream") for _ in range(5)]
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await running.server.stop()
        assert time.monotonic() - began < 2
        for response in streams:
            assert response.status == 200
            response.close()


async def test_streams_end_with_the_token(host: Host) -> None:
    """Once the token is revoked, nothing more is told, and the stream ends with the next news."""
    running, admin = await guarded(host)
    token, uuid = await token_of(running, Role.READ)
    cookie, _ = await signed_in(running, token)
    stub = "/providers/shop/stub/a"
    for sent in (cookie, {"X-Stub-Token": token}):
        if sent is not cookie:
            token, uuid = await token_of(running, Role.READ)
            sent = {"X-Stub-Token": token}
        async with running.session.get(f"{running.url}{UI}/live/stream", headers=sent) as response:
            assert len(await events(response, 0.4)) == 1
            await revoke(running, admin, uuid)
            await running.get(f"{stub}?after", headers={"X-Stub-Token": admin})
            async with asyncio.timeout(2):
                rest = await response.content.read()
        assert b"after" not in rest


async def test_streams_are_counted(host: Host) -> None:
    """There is room for many live pages, not for any number; whoever goes away makes room."""
    running = await host()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        streams = [await session.get(f"{running.url}{UI}/live/stream") for _ in range(50)]
        assert {response.status for response in streams} == {200}
        async with session.get(f"{running.url}{UI}/live/stream") as refused:
            assert refused.status == 503
        await ui(running, "/live")
        for response in streams[:25]:
            response.close()
        async with asyncio.timeout(3):
            status = 503
            while status == 503:
                await asyncio.sleep(0.1)
                async with session.get(f"{running.url}{UI}/live/stream") as response:
                    status = response.status
        for response in streams:
            response.close()


async def test_streams_need_a_token(host: Host) -> None:
    """A stranger gets no stream."""
    running, _ = await guarded(host)
    assert (await running.get(f"{UI}/live/stream", headers={"Accept": "text/event-stream"}))[0] == 401
    assert (await running.get(f"{UI}/live/stream", headers=AS_BROWSER))[0] == 303


# --- In a part of a page


async def test_parts(host: Host) -> None:
    """A script that asks for a part gets what the page has in it, and no page around it."""
    running = await host()
    await publish(running, SHOP, "1")
    stub = "/pacts/provider/shop/consumer/web/latest/stub"
    for path in ("/", "/search?q=order", "/live", stub, f"{stub}?q=order", f"{stub}/usage"):
        status, headers, body = await running.get(UI + path, headers={"X-Part": "1"})
        assert status == 200, path
        assert "X-Part" in headers["Vary"]
        part, whole = Page(body), await ui(running, path)
        assert not part.all("html")
        assert not re.search(r"<script|<link", part.source)
        assert part.wrong == []
        assert part.text.split("requests kept")[-1][:2000] in whole.text

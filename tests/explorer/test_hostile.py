"""Whatever contracts, requests and people write, pages show it as text, in time, and are pages."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from stubserver.web.explorer.exports import EXPORTS
from stubserver.web.explorer.routes import PAGES, STUB_PAGES
from tests.conftest import Running, http_pact
from tests.explorer.hostile import ASKED, LONG, NAMES, TEXTS, body, fill, interaction, messages, miss, spaceless
from tests.explorer.pages import AS_BROWSER, LARGEST, UI, Page, api, faults_of, pair, post, publish, ui
from tests.hosted.conftest import Host
from tests.postgres import postgres_url
from tests.wire import send_raw

# Whatever a page may be asked for in its query.
PARAMETERS = [
    "q",
    "order",
    "page",
    "around",
    "of",
    "from",
    "to",
    "outcome",
    "sort",
    "type",
    "actor",
    "method",
    "state",
    "consumer",
    "v",
    "to",
]
QUERIES = ["", *(dict.fromkeys(PARAMETERS, text) for text in [*ASKED, LONG[0][:250]])]
_kept: list[Path] = []


@pytest.fixture
async def full(host: Host, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A server full of hostile contracts; its contents are made once."""
    if not _kept:
        running = await host()
        await fill(running)
        await running.server.hosted.database.close()
        _kept.append(tmp_path_factory.mktemp("hostile") / "data")
        shutil.copytree(tmp_path / "data", _kept[0])
    return await host(data=str(shutil.copytree(_kept[0], tmp_path / "copy")))


def _pairs() -> Iterator[tuple[str, str]]:
    """Consumer and provider of all hostile contracts."""
    for number, name in enumerate(NAMES):
        yield name, NAMES[(number + 3) % len(NAMES)]
    yield from (("bodies", "large"), ("texts", "large"))


def _named(path: str, values: dict[str, str]) -> str:
    """A path with its places filled in; one that has another place takes a value in this test."""
    return re.sub(r"{(\w+)}", lambda found: quote(values[found[1]], safe=""), path)


def _query(query: Any) -> str:
    return "?" + urlencode(query, errors="surrogatepass") if query else ""


async def _faults(running: Running, target: str, statuses: tuple[int, ...] = (200,)) -> list[str]:
    """What is wrong with the page at a target."""
    status, headers, content = await running.get(target, headers=AS_BROWSER)
    if status not in statuses:
        return [f"{target[:200]} answers {status}: {content[:300]!r}"]
    if status == 303:
        return []
    return [f"{target[:200]} {fault}" for fault in faults_of(content, headers)]


async def _wrong(running: Running, targets: Any, statuses: tuple[int, ...] = (200,)) -> list[str]:
    return [fault for target in targets for fault in await _faults(running, target, statuses)]


def _shown(wrong: list[str]) -> str:
    return f"{len(wrong)} faults:\n" + "\n".join(wrong[:25])


async def test_every_page(full: Running) -> None:
    """Each page of the table is a page, whatever it shows."""
    await miss(full, NAMES[0])
    entry = (await ui(full, "/live")).links(f"{UI}/live/")[0].rpartition("/")[2]
    wrong = []
    for method, path, *_ in PAGES:
        if method != "GET" or path == "/live/stream":
            continue
        for consumer, provider in _pairs():
            values = {"consumer": consumer, "provider": provider, "id": entry}
            target = UI + _named(path, values)
            if path.endswith("/diff"):
                target += (
                    _query({"from": consumer, "to": f"2 {consumer}"[:255]}) if provider != "large" else "?from=1&to=1"
                )
            wrong += await _faults(full, target, (200,))
            if "{" not in path:
                break
    assert not wrong, _shown(wrong)


async def test_every_page_with_any_query(full: Running) -> None:
    """No page fails for what stands in its query: it answers, or tells that there is no such thing."""
    wrong = []
    for method, path, *_ in PAGES:
        if method != "GET" or path == "/live/stream":
            continue
        target = UI + _named(path, {"consumer": "bodies", "provider": "large", "id": "0-1"})
        wrong += await _wrong(full, (target + _query(query) for query in QUERIES), (200, 404))
    assert not wrong, _shown(wrong)


async def test_every_page_with_any_name(full: Running) -> None:
    """Nor for names in its path that nothing has."""
    wrong = []
    for method, path, *_ in PAGES:
        if method != "GET" or "{" not in path:
            continue
        for text in ASKED:
            name = quote(text.encode("utf-8", "surrogatepass"), safe="") or "%20"
            wrong += await _faults(full, UI + re.sub(r"{\w+}", lambda _, name=name: name, path), (200, 404))
    assert not wrong, _shown(wrong)


async def test_every_page_of_stubs(full: Running) -> None:
    """Each page of each stub is a page: of two, of a provider, of a version, tag, branch or environment."""
    wrong = []
    for (method, tail), (consumer, provider) in itertools.product(STUB_PAGES, _pairs()):
        if method != "GET":
            continue
        base, name = pair(consumer, provider), quote(consumer, safe="")
        of_provider = f"/providers/{quote(provider, safe='') if provider != 'stub' else '%73tub'}/stub"
        addresses = [f"{base}/latest/stub", of_provider]
        if provider != "large" and name != "stub":
            tails = (
                f"version/{name}",
                f"latest/{name}",
                f"branch/{name}/latest",
                f"environment/{quote(spaceless(consumer), safe='')}",
            )
            addresses += [f"{base}/{each}/stub" for each in tails][: 4 if tail == "" else 1]
        wrong += await _wrong(
            full,
            (
                UI
                + address.replace("/consumer/stub", "/consumer/%73tub").replace("/provider/stub", "/provider/%73tub")
                + tail
                for address in addresses
            ),
        )
    assert not wrong, _shown(wrong)


async def test_stub_pages_with_any_query(full: Running) -> None:
    """No page of a stub fails for what stands in its query."""
    for method, tail in STUB_PAGES:
        if method == "GET":
            target = f"{UI}{pair(NAMES[0], NAMES[3])}/latest/stub{tail}"
            wrong = await _wrong(full, (target + _query(query) for query in QUERIES))
            assert not wrong, _shown(wrong)


async def test_every_interaction(full: Running) -> None:
    """The page of each interaction, and the console that begins with it, are pages."""
    wrong = []
    for consumer, provider in [*itertools.islice(_pairs(), 2), ("bodies", "large"), ("texts", "large")]:
        query = urlencode({"provider": provider, "consumer": consumer})
        found = (await api(full, "GET", f"/_stubserver/interactions?{query}"))["interactions"]
        assert found
        for item in found:
            target = f"{UI}{pair(consumer, provider)}/latest/stub/interactions/{item['id']}"
            wrong += await _wrong(full, (target, f"{target}/try"))
    assert not wrong, _shown(wrong)


async def test_every_export(full: Running) -> None:
    """Each export of each stub is given, cannot run in a browser, and its JSON is JSON."""
    for consumer, provider in _pairs():
        for _, name in EXPORTS:
            base = pair(consumer, provider).replace("/consumer/stub", "/consumer/%73tub")
            target = f"/_stubserver/export{base.replace('/provider/stub', '/provider/%73tub')}/latest/stub/{name}"
            status, headers, content = await full.get(target)
            assert status == 200, (target, content[:500])
            assert "sandbox" in headers["Content-Security-Policy"], target
            assert headers["X-Content-Type-Options"] == "nosniff", target
            if not name.endswith("yaml"):
                json.loads(content)


FORMS: dict[str, list[dict[str, str]]] = {
    "/environments": [{"name": text, "display_name": text} for text in TEXTS],
    "/tokens": [{"description": text, "role": role} for text in TEXTS for role in ("read", text)],
    "/tokens/{uuid}/revoke": [{}],
    "/sign-in": [{"token": text, "to": text} for text in TEXTS],
    "/sign-out": [{}],
}


@pytest.mark.parametrize("path", [path for method, path, *_ in PAGES if method == "POST"])
async def test_every_form(full: Running, path: str) -> None:
    """Whatever is sent with a form, the answer is a page or another page to go to."""
    wrong = []
    for form in FORMS[path]:
        for uuid in NAMES if "{" in path else NAMES[:1]:
            sent = {name: text.encode("utf-8", "replace").decode() for name, text in form.items()}
            status, headers, content = await post(full, _named(path, {"uuid": uuid}), sent)
            if status not in (200, 201, 303, 400, 401, 404, 409):
                wrong.append(f"{form} is answered {status}: {content[:300]!r}")
            wrong += faults_of(content, headers) if status != 303 else []
    assert not wrong, _shown(wrong)


_PART = b'--x\r\nContent-Disposition: form-data; name="name"; filename="f"\r\n\r\n<b>\r\n--x--\r\n'
BROKEN = [
    ("application/x-www-form-urlencoded", b"name=\xff\xfe&token=\xff&target=/\xff"),
    ("application/x-www-form-urlencoded; charset=nonsense", b"name=x"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"name=x"),
    ("application/x-www-form-urlencoded", b"%&=&&;=%zz%"),
    ("application/x-www-form-urlencoded", b"a=1&" * 5000),
    ("multipart/form-data", b"--x\r\n\r\n"),
    ("multipart/form-data; boundary=x", b"--y\r\nnonsense"),
    ("multipart/form-data; boundary=x", _PART),
    ("application/json", b'{"name": "x"}'),
    ("text/plain", b"\x00"),
]  # fmt: skip


@pytest.mark.parametrize("target", [*(path for method, path, *_ in PAGES if method == "POST"), "/try"])
async def test_broken_forms(full: Running, target: str) -> None:
    """A body that is no form is refused, or taken for an empty one; it is no mistake of the server."""
    wrong = []
    path = UI + (f"{pair('bodies', 'large')}/latest/stub/try" if target == "/try" else _named(target, {"uuid": "x"}))
    for kind, sent in BROKEN:
        status, headers, content = await full.request(
            "POST", path, data=sent, headers={"Content-Type": kind, **AS_BROWSER}
        )
        if status >= 500:
            wrong.append(f"{kind} {sent[:40]!r} is answered {status}: {content[:200]!r}")
        elif headers.get("Content-Type", "").startswith("text/html"):
            wrong += faults_of(content, headers)
    assert not wrong, _shown(wrong)


async def test_the_console(full: Running) -> None:
    """Whatever is tried, as a page or as a part, is shown as text."""
    wrong = []
    target = f"{pair('bodies', 'large')}/latest/stub/try"
    for text in [*(text.encode("utf-8", "replace").decode() for text in TEXTS), LONG[0]]:
        odd = [
            {"method": "PUT", "target": f"/no{quote(text[:2000])}", "headers": f"X-A: {text[:2000]}", "body": text},
            {"method": text, "target": text, "headers": text, "body": text, "state": text, "seed": text},
            {"method": "PUT", "target": "/form", "headers": "Content-Type: a/json", "body": json.dumps({text: text})},
            {"method": "GET", "target": "/form", "state": text[:300], "seed": text[:300]},
        ]  # fmt: skip
        for form in odd:
            status, headers, content = await post(full, target, form)
            fits = len(urlencode(form)) <= 2 << 20
            if status != (200 if fits else 413):
                wrong.append(f"{str(form)[:200]} is answered {status}: {content[:300]!r}")
            wrong += faults_of(content, headers)
            status, headers, content = await post(full, target, form, **{"X-Part": "1"})
            if status != (200 if fits else 413):
                wrong.append(f"the part of {str(form)[:200]} is answered {status}: {content[:300]!r}")
            wrong += [fault for fault in faults_of(content, headers) if "doctype" not in fault]
    assert not wrong, _shown(wrong)


async def test_the_console_with_many_fields(host: Host) -> None:
    """What mends a request of which thousands of fields are missing is found in a moment."""
    running = await host()
    keys = body("keys", {f"key-{number}": [number] for number in range(3000)}, "application/json")
    await publish(running, http_pact(keys, consumer="web", provider="shop"), "1")
    form = {"method": "PUT", "target": "/keys", "headers": "Content-Type: application/json", "body": "{}"}
    began = time.monotonic()
    status, headers, content = await post(running, f"{pair('web', 'shop')}/latest/stub/try", form)
    assert (status, faults_of(content, headers)) == (200, [])
    assert time.monotonic() - began < 1.5


async def test_requests_that_came(full: Running) -> None:
    """Each request in the journal has a page, whatever came, and so has the list of them."""
    for text in [*ASKED, LONG[0][:60_000]]:
        await miss(full, text)
    wrong = []
    links = []
    for query in ("", "?sort=time", "?outcome=none"):
        status, headers, content = await full.get(f"{UI}/live{query}", headers=AS_BROWSER)
        assert status == 200
        wrong += faults_of(content, headers)
        links += Page(content).links(f"{UI}/live/")
    assert len(set(links)) >= len(TEXTS) - 2
    wrong += await _wrong(full, dict.fromkeys(links))
    assert not wrong, _shown(wrong)


async def test_misses_as_pages(full: Running) -> None:
    """A miss that a browser sees is a page, whatever the contract holds and the request brought."""
    wrong = []
    for consumer, provider in _pairs():
        base = (
            pair(consumer, provider)
            .replace("/consumer/stub", "/consumer/%73tub")
            .replace("/provider/stub", "/provider/%73tub")
        )
        for text in ("", *TEXTS[:6]):
            target = f"{base}/latest/stub/0/{quote(text)}?{quote(text)}={quote(text)}"
            status, headers, content = await full.request(
                "POST", target, headers={**AS_BROWSER, "X-Text": quote(text)}, data=b"{}"
            )
            if status != 500 or headers.get("X-Stub-Match") != "none":
                wrong.append(f"{target[:200]} is answered {status}")
            wrong += faults_of(content, headers)
    assert not wrong, _shown(wrong)


@pytest.mark.parametrize(
    "path",
    [
        b"/\xff\xfe",
        b"/search?q=\xff",
        b"/live?q=%00&sort=\xed\xa0\x80",
        b"/integrations/\xff/\xff",
        b"/%00",
        b"//",
        b"/..%2f..%2f",
        b"/static/..%2f..%2fpages.py",
        b"/pacts/provider/\xff/consumer/\xff/latest/stub",
        b"/providers/%ED%A0%80/stub",
    ],
)
@pytest.mark.parametrize("settings", [{}, {"auth": "token"}], ids=["open", "closed"])
async def test_bytes_that_are_no_text(host: Host, path: bytes, settings: dict[str, str]) -> None:
    """Targets that are not UTF-8 find nothing, or lead to the sign-in; nothing goes wrong."""
    running = await host(**settings)
    head = (
        b"GET " + UI.encode() + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    )
    status, headers, _ = await send_raw(running.url, head)
    assert status in (200, 303, 400, 404), status
    assert headers.get("location", UI).startswith(UI)


async def test_each_page_has_a_nonce_of_its_own(full: Running) -> None:
    """No nonce is used twice, be it on pages or on problems."""
    seen = []
    for target in [f"{UI}/"] * 3 + [f"{UI}/nothing"] * 2 + [f"{UI}/sign-in"] * 2:
        _, headers, _ = await full.get(target, headers=AS_BROWSER)
        seen.append(re.findall(r"'nonce-([\w-]+)'", headers["Content-Security-Policy"])[0])
    assert len(set(seen)) == len(seen)


async def test_links_lead_somewhere(full: Running) -> None:
    """Links into the explorer, its exports and its files lead to what is there; so do forms that ask."""
    begin = [f"{UI}/", f"{UI}/network", f"{UI}/search?q=script", f"{UI}/environments", f"{UI}/tokens", f"{UI}/audit"]
    begin += [f"{UI}/settings", f"{UI}/live", f"{UI}/?page=99", f"{UI}/nothing"]
    todo, seen, wrong, by_kind = list(begin), set(begin), [], dict[str, int]()
    while todo and len(seen) < 1500:
        target = todo.pop(0)
        status, headers, content = await full.get(target, headers=AS_BROWSER)
        if status not in (200, 303) and target not in (f"{UI}/nothing",):
            wrong.append(f"{target[:200]} is answered {status}")
            continue
        if not headers.get("Content-Type", "").startswith("text/html") or len(content) > 2 * LARGEST:
            continue
        for name, its in Page(content).elements:
            link = its.get("href") or its.get("src") or its.get("data-openapi") or its.get("data-instant")
            if name == "form" and its.get("method") != "post":
                link = its["action"]
            if not link or not link.startswith("/_stubserver/") or link in seen or link.endswith("/diff"):
                continue
            kind = re.sub(
                r"/pacts/provider/[^/]+/consumer/[^/]+|/providers/[^/]+|/integrations/[^/]+/[^/]+|interactions/\w+|=[^&]*",
                "*",
                link,
            )
            by_kind[kind] = by_kind.get(kind, 0) + 1
            if by_kind[kind] <= 6:
                seen.add(link)
                todo.append(link)
    assert not wrong, _shown(wrong)
    assert len(seen) > 100


async def test_texts_are_shown(full: Running) -> None:
    """What contracts say stands on their pages as it is, nothing of it carried out."""
    target = f"{UI}{pair(NAMES[0], NAMES[3])}/latest/stub"
    status, _, content = await full.get(target, headers=AS_BROWSER)
    assert status == 200
    text = Page(content).text
    for name in NAMES:
        if len(name) < 100:
            assert " ".join(name.split()) in text, name
    assert "49" not in Page(content).title


@pytest.mark.parametrize("text", [TEXTS[14], ASKED[-1], NAMES[5]], ids=["control", "surrogates", "quotes"])
async def test_queries_on_postgresql(host: Host, text: str) -> None:
    """No query and no name makes PostgreSQL fail either, which takes fewer texts than SQLite does."""
    running = await host(database=postgres_url(), data=None)
    await full_of_little(running)
    targets = []
    name = quote(text.encode("utf-8", "surrogatepass"), safe="")
    for method, path, *_ in PAGES:
        if method == "GET" and path != "/live/stream":
            known = _named(path, {"consumer": "web", "provider": "shop", "id": "0-1"})
            targets += [
                UI + known + _query(dict.fromkeys(PARAMETERS, text)),
                UI + re.sub(r"{\w+}", lambda _: name, path),
            ]
    for path in (
        f"/providers/{name}/stub",
        f"/providers/shop/latest/{name}/stub",
        f"/providers/shop/branch/{name}/latest/stub",
    ):
        targets.append(UI + path)
    wrong = await _wrong(running, targets, (200, 404))
    assert not wrong, _shown(wrong)


async def full_of_little(running: Running) -> None:
    """Publish one pact with all texts."""
    items = [interaction(text, number) for number, text in enumerate(TEXTS)]
    many = [message for text in TEXTS for message in messages(text)]
    await publish(running, http_pact(*items, *many, consumer="web", provider="shop"), "1")

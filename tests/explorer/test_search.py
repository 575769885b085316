"""The home page and search: what is published is found at once, as it is now."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from stubserver.catalog.publish import read_older
from stubserver.store import Database, StoreUnavailableError, sqlite_url
from stubserver.store import database as module
from tests.conftest import Running, Serve, http_pact
from tests.explorer.pages import UI, api, deploy, environment, page, publish, stub, ui, verify
from tests.hosted.conftest import Host
from tests.web.test_messages import message


def body_of(content: Any, kind: str = "application/json") -> dict[str, Any]:
    """A body of V4."""
    return {"content": content, "contentType": kind}


XML, FORM = "application/xml", "application/x-www-form-urlencoded"
ORDERS = http_pact(
    {
        "description": "Ein grüner Straßenplan",
        "providerStates": [{"name": "an Ökostrom contract exists"}],
        "request": {
            "method": "POST",
            "path": "/Orders/123/liNes",
            "query": {"pageSize": ["1"]},
            "headers": {"X-Tenant": ["t"]},
            "body": body_of({"customer": {"address": {"zipCode": "1"}}}),
        },
        "response": {
            "status": 200,
            "body": body_of({"items": [{"price": {"currency": "EUR"}, "Größe": 1}], "first-name": "x", "a b": 1}),
        },
    },
    {"request": {"path": "/xml", "body": body_of("<order><line sku='1'><qty>2</qty></line></order>", XML)}},
    {"request": {"method": "PUT", "path": "/form", "body": body_of("street=x&houseNumber=2", FORM)}},
    message("an invoice was sent", {"invoiceNumber": 7}),
    consumer="Web Shop",
    provider="Bestellungen Äpfel",
)  # fmt: skip


async def found(running: Running, words: str) -> str:
    """What a search shows, without what was asked for."""
    shown = await ui(running, f"/search?q={quote(words)}")
    assert shown.all("input", name="q")[0]["value"] == words[:200].replace("\0", "")
    return shown.text.partition("Search ")[2].partition("stubserver 0")[0].replace(f"“{words}”", "")


FOUND = [
    ("web shop", "Web Shop"),
    ("SHOP", "Web Shop"),
    ("bestellungen", "Bestellungen Äpfel"),
    ("äPFEL", "Bestellungen Äpfel"),
    ("ÄPFEL best", "Bestellungen Äpfel"),
    ("/orders/123", "POST /Orders/123/liNes"),
    ("post lines", "POST /Orders/123/liNes"),
    ("GRÜNER strassenplan", "Ein grüner Straßenplan"),
    ("STRASSE", "Ein grüner Straßenplan"),
    ("ökoSTROM", "an Ökostrom contract exists"),
    ("zipcode", "customer.address.zipCode"),
    ("customer.address.ZIPCODE", "customer.address.zipCode"),
    ("address zip", "customer.address.zipCode"),
    ("items[].price.currency", "items[].price.currency"),
    ("price.currency", "items[].price.currency"),
    ("GRÖSSE", "items[].Größe"),
    ("first-name", "first-name"),
    ("a b", "'a b'"),
    ("pagesize", "pageSize"),
    ("x-tenant", "X-Tenant"),
    ("order/line/@sku", "order/line/@sku"),
    ("qty", "order/line/qty"),
    ("housenumber", "houseNumber"),
    ("invoice was", "an invoice was sent"),
    ("invoicenumber", "invoiceNumber"),
    ("straße", "Ein grüner Straßenplan"),
]


async def test_what_is_found(host: Host) -> None:
    """A pact is found the moment it is published: by names, paths, descriptions, states and fields, in any case."""
    running = await host()
    assert "Nothing in the latest pacts" in await found(running, "web")
    await publish(running, ORDERS, "1")
    told = {words: await found(running, words) for words, _ in FOUND}
    assert [(words, text) for words, text in FOUND if text not in told[words] or "Nothing" in told[words]] == []
    for words in told:
        assert "Nothing in the latest pacts" in await found(running, f"{words} and nothing of that")


async def test_signs_are_only_signs(host: Host) -> None:
    """What means something to a database means nothing here."""
    running = await host()
    await publish(running, ORDERS, "1")
    for words in ("%", "_", "\\", "Or_ers", "Orders%lines", "*", '"', "--", "n" * 300, "   ", "\0"):
        assert "Orders" not in await found(running, words), words


async def test_hits_lead_to_what_was_found(host: Host) -> None:
    """Each hit leads to the interactions that it was found in, and to those only."""
    running = await host()
    await publish(running, ORDERS, "1")
    for words in ("zipcode", "/orders", "ökostrom", "strassenplan", "price.currency", "x-tenant", "pagesize"):
        shown = await ui(running, f"/search?q={quote(words)}")
        links = [href for href in shown.links(UI) if "/consumer/" in href and "?" in href]
        assert links, words
        for href in links:
            its = await page(running, href)
            assert "1 interaction of 3" in its.text, (words, href)
            assert "Straßenplan" in its.text


async def test_only_what_is_latest(host: Host) -> None:
    """What only an earlier version has is not found; once the later one is removed, it is again."""
    running = await host()
    old = http_pact({"request": {"path": "/ancient"}, "response": {}}, consumer="web", provider="shop")
    new = http_pact({"request": {"path": "/modern"}, "response": {}}, consumer="web", provider="shop")
    await publish(running, old, "1")
    assert "/ancient" in await found(running, "ancient")
    await publish(running, new, "2")
    assert "/ancient" not in await found(running, "ancient")
    assert "/modern" in await found(running, "modern")
    await api(running, "DELETE", "/pacts/provider/shop/consumer/web/version/2")
    assert "/ancient" in await found(running, "ancient")
    assert "/modern" not in await found(running, "modern")
    await api(running, "DELETE", "/pacticipants/web")
    for words in ("ancient", "modern", "web"):
        assert "Nothing in the latest pacts" in await found(running, words)


async def test_merged_pacts_are_found(host: Host) -> None:
    """What is added to a version is found as well."""
    running = await host()
    first = http_pact({"request": {"path": "/first"}}, consumer="web", provider="shop")
    await publish(running, first, "1")
    more = http_pact(consumer="web", provider="shop")
    more["interactions"] = [{**first["interactions"][0], "description": "another", "request": {"path": "/second"}}]
    await api(running, "PATCH", "/pacts/provider/shop/consumer/web/version/1", more)
    for word in ("first", "second"):
        assert f"/{word}" in await found(running, word)
    assert "2" in (await ui(running, "/")).row_of("shop", "web")[3]


async def test_fields_behind_many_old_ones(host: Host) -> None:
    """A field of a latest pact is found, however many like it an earlier version had."""
    running = await host()
    many = {f"zed{number:04}": 1 for number in range(1100)}
    for version, content in (("1", many), ("2", {"a-longer-name-zed-now": 1})):
        item = {"request": {"path": "/x"}, "response": {"body": body_of(content)}}
        await publish(running, http_pact(item, consumer="web", provider="shop"), version)
    assert "a-longer-name-zed-now" in await found(running, "zed")


# --- The home page


def pact(consumer: str, provider: str, *paths: str) -> dict[str, Any]:
    """A pact with these paths."""
    return http_pact(
        *({"request": {"path": path}, "response": {}} for path in paths), consumer=consumer, provider=provider
    )


async def test_an_empty_server(host: Host) -> None:
    """It shows commands that publish, with its own address, as it is reached."""
    running = await host()
    shown = await ui(running, "/")
    commands = [its["data-copy"] for its in shown.all("button", type="button") if "data-copy" in its]
    assert len(commands) == 3
    assert all(running.url in command for command in commands)
    assert f"{running.url}/pacts/provider/PROVIDER/consumer/CONSUMER/latest/stub" in shown.text
    port = running.url.rpartition(":")[2]
    assert f"http://stubs.localhost.example:{port}/pacts" in (
        await ui(running, "/", headers={"Host": f"stubs.localhost.example:{port}"})
    ).text.replace(" ", "")
    for path in ("/network", "/search?q=x", "/environments", "/live", "/audit", "/tokens", "/problems"):
        await ui(running, path)


async def test_an_empty_server_behind_a_url(host: Host) -> None:
    """Behind another URL, the commands have that."""
    running = await host(base_url="http://127.0.0.1:9/broker")
    shown = await ui(running, "/")
    assert shown.source.count("http://127.0.0.1:9/broker/pacts/provider") >= 2
    assert running.url not in shown.source


async def test_commands_of_an_empty_server_work(host: Host) -> None:
    """What the curl command sends publishes a pact, which is there with the next look."""
    running = await host()
    [line] = [
        its["data-copy"]
        for its in (await ui(running, "/")).all("button")
        if its.get("data-copy", "").startswith("curl")
    ]
    target = line.split()[-1].removeprefix(running.url).replace("CONSUMER", "web").replace("PROVIDER", "shop")
    await api(running, "PUT", target, pact("web", "shop", "/a"))
    assert (await ui(running, "/")).row_of("shop")[:4] == ["shop", "web", "1", "1"]


async def test_what_a_row_tells(host: Host) -> None:
    """Counts, branch, tags, environments and verification are those of the latest version."""
    running = await host()
    await publish(running, pact("web", "shop", "/a", "/b"), "1", branch="main", tags=["prod"])
    uuid, other = await environment(running, "uat"), await environment(running, "live")
    await deploy(running, "web", "1", uuid)
    row = (await ui(running, "/")).row_of("shop", "web")
    assert row[:2] == ["shop", "web"]
    for text in ("1", "main", "prod", "uat"):
        assert text in row[2]
    assert row[3:6] == ["2", "just now", "not verified"]
    assert f"{running.url}/pacts/provider/shop/consumer/web/latest/stub" in (await ui(running, "/")).source
    await verify(running, "web", "shop", success=False)
    assert "failed" in (await ui(running, "/")).row_of("shop")[5]
    await verify(running, "web", "shop", success=True, version="p2")
    shown = await ui(running, "/")
    assert "verified" in shown.row_of("shop")[5]
    assert "By version p2" in shown.source
    await publish(running, pact("web", "shop", "/a", "/b", "/c"), "2", branch="next")
    await deploy(running, "web", "2", other)
    row = (await ui(running, "/")).row_of("shop")
    assert row[3:6] == ["3", "just now", "not verified"]
    assert "next" in row[2]
    assert "live" in row[2]
    for text in ("main", "prod", "uat"):
        assert text not in row[2]


async def test_messages_are_counted(host: Host) -> None:
    """Messages are counted beside interactions."""
    running = await host()
    items = [{"request": {"path": "/a"}}, message("a", {}), message("b", {})]
    both = http_pact(*items, consumer="web", provider="shop")
    await publish(running, both, "1")
    assert "2 messages" in (await ui(running, "/")).row_of("shop")[3]


async def test_paging_and_order(host: Host) -> None:
    """Fifty integrations are on a page, by name or the newest first; each is on exactly one page."""
    running = await host()
    for number in range(60):
        await publish(running, pact("web", f"api-{(number * 7) % 60:02}", "/a"), "1" if number == 0 else f"{number}")
    for query, names in (
        ("", [f"api-{number:02}" for number in range(60)]),
        ("order=newest&", [f"api-{(number * 7) % 60:02}" for number in range(59, -1, -1)]),
    ):
        seen = []
        for number in (1, 2):
            shown = await ui(running, f"/?{query}page={number}")
            seen += [row[0] for row in shown.rows()[1:]]
            assert f"Page {number} of 2" in shown.text
        assert seen == names
    first = await ui(running, "/?order=newest")
    [following] = [its["href"] for its in first.all("a", rel="next")]
    assert (await page(running, following)).rows()[1][0] == "api-03"
    for odd in ("0", "-1", "3", "99999999999", "x", ""):
        assert (await ui(running, f"/?page={odd}")).rows()[1:]
    assert [row[0] for row in (await ui(running, "/?q=api-1")).rows()[1:]] == [f"api-1{n}" for n in range(10)]
    assert "No integration has such a name" in (await ui(running, "/?q=zzz")).text


async def test_published_again_is_newest(host: Host) -> None:
    """Whatever was published last comes first, an older integration as well."""
    running = await host()
    for version, provider in (("1", "a"), ("2", "b"), ("3", "a")):
        await publish(running, pact("web", provider, f"/{version}"), version)
    assert [row[0] for row in (await ui(running, "/?order=newest")).rows()[1:]] == ["a", "b"]


async def test_several_files_of_one_pair(serve: Serve) -> None:
    """Files of the same consumer and provider are one integration, whose interactions are counted together."""
    running = await serve(pact("web", "shop", "/a", "/b"), pact("web", "shop", "/c"), pact("app", "shop", "/d"))
    shown = await ui(running, "/")
    assert [row[:2] + row[3:4] for row in shown.rows()[1:]] == [["shop", "app", "1"], ["shop", "web", "3"]]
    its = await ui(running, stub("web", "shop"))
    assert "3 interactions" in its.text
    assert "4 interactions" in (await ui(running, "/all/stub")).text
    for word in ("a", "b", "c", "d"):
        assert f"GET /{word}" in await found(running, f"/{word}")


async def test_broken_files(serve: Serve) -> None:
    """What cannot be read is told on the home page, and in full on its own."""
    running = await serve(pact("web", "shop", "/a"), b'{"consumer": <script>')
    assert "1 pact with problems" in (await ui(running, "/")).text
    assert "0-1.json" in (await ui(running, "/problems")).text


async def test_the_network(host: Host) -> None:
    """The picture has each application and each use of one by another, with links to both."""
    running = await host()
    for consumer, provider in (("web", "shop"), ("shop", "bank"), ("far", "away")):
        await publish(running, pact(consumer, provider, "/a"), "1")
    shown = await ui(running, "/network")
    assert "5 applications, 3 integrations" in shown.text
    assert f"{UI}{stub('web', 'shop')}" in shown.links(UI)
    near = await ui(running, "/network?around=shop")
    assert "bank" in near.text
    assert not [href for href in near.links(UI) if "away" in href]
    assert "No application has this name" in (await ui(running, "/network?around=nobody")).text


# --- Databases of earlier releases


def old_database(folder: Path, contents: dict[str, bytes]) -> None:
    """A database as the first release left it: contents by version, none of which has been read for search."""
    folder.mkdir(parents=True)
    engine = create_engine(sqlite_url(folder).replace("+aiosqlite", ""))
    with engine.begin() as connection:
        config: Config = module._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    file = sqlite3.connect(folder / "stubserver.db")
    moment = "2025-01-01T00:00:00.000+00:00"
    with file:
        for number, name in ((1, "web"), (2, "shop")):
            row = (number, name, name, moment, moment)
            file.execute(
                "INSERT INTO pacticipants (id, name, slug, created_at, updated_at) VALUES (?, ?, ?, ?, ?)", row
            )
        for number, (version, content) in enumerate(contents.items(), 1):
            file.execute(
                "INSERT INTO versions (id, pacticipant_id, number, created_at) VALUES (?, 1, ?, ?)",
                (number, version, moment),
            )
            row = (number, f"{number:064}", content, len(content), moment)
            file.execute("INSERT INTO contents (id, sha, content, size, created_at) VALUES (?, ?, ?, ?, ?)", row)
            file.execute(
                "INSERT INTO publications (consumer_id, provider_id, version_id, content_id, created_at) "
                "VALUES (1, 2, ?, ?, ?)",
                (number, number, moment),
            )
    file.close()


async def test_older_databases(host: Host, tmp_path: Path) -> None:
    """What an earlier release stored is served at once, and can be searched a moment after this one has started."""
    contents = {str(number): json.dumps(pact("web", "shop", f"/old-{number}")).encode() for number in range(45)}
    old_database(
        tmp_path / "data",
        {**contents, "broken": b"{", "latest": json.dumps(pact("web", "shop", "/fine", "/b")).encode()},
    )
    running = await host()
    shown = await ui(running, "/")
    assert shown.row_of("shop")[2] == "latest"
    await ui(running, stub("web", "shop"))
    for _ in range(200):
        if (await ui(running, "/integrations/shop/web")).text.count("1 interaction") == 45:
            break
        await asyncio.sleep(0.05)
    assert "/fine" in await found(running, "fine")
    assert (await ui(running, "/integrations/shop/web")).text.count("1 interaction") == 45
    assert (await ui(running, "/")).row_of("shop")[3] == "2"
    assert "/old-3" not in await found(running, "old-3")
    await api(running, "DELETE", "/pacts/provider/shop/consumer/web/version/latest")
    await api(running, "DELETE", "/pacts/provider/shop/consumer/web/version/broken")
    assert "/old-44" in await found(running, "old-44")


async def test_older_contents_after_an_outage(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the store does not answer while older contents are read for the search, they are read once it does."""
    asked = []

    async def failing(database: Database) -> None:
        asked.append(database)
        if len(asked) < 3:
            raise StoreUnavailableError("the store does not answer", "start it")
        await read_older(database)

    monkeypatch.setattr("stubserver.catalog.hosted.read_older", failing)
    monkeypatch.setattr("stubserver.catalog.hosted._LOOK_EVERY", 0.05)
    old_database(tmp_path / "data", {"1": json.dumps(pact("web", "shop", "/old")).encode()})
    running = await host()
    for _ in range(100):
        if "/old" in await found(running, "old"):
            break
        await asyncio.sleep(0.05)
    assert "/old" in await found(running, "old")
    assert len(asked) == 3

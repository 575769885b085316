"""Versions and what changed between them, interactions and who uses what, environments, audit and settings."""

from __future__ import annotations

from typing import Any

import pytest

from stubserver.settings import Settings, shown_settings
from tests.conftest import Running, Serve, http_pact
from tests.explorer.pages import UI, Page, api, deploy, environment, faults_of, page, post, publish, stub, ui, verify
from tests.hosted.conftest import Host
from tests.postgres import postgres_url

INTEGRATION = "/integrations/shop/web"


def pact(*fields: str, status: int = 200, more: tuple[str, ...] = ()) -> dict[str, Any]:
    """A pact that reads these fields, with further interactions."""
    content = {"content": dict.fromkeys(fields, 1), "contentType": "application/json"}
    first = {"request": {"path": "/orders"}, "response": {"status": status, "body": content}}
    others = [{"request": {"path": path}, "response": {"status": 200}} for path in more]
    made = http_pact(first, *others, consumer="web", provider="shop")
    for item, name in zip(made["interactions"], ("orders", *more), strict=True):
        item["description"] = f"asks for {name}"
    return made


async def history(host: Host) -> Running:
    """A server with three versions, on two branches, one tagged, one deployed."""
    running = await host()
    await publish(running, pact("id", "name"), "1", branch="main", tags=["prod"])
    await publish(running, pact("id", "name"), "2", branch="main")
    await publish(running, pact("id", "total", more=("/more",)), "3", branch="feature/x")
    await deploy(running, "web", "2", await environment(running, "uat"))
    return running


async def test_versions(host: Host) -> None:
    """All versions are listed, the newest first, with where each is, and which changed something."""
    running = await history(host)
    await verify(running, "web", "shop", success=True)
    shown = await ui(running, INTEGRATION)
    rows = shown.rows()[1:]
    assert [row[2] for row in rows] == ["3", "2", "1"]
    assert ["changed" in row[4] for row in rows] == [True, False, False]
    assert [("feature/x" in row[3], "uat" in row[3], "prod" in row[3]) for row in rows] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert ["2 interactions" in row[4] for row in rows] == [True, False, False]
    assert "verified" in rows[0][6]
    assert "/version/3/stub" in shown.source
    assert [its["value"] for its in shown.all("input", type="radio", name="from") if "checked" in its] == ["2"]
    assert [its["value"] for its in shown.all("input", type="radio", name="to") if "checked" in its] == ["3"]
    for href in shown.links(UI):
        await page(running, href)


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        ("branch+main", ["2", "1"]),
        ("branch+feature/x", ["3"]),
        ("tag+prod", ["1"]),
        ("environment+uat", ["2"]),
        ("tag+nothing", []),
        ("nonsense", ["3", "2", "1"]),
        ("branch+", ["3", "2", "1"]),
    ],
)
async def test_versions_of(host: Host, chosen: str, numbers: list[str]) -> None:
    """Those of a branch, tag or environment can be chosen."""
    running = await history(host)
    shown = await ui(running, f"{INTEGRATION}?of={chosen}")
    assert [row[2] for row in shown.rows()[1:] if len(row) > 2] == numbers


async def test_pages_of_versions(host: Host) -> None:
    """Fifty versions are on a page; each is on one, and each tells rightly whether it changed anything."""
    running = await host()
    for number in range(60):
        await publish(running, pact("id", *(["x"] if number >= 10 else [])), str(number))
    rows = (await ui(running, INTEGRATION)).rows()[1:] + (await ui(running, f"{INTEGRATION}?page=2")).rows()[1:]
    assert [row[2] for row in rows] == [str(number) for number in range(59, -1, -1)]
    assert [row[2] for row in rows if "changed" in row[4]] == ["10"]


async def test_what_changed(host: Host) -> None:
    """Between two versions, interactions that came, went and changed are told, with the fields; both ways."""
    running = await history(host)
    shown = await ui(running, f"{INTEGRATION}/diff?from=1&to=3")
    assert "1 interaction added, 1 changed, 0 removed" in shown.text
    assert "+ added asks for /more" in shown.text
    changed = shown.text.partition("~ changed")[2]
    assert "total" in changed
    assert "name" in changed
    [back] = [href for href in shown.links(UI) if "from=3" in href]
    shown = await page(running, back)
    assert "0 interactions added, 1 changed, 1 removed" in shown.text
    assert "− removed asks for /more" in shown.text
    for href in shown.links(UI):
        await page(running, href)
    assert "No difference" in (await ui(running, f"{INTEGRATION}/diff?from=1&to=2")).text
    assert "No difference" in (await ui(running, f"{INTEGRATION}/diff?from=3&to=3")).text


@pytest.mark.parametrize(
    "query", ["", "?from=1", "?from=1&to=9", "?from=&to=", "?from=1&to=3&from=9", "?from=%00&to=1"]
)
async def test_versions_that_are_none(host: Host, query: str) -> None:
    """What cannot be compared is told as not found, unless two versions are named."""
    running = await history(host)
    await ui(running, f"{INTEGRATION}/diff{query}", 200 if query.count("from") == 2 else 404)


@pytest.mark.parametrize(
    "address",
    [
        "/pacts/provider/shop/consumer/web/version/1/stub",
        "/pacts/provider/shop/consumer/web/latest/prod/stub",
        "/pacts/provider/shop/consumer/web/branch/main/latest/stub",
        "/pacts/provider/shop/consumer/web/environment/uat/stub",
        "/providers/shop/branch/main/latest/stub",
        "/env/uat/providers/shop/stub",
        "/providers/shop/stub",
        "/pacts/provider/shop/consumer/web/latest/stub",
    ],
)
async def test_pages_of_stubs(host: Host, address: str) -> None:
    """Whatever address a stub has, so have its pages; every link on them leads on, be it to a page or to JSON."""
    running = await history(host)
    links: set[str] = set()
    for tail in ("", "/usage", "/try", "/openapi"):
        shown = await ui(running, address + tail)
        assert address.partition("/stub")[0] in shown.text or "env" in address
        links |= set(shown.links("/_stubserver/"))
    its = next(href for href in sorted(links) if "/interactions/" in href)
    shown = await page(running, its)
    for href in [*links, *shown.links("/_stubserver/")]:
        status, _, body = await running.get(href)
        assert status == 200, (href, body[:300])


async def test_an_interaction(host: Host) -> None:
    """Its page has request, answer, states, rules in words, code, and what stands in the pact."""
    running = await host()
    item = {
        "description": "asks for one",
        "providerStates": [{"name": "there is one", "params": {"id": 7}}],
        "request": {
            "path": "/orders/7",
            "matchingRules": {"path": {"combine": "AND", "matchers": [{"match": "regex", "regex": "/orders/\\d+"}]}},
        },
        "response": {"status": 203, "body": {"content": {"id": 7}, "contentType": "application/json"}},
    }
    made = http_pact(consumer="web", provider="shop")
    made["interactions"] = [{"type": "Synchronous/HTTP", **item}]
    await publish(running, made, "1")
    [href] = [href for href in (await ui(running, stub("web", "shop"))).links(UI) if "/interactions/" in href]
    shown = await page(running, href)
    for text in (
        "asks for one",
        "there is one",
        '"id":7',
        "GET /orders/7 HTTP/1.1",
        "HTTP/1.1 203",
        "/orders/\\d+",
        "curl",
    ):
        assert text in shown.text.replace('"id": 7', '"id":7'), text
    assert f"{running.url}/pacts/provider/shop/consumer/web/latest/stub/orders/7" in shown.source
    assert '"description": "asks for one"' in shown.text
    found = await page(running, f"{href}/try")
    assert found.all("input", name="target")[0]["value"] == "/orders/7"


async def test_trying(host: Host) -> None:
    """A request is tried on the stub: answered by its interaction, or explained and mended by one more form."""
    running = await history(host)
    target = f"{stub('web', 'shop')}/try"
    status, headers, body = await post(running, target, {"method": "GET", "target": "/orders"})
    assert (status, faults_of(body, headers)) == (200, [])
    assert "Answered by asks for orders" in Page(body).text
    status, headers, body = await post(running, target, {"method": "GET", "target": "/order"})
    tried = Page(body)
    assert (status, faults_of(body, headers)) == (200, [])
    assert "No interaction matches" in tried.text
    [form] = [its for its in tried.all("form") if "data-fix" in its]
    fix = {name: value for name, value in tried.fields.items() if name != "newlines"}
    assert fix["target"] == "/orders"
    _, _, body = await post(running, form["action"].removeprefix(UI), fix)
    assert "Answered by asks for orders" in Page(body).text
    for form in ({"method": "GE T"}, {"target": "x"}, {"target": "/a b"}, {"headers": "x"}, {"headers": "a: b\r\n: c"}):
        status, headers, body = await post(running, target, {"method": "GET", "target": "/", **form})
        assert (status, faults_of(body, headers)) == (200, [])
        assert "This request was not sent" in Page(body).text
    assert "No request came yet" in (await ui(running, "/live")).text


async def test_who_uses_what(host: Host) -> None:
    """Of a provider, the fields are told with who reads them."""
    running = await history(host)
    other = pact("id", "colour")
    other["consumer"]["name"] = "app"
    await publish(running, other, "1")
    shown = await ui(running, "/providers/shop/stub/usage")
    assert "Used by app , web" in shown.text.replace("app,", "app ,")
    colour = shown.row_of("colour")
    total = shown.row_of("total")
    assert (colour[2], total[1]) == ("–", "–")
    assert colour[1] != "–"


# --- Environments


async def test_environments(host: Host) -> None:
    """One is added on the page, and is there for everyone; what is in it has links to its stubs."""
    running = await history(host)
    form = {"name": "live", "display_name": "Live, really", "production": "yes"}
    status, headers, _ = await post(running, "/environments", form)
    assert (status, headers["Location"]) == (303, f"{UI}/environments#live")
    made = {item["name"]: item for item in (await api(running, "GET", "/environments"))["_embedded"]["environments"]}
    assert (made["live"]["displayName"], made["live"]["production"]) == ("Live, really", True)
    shown = await ui(running, "/environments")
    assert "Live, really production live" in shown.text
    assert shown.row_of("web")[:3] == ["web", "2", "deployed"]
    for href in shown.links(UI):
        await page(running, href)
    assert "CreateEnvironment" in (await ui(running, "/audit")).text


@pytest.mark.parametrize(
    ("name", "status"),
    [
        *((name, 400) for name in ("", "  ", ".", "..", "a\nb", "x" * 256)),
        *((name, 303) for name in ("x" * 255, "ünï", "a/b")),
        ("uat", 409),
    ],
)
async def test_names_of_environments(host: Host, name: str, status: int) -> None:
    """A name that cannot be one, or is taken, is told beside the field, which keeps it; nothing is added."""
    running = await history(host)
    found, headers, body = await post(running, "/environments", {"name": name})
    assert found == status
    if status != 303:
        assert faults_of(body, headers) == []
        shown = Page(body)
        assert shown.all("p", role="alert")
        assert shown.all("input", id="name")[0]["aria-invalid"] == "true"
    every = (await api(running, "GET", "/environments"))["_embedded"]["environments"]
    assert len(every) == (2 if status == 303 else 1)


@pytest.mark.parametrize("name", ["two words", "a\tb", "x y"])
async def test_names_that_the_api_refuses(host: Host, name: str) -> None:
    """The page adds no environment whose name the API would refuse: clients could not do anything with it."""
    running = await host()
    await api(running, "POST", "/environments", {"name": name, "production": False}, 400)
    assert (await post(running, "/environments", {"name": name}))[0] == 400


# --- Audit


async def test_pages_of_the_audit(host: Host) -> None:
    """Fifty events are on a page, the newest first; older ones follow, each once."""
    running = await host()
    await publish(running, pact("id"), "1")
    for number in range(119):
        await api(running, "PUT", f"/pacticipants/web/versions/1/tags/t{number}", {})
    seen: list[str] = []
    target = f"{UI}/audit"
    for _ in range(5):
        shown = await page(running, target)
        rows = [row[4] for row in shown.rows()[1:]]
        seen += rows
        following = shown.all("a", rel="next")
        if not following:
            break
        assert len(rows) == 50
        target = following[0]["href"]
    assert len(seen) == 120
    assert len({row.partition(" more")[0] for row in seen}) == 120
    assert seen[0].startswith("PUT /pacticipants/web/versions/1/tags/t118")


async def test_filters_of_the_audit(host: Host) -> None:
    """Events of a type, or of somebody, can be chosen, and stay chosen on further pages."""
    running = await host()
    await publish(running, pact("id"), "1")
    for number in range(60):
        await environment(running, f"e{number}")
    shown = await ui(running, "/audit?type=PublishContracts")
    assert len(shown.rows()[1:]) == 1
    assert shown.all("input", id="type")[0]["value"] == "PublishContracts"
    shown = await ui(running, "/audit?type=CreateEnvironment&actor=anyone")
    assert {row[1] for row in shown.rows()[1:]} == {"CreateEnvironment"}
    shown = await page(running, shown.all("a", rel="next")[0]["href"])
    assert {row[1] for row in shown.rows()[1:]} == {"CreateEnvironment"}
    assert len(shown.rows()[1:]) == 10
    for query in ("?type=nothing", "?actor=nobody", "?from=nothing"):
        assert "Nothing fits" in (await ui(running, f"/audit{query}")).text


# --- Settings


async def test_settings(serve: Serve) -> None:
    """All settings are shown, with what is not the default marked; nothing of secrets but that they are set."""
    running = await serve(
        pact("id"),
        user="me:hunter2-user",
        token="hunter2-token",
        seed="green",
        broker_url=None,
        url=[],
    )
    shown = await ui(running, "/settings")
    assert "hunter2" not in shown.source
    assert shown.text.count("set, not shown") == 2
    assert "green set" in shown.row_of("seed", "green")[1]
    assert "set" not in shown.row_of("no_match_status")[1]


async def test_the_database_in_settings(host: Host) -> None:
    """Of the URL of the database, the password is shown nowhere."""
    url = postgres_url()
    running = await host(database=url, data=None)
    shown = await ui(running, "/settings")
    password = url.partition("://")[2].partition("@")[0].partition(":")[2]
    assert "postgresql" in shown.text
    assert not password or password not in shown.source
    assert url not in shown.source


@pytest.mark.parametrize(
    "written",
    ["https://me:hunter2@pacts.example/x.json", "https://hunter2@pacts.example/x", "https://pacts.example/x?token=hunter2&a=b"],
)  # fmt: skip
def test_urls_in_settings(written: str) -> None:
    """Sources may have credentials in their URLs: these are not shown."""
    told = {name: value for name, value, _, _ in shown_settings(Settings(url=[written]))}
    assert "pacts.example" in told["url"]
    assert "hunter2" not in told["url"]

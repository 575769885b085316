"""Reading pacts: by every selector, under every name, through the links that answers give."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from yarl import URL

from tests.api.conftest import HAL, Api, MakeApi, at, contract, interaction, pact, path_of

SHOP = at("web", "shop")


async def published(api: Api) -> None:
    """Versions of a pact: 1 on main, tagged dev; 2 as 1, on feature; 3 and 4 of other content; and one of app."""
    await api.publish(contract(pact(interaction("a", "/a"))), branch="main", tags=["dev"])
    await api.publish(contract(pact(interaction("a", "/a"))), branch="feature", pacticipantVersionNumber="2")
    three = pact(interaction("b", "/b"))
    await api.publish(contract(three), branch="main", pacticipantVersionNumber="3", tags=["dev", "prod"])
    await api.publish(contract(pact(interaction("c", "/c"))), branch="feature", pacticipantVersionNumber="4")
    await api.publish(
        contract(pact(interaction("m", "/m"), consumer="app")), branch="main", pacticipantVersionNumber="7"
    )


SELECTED = {
    "/latest": "4",
    "/latest/dev": "3",
    "/latest/prod": "3",
    "/latest-untagged": "4",
    "/branch/main/latest": "3",
    "/branch/feature/latest": "4",
    "/branch/latest": "3",
    "/version/1": "1",
    "/version/4": "4",
    "/environment/uat": "2",
}


async def test_selectors(api: Api) -> None:
    """Every selector leads to its pact, and the pact to its stub."""
    await published(api)
    place = (await api("POST", "/environments", {"name": "uat", "production": True})).document["uuid"]
    await api("POST", f"/pacticipants/web/versions/2/deployed-versions/environment/{place}", {})
    for path, version in SELECTED.items():
        answer = await api.get(SHOP + path)
        assert answer.headers["Content-Type"] == HAL
        assert answer.headers["X-Pact-Consumer-Version"] == version, path
        assert path_of(answer.links["self"]["href"]) == f"{SHOP}/version/{version}"
        assert answer.links["pb:consumer-version"]["name"] == version
        [item] = answer.document["interactions"]
        assert (await api.get(answer.links["pb:stub"]["href"] + item["request"]["path"])).status == 200
        assert answer.document["createdAt"].endswith("+00:00")


NOT_THERE = [
    "/version/9", "/latest/none", "/branch/none/latest", "/environment/none", "/pact-version/none",
    "/version/9/previous-distinct", "/version/1/diff/version/9", "/version/9/verification-results/latest",
]  # fmt: skip


async def test_what_is_not_there(api: Api) -> None:
    """What is not there is 404, and so it is said; the lists of what is not there are empty."""
    await published(api)
    for path in NOT_THERE:
        told = (await api.get(SHOP + path, 404)).document
        assert told["error"]
        assert "errors" not in told
    assert (await api.get(at("web", "none", "versions"))).document["_embedded"]["pacts"] == []


async def test_names_of_the_dead(api: Api) -> None:
    """Clients that see 404 for a provider say that there are no pacts; one without pacts has an empty list."""
    for path in (
        "",
        "/latest",
        "/latest/dev",
        "/tag/dev",
        "/branch",
        "/branch/latest",
        "/branch/b",
        "/branch/b/latest",
    ):
        answer = await api.get("/pacts/provider/none" + path, 404)
        assert answer.document["error"] == "No provider with name 'none' found"
        await api("POST", "/pacticipants", {"name": "idle"})
        assert (await api.get("/pacts/provider/idle" + path)).links["pb:pacts"] == []


async def test_lists_of_a_provider(api: Api) -> None:
    """Lists of the pacts of a provider, with both keys that clients read: `pb:pacts`, and `pacts` with the same."""
    await published(api)
    expected = {
        "/latest": ["app 7", "web 4"],
        "/latest/dev": ["web 3"],
        "/branch/main/latest": ["app 7", "web 3"],
        "/branch/latest": ["app 7", "web 3"],
        "": ["app 7", "web 1", "web 2", "web 3", "web 4"],
        "/tag/dev": ["web 1", "web 3"],
        "/branch": ["app 7", "web 1", "web 3"],
        "/branch/feature": ["web 2", "web 4"],
    }
    for path, pacts in expected.items():
        links = (await api.get("/pacts/provider/shop" + path)).links
        found = [f"{link['name']} {link['href'].rpartition('/')[2]}" for link in links["pb:pacts"]]
        assert sorted(found) == pacts, path
        assert [link["href"] for link in links["pacts"]] == [link["href"] for link in links["pb:pacts"]]
        assert all(set(link) == {"href", "title", "name"} for link in links["pb:pacts"] + links["pacts"])
        assert path_of(links["self"]["href"]) == "/pacts/provider/shop" + path


async def test_all_latest(api: Api) -> None:
    """The latest pacts of all, with both keys."""
    await published(api)
    answer = await api.get("/pacts/latest")
    for links in (answer.links["pb:pacts"], answer.links["pacts"]):
        assert [path_of(link["href"]) for link in links] == [at("app", "shop", "latest"), at("web", "shop", "latest")]
    told = [item["_embedded"] for item in answer.document["pacts"]]
    assert [(item["consumer"]["name"], item["provider"]["name"]) for item in told] == [("app", "shop"), ("web", "shop")]
    assert told[1]["consumer"]["_embedded"]["version"]["number"] == "4"


async def test_lists_of_versions(api: Api) -> None:
    """Lists of the versions of a pact, the newest first."""
    await published(api)
    expected = {
        "/versions": "4321",
        "/tag/dev": "31",
        "/branch/feature": "42",
        "/branch/feature/latest/versions": "4",
        "/branch/versions": "31",
        "/branch/latest/versions": "3",
    }
    for path, versions in expected.items():
        document = (await api.get(SHOP + path)).document
        numbers = [item["_embedded"]["consumerVersion"]["number"] for item in document["_embedded"]["pacts"]]
        assert "".join(numbers) == versions, path
        assert [link["name"] for link in document["_links"]["pact-versions"]] == [f"Version {n}" for n in versions]


async def test_content_is_shared(api: Api) -> None:
    """Versions with the same content have the same permalink, which leads to it."""
    await published(api)
    one, two, three = [(await api.get(f"{SHOP}/version/{n}")).links["pb:pact-version"] for n in "123"]
    assert one == two != three
    assert one["href"].endswith("/pact-version/" + one["name"])
    assert (await api.get(one["href"])).document["interactions"][0]["description"] == "a"
    assert (await api.get(one["href"] + "/metadata/Y3ZuPTE")).links["pb:publish-verification-results"]["href"] == (
        one["href"] + "/metadata/Y3ZuPTE/verification-results"
    )


async def test_differences(api: Api) -> None:
    """What differs from the version before is told in text; so is what differs between any two."""
    await published(api)
    previous = await api.get(f"{SHOP}/version/3/previous-distinct")
    assert previous.headers["X-Pact-Consumer-Version"] == "2"
    await api.get(f"{SHOP}/version/2/previous-distinct", 404)  # the one before has the same content
    for path in ("/version/3/diff/previous-distinct", "/version/3/diff/version/2"):
        answer = await api.get(SHOP + path)
        assert answer.headers["Content-Type"] == "text/plain;charset=utf-8"
        assert answer.body.decode().split("\n") == [
            "- Pact between web (2) and shop", "+ Pact between web (3) and shop", "", "- a", "+ b", "",
        ]  # fmt: skip
    one, three = [(await api.get(f"{SHOP}/version/{n}")).links["pb:pact-version"] for n in "13"]
    assert (await api.get(f"{three['href']}/diff/pact-version/{one['name']}")).body.endswith(b"- a\n+ b\n")
    assert b"no difference" in (await api.get(f"{SHOP}/version/2/diff/version/1")).body


async def test_provider_states(api: Api) -> None:
    """The states that consumers rely on, by name, whichever way a pact tells of them."""
    await api.put(pact(interaction("a", providerState="old"), interaction("b", providerStates=[{"name": "new"}])))
    await api.put(pact(interaction("c", providerStates=[{"name": "new", "params": {"id": 1}}]), consumer="app"))
    states = (await api.get("/pacts/provider/shop/provider-states")).document["providerStates"]
    assert [(state["name"], sorted(state["consumers"])) for state in states] == [
        ("new", ["app", "web"]),
        ("old", ["web"]),
    ]
    await api("PUT", "/pacticipants/web/branches/b/versions/1", {})
    assert [state["params"] for state in states] == [{"id": 1}, {}]
    place = (await api("POST", "/environments", {"name": "uat", "production": True})).document["uuid"]
    await api("POST", f"/pacticipants/app/versions/1/released-versions/environment/{place}", {})
    for path, names in ((f"/environment/{place}", ["new"]), ("/branch/b", ["new", "old"]), ("/branch/none", [])):
        states = (await api.get("/pacts/provider/shop/provider-states" + path)).document["providerStates"]
        assert [state["name"] for state in states] == names


@pytest.mark.parametrize(
    "odd",
    [
        {"interactions": 5},
        {"messages": True},
        {"interactions": [interaction(providerStates=[{"name": "s", "params": 5}])]},
        {"interactions": [interaction(providerStates=[{"name": "s", "params": True}])]},
    ],
)
async def test_states_of_odd_pacts(api: Api, odd: Any) -> None:
    """A pact with odd parts, which is taken, does not hide the states of the others."""
    await api.put({**pact(), **odd})
    await api.put(pact(interaction(providerState="fine"), consumer="app"))
    states = (await api.get("/pacts/provider/shop/provider-states")).document["providerStates"]
    assert "fine" in [state["name"] for state in states]


NAMES = [
    "Foo Web/UI", "Bar & Co", "1.1+ab/c", " a ", "a%2Fb", "100%", "%", "%25", '"q"', "it's", "Wéb 日本", "a?b#c",
    "a;b=c", "~", "\\", "|", "<x>", "latest", "versions", "branch", "provider", "metadata", "_stubserver", "-", "*",
    "a:b@c",
    "🦄",
    "stub", "{x}",
]  # fmt: skip


def filled(template: str, **names: str) -> str:
    """A templated link, as clients fill it in."""
    for name, value in names.items():
        template = template.replace("{" + name + "}", quote(value, safe=""))
    assert "{" not in template.partition("%7B")[0]
    return template


@pytest.mark.parametrize("name", NAMES)
async def test_names(api: Api, name: str) -> None:
    """A name may be anything: in every place of every path, links lead to what they are the links of."""
    index = (await api.get("/")).links
    consumer = provider = name
    told = await api.publish(
        contract(pact(consumer=consumer, provider=provider)), pacticipantVersionNumber=name, branch=name, tags=[name]
    )
    names = {
        "consumer": consumer, "provider": provider, "pacticipant": consumer, "version": name, "tag": name,
        "branch": name, "consumerApplicationVersion": name,
    }  # fmt: skip
    relations = {
        "pb:publish-pact", "pb:latest-pact-version", "pb:latest-provider-pacts", "pb:latest-provider-pacts-with-tag",
        "pb:provider-pacts-for-verification", "pb:provider-pacts", "pb:provider-pacts-with-tag", "pb:pacticipant",
        "pb:pacticipant-version", "pb:pacticipant-version-tag", "pb:pacticipant-branch-version", "pb:latest-version",
        "pb:latest-tagged-version", "pb:pacticipant-branch", "pb:provider-states",
    }  # fmt: skip
    if name not in ("latest", "versions"):  # words that a broker has in the place of branches
        relations |= {"pb:branch-pact-versions", "pb:latest-branch-pact-versions", "pb:provider-pacts-with-branch"}
    for relation in sorted(relations):
        await followed(api, filled(index[relation]["href"], **names))
    for relation, href in related(told.document):
        await followed(api, href, is_stub=relation == "pb:stubs")
    document = await followed(api, told.links["pb:contracts"][0]["href"])
    assert (document["consumer"]["name"], document["provider"]["name"]) == (consumer, provider)
    assert document["_links"]["pb:consumer-version"]["name"] == name
    version = await followed(api, document["_links"]["pb:consumer-version"]["href"])
    assert version["number"] == name
    assert (await followed(api, version["_embedded"]["tags"][0]["_links"]["self"]["href"]))["name"] == name
    await followed(api, version["_embedded"]["branchVersions"][0]["_links"]["self"]["href"])
    assert (await followed(api, document["_links"]["pb:provider"]["href"]))["name"] == provider
    assert (await api.get(document["_links"]["pb:stub"]["href"] + "/things")).status == 200
    assert (await api.get(document["_links"]["pb:latest-stub"]["href"] + "/things")).status == 200


async def test_dots_are_refused(api: Api) -> None:
    """Names that clients would resolve on the way are taken nowhere."""
    for name in (".", ".."):
        told = await api("POST", "/pacticipants", {"name": name})
        assert (told.status, list(told.document["errors"])) == (400, ["name"])
        assert "which clients take out of URLs" in told.document["errors"]["name"][0]
        segment = name.replace(".", "%2E")  # which does not leave it out, where a client does not see through it
        for target in (
            f"/pacts/provider/shop/consumer/web/version/{segment}",
            f"/pacts/provider/{segment}/consumer/web/version/1",
            f"/pacts/provider/shop/consumer/{segment}/version/1",
            f"/pacticipants/{segment}/versions/1",
            f"/pacticipants/web/versions/{segment}",
            f"/pacticipants/web/versions/1/tags/{segment}",
            f"/pacticipants/web/branches/{segment}/versions/1",
            f"/pacticipants/{segment}/branches/main/versions/1",
        ):
            document = {"interactions": []} if target.startswith("/pacts") else {}
            assert (await api("PUT", target, document)).status == 400, target
    assert (await api.get("/pacticipants")).links["pb:pacticipants"] == []


async def test_versions_called_stub(api: Api) -> None:
    """A version called stub is published, and its links do not lead to a stub."""
    url = at("web", "shop", "version", "stub")
    assert (await api("PUT", url, pact(interaction("a", "/a")))).status == 201
    assert (await api("PATCH", url, pact(interaction("b", "/b")))).status == 200
    published = await api.get(at("web", "shop", "latest"))
    assert path_of(published.links["self"]["href"]) == at("web", "shop", "version") + "/%73tub"
    got = await api.get(published.links["self"]["href"])
    assert [item["description"] for item in got.document["interactions"]] == ["a", "b"]
    assert (await api.get(got.links["pb:stub"]["href"] + "/b")).status == 200
    told = await api.publish(contract(pact(interaction("c", "/c"), provider="bank")), pacticipantVersionNumber="stub")
    assert path_of(told.links["pb:contracts"][0]["href"]) == at("web", "bank", "version") + "/%73tub"
    assert (await api("DELETE", url)).status == 200
    await api.get(published.links["self"]["href"], 404)


async def followed(api: Api, href: str, *, is_stub: bool = False) -> Any:
    """What a link leads to, asked for as clients do, who resolve dot segments."""
    if is_stub:
        answer = await api("GET", href + "/things")
    else:
        answer = await api("GET", href if "%73tub" in href else str(URL(href)))  # which would write it as stub
    assert answer.status == 200, (href, answer.body[:300])
    return json.loads(answer.body or b"null")


def hrefs(document: Any) -> Iterator[str]:
    """All links of a document that are not templates."""
    if isinstance(document, dict):
        if isinstance(document.get("href"), str) and not document.get("templated"):
            yield document["href"]
        for value in document.values():
            yield from hrefs(value)
    elif isinstance(document, list):
        for item in document:
            yield from hrefs(item)


# Links that lead to what may not be there, or is only written to.
MAYBE = ("pb:latest-verification-results", "pb:previous-distinct", "pb:diff-previous-distinct", "pb:latest-untagged")
WRITES = ("pb:publish-contracts", "pb:publish-verification-results", "pb:delete_integration")


def related(document: Any, relation: str = "") -> Iterator[tuple[str, str]]:
    """(relation, link) of all links in a document that are not templates."""
    if isinstance(document, dict):
        if isinstance(document.get("href"), str) and not document.get("templated"):
            yield relation, document["href"]
        for key, value in document.items():
            yield from related(value, key)
    elif isinstance(document, list):
        for item in document:
            yield from related(item, relation)


async def test_every_link_resolves(api: Api) -> None:
    """Whoever follows links from the index finds something at the end of each, however far they go."""
    await published(api)
    odd = pact(consumer="Foo Web/UI", provider="Bar & Co %2F")
    await api.publish(contract(odd), pacticipantVersionNumber="1+é", branch="feat/x", tags=["a b"])
    place = (await api("POST", "/environments", {"name": "uat", "production": True})).document["uuid"]
    for kind in ("deployed", "released"):
        await api("POST", f"/pacticipants/web/versions/2/{kind}-versions/environment/{place}", {})
    results = (await api.get(f"{SHOP}/version/1")).links["pb:publish-verification-results"]["href"]
    await api("POST", results, {"success": True, "providerApplicationVersion": "p1"})
    todo, seen, broken = [("", api.url + "/")], set(), []
    more = ["/pacticipants?page=1&size=1", "/integrations?size=1", "/audit?pageSize=2", "/settings/tokens"]
    more += [
        "/pacts/provider/shop/for-verification",
        f"/environments/{place}",
        "/pacts/provider/shop/latest",
        SHOP + "/versions",
    ]
    more += ["/pacticipants/web/versions?size=2", f"{SHOP}/version/3", "/pacticipants/web/branches"]
    more += ["/verification-results/consumer/web/version/1/latest", f"{SHOP}/tag/dev"]
    todo += [("", api.url + path) for path in more]
    while todo:
        relation, href = todo.pop()
        if href in seen or not href.startswith(api.url):
            continue
        seen.add(href)
        answer = await api("GET", href)
        if "/stub" in href:
            fine = "X-Stub-Match" in answer.headers
        elif relation.startswith(WRITES):
            fine = answer.status == 405
        else:
            fine = answer.status == 200 or (answer.status == 404 and relation.startswith(MAYBE))
        if not fine:
            broken.append((relation, href, answer.status))
        elif answer.status == 200 and answer.kind == "application/hal+json":
            todo += list(related(answer.document.get("_links"))) + list(related(answer.document.get("_embedded")))
    assert broken == []
    assert len(seen) > 100


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("prefix", ["/t/acme/broker", "/pact"])
async def test_behind_a_proxy(make_api: MakeApi, prefix: str, kept: bool) -> None:
    """Below a prefix, which a proxy leaves or takes away, all links have it; the index needs no slash."""
    api = await make_api(base_url=f"https://broker.example.com{prefix}", allow_open=True)
    start = prefix if kept else ""
    for path in (f"{start}/", start or "/", f"{start}/?"):
        assert (await api.get(path)).links["pb:publish-contracts"]["href"] == (
            f"https://broker.example.com{prefix}/contracts/publish"
        )
    document = {"pacticipantName": "web", "pacticipantVersionNumber": "1", "contracts": [contract(pact())]}
    assert (await api("POST", f"{start}/contracts/publish", document)).status == 200
    for path in ("/pacts/latest", "/pacts/provider/shop/latest", SHOP + "/versions", SHOP + "/latest", "/pacticipants"):
        answer = await api.get(start + path)
        assert all(href.startswith(f"https://broker.example.com{prefix}/") for href in hrefs(answer.document)), path
        if path != SHOP + "/latest":
            its = answer.links["self"]
            assert urlsplit(its["href"]).path == prefix + path


async def said(api: Api, data: bytes) -> tuple[int, bytes]:
    """Status and body of what is answered to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(api.url.rpartition(":")[2]))
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


async def test_absolute_form(api: Api) -> None:
    """A target with scheme and host, as clients of proxies write it, is the same resource."""
    await published(api)
    target = b"http://stubs/pacts/provider/shop/latest"
    status, body = await said(api, b"GET " + target + b" HTTP/1.1\r\nHost: stubs\r\nConnection: close\r\n\r\n")
    assert status == 200
    assert json.loads(body)["_links"]["self"]["href"] == target.decode()


async def test_odd_host(api: Api) -> None:
    """A Host header may have any bytes."""
    await published(api)
    head = f"GET {SHOP}/latest HTTP/1.1\r\nConnection: close\r\n".encode() + b"Host: h\xe9\r\n\r\n"
    assert (await said(api, head))[0] < 500

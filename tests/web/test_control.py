"""The control door: what is loaded, whether the server is well, why a request would not match."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from stubserver.web.control import ROUTES
from tests.conftest import Running, Serve, http_pact
from tests.web.raw import answer, connected, converse

SHOP = http_pact(
    {
        "description": "one order",
        "key": "k1",
        "providerStates": [{"name": "order 1 exists", "params": {"id": 1}}],
        "request": {
            "method": "GET",
            "path": "/orders/1",
            "query": {"full": ["yes"]},
            "headers": {"Accept": ["application/json"]},
            "matchingRules": {"path": {"combine": "AND", "matchers": [{"match": "regex", "regex": "/orders/\\d+"}]}},
        },
        "response": {
            "status": 200,
            "headers": {"X-Total": ["1"]},
            "body": {
                "content": {"id": 1, "price": {"amount": 5, "currency": "EUR"}},
                "contentType": "application/json",
            },
        },
    },
    {
        "description": "a new order",
        "request": {"method": "POST", "path": "/orders", "body": {"content": {"item": "book", "currency": "USD"}}},
        "response": {"status": 201},
    },
    {"description": "unservable", "request": {"method": 5}},
    consumer="web",
    provider="shop",
)
BANK = http_pact({"description": "pay", "request": {"path": "/pay"}, "response": {"status": 202}}, provider="bank")


@pytest.fixture
async def control(serve: Serve) -> Running:
    return await serve(SHOP, BANK)


async def ask(running: Running, target: str, status: int = 200) -> Any:
    """GET a document of the control door."""
    got, headers, body = await running.get("/_stubserver" + target)
    assert got == status, body
    expected = "application/json" if status in (200, 503) else "application/problem+json"
    assert headers["Content-Type"].split(";")[0] == expected
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    return json.loads(body)


async def explain(running: Running, document: Any, status: int = 200) -> Any:
    """POST to the explain endpoint; a problem when the status is not 200."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    got, headers, content = await running.request("POST", "/_stubserver/explain", data=body)
    assert got == status, content
    answered = json.loads(content)
    if status != 200:
        assert headers["Content-Type"].split(";")[0] == "application/problem+json"
        assert set(answered) == {"type", "title", "status", "detail", "cure"}
        assert answered["status"] == status
        assert answered["cure"]
    return answered


async def test_index_links_to_every_route(control: Running) -> None:
    """The index names the server and links to all there is; every link without a variable works."""
    status, headers, body = await control.get("/_stubserver/")
    assert (status, headers["Content-Type"]) == (200, "application/hal+json;charset=utf-8")
    index = json.loads(body)
    assert index["name"] == "stubserver"
    assert set(index["links"]) == {name for _, path, name, _ in ROUTES}
    for link in index["links"].values():
        assert link.startswith(control.url + "/_stubserver/")
        if "{" not in link and not link.endswith("/explain"):
            assert (await control.get(link.removeprefix(control.url)))[0] == 200
    assert json.loads((await control.get("/_stubserver"))[2]) == index


async def test_health(control: Running) -> None:
    """The server is up."""
    assert await ask(control, "/health") == {"status": "up", "api": "/_stubserver/"}


async def test_ready(control: Running) -> None:
    """Ready when something is served."""
    assert await ask(control, "/ready") == {"status": "ready", "interactions": 3, "broken": []}


async def test_not_ready(serve: Serve) -> None:
    """503 while nothing is served; the documents at fault are named. Health is another matter."""
    running = await serve(b"{broken")
    document = await ask(running, "/ready", 503)
    assert (document["status"], document["interactions"]) == ("empty", 0)
    assert [origin.rpartition("/")[2] for origin in document["broken"]] == ["0-0.json"]
    assert await ask(running, "/health") == {"status": "up", "api": "/_stubserver/"}


async def test_stubs(control: Running) -> None:
    """Every address with its URL and how many interactions it serves."""
    stubs = (await ask(control, "/stubs"))["stubs"]
    found = {(stub["provider"], stub["consumer"]): (stub["url"], stub["interactions"]) for stub in stubs}
    url = control.url
    assert found == {
        (None, None): (url + "/", 3),
        ("shop", None): (url + "/providers/shop/stub", 2),
        ("shop", "web"): (url + "/pacts/provider/shop/consumer/web/latest/stub", 2),
        ("bank", None): (url + "/providers/bank/stub", 1),
        ("bank", "web"): (url + "/pacts/provider/bank/consumer/web/latest/stub", 1),
    }


async def test_pacts(serve: Serve) -> None:
    """Every document: what is served of it, what is not and why, with place and cure."""
    running = await serve(SHOP, b"[]")
    shop, broken = (await ask(running, "/pacts"))["pacts"]
    assert (shop["consumer"], shop["provider"], shop["specification"], shop["served"]) == ("web", "shop", "V4", 2)
    assert shop["stub"] == running.url + "/pacts/provider/shop/consumer/web/latest/stub"
    assert len(shop["sha256"]) == 64
    assert shop["stale"] is False
    [skipped] = shop["skipped"]
    assert (skipped["description"], skipped["pointer"]) == ("unservable", "/interactions/2")
    [problem] = shop["problems"]
    assert (problem["severity"], problem["pointer"]) == ("skipped", "/interactions/2/request/method")
    assert problem["message"]
    assert problem["cure"]
    assert "consumer" not in broken
    assert [problem["severity"] for problem in broken["problems"]] == ["error"]


async def test_interactions(control: Running) -> None:
    """All interactions in short, in the order of their documents."""
    interactions = (await ask(control, "/interactions"))["interactions"]
    assert [i["description"] for i in interactions] == ["one order", "a new order", "pay"]
    assert interactions[0]["states"] == ["order 1 exists"]
    assert interactions[0]["origin"].endswith("0-0.json#/interactions/0")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?provider=bank", ["pay"]),
        ("?provider=shop&consumer=web", ["one order", "a new order"]),
        ("?provider=nobody", []),
        ("?consumer=web", ["one order", "a new order", "pay"]),
    ],
)
async def test_interactions_of_one(control: Running, query: str, found: list[str]) -> None:
    """Interactions can be asked for by provider and consumer."""
    interactions = (await ask(control, "/interactions" + query))["interactions"]
    assert [i["description"] for i in interactions] == found


async def test_unknown_parameter(control: Running) -> None:
    """A parameter that is not known is refused, not overlooked."""
    problem = await ask(control, "/interactions?provder=shop", 400)
    assert "provder" in problem["detail"]
    assert "provider" in problem["cure"]


async def test_one_interaction(control: Running) -> None:
    """One interaction in full, under its id."""
    summary = (await ask(control, "/interactions"))["interactions"][0]
    full = await ask(control, "/interactions/" + summary["id"])
    assert full == {
        **summary,
        "key": "k1",
        "pending": False,
        "state_params": {"order 1 exists": {"id": 1}},
        "request": {
            "method": "GET",
            "path": "/orders/1",
            "query": {"full": ["yes"]},
            "headers": {"Accept": "application/json"},
            "body": None,
        },
        "rules": {
            "path": [{"match": "regex", "regex": "/orders/\\d+"}],
            "query": {},
            "header": {},
            "body": {},
        },
        "response": {
            "status": 200,
            "headers": {"X-Total": "1", "Content-Type": "application/json"},
            "body": {"id": 1, "price": {"amount": 5, "currency": "EUR"}},
            "generators": [],
        },
    }


async def test_unknown_interaction(control: Running) -> None:
    """An id that is not known is a problem that says where the known ones are."""
    problem = await ask(control, "/interactions/000000000000", 404)
    assert problem["type"] == "urn:stubserver:problem:not-found"
    assert "/_stubserver/interactions" in problem["cure"]


@pytest.mark.parametrize(
    ("path", "hits"),
    [
        ("$.response.body..currency", [("one order", ["EUR"])]),
        ("$..currency", [("one order", ["EUR"]), ("a new order", ["USD"])]),
        ("$.request.query.full[0]", [("one order", ["yes"])]),
        ("$.states[*]", [("one order", ["order 1 exists"])]),
        ("$.response.body.price.*", [("one order", [5, "EUR"])]),
        ("$.response.headers['X-Total']", [("one order", ["1"])]),
        ("description", [("one order", ["one order"]), ("a new order", ["a new order"]), ("pay", ["pay"])]),
        ("$.request.query.full[0:1]", [("one order", ["yes"])]),
        ("$.nothing", []),
        ("$.states[7]", []),
    ],
)
async def test_jsonpath(control: Running, path: str, hits: list[Any]) -> None:
    """A JSONPath finds values in interactions, and says where."""
    found = (await ask(control, "/interactions?jsonpath=" + quoted(path)))["interactions"]
    assert [(i["description"], [hit["value"] for hit in i["found"]]) for i in found] == hits
    assert all(hit["path"] for i in found for hit in i["found"])


async def test_jsonpath_with_a_provider(control: Running) -> None:
    """A search can be kept to one provider."""
    found = await ask(control, "/interactions?provider=bank&jsonpath=" + quoted("$.status"))
    assert [i["description"] for i in found["interactions"]] == ["pay"]


async def test_jsonpath_shows_at_most_twenty(serve: Serve) -> None:
    """A search shows at most twenty hits of an interaction, and shortens long values."""
    content = {"items": ["x" * 1000] * 100}
    running = await serve(http_pact({"request": {"path": "/"}, "response": {"body": {"content": content}}}))
    [found] = (await ask(running, "/interactions?jsonpath=" + quoted("$.response.body.items[*]")))["interactions"]
    assert len(found["found"]) == 20
    assert len(found["found"][0]["value"]) < 300


@pytest.mark.parametrize(
    "path",
    [
        "",
        " ",
        "$",
        "$.",
        "$[",
        "$..a..b",
        "$..*..*",
        "$.a|b",
        "$.a where b",
        "$.a wherenot b",
        "$.a & b",
        "$.`parent`",
        "$.a.`len`",
        "$[?(@.a==1)]",
        "$.a[?(@ =~ '.*')]",
        "$.a + $.b",
        "$.`sub(/a/, b)`",
        "a" * 201,
        "(" * 150,
        "[" * 150,
        "$" + ".a" * 90,
        "'",
        '"',
        "\x00",
        "💥",
        "$[-1]",
        "$.status[0]",
        "$.status[*]",
        "$.states[::0]",
        "$.states[99999999999999999999]",
        "$.request[0]",
        "$.description[0]",
        "$.request[1:2]",
        "$.request.*[0]",
        "$..[0]",
        "$..*",
        "$[0,1]",
        "$['a','b']",
        "$.states[-9:9:-1]",
    ],
)
async def test_any_jsonpath_is_answered_or_refused(control: Running, path: str) -> None:
    """Whatever is asked, the answer is a list or a refusal in words, never a failure."""
    status, headers, body = await control.get("/_stubserver/interactions?jsonpath=" + quoted(path))
    assert status in (200, 400), body
    if status == 400:
        assert headers["Content-Type"].split(";")[0] == "application/problem+json"
        assert json.loads(body)["cure"]
    else:
        assert isinstance(json.loads(body)["interactions"], list)


@pytest.mark.parametrize(
    "path", ["$..a..b", "$.a|b", "$.a where b", "$.`parent`", "a" * 201, "$[", "$[?(@.a==1)]", "'", "((("]
)
async def test_refused_jsonpath(control: Running, path: str) -> None:
    """Two descents, operators, overlong and malformed paths are refused with a cure."""
    problem = await ask(control, "/interactions?jsonpath=" + quoted(path), 400)
    assert problem["type"] == "urn:stubserver:problem:bad-request"
    assert problem["cure"]


def quoted(text: str) -> str:
    """A text as a query value."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


async def test_explain_match(control: Running) -> None:
    """A description of a request that matches gives the interaction that would answer."""
    document = {"path": "/orders/7?full=yes", "headers": {"Accept": "application/json"}}
    answered = await explain(control, document)
    assert set(answered) == {"match", "lenient"}
    assert answered["match"]["description"] == "one order"


async def test_explain_agrees_with_the_stub(control: Running) -> None:
    """Explaining a request and sending it come to the same."""
    sent = await control.report("POST", "/orders", json={"item": "pen"})
    explained = await explain(control, {"method": "post", "path": "/orders", "body": {"item": "pen"}})
    assert explained.pop("match") is None
    assert explained == sent


async def test_explain_bodies(control: Running) -> None:
    """A body may be given as JSON, as text or as base64."""
    json_type = {"Content-Type": "application/json"}
    asked: list[dict[str, Any]] = [
        {"body": {"item": "book", "currency": "USD"}},
        {"body_text": '{"item": "book", "currency": "USD"}', "headers": json_type},
        {"body_base64": "eyJpdGVtIjoiYm9vayIsImN1cnJlbmN5IjoiVVNEIn0=", "headers": json_type},
    ]
    for document in asked:
        answered = await explain(control, {"method": "POST", "path": "/orders", **document})
        assert answered["match"]["description"] == "a new order"


async def test_explain_header_lists(control: Running) -> None:
    """A header may have several lines."""
    document = {"path": "/orders/7?full=yes", "headers": {"accept": ["application/json", "text/x"]}}
    report = await explain(control, document)
    assert [m["part"] for m in report["nearest"][0]["mismatches"]] == ["header"]


async def test_explain_at_an_address(control: Running) -> None:
    """The path may begin with an address; the question is then put to that stub."""
    document = {"path": "/providers/bank/stub/pay"}
    assert (await explain(control, document))["match"]["description"] == "pay"
    report = await explain(control, {"path": "/providers/shop/stub/pay"})
    assert "all consumers of shop" in report["message"]
    report = await explain(control, {"path": "/pacts/provider/shop/consumer/web/latest/stub/orders"})
    assert "web → shop" in report["message"]
    assert "/latest/stub/orders" in report["nearest"][0]["curl"]


async def test_explain_state(control: Running) -> None:
    """A provider state is part of the question."""
    document = {"path": "/orders/7?full=yes", "headers": {"Accept": "application/json"}, "state": "order 1"}
    assert (await explain(control, document))["match"]["description"] == "one order"
    report = await explain(control, {**document, "state": "order 2"})
    assert report["nearest"][0]["mismatches"][0]["part"] == "provider state"


async def test_explain_without_anything(control: Running) -> None:
    """Method and path have defaults."""
    assert (await explain(control, {}))["message"] == "No interaction matches GET / at the stub of all pacts"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 100_000,
        {"pth": "/x"},
        {"path": "x"},
        {"path": 5},
        {"path": None},
        {"method": 5},
        {"headers": []},
        {"headers": None},
        {"headers": {"A": 5}},
        {"headers": {"A": [5]}},
        {"body_base64": "%%%"},
        {"body_base64": "é"},
        {"body_base64": 5},
        {"body_text": 5},
        {"state": "("},
        {"state": 5},
        {"state": ["a"]},
        {"state": {"name": "a"}},
    ],
)
async def test_explain_of_what_is_no_request(control: Running, document: Any) -> None:
    """What does not describe a request is refused as a problem with a cure."""
    await explain(control, document, 400)


async def test_explain_of_odd_requests(control: Running) -> None:
    """Odd requests are explained like others."""
    asked: list[dict[str, Any]] = [
        {"method": "", "path": "/"},
        {"path": "/%zz/%ff?%"},
        {"path": "/?a&b=&=c&&"},
        {"path": "/世界"},
        {"headers": {"": "", "content-type": ";;;", "x y": "z"}},
        {"method": "POST", "path": "/orders", "body": None},
        {"method": "POST", "path": "/orders", "body": 10**30},
        {"method": "POST", "path": "/orders", "body_text": "", "headers": {"Content-Type": "application/json"}},
        {"method": "POST", "path": "/orders", "body_text": "\ud800"},
        {"path": "/\ud800", "headers": {"X": "\udfff"}, "body": {"\ud800": 12345678901234567890}, "state": None},
    ]
    for document in asked:
        body = json.dumps(document).encode()
        status, _, content = await control.request("POST", "/_stubserver/explain", data=body)
        refused = b"\\ud" in body and status == 400  # a lone surrogate may be refused
        assert status == 200 or refused, (document, content)


@pytest.mark.parametrize("depth", [100, 250, 500, 900, 1000, 5000])
async def test_explain_of_deep_bodies(control: Running, depth: int) -> None:
    """A body that nests deeply is explained or refused."""
    body = b'{"method":"POST","path":"/orders","body":' + b"[" * depth + b"]" * depth + b"}"
    status, _, content = await control.request("POST", "/_stubserver/explain", data=body)
    assert status in (200, 400), content


async def test_explain_takes_what_the_stub_takes(serve: Serve) -> None:
    """A body that the stub door takes can be explained; one over the limit is a problem."""
    running = await serve(SHOP, max_body=4 << 20)
    text = "x" * (2 << 20)
    with_text = json.dumps({"method": "POST", "path": "/orders", "body_text": text}).encode()
    status, _, body = await running.request("POST", "/_stubserver/explain", data=chunks(with_text))
    assert status == 200, body
    too_long = json.dumps({"body_text": text * 3}).encode()
    status, headers, _ = await running.request("POST", "/_stubserver/explain", data=chunks(too_long))
    assert (status, headers["Content-Type"].split(";")[0]) == (413, "application/problem+json")


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    """A body in pieces."""
    for start in range(0, len(content), 1 << 16):
        yield content[start : start + (1 << 16)]


@pytest.mark.parametrize("target", ["/nothing", "/interactions/a/b", "//", "/health/", "/%2e%2e/x", "/Health"])
async def test_unknown_addresses(control: Running, target: str) -> None:
    """What is not there is a problem that says where to look."""
    problem = await ask(control, target, 404)
    assert problem["type"] == "urn:stubserver:problem:not-found"
    assert "/_stubserver/" in problem["cure"]


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("POST", "/health", "GET, HEAD"),
        ("DELETE", "/pacts", "GET, HEAD"),
        ("GET", "/explain", "POST"),
        ("PATCH", "/interactions/x", "GET, HEAD"),
        ("OPTIONS", "/stubs", "GET, HEAD"),
        ("PURGE", "/ready", "GET, HEAD"),
    ],
)
async def test_wrong_methods(control: Running, method: str, target: str, allowed: str) -> None:
    """A wrong method is a problem that names the right one."""
    status, headers, body = await control.request(method, "/_stubserver" + target)
    assert (status, headers["Allow"]) == (405, allowed)
    assert headers["Content-Type"].split(";")[0] == "application/problem+json"
    problem = json.loads(body)
    assert (problem["status"], problem["type"]) == (405, "urn:stubserver:problem:method-not-allowed")
    assert allowed in problem["cure"]


async def test_absolute_form(control: Running) -> None:
    """The control door answers a target in absolute form like any other, as the stub door does."""
    head = b"GET http://shop.test/_stubserver/health HTTP/1.1\r\nHost: shop.test\r\n\r\n"
    status, _, body = await converse(control.url, head)
    assert (status, json.loads(body)["status"]) == (200, "up")


async def test_expect_continue(control: Running) -> None:
    """A client that waits for leave to send its question gets it once, and then the answer."""
    body = b'{"path":"/pay"}'
    head = (
        f"POST /_stubserver/explain HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    async with connected(control.url) as (reader, writer):
        writer.write(head.encode())
        assert (await answer(reader))[0] == 100
        writer.write(body)
        status, _, content = await answer(reader)
        assert status == 200
    assert json.loads(content)["match"]["description"] == "pay"


async def test_unknown_expectation(control: Running) -> None:
    """An unknown expectation is a problem here as well."""
    head = b"POST /_stubserver/explain HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: miracles\r\n\r\n{}"
    status, headers, _ = await converse(control.url, head)
    assert (status, headers["content-type"].split(";")[0]) == (417, "application/problem+json")


async def test_questions_do_not_disturb_the_stub(control: Running) -> None:
    """What is asked of the control door changes nothing at the stub door."""
    for target in ("/interactions", "/pacts", "/nothing", "/interactions?jsonpath=%24..%2A"):
        await control.get("/_stubserver" + target)
    assert (await control.get("/pay"))[0] == 202


async def test_explain_decides_as_the_stub_does(serve: Serve) -> None:
    """Lenience and HEAD count in an explanation as they do for a request."""
    pact = http_pact({"description": "strict", "request": {"path": "/x", "headers": {"X-A": "1"}}})
    running = await serve(pact, lenient=True, head=True)
    for method in ("GET", "HEAD"):
        assert (await running.request(method, "/x"))[1]["X-Stub-Match"] == "lenient"
        question = json.dumps({"method": method, "path": "/x"}).encode()
        answered = json.loads((await running.request("POST", "/_stubserver/explain", data=question))[2])
        assert (answered["match"]["description"], answered["lenient"]) == ("strict", True)

"""Generated answers over real sockets: the same again for the same request, and all that may change it."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import Running, Serve, http_pact
from tests.web.raw import answer, connected, converse

ORDER = {"item": "book"}
GENERATORS = {
    "status": {"type": "RandomInt", "min": 205, "max": 299},
    "header": {
        "X-Request-Id": {"type": "Uuid"},
        "Location": {"type": "MockServerURL", "example": "http://recorded.test/orders/1", "regex": ".*(/orders/\\d+)$"},
    },
    "body": {
        "$.id": {"type": "ProviderState", "expression": "${orderId}"},
        "$.ref": {"type": "Regex", "regex": "[A-Z]{4}-\\d{4}"},
        "$.made": {"type": "DateTime", "format": "yyyy-MM-dd'T'HH:mm:ssxxx"},
        "$.due": {"type": "Date", "expression": "tomorrow"},
        "$.links[*]": {"type": "MockServerURL", "regex": ".*(/orders/\\d+)$"},
    },
}
SHOP = http_pact(
    {
        "description": "a new order",
        "providerStates": [{"name": "there are books", "params": {"orderId": 7, "user": "Ann"}}],
        "request": {
            "method": "POST",
            "path": "/orders",
            "body": {"content": ORDER, "contentType": "application/json"},
        },
        "response": {
            "status": 201,
            "headers": {"X-Request-Id": ["recorded"]},
            "body": {
                "content": {
                    "id": 1,
                    "ref": "recorded",
                    "made": "2020-01-01T00:00:00Z",
                    "due": "2020-01-02",
                    "links": ["http://recorded.test/orders/1"],
                    "total": 12.50,
                },
                "contentType": "application/json",
            },
            "generators": GENERATORS,
        },
    },
    {
        "description": "an order",
        "request": {
            "path": "/orders/1",
            "matchingRules": {"path": {"matchers": [{"match": "regex", "regex": "/orders/\\d+"}]}},
        },
        "response": {
            "status": 200,
            "body": {"content": {"ref": "recorded"}},
            "generators": {"body": {"$.ref": {"type": "Uuid"}}},
        },
    },
    {"description": "plain", "request": {"path": "/plain"}, "response": {"body": {"content": {"ref": "recorded"}}}},
    provider="shop",
)
ADDRESSES = ["", "/providers/shop/stub", "/pacts/provider/shop/consumer/web/latest/stub"]


async def ordered(running: Running, base: str = "", **headers: str) -> tuple[int, Any, dict[str, Any]]:
    """Order a book; status, headers and document of the answer."""
    status, got, body = await running.request("POST", f"{base}/orders", json=ORDER, headers=headers)
    assert got["X-Stub-Match"] == "exact", body
    return status, got, json.loads(body)


async def raw_order(running: Running, base: str = "", **headers: str) -> tuple[int, str, bytes]:
    """Order a book; what of the answer is generated, as it came."""
    status, got, body = await running.request("POST", f"{base}/orders", json=ORDER, headers=headers)
    return status, got["X-Request-Id"], body


async def test_an_answer_with_generated_values(serve: Serve) -> None:
    """Status, headers and body hold generated values; the rest is as recorded."""
    running = await serve(SHOP, clock="2026-02-28T10:00:00+02:00")
    status, headers, document = await ordered(running)
    assert 201 <= status <= 299
    assert re.fullmatch("[0-9a-f-]{36}", headers["X-Request-Id"])
    assert re.fullmatch(r"[A-Z]{4}-\d{4}", document["ref"])
    assert document == {
        "id": 7,
        "ref": document["ref"],
        "made": "2026-02-28T10:00:00+02:00",
        "due": "2026-03-01",
        "links": [f"{running.url}/orders/1"],
        "total": 12.5,
    }
    assert list(document) == ["id", "ref", "made", "due", "links", "total"]


async def test_generated_links_work(serve: Serve) -> None:
    """Whoever follows a generated link comes back to the same stub, under the address that was used."""
    running = await serve(SHOP)
    for base in ADDRESSES:
        _, headers, document = await ordered(running, base)
        assert headers["Location"] == document["links"][0] == f"{running.url}{base}/orders/1"
        async with running.session.get(headers["Location"]) as followed:
            assert (followed.status, followed.headers["X-Stub-Match"]) == (200, "exact")


async def test_the_same_request_again(serve: Serve) -> None:
    """Equal requests get equal bytes, from one server and from another, however often and at however many at once."""
    one, other = await serve(SHOP), await serve(SHOP)
    answers = [await raw_order(one) for _ in range(3)]
    answers += await asyncio.gather(*(raw_order(one) for _ in range(10)))
    assert len(set(answers)) == 1
    status, request_id, body = await raw_order(other)
    assert (status, request_id, body.replace(other.url.encode(), one.url.encode())) == answers[0]


async def test_addresses_differ_by_their_links_only(serve: Serve) -> None:
    """Under each address of a stub the values are the same, but for links, which stay within the address."""
    running = await serve(SHOP)
    answers = [await raw_order(running, base) for base in ADDRESSES]
    assert len({body for _, _, body in answers}) == 3
    unlinked = {
        (status, request_id, body.replace(f"{running.url}{base}/orders".encode(), b"here"))
        for base, (status, request_id, body) in zip(ADDRESSES, answers, strict=True)
    }
    assert len(unlinked) == 1


async def test_another_request(serve: Serve) -> None:
    """Another path under the same rule gets other values; headers of the client change nothing."""
    running = await serve(SHOP)
    bodies = {path: (await running.get(path))[2] for path in ("/orders/1", "/orders/2", "/orders/3")}
    assert len(set(bodies.values())) == 3
    for headers in ({"User-Agent": "other"}, {"X-Request-Id": "1"}, {"Origin": "http://a.test"}, {"Accept": "*/*"}):
        assert (await running.get("/orders/1", headers=headers))[2] == bodies["/orders/1"]


async def test_seeds(serve: Serve) -> None:
    """The seed of the settings gives all values anew; that of a request goes before it."""
    one, other = await serve(SHOP, seed="one"), await serve(SHOP, seed="other")
    refs = {name: (await ordered(server))[2]["ref"] for name, server in (("one", one), ("other", other))}
    assert refs["one"] != refs["other"]
    assert (await ordered(one, **{"X-Stub-Seed": "other"}))[2]["ref"] == refs["other"]
    assert (await ordered(one, **{"x-stub-seed": "one"}))[2]["ref"] == refs["one"]
    assert (await ordered(one, **{"X-Stub-Seed": ""}))[2]["ref"] == (await ordered(await serve(SHOP)))[2]["ref"]
    assert len({(await ordered(one, **{"X-Stub-Seed": seed}))[2]["ref"] for seed in ("a", "b", "é", "a b", "0")}) == 5


async def test_random(serve: Serve) -> None:
    """With `random`, equal requests get other values each time, unless they bring a seed."""
    running = await serve(SHOP, random=True)
    assert len({await raw_order(running) for _ in range(5)}) == 5
    assert len({await raw_order(running, **{"X-Stub-Seed": "s"}) for _ in range(5)}) == 1
    calm = await serve(SHOP)
    assert (await ordered(running, **{"X-Stub-Seed": "s"}))[2]["ref"] == (await ordered(calm, **{"X-Stub-Seed": "s"}))[
        2
    ]["ref"]


async def test_the_hot_cache_keeps_no_values(serve: Serve) -> None:
    """A decision about a body that is remembered does not freeze the values of its answer."""
    for setting in ({}, {"hot_cache": 0}):
        running = await serve(SHOP, **setting)
        refs = [(await ordered(running, **{"X-Stub-Seed": seed}))[2]["ref"] for seed in "abcabcabc"]
        assert refs[:3] == refs[3:6] == refs[6:]
        assert len(set(refs)) == 3
    running = await serve(SHOP, random=True)
    assert len({(await ordered(running))[2]["ref"] for _ in range(5)}) == 5


async def test_clocks(serve: Serve) -> None:
    """The clock stands at noon of today unless it is set, by the settings or, before them, by the request."""
    running = await serve(SHOP)
    before = datetime.now().astimezone().date()
    made = datetime.fromisoformat((await ordered(running))[2]["made"])
    assert (made.hour, made.minute, made.second) == (12, 0, 0)
    assert made.date() in (before, before + timedelta(days=1))
    set_one = await serve(SHOP, clock="2030-12-31")
    document = (await ordered(set_one))[2]
    assert (document["made"][:19], document["due"]) == ("2030-12-31T00:00:00", "2031-01-01")
    document = (await ordered(set_one, **{"X-Stub-Clock": "1999-12-31T23:59:59-03:30"}))[2]
    assert (document["made"], document["due"]) == ("1999-12-31T23:59:59-03:30", "2000-01-01")
    assert (await ordered(set_one, **{"X-Stub-Clock": "today"}))[2]["made"] == made.isoformat()


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_running_clock(serve: Serve, by_header: bool) -> None:
    """With `now` the clock runs."""
    running = await serve(SHOP, clock="2030-12-31" if by_header else "now")
    began = datetime.now().astimezone().replace(microsecond=0)
    _, _, document = await ordered(running, **({"X-Stub-Clock": "now"} if by_header else {}))
    assert began <= datetime.fromisoformat(document["made"]) <= datetime.now().astimezone()


async def test_the_clock_changes_dates_only(serve: Serve) -> None:
    """Another clock gives other dates; what is drawn stays."""
    running = await serve(SHOP)
    first = (await ordered(running, **{"X-Stub-Clock": "2020-01-01"}))[2]
    second = (await ordered(running, **{"X-Stub-Clock": "2021-01-01"}))[2]
    assert first["made"] != second["made"]
    assert first["ref"] == second["ref"]


async def test_parameters_of_states(serve: Serve) -> None:
    """Values of provider states come from the pact; a request may bring others, of any kind."""
    running = await serve(SHOP)
    assert (await ordered(running))[2]["id"] == 7
    for params, expected in [
        ({"orderId": 8}, 8),
        ({"orderId": "eight"}, "eight"),
        ({"orderId": {"a": [None, "é", 12345678901234567890123]}}, {"a": [None, "é", 12345678901234567890123]}),
        ({"other": 1}, 7),
        ({}, 7),
    ]:
        header = json.dumps(params)
        assert (await ordered(running, **{"X-Stub-State-Params": header}))[2]["id"] == expected
    assert (await ordered(running, **{"X-Stub-State-Params": '{"orderId": "é"}'}))[2]["id"] == "é"


async def test_parameters_of_several_states(serve: Serve) -> None:
    """The parameters of all states of an interaction count; of one name, the last."""
    states = [{"name": "a", "params": {"x": 1, "y": 1}}, {"name": "b", "params": {"y": 2}}, {"name": "c"}]
    generators = {"body": {"$.v": {"type": "ProviderState", "expression": "${x}/${y}"}}}
    running = await serve(
        http_pact(
            {
                "providerStates": states,
                "request": {"path": "/"},
                "response": {"body": {"content": {"v": "0"}}, "generators": generators},
            }
        )
    )
    assert json.loads((await running.get("/"))[2]) == {"v": "1/2"}
    asked = {"X-Stub-State-Params": '{"x": 3}', "X-Stub-State": "b"}
    assert json.loads((await running.get("/", headers=asked))[2]) == {"v": "3/2"}


DEEP = '{"orderId": ' + "[" * 900 + "]" * 900 + "}"
MALFORMED = [
    ("X-Stub-Clock", ""),
    ("X-Stub-Clock", "yesterday"),
    ("X-Stub-Clock", "2026-02-30"),
    ("X-Stub-Clock", "12:00"),
    ("X-Stub-Clock", "2026-01-01T00:00:00+25:00"),
    ("X-Stub-Clock", "99999-01-01"),
    ("X-Stub-State-Params", ""),
    ("X-Stub-State-Params", "orderId=1"),
    ("X-Stub-State-Params", "{'orderId': 1}"),
    ("X-Stub-State-Params", "[1]"),
    ("X-Stub-State-Params", '"text"'),
    ("X-Stub-State-Params", "null"),
    ("X-Stub-State-Params", '{"orderId": NaN}'),
    ("X-Stub-State-Params", '{"orderId": "\\ud800"}'),
    ("X-Stub-State-Params", '{"orderId": 1} x'),
    ("X-Stub-State-Params", '{"orderId": 1' + "0" * 5000 + "}"),
    ("X-Stub-State-Params", DEEP),
]


@pytest.mark.parametrize(("name", "value"), MALFORMED, ids=lambda value: value[:30])
async def test_headers_that_cannot_be_read(serve: Serve, name: str, value: str) -> None:
    """A header of ours that makes no sense is a bad request, in words, with a cure, for browsers as well."""
    running = await serve(SHOP)
    headers = {name: value, "Origin": "http://app.test"}
    async with asyncio.timeout(10):
        status, got, body = await running.request("POST", "/orders", json=ORDER, headers=headers)
    assert (status, got["Content-Type"].split(";")[0]) == (400, "application/problem+json")
    problem = json.loads(body)
    assert problem["type"] == "urn:stubserver:problem:bad-request"
    assert name in problem["detail"]
    assert problem["cure"]
    assert (got["X-Stub-Match"], got["Access-Control-Allow-Origin"]) == ("none", "http://app.test")
    assert (await running.get("/orders/1"))[0] == 200


async def test_parameters_that_are_not_utf8(serve: Serve) -> None:
    """Bytes that are no text are no parameters either."""
    running = await serve(SHOP)
    body = json.dumps(ORDER).encode()
    head = (
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b'X-Stub-State-Params: {"orderId": "\xff"}\r\nContent-Length: %d\r\n\r\n' % len(body)
    )
    assert (await converse(running.url, head + body))[0] == 400


async def test_answers_without_generated_values(serve: Serve) -> None:
    """Seed, clock and `random` leave an answer alone in which nothing is generated."""
    running = await serve(SHOP, random=True, clock="now")
    bodies = {(await running.get("/plain", headers={"X-Stub-Seed": seed}))[2] for seed in "abc"}
    assert bodies == {b'{"ref":"recorded"}'}


async def test_browsers_may_read_generated_headers(serve: Serve) -> None:
    """An answer with generated values has its cross-origin headers; generated headers are among those exposed."""
    _, headers, _ = await ordered(await serve(SHOP), Origin="http://app.test")
    assert headers["Access-Control-Allow-Origin"] == "http://app.test"
    exposed = headers["Access-Control-Expose-Headers"].split(", ")
    assert {"X-Request-Id", "Location", "X-Stub-Match"} <= set(exposed)


async def test_head_of_generated_answers(serve: Serve) -> None:
    """With `head`, HEAD tells the very headers that GET has, its length included; the connection goes on."""
    response = {
        "headers": {"X-Id": ["1"]},
        "body": {"content": {"a": "x"}},
        "generators": {
            "header": {"X-Id": {"type": "Uuid"}},
            "body": {"$.a": {"type": "Regex", "regex": "a{1,20}|b{21,40}"}},
        },
    }
    running = await serve(http_pact({"request": {"path": "/"}, "response": response}), head=True)
    async with connected(running.url) as (reader, writer):
        seen = []
        for method in ("GET", "HEAD", "GET", "HEAD"):
            writer.write(f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            status, headers, body = await answer(reader, bodiless=method == "HEAD")
            seen.append((status, headers["x-id"], headers["content-length"]))
            assert method == "HEAD" or len(body) == int(headers["content-length"])
        assert len(set(seen)) == 1


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("is_generated", [True, False])
async def test_statuses_without_a_body(serve: Serve, status: int, is_generated: bool) -> None:
    """A status that has no body has none, recorded or generated, and the connection goes on."""
    generators: dict[str, Any] = {"body": {"$.a": {"type": "Uuid"}}}
    if is_generated:
        generators["status"] = {"type": "RandomInt", "min": status, "max": status}
    response = {"status": 200 if is_generated else status, "body": {"content": {"a": 1}}, "generators": generators}
    running = await serve(http_pact({"request": {"path": "/"}, "response": response}))
    async with connected(running.url) as (reader, writer):
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            got, headers, _ = await answer(reader, bodiless=True)
            assert got == status
            assert "transfer-encoding" not in headers


async def test_links_follow_the_host_that_was_asked(serve: Serve) -> None:
    """Links are made for the host that the client wrote, as a proxy or another name for the machine demands."""
    running = await serve(SHOP)
    for host in ("shop.test", "shop.test:8443", "[::1]:80", "127.0.0.1"):
        assert (await ordered(running, Host=host))[2]["links"] == [f"http://{host}/orders/1"]


@pytest.mark.parametrize("host", [b'a"b<c>&', b"a\xff", b"a\\b", "é".encode(), b"", b"a\tb"])
async def test_hosts_that_are_none(serve: Serve, host: bytes) -> None:
    """Whatever a client writes for a host, the answer is JSON (or a refusal)."""
    running = await serve(SHOP)
    body = json.dumps(ORDER).encode()
    head = b"POST /orders HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    status, _, content = await converse(running.url, head % (host, len(body)) + body)
    assert status < 300 or status == 400
    assert json.loads(content.decode())


async def test_links_without_a_host(serve: Serve) -> None:
    """A client of HTTP/1.0 that writes no host gets links to the socket it is on."""
    running = await serve(SHOP)
    body = json.dumps(ORDER).encode()
    head = b"POST /orders HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    _, _, content = await converse(running.url, head + body)
    assert json.loads(content)["links"] == [f"{running.url}/orders/1"]


@pytest.mark.parametrize(
    ("content_type", "content", "path", "expected"),
    [
        ("application/xml", '<a href="x">http://r/b</a>', "$.a", '<a href="x">{}/b</a>'),
        ("application/xml", '<a href="http://r/b">x</a>', "$.a['@href']", '<a href="{}/b">x</a>'),
        ("application/x-www-form-urlencoded", "u=http://r/b&x=1", "$.u", "u={}/b&x=1"),
    ],
)
async def test_links_in_other_bodies(serve: Serve, content_type: str, content: str, path: str, expected: str) -> None:
    """XML and forms have links as well, written as their type demands."""
    response = {
        "body": {"content": content, "contentType": content_type},
        "generators": {"body": {path: {"type": "MockServerURL", "regex": ".*(/b)", "example": "http://r/b"}}},
    }
    running = await serve(http_pact({"request": {"path": "/"}, "response": response}, provider="p q", consumer="c/d"))
    base = "/pacts/provider/p%20q/consumer/c%2Fd/latest/stub"
    _, headers, body = await running.get(f"{base}/")
    link = f"{running.url}{base}"
    form = content_type.endswith("urlencoded")
    told = expected.format(quote(link, safe="") if form else link)
    assert body.decode() == (told.replace("/b&", "%2Fb&") if form else told)
    assert headers["Content-Length"] == str(len(body))


async def test_values_never_break_the_head_of_an_answer(serve: Serve) -> None:
    """A value with line breaks is not sent as a header: the recorded one is."""
    response = {
        "headers": {"X-A": ["recorded"]},
        "generators": {"header": {name: {"type": "ProviderState", "expression": "v"} for name in ("X-A", "X-B")}},
    }
    running = await serve(http_pact({"request": {"path": "/"}, "response": response}))
    for value in ("a\r\nX-Evil: 1", "a\nb", "\0"):
        _, headers, _ = await running.get("/", headers={"X-Stub-State-Params": json.dumps({"v": value})})
        assert (headers["X-A"], headers.get("X-B"), headers.get("X-Evil")) == ("recorded", None, None)
    _, headers, _ = await running.get("/", headers={"X-Stub-State-Params": '{"v": "new"}'})
    assert (headers["X-A"], headers["X-B"]) == ("new", "new")


async def test_names_never_break_the_head_of_an_answer(serve: Serve) -> None:
    """Generators for what is no header, or for headers of the connection itself, are left out; the answer comes."""
    names = ["X\r\nEvil", "X Y", "", "Content-Length", "Transfer-Encoding", "Connection"]
    response = {
        "body": {"content": "hello"},
        "generators": {"header": {name: {"type": "RandomInt"} for name in names}},
    }
    running = await serve(http_pact({"request": {"path": "/"}, "response": response}))
    async with connected(running.url) as (reader, writer):
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            status, headers, body = await answer(reader)
            assert (status, headers["content-length"], body) == (200, "5", b"hello")
            assert not {"evil", "x y", "", "transfer-encoding", "connection"} & set(headers)


async def test_our_own_headers_stand(serve: Serve) -> None:
    """What says which interaction answered, and how, is not for a pact to make up."""
    header = {name: {"type": "Uuid"} for name in ("X-Stub-Match", "x-stub-interaction")}
    running = await serve(http_pact({"request": {"path": "/"}, "response": {"generators": {"header": header}}}))
    _, headers, _ = await running.get("/")
    assert headers.getall("X-Stub-Match") == ["exact"]
    assert headers["X-Stub-Interaction"].endswith(" case%200")


async def test_many_values_do_not_hold_up_others(serve: Serve) -> None:
    """While an answer with thousands of generated values is made, other requests are answered."""
    big = [{"a": "x"} for _ in range(1500)]
    running = await serve(
        http_pact(
            {
                "request": {"path": "/big"},
                "response": {
                    "body": {"content": big},
                    "generators": {"body": {"$[*].a": {"type": "Regex", "regex": r"\w{5}\d{5}"}}},
                },
            },
            {"request": {"path": "/small"}},
        )
    )
    slow = asyncio.ensure_future(running.get("/big"))
    answered = 0
    while not slow.done():
        assert (await running.get("/small"))[0] == 200
        answered += 1
    assert answered >= 2
    assert len(json.loads((await slow)[2])) == 1500


async def test_what_is_wrong_with_generators_is_told(serve: Serve) -> None:
    """The list of pacts tells each generator that cannot work, with its place and a cure."""
    response = {"body": {"content": {"a": 1}}, "generators": {"body": {"$.a": {"type": "RandomInt", "min": "x"}}}}
    running = await serve(http_pact({"request": {"path": "/"}, "response": response}))
    _, _, body = await running.get("/_stubserver/pacts")
    [problem] = json.loads(body)["pacts"][0]["problems"]
    assert (problem["severity"], problem["pointer"]) == (
        "warning",
        "/interactions/0/response/generators/body/$.a",
    )
    assert problem["cure"]
    assert (await running.get("/"))[2] == b'{"a":1}'


# Echo


def any_text(*names: str) -> dict[str, Any]:
    """Rules that let any value through, for the path or for query parameters."""
    return {
        **({"path": {"matchers": [{"match": "regex", "regex": "(?s).*"}]}} if "path" in names else {}),
        "query": {name: {"matchers": [{"match": "type"}]} for name in names if name != "path"},
    }


def echoing(
    content: Any, path: str = "/", query: dict[str, list[str]] | None = None, *free: str, **response: Any
) -> dict[str, Any]:
    """A pact whose request has free parts, and whose response holds a document."""
    request = {"path": path, "query": query or {}, "matchingRules": any_text(*free)}
    return http_pact({"request": request, "response": {"body": {"content": content}, **response}})


ECHOES: list[tuple[str, Any, str, dict[str, list[str]], tuple[str, ...], str, Any]] = [
    ("number in the path", {"id": 10, "n": 10}, "/orders/10", {}, ("path",), "/orders/11", {"id": 11, "n": 10}),
    ("text in the path", {"id": "a"}, "/orders/a", {}, ("path",), "/orders/b%20c", {"id": "b c"}),
    ("kind is kept", {"id": 10}, "/orders/10", {}, ("path",), "/orders/eleven", {"id": 10}),
    ("digits for a text", {"id": "10"}, "/orders/10", {}, ("path",), "/orders/007", {"id": "007"}),
    ("no leading zeros", {"id": 10}, "/orders/10", {}, ("path",), "/orders/011", {"id": 10}),
    ("minus", {"id": 10}, "/orders/10", {}, ("path",), "/orders/-3", {"id": -3}),
    ("too big a number", {"id": 10}, "/orders/10", {}, ("path",), f"/orders/{'9' * 60}", {"id": 10}),
    (
        "names after their collection",
        {"orderId": 10, "order_id": "10", "order": "10", "orders": 10, "customerId": 10},
        "/orders/10", {}, ("path",), "/orders/11",
        {"orderId": 11, "order_id": "11", "order": "11", "orders": 11, "customerId": 10},
    ),
    (
        "two ids",
        {"id": 20, "orderId": 10, "order": {"id": 10}},
        "/orders/10/items/20", {}, ("path",), "/orders/11/items/21",
        {"id": 21, "orderId": 11, "order": {"id": 11}},
    ),
    ("parameter", {"page": 2, "size": 2}, "/", {"page": ["2"]}, ("page",), "/?page=3", {"page": 3, "size": 2}),
    ("parameter in a list", [{"q": "a"}, {"q": "b"}], "/", {"q": ["a"]}, ("q",), "/?q=c", [{"q": "c"}, {"q": "b"}]),
    ("boolean", {"on": True}, "/", {"on": ["true"]}, ("on",), "/?on=false", {"on": False}),
    ("boolean is kept", {"on": True}, "/", {"on": ["true"]}, ("on",), "/?on=5", {"on": True}),
    ("empty value", {"q": "a"}, "/", {"q": ["a"]}, ("q",), "/?q=", {"q": ""}),
    ("no value", {"q": "a"}, "/", {"q": ["a"]}, ("q",), "/?q", {"q": "a"}),
    ("quotes", {"q": "a"}, "/", {"q": ["a"]}, ("q",), "/?q=%22%5C%27%3C", {"q": "\"\\'<"}),
    ("unicode", {"q": "a"}, "/", {"q": ["a"]}, ("q",), "/?q=%E4%B8%96+%F0%9F%9B%92", {"q": "世 🛒"}),
    ("control characters", {"q": "a"}, "/", {"q": ["a"]}, ("q",), "/?q=%00%1F%0A%7F", {"q": "\x00\x1f\n\x7f"}),
    ("line separators", {"q": "a"}, "/", {"q": ["a"]}, ("q",), "/?q=%E2%80%A8", {"q": "\u2028"}),
    ("same value, other name", {"x": "a"}, "/", {"q": ["a"]}, ("q",), "/?q=b", {"x": "a"}),
    ("same name, other value", {"q": "x"}, "/", {"q": ["a"]}, ("q",), "/?q=b", {"q": "x"}),
    ("the value asked for is recorded", {"q": "a"}, "/", {"q": ["a"]}, ("q",), "/?q=a", {"q": "a"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "path", "query", "free", "target", "expected"),
    [entry[1:] for entry in ECHOES],
    ids=[entry[0] for entry in ECHOES],
)
async def test_echo(
    serve: Serve,
    content: Any,
    path: str,
    query: dict[str, list[str]],
    free: tuple[str, ...],
    target: str,
    expected: Any,
) -> None:
    """With `echo`, values that a rule lets be asked for stand in the answer, in their kind, where the example stood."""
    pact = echoing(content, path, query, *free)
    status, _, body = await (await serve(pact, echo=True)).get(target)
    assert status == 200
    assert json.dumps(json.loads(body.decode())) == json.dumps(expected)


@pytest.mark.parametrize("asked", ["%FF", "%ED%A0%80", "a%80b"])
async def test_echo_of_bytes_that_are_no_text(serve: Serve, asked: str) -> None:
    """Bytes that are not UTF-8 do not break the answer."""
    running = await serve(echoing({"id": "x", "q": "y"}, "/orders/x", {"q": ["y"]}, "path", "q"), echo=True)
    _, _, body = await running.get(f"/orders/{asked}?q={asked}")
    assert set(json.loads(body.decode())) == {"id", "q"}


async def test_no_echo_unless_asked_for(serve: Serve) -> None:
    """Without the setting the recorded values are answered."""
    _, _, body = await (await serve(echoing({"id": 10}, "/orders/10", {}, "path"))).get("/orders/11")
    assert json.loads(body) == {"id": 10}


async def test_no_echo_where_nothing_is_free(serve: Serve) -> None:
    """A part of the request without a rule has one value only, so there is nothing to echo."""
    running = await serve(echoing({"id": 10, "q": "a"}, "/orders/10", {"q": ["a"]}), echo=True)
    assert json.loads((await running.get("/orders/10?q=a"))[2]) == {"id": 10, "q": "a"}


async def test_generators_go_before_echo(serve: Serve) -> None:
    """Where a generator is recorded, its value stands, whatever was asked for."""
    generators = {"body": {"$.id": {"type": "RandomInt", "min": 500, "max": 599}}}
    pact = echoing({"id": 10, "orderId": 10}, "/orders/10", {}, "path", generators=generators)
    _, _, body = await (await serve(pact, echo=True)).get("/orders/11")
    document = json.loads(body)
    assert 500 <= document["id"] <= 599
    assert document["orderId"] == 11


async def test_echo_is_for_json(serve: Serve) -> None:
    """Bodies that are not JSON are answered as they were recorded."""
    pact = echoing("<id>10</id>", "/orders/10", {}, "path")
    pact["interactions"][0]["response"]["body"]["contentType"] = "application/xml"
    assert (await (await serve(pact, echo=True)).get("/orders/11"))[2] == b"<id>10</id>"


async def test_echo_under_an_address(serve: Serve) -> None:
    """Under an address, the path within the stub is echoed."""
    running = await serve(echoing({"id": 10}, "/orders/10", {}, "path"), echo=True)
    _, _, body = await running.get("/pacts/provider/api/consumer/web/latest/stub/orders/11")
    assert json.loads(body) == {"id": 11}


# Paths of requests that a provider state makes


@pytest.mark.parametrize(
    ("path", "is_answered"),
    [
        ("/users/1/orders", True),
        ("/users/77/orders", True),
        ("/users/a%20b/orders", True),
        ("/users//orders", False),
        ("/users/77/orders/", False),
        ("/users/7/7/orders", False),
        ("/people/77/orders", False),
    ],
)
async def test_paths_made_of_state_values(serve: Serve, path: str, is_answered: bool) -> None:
    """A path that a state's values are put into is matched with any value in each place, which is one segment."""
    request = {
        "path": "/users/1/orders",
        "generators": {"path": {"type": "ProviderState", "expression": "/users/${id}/orders"}},
    }
    running = await serve(http_pact({"request": request, "response": {"status": 299}}))
    status, headers, _ = await running.get(path)
    assert (status, headers["X-Stub-Match"]) == ((299, "exact") if is_answered else (500, "none"))


async def test_other_generators_of_requests(serve: Serve) -> None:
    """Other generators of a request are for whoever sends it: a stub compares with the recorded values."""
    request = {
        "path": "/x",
        "query": {"a": ["1"]},
        "headers": {"X-A": ["1"]},
        "generators": {
            "query": {"a": {"type": "RandomInt"}},
            "header": {"X-A": {"type": "RandomInt"}},
            "method": {"type": "Regex", "regex": "PUT"},
        },
    }
    running = await serve(http_pact({"request": request}))
    assert (await running.get("/x?a=1", headers={"X-A": "1"}))[0] == 200
    assert (await running.get("/x?a=2", headers={"X-A": "1"}))[0] == 500

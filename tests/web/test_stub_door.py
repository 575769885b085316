"""The stub door: a shop's pact is served, requests come in, the contract answers."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from tests.conftest import Running, Serve, http_pact
from tests.web.raw import answer, connected, converse

SHOP = http_pact(
    {
        "description": "the list of orders",
        "request": {"method": "GET", "path": "/orders"},
        "response": {
            "status": 200,
            "headers": {"X-Total": ["2"], "Cache-Control": ["no-store"], "Set-Cookie": ["a=1", "b=2; Path=/"]},
            "body": {"content": [{"id": 1}, {"id": 2}], "contentType": "application/json"},
        },
    },
    {
        "description": "one order",
        "request": {
            "method": "GET",
            "path": "/orders/1",
            "headers": {"Accept": ["application/json"]},
        },
        "response": {"status": 200, "body": {"content": {"id": 1, "price": 1.0}, "contentType": "application/json"}},
    },
    {
        "description": "a new order",
        "request": {
            "method": "POST",
            "path": "/orders",
            "body": {"content": {"item": "book"}, "contentType": "application/json"},
        },
        "response": {"status": 201, "headers": {"Location": ["/orders/3"]}},
    },
    {
        "description": "an order is cancelled — once and for all",
        "request": {"method": "DELETE", "path": "/orders/1"},
        "response": {"status": 204},
    },
    {
        "description": "a picture",
        "request": {"method": "GET", "path": "/logo"},
        "response": {
            "status": 200,
            "headers": {"Content-Type": ["image/png"]},
            "body": {"content": "iVBORwD/AA==", "encoded": "base64", "contentType": "image/png"},
        },
    },
    {
        "description": "an empty page",
        "request": {"method": "GET", "path": "/empty"},
        "response": {"status": 200, "body": {"content": ""}},
    },
    {
        "description": "a text",
        "request": {"method": "GET", "path": "/motto"},
        "response": {"status": 200, "body": {"content": "Grüße, 世界", "contentType": "text/plain"}},
    },
    consumer="web",
    provider="shop",
)


@pytest.fixture
async def shop(serve: Serve) -> Running:
    return await serve(SHOP)


def ids(running: Running) -> dict[str, str]:
    """Interaction ids by description."""
    return {i.interaction.description: i.id for i in running.server.catalog.current.root.index.interactions}


async def test_answer_has_recorded_status_headers_and_body(shop: Running) -> None:
    """The answer is the recorded one, byte for byte, header line for header line, and names its interaction."""
    status, headers, body = await shop.get("/orders")
    assert status == 200
    assert body == b'[{"id":1},{"id":2}]'
    ours = {name: value for name, value in headers.items() if name not in ("Set-Cookie", "Date")}
    assert ours == {
        "X-Total": "2",
        "Cache-Control": "no-store",
        "Content-Type": "application/json",
        "Content-Length": "19",
        "X-Stub-Match": "exact",
        "X-Stub-Interaction": f"{ids(shop)['the list of orders']} the%20list%20of%20orders",
        "Vary": "Origin",
        "Access-Control-Allow-Origin": "*",
        "Server": ours["Server"],
    }
    assert ours["Server"].startswith("stubserver/")
    assert headers.getall("Set-Cookie") == ["a=1", "b=2; Path=/"]


async def test_decimal_stays_decimal(shop: Running) -> None:
    """A recorded 1.0 goes out as 1.0, not as 1."""
    _, _, body = await shop.get("/orders/1", headers={"Accept": "application/json"})
    assert body == b'{"id":1,"price":1.0}'


async def test_post_is_answered(shop: Running) -> None:
    """A JSON body is compared as JSON; an answer without a body has length 0 and no Content-Type."""
    status, headers, body = await shop.request(
        "POST", "/orders", data=b' {"item" : "book"} ', headers={"Content-Type": "application/json"}
    )
    assert (status, body, headers["Location"]) == (201, b"", "/orders/3")
    assert headers["Content-Length"] == "0"
    assert "Content-Type" not in headers


async def test_post_with_another_body_is_not_answered(shop: Running) -> None:
    """Another body is another request."""
    report = await shop.report("POST", "/orders", json={"item": "pen"})
    assert report["nearest"][0]["interaction"]["description"] == "a new order"


async def test_no_content(shop: Running) -> None:
    """A 204 has neither a body nor a length; a description beyond ASCII is percent-encoded in its header."""
    status, headers, body = await shop.request("DELETE", "/orders/1")
    assert (status, body) == (204, b"")
    assert "Content-Length" not in headers
    described = headers["X-Stub-Interaction"].split(" ", 1)[1]
    assert described == "an%20order%20is%20cancelled%20%E2%80%94%20once%20and%20for%20all"


async def test_binary_body(shop: Running) -> None:
    """Binary bodies come as the bytes that were recorded."""
    status, headers, body = await shop.get("/logo")
    assert (status, headers["Content-Type"], body) == (200, "image/png", b"\x89PNG\x00\xff\x00")


async def test_empty_body(shop: Running) -> None:
    """An empty recorded body is an answer of length 0."""
    status, headers, body = await shop.get("/empty")
    assert (status, headers["Content-Length"], body) == (200, "0", b"")


async def test_text_is_utf8(shop: Running) -> None:
    """Text goes out as UTF-8, with the length of its bytes."""
    _, headers, body = await shop.get("/motto")
    assert body.decode() == "Grüße, 世界"
    assert headers["Content-Length"] == str(len(body))


async def test_answers_are_stable(shop: Running) -> None:
    """The same request gets the same answer, however often it is asked; answers do not leak into each other."""
    first = await shop.get("/orders", headers={"Origin": "http://a.test"})
    await shop.get("/orders", headers={"Origin": "http://b.test"})
    again = await shop.get("/orders", headers={"Origin": "http://a.test"})
    without = [[line for line in headers.items() if line[0] != "Date"] for _, headers, _ in (first, again)]
    assert without[0] == without[1]
    assert first[2] == again[2]


async def test_method_of_the_request_may_be_in_any_case(shop: Running) -> None:
    """`get` is GET."""
    status, _, body = await converse(shop.url, b"get /motto HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status in (200, 400)  # a parser may refuse it; if it comes through, it counts as GET
    assert status == 400 or body.decode() == "Grüße, 世界"


async def test_headers_of_one_connection_are_not_replayed(serve: Serve) -> None:
    """Recorded Content-Length, Transfer-Encoding and Connection are not sent; the real ones are."""
    recorded = {"Content-Length": ["999"], "Transfer-Encoding": ["chunked"], "Connection": ["close"], "X-A": ["1"]}
    body = {"content": "five!", "contentType": "text/plain"}
    running = await serve(http_pact({"request": {"path": "/"}, "response": {"headers": recorded, "body": body}}))
    status, headers, content = await running.get("/")
    assert (status, headers["X-A"], headers["Content-Length"], content) == (200, "1", "5", b"five!")
    assert "Transfer-Encoding" not in headers
    assert "Connection" not in headers


async def test_recorded_server_and_date_stand(serve: Serve) -> None:
    """Server and Date go out as recorded, once."""
    recorded = {"Server": ["nginx"], "Date": ["Tue, 15 Nov 1994 08:12:31 GMT"]}
    running = await serve(http_pact({"request": {"path": "/"}, "response": {"headers": recorded}}))
    _, headers, _ = await running.get("/")
    assert headers.getall("Server") == ["nginx"]
    assert headers.getall("Date") == ["Tue, 15 Nov 1994 08:12:31 GMT"]


async def test_header_values_beyond_ascii(serve: Serve) -> None:
    """A recorded header value beyond ASCII goes out as UTF-8."""
    running = await serve(http_pact({"request": {"path": "/"}, "response": {"headers": {"X-Name": ["Zoë"]}}}))
    status, headers, _ = await running.get("/")
    assert (status, headers["X-Name"]) == (200, "Zoë")


async def test_plain_text_body_gets_a_type(serve: Serve) -> None:
    """A body without a recorded type goes out with the type it looks like."""
    running = await serve(http_pact({"request": {"path": "/"}, "response": {"body": {"content": "hello"}}}))
    _, headers, body = await running.get("/")
    assert (headers["Content-Type"], body) == ("text/plain", b"hello")


@pytest.mark.parametrize("status", [200, 299, 304, 404, 418, 500, 599, 799])
async def test_any_final_status(serve: Serve, status: int) -> None:
    """Whatever final status is recorded goes out."""
    running = await serve(http_pact({"request": {"path": "/"}, "response": {"status": status}}))
    got, headers, _ = await running.get("/")
    assert (got, headers["X-Stub-Match"]) == (status, "exact")


async def test_head_is_its_own_method(shop: Running) -> None:
    """HEAD is not GET unless that is asked for."""
    status, headers, body = await shop.request("HEAD", "/orders")
    assert (status, headers["X-Stub-Match"], body) == (500, "none", b"")


async def test_head_can_be_answered_like_get(serve: Serve) -> None:
    """With `head`, HEAD has the status, headers and length of the GET, and no body; the connection stays usable."""
    running = await serve(SHOP, head=True)
    _, of_get, body = await running.get("/orders")
    async with connected(running.url) as (reader, writer):
        writer.write(b"HEAD /orders HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, _ = await answer(reader, bodiless=True)
        assert (status, headers["content-length"]) == (200, str(len(body)))
        assert headers["x-stub-interaction"] == of_get["X-Stub-Interaction"]
        writer.write(b"GET /motto HTTP/1.1\r\nHost: x\r\n\r\n")
        status, _, content = await answer(reader)
        assert (status, content.decode()) == (200, "Grüße, 世界")


async def test_recorded_head_comes_before_get(serve: Serve) -> None:
    """With `head`, a recorded HEAD still answers HEAD."""
    running = await serve(
        http_pact(
            {"request": {"method": "GET", "path": "/"}, "response": {"status": 200}},
            {"request": {"method": "HEAD", "path": "/"}, "response": {"status": 404}},
        ),
        head=True,
    )
    assert (await running.request("HEAD", "/"))[0] == 404


STATES = http_pact(
    {"description": "none", "request": {"path": "/stock"}, "response": {"status": 200}},
    {
        "description": "sold out",
        "providerStates": [{"name": "the shop is open"}, {"name": "everything is sold out"}],
        "request": {"path": "/stock"},
        "response": {"status": 404},
    },
    {
        "description": "closed",
        "providerStates": [{"name": "the shop is closed"}],
        "request": {"path": "/stock"},
        "response": {"status": 503},
    },
    {
        "description": "café",
        "providerStates": [{"name": "le café est fermé"}],
        "request": {"path": "/stock"},
        "response": {"status": 410},
    },
)


@pytest.mark.parametrize("name", ["X-Stub-State", "x-stub-state", "pactflow-stub-provider-state"])
@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("sold out", 404),
        ("closed$", 503),
        ("^the shop is closed$", 503),
        ("SOLD OUT", 200),
        ("", 200),
        ("nothing", 200),
    ],
)
async def test_state_headers(serve: Serve, name: str, state: str, status: int) -> None:
    """A state header is a pattern searched in the names of all states; without a hit, stateless ones answer."""
    running = await serve(STATES)
    headers = {name: state}
    if name.startswith("pactflow"):
        headers["pactflow-stub-include-empty-provider-states"] = "true"
    assert (await running.get("/stock", headers=headers))[0] == status


async def test_pactflow_leaves_stateless_out(serve: Serve) -> None:
    """PactFlow's header, other than ours, leaves out those without a state unless the request asks for them."""
    running = await serve(STATES)
    assert (await running.get("/stock", headers={"pactflow-stub-provider-state": "nothing"}))[0] == 500
    assert (await running.get("/stock", headers={"pactflow-stub-provider-state": "closed"}))[0] == 503
    assert (await running.get("/stock", headers={"X-Stub-State": "nothing"}))[0] == 200


async def test_state_beyond_ascii(serve: Serve) -> None:
    """A state's name may be sent as UTF-8."""
    running = await serve(STATES)
    assert (await running.get("/stock", headers={"X-Stub-State": "café est fermé"}))[0] == 410


async def test_configured_state_header(serve: Serve) -> None:
    """A further header can be named; the standing one comes first."""
    running = await serve(STATES, provider_state_header_name="X-Scenario")
    assert (await running.get("/stock", headers={"x-scenario": "closed"}))[0] == 503
    assert (await running.get("/stock", headers={"X-Scenario": "closed", "X-Stub-State": "sold out"}))[0] == 404


async def test_unconfigured_state_header_means_nothing(serve: Serve) -> None:
    """A header that nobody named asks for no state."""
    running = await serve(STATES)
    assert (await running.get("/stock", headers={"X-Scenario": "closed"}))[0] == 200


async def test_state_of_the_settings(serve: Serve) -> None:
    """The state of the settings holds for all requests; a header overrides it, an empty one lifts it."""
    running = await serve(STATES, provider_state="closed")
    assert (await running.get("/stock"))[0] == 503
    assert (await running.get("/stock", headers={"X-Stub-State": "sold"}))[0] == 404
    assert (await running.get("/stock", headers={"X-Stub-State": ""}))[0] == 200


@pytest.mark.parametrize(
    "hide", [{"X-Stub-Stateless": "hide"}, {"pactflow-stub-include-empty-provider-states": "FALSE"}]
)
async def test_stateless_can_be_hidden(serve: Serve, hide: dict[str, str]) -> None:
    """A request can ask that nothing without a state answers in place of the state it wants."""
    running = await serve(STATES)
    report = await running.report("GET", "/stock", headers={"X-Stub-State": "nothing", **hide})
    assert {mismatch["part"] for near in report["nearest"] for mismatch in near["mismatches"]} == {"provider state"}
    assert (await running.get("/stock", headers={"X-Stub-State": "closed", **hide}))[0] == 503


async def test_stateless_can_be_hidden_for_all(serve: Serve) -> None:
    """With `stateless` off, a wanted state is demanded."""
    running = await serve(STATES, stateless=False)
    assert (await running.get("/stock"))[0] == 200  # no state asked for
    await running.report("GET", "/stock", headers={"X-Stub-State": "nothing"})


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "a{2,1}", "*", "(?<=a)b", "x" * 2000])
async def test_broken_state_pattern(serve: Serve, pattern: str) -> None:
    """A state that is not a usable pattern is a bad request, in words, and matches nothing by accident."""
    running = await serve(STATES)
    status, headers, body = await running.get("/stock", headers={"X-Stub-State": pattern})
    assert (status, headers["Content-Type"].split(";")[0]) == (400, "application/problem+json")
    problem = json.loads(body)
    assert problem["type"] == "urn:stubserver:problem:bad-request"
    assert problem["status"] == 400
    assert problem["cure"]
    assert headers["X-Stub-Match"] == "none"


STRICT_HEADERS = http_pact(
    {
        "request": {
            "method": "POST",
            "path": "/strict",
            "headers": {"X-Key": ["k"]},
            "body": {"content": {"a": 1}, "contentType": "application/json"},
        },
        "response": {"status": 200},
    }
)


async def test_lenient_overlooks_headers_and_says_so(serve: Serve) -> None:
    """`lenient` overlooks a missing header, as the Rust stub server does; the answer says that it did."""
    running = await serve(STRICT_HEADERS, lenient=True)
    status, headers, _ = await running.request("POST", "/strict", json={"a": 1})
    assert (status, headers["X-Stub-Match"]) == (200, "lenient")
    status, headers, _ = await running.request("POST", "/strict", json={"a": 1}, headers={"X-Key": "k"})
    assert (status, headers["X-Stub-Match"]) == (200, "exact")


async def test_lenient_does_not_overlook_values(serve: Serve) -> None:
    """`lenient` never overlooks another value in the body of a POST."""
    running = await serve(STRICT_HEADERS, lenient=True)
    await running.report("POST", "/strict", json={"a": 2})


async def test_strict_without_lenient(serve: Serve) -> None:
    """Without `lenient`, a missing header is a miss."""
    running = await serve(STRICT_HEADERS)
    report = await running.report("POST", "/strict", json={"a": 1})
    assert [mismatch["part"] for mismatch in report["nearest"][0]["mismatches"]] == ["header"]


AMBIGUOUS = http_pact(
    {"request": {"path": "/x"}, "response": {"status": 404}},
    {"request": {"path": "/x", "query": {"page": ["1"]}}, "response": {"status": 500}},
    {"request": {"path": "/x", "query": {"page": ["1"]}, "headers": {"X-A": ["1"]}}, "response": {"status": 299}},
    {
        "request": {
            "path": "/anything",
            "query": {"page": ["1"]},
            "matchingRules": {"path": {"combine": "AND", "matchers": [{"match": "regex", "regex": "/[a-z]+"}]}},
        },
        "response": {"status": 200},
    },
)


@pytest.mark.parametrize(("order", "status"), [("specific", 299), ("file", 500), ("status", 200)])
async def test_orders(serve: Serve, order: str, status: int) -> None:
    """Which of several matching interactions answers: the most specific, the first, or the lowest status."""
    running = await serve(AMBIGUOUS, order=order)
    assert (await running.get("/x?page=1", headers={"X-A": "1"}))[0] == status


async def test_first_of_equals(serve: Serve) -> None:
    """Among equally specific interactions the first in the files answers, and the first file comes first."""
    first = http_pact({"request": {"path": "/x"}, "response": {"status": 201}}, consumer="one")
    second = http_pact({"request": {"path": "/x"}, "response": {"status": 202}}, consumer="two")
    assert (await (await serve(first, second)).get("/x"))[0] == 201
    assert (await (await serve(second, first)).get("/x"))[0] == 202


@pytest.mark.parametrize("status", [404, 500, 599])
async def test_no_match_status(serve: Serve, status: int) -> None:
    """The status of a miss is a setting."""
    running = await serve(SHOP, no_match_status=status)
    got, headers, _ = await running.get("/nowhere")
    assert (got, headers["X-Stub-Match"]) == (status, "none")


async def test_too_large_a_body(serve: Serve) -> None:
    """A body over the limit is refused as a problem with a cure; the server goes on."""
    running = await serve(SHOP, max_body=2000)
    status, headers, body = await running.request("POST", "/orders", data=b"x" * 2001)
    problem = json.loads(body)
    assert (status, headers["Content-Type"].split(";")[0]) == (413, "application/problem+json")
    assert problem["type"] == "urn:stubserver:problem:body-too-large"
    assert "--max-body" in problem["cure"]
    assert (await running.get("/orders"))[0] == 200


async def test_a_body_of_exactly_the_limit(serve: Serve) -> None:
    """The limit is the largest body that is taken."""
    running = await serve(SHOP, max_body=2000)
    body = b'{"item":"book"}' + b" " * 1985
    assert len(body) == 2000
    status, _, _ = await running.request("POST", "/orders", data=body, headers={"Content-Type": "application/json"})
    assert status == 201


async def test_chunked_body_over_the_limit(serve: Serve) -> None:
    """A body that does not announce its length is stopped at the limit as well."""
    running = await serve(SHOP, max_body=2000)
    chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
    head = b"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, _, _ = await converse(running.url, head + chunk * 3 + b"0\r\n\r\n")
    assert status == 413


async def test_inflated_body_over_the_limit(serve: Serve) -> None:
    """The limit holds for the body as it is after decompression: a bomb does not go off."""
    running = await serve(SHOP, max_body=100_000)
    bomb = gzip.compress(b"0" * (50 << 20))
    assert len(bomb) < 100_000
    status, _, _ = await running.request("POST", "/orders", data=bomb, headers={"Content-Encoding": "gzip"})
    assert status == 413
    assert (await running.get("/orders"))[0] == 200


async def test_expect_continue(shop: Running) -> None:
    """A client that waits for leave to send its body gets it, once, and then the answer."""
    body = b'{"item":"book"}'
    head = (
        "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    async with connected(shop.url) as (reader, writer):
        writer.write(head.encode())
        assert (await answer(reader))[0] == 100
        writer.write(body)
        assert (await answer(reader))[0] == 201
        writer.write(b"GET /empty HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await answer(reader))[0] == 200


async def test_unknown_expectation(shop: Running) -> None:
    """An expectation that is not known is refused with 417, as a problem."""
    head = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: miracles\r\n\r\n{}"
    status, headers, body = await converse(shop.url, head)
    assert (status, headers["content-type"].split(";")[0]) == (417, "application/problem+json")
    assert json.loads(body)["cure"]
    assert (await shop.get("/orders"))[0] == 200


@pytest.mark.parametrize("target", ["http://shop.test/motto", "HTTP://shop.test:81/motto?a=http://x/y"])
async def test_absolute_form(serve: Serve, target: str) -> None:
    """A target in absolute form, as proxies get it, counts by its path and query."""
    running = await serve(
        http_pact(
            {"request": {"path": "/motto"}, "response": {"status": 200}},
            {"request": {"path": "/motto", "query": {"a": ["http://x/y"]}}, "response": {"status": 200}},
        )
    )
    status, headers, _ = await converse(running.url, f"GET {target} HTTP/1.1\r\nHost: shop.test\r\n\r\n".encode())
    assert (status, headers["x-stub-match"]) == (200, "exact")


async def test_http_1_0(shop: Running) -> None:
    """A client of HTTP/1.0 without a Host is answered, and the connection ends."""
    async with connected(shop.url) as (reader, writer):
        writer.write(b"GET /motto HTTP/1.0\r\n\r\n")
        status, _, body = await answer(reader)
        assert (status, body.decode()) == (200, "Grüße, 世界")
        assert await reader.read() == b""


async def test_keep_alive(shop: Running) -> None:
    """One connection carries many requests, hits and misses, with and without bodies."""
    head = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
    post = head + b'{"item":"book"}'
    miss = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    async with connected(shop.url) as (reader, writer):
        for sent, expected in [(post, 201), (miss, 500), (b"GET /orders HTTP/1.1\r\nHost: x\r\n\r\n", 200)] * 5:
            writer.write(sent)
            assert (await answer(reader))[0] == expected


async def test_pipelined_requests(shop: Running) -> None:
    """Requests sent at once are answered one after the other, in their order."""
    async with connected(shop.url) as (reader, writer):
        writer.write(b"".join(f"GET /{p} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for p in ("motto", "empty", "logo")))
        lengths = [len((await answer(reader))[2]) for _ in range(3)]
    assert lengths == [len("Grüße, 世界".encode()), 0, 7]


async def test_chunked_body(shop: Running) -> None:
    """A body in chunks is put together."""
    head = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, _, _ = await converse(shop.url, head + b'5\r\n{"ite\r\na\r\nm":"book"}\r\n0\r\n\r\n')
    assert status == 201


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_compressed_body(shop: Running, coding: str) -> None:
    """A compressed body is compared as what it holds."""
    content = b'{"item":"book"}'
    body = gzip.compress(content) if coding == "gzip" else zlib.compress(content)
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    assert (await shop.request("POST", "/orders", data=body, headers=headers))[0] == 201


async def test_body_that_is_not_what_its_coding_says(shop: Running) -> None:
    """A body that cannot be decompressed is the client's mistake, not the server's."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    status, _, _ = await shop.request("POST", "/orders", data=b"not gzip at all", headers=headers)
    assert 400 <= status < 500
    assert (await shop.get("/orders"))[0] == 200


async def test_query_in_any_order(serve: Serve) -> None:
    """Parameters count by name; the values of one name by order; a blank may be + or %20."""
    query: dict[str, Any] = {"q": ["a b"], "tag": ["1", "2"]}
    running = await serve(http_pact({"request": {"path": "/", "query": query}, "response": {"status": 200}}))
    assert (await running.get("/?tag=1&q=a+b&tag=2"))[0] == 200
    assert (await running.get("/?q=a%20b&tag=1&tag=2"))[0] == 200
    assert (await running.get("/?q=a%20b&tag=2&tag=1"))[0] == 500


async def test_nothing_loaded_yet(serve: Serve) -> None:
    """A server without interactions says where to look."""
    running = await serve(b"not a pact")
    report = await running.report("GET", "/")
    assert "/_stubserver/pacts" in report["hint"]

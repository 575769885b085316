"""Messages over HTTP: a provider's messages are listed, and fetched by their description."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.conftest import Running, Serve, http_pact
from tests.shared import shared, shared_files

MESSAGES = "/_stubserver/messages"


def message(
    description: str, content: Any, content_type: str | None = "application/json", **more: Any
) -> dict[str, Any]:
    """A message of V4."""
    contents = {"content": content, "contentType": content_type, "encoded": more.pop("encoded", False)}
    return {"type": "Asynchronous/Messages", "description": description, "contents": contents, **more}


def queue(*entries: dict[str, Any], **names: str) -> dict[str, Any]:
    """A pact around messages."""
    return http_pact(*entries, **{"provider": "shop", "consumer": "mailer", **names})


CREATED = message(
    "an order was created",
    {"id": 1, "at": "2020-01-01", "ref": "recorded"},
    metadata={"topic": "orders", "partition": 3},
    providerStates=[{"name": "there are books", "params": {"orderId": 7}}],
    generators={
        "body": {
            "$.id": {"type": "ProviderState", "expression": "orderId"},
            "$.at": {"type": "Date"},
            "$.ref": {"type": "Uuid"},
        },
        "metadata": {"partition": {"type": "RandomInt", "min": 100, "max": 199}, "trace": {"type": "Uuid"}},
    },
)
ASKED = {
    "type": "Synchronous/Messages",
    "description": "a price is asked for",
    "request": {"contents": {"content": "book", "contentType": "text/plain"}, "metadata": {"reply-to": "prices"}},
    "response": [
        {"contents": {"content": {"price": 12.5}, "contentType": "application/json"}, "metadata": {"n": "first"}},
        {"contents": {"content": {"price": None}, "contentType": "application/json"}},
    ],
}
SHOP = queue(
    CREATED,
    ASKED,
    message("a picture was made", "iVBORw0KGgoA/wA=", "image/png", encoded="base64"),
    message("a note was written", "Grüße\r\n世界", "text/plain;charset=utf-8"),
    message("nothing was said", "", None),
    {"type": "Asynchronous/Messages", "description": "nothing at all"},
    {"type": "Synchronous/HTTP", "description": "an order", "request": {"path": "/orders/1"}, "response": {}},
)


async def fetch(
    running: Running, description: str, address: str = "shop/mailer", query: str = "", **headers: str
) -> tuple[int, Any, bytes]:
    """Fetch a message by its description."""
    url = aiohttp.client.URL(f"{MESSAGES}/{address}").with_query(description=description)
    return await running.get(f"{url}{query}", headers=headers)


async def listed(running: Running) -> list[dict[str, Any]]:
    """All messages."""
    status, headers, body = await running.get(MESSAGES)
    assert (status, headers["Content-Type"].split(";")[0]) == (200, "application/json")
    found: list[dict[str, Any]] = json.loads(body)["messages"]
    return found


def passed_on(headers: Any) -> Any:
    """The metadata as pact's verifiers pass them on."""
    return json.loads(base64.b64decode(headers["Pact-Message-Metadata"], validate=True))


async def test_all_messages_are_listed(serve: Serve) -> None:
    """The list names every message, whose it is, where it stands, what it holds and where it is fetched."""
    running = await serve(SHOP)
    found = await listed(running)
    assert [entry["description"] for entry in found] == [
        "an order was created",
        "a price is asked for",
        "a picture was made",
        "a note was written",
        "nothing was said",
        "nothing at all",
    ]
    created, asked, *_ = found
    assert created == {
        "id": created["id"],
        "description": "an order was created",
        "states": ["there are books"],
        "consumer": "mailer",
        "provider": "shop",
        "origin": created["origin"],
        "contents": [{"role": "message", "content_type": "application/json"}],
        "url": f"{running.url}{MESSAGES}/shop/mailer?description=an%20order%20was%20created&state=there%20are%20books",
    }
    assert created["origin"].endswith("0-0.json#/interactions/0")
    assert asked["contents"] == [
        {"role": "request", "content_type": "text/plain"},
        {"role": "response", "content_type": "application/json"},
        {"role": "response", "content_type": "application/json"},
    ]
    assert len({entry["id"] for entry in found}) == len(found)


async def test_every_url_of_the_list_works(serve: Serve) -> None:
    """Whoever follows a URL of the list gets that message, which says so in a header."""
    running = await serve(SHOP)
    for entry in await listed(running):
        async with running.session.get(aiohttp.client.URL(entry["url"], encoded=True)) as response:
            assert response.status == 200
            assert response.headers["X-Stub-Message"].split(" ")[0] == entry["id"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_message(serve: Serve) -> None:
    """The content is the body of the answer, with its type; the metadata are headers."""
    running = await serve(SHOP, clock="2026-02-28")
    status, headers, body = await fetch(running, "an order was created")
    document = json.loads(body)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert document == {"id": 7, "at": "2026-02-28", "ref": document["ref"]}
    assert headers["X-Stub-Message"].endswith(" an%20order%20was%20created")
    assert headers["X-Stub-Metadata-topic"] == "orders"
    assert 100 <= int(headers["X-Stub-Metadata-partition"]) <= 199
    assert len(headers["X-Stub-Metadata-trace"]) == 36
    assert passed_on(headers) == {
        "topic": "orders",
        "partition": int(headers["X-Stub-Metadata-partition"]),
        "trace": headers["X-Stub-Metadata-trace"],
    }


async def test_binary_and_text_contents(serve: Serve) -> None:
    """Bytes come as bytes, text as it was recorded; a message without metadata has no header of them."""
    running = await serve(SHOP)
    _, headers, body = await fetch(running, "a picture was made")
    assert (headers["Content-Type"], body) == ("image/png", b"\x89PNG\r\n\x1a\n\x00\xff\x00")
    assert "Pact-Message-Metadata" not in headers
    _, headers, body = await fetch(running, "a note was written")
    assert (headers["Content-Type"].replace(" ", ""), body.decode()) == ("text/plain;charset=utf-8", "Grüße\r\n世界")
    for description in ("nothing was said", "nothing at all"):
        status, headers, body = await fetch(running, description)
        assert (status, body, headers["Content-Length"]) == (200, b"", "0")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", b'{"price":12.5}'),
        ("&role=response", b'{"price":12.5}'),
        ("&role=response&number=0", b'{"price":12.5}'),
        ("&role=response&number=1", b'{"price":null}'),
        ("&number=1", b'{"price":null}'),
        ("&role=request", b"book"),
        ("&role=request&number=0", b"book"),
    ],
)
async def test_synchronous_messages(serve: Serve, query: str, expected: bytes) -> None:
    """Of a message that is answered, `role` and `number` choose; without them the first response comes."""
    status, _, body = await fetch(await serve(SHOP), "a price is asked for", query=query)
    assert (status, body) == (200, expected)


async def test_metadata_belong_to_their_content(serve: Serve) -> None:
    """Request and responses have metadata of their own."""
    running = await serve(SHOP)
    _, asked, _ = await fetch(running, "a price is asked for", query="&role=request")
    _, answered, _ = await fetch(running, "a price is asked for")
    assert (passed_on(asked), passed_on(answered)) == ({"reply-to": "prices"}, {"n": "first"})


STATES = queue(
    message("stock changed", {"left": 1}, providerStates=[{"name": "one left"}]),
    message("stock changed", {"left": 0}, providerStates=[{"name": "it's Monday"}, {"name": "sold out"}]),
    message("stock changed", {"left": 9}),
)


@pytest.mark.parametrize(
    ("query", "left"),
    [("", 1), ("&state=one%20left", 1), ("&state=sold+out", 0), ("&state=it%27s%20Monday", 0)],
)
async def test_states(serve: Serve, query: str, left: int) -> None:
    """Of messages with one description, the state chooses; without one the first comes."""
    _, _, body = await fetch(await serve(STATES), "stock changed", query=query)
    assert json.loads(body) == {"left": left}


ODD = ["a/b", "a b", "a%2Fb", "100%", "é世", "?a=b&c#d", 'it\'s "x"', "..", "a\\b", "+", "a;b", "<b>"]


@pytest.mark.parametrize("name", ODD)
async def test_odd_names(serve: Serve, name: str) -> None:
    """Whatever provider, consumer and description are called, the URL of the list leads to the message."""
    running = await serve(queue(message(name, {"a": 1}), provider=f"p{name}", consumer=f"{name}c"))
    [entry] = await listed(running)
    async with running.session.get(aiohttp.client.URL(entry["url"], encoded=True)) as response:
        assert (response.status, await response.read()) == (200, b'{"a":1}')


METADATA: list[tuple[str, Any, str, str | None]] = [
    ("plain", "x", "plain", "x"),
    ("with blank", "x", "with-blank", "x"),
    ("with:colon", "x", "with-colon", "x"),
    ("Ünicode", "ü 世", "-nicode", "ü 世"),
    ("new\r\nline", "x", "new--line", "x"),
    ("number", 5, "number", "5"),
    ("decimal", 1.0, "decimal", "1.0"),
    ("big", 12345678901234567890123, "big", "12345678901234567890123"),
    ("true", True, "true", "true"),
    ("null", None, "null", "null"),
    ("object", {"a": [1, "é"]}, "object", '{"a":[1,"é"]}'),
    ("empty", "", "empty", ""),
    ("break", "a\r\nX-Evil: 1", "break", None),
    ("zero", "\x00", "zero", None),
    ("Content-Length", "999", "Content-Length", "999"),
]


@pytest.mark.parametrize(("name", "value", "header", "sent"), METADATA, ids=[entry[0][:6] for entry in METADATA])
async def test_metadata_headers(serve: Serve, name: str, value: Any, header: str, sent: str | None) -> None:
    """Every metadatum is passed on as it is; those that can be headers are headers too, under a name that can be."""
    running = await serve(queue(message("m", {"a": 1}, metadata={name: value})))
    status, headers, body = await fetch(running, "m")
    assert (status, body) == (200, b'{"a":1}')
    assert passed_on(headers) == {name: value}
    assert headers.get(f"X-Stub-Metadata-{header}") == sent
    assert "X-Evil" not in headers


async def test_names_of_metadata_that_fall_together(serve: Serve) -> None:
    """Names that are one header name are two lines of it; passed on they stay apart."""
    running = await serve(queue(message("m", {"a": 1}, metadata={"a b": "1", "a-b": "2"})))
    _, headers, _ = await fetch(running, "m")
    assert sorted(headers.getall("X-Stub-Metadata-a-b")) == ["1", "2"]
    assert passed_on(headers) == {"a b": "1", "a-b": "2"}


@pytest.mark.parametrize("content_type", ["text/plain\r\nX-Evil: 1", "text/plain; a=\x00", "not a type", "é/ü", ""])
async def test_content_types_that_are_none(serve: Serve, content_type: str) -> None:
    """A recorded type that no header can hold does not keep the message back, nor an HTTP answer."""
    body = {"content": "hello", "contentType": content_type}
    running = await serve(
        queue(message("m", "hello", content_type), {"request": {"path": "/"}, "response": {"body": body}})
    )
    for status, headers, content in (await fetch(running, "m"), await running.get("/")):
        assert (status, content) == (200, b"hello")
        assert "X-Evil" not in headers


async def test_equal_fetches(serve: Serve) -> None:
    """A message is the same each time and from each server; another seed gives another."""
    one, other = await serve(SHOP), await serve(SHOP)
    bodies = [(await fetch(server, "an order was created"))[2] for server in (one, one, other)]
    assert len(set(bodies)) == 1
    seeded = [(await fetch(one, "an order was created", **{"X-Stub-Seed": seed}))[2] for seed in ("a", "b", "a")]
    assert seeded[0] == seeded[2] != seeded[1]
    assert bodies[0] not in seeded
    by_settings = await serve(SHOP, seed="a")
    assert (await fetch(by_settings, "an order was created"))[2] == seeded[0]


async def test_random_messages(serve: Serve) -> None:
    """With `random`, each fetch gives another message, unless it brings a seed."""
    running = await serve(SHOP, random=True)
    assert len({(await fetch(running, "an order was created"))[2] for _ in range(4)}) == 4
    assert len({(await fetch(running, "an order was created", **{"X-Stub-Seed": "s"}))[2] for _ in range(4)}) == 1


async def test_contents_of_one_message_differ(serve: Serve) -> None:
    """Request and responses of one message draw values of their own."""
    content = {
        "contents": {"content": {"id": "x"}, "contentType": "application/json"},
        "generators": {"body": {"$.id": {"type": "Uuid"}}},
    }
    pact = queue({"type": "Synchronous/Messages", "description": "m", "request": content, "response": [content] * 2})
    running = await serve(pact)
    bodies = {
        (await fetch(running, "m", query=query))[2]
        for query in ("&role=request", "&role=response&number=0", "&role=response&number=1")
    }
    assert len(bodies) == 3


async def test_clock_and_parameters(serve: Serve) -> None:
    """Clock and state parameters of a request count for messages as well."""
    headers = {"X-Stub-Clock": "2030-05-06T07:08:09Z", "X-Stub-State-Params": '{"orderId": "é"}'}
    _, _, body = await fetch(await serve(SHOP), "an order was created", **headers)
    assert (json.loads(body)["id"], json.loads(body)["at"]) == ("é", "2030-05-06")


async def test_every_kind_of_generated_metadata(serve: Serve) -> None:
    """Metadata may be generated by every type, whether they are recorded as text, as number, or not at all."""
    types = ["RandomInt", "RandomDecimal", "RandomHexadecimal", "RandomString", "RandomBoolean", "Uuid", "Date", "Time"]
    generators = {f"{kind} {name}": {"type": kind} for kind in types for name in ("text", "number", "absent")}
    recorded = {name: "1" if "text" in name else 1.5 for name in generators if "absent" not in name}
    running = await serve(queue(message("m", {"a": 1}, metadata=recorded, generators={"metadata": generators})))
    status, headers, _ = await fetch(running, "m")
    assert status == 200
    assert set(passed_on(headers)) == set(generators)
    assert all(len(headers.getall(f"X-Stub-Metadata-{name.replace(' ', '-')}")) == 1 for name in generators)


async def test_links_in_messages(serve: Serve) -> None:
    """A link in a message leads to the stub of its pact."""
    generators = {"body": {"$.u": {"type": "MockServerURL", "regex": ".*(/orders/1)"}}}
    running = await serve(
        queue(
            message("m", {"u": "http://recorded.test/orders/1"}, generators=generators),
            {"request": {"path": "/orders/1"}, "response": {"status": 299}},
        )
    )
    link = json.loads((await fetch(running, "m"))[2])["u"]
    assert link == f"{running.url}/pacts/provider/shop/consumer/mailer/latest/stub/orders/1"
    async with running.session.get(link) as response:
        assert response.status == 299


PROBLEMS: list[tuple[str, int, str]] = [
    ("/shop/nobody?description=x", 404, "nobody"),
    ("/nobody/mailer?description=x", 404, "nobody"),
    ("/mailer/shop?description=x", 404, "mailer"),
    ("/shop/mailer?description=something+else", 404, "something else"),
    ("/shop/mailer?description=an+order", 404, "an order"),
    ("/shop/mailer?description=a+price+is+asked+for&state=none", 404, "none"),
    ("/shop/mailer?description=a+price+is+asked+for&number=2", 404, "response"),
    ("/shop/mailer?description=a+price+is+asked+for&number=-1", 404, "response"),
    ("/shop/mailer?description=a+price+is+asked+for&role=message", 404, "response"),
    ("/shop/mailer?description=a+note+was+written&role=request", 404, "message"),
    ("/shop/mailer", 400, "description"),
    ("/shop/mailer?state=x", 400, "description"),
    ("/shop/mailer?description=x&Role=request", 400, "Role"),
    ("/shop/mailer?description=a+price+is+asked+for&role=answer", 400, "answer"),
    ("/shop/mailer?description=a+price+is+asked+for&number=one", 400, "one"),
    ("/shop/mailer?description=a+price+is+asked+for&number=" + "9" * 5000, 400, "number"),
    ("/shop", 404, "/shop"),
    ("/shop/mailer/x?description=x", 404, "/x"),
]


@pytest.mark.parametrize(("target", "status", "told"), PROBLEMS, ids=[target[:60] for target, _, _ in PROBLEMS])
async def test_what_is_not_there(serve: Serve, target: str, status: int, told: str) -> None:
    """What cannot be fetched is a problem that names what was asked for, and has a cure."""
    running = await serve(SHOP)
    got, headers, body = await running.get(MESSAGES + target)
    assert (got, headers["Content-Type"].split(";")[0]) == (status, "application/problem+json")
    problem = json.loads(body)
    assert problem["status"] == status
    assert told in problem["detail"]
    assert problem["cure"]


async def test_a_missing_description_tells_those_that_are_there(serve: Serve) -> None:
    """Whoever names no message is told which there are."""
    _, _, body = await (await serve(SHOP)).get(f"{MESSAGES}/shop/mailer")
    assert "an order was created" in json.loads(body)["cure"]


@pytest.mark.parametrize(("name", "value"), [("X-Stub-Clock", "yesterday"), ("X-Stub-State-Params", "[]")])
async def test_headers_that_cannot_be_read(serve: Serve, name: str, value: str) -> None:
    """Headers of ours that make no sense are refused here as anywhere."""
    status, _, body = await fetch(await serve(SHOP), "an order was created", **{name: value})
    assert status == 400
    assert name in json.loads(body)["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_messages_are_only_fetched(serve: Serve, method: str) -> None:
    """Messages are fetched, not sent."""
    status, headers, _ = await (await serve(SHOP)).request(method, f"{MESSAGES}/shop/mailer?description=x")
    assert status == 405
    assert "GET" in headers["Allow"]


async def test_messages_come_and_go(serve: Serve) -> None:
    """What is published later is listed and fetched; what is gone is gone."""
    running = await serve(SHOP)
    running.server.catalog.publish([("new", json.dumps(queue(message("new", {"n": 1}))).encode())])
    assert [entry["description"] for entry in await listed(running)] == ["new"]
    assert (await fetch(running, "new"))[2] == b'{"n":1}'
    assert (await fetch(running, "an order was created"))[0] == 404


async def test_messages_of_version_3(serve: Serve) -> None:
    """Messages of V3 are messages as well; their type stands in the metadata."""
    pact = {
        "consumer": {"name": "mailer"},
        "provider": {"name": "shop"},
        "messages": [
            {
                "description": "v3",
                "providerStates": [{"name": "some"}],
                "contents": {"id": 1},
                "metaData": {"contentType": "application/json", "topic": "t"},
                "generators": {"body": {"$.id": {"type": "RandomInt", "min": 100, "max": 199}}},
            },
            {"description": "text", "contents": "hello", "metadata": {"contentType": "text/plain"}},
            {"description": "none", "contents": None},
        ],
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }
    running = await serve(pact)
    assert [entry["description"] for entry in await listed(running)] == ["v3", "text", "none"]
    _, headers, body = await fetch(running, "v3")
    assert 100 <= json.loads(body)["id"] <= 199
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Stub-Metadata-topic"] == "t"
    assert (await fetch(running, "text"))[2] == b"hello"
    assert (await fetch(running, "none"))[2] == b""


async def test_ids_are_told_apart(serve: Serve) -> None:
    """Messages that differ in anything recorded have different ids, those that do not have one."""
    base = message("m", {"a": 1})
    others = [
        message("n", {"a": 1}),
        message("m", {"a": 2}),
        message("m", {"a": 1}, metadata={"t": "x"}),
        message("m", {"a": 1}, providerStates=[{"name": "s"}]),
        message("m", {"a": 1}, generators={"body": {"$.a": {"type": "RandomInt"}}}),
    ]
    ids = [entry["id"] for entry in await listed(await serve(queue(base, *others)))]
    assert len(set(ids)) == len(ids)
    assert [entry["id"] for entry in await listed(await serve(queue(base)))] == ids[:1]


def recorded_messages(path: Path) -> list[dict[str, Any]]:
    """The messages of a document, as they are recorded."""
    document = json.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    kinds = ("Asynchronous/Messages", "Synchronous/Messages")
    return [
        *(document.get("messages") or []),
        *(entry for entry in document.get("interactions") or [] if entry.get("type") in kinds),
    ]


async def test_real_messages(serve: Serve) -> None:
    """Every message of real pacts is listed and can be fetched."""
    shared("pacts")
    fetched = 0
    for path in shared_files("pacts"):
        recorded = recorded_messages(path)
        if not recorded:
            continue
        running = await serve(path, loglevel="none")
        found = await listed(running)
        assert [item["description"] for item in found] == [item["description"] for item in recorded]
        for item in found:
            async with running.session.get(aiohttp.client.URL(item["url"], encoded=True)) as response:
                assert response.status == 200, item
                fetched += 1
    assert fetched > 10

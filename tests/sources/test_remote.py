"""Pacts behind URLs: single documents and a whole Pact Broker, from servers that behave well and badly."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from stubserver.sources.document import FailedDocument, PactDocument, Yielded
from stubserver.sources.remote import Access, Remote

PACT = b'{"consumer": {"name": "web"}, "provider": {"name": "shop"}, "interactions": []}'
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
StartServer = Callable[[web.Application], Awaitable[TestServer]]


class Source:
    """A server that answers every path with `answers[path]` (a response to copy, or a handler) and records requests."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.requests: list[web.Request] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        found = self.answers.get(request.path)
        if found is None:
            return web.Response(status=404)
        if isinstance(found, bytes):
            return web.Response(body=found, content_type="application/json")
        if isinstance(found, (dict, list)):
            return web.json_response(found)
        return await found(request)  # type: ignore[no-any-return]

    def authorizations(self) -> list[str | None]:
        """The Authorization header of each request."""
        return [request.headers.get("Authorization") for request in self.requests]


@pytest.fixture
async def new_source(aiohttp_server: StartServer) -> Callable[[], Awaitable[Source]]:
    """Starts sources, each with an origin of its own."""

    async def start() -> Source:
        source = Source()
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", source.handle)
        server = await aiohttp_server(application)
        source.url = str(server.make_url("")).rstrip("/")
        return source

    return start


@pytest.fixture
async def source(new_source: Callable[[], Awaitable[Source]]) -> Source:
    return await new_source()


async def read(url: str, **access: Any) -> Yielded:
    """Read one document."""
    async with Remote(Access(**{"retries": 0, **access})) as remote:
        return await remote.read(url)


async def read_broker(
    url: str, consumers: list[str] | None = None, providers: list[str] | None = None, **access: Any
) -> list[Yielded]:
    """Read all that a broker has."""
    async with Remote(Access(**{"retries": 0, **access})) as remote:
        return [item async for item in remote.read_broker(url, consumers or [], providers or [])]


def content(item: Yielded) -> bytes:
    """The content of a good document."""
    assert isinstance(item, PactDocument), item
    return item.content


def failure(item: Yielded) -> tuple[str, str]:
    """What went wrong and the cure."""
    assert isinstance(item, FailedDocument), item
    assert item.error.cure
    return item.error.detail, item.error.cure


def status(*codes: int) -> Answer:
    """A handler that answers with each status in turn, the last for ever; 200 comes with the pact."""
    left = list(codes)

    async def handle(_: web.Request) -> web.StreamResponse:
        code = left.pop(0) if len(left) > 1 else left[0]
        return web.Response(status=code, body=PACT if code == 200 else b"no")

    return handle


def redirect(location: str, code: int = 302) -> Answer:
    """A handler that redirects."""

    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, headers={"Location": location})

    return handle


async def test_document(source: Source) -> None:
    """A document comes as its bytes, with its URL as its origin."""
    source.answers["/pact.json"] = PACT
    item = await read(source.url + "/pact.json")
    assert content(item) == PACT
    assert item.origin == source.url + "/pact.json"
    assert source.authorizations() == [None]


async def test_compressed_document(source: Source) -> None:
    """A compressed document is inflated."""

    async def compressed(_: web.Request) -> web.StreamResponse:
        return web.Response(body=gzip.compress(PACT), headers={"Content-Encoding": "gzip"})

    source.answers["/pact.json"] = compressed
    assert content(await read(source.url + "/pact.json")) == PACT


@pytest.mark.parametrize(
    ("code", "cure"), [(404, "URL"), (410, "URL"), (401, "--token"), (403, "--token"), (204, "URL")]
)
async def test_refusals(source: Source, code: int, cure: str) -> None:
    """A status that is not success is a failure with a cure that fits, at once."""
    source.answers["/pact.json"] = status(code)
    detail, said = failure(await read(source.url + "/pact.json", retries=3))
    assert str(code) in detail
    assert source.url + "/pact.json" in detail
    assert cure in said
    assert len(source.requests) == 1


async def test_bearer(source: Source) -> None:
    """A token is sent as a bearer token."""
    source.answers["/pact.json"] = PACT
    await read(source.url + "/pact.json", token="abc")
    assert source.authorizations() == ["Bearer abc"]


def basic(user: str) -> str:
    """The header of basic authentication."""
    return "Basic " + base64.b64encode(user.encode()).decode()


@pytest.mark.parametrize("user", ["me:secret", "me:a:b", "me:", "me", "mé:pässwörd"])
async def test_basic(source: Source, user: str) -> None:
    """A user is sent by basic authentication; only the first colon separates, text is UTF-8."""
    source.answers["/pact.json"] = PACT
    await read(source.url + "/pact.json", user=user)
    assert source.authorizations() == [basic(user if ":" in user else user + ":")]


async def test_credentials_in_the_url(source: Source) -> None:
    """Credentials in the URL are used, come before others, and show nowhere."""
    source.answers["/pact.json"] = PACT
    item = await read(source.url.replace("//", "//me:secret@") + "/pact.json", token="abc")
    assert content(item) == PACT
    assert source.authorizations() == [basic("me:secret")]
    assert item.origin == source.url + "/pact.json"


@pytest.mark.parametrize("credentials", ["me:s3cr3t", "me:s3cr3t%40x", "me:s3@cr3t", "s3cr3t", ":s3cr3t"])
async def test_credentials_never_show(source: Source, credentials: str) -> None:
    """Nothing of the credentials in a URL is in an origin or an error."""
    item = await read(source.url.replace("//", f"//{credentials}@") + "/absent")
    detail, cure = failure(item)
    shown = f"{item.origin} {detail} {cure}"
    assert "s3" not in shown
    assert "cr3t" not in shown


@pytest.mark.parametrize("code", [500, 502, 503, 504, 408, 429])
async def test_retry(source: Source, code: int) -> None:
    """A failure that may pass is tried again."""
    source.answers["/pact.json"] = status(code, 200)
    assert content(await read(source.url + "/pact.json", retries=1)) == PACT
    assert len(source.requests) == 2


async def test_retries_end(source: Source) -> None:
    """After the last retry it is a failure."""
    source.answers["/pact.json"] = status(503)
    detail, _ = failure(await read(source.url + "/pact.json", retries=1))
    assert "503" in detail
    assert len(source.requests) == 2


async def test_nobody_listens() -> None:
    """A server that is not there is a failure with a cure."""
    detail, cure = failure(await read("http://127.0.0.1:1/pact.json"))
    assert "127.0.0.1:1" in detail
    assert "running" in cure


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_redirect_on_the_same_origin(source: Source, code: int) -> None:
    """A redirect on the same origin is followed, with credentials."""
    source.answers["/pact.json"] = redirect("/moved.json", code)
    source.answers["/moved.json"] = PACT
    assert content(await read(source.url + "/pact.json", token="abc")) == PACT
    assert source.authorizations() == ["Bearer abc"] * 2


async def test_redirect_with_credentials_in_the_url(source: Source) -> None:
    """Credentials in the URL go along with a redirect on the same origin."""
    source.answers["/pact.json"] = redirect("/moved.json")
    source.answers["/moved.json"] = PACT
    assert content(await read(source.url.replace("//", "//me:secret@") + "/pact.json")) == PACT
    assert source.authorizations() == [basic("me:secret")] * 2


async def test_redirect_to_another_origin(new_source: Callable[[], Awaitable[Source]]) -> None:
    """A redirect to another origin is refused; nothing is asked of it."""
    source, other = await new_source(), await new_source()
    other.answers["/pact.json"] = PACT
    source.answers["/pact.json"] = redirect(other.url + "/pact.json")
    detail, _ = failure(await read(source.url + "/pact.json", token="abc"))
    assert "another origin" in detail
    assert other.requests == []


@pytest.mark.parametrize(
    "location", ["//169.254.169.254/x", "file:///etc/passwd", "ftp://x/", "http://[", "", "javascript:x", "http://a:b/"]
)
async def test_odd_redirects(source: Source, location: str) -> None:
    """A redirect to anything odd is a failure, not the end."""
    source.answers["/pact.json"] = redirect(location)
    failure(await read(source.url + "/pact.json"))


async def test_redirects_in_circles(source: Source) -> None:
    """Redirects in circles end."""
    source.answers["/pact.json"] = redirect("/pact.json")
    detail, _ = failure(await read(source.url + "/pact.json", retries=3))
    assert "redirects" in detail
    assert len(source.requests) < 10


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "http://", "nonsense", "http://[", "http://a:b/", "/x", "http://host:99999/", "http:///x"]
)
async def test_what_is_no_url(url: str) -> None:
    """What is no HTTP URL is a failure with a cure."""
    failure(await read(url))


async def test_too_large(source: Source) -> None:
    """A document beyond the limit is not taken, even when it is small on the wire."""

    async def bomb(_: web.Request) -> web.StreamResponse:
        body = gzip.compress(b" " * ((64 << 20) + 1), 1)
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    source.answers["/pact.json"] = bomb
    detail, _ = failure(await read(source.url + "/pact.json"))
    assert "64 MiB" in detail


async def test_cut_off(source: Source) -> None:
    """An answer that ends too early is a failure."""

    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"{")
        assert request.transport is not None
        request.transport.abort()
        return response

    source.answers["/pact.json"] = cut
    failure(await read(source.url + "/pact.json"))


async def test_what_is_not_compressed(source: Source) -> None:
    """An answer that is not what its coding says is a failure."""

    async def wrong(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"{}", headers={"Content-Encoding": "gzip"})

    source.answers["/pact.json"] = wrong
    failure(await read(source.url + "/pact.json"))


def broker(source: Source, pacts: list[tuple[str, str]], prefix: str = "") -> None:
    """Make the source a Pact Broker with these (consumer, provider)."""
    base = source.url + prefix
    source.answers[prefix + "/"] = {"_links": {"pb:latest-pact-versions": {"href": base + "/pacts/latest"}}}
    entries = []
    for consumer, provider in pacts:
        path = f"{prefix}/pacts/provider/{provider}/consumer/{consumer}/version/1"
        source.answers[path] = f"{consumer}-{provider}".encode()
        entries.append(
            {
                "_links": {"self": [{"href": source.url + path}]},
                "_embedded": {"consumer": {"name": consumer}, "provider": {"name": provider}},
            }
        )
    links = [entry["_links"]["self"][0] for entry in entries]  # type: ignore[index]
    source.answers[prefix + "/pacts/latest"] = {"pacts": entries, "_links": {"pb:pacts": links}}


PACTS = [("web", "shop"), ("ios", "shop"), ("web", "bank"), ("web-admin", "shop")]


async def test_broker(source: Source) -> None:
    """Every latest pact of a broker, in its order, each with credentials."""
    broker(source, PACTS)
    items = await read_broker(source.url, token="abc")
    assert [content(item) for item in items] == [b"web-shop", b"ios-shop", b"web-bank", b"web-admin-shop"]
    assert items[0].origin == source.url + "/pacts/provider/shop/consumer/web/version/1"
    assert set(source.authorizations()) == {"Bearer abc"}
    assert len(source.requests) == 6


@pytest.mark.parametrize(
    ("consumers", "providers", "found"),
    [
        (["ios"], [], [b"ios-shop"]),
        (["^web$"], [], [b"web-shop", b"web-bank"]),
        (["web"], ["shop"], [b"web-shop", b"web-admin-shop"]),
        ([], ["bank"], [b"web-bank"]),
        (["ios", "admin$"], [], [b"ios-shop", b"web-admin-shop"]),
    ],
)
async def test_broker_filters(source: Source, consumers: list[str], providers: list[str], found: list[bytes]) -> None:
    """Pacts can be chosen by names or patterns; the others are not even asked for."""
    broker(source, PACTS)
    items = await read_broker(source.url, consumers, providers)
    assert [content(item) for item in items] == found
    assert len(source.requests) == 2 + len(found)


async def test_broker_below_a_path(source: Source) -> None:
    """A broker below a path is asked there, with or without a slash at the end."""
    broker(source, PACTS[:1], "/broker")
    source.answers["/broker"] = source.answers["/broker/"]
    for url in ("/broker", "/broker/"):
        assert [content(item) for item in await read_broker(source.url + url)] == [b"web-shop"]


async def test_broker_with_relative_links(source: Source) -> None:
    """Relative links are followed."""
    broker(source, PACTS[:1])
    source.answers["/"] = {"_links": {"pb:latest-pact-versions": {"href": "/pacts/latest"}}}
    assert [content(item) for item in await read_broker(source.url)] == [b"web-shop"]


async def test_broker_with_links_only(source: Source) -> None:
    """A list of links alone is enough where nothing is filtered."""
    broker(source, PACTS[:2])
    del source.answers["/pacts/latest"]["pacts"]
    assert [content(item) for item in await read_broker(source.url)] == [b"web-shop", b"ios-shop"]


async def test_broker_with_credentials_in_the_url(source: Source) -> None:
    """Credentials in the broker's URL go along with its links."""
    broker(source, PACTS[:1])
    items = await read_broker(source.url.replace("//", "//me:secret@"))
    assert set(source.authorizations()) == {basic("me:secret")}
    assert [content(item) for item in items] == [b"web-shop"]
    assert "secret" not in items[0].origin


async def test_broker_without_such_pacts(source: Source) -> None:
    """A broker that has nothing of what is wanted says so."""
    broker(source, PACTS)
    [item] = await read_broker(source.url, ["nobody"])
    _, cure = failure(item)
    assert "--consumer-name" in cure


async def test_broker_with_a_broken_pact(source: Source) -> None:
    """A pact that cannot be had takes no other down."""
    broker(source, PACTS[:3])
    del source.answers["/pacts/provider/shop/consumer/ios/version/1"]
    items = await read_broker(source.url)
    assert [type(item) for item in items] == [PactDocument, FailedDocument, PactDocument]


async def test_broker_links_to_another_origin(new_source: Callable[[], Awaitable[Source]]) -> None:
    """A link to another origin is refused; nothing is asked of it."""
    source, other = await new_source(), await new_source()
    broker(source, PACTS[:2])
    other.answers["/x"] = PACT
    source.answers["/pacts/latest"]["pacts"][0]["_links"]["self"] = {"href": other.url + "/x"}
    first, second = await read_broker(source.url, token="abc")
    assert "another origin" in failure(first)[0]
    assert content(second) == b"ios-shop"
    source.answers["/"] = {"_links": {"pb:latest-pact-versions": {"href": other.url + "/x"}}}
    [item] = await read_broker(source.url, token="abc")
    assert "another origin" in failure(item)[0]
    assert other.requests == []


@pytest.mark.parametrize(
    "index",
    [
        b"<html>",
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"_links": []}',
        b'{"_links": {"pb:latest-pact-versions": []}}',
        b'{"_links": {"pb:latest-pact-versions": {"href": 5}}}',
        b'{"_links": {"pb:latest-pact-versions": {"href": "http://["}}}',
    ],
)
async def test_what_is_no_broker(source: Source, index: bytes) -> None:
    """An index that is not a broker's is a failure with a cure."""
    source.answers["/"] = index
    [item] = await read_broker(source.url)
    assert source.url in failure(item)[0]


@pytest.mark.parametrize(
    "listing",
    [
        b"[]",
        b"{}",
        b"null",
        b'{"pacts": 5}',
        b'{"pacts": [5, {}, {"_links": {}}, {"_links": {"self": []}, "_embedded": {}}]}',
        b'{"_links": {"pb:pacts": 5}}',
        b'{"_links": {"pb:pacts": [5, {}, {"href": 5}, {"href": null}]}}',
        b'{"pacts": [{"_links": {"self": {"href": 5}}, "_embedded": {"consumer": {"name": 1}, "provider": {"name": 2}}}'
        b"]}",
    ],
)
async def test_odd_listings(source: Source, listing: bytes) -> None:
    """A listing in any shape is a failure, not the end."""
    broker(source, [])
    source.answers["/pacts/latest"] = listing
    items = await read_broker(source.url)
    assert items
    for item in items:
        failure(item)


async def test_broker_without_credentials(source: Source) -> None:
    """A broker that wants credentials says so."""
    source.answers["/"] = status(401)
    [item] = await read_broker(source.url)
    assert "--token" in failure(item)[1]

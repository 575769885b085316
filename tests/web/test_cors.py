"""Browsers of any origin use the stubs without set-up."""

from __future__ import annotations

from tests.conftest import Running, Serve, http_pact
from tests.web.raw import converse

SHOP = http_pact(
    {
        "request": {"method": "GET", "path": "/orders"},
        "response": {"status": 200, "headers": {"X-Total": ["2"], "Vary": ["Accept"]}},
    },
    {
        "request": {"method": "GET", "path": "/own"},
        "response": {"status": 200, "headers": {"Access-Control-Allow-Origin": ["https://recorded.test"]}},
    },
    {
        "request": {"method": "OPTIONS", "path": "/own"},
        "response": {"status": 200, "headers": {"Allow": ["GET"], "Access-Control-Allow-Methods": ["GET"]}},
    },
)

PREFLIGHT = {"Origin": "https://app.test", "Access-Control-Request-Method": "PUT"}


def granted(headers: object) -> dict[str, str]:
    """The CORS headers of an answer."""
    return {n: v for n, v in headers.items() if n.startswith("Access-Control-")}  # type: ignore[attr-defined]


async def running_shop(serve: Serve, **settings: object) -> Running:
    return await serve(SHOP, **settings)


async def test_without_an_origin(serve: Serve) -> None:
    """Without an Origin every origin may read, and caches are told that it matters."""
    _, headers, _ = await (await running_shop(serve)).get("/orders")
    assert granted(headers) == {"Access-Control-Allow-Origin": "*"}
    assert headers.getall("Vary") == ["Accept", "Origin"]


async def test_with_an_origin(serve: Serve) -> None:
    """An origin may read with credentials, and sees every header of the answer by name."""
    _, headers, _ = await (await running_shop(serve)).get("/orders", headers={"Origin": "https://app.test"})
    grants = granted(headers)
    exposed = set(grants.pop("Access-Control-Expose-Headers").split(", "))
    assert grants == {
        "Access-Control-Allow-Origin": "https://app.test",
        "Access-Control-Allow-Credentials": "true",
    }
    assert {"X-Total", "X-Stub-Match", "X-Stub-Interaction"} <= exposed
    assert "*" not in exposed


async def test_origin_null(serve: Serve) -> None:
    """The origin `null` of sandboxed pages is echoed like any other."""
    _, headers, _ = await (await running_shop(serve)).get("/orders", headers={"Origin": "null"})
    assert headers["Access-Control-Allow-Origin"] == "null"


async def test_recorded_headers_stand(serve: Serve) -> None:
    """What the contract records about origins is left alone."""
    _, headers, _ = await (await running_shop(serve)).get("/own", headers={"Origin": "https://app.test"})
    assert granted(headers) == {"Access-Control-Allow-Origin": "https://recorded.test"}


async def test_misses_can_be_read(serve: Serve) -> None:
    """A browser may read why nothing matched."""
    running = await running_shop(serve)
    status, headers, _ = await running.get("/nowhere", headers={"Origin": "https://app.test"})
    assert (status, headers["Access-Control-Allow-Origin"]) == (500, "https://app.test")
    assert "X-Stub-Match" in headers["Access-Control-Expose-Headers"]


async def test_problems_can_be_read(serve: Serve) -> None:
    """A browser may also read what was wrong with its request."""
    running = await running_shop(serve)
    asked = {"Origin": "https://app.test", "X-Stub-State": "("}
    status, headers, _ = await running.get("/orders", headers=asked)
    assert status == 400
    assert headers.get("Access-Control-Allow-Origin") in ("*", "https://app.test")


async def test_preflight(serve: Serve) -> None:
    """A preflight that no interaction answers is granted whatever it asks for, with credentials."""
    running = await running_shop(serve)
    asked = {**PREFLIGHT, "Access-Control-Request-Headers": "content-type, x-token"}
    status, headers, body = await running.request("OPTIONS", "/orders", headers=asked)
    assert (status, body) == (204, b"")
    assert headers["Access-Control-Allow-Origin"] == "https://app.test"
    assert headers["Access-Control-Allow-Credentials"] == "true"
    assert headers["Access-Control-Allow-Headers"] == "content-type, x-token"
    assert "PUT" in headers["Access-Control-Allow-Methods"].split(", ")
    assert int(headers["Access-Control-Max-Age"]) > 0
    assert "Origin" in headers["Vary"]


async def test_preflight_of_an_unusual_method(serve: Serve) -> None:
    """A method of its own is allowed by name: `*` does not count with credentials."""
    asked = {**PREFLIGHT, "Access-Control-Request-Method": "PURGE"}
    _, headers, _ = await (await running_shop(serve)).request("OPTIONS", "/orders", headers=asked)
    assert "PURGE" in headers["Access-Control-Allow-Methods"].split(", ")


async def test_preflight_into_a_private_network(serve: Serve) -> None:
    """A page on the internet may ask for a stub on this network."""
    asked = {**PREFLIGHT, "Access-Control-Request-Private-Network": "true"}
    running = await running_shop(serve)
    _, headers, _ = await running.request("OPTIONS", "/orders", headers=asked)
    assert headers["Access-Control-Allow-Private-Network"] == "true"
    _, headers, _ = await running.request("OPTIONS", "/orders", headers=PREFLIGHT)
    assert "Access-Control-Allow-Private-Network" not in headers


async def test_recorded_options_come_first(serve: Serve) -> None:
    """An OPTIONS interaction answers itself."""
    status, headers, _ = await (await running_shop(serve)).request("OPTIONS", "/own", headers=PREFLIGHT)
    assert (status, headers["Allow"], headers["Access-Control-Allow-Methods"]) == (200, "GET", "GET")


async def test_options_that_is_no_preflight(serve: Serve) -> None:
    """OPTIONS without an Origin and a requested method is a request like any other."""
    await (await running_shop(serve)).report("OPTIONS", "/orders")


async def test_preflight_at_an_address(serve: Serve) -> None:
    """Preflights work under every base URL."""
    running = await running_shop(serve)
    assert (await running.request("OPTIONS", "/providers/api/stub/orders", headers=PREFLIGHT))[0] == 204


async def test_without_cors(serve: Serve) -> None:
    """With `cors` off no header is added and no preflight is answered."""
    running = await running_shop(serve, cors=False)
    _, headers, _ = await running.get("/orders", headers={"Origin": "https://app.test"})
    assert granted(headers) == {}
    assert headers["Vary"] == "Accept"
    await running.report("OPTIONS", "/orders", headers=PREFLIGHT)


async def test_referer(serve: Serve) -> None:
    """With `cors_referer`, the origin of the Referer stands in for a missing Origin; otherwise it does not."""
    asked = {"Referer": "https://app.test:8443/page?a=1"}
    _, headers, _ = await (await running_shop(serve, cors_referer=True)).get("/orders", headers=asked)
    assert headers["Access-Control-Allow-Origin"] == "https://app.test:8443"
    _, headers, _ = await (await running_shop(serve)).get("/orders", headers=asked)
    assert headers["Access-Control-Allow-Origin"] == "*"


async def test_origin_comes_before_referer(serve: Serve) -> None:
    """An Origin is preferred to a Referer."""
    asked = {"Referer": "https://page.test/", "Origin": "https://app.test"}
    _, headers, _ = await (await running_shop(serve, cors_referer=True)).get("/orders", headers=asked)
    assert headers["Access-Control-Allow-Origin"] == "https://app.test"


async def test_odd_referers(serve: Serve) -> None:
    """A Referer that is no absolute URL counts as none; the answer comes all the same."""
    running = await running_shop(serve, cors_referer=True)
    for referer in ("/page", "about:blank", "http://[", "http://a:b:c/", "http://x:99999999/", "mailto:a@b", "data:,x"):
        status, headers, _ = await running.get("/orders", headers={"Referer": referer})
        assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*"), referer


async def test_origin_that_is_not_utf8(serve: Serve) -> None:
    """An Origin of arbitrary bytes does not keep the answer from coming."""
    running = await running_shop(serve)
    status, _, _ = await converse(running.url, b"GET /orders HTTP/1.1\r\nHost: x\r\nOrigin: http://\xff\xfe\r\n\r\n")
    assert status == 200


async def test_preflight_that_is_not_utf8(serve: Serve) -> None:
    """A preflight of arbitrary bytes is answered or refused as the client's mistake."""
    running = await running_shop(serve)
    head = (
        b"OPTIONS /orders HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\nAccess-Control-Request-Method: PUT\r\n"
        b"Access-Control-Request-Headers: x-\xff\r\n\r\n"
    )
    status, _, _ = await converse(running.url, head)
    assert status in (204, 400)

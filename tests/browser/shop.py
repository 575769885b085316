"""A server with something of everything that pages show, and the paths of all of them."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.conftest import Running, http_pact
from tests.hosted.conftest import put_pact

UI = "/_stubserver/ui"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "pacts"
JSON = {"Content-Type": "application/json"}
SIGNED_IN = {"Authorization": "Bearer me"}
ORDERS = "/pacts/provider/orders/consumer/shop-web/latest/stub"  # those of the version that is the latest
LONG = "a-name-that-nobody-can-break-anywhere-" * 3
LONG_STUB = f"/pacts/provider/{LONG}/consumer/{LONG}web/latest/stub"
ORDER = {
    "items": [{"product": 7, "quantity": 3}],
    "address": {"street": "Quay 9", "country": "BE", "postcode": "9000"},
    "note": "",
}

# All kinds of pages, below the root of the pages; what stands in braces is known once the server runs.
PAGES = (
    "/",
    "/search?q=order",
    "/network",
    "/live",
    "/live/{missed}",
    "/live/{matched}",
    "/environments",
    "/tokens",
    "/audit",
    "/settings",
    "/sign-in",
    "/problems",
    "/no-such-page",
    "/integrations/orders/shop-web",
    "/integrations/orders/shop-web/diff?from=1.0.0&to=1.1.0",
    ORDERS,
    f"{ORDERS}/openapi",
    f"{ORDERS}/interactions/{{order}}",
    f"{ORDERS}/interactions/{{order}}/try",
    "/pacts/provider/orders/consumer/shop-mailer/latest/stub",
    "/providers/orders/stub/usage",
    f"{LONG_STUB}/interactions/{{long}}",
)
MORE_PAGES = (
    "/?order=newest",
    "/search?q=nobody+has+that",
    "/network?around=orders",
    "/live?outcome=none&sort=time",
    f"{ORDERS}/usage",
    f"{ORDERS}/try",
    "/pacts/provider/orders/consumer/shop-web/branch/feat%2Fpostcode/latest/stub?method=GET",
    "/providers/orders/stub",
    "/env/production/providers/orders/stub",
    LONG_STUB,
    f"{LONG_STUB}/usage",
    f"{LONG_STUB}/try",
    f"{LONG_STUB}/openapi",
    f"/integrations/{LONG}/{LONG}web/diff?from=1&to=2",
)


def named(path: str) -> str:
    """What the test of a page is called."""
    return path.replace(LONG, "LONG").replace("/pacts/provider/", "").replace("/consumer", "")


@dataclass(frozen=True)
class Shop:
    """The server, and what the pages call the things that it has."""

    running: Running
    ids: dict[str, str]

    def page(self, path: str) -> str:
        """The URL of a page, by its path below the root of the pages."""
        return self.running.url + UI + path.format(**self.ids)

    def stub(self, path: str = "") -> str:
        """A URL of the stub that shop-web has of orders."""
        return self.running.url + ORDERS + path


def example(name: str) -> dict[str, Any]:
    """A pact that comes with the project."""
    document: dict[str, Any] = json.loads((EXAMPLES / name).read_bytes())
    return document


def with_postcode() -> dict[str, Any]:
    """The orders of the shop as a later version sends them: with a postcode."""
    pact = example("shop-web-orders.json")
    for interaction in pact["interactions"]:
        if interaction["request"]["method"] == "POST":
            interaction["request"]["body"]["address"]["postcode"] = "1000 AA"
            rule = {"combine": "AND", "matchers": [{"match": "type"}]}
            interaction["request"]["matchingRules"]["body"]["$.address.postcode"] = rule
    return pact


def mailer() -> dict[str, Any]:
    """A pact with messages, and with an interaction that cannot be served."""
    unknown = {"path": {"combine": "AND", "matchers": [{"match": "aGuess"}]}}
    return http_pact(
        {"request": {"path": "/orders/waiting"}, "response": {"status": 200}},
        {"request": {"path": "/guessed", "matchingRules": unknown}, "response": {"status": 200}},
        {
            "type": "Asynchronous/Messages",
            "description": "an order was placed",
            "providerStates": [{"name": "the customer is signed in"}],
            "contents": {"content": {"id": "o-1001"}, "contentType": "application/json", "encoded": False},
        },
        provider="orders",
        consumer="shop-mailer",
    )


def unbreakable(number: int) -> dict[str, Any]:
    """A pact in which everything that can be long is, without a place to break it."""
    words = LONG.replace("-", "")
    return http_pact(
        {
            "description": f"{words}described",
            "providerStates": [{"name": f"{words}given", "params": {words: words}}],
            "request": {"path": f"/{words}/{words}", "query": {words: [words]}, "headers": {f"X-{words}": [words]}},
            "response": {"body": {"content": {words: [{words: number}], "text": words * 3}}},
        },
        provider=LONG,
        consumer=f"{LONG}web",
    )


async def open_shop(running: Running) -> Shop:
    """Publish everything, and send the first requests."""
    for name in ("shop-ios-catalogue", "shop-ios-orders", "shop-web-catalogue", "shop-web-orders"):
        await put_pact(running, example(f"{name}.json"), "1.0.0")
    await put_pact(running, with_postcode(), "1.1.0")
    await put_pact(running, mailer(), "7")
    for number in (1, 2):
        await put_pact(running, unbreakable(number), str(number))
    await send(running, "PUT", "/pacticipants/shop-web/branches/main/versions/1.0.0")
    await send(running, "PUT", f"/pacticipants/shop-web/branches/{quote('feat/postcode', safe='')}/versions/1.1.0")
    await send(running, "PUT", "/pacticipants/shop-web/versions/1.1.0/tags/dev")
    await verify(running, "1.0.0", success=True)
    await verify(running, "1.1.0", success=False)
    named = {"name": "production", "displayName": "The real thing", "production": True}
    place = (await send(running, "POST", "/environments", named))["uuid"]
    for name, version in (("shop-web", "1.0.0"), ("orders", "42")):
        await send(running, "POST", f"/pacticipants/{name}/versions/{version}/deployed-versions/environment/{place}")

    words = LONG.replace("-", "")
    known = (
        ("order", "POST", f"{ORDERS}/orders", {"data": json.dumps(ORDER), "headers": {**JSON, **SIGNED_IN}}),
        ("state", "GET", f"{ORDERS}/orders/o-7", {"headers": SIGNED_IN}),
        ("long", "GET", f"{LONG_STUB}/{words}/{words}?{words}={words}", {"headers": {f"X-{words}": words}}),
    )
    ids = {}
    for name, method, target, options in known:
        _, headers, body = await running.request(method, target, **options)
        assert headers["X-Stub-Match"] == "exact", body
        ids[name] = headers["X-Stub-Interaction"].split()[0]
    spoilt = deepcopy(ORDER)
    spoilt["items"] = [{"product": 7, "quantity": "three"}]
    await running.report("POST", f"{ORDERS}/orders", data=json.dumps(spoilt), headers={**JSON, **SIGNED_IN})
    for name, outcome in (("missed", "none"), ("matched", "exact")):
        listed = (await running.get(f"{UI}/live?outcome={outcome}", headers={"Accept": "text/html"}))[2].decode()
        found = re.search(rf'{UI}/live/(\d+-\d+)"', listed)
        assert found is not None, listed
        ids[name] = found[1]
    return Shop(running, ids)


async def send(running: Running, method: str, path: str, document: Any = None) -> Any:
    """Send JSON to the API; the answer."""
    status, _, body = await running.request(method, path, data=json.dumps(document or {}), headers=JSON)
    assert status < 300, body
    return json.loads(body) if body else None


async def verify(running: Running, version: str, *, success: bool) -> None:
    """Publish the result of a verification of the orders of a version of shop-web."""
    path = f"/pacts/provider/orders/consumer/shop-web/version/{version}"
    links = json.loads((await running.get(path))[2])["_links"]
    target = links["pb:publish-verification-results"]["href"].removeprefix(running.url)
    await send(running, "POST", target, {"success": success, "providerApplicationVersion": "42"})

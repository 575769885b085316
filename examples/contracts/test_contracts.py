"""The consumer side of a small shop: what its two apps need of its two back ends.

Running these tests writes the pacts in `examples/pacts` (`make examples`). `shop-web` talks to both back ends,
`shop-ios` to the catalogue only, and each is written with another version of the Pact specification.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from pact import Pact, match

PACTS = Path(__file__).resolve().parents[1] / "pacts"

PRODUCT = {
    "id": match.int(1, min=1),
    "name": match.str("Espresso cup"),
    "price": {"amount": match.decimal(12.5), "currency": match.regex("EUR", regex="[A-Z]{3}")},
    "tags": match.each_like(match.str("kitchen"), min=1),
    "in_stock": match.bool(True),
}


@pytest.fixture(scope="module", autouse=True)
def _written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Interactions are merged into pacts in a new folder, which replaces `examples/pacts` when all went well."""
    contract.folder = tmp_path_factory.mktemp("pacts")
    yield
    if not request.session.testsfailed:
        for old in PACTS.glob("*.json"):
            old.unlink()
        for new in contract.folder.glob("*.json"):
            (PACTS / new.name).write_bytes(new.read_bytes())


class contract(AbstractContextManager["tuple[Pact, Callable[[], str]]"]):  # noqa: N801 - it is used as a statement
    """A pact to record one interaction in; calling the second value starts its mock server and gives its URL."""

    folder: Path

    def __init__(self, consumer: str, provider: str, specification: str) -> None:
        self.pact = Pact(consumer, provider).with_specification(specification)
        self.servers = ExitStack()

    def __enter__(self) -> tuple[Pact, Callable[[], str]]:
        return self.pact, lambda: str(self.servers.enter_context(self.pact.serve()).url)

    def __exit__(self, *failure: object) -> None:
        self.servers.close()
        if failure == (None, None, None):
            self.pact.write_file(self.folder)


def call(url: str, method: str = "GET", body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """Send a request as the apps do; the status and the JSON answer."""
    content = None if body is None else json.dumps(body).encode()
    given = {"Accept": "application/json", **(headers or {})}
    if content is not None:
        given["Content-Type"] = "application/json"
    request = urllib.request.Request(url, content, given, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            status, text = response.status, response.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    return status, json.loads(text) if text else None


def test_web_lists_products() -> None:
    with contract("shop-web", "catalogue", "V4") as (pact, serve):
        (
            pact.upon_receiving("a list of products")
            .given("products exist")
            .with_request("GET", "/products")
            .with_header("Accept", "application/json")
            .will_respond_with(200)
            .with_body({"products": match.each_like(PRODUCT, min=1), "total": match.int(1)}, "application/json")
        )
        assert call(serve() + "/products")[1]["total"] == 1


def test_web_lists_no_products() -> None:
    with contract("shop-web", "catalogue", "V4") as (pact, serve):
        (
            pact.upon_receiving("a list of products when there are none")
            .given("no products exist")
            .with_request("GET", "/products")
            .with_header("Accept", "application/json")
            .will_respond_with(200)
            .with_body({"products": [], "total": 0}, "application/json")
        )
        assert call(serve() + "/products")[1]["products"] == []


def test_web_filters_products() -> None:
    with contract("shop-web", "catalogue", "V4") as (pact, serve):
        (
            pact.upon_receiving("a page of the products with a tag")
            .given("products exist")
            .with_request("GET", "/products")
            .with_query_parameters({"tag": "kitchen", "page": match.regex("1", regex=r"\d+")})
            .with_header("Accept", "application/json")
            .will_respond_with(200)
            .with_body({"products": match.each_like(PRODUCT, min=1), "total": match.int(1)}, "application/json")
        )
        assert call(serve() + "/products?tag=kitchen&page=2")[0] == 200


def test_web_opens_a_product() -> None:
    with contract("shop-web", "catalogue", "V4") as (pact, serve):
        (
            pact.upon_receiving("one product")
            .given("product 1 exists", {"id": 1})
            .with_request("GET", match.regex("/products/1", regex=r"/products/\d+"))
            .will_respond_with(200)
            .with_body(PRODUCT, "application/json")
        )
        assert call(serve() + "/products/7")[1]["price"]["currency"] == "EUR"


def test_web_misses_a_product() -> None:
    with contract("shop-web", "catalogue", "V4") as (pact, serve):
        (
            pact.upon_receiving("a product that does not exist")
            .given("product 404 does not exist")
            .with_request("GET", "/products/404")
            .will_respond_with(404)
            .with_body({"error": match.str("not found")}, "application/json")
        )
        assert call(serve() + "/products/404")[0] == 404


TOKEN = match.regex("Bearer abc123", regex=r"Bearer .+")
SIGNED_IN = {"Authorization": "Bearer t0ken"}
ORDER = {
    "items": match.each_like({"product": match.int(1), "quantity": match.int(2)}, min=1),
    "address": {"street": match.str("Main Street 1"), "country": match.regex("NL", regex="[A-Z]{2}")},
    "note": match.str("Ring twice"),
}
PLACED = {"id": match.regex("o-1001", regex=r"o-\d+"), "status": "placed", "total": match.decimal(25.5)}
SENT = {"items": [{"product": 3, "quantity": 1}], "address": {"street": "Quay 9", "country": "BE"}, "note": ""}


def test_web_places_an_order() -> None:
    with contract("shop-web", "orders", "V3") as (pact, serve):
        (
            pact.upon_receiving("an order")
            .given("the customer is signed in")
            .with_request("POST", "/orders")
            .with_header("Authorization", TOKEN)
            .with_body(ORDER, "application/json")
            .will_respond_with(201)
            .with_header("Location", "/orders/o-1001")
            .with_body(PLACED, "application/json")
        )
        assert call(serve() + "/orders", "POST", SENT, SIGNED_IN)[0] == 201


def test_web_is_refused_without_signing_in() -> None:
    with contract("shop-web", "orders", "V3") as (pact, serve):
        (
            pact.upon_receiving("an order without signing in")
            .with_request("POST", "/orders")
            .with_body(ORDER, "application/json")
            .will_respond_with(401)
        )
        assert call(serve() + "/orders", "POST", SENT)[0] == 401


def test_web_follows_an_order() -> None:
    with contract("shop-web", "orders", "V3") as (pact, serve):
        (
            pact.upon_receiving("the state of an order")
            .given("order o-1001 is on its way")
            .with_request("GET", match.regex("/orders/o-1001", regex=r"/orders/o-\d+"))
            .with_header("Authorization", TOKEN)
            .will_respond_with(200)
            .with_body({**PLACED, "status": match.regex("shipped", regex="shipped|delivered")}, "application/json")
        )
        assert call(serve() + "/orders/o-7", headers=SIGNED_IN)[1]["status"] == "shipped"


def test_web_cancels_an_order() -> None:
    with contract("shop-web", "orders", "V3") as (pact, serve):
        (
            pact.upon_receiving("a cancellation")
            .given("order o-1001 is not shipped yet")
            .with_request("DELETE", match.regex("/orders/o-1001", regex=r"/orders/o-\d+"))
            .with_header("Authorization", TOKEN)
            .will_respond_with(204)
        )
        assert call(serve() + "/orders/o-7", "DELETE", headers=SIGNED_IN)[0] == 204


def test_ios_shows_products() -> None:
    with contract("shop-ios", "catalogue", "V2") as (pact, serve):
        (
            pact.upon_receiving("products for the home screen")
            .given("products exist")
            .with_request("GET", "/products")
            .with_query_parameter("limit", "3")
            .will_respond_with(200)
            .with_body(
                {"products": match.each_like({"id": match.like(1), "name": match.like("Espresso cup")}, min=1)},
                "application/json",
            )
        )
        assert call(serve() + "/products?limit=3")[0] == 200


def test_ios_searches() -> None:
    with contract("shop-ios", "catalogue", "V2") as (pact, serve):
        (
            pact.upon_receiving("a search")
            .given("products exist")
            .with_request("POST", "/search")
            .with_body({"text": match.like("cup"), "limit": 10}, "application/json")
            .will_respond_with(200)
            .with_body({"hits": match.each_like({"id": match.like(1)}, min=1)}, "application/json")
        )
        assert call(serve() + "/search", "POST", {"text": "pan", "limit": 10})[0] == 200


def test_ios_counts_orders() -> None:
    with contract("shop-ios", "orders", "V2") as (pact, serve):
        (
            pact.upon_receiving("how many orders are under way")
            .given("order o-1001 is on its way")
            .with_request("GET", "/orders")
            .with_query_parameter("status", match.regex("shipped", regex="placed|shipped"))
            .with_header("Authorization", TOKEN)
            .will_respond_with(200)
            .with_body({"count": match.like(1)}, "application/json")
        )
        assert call(serve() + "/orders?status=placed", headers=SIGNED_IN)[1]["count"] == 1

"""Which addresses somebody may have meant."""

from __future__ import annotations

import pytest

from stubserver.catalog import Address
from stubserver.catalog.nearest import nearest_addresses
from stubserver.store import Database, Kind, Selector
from tests.store.story import ODD_NAMES, publish


@pytest.fixture
async def shops(database: Database) -> Database:
    """Some pacts."""
    async with database.writing() as connection:
        await publish(connection, "web", "Shop/EU", "1", branch="feature/cart", tags=["prod"])
        await publish(connection, "ios", "Shop/EU", "1", branch="main")
        await publish(connection, "web", "bank", "1", branch="main")
    return database


async def nearest(
    database: Database, *names: str | None, selector: Selector | None = None, host: bool = False
) -> list[str]:
    """The nearest addresses, in words."""
    address = Address(names[0], names[1] if len(names) > 1 else None, selector or Selector(), host)
    async with database.reading() as connection:
        return [str(item) for item in await nearest_addresses(connection, address)]


async def test_alike_names(shops: Database) -> None:
    """Names that resemble those that were asked for, the most alike first, of the kind that was asked for."""
    assert await nearest(shops, "shop/eu") == ["all consumers of Shop/EU"]
    assert await nearest(shops, "Shop-EU", "web") == ["web → Shop/EU", "ios → Shop/EU", "web → bank"]
    assert (await nearest(shops, "bnak", "web"))[0] == "web → bank"
    assert await nearest(shops, "nothing like it at all, really", "zzz") == []


async def test_alike_selectors(shops: Database) -> None:
    """Where the names are right, the latest, and selectors of the same kind."""
    asked = Selector(Kind.BRANCH, "feature/card")
    assert await nearest(shops, "Shop/EU", "web", selector=asked) == [
        "web → Shop/EU",
        "web → Shop/EU (branch feature/cart)",
        "web → Shop/EU (branch main)",
    ]
    assert set(await nearest(shops, "Shop/EU", selector=asked)) == {
        "all consumers of Shop/EU",
        "all consumers of Shop/EU (branch feature/cart)",
        "all consumers of Shop/EU (branch main)",
    }
    assert await nearest(shops, "shop-eu", "web", selector=Selector(Kind.TAG, "prd"), host=True) == [
        "web → Shop/EU",
        "web → Shop/EU (tag prod)",
    ]


async def test_anything_may_be_asked_for(shops: Database) -> None:
    """Whatever is asked for, there is an answer."""
    for name in [*ODD_NAMES, "", "x" * 10_000]:
        for kind in Kind:
            await nearest(shops, name, name, selector=Selector(kind, name))
            await nearest(shops, name, selector=Selector(kind, name), host=True)
    assert await nearest(shops, None) == [] or await nearest(shops, None)

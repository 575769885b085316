"""What is searched of contents: found by all words, in any case, in latest pacts only, and forgotten with them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store import Database, Digest, pacticipants, pacts, schema, search
from tests.store.story import ODD_NAMES, publish, store, version


async def digested(
    connection: AsyncConnection, version: str, *terms: tuple[str, str], consumer: str = "web", provider: str = "shop"
) -> int:
    """A version whose pact is found by these terms; the content's id."""
    content = f"{consumer} {provider} {version}"
    await publish(connection, consumer, provider, version, content)
    content_id = await store(connection, content)
    await search.add(connection, {content_id: Digest(len(terms), 1, 2, terms)})
    return content_id


async def texts(connection: AsyncConnection, *words: str, most: int = 100) -> list[str]:
    """The texts in which these words are."""
    return [hit.text for hit in await search.find(connection, words, most)]


async def count(connection: AsyncConnection, table: str) -> int:
    """How many rows a table has."""
    its = schema.metadata.tables[table]
    return int((await connection.execute(select(func.count()).select_from(its))).scalar_one())


async def test_words(database: Database) -> None:
    """All words have to be in one text, anywhere, in any case, in any order."""
    async with database.writing() as connection:
        await digested(connection, "1", ("path", "POST /Orders/{id}"), ("state", "Größe Äpfel"), ("field", "a.Orders"))
        assert await texts(connection, "orders") == ["POST /Orders/{id}", "a.Orders"]
        assert await texts(connection, "ORDERS", "post") == ["POST /Orders/{id}"]
        assert await texts(connection, "grösse") == ["Größe Äpfel"]
        assert await texts(connection, "GRÖSSE", "äPF") == ["Größe Äpfel"]
        assert await texts(connection, "orders", "äpfel") == []
        assert await texts(connection, "") == ["POST /Orders/{id}", "a.Orders", "Größe Äpfel"]


@pytest.mark.parametrize("sign", ["%", "_", "\\", "/", "'", '"', "*", "[", "ß", "💥", "%_%", "\\%", "a\\"])
async def test_signs(database: Database, sign: str) -> None:
    """Signs that mean something to databases are what they are."""
    async with database.writing() as connection:
        await digested(connection, "1", ("field", f"x{sign}y"), ("field", "xay"), ("field", "plain"))
        assert await texts(connection, sign) == [f"x{sign}y"]


@pytest.mark.parametrize("word", ["\0", "a\0b", "x" * 1000])
async def test_words_that_no_text_has(database: Database, word: str) -> None:
    """What cannot be in any text is not found; that is no failure of the database."""
    async with database.writing() as connection:
        await digested(connection, "1", ("field", "x"))
    async with database.reading() as connection:
        assert await texts(connection, word) == []


async def test_only_latest(database: Database) -> None:
    """What an earlier version has, is found once the later ones are gone; each consumer has a latest of its own."""
    async with database.writing() as connection:
        await digested(connection, "1", ("field", "old"), ("field", "both"))
        await digested(connection, "2", ("field", "new"), ("field", "both"))
        await digested(connection, "1", ("field", "old"), consumer="app")
        assert await texts(connection, "new") == ["new"]
        assert [(hit.text, hit.consumer) for hit in await search.find(connection, ["old"], 9)] == [("old", "app")]
        assert [(hit.text, hit.consumer) for hit in await search.find(connection, ["both"], 9)] == [("both", "web")]
        its = await version(connection, "web", "2")
        await pacticipants.remove_version(connection, its)
        assert await texts(connection, "new") == []
        assert sorted(hit.consumer for hit in await search.find(connection, ["old"], 9)) == ["app", "web"]


async def test_behind_many_old_texts(database: Database) -> None:
    """A text of a latest pact is found, however many shorter ones only earlier versions have."""
    many = [("field", f"z{number:04}") for number in range(1500)]
    async with database.writing() as connection:
        await digested(connection, "1", *many)
        await digested(connection, "2", ("field", "a longer text with a z in it"))
        assert await texts(connection, "z") == ["a longer text with a z in it"]


async def test_order_and_most(database: Database) -> None:
    """Paths come first, then fields, states and descriptions; the shortest first; no more than are wanted."""
    terms = [
        ("description", "x"),
        ("state", "x"),
        ("field", "xx"),
        ("field", "xxx"),
        ("field", "x"),
        ("path", "GET /x"),
    ]
    async with database.writing() as connection:
        await digested(connection, "1", *terms)
        found = [f"{hit.kind} {hit.text}" for hit in await search.find(connection, ["x"], 100)]
        assert found == ["path GET /x", "field x", "field xx", "field xxx", "state x", "description x"]
        assert len(await search.find(connection, ["x"], 2)) == 2


@pytest.mark.parametrize("name", [name for name in ODD_NAMES if "\n" not in name])
async def test_odd_texts(database: Database, name: str) -> None:
    """Any text comes back as it was, from consumers and providers of any name."""
    async with database.writing() as connection:
        await digested(connection, "1", ("state", name), ("field", name), consumer=name, provider=f"{name}2"[:255])
        found = await search.find(connection, name.split(), 9)
        assert {(hit.kind, hit.text, hit.consumer) for hit in found} == {("state", name, name), ("field", name, name)}


async def test_texts_are_kept_once(database: Database) -> None:
    """Contents that share texts share their rows; a content that is read again changes nothing of others."""
    terms = [("field", f"f{number}") for number in range(1300)]
    async with database.writing() as connection:
        for number in range(3):
            await digested(connection, str(number), *terms, ("path", "GET /"), ("field", "GET /"))
        assert await count(connection, "terms") == 1302
        assert await count(connection, "content_terms") == 3 * 1302


async def test_counts_and_what_is_unread(database: Database) -> None:
    """Contents that were read have counts; those that were not are told, the latest first, so many at a time."""
    async with database.writing() as connection:
        first = await digested(connection, "1", ("field", "x"))
        later = [await store(connection, f"content {number}") for number in range(5)]
        assert await search.counts_of(connection, {first, *later}) == {first: (1, 1, 2)}
        assert await search.missing_among(connection, {first, *later}) == set(later)
        assert list(await search.unread(connection, 2)) == [later[4], later[3]]
        assert (await search.unread(connection, 2))[later[4]] == b"content 4"
        await search.add(connection, {number: Digest(0, 0, 0, ()) for number in later})
        assert await search.unread(connection, 2) == {}
        assert await search.missing_among(connection, set()) == set()
        assert await search.counts_of(connection, set()) == {}
        await search.add(connection, {})


async def test_what_is_forgotten(database: Database) -> None:
    """With a content go its texts and counts, unless another has them, too."""
    async with database.writing() as connection:
        await digested(connection, "1", ("field", "mine"), ("field", "shared"))
        await digested(connection, "1", ("field", "shared"), consumer="app")
        found = await pacticipants.find(connection, "web")
        assert found is not None
        await pacticipants.remove(connection, found)
        await pacts.remove_orphans(connection)
        assert await count(connection, "terms") == 1
        assert await count(connection, "digests") == 1
        assert await texts(connection, "mine") == []
        assert await texts(connection, "shared") == ["shared"]


async def test_terms_twice(database: Database) -> None:
    """A digest that has a text twice is stored like one that has it once."""
    async with database.writing() as connection:
        await digested(connection, "1", ("field", "x"), ("field", "x"), ("state", "x"))
        assert await count(connection, "content_terms") == 2


async def test_the_tables_are_empty_at_first(database: Database) -> None:
    """Nothing is found where nothing is."""
    async with database.reading() as connection:
        for word in ("a", "%", "'"):
            assert await texts(connection, word) == []
        assert await count(connection, "digests") == 0

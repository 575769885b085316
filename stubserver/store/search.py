"""What is searched of contents: paths, descriptions, provider states and names of fields; each text is kept once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from sqlalchemy import delete, exists, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stubserver.store.publications import consumers, is_latest, providers
from stubserver.store.records import Digest, Hit
from stubserver.store.schema import content_terms, contents, digests, publications, terms, versions

_TOGETHER = 500  # values in one statement
_KINDS = ("path", "field", "state", "description")


async def add(connection: AsyncConnection, found: Mapping[int, Digest]) -> None:
    """Record what contents have to be found by, by their ids."""
    if not found:
        return
    wanted = list(dict.fromkeys(term for digest in found.values() for term in digest.terms))
    ids = await _ids_of(connection, wanted)
    missing = [term for term in wanted if term not in ids]
    if missing:
        rows = [{"kind": kind, "text": text, "folded": text.casefold()} for kind, text in missing]
        await connection.execute(insert(terms), rows)
        ids |= await _ids_of(connection, missing)
    links = [
        {"term_id": ids[term], "content_id": content_id}
        for content_id, digest in found.items()
        for term in dict.fromkeys(digest.terms)
    ]
    if links:
        await connection.execute(insert(content_terms), links)
    counts = [
        {
            "content_id": content_id,
            "interactions": digest.interactions,
            "messages": digest.messages,
            "skipped": digest.skipped,
        }
        for content_id, digest in found.items()
    ]
    await connection.execute(insert(digests), counts)


async def _ids_of(connection: AsyncConnection, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for some in _chunks([text for _, text in wanted]):
        query = select(terms.c.kind, terms.c.text, terms.c.id).where(terms.c.text.in_(some))
        found |= {(kind, text): number for kind, text, number in await connection.execute(query)}
    return found


def _chunks(values: Collection[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while some := list(islice(rest, _TOGETHER)):
        yield some


async def missing_among(connection: AsyncConnection, content_ids: Collection[int]) -> set[int]:
    """Those of these contents that have not been read for it yet."""
    known = select(digests.c.content_id).where(digests.c.content_id.in_(content_ids))
    return set(content_ids) - set((await connection.execute(known)).scalars())


async def unread(connection: AsyncConnection, most: int) -> dict[int, bytes]:
    """Some contents that have not been read for it yet."""
    is_read = exists().where(digests.c.content_id == contents.c.id)
    query = select(contents.c.id, contents.c.content).where(~is_read).order_by(contents.c.id.desc()).limit(most)
    return {row[0]: bytes(row[1]) for row in await connection.execute(query)}


async def counts_of(connection: AsyncConnection, content_ids: Collection[int]) -> dict[int, tuple[int, int, int]]:
    """How many interactions contents have, how many messages, and how many interactions that cannot be served; as far
    as they have been read.
    """
    query = select(digests).where(digests.c.content_id.in_(content_ids))
    rows = await connection.execute(query)
    return {row.content_id: (row.interactions, row.messages, row.skipped) for row in rows}


async def find(connection: AsyncConnection, words: Sequence[str], most: int, always: str | None = None) -> list[Hit]:
    """Where all of these words are in one text of a latest pact, the shortest texts first; at most so many. Versions
    that begin with `always` count as latest, too.
    """
    if not words or any("\0" in word for word in words):  # no text has that, and not every database takes it
        return []
    matching = [terms.c.folded.contains(word.casefold(), autoescape=True) for word in words]
    is_meant = is_latest()
    if always is not None:
        its = (versions.c.id == publications.c.version_id, versions.c.number.startswith(always, autoescape=True))
        is_meant = is_meant | exists().where(*its)
    where = content_terms.join(publications, publications.c.content_id == content_terms.c.content_id)
    is_there = exists(select(1).select_from(where).where(content_terms.c.term_id == terms.c.id, is_meant))
    shortest = func.length(terms.c.text)
    query = select(terms.c.id, terms.c.kind, terms.c.text).where(*matching, is_there)
    found = (await connection.execute(query.order_by(shortest, terms.c.text).limit(most))).all()
    if not found:
        return []
    order = {row.id: (number, row.kind, row.text) for number, row in enumerate(found)}
    places = (
        select(content_terms.c.term_id, consumers.c.name, providers.c.name)
        .select_from(
            where.join(consumers, consumers.c.id == publications.c.consumer_id).join(
                providers, providers.c.id == publications.c.provider_id
            )
        )
        .where(content_terms.c.term_id.in_(list(order)), is_meant)
        .distinct()
        .limit(most * 4)
    )
    hits: list[tuple[int, Hit]] = []
    for term_id, consumer, provider in await connection.execute(places):
        number, kind, text = order[term_id]
        hits.append((number, Hit(kind, text, consumer, provider)))
    hits.sort(key=lambda hit: (_KINDS.index(hit[1].kind), hit[0], hit[1].provider, hit[1].consumer))
    return [hit for _, hit in hits[:most]]


async def forget_unused(connection: AsyncConnection) -> None:
    """Remove the texts that no content has any more."""
    await connection.execute(delete(terms).where(~exists().where(content_terms.c.term_id == terms.c.id)))

"""The home page, search, the network, and what is not served."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from matching import Severity
from stubserver.catalog import ALL, Address, LoadedPact
from stubserver.catalog.names import FILE_VERSION
from stubserver.outline.network import around, busiest, picture_of
from stubserver.store import Hit, Integration, Verification, overview, pacticipants, pacts, search
from stubserver.web.explorer.viewing import Viewing

_ROWS = 50
_HITS = 200  # that a search shows
_NAMES = 30
_COMPARED = 20_000  # names of applications that are searched
_BOXES = 100  # applications in a picture
_PROBLEMS = 30  # of one document
_DOCUMENTS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """An integration in a list."""

    provider: str
    consumer: str
    address: Address
    url: str
    version: str
    branches: Sequence[str]
    tags: Sequence[str]
    environments: Sequence[str]
    interactions: int | None
    messages: int | None
    skipped: int
    published: str
    verification: Verification | None
    sha: str = ""
    is_new_content: bool = False


def row_of(viewing: Viewing, item: Integration, address: Address | None = None) -> Row:
    """A publication as lists show it; `address` is that of its stub, which is the latest if it is not told."""
    pact = item.pact
    address = address or Address(pact.provider, pact.consumer)
    base = viewing.links.base(address)[len(viewing.links.prefix) :]
    version = item.version
    stub = viewing.explorer.catalog.current.stubs.get(address)
    return Row(
        pact.provider,
        pact.consumer,
        address,
        viewing.server + base,
        "file" if pact.version.startswith(FILE_VERSION) else pact.version,
        [branch.name for branch in version.branches] if version is not None else (),
        version.tags if version is not None else (),
        item.environments,
        len(stub.interactions) if stub is not None else item.interactions,
        item.messages,
        item.skipped or 0,
        pact.created_at,
        item.verification,
        pact.sha,
    )


async def home(viewing: Viewing) -> web.Response:
    """GET /: all integrations"""
    newest_first = viewing.query.get("order") == "newest"
    words = viewing.words
    has_root = viewing.explorer.door.naming.has_root
    async with viewing.reading() as connection:
        known = await pacticipants.names(connection)
        names = _alike(words, known) if words else None
        count = pacts.count_integrations(connection) if names is None else overview.count_named(connection, names)
        total = await count
        pages = max(1, -(-total // _ROWS))
        page = min(viewing.page_number(), pages)
        found = await overview.integrations(
            connection, offset=(page - 1) * _ROWS, limit=_ROWS, names=names, newest_first=newest_first
        )
        incomplete = await overview.count_incomplete(connection) if not has_root else 0
    order = "newest" if newest_first else ""
    documents = [entry for entry in viewing.explorer.catalog.current.pacts if _is_troubled(entry)]
    return await viewing.page_or_part(
        "home.html",
        "_integrations.html",
        rows=[row_of(viewing, item) for item in found],
        total=total,
        applications=len(known),
        order=order,
        page=page,
        pages=pages,
        page_link=lambda number: viewing.links.page("", q=words, order=order, page=number),
        problems=len(documents) + incomplete,
        all_stub=ALL if has_root and total else None,
        commands=commands_of(viewing) if not total else (),
        example_stub=f"{viewing.server}/pacts/provider/PROVIDER/consumer/CONSUMER/latest/stub",
    )


def commands_of(viewing: Viewing) -> Sequence[tuple[str, str]]:
    """How to publish here, in several ways, ready to be copied."""
    control = viewing.links.control[len(viewing.links.prefix) :] if viewing.explorer.door.naming.has_root else ""
    url = shlex.quote(viewing.server + control)
    token = " --broker-token $TOKEN" if viewing.explorer.access.is_on else ""
    header = ' -H "Authorization: Bearer $TOKEN"' if viewing.explorer.access.is_on else ""
    return (
        ("the Pact CLI", f"pact broker publish pacts/*.json -a $(git rev-parse HEAD) --branch main -b {url}{token}"),
        ("stubserver", f"stubserver publish pacts/ --branch main -b {url}{token}"),
        (
            "curl",
            f"curl -X PUT{header} -H 'Content-Type: application/json' --data-binary @pact.json "
            f"{url}/pacts/provider/PROVIDER/consumer/CONSUMER/version/1",
        ),
    )


def _alike(words: str, known: Iterable[str]) -> list[str]:
    """The names that have all these words in them."""
    wanted = words.casefold().split()
    return [name for name in known if all(word in name.casefold() for word in wanted)][:500]


@dataclass(frozen=True, slots=True)
class _Place:
    """A pact in which something was found, and what to look for there."""

    consumer: str
    provider: str
    address: Address
    search: str
    state: str


_LABELS = {"path": "Paths", "field": "Fields", "state": "Provider states", "description": "Interactions"}


async def search_page(viewing: Viewing) -> web.Response:
    """GET /search: applications by name, and what their pacts say"""
    words = viewing.words
    names: list[tuple[str, bool, bool]] = []
    hits: list[tuple[str, str, list[tuple[str, list[_Place]]]]] = []
    if words:
        async with viewing.reading() as connection:
            alike = _alike(words, (await pacticipants.names(connection))[:_COMPARED])[:_NAMES]
            roles = await overview.roles_of(connection, alike)
            always = FILE_VERSION if viewing.explorer.door.naming.has_root else None
            found = await search.find(connection, words.split()[:10], _HITS, always)
        names = [(name, *roles.get(name, (False, False))) for name in alike]
        hits = _grouped(found)
    return await viewing.page_or_part("search.html", "_results.html", names=names, hits=hits)


def _grouped(found: Iterable[Hit]) -> list[tuple[str, str, list[tuple[str, list[_Place]]]]]:
    """Hits by kind and text."""
    kinds: dict[str, dict[str, list[_Place]]] = {kind: {} for kind in _LABELS}
    for hit in found:
        # A path is stored with its method, which the pages of a stub know apart.
        words = hit.text.partition(" ")[2] if hit.kind == "path" else hit.text
        is_state = hit.kind == "state"
        place = _Place(
            hit.consumer,
            hit.provider,
            Address(hit.provider, hit.consumer),
            "" if is_state else words,
            hit.text if is_state else "",
        )
        kinds[hit.kind].setdefault(hit.text, []).append(place)
    return [(kind, _LABELS[kind], list(texts.items())) for kind, texts in kinds.items() if texts]


async def network_page(viewing: Viewing) -> web.Response:
    """GET /network: who uses whom"""
    name = viewing.query.get("around", "")[:255].strip()
    async with viewing.reading() as connection:
        pairs = await pacts.integrations(connection)
        names = await pacticipants.names(connection)
    near = around(pairs, name) if name else pairs
    shown, left_out = await viewing.explorer.in_thread(busiest, near, _BOXES)
    return await viewing.page(
        "network.html",
        picture=await viewing.explorer.in_thread(picture_of, shown),
        left_out=left_out,
        around=name,
        names=names[:1000],
        address=lambda consumer, provider: Address(provider, consumer),
    )


async def problems_page(viewing: Viewing) -> web.Response:
    """GET /problems: documents and pacts that cannot be served in full"""
    rows: list[Row] = []
    if not viewing.explorer.door.naming.has_root:  # otherwise documents tell it all
        async with viewing.reading() as connection:
            found = await overview.integrations(connection, limit=_DOCUMENTS, incomplete=True)
        rows = [row_of(viewing, item) for item in found]
    troubled = [entry for entry in viewing.explorer.catalog.current.pacts if _is_troubled(entry)]
    return await viewing.page(
        "problems.html", documents=[_document(entry) for entry in troubled[:_DOCUMENTS]], rows=rows
    )


def _is_troubled(entry: LoadedPact) -> bool:
    return entry.pact is None or entry.stale or any(item.severity is not Severity.NOTE for item in entry.problems)


def _document(entry: LoadedPact) -> Mapping[str, Any]:
    problems = entry.problems
    pact = entry.pact
    return {
        "origin": entry.origin,
        "stale": entry.stale,
        "names": f"{pact.consumer} → {pact.provider}" if pact is not None else "",
        "served": entry.served,
        "skipped": len(pact.skipped) if pact is not None else 0,
        "problems": [
            {
                "severity": problem.severity.value,
                "pointer": problem.pointer,
                "message": problem.message,
                "cure": problem.cure,
            }
            for problem in problems[:_PROBLEMS]
        ],
        "more": max(0, len(problems) - _PROBLEMS),
    }

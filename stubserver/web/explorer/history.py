"""The versions of an integration, and what changed between two of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aiohttp import web

from stubserver.catalog import Address, Snapshot
from stubserver.catalog.names import FILE_VERSION, name_problem
from stubserver.errors import NotFoundError
from stubserver.outline.changes import Change, changes_between
from stubserver.store import LATEST, Integration, Kind, Selector, overview, pacts
from stubserver.web.explorer.contracts import resolve, view_of
from stubserver.web.explorer.home import Row, row_of
from stubserver.web.explorer.viewing import Viewing

_ROWS = 50
_CHANGES = 60  # interactions that a page about differences shows
_KINDS = {"branch": Kind.BRANCH, "tag": Kind.TAG, "environment": Kind.ENVIRONMENT}


def _names(viewing: Viewing) -> tuple[str, str]:
    """Consumer and provider in the path. Raises NotFoundError."""
    names = viewing.name_in_path("consumer"), viewing.name_in_path("provider")
    if any(name_problem(name) is not None for name in names):
        raise NotFoundError("there is no such integration", "look for it among all")
    return names


async def versions_page(viewing: Viewing) -> web.Response:
    """GET /integrations/P/C: all versions, or those of a branch, tag or environment"""
    consumer, provider = _names(viewing)
    chosen = viewing.query.get("of", "")
    kind, _, name = chosen.partition(" ")
    selector = Selector(_KINDS[kind], name) if kind in _KINDS and name else LATEST
    view = await view_of(viewing, Address(provider, consumer), outlined=False)
    async with viewing.reading() as connection:
        known = await pacts.known_selectors(connection, provider, consumer)
        total = await pacts.count_history(connection, provider, consumer, selector)
        pages = max(1, -(-total // _ROWS))
        page = min(viewing.page_number(), pages)
        # One more than is shown tells whether the last of them changed anything.
        found = await pacts.history(connection, provider, consumer, selector, _ROWS + 1, (page - 1) * _ROWS)
        described = await overview.described(connection, found)
    choices = [
        (f"{selector.kind.value} {selector.name}", f"{selector.kind.value} {selector.name}")
        for selector in known
        if selector.kind.value in _KINDS
    ]
    return await viewing.page(
        "versions.html",
        view=view,
        consumer=consumer,
        provider=provider,
        rows=_rows(viewing, described)[:_ROWS],
        total=total,
        choices=choices,
        chosen=chosen,
        page=page,
        pages=pages,
        page_link=lambda number: viewing.links.integration(consumer, provider, of=chosen, page=number),
    )


def _rows(viewing: Viewing, described: Sequence[Integration]) -> list[Row]:
    rows = []
    for number, item in enumerate(described):
        before = described[number + 1] if number + 1 < len(described) else None
        row = row_of(viewing, item, _address(item))
        changed = before is not None and before.pact.sha != item.pact.sha
        rows.append(replace(row, version=item.pact.version, interactions=item.interactions, is_new_content=changed))
    return rows


def _address(item: Integration) -> Address:
    pact = item.pact
    if pact.version.startswith(FILE_VERSION):
        return Address(pact.provider, pact.consumer)
    return Address(pact.provider, pact.consumer, Selector(Kind.VERSION, pact.version))


async def diff_page(viewing: Viewing) -> web.Response:
    """GET /integrations/P/C/diff?from=V&to=V: what changed for a consumer"""
    consumer, provider = _names(viewing)
    versions = [viewing.query.get(name, "") for name in ("from", "to")]
    rows: list[Row] = []
    snapshots: list[Snapshot] = []
    for version in versions:
        async with viewing.reading() as connection:
            found = await pacts.find(connection, consumer, provider, version) if version else None
            if found is None:
                cure = "choose two of the versions that there are"
                raise NotFoundError(f"there is no version {version[:80]!r} of {consumer} → {provider}", cure)
            item = (await overview.described(connection, [found]))[0]
        rows.append(row_of(viewing, item, _address(item)))
        snapshots.append((await resolve(viewing, _address(item))).snapshot)
    changes, messages = await viewing.explorer.in_thread(_differences, snapshots, Address(provider, consumer))
    return await viewing.page(
        "diff.html",
        consumer=consumer,
        provider=provider,
        earlier=rows[0],
        later=rows[1],
        changes=changes[:_CHANGES],
        more=max(0, len(changes) - _CHANGES),
        counts=Counter(change.kind for change in changes),
        messages=messages[:_CHANGES],
    )


def _differences(snapshots: Sequence[Snapshot], address: Address) -> tuple[list[Change], list[tuple[str, str]]]:
    """What changed between two stubs of the same integration: interactions, and messages by sign and description."""
    interactions, messages = [], []
    for snapshot in snapshots:
        its = [entry.pact for entry in snapshot.pacts if entry.pact is not None and _is_of(entry.pact, address)]
        interactions.append([item for pact in its for item in pact.interactions if item.refusal is None])
        messages.append({item.id: item.message.description for pact in its for item in pact.messages})
    before, after = messages
    gone = [("−", text) for key, text in before.items() if key not in after]
    came = [("+", text) for key, text in after.items() if key not in before]
    return changes_between(*interactions), [*gone, *came]


def _is_of(pact: Any, address: Address) -> bool:
    return bool(pact.provider == address.provider and pact.consumer == address.consumer)

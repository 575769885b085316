"""Publishing: the one way by which pacts get into the store.

All contracts of a publication are stored, or none. A version that is published stays as it is: publishing it again with
the same content changes nothing, with another content is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from matching import PactError, Problem, Severity, load_pact
from matching.json_text import parse_json
from stubserver.catalog.contract import LISTS, Contract, contract_of, identity_of, interactions_in, merged
from stubserver.catalog.difference import difference
from stubserver.catalog.digests import CHECKED, digest_of
from stubserver.errors import StubServerError
from stubserver.store import Database, Digest, Pacticipant, Publication, changes, pacticipants, pacts, search

_TOGETHER = 20  # contents whose digests are made in one transaction
_AT_ONCE = 250  # contracts that are stored in the same statements
_PAUSE = 0.05  # seconds in which others may write


class Outcome(StrEnum):
    """What became of a contract."""

    CREATED = "created"  # the first of its version
    UNCHANGED = "unchanged"
    MERGED = "merged"


class ConflictError(StubServerError):
    """The version is published with other content."""

    status = 409
    title = "Conflict"
    slug = "conflict"

    def __init__(self, detail: str, cure: str, changes: str) -> None:
        super().__init__(detail, cure)
        self.changes = changes  # what differs, line by line


@dataclass(frozen=True, slots=True)
class Published:
    """What became of one contract; `is_new_content` tells whether the latest pact had another content."""

    contract: Contract
    outcome: Outcome
    is_new_content: bool


@dataclass(frozen=True, slots=True)
class Publishing:
    """A publication: the contracts of one consumer version. Where `replaces`, a contract that merges may put another
    response in the place of an earlier one.
    """

    consumer: str
    version: str
    contracts: Sequence[Contract]
    branch: str | None = None
    tags: Sequence[str] = ()
    build_url: str | None = None
    replaces: bool = False


@dataclass(slots=True)
class Result:
    """What became of a publication."""

    version_is_new: bool = False
    published: list[Published] = field(default_factory=list)


async def publish(connection: AsyncConnection, publishing: Publishing) -> Result:
    """Store a publication in a transaction. Raises ConflictError, and the transaction has to be given up."""
    consumer, _ = await pacticipants.ensure(connection, publishing.consumer)
    version_id, is_new = await pacticipants.ensure_version(
        connection, consumer, publishing.version, publishing.build_url
    )
    if publishing.branch is not None:
        await pacticipants.add_to_branch(connection, consumer, version_id, publishing.branch)
    for tag in publishing.tags:
        await pacticipants.add_tag(connection, consumer, version_id, tag)
    result = Result(is_new)
    # Contracts with the same provider (which is unusual) come one after the other, all others together.
    left = list(publishing.contracts)
    while left:
        together: dict[str, Contract] = {}
        for contract in left:
            together.setdefault(contract.provider, contract)
        left = [contract for contract in left if together[contract.provider] is not contract]
        result.published += await _publish_together(connection, publishing, consumer, version_id, together)
    return result


async def _publish_together(
    connection: AsyncConnection,
    publishing: Publishing,
    consumer: Pacticipant,
    version_id: int,
    contracts: dict[str, Contract],
) -> list[Published]:
    """Store contracts by the names of their providers."""
    providers = await pacticipants.ensure_all(connection, contracts)
    earlier = await pacts.of_version(connection, version_id)
    latest = await pacts.latest_shas(connection, consumer)
    published: list[Published] = []
    for name, contract in contracts.items():
        outcome = Outcome.CREATED
        if name in earlier:
            contract, outcome = await _reconciled(connection, earlier[name], contract, publishing)
        is_new_content = outcome is not Outcome.UNCHANGED and latest.get(providers[name].id) != contract.sha
        published.append(Published(contract, outcome, is_new_content))
    stored = [item.contract for item in published if item.outcome is not Outcome.UNCHANGED]
    ids = await pacts.store_contents(connection, {item.sha: item.content for item in stored}) if stored else {}
    await _store_digests(connection, {ids[item.sha]: item.content for item in stored})
    content_ids = {item.provider: ids[item.sha] for item in stored}
    await pacts.publish(connection, consumer, version_id, content_ids, providers, [*earlier.keys() & content_ids])
    return published


async def publish_documents(connection: AsyncConnection, contracts: Sequence[tuple[str, Contract]]) -> None:
    """Store contracts, each with its version of its consumer, as `publish` does one after the other, in a few
    statements for many of them. Raises ConflictError.
    """
    for start in range(0, len(contracts), _AT_ONCE):
        some = contracts[start : start + _AT_ONCE]
        names = {name for _, contract in some for name in (contract.consumer, contract.provider)}
        ids = {name: each.id for name, each in (await pacticipants.ensure_all(connection, names)).items()}
        new = await pacticipants.add_versions(connection, [(ids[each.consumer], version) for version, each in some])
        content_by_sha = {contract.sha: contract.content for _, contract in some}
        content_ids = await pacts.store_contents(connection, content_by_sha)
        await _store_digests(connection, {content_ids[sha]: content for sha, content in content_by_sha.items()})
        rows, told = [], []
        for version, contract in some:
            version_id = new.pop((ids[contract.consumer], version), None)
            if version_id is None:  # it was there, perhaps with a contract with this provider
                await publish(connection, Publishing(contract.consumer, version, (contract,)))
                continue
            rows.append((ids[contract.consumer], ids[contract.provider], version_id, content_ids[contract.sha]))
            told.append((contract.consumer, contract.provider))
        await pacts.add(connection, rows)
        await changes.note_all(connection, told)


async def _store_digests(connection: AsyncConnection, content_by_id: dict[int, bytes]) -> None:
    """Store what contents are found by, where that is not stored yet."""
    missing = await search.missing_among(connection, content_by_id) if content_by_id else set()
    if missing:
        await search.add(connection, await asyncio.to_thread(_digests, {key: content_by_id[key] for key in missing}))


def _digests(content_by_id: dict[int, bytes]) -> dict[int, Digest]:
    return {key: digest_of(content) for key, content in content_by_id.items()}


async def read_older(database: Database) -> None:
    """Store the digests of contents that an earlier release stored without one. Raises StoreUnavailableError."""
    while True:
        async with database.reading() as connection:
            some = await search.unread(connection, _TOGETHER)
        if not some:
            return
        found = await asyncio.to_thread(_digests, some)
        async with database.writing() as connection:
            still = await search.missing_among(connection, found)  # another worker may have been faster
            await search.add(connection, {key: digest for key, digest in found.items() if key in still})
        await asyncio.sleep(_PAUSE)


async def _reconciled(
    connection: AsyncConnection, earlier: Publication, contract: Contract, publishing: Publishing
) -> tuple[Contract, Outcome]:
    """A contract beside what is published of the same version."""
    if earlier.sha == contract.sha:
        return contract, Outcome.UNCHANGED
    content = await pacts.content_of(connection, earlier.content_id)
    return await asyncio.to_thread(_merged, earlier, content, contract, publishing)


def _merged(
    earlier: Publication, content: bytes, contract: Contract, publishing: Publishing
) -> tuple[Contract, Outcome]:
    """A contract added to the content of an earlier one, if that may be. Raises ConflictError."""
    known: dict[str, Any] = parse_json(content)
    if contract.merges:
        both = contract_of(merged(known, contract.document), contract.consumer, contract.provider)
        if both.sha == earlier.sha:
            return both, Outcome.UNCHANGED
        if _keeps(known, both.document, but_for_responses=publishing.replaces):
            return both, Outcome.MERGED
    raise ConflictError(
        f"Cannot change the content of the pact for {earlier.consumer} version {earlier.version} and provider "
        f"{earlier.provider}, because this version is published already and others may rely on it.",
        "Publish the new content with a version of its own; the commit is the best there is.",
        difference(known, contract.document),
    )


def _keeps(earlier: dict[str, Any], later: dict[str, Any], *, but_for_responses: bool) -> bool:
    """Whether every interaction of a document is in another one, too."""

    def known_by(item: dict[str, Any]) -> Any:
        return identity_of(item, "request", "contents") if but_for_responses else item.get("_id")

    return all(
        {known_by(item) for item in interactions_in(earlier, key)}
        <= {known_by(item) for item in interactions_in(later, key)}
        for key in LISTS
    )


def flaws_of(contract: Contract) -> list[Problem]:
    """What of a contract cannot be served, and why; of very large ones, as far as that is found quickly."""
    try:
        pact = load_pact(contract.content, CHECKED)
    except PactError as error:
        return list(error.problems)
    serious = [problem for problem in pact.problems if problem.severity in (Severity.ERROR, Severity.SKIPPED)]
    if serious or pact.interactions or pact.messages:
        return serious
    return [problem for problem in pact.problems if problem.severity is Severity.WARNING]

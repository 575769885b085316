"""Publishing: the one way by which pacts get into the store.

All contracts of a publication are stored, or none. A version that is published stays as it is: publishing it again with
the same content changes nothing, with another content is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from matching import PactError, Problem, Severity, load_pact
from matching.json_text import parse_json
from stubserver.catalog.contract import LISTS, Contract, contract_of, identity_of, interactions_in, merged
from stubserver.catalog.difference import difference
from stubserver.errors import StubServerError
from stubserver.store import Publication, pacticipants, pacts

_CHECKED = 200  # interactions of a contract that are compiled to tell what of it cannot be served


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
    """What became of one contract; `is_new_content` tells whether the consumer had no such pact before."""

    contract: Contract
    outcome: Outcome
    is_new_content: bool


@dataclass(frozen=True, slots=True)
class Publishing:
    """A publication: the contracts of one consumer version. Contracts with the providers in `merging` are added to what
    the version has already; where `replaces`, another response takes the place of an earlier one, too.
    """

    consumer: str
    version: str
    contracts: Sequence[Contract]
    branch: str | None = None
    tags: Sequence[str] = ()
    build_url: str | None = None
    merging: Collection[str] = ()
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
    result = Result(is_new)
    if publishing.branch is not None:
        await pacticipants.add_to_branch(connection, consumer, version_id, publishing.branch)
    for tag in publishing.tags:
        await pacticipants.add_tag(connection, consumer, version_id, tag)
    for contract in publishing.contracts:
        provider, _ = await pacticipants.ensure(connection, contract.provider)
        earlier = await pacts.find(connection, publishing.consumer, contract.provider, publishing.version)
        outcome = Outcome.CREATED
        if earlier is not None:
            contract, outcome = await _reconciled(connection, earlier, contract, publishing)
        if outcome is Outcome.UNCHANGED:
            result.published.append(Published(contract, outcome, False))
            continue
        latest = await pacts.choose(connection, contract.provider, publishing.consumer)
        content_id = await pacts.store_content(connection, contract.sha, contract.content)
        await pacts.publish(connection, consumer, provider, version_id, content_id)
        result.published.append(Published(contract, outcome, not latest or latest[0].sha != contract.sha))
    return result


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
    if contract.provider in publishing.merging:
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
        pact = load_pact(contract.content, _CHECKED)
    except PactError as error:
        return list(error.problems)
    serious = [problem for problem in pact.problems if problem.severity in (Severity.ERROR, Severity.SKIPPED)]
    if serious or pact.interactions or pact.messages:
        return serious
    return [problem for problem in pact.problems if problem.severity is Severity.WARNING]

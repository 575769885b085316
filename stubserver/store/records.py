"""What the store tells of: rows as immutable records, names in place of keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


def now() -> str:
    """The present moment as it is stored: ISO 8601 in UTC, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Kind(StrEnum):
    """Ways to choose among the versions of a pact."""

    LATEST = "latest"
    UNTAGGED = "untagged"
    MAIN_BRANCH = "main-branch"
    BRANCH = "branch"
    TAG = "tag"
    VERSION = "version"
    ENVIRONMENT = "environment"
    PACT_VERSION = "pact-version"
    DEPLOYED = "deployed"
    RELEASED = "released"
    DEPLOYED_OR_RELEASED = "deployed-or-released"


@dataclass(frozen=True, slots=True)
class Selector:
    """Which of the versions of a pact is meant: `name` is that of a branch, tag, version or environment, or the SHA of
    a pact version.
    """

    kind: Kind = Kind.LATEST
    name: str | None = None

    def __str__(self) -> str:
        return self.kind if self.name is None else f"{self.kind} {self.name}"


LATEST = Selector()
MAIN_BRANCH = Selector(Kind.MAIN_BRANCH)


@dataclass(frozen=True, slots=True)
class Pacticipant:
    """An application."""

    id: int
    name: str
    display_name: str | None
    main_branch: str | None
    repository_url: str | None
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class BranchVersion:
    """That a version belongs to a branch, and whether it is the newest there."""

    name: str
    is_latest: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an application."""

    id: int
    pacticipant: str
    number: str
    build_url: str | None
    created_at: str
    branches: tuple[BranchVersion, ...] = ()
    tags: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()  # with which it has pacts


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of an application; `latest` is the number of its newest version."""

    name: str
    created_at: str
    latest: str | None


@dataclass(frozen=True, slots=True)
class Publication:
    """A pact of a consumer version with a provider; its content is told by its SHA."""

    id: int
    consumer: str
    provider: str
    version: str
    version_id: int
    content_id: int
    sha: str
    size: int
    created_at: str


@dataclass(frozen=True, slots=True)
class Environment:
    """A place where versions are deployed or released."""

    id: int
    uuid: str
    name: str
    display_name: str | None
    production: bool
    contacts: list[Any]
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Residence:
    """A version in an environment. `kind` is deployed or released; `target` the application instance."""

    uuid: str
    kind: str
    pacticipant: str
    version: str
    environment: Environment
    target: str | None
    current: bool
    created_at: str
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of verifying a pact version with a provider version; `number` stands in its URL."""

    number: int
    consumer: str
    provider: str
    provider_version: str
    sha: str
    success: bool
    build_url: str | None
    details: dict[str, Any]
    created_at: str


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, of which only the hash is kept; `hint` is its beginning."""

    uuid: str
    description: str
    role: str
    hash: str
    hint: str
    created_at: str
    revoked_at: str | None


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who did what, when; or was refused."""

    uuid: str
    timestamp: str
    type: str
    actor: str
    status: int
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """Whose pacts may resolve differently now; None stands for any. `number` grows by one with each change."""

    number: int
    consumer: str | None
    provider: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class Digest:
    """What of a content is searched and counted: terms are (kind, text), the kinds path, description, state, field.
    `interactions` are those that are served, `skipped` those that cannot be.
    """

    interactions: int
    messages: int
    skipped: int
    terms: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a search found something: in which kind of text, of which pact."""

    kind: str
    text: str
    consumer: str
    provider: str


@dataclass(frozen=True, slots=True)
class Integration:
    """A pact of a consumer with a provider, and what is known of it; counts are None until it has been read for them.
    `environments` are the names of those that its version is in, `verification` the newest result of its provider.
    """

    pact: Publication
    version: Version | None
    environments: tuple[str, ...]
    interactions: int | None
    messages: int | None
    skipped: int | None
    verification: Verification | None

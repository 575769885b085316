"""What is kept: pacticipants, versions, pacts, environments, results, tokens, audit. Bytes and rows; knows no matching.

Each module has functions on one subject. They take a connection, which a `Database` gives for a moment of reading or a
transaction of writing, so that several of them together see, or do, one thing.
"""

from stubserver.store import (
    audit,
    changes,
    environments,
    overview,
    pacticipants,
    pacts,
    search,
    sign_ins,
    tokens,
    verifications,
)
from stubserver.store.database import IN_MEMORY, Database, StoreError, StoreUnavailableError, sqlite_url
from stubserver.store.pacticipants import slug_of
from stubserver.store.records import (
    LATEST,
    MAIN_BRANCH,
    AuditEvent,
    Branch,
    BranchVersion,
    Change,
    Digest,
    Environment,
    Hit,
    Integration,
    Kind,
    Pacticipant,
    Publication,
    Residence,
    Selector,
    Token,
    Verification,
    Version,
    now,
)

__all__ = [
    "IN_MEMORY",
    "LATEST",
    "MAIN_BRANCH",
    "AuditEvent",
    "Branch",
    "BranchVersion",
    "Change",
    "Database",
    "Digest",
    "Environment",
    "Hit",
    "Integration",
    "Kind",
    "Pacticipant",
    "Publication",
    "Residence",
    "Selector",
    "StoreError",
    "StoreUnavailableError",
    "Token",
    "Verification",
    "Version",
    "audit",
    "changes",
    "environments",
    "now",
    "overview",
    "pacticipants",
    "pacts",
    "search",
    "sign_ins",
    "slug_of",
    "sqlite_url",
    "tokens",
    "verifications",
]

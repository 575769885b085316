"""The tables. Written once for SQLite and PostgreSQL; migrations bring a database to this shape.

Pact content is stored once by its SHA; publications point to it. What is newest is told by the order in which versions
were created (`versions.id`), as a Pact Broker does. Times are texts of ISO 8601 in UTC, which sort as they are.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows by itself only in a plain INTEGER.
_Id = BigInteger().with_variant(Integer, "sqlite")


def _key() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


def _to(target: str, name: str | None = None, *, nullable: bool = False) -> Column[int]:
    return Column(name or f"{target[:-1]}_id", _Id, ForeignKey(f"{target}.id", ondelete="CASCADE"), nullable=nullable)


def _time(name: str = "created_at", *, nullable: bool = False) -> Column[str]:
    return Column(name, String(32), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


pacticipants = Table(
    "pacticipants",
    metadata,
    _key(),
    _text("name"),
    _text("slug"),  # the name as a label of a host name
    _text("display_name", nullable=True),
    _text("main_branch", nullable=True),
    _text("repository_url", nullable=True),
    _time(),
    _time("updated_at"),
    UniqueConstraint("name"),
    Index(None, "slug"),
    sqlite_autoincrement=True,
)

versions = Table(
    "versions",
    metadata,
    _key(),
    _to("pacticipants"),
    _text("number"),
    _text("build_url", nullable=True),
    _time(),
    UniqueConstraint("pacticipant_id", "number"),
    sqlite_autoincrement=True,
)

branches = Table(
    "branches",
    metadata,
    _key(),
    _to("pacticipants"),
    _text("name"),
    _time(),
    UniqueConstraint("pacticipant_id", "name"),
    sqlite_autoincrement=True,
)

branch_versions = Table(
    "branch_versions",
    metadata,
    Column("branch_id", _Id, ForeignKey("branches.id", ondelete="CASCADE"), primary_key=True),
    Column("version_id", _Id, ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True),
    _time(),
    Index(None, "version_id"),
)

tags = Table(
    "tags",
    metadata,
    Column("version_id", _Id, ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    _time(),
    Index(None, "name"),
)

contents = Table(
    "contents",
    metadata,
    _key(),
    Column("sha", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    _time(),
    UniqueConstraint("sha"),
    sqlite_autoincrement=True,
)

# What of a content is searched and counted. A content without a row here has not been read for it yet.
digests = Table(
    "digests",
    metadata,
    Column("content_id", _Id, ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True),
    Column("interactions", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),  # interactions that cannot be served
)

terms = Table(
    "terms",
    metadata,
    _key(),
    Column("kind", String(16), nullable=False),  # path, description, state, field
    _text("text"),
    _text("folded"),  # the text without regard to case
    UniqueConstraint("kind", "text"),
    sqlite_autoincrement=True,
)

content_terms = Table(
    "content_terms",
    metadata,
    Column("term_id", _Id, ForeignKey("terms.id", ondelete="CASCADE"), primary_key=True),
    Column("content_id", _Id, ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "content_id"),
)

publications = Table(
    "publications",
    metadata,
    _key(),
    _to("pacticipants", "consumer_id"),
    _to("pacticipants", "provider_id"),
    _to("versions"),
    Column("content_id", _Id, ForeignKey("contents.id"), nullable=False),
    _time(),
    UniqueConstraint("version_id", "provider_id"),
    Index(None, "consumer_id", "provider_id", "version_id"),
    Index(None, "provider_id", "version_id"),
    Index(None, "content_id"),
    sqlite_autoincrement=True,
)

environments = Table(
    "environments",
    metadata,
    _key(),
    Column("uuid", String(36), nullable=False),
    _text("name"),
    _text("display_name", nullable=True),
    Column("production", Boolean, nullable=False),
    _text("contacts"),  # JSON
    _time(),
    _time("updated_at"),
    UniqueConstraint("uuid"),
    UniqueConstraint("name"),
    sqlite_autoincrement=True,
)

# A version in an environment: deployed (until the next one takes the place of its target) or released (until its
# support ends).
residences = Table(
    "residences",
    metadata,
    _key(),
    Column("uuid", String(36), nullable=False),
    Column("kind", String(8), nullable=False),  # deployed, released
    _to("versions"),
    _to("environments"),
    _text("target", nullable=True),  # the application instance
    Column("current", Boolean, nullable=False),
    _time(),
    _time("ended_at", nullable=True),
    UniqueConstraint("uuid"),
    Index(None, "version_id"),
    Index(None, "environment_id", "current"),
    sqlite_autoincrement=True,
)

verifications = Table(
    "verifications",
    metadata,
    _key(),  # also the number of the result in its URL
    Column("content_id", _Id, ForeignKey("contents.id", ondelete="CASCADE"), nullable=False),
    _to("pacticipants", "consumer_id"),
    _to("pacticipants", "provider_id"),
    _to("versions", "provider_version_id"),
    Column("success", Boolean, nullable=False),
    _text("build_url", nullable=True),
    _text("details"),  # JSON: testResults, verifiedBy
    _time(),
    Index(None, "content_id", "provider_id"),
    Index(None, "provider_version_id"),
    sqlite_autoincrement=True,
)

tokens = Table(
    "tokens",
    metadata,
    _key(),
    Column("uuid", String(36), nullable=False),
    _text("description"),
    Column("role", String(8), nullable=False),  # read, write, admin
    Column("hash", String(64), nullable=False),  # SHA-256 of the token; the token itself is nowhere
    Column("hint", String(32), nullable=False),  # its beginning, to recognise it by
    _time(),
    _time("revoked_at", nullable=True),
    UniqueConstraint("uuid"),
    UniqueConstraint("hash"),
    sqlite_autoincrement=True,
)

# Those who signed in to the pages with a token, which has to be good for as long as they stay.
sign_ins = Table(
    "sign_ins",
    metadata,
    _key(),
    Column("hash", String(64), nullable=False),  # SHA-256 of the secret in the cookie
    Column("token_uuid", String(36), ForeignKey("tokens.uuid", ondelete="CASCADE"), nullable=False),
    _time(),
    _time("expires_at"),
    UniqueConstraint("hash"),
    Index(None, "token_uuid"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    _key(),
    Column("uuid", String(36), nullable=False),
    _time("timestamp"),
    _text("type"),
    _text("actor"),
    Column("status", Integer, nullable=False),
    _text("payload"),  # JSON
    UniqueConstraint("uuid"),
    Index(None, "timestamp"),
    sqlite_autoincrement=True,
)

# What changed lately, for everyone who keeps something of it in memory: whose pacts, or None for everything.
changes = Table(
    "changes",
    metadata,
    _key(),
    _text("consumer", nullable=True),
    _text("provider", nullable=True),
    Column("kind", String(8), nullable=False),  # pacts, tokens
    _time(),
    sqlite_autoincrement=True,
)

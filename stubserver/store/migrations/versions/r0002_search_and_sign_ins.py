"""What is searched of contents, and who signed in to the pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; contents that are there already are read for them when the server starts."""
    op.create_table(
        "digests",
        sa.Column("content_id", _ID, nullable=False),
        sa.Column("interactions", sa.Integer(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["contents.id"], name=op.f("fk_digests_content_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_digests")),
    )
    op.create_table(
        "terms",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
        sa.UniqueConstraint("kind", "text", name=op.f("uq_terms_kind_text")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "content_terms",
        sa.Column("term_id", _ID, nullable=False),
        sa.Column("content_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["term_id"], ["terms.id"], name=op.f("fk_content_terms_term_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["content_id"], ["contents.id"], name=op.f("fk_content_terms_content_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("term_id", "content_id", name=op.f("pk_content_terms")),
    )
    op.create_index(op.f("ix_content_terms_content_id"), "content_terms", ["content_id"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("token_uuid", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_uuid"], ["tokens.uuid"], name=op.f("fk_sign_ins_token_uuid"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("hash", name=op.f("uq_sign_ins_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sign_ins_token_uuid"), "sign_ins", ["token_uuid"], unique=False)

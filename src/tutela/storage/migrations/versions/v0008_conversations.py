"""Conversations: where each stands, whom actors reach, what was raised, and counts by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.BigInteger()  # microseconds since 1970
OWED = "told_at IS NULL"


def upgrade() -> None:
    """Adds tables only; nothing that was there is touched."""
    _create_conversations()
    _create_actor_evidence()
    _create_alerts()
    _create_days()


def _create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("touched_at", INSTANT, nullable=False),
        sa.Column("surface", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("messages", sa.Integer, nullable=False),
        sa.Column("numbers", sa.Text, nullable=False),
        sa.Column("people", sa.Text, nullable=False),
        sa.Column("peak", sa.SmallInteger, nullable=False),
        sa.Column("steps", sa.Text, nullable=False),
        sa.Column("lanes", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", "drill", name="pk_conversations"),
    )
    op.create_index("ix_conversations_touched_at", "conversations", ["touched_at"])
    op.create_index("ix_conversations_drill_peak", "conversations", ["drill", "peak"])


def _create_actor_evidence() -> None:
    op.create_table(
        "actor_evidence",
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("touched_at", INSTANT, nullable=False),
        sa.Column("peak", sa.SmallInteger, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("actor", "drill", name="pk_actor_evidence"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_actor_evidence_touched_at", "actor_evidence", ["touched_at"])


def _create_alerts() -> None:
    table = "conversation_alerts"
    op.create_table(
        table,
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("conversation", sa.Text, nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("peak", sa.SmallInteger, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("rating", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("told_at", INSTANT),
        sa.PrimaryKeyConstraint("event_id", name="pk_conversation_alerts"),
    )
    op.create_index("ix_conversation_alerts_at", table, ["at"])
    op.create_index(
        "ix_conversation_alerts_conversation_drill_at", table, ["conversation", "drill", "at"]
    )
    op.create_index(
        "ix_conversation_alerts_owed",
        table,
        ["at"],
        sqlite_where=sa.text(OWED),
        postgresql_where=sa.text(OWED),
    )


def _create_days() -> None:
    op.create_table(
        "conversation_days",
        sa.Column("writer", sa.Text, nullable=False),
        sa.Column("day", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("peak", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("turns", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("conversations", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "writer", "day", "drill", "peak", "turns", name="pk_conversation_days"
        ),
        sqlite_with_rowid=False,
    )

"""Defence against false positives: allow banks, silenced matches, floods and parked entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()


def upgrade() -> None:
    """Existing banks are no allow banks; what matched before is not looked through for floods."""
    allow = sa.Column("allow", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("banks", allow)
    op.add_column("kept_signals", sa.Column("low_information", sa.Text))
    op.add_column("matches", sa.Column("content", sa.BigInteger))
    op.create_index("ix_matches_bank_id_event_seq", "matches", ["bank_id", "event_seq"])
    op.create_index("ix_events_received_at", "events", ["received_at"])
    _create_silenced()
    _create_parkings()
    _create_flood_watch()


def _create_silenced() -> None:
    op.create_table(
        "silenced",
        sa.Column("event_seq", SERIAL, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("bank_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("distance", sa.SmallInteger, nullable=False),
        sa.Column("list_version", sa.BigInteger, nullable=False),
        sa.Column("by_entry_id", sa.BigInteger),
        sa.Column("by_bank_id", sa.BigInteger),
        sa.PrimaryKeyConstraint("event_seq", "ordinal", name="pk_silenced"),
        sa.ForeignKeyConstraint(["event_seq"], ["events.seq"], name="fk_silenced_event_seq_events"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_silenced_entry_id", "silenced", ["entry_id"])


def _create_parkings() -> None:
    op.create_table(
        "parkings",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("bank_id", sa.BigInteger, nullable=False),
        sa.Column("parked_at", INSTANT, nullable=False),
        sa.Column("contents", sa.Integer, nullable=False),
        sa.Column("allowed", sa.Integer, nullable=False),
        sa.Column("decision", sa.Text),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("distance", sa.SmallInteger),
        sa.Column("exempt_until", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_parkings"),
    )
    undecided = sa.text("decision IS NULL")
    op.create_index(
        "uq_parkings_open",
        "parkings",
        ["entry_id"],
        unique=True,
        sqlite_where=undecided,
        postgresql_where=undecided,
    )
    op.create_index("ix_parkings_entry_id_exempt_until", "parkings", ["entry_id", "exempt_until"])


def _create_flood_watch() -> None:
    op.create_table(
        "sightings",
        sa.Column("entry_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("exact", sa.Boolean, nullable=False),
        sa.Column("content", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "exact", "content", name="pk_sightings"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sightings_seen_at", "sightings", ["seen_at"])
    watch = op.create_table(
        "flood_watch",
        sa.Column("id", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("looked_at", INSTANT, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("next", sa.BigInteger, nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_flood_watch"),
    )
    last = op.get_bind().execute(sa.text("SELECT coalesce(max(seq), 0) FROM events")).scalar_one()
    op.bulk_insert(watch, [{"id": 1, "looked_at": 0, "done": last, "next": last, "next_at": 0}])

"""Matching grown lists against the past."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()  # microseconds since 1970


def upgrade() -> None:
    """What is listed so far was compared when events came in: only what grows now is new."""
    _create_rescans()
    _create_findings()
    _create_past()


def _create_rescans() -> None:
    op.create_table(
        "rescans",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("bank_id", SERIAL),
        sa.Column("since", INSTANT),
        sa.Column("until", INSTANT),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.Column("record", sa.Boolean, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("entries", sa.BigInteger),
        sa.Column("first_seq", sa.BigInteger, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("again_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("holder", sa.Text),
        sa.Column("beat_at", INSTANT),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("tally", sa.Text, nullable=False),
        sa.Column("report", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_rescans"),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name="fk_rescans_bank_id_banks"),
    )
    op.create_index("ix_rescans_state_id", "rescans", ["state", "id"])


def _create_findings() -> None:
    op.create_table(
        "findings",
        sa.Column("event_seq", SERIAL, nullable=False, autoincrement=False),
        sa.Column("rescan_id", SERIAL, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("event_seq", name="pk_findings"),
        sa.ForeignKeyConstraint(["event_seq"], ["events.seq"], name="fk_findings_event_seq_events"),
        sa.ForeignKeyConstraint(
            ["rescan_id"], ["rescans.id"], name="fk_findings_rescan_id_rescans"
        ),
    )
    op.create_index("ix_findings_origin", "findings", ["origin"])
    op.create_index("ix_findings_rescan_id_event_seq", "findings", ["rescan_id", "event_seq"])


def _create_past() -> None:
    past = op.create_table(
        "past",
        sa.Column("id", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("looked_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_past"),
    )
    op.create_table(
        "past_banks",
        sa.Column("bank_id", SERIAL, nullable=False, autoincrement=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("distance", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("bank_id", name="pk_past_banks"),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name="fk_past_banks_bank_id_banks"),
    )
    connection = op.get_bind()
    version = connection.execute(
        sa.text("SELECT value FROM counters WHERE name = 'version'")
    ).scalar_one()
    op.bulk_insert(past, [{"id": 1, "version": version, "looked_at": time.time_ns() // 1000}])
    op.execute(
        "INSERT INTO past_banks (bank_id, enabled, distance)"
        " SELECT id, enabled, distance FROM banks WHERE name IS NOT NULL"
    )

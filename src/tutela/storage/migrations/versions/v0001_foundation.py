"""The tables of the foundation: lists, journal, access."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()
KINDS = (("md5", 16), ("sha1", 20), ("sha256", 32), ("pdq", 32))


def upgrade() -> None:
    """Create every table; the list version starts at 0."""
    _create_lists()
    _create_list_signals()
    _create_events()
    _create_outcomes()
    _create_access()


def _create_lists() -> None:
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(counters, [{"name": "version", "value": 0}, {"name": "entry", "value": 0}])
    kinds = op.create_table(
        "signal_kinds",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("bytes", sa.Integer, nullable=False),
    )
    op.bulk_insert(kinds, [{"name": name, "bytes": length} for name, length in KINDS])
    op.create_table(
        "banks",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("name", sa.Text, unique=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("exchange", sa.Text),
        sa.Column("trusted", sa.Boolean, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("distance", sa.SmallInteger, nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("entries", sa.BigInteger, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("distance BETWEEN 0 AND 31", name="distance"),
    )
    op.create_table(
        "imports",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("bank_id", SERIAL, sa.ForeignKey("banks.id"), nullable=False),
        sa.Column("version", sa.BigInteger),
        sa.Column("first_id", sa.BigInteger),
        sa.Column("last_id", sa.BigInteger),
        sa.Column("abandoned", sa.Boolean, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("touched_at", INSTANT, nullable=False),
    )
    op.create_index("ix_imports_bank_id", "imports", ["bank_id"])
    op.create_index("ix_imports_version", "imports", ["version"])


def _create_list_signals() -> None:
    op.create_table(
        "entries",
        sa.Column("id", SERIAL, primary_key=True, autoincrement=False),
        sa.Column("bank_id", SERIAL, sa.ForeignKey("banks.id"), nullable=False),
        sa.Column("import_id", SERIAL, sa.ForeignKey("imports.id"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("disabled_until", INSTANT),
        sa.Column("version", sa.BigInteger),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.CheckConstraint("state IN ('enabled', 'disabled', 'deleted')", name="state"),
    )
    op.create_index("ix_entries_bank_id_id", "entries", ["bank_id", "id"])
    op.create_index("ix_entries_import_id", "entries", ["import_id"])
    changed = sa.text("version IS NOT NULL")
    op.create_index(
        "ix_entries_version",
        "entries",
        ["version"],
        sqlite_where=changed,
        postgresql_where=changed,
    )
    op.create_table(
        "entry_signals",
        sa.Column("entry_id", SERIAL, sa.ForeignKey("entries.id"), primary_key=True),
        sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("quality", sa.SmallInteger),
        sqlite_with_rowid=False,
    )


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", SERIAL, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("surface", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("actor", sa.Text),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("contents", sa.Text, nullable=False),
    )
    op.create_table(
        "kept_signals",
        _event_seq(),
        sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("quality", sa.SmallInteger),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tallies",
        sa.Column("journal", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


def _create_outcomes() -> None:
    op.create_table(
        "decisions",
        _event_seq(),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
    )
    op.create_table(
        "actions",
        _event_seq(),
        sa.Column("kind", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "matches",
        _event_seq(),
        sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("bank_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("distance", sa.SmallInteger, nullable=False),
        sa.Column("list_version", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_matches_entry_id", "matches", ["entry_id"])
    op.create_table(
        "cases",
        _event_seq(),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("principles", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
    )
    op.create_index("ix_cases_state_event_seq", "cases", ["state", "event_seq"])


def _create_access() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("last_used_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
    )
    op.create_table(
        "sign_in_codes",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("csrf", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, sa.ForeignKey("api_keys.id")),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("idle_seconds", sa.Integer, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
    )


def _event_seq() -> sa.Column[int]:
    key = sa.ForeignKey("events.seq")
    return sa.Column("event_seq", SERIAL, key, primary_key=True, autoincrement=False)

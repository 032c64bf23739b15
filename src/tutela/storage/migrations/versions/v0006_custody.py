"""Custody: the vault's objects, items and holds, and the audit log."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()  # microseconds since 1970
LIVING = "wrapped IS NOT NULL"
NO_DECISION = "kind <> 'decision'"
DUE = "expires_at IS NOT NULL AND destroyed_at IS NULL"


def upgrade() -> None:
    """What was decided before this has no leaf: the log begins with the next event."""
    _create_objects()
    _create_items()
    _create_holds()
    _create_log()
    _create_head()
    _name_codes()


def _create_objects() -> None:
    op.create_table(
        "evidence_objects",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("wrapped", sa.LargeBinary),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("destroyed_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_objects"),
    )
    _index("uq_evidence_objects_living", "evidence_objects", ["address"], LIVING, unique=True)
    _index("ix_evidence_objects_key_id", "evidence_objects", ["key_id", "id"], LIVING)


def _create_items() -> None:
    op.create_table(
        "evidence_items",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("event_seq", SERIAL, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("object_id", sa.Text),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("detected_at", INSTANT, nullable=False),
        sa.Column("term", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("clock_at", INSTANT),
        sa.Column("expires_at", INSTANT),
        sa.Column("destroyed_at", INSTANT),
        sa.Column("problem", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_evidence_items"),
        sa.UniqueConstraint("id", name="uq_evidence_items_id"),
        sa.ForeignKeyConstraint(
            ["event_seq"], ["events.seq"], name="fk_evidence_items_event_seq_events"
        ),
        sa.ForeignKeyConstraint(
            ["object_id"],
            ["evidence_objects.id"],
            name="fk_evidence_items_object_id_evidence_objects",
        ),
        sa.CheckConstraint(
            "state IN ('kept', 'owed', 'elsewhere', 'destroyed')", name="ck_evidence_items_state"
        ),
    )
    op.create_index("ix_evidence_items_event_seq", "evidence_items", ["event_seq"])
    op.create_index("ix_evidence_items_object_id", "evidence_items", ["object_id"])
    op.create_index("ix_evidence_items_state_seq", "evidence_items", ["state", "seq"])
    _index("ix_evidence_items_due", "evidence_items", ["expires_at"], DUE)


def _create_holds() -> None:
    op.create_table(
        "evidence_holds",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("item_seq", SERIAL, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("authority", sa.Text, nullable=False),
        sa.Column("placed_at", INSTANT, nullable=False),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.Column("released_at", INSTANT),
        sa.Column("released_by", sa.Text, nullable=False),
        sa.Column("release_reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_holds"),
        sa.ForeignKeyConstraint(
            ["item_seq"], ["evidence_items.seq"], name="fk_evidence_holds_item_seq_evidence_items"
        ),
    )
    op.create_index(
        "ix_evidence_holds_item_seq_released_at", "evidence_holds", ["item_seq", "released_at"]
    )


def _create_log() -> None:
    op.create_table(
        "audit_leaves",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("leaf", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_leaves"),
    )
    op.create_index("ix_audit_leaves_subject_number", "audit_leaves", ["subject", "number"])
    _index("ix_audit_leaves_kind", "audit_leaves", ["kind", "number"], NO_DECISION)
    _index("ix_audit_leaves_who", "audit_leaves", ["who", "number"], NO_DECISION)
    op.create_table(
        "audit_nodes",
        sa.Column("height", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("height", "position", name="pk_audit_nodes"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("token", sa.LargeBinary),
        sa.PrimaryKeyConstraint("size", name="pk_audit_checkpoints"),
    )


def _create_head() -> None:
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("edge", sa.LargeBinary, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    origin = f"tutela-{secrets.token_hex(8)}"
    op.bulk_insert(head, [{"id": 1, "size": 0, "edge": b"", "at": 0, "origin": origin}])


def _name_codes() -> None:
    """Codes live for minutes: those that were not used yet are made again."""
    op.drop_table("sign_in_codes")
    op.create_table(
        "sign_in_codes",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_in_codes"),
    )


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )

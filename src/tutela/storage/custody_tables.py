"""The tables of custody: the vault's objects, items and holds, and the audit log."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from tutela.storage.values import Instant, Serial, metadata

# Objects of the vault. `id` names the bytes in the store, `address` is a keyed digest of the plain
# bytes; `wrapped` is the object's key, wrapped by the key `key_id`, and NULL once it is destroyed.
evidence_objects = Table(
    "evidence_objects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("wrapped", LargeBinary),
    Column("key_id", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("destroyed_at", Instant),
    Index(
        "uq_evidence_objects_living",
        "address",
        unique=True,
        sqlite_where=text("wrapped IS NOT NULL"),
        postgresql_where=text("wrapped IS NOT NULL"),
    ),
    Index(
        "ix_evidence_objects_key_id",
        "key_id",
        "id",
        sqlite_where=text("wrapped IS NOT NULL"),
        postgresql_where=text("wrapped IS NOT NULL"),
    ),
)

# `term` and `facts` are JSON; `facts` is emptied when the bytes are destroyed. Several items may
# have one object: its key is destroyed with the last of them.
evidence_items = Table(
    "evidence_items",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("event_seq", ForeignKey("events.seq"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("object_id", ForeignKey("evidence_objects.id"), index=True),
    Column("drill", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("detected_at", Instant, nullable=False),
    Column("term", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("clock_at", Instant),
    Column("expires_at", Instant),
    Column("destroyed_at", Instant),
    Column("problem", Text, nullable=False),
    CheckConstraint("state IN ('kept', 'owed', 'elsewhere', 'destroyed')", name="state"),
    Index(None, "state", "seq"),
    Index(
        "ix_evidence_items_due",
        "expires_at",
        sqlite_where=text("expires_at IS NOT NULL AND destroyed_at IS NULL"),
        postgresql_where=text("expires_at IS NOT NULL AND destroyed_at IS NULL"),
    ),
)

evidence_holds = Table(
    "evidence_holds",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("item_seq", ForeignKey("evidence_items.seq"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("authority", Text, nullable=False),
    Column("placed_at", Instant, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("released_at", Instant),
    Column("released_by", Text, nullable=False),
    Column("release_reason", Text, nullable=False),
    Index(None, "item_seq", "released_at"),
)

# The audit log. `leaf` is the leaf's canonical JSON, `hash` its hash as in RFC 9162; `subject`,
# `kind` and `who` are repeated from it to be found by. Decisions are nearly all of it, and found by
# their subject: the other indexes leave them out.
audit_leaves = Table(
    "audit_leaves",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("leaf", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index(None, "subject", "number"),
    Index(
        "ix_audit_leaves_kind",
        "kind",
        "number",
        sqlite_where=text("kind <> 'decision'"),
        postgresql_where=text("kind <> 'decision'"),
    ),
    Index(
        "ix_audit_leaves_who",
        "who",
        "number",
        sqlite_where=text("kind <> 'decision'"),
        postgresql_where=text("kind <> 'decision'"),
    ),
)

# Roots of complete subtrees, so that a proof reads few rows: `height` is a multiple of 8 above 0.
audit_nodes = Table(
    "audit_nodes",
    metadata,
    Column("height", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# One row: how many leaves there are, the edge of their tree, when the last was written, and the
# log's name, a random number that tells it from every other.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("edge", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("origin", Text, nullable=False),
)

# Signed checkpoints: `note` is the signed text; `token` is an RFC 3161 time stamp of it.
audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False),
    Column("token", LargeBinary),
)

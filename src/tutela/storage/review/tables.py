"""The tables of review: queues, what cases hold, readings, exposures and pauses."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from tutela.storage.values import Instant, Serial, metadata

# `filter` is JSON. Shares are in thousandths.
queues = Table(
    "queues",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("filter", Text, nullable=False),
    Column("readings", SmallInteger, nullable=False),
    Column("sample_permille", SmallInteger, nullable=False),
    Column("wait_seconds", Integer, nullable=False),
    Column("accuracy_permille", SmallInteger, nullable=False),
)

# One row: up to the number `sorted_to`, cases wait in the queues that take them now; the others are
# yet to be looked at since the queues were changed. NULL once all of them have been.
queue_sorting = Table(
    "queue_sorting",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("sorted_to", BigInteger),
)

# What the events of cases hold, one row for each content. `mark` is the beginning of a digest of
# all its signals: equal files have equal ones. `pdq` is its fingerprint where it has one that says
# something. `grade` is what trusted lists agree on, as `scheme:category`, or empty.
case_contents = Table(
    "case_contents",
    metadata,
    Column("event_seq", ForeignKey("events.seq"), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("mark", BigInteger, nullable=False, index=True),
    Column("pdq", LargeBinary),
    Column("sha256", LargeBinary),
    Column("media_type", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Index(
        "ix_case_contents_sha256",
        "sha256",
        sqlite_where=text("sha256 IS NOT NULL"),
        postgresql_where=text("sha256 IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

# By what equal contents and near-duplicates are found: of the contents of each case that stands for
# itself, the mark, and the 16 parts of 16 bits of the fingerprint. `piece` is the mark, or the
# number of the part and its bits as one number.
case_pieces = Table(
    "case_pieces",
    metadata,
    Column("piece", BigInteger, primary_key=True, autoincrement=False),
    Column("event_seq", ForeignKey("cases.event_seq"), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Index(None, "event_seq"),
    sqlite_with_rowid=False,
)

# What people made of cases. `case_seq` is the case's `event_seq`; `claim` is the claim under which
# it was given, so that a reading that is sent twice counts once. `reasons` is a JSON array.
readings = Table(
    "readings",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("case_seq", ForeignKey("cases.event_seq"), nullable=False),
    Column("claim", Text, nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("statement", Text, nullable=False),
    Column("unseen", Boolean, nullable=False),
    Column("contents", Integer, nullable=False),
    Column("stacks", Integer, nullable=False),
    Column("revealed", Integer, nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("at", Instant, nullable=False),
    Column("settles_at", Instant, nullable=False),
    Column("undone_at", Instant),
    Index(None, "case_seq", "id"),
    Index(None, "account_id", "at"),
    Index(None, "queue", "at"),
    Index(None, "at"),
)

# Cases drawn at random after they were decided. `agreed` is NULL until somebody has read it again.
samples = Table(
    "samples",
    metadata,
    Column("case_seq", ForeignKey("cases.event_seq"), primary_key=True, autoincrement=False),
    Column("queue", Text, nullable=False),
    Column("drawn_at", Instant, nullable=False),
    Column("first_reading", ForeignKey("readings.id"), nullable=False),
    Column("second_reading", ForeignKey("readings.id")),
    Column("agreed", Boolean),
    Index(
        "ix_samples_waiting",
        "queue",
        "drawn_at",
        sqlite_where=text("second_reading IS NULL"),
        postgresql_where=text("second_reading IS NULL"),
    ),
)

# Every joining, leaving and moving of cases: visible, and to be undone. `other_seq` is the case
# that came or went, `from_seq` the case that it stood in before, `cause` the change that it is a
# part of; of a move, `before` is the queue that it was in.
case_changes = Table(
    "case_changes",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("case_seq", ForeignKey("cases.event_seq"), nullable=False),
    Column("other_seq", BigInteger),
    Column("from_seq", BigInteger),
    Column("cause", BigInteger),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("before", Text),
    Column("undone_by", BigInteger),
    Index(None, "case_seq", "id"),
    Index(None, "other_seq", "id"),
    Index(
        "ix_case_changes_cause",
        "cause",
        sqlite_where=text("cause IS NOT NULL"),
        postgresql_where=text("cause IS NOT NULL"),
    ),
)

# Who need not see a case again: it was passed on, which needs no reason.
passes = Table(
    "passes",
    metadata,
    Column("case_seq", ForeignKey("cases.event_seq"), primary_key=True, autoincrement=False),
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

# What people saw. Written before anything is shown. `milliseconds` is NULL while it lasts; `told`
# is whether the page said how long it was, so that what it says of it later counts no more.
exposures = Table(
    "exposures",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("case_seq", ForeignKey("cases.event_seq"), nullable=False),
    Column("item", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("severe", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("milliseconds", BigInteger),
    Column("told", Boolean, nullable=False),
    Index(None, "account_id", "at"),
    Index(None, "case_seq", "account_id"),
)

# What somebody else lifted of a person's limits: a pause, or what the day holds, until `until`.
lifts = Table(
    "lifts",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("items", Integer, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "account_id", "at"),
)

# Queues that people never get. Nobody asks them why.
recusals = Table(
    "recusals",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("queue", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

# One row: the weakest protection that anybody may choose; `floor` is JSON.
protection_floor = Table(
    "protection_floor",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("floor", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
)

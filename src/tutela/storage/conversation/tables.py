"""The tables of conversations: where each stands, whom actors reach, and what was raised."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from tutela.storage.values import Instant, metadata

# One row for each conversation that is rated as it goes on. `state` is that of the rater `model`:
# features, never text. `numbers` is JSON: the numbers of the messages that were taken, as ranges.
# `people` is JSON: ids and ages of those who take part. `peak` is the highest value so far, in
# tenths; `steps` is JSON: each new peak, with the turn and the time at which it was first reached.
# `revision` grows with every change, so that nobody overwrites what they have not read.
conversations = Table(
    "conversations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("drill", Boolean, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("touched_at", Instant, nullable=False, index=True),
    Column("surface", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("numbers", Text, nullable=False),
    Column("people", Text, nullable=False),
    Column("peak", SmallInteger, nullable=False),
    Column("steps", Text, nullable=False),
    Column("lanes", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Index(None, "drill", "peak"),
)

# What all conversations of an actor together show: whom they reach with like evidence. `peak` is
# the highest value of that so far, in tenths; `state` is features, as above.
actor_evidence = Table(
    "actor_evidence",
    metadata,
    Column("actor", Text, primary_key=True),
    Column("drill", Boolean, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("touched_at", Instant, nullable=False, index=True),
    Column("peak", SmallInteger, nullable=False),
    Column("model", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Each time that a conversation's peak rose, written with its new state: `event_id` is the event
# that policy decides about. `told_at` is NULL until that event is stored. `rating` is JSON: the
# rating with its reasons; `facts` is JSON: what else the event tells. Neither holds any text of a
# message.
conversation_alerts = Table(
    "conversation_alerts",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("conversation", Text, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("peak", SmallInteger, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("rating", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("told_at", Instant),
    Index(None, "conversation", "drill", "at"),
    Index(
        "ix_conversation_alerts_owed",
        "at",
        sqlite_where=text("told_at IS NULL"),
        postgresql_where=text("told_at IS NULL"),
    ),
)

# How many conversations first reached each peak (in tenths) on a day, by the turn at which that
# was: within the first 10, 20 or 50 messages, or later (0). `day` counts from 1970-01-01. Every
# conversation counts once at peak 0. `writer` is the process: no two of them share a row.
conversation_days = Table(
    "conversation_days",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("drill", Boolean, primary_key=True),
    Column("peak", SmallInteger, primary_key=True, autoincrement=False),
    Column("turns", SmallInteger, primary_key=True, autoincrement=False),
    Column("conversations", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

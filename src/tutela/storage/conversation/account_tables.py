"""The tables of what is counted of accounts, and of what people's outcomes taught about ratings."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, Table, Text

from tutela.storage.values import Instant, Serial, metadata

# One row for each actor of whom a message or a complaint told. `state` is that of
# `AccountCounters`: counts and digests, no text and no ids but the row's own.
account_counters = Table(
    "account_counters",
    metadata,
    Column("actor", Text, primary_key=True),
    Column("drill", Boolean, primary_key=True),
    Column("touched_at", Instant, nullable=False, index=True),
    Column("state", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Each time that ratings were calibrated on what people decided of cases; the latest of a model
# counts. `curve` is JSON: values and the probabilities that belong to them.
conversation_calibrations = Table(
    "conversation_calibrations",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("model", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("cases", BigInteger, nullable=False),
    Column("confirmed", BigInteger, nullable=False),
    Column("curve", Text, nullable=False),
)

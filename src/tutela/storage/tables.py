"""Every table, as the code sees it. `migrations/` builds the same; a test compares the two.

An *import* is one call of `Entries.add`: its rows are staged while its `version` is NULL, and all
become visible when it gets one. Signals are stored as their canonical bytes; records that are read
whole are stored as JSON.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    false,
    text,
)

import tutela.storage.access.tables
import tutela.storage.conversation.account_tables
import tutela.storage.conversation.tables
import tutela.storage.custody_tables
import tutela.storage.review.tables  # noqa: F401 - these complete the metadata
from tutela.storage.values import Instant, Serial, metadata

__all__ = ["metadata"]

# Three rows: `version`, the list version; `entry`, the highest entry id given out; `identity`, a
# random number that tells this database from others, so that an index on disk is not mistaken.
counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# A random number for each of the latest list versions. Two databases that were one once (a backup
# that was restored, and what it replaced) count on from the same version; these tell them apart.
list_versions = Table(
    "list_versions",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("token", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# How long the signals of each kind are: arrays of them need one length.
signal_kinds = Table(
    "signal_kinds",
    metadata,
    Column("name", Text, primary_key=True),
    Column("bytes", Integer, nullable=False),
)

# A deleted bank keeps its row without its name, so that entries and matches still refer to it.
banks = Table(
    "banks",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", Text, unique=True),
    Column("source", Text, nullable=False),
    Column("exchange", Text),
    Column("trusted", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("distance", SmallInteger, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("allow", Boolean, nullable=False, server_default=false()),
    CheckConstraint("distance BETWEEN 0 AND 31", name="distance"),
)

# All entries of an import have ids from `first_id` to `last_id`, but others may have such ids too.
imports = Table(
    "imports",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("bank_id", ForeignKey("banks.id"), nullable=False, index=True),
    Column("version", BigInteger, index=True),
    Column("first_id", BigInteger),
    Column("last_id", BigInteger),
    Column("abandoned", Boolean, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("touched_at", Instant, nullable=False),
)

# `version` is NULL until the entry changes by itself; before that its import's version counts.
# A deleted entry keeps its row, without signals and facts, so that every index learns of it.
# `distance` is the entry's own greatest distance, or NULL for that of its bank.
entries = Table(
    "entries",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=False),
    Column("bank_id", ForeignKey("banks.id"), nullable=False),
    Column("import_id", ForeignKey("imports.id"), nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("disabled_until", Instant),
    Column("distance", SmallInteger),
    Column("version", BigInteger),
    Column("label", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint("state IN ('enabled', 'disabled', 'deleted')", name="state"),
    Index(None, "bank_id", "id"),
    Index(
        None,
        "version",
        sqlite_where=text("version IS NOT NULL"),
        postgresql_where=text("version IS NOT NULL"),
    ),
)

entry_signals = Table(
    "entry_signals",
    metadata,
    Column("entry_id", ForeignKey("entries.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("part", Text, nullable=False),
    Column("quality", SmallInteger),
    sqlite_with_rowid=False,
)

# `seq` is the order of storing; `contents` is JSON without the signals; `about` is JSON of the
# actors, ratings and what was known of the account, NULL where an older version stored the event.
events = Table(
    "events",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("surface", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("actor", Text),
    Column("drill", Boolean, nullable=False),
    Column("contents", Text, nullable=False),
    Column("about", Text),
    Index(None, "received_at"),
    Index(
        None,
        "actor",
        "drill",
        "received_at",
        sqlite_where=text("actor IS NOT NULL"),
        postgresql_where=text("actor IS NOT NULL"),
    ),
)

# What an actor's history is counted from besides the number of events: one row for each event that
# was a `match`, was blocked (`block`) or opened a case (`case`).
histories = Table(
    "histories",
    metadata,
    Column("event_seq", ForeignKey("events.seq"), primary_key=True),
    Column("what", Text, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("received_at", Instant, nullable=False),
    Index("ix_histories_actor", "actor", "drill", "what", "received_at"),
    sqlite_with_rowid=False,
)

# Signals of what was checked, kept so that a grown list can be compared with the past; `content`
# is the position of the content that they belong to.
kept_signals = Table(
    "kept_signals",
    metadata,
    Column("event_seq", ForeignKey("events.seq"), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("content", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("part", Text, nullable=False),
    Column("quality", SmallInteger),
    Column("low_information", Text),
    sqlite_with_rowid=False,
)

# `outcome` is the whole answer as JSON: what a client gets who asks again.
decisions = Table(
    "decisions",
    metadata,
    Column("event_seq", ForeignKey("events.seq"), primary_key=True, autoincrement=False),
    Column("verdict", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("outcome", Text, nullable=False),
)

actions = Table(
    "actions",
    metadata,
    Column("event_seq", ForeignKey("events.seq"), primary_key=True),
    Column("kind", Text, primary_key=True),
    sqlite_with_rowid=False,
)

# `content` is the beginning of a digest of what matched: equal files have equal ones.
matches = Table(
    "matches",
    metadata,
    Column("event_seq", ForeignKey("events.seq"), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("entry_id", BigInteger, nullable=False, index=True),
    Column("bank_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("distance", SmallInteger, nullable=False),
    Column("list_version", BigInteger, nullable=False),
    Column("content", BigInteger),
    Index(None, "bank_id", "event_seq"),
    sqlite_with_rowid=False,
)

# Matches that do not count as findings; `by_*` is the allow entry that silenced one.
silenced = Table(
    "silenced",
    metadata,
    Column("event_seq", ForeignKey("events.seq"), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    Column("entry_id", BigInteger, nullable=False, index=True),
    Column("bank_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("distance", SmallInteger, nullable=False),
    Column("list_version", BigInteger, nullable=False),
    Column("by_entry_id", BigInteger),
    Column("by_bank_id", BigInteger),
    sqlite_with_rowid=False,
)

# An entry that floods is parked until somebody decides; `decision` is NULL so long. After a release
# it is not parked again until `exempt_until`.
parkings = Table(
    "parkings",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("entry_id", BigInteger, nullable=False),
    Column("bank_id", BigInteger, nullable=False),
    Column("parked_at", Instant, nullable=False),
    Column("contents", Integer, nullable=False),
    Column("allowed", Integer, nullable=False),
    Column("decision", Text),
    Column("decided_at", Instant),
    Column("decided_by", Text),
    Column("note", Text, nullable=False),
    Column("distance", SmallInteger),
    Column("exempt_until", Instant),
    Index(
        "uq_parkings_open",
        "entry_id",
        unique=True,
        sqlite_where=text("decision IS NULL"),
        postgresql_where=text("decision IS NULL"),
    ),
    Index(None, "entry_id", "exempt_until"),
)

# What each entry matched lately, once per distinct content, or per event where it matched exactly.
sightings = Table(
    "sightings",
    metadata,
    Column("entry_id", BigInteger, primary_key=True, autoincrement=False),
    Column("exact", Boolean, primary_key=True),
    Column("content", BigInteger, primary_key=True, autoincrement=False),
    Column("seen_at", Instant, nullable=False, index=True),
    sqlite_with_rowid=False,
)

# One row: how far the matches have been looked through for floods, and when somebody last did so.
flood_watch = Table(
    "flood_watch",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("looked_at", Instant, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("next", BigInteger, nullable=False),
    Column("next_at", Instant, nullable=False),
)

# A case belongs to the event that opened it. Where it was gathered into another one, `root` is that
# other's `event_seq`; `gathered_at` is NULL until it was compared with the others. `events` and
# `revision` count what stands in it and how often that changed. `waits_until` is when it should be
# decided, `settles_at` when a decision that can still be undone will count. `contests` is the
# number of the event that an appeal is about, whether that has a case or not. `moved` says that
# somebody put it into its queue by hand. `rank`
# is the score below zero, so that an index has the greatest score and then the oldest case first.
cases = Table(
    "cases",
    metadata,
    Column("event_seq", ForeignKey("events.seq"), primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("opened_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("principles", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("severity", Text, nullable=False, server_default="medium"),
    Column("second_look", Boolean, nullable=False, server_default=false()),
    Column("kind", Text, nullable=False, server_default="finding"),
    Column("contests", BigInteger),
    Column("actor", Text),
    Column("conversation", Text, nullable=False, server_default=text("''")),
    Column("region", Text, nullable=False, server_default=text("''")),
    Column("language", Text, nullable=False, server_default=text("''")),
    Column("imminent", Boolean, nullable=False, server_default=false()),
    Column("reach", Integer, nullable=False, server_default="1"),
    Column("score", BigInteger, nullable=False, server_default="0"),
    Column("rank", BigInteger, nullable=False, server_default="0"),
    Column("queue", Text, nullable=False, server_default="everything"),
    Column("moved", Boolean, nullable=False, server_default=false()),
    Column("waits_until", Instant),
    Column("root", BigInteger),
    Column("gathered_at", Instant),
    Column("events", Integer, nullable=False, server_default="1"),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("readings_wanted", SmallInteger, nullable=False, server_default="1"),
    Column("claim", Text),
    Column("claimed_by", Text),
    Column("claimed_at", Instant),
    Column("claimed_until", Instant),
    Column("outcome", Text, nullable=False, server_default=text("''")),
    Column("category", Text, nullable=False, server_default=text("''")),
    Column("decided_at", Instant),
    Column("settles_at", Instant),
    Column("closed_at", Instant),
    Index(None, "state", "event_seq"),
    Index("ix_cases_queue", "state", "queue", "rank", "opened_at"),
    Index("ix_cases_rank", "rank", "opened_at"),
    Index(
        "ix_cases_decided",
        "decided_at",
        sqlite_where=text("decided_at IS NOT NULL"),
        postgresql_where=text("decided_at IS NOT NULL"),
    ),
    Index("ix_cases_waits", "state", "queue", "waits_until"),
    Index("ix_cases_root", "root"),
    Index(
        "ix_cases_contests",
        "contests",
        "event_seq",
        sqlite_where=text("contests IS NOT NULL"),
        postgresql_where=text("contests IS NOT NULL"),
    ),
    Index("ix_cases_actor", "actor", "event_seq"),
    Index("ix_cases_conversation", "conversation", "event_seq"),
    Index(
        "ix_cases_open_actor",
        "actor",
        "event_seq",
        sqlite_where=text("state = 'open' AND actor IS NOT NULL"),
        postgresql_where=text("state = 'open' AND actor IS NOT NULL"),
    ),
    Index(
        "ix_cases_open_conversation",
        "conversation",
        "event_seq",
        sqlite_where=text("state = 'open' AND conversation <> ''"),
        postgresql_where=text("state = 'open' AND conversation <> ''"),
    ),
    Index(
        "ix_cases_ungathered",
        "event_seq",
        sqlite_where=text("gathered_at IS NULL"),
        postgresql_where=text("gathered_at IS NULL"),
    ),
    Index(
        "ix_cases_claimed",
        "claimed_by",
        sqlite_where=text("claimed_by IS NOT NULL"),
        postgresql_where=text("claimed_by IS NOT NULL"),
    ),
    Index(
        "ix_cases_settles",
        "settles_at",
        sqlite_where=text("settles_at IS NOT NULL AND closed_at IS NULL"),
        postgresql_where=text("settles_at IS NOT NULL AND closed_at IS NULL"),
    ),
)

# Where actions are sent. Secrets are derived from a key file and `generation`; none is stored.
# A deleted destination keeps its row, without its address, so that deliveries still refer to it.
destinations = Table(
    "destinations",
    metadata,
    Column("name", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("actions", Text, nullable=False),
    Column("confirm_seconds", Integer, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("overlap_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
)

# The outbox: actions on their way, written with the decision. `message` is JSON, what is posted;
# `holder` sends it until `held_until`; `next_at` is when it is due. `receipt` is JSON.
deliveries = Table(
    "deliveries",
    metadata,
    Column("event_seq", ForeignKey("events.seq"), primary_key=True),
    Column("ordinal", SmallInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("confirm_by", Instant, nullable=False),
    Column("next_at", Instant),
    Column("holder", Text),
    Column("held_until", Instant),
    Column("sent_at", Instant),
    Column("ended_at", Instant),
    Column("problem", Text, nullable=False),
    Column("receipt", Text),
    Column("alarmed_at", Instant),
    CheckConstraint("state IN ('waiting', 'sent', 'done', 'failed')", name="state"),
    Index(
        "ix_deliveries_due",
        "destination",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    Index(
        "ix_deliveries_open",
        "state",
        "event_seq",
        "ordinal",
        "confirm_by",
        "created_at",
        sqlite_where=text("state <> 'done'"),
        postgresql_where=text("state <> 'done'"),
    ),
    Index(
        "ix_deliveries_silent",
        "confirm_by",
        sqlite_where=text("alarmed_at IS NULL AND state <> 'done'"),
        postgresql_where=text("alarmed_at IS NULL AND state <> 'done'"),
    ),
)

# Every policy version that was in force, in shadow or offered; `text` is what it is a digest of.
policies = Table(
    "policies",
    metadata,
    Column("version", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("added_by", Text, nullable=False),
)

# One row for each change of what is in force; the latest counts. `source` is `shipped`, `file` or
# `person`.
policy_switches = Table(
    "policy_switches",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("live", ForeignKey("policies.version"), nullable=False),
    Column("shadow", ForeignKey("policies.version")),
    Column("note", Text, nullable=False),
)

# What a policy in shadow decided otherwise than the one in force; `difference` and `decision` are
# JSON. How many events it decided about at all stands in `tallies`.
shadows = Table(
    "shadows",
    metadata,
    Column("event_seq", ForeignKey("events.seq"), primary_key=True),
    Column("policy_version", Text, primary_key=True),
    Column("live_version", Text, nullable=False),
    Column("difference", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Index("ix_shadows_kinds", "policy_version", "live_version", "difference", "event_seq"),
    sqlite_with_rowid=False,
)

# Every jurisdiction pack that was in force, with what the operator changed in it; `text` is JSON.
law_versions = Table(
    "law_versions",
    metadata,
    Column("version", Text, primary_key=True),
    Column("pack", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
)

# What each journal has written, summed by name when read: journals share no row, so that counting
# never makes one process wait for another.
tallies = Table(
    "tallies",
    metadata,
    Column("journal", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# `scope` is JSON: which entries are compared, or the policy that decides. The events from
# `first_seq` to `last_seq` are looked at; those up to `cursor` have been, and `last_seq` is NULL
# where it follows from the time of the start. Who works on it is `holder`, alive at `beat_at`.
rescans = Table(
    "rescans",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("bank_id", ForeignKey("banks.id")),
    Column("since", Instant),
    Column("until", Instant),
    Column("policy_version", Text, nullable=False),
    Column("record", Boolean, nullable=False),
    Column("scope", Text, nullable=False),
    Column("entries", BigInteger),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("again_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("holder", Text),
    Column("beat_at", Instant),
    Column("problem", Text, nullable=False),
    Column("tally", Text, nullable=False),
    Column("report", Text),
    Index(None, "state", "id"),
)

# One row for each finding of a re-scan; the finding is an event of its own. `origin` is the id of
# the event whose content was found, `received_at` its time.
findings = Table(
    "findings",
    metadata,
    Column("event_seq", ForeignKey("events.seq"), primary_key=True, autoincrement=False),
    Column("rescan_id", ForeignKey("rescans.id"), nullable=False),
    Column("origin", Text, nullable=False, index=True),
    Column("received_at", Instant, nullable=False),
    Index(None, "rescan_id", "event_seq"),
)

# One row: up to which list version every growth has been queued as a re-scan, and when that was.
past = Table(
    "past",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("looked_at", Instant, nullable=False),
)

# What each bank was at that version, so that one that was enabled or widened since is noticed.
past_banks = Table(
    "past_banks",
    metadata,
    Column("bank_id", ForeignKey("banks.id"), primary_key=True, autoincrement=False),
    Column("enabled", Boolean, nullable=False),
    Column("distance", SmallInteger, nullable=False),
)

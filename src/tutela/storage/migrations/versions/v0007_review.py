"""Review: accounts, queues, readings, exposures, and what cases need to be queued by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()  # microseconds since 1970
OPEN = "state = 'open'"
UNGATHERED = "gathered_at IS NULL"
CLAIMED = "claimed_by IS NOT NULL"
SETTLES = "settles_at IS NOT NULL AND closed_at IS NULL"
WAITING = "second_reading IS NULL"


def upgrade() -> None:
    """Sessions and codes end: they live for minutes or hours. Cases that are open stay open."""
    _create_accounts()
    _create_signing_in()
    _renew_sessions()
    _widen_cases()
    _create_queues()
    _create_contents()
    _create_readings()
    _create_changes()
    _create_protection()


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("pseudonym", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("totp_generation", sa.Integer, nullable=False),
        sa.Column("totp_confirmed_at", INSTANT),
        sa.Column("totp_last", sa.BigInteger),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_sign_in_at", INSTANT),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", INSTANT),
        sa.Column("preferences", sa.Text, nullable=False),
        sa.Column("protection", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
        sa.UniqueConstraint("pseudonym", name="uq_accounts_pseudonym"),
        sa.CheckConstraint("state IN ('invited', 'active', 'disabled')", name="ck_accounts_state"),
    )


def _create_signing_in() -> None:
    op.create_table(
        "security_keys",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_security_keys"),
        _of("security_keys", "account_id", "accounts.id"),
    )
    op.create_index("ix_security_keys_account_id", "security_keys", ["account_id"])
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_identities"),
        _of("identities", "account_id", "accounts.id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_identities_account_id", "identities", ["account_id"])
    op.create_table(
        "sign_in_steps",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_in_steps"),
        _of("sign_in_steps", "account_id", "accounts.id"),
    )
    op.add_column("api_keys", sa.Column("account_id", sa.Text))
    op.add_column("api_keys", sa.Column("scopes", sa.Text))


def _renew_sessions() -> None:
    op.drop_table("sign_in_codes")
    op.drop_table("sessions")
    op.create_table(
        "sign_in_codes",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("account_id", sa.Text),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_in_codes"),
        _of("sign_in_codes", "account_id", "accounts.id"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("csrf", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("idle_seconds", sa.Integer, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("account_id", sa.Text),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
        _of("sessions", "key_id", "api_keys.id"),
        _of("sessions", "account_id", "accounts.id"),
    )


def _widen_cases() -> None:
    for column in (
        sa.Column("kind", sa.Text, nullable=False, server_default="finding"),
        sa.Column("contests", sa.BigInteger),
        sa.Column("actor", sa.Text),
        sa.Column("conversation", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("region", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("language", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("imminent", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("reach", sa.Integer, nullable=False, server_default="1"),
        sa.Column("score", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("rank", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("queue", sa.Text, nullable=False, server_default="everything"),
        sa.Column("moved", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("waits_until", INSTANT),
        sa.Column("root", sa.BigInteger),
        sa.Column("gathered_at", INSTANT),
        sa.Column("events", sa.Integer, nullable=False, server_default="1"),
        sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
        sa.Column("readings_wanted", sa.SmallInteger, nullable=False, server_default="1"),
        sa.Column("claim", sa.Text),
        sa.Column("claimed_by", sa.Text),
        sa.Column("claimed_at", INSTANT),
        sa.Column("claimed_until", INSTANT),
        sa.Column("outcome", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("category", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("decided_at", INSTANT),
        sa.Column("settles_at", INSTANT),
        sa.Column("closed_at", INSTANT),
    ):
        op.add_column("cases", column)
    op.execute(
        "UPDATE cases SET actor = (SELECT e.actor FROM events e WHERE e.seq = cases.event_seq),"
        " region = (SELECT e.region FROM events e WHERE e.seq = cases.event_seq),"
        " readings_wanted = CASE WHEN second_look THEN 2 ELSE 1 END"
    )
    op.create_index("ix_cases_queue", "cases", ["state", "queue", "rank", "opened_at"])
    op.create_index("ix_cases_rank", "cases", ["rank", "opened_at"])
    _index("ix_cases_decided", "cases", ["decided_at"], "decided_at IS NOT NULL")
    op.create_index("ix_cases_waits", "cases", ["state", "queue", "waits_until"])
    op.create_index("ix_cases_root", "cases", ["root"])
    _index("ix_cases_contests", "cases", ["contests", "event_seq"], "contests IS NOT NULL")
    op.create_index("ix_cases_actor", "cases", ["actor", "event_seq"])
    op.create_index("ix_cases_conversation", "cases", ["conversation", "event_seq"])
    _index("ix_cases_open_actor", "cases", ["actor", "event_seq"], f"{OPEN} AND actor IS NOT NULL")
    _index(
        "ix_cases_open_conversation",
        "cases",
        ["conversation", "event_seq"],
        f"{OPEN} AND conversation <> ''",
    )
    _index("ix_cases_ungathered", "cases", ["event_seq"], UNGATHERED)
    _index("ix_cases_claimed", "cases", ["claimed_by"], CLAIMED)
    _index("ix_cases_settles", "cases", ["settles_at"], SETTLES)


def _create_queues() -> None:
    queues = op.create_table(
        "queues",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("filter", sa.Text, nullable=False),
        sa.Column("readings", sa.SmallInteger, nullable=False),
        sa.Column("sample_permille", sa.SmallInteger, nullable=False),
        sa.Column("wait_seconds", sa.Integer, nullable=False),
        sa.Column("accuracy_permille", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_queues"),
    )
    everything = {
        "name": "everything",
        "position": 1_000_000,
        "filter": "{}",
        "readings": 1,
        "sample_permille": 50,
        "wait_seconds": 86_400,
        "accuracy_permille": 900,
    }
    op.bulk_insert(queues, [everything])
    sorting = op.create_table(
        "queue_sorting",
        sa.Column("id", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("sorted_to", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_queue_sorting"),
    )
    op.bulk_insert(sorting, [{"id": 1, "sorted_to": None}])


def _create_contents() -> None:
    """What older cases hold is not known by its signals: they gather by actor only."""
    op.create_table(
        "case_contents",
        sa.Column("event_seq", SERIAL, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("mark", sa.BigInteger, nullable=False),
        sa.Column("pdq", sa.LargeBinary),
        sa.Column("sha256", sa.LargeBinary),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("grade", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("event_seq", "ordinal", name="pk_case_contents"),
        _of("case_contents", "event_seq", "events.seq"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_case_contents_mark", "case_contents", ["mark"])
    _index("ix_case_contents_sha256", "case_contents", ["sha256"], "sha256 IS NOT NULL")
    op.create_table(
        "case_pieces",
        sa.Column("piece", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("event_seq", SERIAL, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("piece", "event_seq", "ordinal", name="pk_case_pieces"),
        _of("case_pieces", "event_seq", "cases.event_seq"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_case_pieces_event_seq", "case_pieces", ["event_seq"])


def _create_readings() -> None:
    op.create_table(
        "readings",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("case_seq", SERIAL, nullable=False),
        sa.Column("claim", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("unseen", sa.Boolean, nullable=False),
        sa.Column("contents", sa.Integer, nullable=False),
        sa.Column("stacks", sa.Integer, nullable=False),
        sa.Column("revealed", sa.Integer, nullable=False),
        sa.Column("claimed_at", INSTANT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("settles_at", INSTANT, nullable=False),
        sa.Column("undone_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_readings"),
        sa.UniqueConstraint("claim", name="uq_readings_claim"),
        _of("readings", "case_seq", "cases.event_seq"),
        _of("readings", "account_id", "accounts.id"),
    )
    op.create_index("ix_readings_case_seq_id", "readings", ["case_seq", "id"])
    op.create_index("ix_readings_account_id_at", "readings", ["account_id", "at"])
    op.create_index("ix_readings_queue_at", "readings", ["queue", "at"])
    op.create_index("ix_readings_at", "readings", ["at"])
    op.create_table(
        "samples",
        sa.Column("case_seq", SERIAL, nullable=False, autoincrement=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("drawn_at", INSTANT, nullable=False),
        sa.Column("first_reading", SERIAL, nullable=False),
        sa.Column("second_reading", SERIAL),
        sa.Column("agreed", sa.Boolean),
        sa.PrimaryKeyConstraint("case_seq", name="pk_samples"),
        _of("samples", "case_seq", "cases.event_seq"),
        _of("samples", "first_reading", "readings.id"),
        _of("samples", "second_reading", "readings.id"),
    )
    _index("ix_samples_waiting", "samples", ["queue", "drawn_at"], WAITING)


def _create_changes() -> None:
    op.create_table(
        "case_changes",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("case_seq", SERIAL, nullable=False),
        sa.Column("other_seq", sa.BigInteger),
        sa.Column("from_seq", sa.BigInteger),
        sa.Column("cause", sa.BigInteger),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("undone_by", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_case_changes"),
        _of("case_changes", "case_seq", "cases.event_seq"),
    )
    op.create_index("ix_case_changes_case_seq_id", "case_changes", ["case_seq", "id"])
    op.create_index("ix_case_changes_other_seq_id", "case_changes", ["other_seq", "id"])
    _index("ix_case_changes_cause", "case_changes", ["cause"], "cause IS NOT NULL")
    op.create_table(
        "passes",
        sa.Column("case_seq", SERIAL, nullable=False, autoincrement=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("case_seq", "account_id", name="pk_passes"),
        _of("passes", "case_seq", "cases.event_seq"),
        _of("passes", "account_id", "accounts.id"),
        sqlite_with_rowid=False,
    )


def _create_protection() -> None:
    op.create_table(
        "exposures",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("case_seq", SERIAL, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("severe", sa.Boolean, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("milliseconds", sa.BigInteger),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exposures"),
        _of("exposures", "account_id", "accounts.id"),
        _of("exposures", "case_seq", "cases.event_seq"),
    )
    op.create_index("ix_exposures_account_id_at", "exposures", ["account_id", "at"])
    op.create_index("ix_exposures_case_seq_account_id", "exposures", ["case_seq", "account_id"])
    op.create_table(
        "lifts",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lifts"),
        _of("lifts", "account_id", "accounts.id"),
    )
    op.create_index("ix_lifts_account_id_at", "lifts", ["account_id", "at"])
    op.create_table(
        "recusals",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "queue", name="pk_recusals"),
        _of("recusals", "account_id", "accounts.id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "protection_floor",
        sa.Column("id", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("floor", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_protection_floor"),
    )


def _of(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    other = target.partition(".")[0]
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}_{other}")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)

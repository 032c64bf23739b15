"""Deciding and acting: what events tell of actors, the outbox, policy versions and shadows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()  # microseconds since 1970
OPEN = "state <> 'done'"


def upgrade() -> None:
    """Events stored so far tell nothing of ages, ratings or accounts."""
    op.add_column("events", sa.Column("about", sa.Text))
    by_actor = ["actor", "drill", "received_at"]
    _index("ix_events_actor_drill_received_at", "events", by_actor, "actor IS NOT NULL")
    _create_histories()
    severity = sa.Column("severity", sa.Text, nullable=False, server_default="medium")
    op.add_column("cases", severity)
    second = sa.Column("second_look", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("cases", second)
    _create_destinations()
    _create_deliveries()
    _create_policies()
    _create_shadows()
    _create_law()


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _create_histories() -> None:
    op.create_table(
        "histories",
        sa.Column("event_seq", SERIAL, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("event_seq", "what", name="pk_histories"),
        sa.ForeignKeyConstraint(
            ["event_seq"], ["events.seq"], name="fk_histories_event_seq_events"
        ),
        sqlite_with_rowid=False,
    )
    for what, table, where in (
        ("match", "decisions", "verdict = 'match'"),
        ("block", "actions", "actions.kind = 'block'"),
        ("case", "cases", "true"),
    ):
        op.execute(
            f"INSERT INTO histories SELECT seq, '{what}', actor, events.drill, received_at"  # noqa: S608 - our own words
            f" FROM events JOIN {table} ON event_seq = seq WHERE actor IS NOT NULL AND {where}"
        )
    op.create_index("ix_histories_actor", "histories", ["actor", "drill", "what", "received_at"])


def _create_destinations() -> None:
    op.create_table(
        "destinations",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("actions", sa.Text, nullable=False),
        sa.Column("confirm_seconds", sa.Integer, nullable=False),
        sa.Column("private", sa.Boolean, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("overlap_until", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("deleted_at", INSTANT),
        sa.PrimaryKeyConstraint("name", name="pk_destinations"),
    )


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("event_seq", SERIAL, nullable=False),
        sa.Column("ordinal", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("confirm_by", INSTANT, nullable=False),
        sa.Column("next_at", INSTANT),
        sa.Column("holder", sa.Text),
        sa.Column("held_until", INSTANT),
        sa.Column("sent_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("receipt", sa.Text),
        sa.Column("alarmed_at", INSTANT),
        sa.PrimaryKeyConstraint("event_seq", "ordinal", name="pk_deliveries"),
        sa.ForeignKeyConstraint(
            ["event_seq"], ["events.seq"], name="fk_deliveries_event_seq_events"
        ),
        sa.UniqueConstraint("id", name="uq_deliveries_id"),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'done', 'failed')", name="ck_deliveries_state"
        ),
    )
    _index("ix_deliveries_due", "deliveries", ["destination", "next_at"], "next_at IS NOT NULL")
    wide = ["state", "event_seq", "ordinal", "confirm_by", "created_at"]
    _index("ix_deliveries_open", "deliveries", wide, OPEN)
    _index("ix_deliveries_silent", "deliveries", ["confirm_by"], f"alarmed_at IS NULL AND {OPEN}")


def _create_policies() -> None:
    op.create_table(
        "policies",
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_policies"),
    )
    op.create_table(
        "policy_switches",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("live", sa.Text, nullable=False),
        sa.Column("shadow", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_switches"),
        sa.ForeignKeyConstraint(
            ["live"], ["policies.version"], name="fk_policy_switches_live_policies"
        ),
        sa.ForeignKeyConstraint(
            ["shadow"], ["policies.version"], name="fk_policy_switches_shadow_policies"
        ),
    )


def _create_shadows() -> None:
    op.create_table(
        "shadows",
        sa.Column("event_seq", SERIAL, nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.Column("live_version", sa.Text, nullable=False),
        sa.Column("difference", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("event_seq", "policy_version", name="pk_shadows"),
        sa.ForeignKeyConstraint(["event_seq"], ["events.seq"], name="fk_shadows_event_seq_events"),
        sqlite_with_rowid=False,
    )
    kinds = ["policy_version", "live_version", "difference", "event_seq"]
    op.create_index("ix_shadows_kinds", "shadows", kinds)


def _create_law() -> None:
    op.create_table(
        "law_versions",
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("pack", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_law_versions"),
    )

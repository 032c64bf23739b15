"""What is counted of accounts, and what people's outcomes taught about ratings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.BigInteger()  # microseconds since 1970
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Adds tables only; nothing that was there is touched."""
    op.create_table(
        "account_counters",
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("touched_at", INSTANT, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("actor", "drill", name="pk_account_counters"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_account_counters_touched_at", "account_counters", ["touched_at"])
    op.create_table(
        "conversation_calibrations",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("cases", sa.BigInteger, nullable=False),
        sa.Column("confirmed", sa.BigInteger, nullable=False),
        sa.Column("curve", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversation_calibrations"),
    )

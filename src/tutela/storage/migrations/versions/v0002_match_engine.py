"""A distance of an entry's own, and numbers by which an index on disk knows its database."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Existing entries follow their bank's distance."""
    op.add_column("entries", sa.Column("distance", sa.SmallInteger))
    counters = sa.table("counters", sa.column("name"), sa.column("value"))
    op.bulk_insert(counters, [{"name": "identity", "value": secrets.randbits(62)}])
    tokens = op.create_table(
        "list_versions",
        sa.Column("version", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_list_versions"),
        sqlite_with_rowid=False,
    )
    version = sa.select(counters.c.value).where(counters.c.name == "version")
    latest = op.get_bind().execute(version).scalar_one()
    op.bulk_insert(tokens, [{"version": latest, "token": secrets.randbits(62)}])

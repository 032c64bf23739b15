"""A distance of an entry's own, and a number by which an index on disk knows its database."""

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

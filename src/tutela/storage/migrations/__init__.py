"""The history of the tables: one file per step in `versions/`, run in order by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from tutela.errors import BadConfiguration
from tutela.storage.tables import metadata

HISTORY = Path(__file__).parent
LOCK = 8_374_651_203  # any number that no other program on the same PostgreSQL uses


def migrate(connection: Connection, up_to: str = "head") -> None:
    """Run every missing migration within the transaction of `connection`, which must write.

    Args:
        connection: the database.
        up_to: the last migration to run; all of them unless told otherwise.

    Raises:
        BadConfiguration: the database is at a version that this program does not know.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    script = ScriptDirectory(str(HISTORY))
    with EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _context: script._upgrade_revs(up_to, revision),  # noqa: SLF001
        destination_rev=up_to,
    ) as environment:
        environment.configure(connection=connection, target_metadata=metadata)
        try:
            environment.run_migrations()
        except CommandError:
            raise BadConfiguration(
                "the database belongs to a newer version of this program",
                where="storage.url",
                remedy="install that version, or restore the database from before it",
            ) from None


def current(connection: Connection) -> str | None:
    """The last migration that was run; None for a database without tables."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str) -> bool:
    """Whether this program has a migration of this name."""
    script = ScriptDirectory(str(HISTORY))
    return revision in {one.revision for one in script.walk_revisions()}

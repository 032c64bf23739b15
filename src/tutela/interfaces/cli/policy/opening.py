"""What the commands about policies share: the database with its versions, and what is typed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from tutela.errors import NotFound
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.policy.policy import Policy
    from tutela.policy.versions import PolicyVersions
    from tutela.storage.database import Database

PolicyArgument = Annotated[
    str, typer.Argument(metavar="FILE|VERSION", help="A policy file, or a version that is kept.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
NoteOption = Annotated[str, typer.Option(help="Why, for the history.")]


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The database, with its tables."""
    # Here and not above: SQL takes a while to load, which `--help` need not.
    from tutela.storage.database import Database  # noqa: PLC0415

    database = Database.open(settings.database_url)
    try:
        database.migrate()
        yield database
    finally:
        database.close()


def versions_in(database: Database, settings: Settings) -> PolicyVersions:
    """The policy versions; where nothing is in force yet, what the settings name is then."""
    from tutela.policy.versions import PolicyVersions  # noqa: PLC0415 - as above

    versions = PolicyVersions(database)
    versions.begun(settings.policy.file)
    return versions


@contextmanager
def open_versions(settings: Settings) -> Iterator[PolicyVersions]:
    """The policy versions of a database of its own."""
    with open_database(settings) as database:
        yield versions_in(database, settings)


def policy_of(versions: PolicyVersions, named: str) -> Policy:
    """The policy of a file, or of a version that is kept.

    Raises:
        NotFound: it is neither.
        BadConfiguration: it cannot be loaded.
    """
    from tutela.policy.policy import Policy  # noqa: PLC0415 - the engine takes a moment to load

    if Path(named).is_file():
        return Policy.read(Path(named))
    try:
        return versions.load(named, tested=True)
    except NotFound:
        raise NotFound(
            "there is no such file, and no such version is kept",
            where=named[:200],
            remedy="list the versions with: tutela policy versions",
        ) from None


def print_json(document: object) -> None:
    """Print a record, or several, as one line of JSON."""
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")

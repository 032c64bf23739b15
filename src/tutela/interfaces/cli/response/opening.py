"""What the commands about actions and destinations open: the database, and the secrets' key."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.storage.database import Database


@contextmanager
def opened(config: ConfigOption) -> Iterator[Database]:
    """The database of the settings, with its tables."""
    # Here and not above: SQL takes a while to load, which `--help` need not.
    from tutela.storage.database import Database  # noqa: PLC0415

    database = Database.open(Settings.load(config).database_url)
    try:
        database.migrate()
        yield database
    finally:
        database.close()


def print_json(what: object) -> None:
    """Print one JSON document on a line of its own."""
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")

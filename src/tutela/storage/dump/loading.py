"""Loads a dump into a database, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from psycopg import sql
from sqlalchemy import Connection, MetaData, Table, text

from tutela.errors import BadConfiguration, InvalidInput
from tutela.storage.database import insert_rows
from tutela.storage.dump.layout import Form, Part, TableLayout, form_of
from tutela.storage.migrations import is_known, migrate

TYPES: Mapping[Form, type] = {
    Form.INTEGER: int,
    Form.BOOLEAN: bool,
    Form.TEXT: str,
    Form.BYTES: bytes,
}


class Loading:
    """Fills a database without tables from a dump.

    Call `begin`, then `add` for each part in the order of the dump, then `end`; all within one
    transaction, which is the caller's, as is to give it up when anything raises.

    Args:
        connection: a transaction that writes, of a database without tables.
        revision: the last migration of the database that was dumped.
        tables: its tables, in the order of the dump.
    """

    def __init__(
        self, connection: Connection, revision: str, tables: Sequence[TableLayout]
    ) -> None:
        self._connection = connection
        self._revision = revision
        self._layouts = {table.name: table for table in tables}
        self._tables: dict[str, Table] = {}
        self._readers = {table.name: lines_reader(table) for table in tables}

    def begin(self) -> None:
        """Make the tables as they were when the dump was made, with nothing in them.

        Raises:
            BadConfiguration: a newer program made the dump.
            InvalidInput: it says of its tables what is not so.
        """
        if not is_known(self._revision):
            raise BadConfiguration(
                "a newer version of this program made the dump",
                where=f"migration {self._revision}",
                remedy="install that version, and restore with it",
            )
        migrate(self._connection, self._revision)
        made = MetaData()
        made.reflect(self._connection)
        made.remove(made.tables["alembic_version"])
        self._tables = dict(made.tables)
        if _shape(made.sorted_tables) != {
            name: {column.name: column.form for column in table.columns}
            for name, table in self._layouts.items()
        }:
            raise InvalidInput(
                "the dump's tables are not those of its version",
                where=f"migration {self._revision}",
            )
        for table in reversed(made.sorted_tables):
            self._connection.execute(table.delete())  # what the migrations put there

    def add(self, part: Part) -> None:
        """Insert the rows of a part.

        Raises:
            InvalidInput: they are not rows of its table.
            Conflict: they contradict rows that are there.
        """
        reader = self._readers.get(part.table)
        if reader is None:
            raise InvalidInput("the dump has rows of a table that it does not name")
        rows = read_lines(reader, part)
        columns = [column.name for column in self._layouts[part.table].columns]
        insert_rows(self._connection, self._tables[part.table], columns, rows)

    def end(self) -> None:
        """Let new rows be counted on from the last."""
        if self._connection.dialect.name == "postgresql":
            for table in self._layouts.values():
                self._count_on(table)

    def upgrade(self) -> None:
        """Bring the tables to the newest version."""
        migrate(self._connection)

    def _count_on(self, table: TableLayout) -> None:
        for column in table.columns:
            sequence = self._connection.scalar(
                text("SELECT pg_get_serial_sequence(:table, :column)"),
                {"table": table.name, "column": column.name},
            )
            if sequence is None:
                continue
            statement = sql.SQL(
                "SELECT setval({}, coalesce(max({}), 0) + 1, false) FROM {}"
            ).format(sql.Literal(sequence), sql.Identifier(column.name), sql.Identifier(table.name))
            self._connection.exec_driver_sql(statement.as_string())


def lines_reader(table: TableLayout) -> msgspec.json.Decoder[tuple[Any, ...]]:
    """What reads the lines of a table, and refuses those that are not of it."""
    kinds = [
        TYPES[column.form] | None if column.null else TYPES[column.form] for column in table.columns
    ]
    return msgspec.json.Decoder(tuple[tuple(kinds)])  # type: ignore[misc]


def read_lines(reader: msgspec.json.Decoder[tuple[Any, ...]], part: Part) -> list[tuple[Any, ...]]:
    """The rows of a part. Raises `InvalidInput`."""
    try:
        rows = reader.decode_lines(part.lines)
    except (msgspec.DecodeError, UnicodeError):
        # The message of the error may repeat what stands there.
        raise InvalidInput(
            "a line of the dump is not a row of its table", where=part.table
        ) from None
    if len(rows) != part.rows:
        raise InvalidInput("a part of the dump lacks rows", where=part.table)
    return rows


def _shape(tables: Sequence[Table]) -> dict[str, dict[str, Form]]:
    return {
        table.name: {column.name: form_of(column.type) for column in table.columns}
        for table in tables
    }

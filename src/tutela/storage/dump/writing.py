"""Reads all tables in one snapshot, a piece at a time."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import Connection

from tutela.storage.dump.layout import Digests, Form, Part, TableDigest, TableLayout

PART_BYTES = 4 << 20
"""A part is written once it has so many bytes, or a few rows more."""
BATCH_ROWS = 1000

Row = tuple[Any, ...]


def dumped(connection: Connection, tables: Sequence[TableLayout]) -> Iterator[Part]:
    """Every row of the tables, in their order and that of their keys.

    The same rows give the same bytes, whichever database they come from and whenever it is done.

    Args:
        connection: a transaction that sees one snapshot, as `Database.read` gives; not to be used
            for anything else meanwhile.
        tables: which tables.
    """
    for table in tables:
        yield from _parts(table, _batches(connection, table))


def digests(connection: Connection, tables: Sequence[TableLayout]) -> tuple[TableDigest, ...]:
    """What a dump of the tables would come to."""
    found = Digests([table.name for table in tables])
    for part in dumped(connection, tables):
        found.add(part)
    return found.all()


def _parts(table: TableLayout, batches: Iterator[list[Row]]) -> Iterator[Part]:
    encoder, lines, rows = msgspec.json.Encoder(), bytearray(), 0
    for batch in batches:
        lines += encoder.encode_lines(batch)
        rows += len(batch)
        if len(lines) >= PART_BYTES:
            yield Part(table=table.name, rows=rows, lines=bytes(lines))
            lines, rows = bytearray(), 0
    if rows:
        yield Part(table=table.name, rows=rows, lines=bytes(lines))


def _batches(connection: Connection, table: TableLayout) -> Iterator[list[Row]]:
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        return _from_sqlite(driver, table)
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - tells mypy what the pool holds
    return _from_postgresql(driver, table)


def _from_sqlite(driver: sqlite3.Connection, table: TableLayout) -> Iterator[list[Row]]:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    order = ", ".join(f'"{name}"' for name in table.key)
    statement = f'SELECT {names} FROM "{table.name}" ORDER BY {order}'  # noqa: S608 - own names
    flags = [at for at, column in enumerate(table.columns) if column.form is Form.BOOLEAN]
    with closing(driver.execute(statement)) as cursor:
        while batch := cursor.fetchmany(BATCH_ROWS):
            yield [_with_flags(row, flags) for row in batch] if flags else batch


def _with_flags(row: Row, flags: Sequence[int]) -> Row:
    """SQLite keeps truth as 0 and 1."""
    values = list(row)
    for at in flags:
        if values[at] is not None:
            values[at] = bool(values[at])
    return tuple(values)


def _from_postgresql(driver: psycopg.Connection[Any], table: TableLayout) -> Iterator[list[Row]]:
    forms = {column.name: column.form for column in table.columns}
    statement = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        sql.SQL(", ").join(sql.Identifier(name) for name in forms),
        sql.Identifier(table.name),
        sql.SQL(", ").join(
            sql.SQL('{} COLLATE "C"' if forms[name] is Form.TEXT else "{}").format(
                sql.Identifier(name)
            )
            for name in table.key
        ),
    )
    with driver.cursor(f"dump_{secrets.token_hex(4)}", binary=True) as cursor:
        cursor.execute(statement)
        while batch := cursor.fetchmany(BATCH_ROWS):
            yield batch

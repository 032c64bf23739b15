"""What a dump says of its tables, so that it can be read without the program that wrote it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Table, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from tutela.model.record import Record
from tutela.storage.tables import metadata


class Form(StrEnum):
    """How the values of a column are written."""

    INTEGER = "integer"
    """A number of at most 64 bits; points in time are whole microseconds since 1970."""
    BOOLEAN = "boolean"
    TEXT = "text"
    BYTES = "bytes"
    """Base64."""


class ColumnLayout(Record, frozen=True, kw_only=True):
    """A column: its name, how its values are written, and whether they may be null."""

    name: str
    form: Form
    null: bool = False


class TableLayout(Record, frozen=True, kw_only=True):
    """A table: its columns, and its primary key, in whose order the rows stand.

    Texts are in the order of their UTF-8 bytes, on every database.
    """

    name: str
    columns: tuple[ColumnLayout, ...]
    key: tuple[str, ...]


class Part(Record, frozen=True, kw_only=True):
    """A piece of a table: lines of JSON, an array of values each."""

    table: str
    rows: int
    lines: bytes


class TableDigest(Record, frozen=True, kw_only=True):
    """What all lines of a table come to: how many, and their SHA-256."""

    table: str
    rows: int
    sha256: str


class Digests:
    """Takes up parts of tables as they pass, in their order.

    Args:
        tables: names of the tables; one without a part has no rows.
    """

    def __init__(self, tables: Sequence[str]) -> None:
        self._rows = dict.fromkeys(tables, 0)
        self._sums = {name: hashlib.sha256() for name in tables}

    def add(self, part: Part) -> None:
        """Take up the next part of its table."""
        self._rows[part.table] += part.rows
        self._sums[part.table].update(part.lines)

    def all(self) -> tuple[TableDigest, ...]:
        """What came of each table so far."""
        return tuple(
            TableDigest(table=name, rows=rows, sha256=self._sums[name].hexdigest())
            for name, rows in self._rows.items()
        )


def layouts() -> tuple[TableLayout, ...]:
    """Every table as this program knows it; each after those that it refers to."""
    return tuple(_layout(table) for table in metadata.sorted_tables)


def _layout(table: Table) -> TableLayout:
    return TableLayout(
        name=str(table.name),  # from a kind of text that only SQLAlchemy knows
        columns=tuple(_column(column) for column in table.columns),
        key=tuple(str(column.name) for column in table.primary_key),
    )


def _column(column: Column[object]) -> ColumnLayout:
    return ColumnLayout(
        name=str(column.name), form=form_of(column.type), null=bool(column.nullable)
    )


def form_of(kind: TypeEngine[object]) -> Form:
    """How values of a type are written. Raises `TypeError` for a type that no table has."""
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    if isinstance(kind, Boolean):
        return Form.BOOLEAN
    if isinstance(kind, BigInteger | Integer):
        return Form.INTEGER
    if isinstance(kind, LargeBinary):
        return Form.BYTES
    if isinstance(kind, Text):
        return Form.TEXT
    raise TypeError(f"no form for columns of {kind!r}")

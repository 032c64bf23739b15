"""Databases with something in every table, and others to restore them into."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Table,
    select,
)

from tutela.storage.dump.layout import Form, form_of
from tutela.storage.tables import metadata
from tutela.storage.values import Instant, instant

ROWS = 7
STATES = {
    "accounts": "active",
    "entries": "disabled",
    "deliveries": "failed",
    "evidence_items": "owed",
}
UNIQUE = {"entry_id", "address"}  # where some condition holds
TEXTS = ("", "hill", "a\nb\tc \\ \" '", "Ärger", "z\u0301\u202e", "\U0001f3d4", "Z", "a")


def fill(connection: Connection, seed: int = 0) -> None:
    """Put rows with awkward values into every table."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for table in metadata.sorted_tables:
        connection.execute(table.delete()) if not _referred(table) else None
        for number in range(1, ROWS + 1):
            row = {column.name: _value(connection, column, number, chance) for column in table.c}
            connection.execute(table.insert().values(row))


def _referred(table: Table) -> bool:
    return any(
        key.column.table is table for other in metadata.sorted_tables for key in other.foreign_keys
    )


def _value(
    connection: Connection, column: Column[object], number: int, chance: random.Random
) -> object:
    """A value for a column of the row of a number; keys differ from row to row."""
    for key in column.foreign_keys:
        there = connection.scalars(select(key.column).order_by(key.column)).all()
        return there[number - 1]
    if column.nullable and chance.random() < 0.3:
        return None
    if column.name == "state" and column.table.name in STATES:
        return STATES[column.table.name]
    if column.primary_key or column.unique or column.name in UNIQUE:
        return _own(column, number)
    return _any(column, number, chance)


def _own(column: Column[object], number: int) -> object:
    """A value that no other row has."""
    values: dict[Form, object] = {
        Form.BOOLEAN: bool(number & 1),
        Form.TEXT: f"{TEXTS[number % len(TEXTS)]}{number}",
        Form.BYTES: bytes([number, 0, 255]),
        Form.INTEGER: number * 3,
    }
    return values[form_of(column.type)]


def _any(column: Column[object], number: int, chance: random.Random) -> object:
    if isinstance(column.type, Instant):
        return instant(chance.randrange(1 << 50))
    wide = isinstance(column.type, BigInteger)
    values: dict[Form, object] = {
        Form.BOOLEAN: chance.random() < 0.5,
        Form.TEXT: chance.choice(TEXTS),
        Form.BYTES: chance.randbytes(chance.randrange(40)),
        Form.INTEGER: chance.choice((0, -1, (1 << 63) - 1, -(1 << 63))) if wide else number,
    }
    return values[form_of(column.type)]


@pytest.fixture
def filled() -> Callable[[Connection, int], None]:
    """Puts rows into every table: `filled(connection, seed)`."""
    return fill


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables, on each kind in turn, besides `database`."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'other' / 'restored.db'}"
    url: str = request.getfixturevalue("postgres").create()
    return url

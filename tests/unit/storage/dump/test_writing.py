from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import Connection, text

from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.dump import writing
from tutela.storage.dump.layout import layouts
from tutela.storage.dump.writing import digests, dumped

Fill = Callable[[Connection, int], None]


def test_lines_are_json_with_texts_numbers_and_truth(database: Database) -> None:
    Banks(database).create("hills", drill=True)
    with database.read() as connection:
        parts = {part.table: part for part in dumped(connection, layouts())}
    row = msgspec.json.decode(parts["banks"].lines)
    table = next(table for table in layouts() if table.name == "banks")
    named = dict(zip([column.name for column in table.columns], row, strict=True))
    assert (named["id"], named["name"], named["drill"], named["enabled"]) == (
        1,
        "hills",
        True,
        True,
    )
    assert parts["banks"].rows == 1


def test_tables_come_after_those_that_they_refer_to() -> None:
    names = [table.name for table in layouts()]
    assert names.index("banks") < names.index("imports") < names.index("entries")
    assert names.index("events") < names.index("evidence_items") < names.index("evidence_holds")


def test_parts_stay_small_and_come_to_the_same(
    database: Database, filled: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as connection:
        filled(connection, 1)
    with database.read() as connection:
        whole = list(dumped(connection, layouts()))
    monkeypatch.setattr(writing, "PART_BYTES", 1)
    monkeypatch.setattr(writing, "BATCH_ROWS", 2)
    with database.read() as connection:
        pieces = list(dumped(connection, layouts()))
        found = digests(connection, layouts())
    assert len(pieces) > len(whole)
    assert b"".join(part.lines for part in pieces) == b"".join(part.lines for part in whole)
    for digest in found:
        lines = b"".join(part.lines for part in whole if part.table == digest.table)
        assert digest.sha256 == hashlib.sha256(lines).hexdigest()
        assert digest.rows == lines.count(b"\n")


def test_a_dump_is_of_one_moment(database: Database) -> None:
    Banks(database).create("hills")
    with database.read() as connection:
        before = digests(connection, layouts())
        Banks(database).create("lakes")
        assert digests(connection, layouts()) == before
    with database.read() as connection:
        assert digests(connection, layouts()) != before


def test_a_changed_value_changes_the_digest_of_its_table_alone(
    database: Database, filled: Fill
) -> None:
    with database.write() as connection:
        filled(connection, 2)
    with database.read() as connection:
        before = {one.table: one for one in digests(connection, layouts())}
    with database.write() as connection:
        least = text("SELECT min(version) FROM policies")
        version = connection.scalar(least)
        change = text("UPDATE policies SET text = 'lakes' WHERE version = :version")
        connection.execute(change, {"version": version})
    with database.read() as connection:
        after = {one.table: one for one in digests(connection, layouts())}
    assert {name for name in before if before[name] != after[name]} == {"policies"}

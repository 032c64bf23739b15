from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, MetaData, inspect, select, text

from tutela.errors import BadConfiguration, Conflict, InvalidInput
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.dump.layout import ColumnLayout, Form, Part, TableLayout, form_of, layouts
from tutela.storage.dump.loading import Loading, lines_reader, read_lines
from tutela.storage.dump.writing import digests, dumped
from tutela.storage.migrations import current, migrate
from tutela.storage.tables import metadata

Fill = Callable[[Connection, int], None]


def parts_of(database: Database) -> list[Part]:
    with database.read() as connection:
        return list(dumped(connection, layouts()))


def load(
    database: Database,
    parts: Sequence[Part],
    revision: str | None = None,
    tables: Sequence[TableLayout] | None = None,
) -> None:
    with database.write() as connection:
        loading = Loading(connection, revision or newest(), tables or layouts())
        loading.begin()
        for part in parts:
            loading.add(part)
        loading.end()
        loading.upgrade()


def newest() -> str:
    names = sorted(path.stem for path in _versions().glob("v*.py"))
    return names[-1][1:5]


def _versions() -> Path:
    from tutela.storage import migrations  # noqa: PLC0415

    return Path(migrations.__file__).parent / "versions"


@pytest.fixture
def other(other_url: str) -> Iterator[Database]:
    with closing(Database.open(other_url)) as database:
        yield database


@pytest.mark.parametrize("seed", range(3))
def test_a_dump_of_either_kind_is_restored_into_either(
    database: Database, other: Database, filled: Fill, seed: int
) -> None:
    with database.write() as connection:
        filled(connection, seed)
    parts = parts_of(database)
    assert {part.table for part in parts} == set(metadata.tables)
    load(other, parts)
    with database.read() as one, other.read() as two:
        assert digests(two, layouts()) == digests(one, layouts())
        for table in metadata.sorted_tables:
            order = list(table.primary_key)
            found = [
                sorted(map(repr, c.execute(select(table).order_by(*order)))) for c in (one, two)
            ]
            assert found[0] == found[1], table.name
    assert parts_of(other) == parts


def test_rows_are_counted_on_from_the_last(database: Database, other: Database) -> None:
    last = [Banks(database).create(name).id for name in ("hills", "rocks", "moors")][-1]
    load(other, parts_of(database))
    assert Banks(other).create("lakes").id == last + 1


def test_an_empty_database_is_restored_with_its_seeds_and_no_others(
    database: Database, other: Database
) -> None:
    load(other, parts_of(database))
    assert parts_of(other) == parts_of(database)
    assert Banks(other).create("lakes").id == 1


def test_an_older_dump_is_brought_to_the_newest_tables(other: Database, tmp_path: Path) -> None:
    with closing(Database.open(f"sqlite:///{tmp_path / 'old.db'}")) as old:
        with old.write() as connection:
            migrate(connection, "0005")
            connection.execute(
                text(
                    "INSERT INTO policies (version, text, added_at, added_by)"
                    " VALUES ('policy-1', 'hills', 5, 'anna')"
                )
            )
        with old.read() as connection:
            tables = reflected(connection)
            parts = list(dumped(connection, tables))
    load(other, parts, "0005", tables)
    with other.read() as connection:
        assert current(connection) == newest()
        assert set(inspect(connection).get_table_names()) >= set(metadata.tables)
        found = connection.execute(text("SELECT version, added_by FROM policies")).all()
    assert [tuple(row) for row in found] == [("policy-1", "anna")]


def reflected(connection: Connection) -> tuple[TableLayout, ...]:
    """The layout that an older program would have written."""
    made = MetaData()
    made.reflect(connection)
    return tuple(
        TableLayout(
            name=table.name,
            columns=tuple(
                ColumnLayout(name=c.name, form=form_of(c.type), null=bool(c.nullable))
                for c in table.columns
            ),
            key=tuple(c.name for c in table.primary_key),
        )
        for table in made.sorted_tables
        if table.name != "alembic_version"
    )


def test_a_dump_of_a_newer_program_is_refused(other: Database) -> None:
    with pytest.raises(BadConfiguration, match="newer version"):
        load(other, [], "9999")
    with other.read() as connection:
        assert inspect(connection).get_table_names() == []


def test_a_dump_whose_tables_are_others_is_refused(other: Database) -> None:
    with pytest.raises(InvalidInput, match="tables are not those"):
        load(other, [], None, layouts()[:-1])


@pytest.mark.parametrize(
    "lines",
    [
        b'["hills"]\n',
        b"[1, 2]\n",
        b'["hills", "x"]\n',
        b'["hills", null]\n',
        b"nonsense\n",
        b'["\xff", 1]\n',
        b"",
    ],
)
def test_lines_that_are_no_rows_are_refused_and_not_repeated(lines: bytes) -> None:
    table = TableLayout(
        name="counters",
        columns=(
            ColumnLayout(name="name", form=Form.TEXT),
            ColumnLayout(name="value", form=Form.INTEGER),
        ),
        key=("name",),
    )
    with pytest.raises(InvalidInput) as caught:
        read_lines(lines_reader(table), Part(table="counters", rows=1, lines=lines))
    assert "hills" not in str(caught.value)


def test_rows_that_contradict_each_other_leave_nothing(database: Database, other: Database) -> None:
    parts = parts_of(database)
    twice = next(part for part in parts if part.table == "counters")
    with pytest.raises(Conflict):
        load(other, [*parts, twice])
    with other.read() as connection:
        assert inspect(connection).get_table_names() == []


def test_rows_of_a_table_that_is_not_named_are_refused(other: Database) -> None:
    with pytest.raises(InvalidInput, match="does not name"):
        load(other, [Part(table="sqlite_master", rows=1, lines=b"[1]\n")])


def test_the_layout_survives_being_written_down() -> None:
    text_ = msgspec.json.encode(layouts())
    assert msgspec.json.decode(text_, type=tuple[TableLayout, ...]) == layouts()

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import inspect

from tutela.errors import BadConfiguration, Conflict, InvalidInput
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.dump.layout import Part, layouts
from tutela.storage.dump.loading import Loading
from tutela.storage.dump.target import restoring
from tutela.storage.dump.writing import dumped
from tutela.storage.migrations import current

HOLDER = """
import sys
from tutela.storage.database import Database
from tutela.storage.banks import Banks
database = Database.open(sys.argv[1])
with database.read() as connection:
    connection.exec_driver_sql("SELECT count(*) FROM banks")
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def used(url: str) -> Iterator[None]:
    """Another process that is connected."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield
        process.communicate()


@pytest.fixture
def parts(tmp_path: Path) -> Sequence[Part]:
    """A dump of a database with one bank."""
    with closing(Database.open(f"sqlite:///{tmp_path / 'source.db'}")) as source:
        source.migrate()
        Banks(source).create("hills")
        with source.read() as connection:
            assert current(connection) == "0009"
            return list(dumped(connection, layouts()))


def fill(database: Database, parts: Sequence[Part]) -> None:
    with database.write() as connection:
        loading = Loading(connection, "0009", layouts())
        loading.begin()
        for part in parts:
            loading.add(part)
        loading.end()


def names(url: str) -> list[str | None]:
    with closing(Database.open(url)) as database:
        return [bank.name for bank in Banks(database).list()]


def make(url: str, *banks: str) -> None:
    with closing(Database.open(url)) as database:
        database.migrate()
        for bank in banks:
            Banks(database).create(bank)


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_it_is_seen_when_it_is_published(empty_database_url: str, parts: Sequence[Part]) -> None:
    with restoring(empty_database_url) as target:
        fill(target.database, parts)
        assert [bank.name for bank in Banks(target.database).list()] == ["hills"]
        assert target.publish() is None
    assert names(empty_database_url) == ["hills"]


def test_it_is_not_seen_without(
    empty_database_url: str, parts: Sequence[Part], tmp_path: Path
) -> None:
    with restoring(empty_database_url) as target:
        fill(target.database, parts)
    with pytest.raises(InvalidInput), restoring(empty_database_url) as target:
        fill(target.database, [*parts, Part(table="hills", rows=0, lines=b"")])
    with closing(Database.open(empty_database_url)) as database, database.read() as connection:
        assert inspect(connection).get_table_names() == []
    assert left_behind(tmp_path) == []


def test_a_part_that_fails_is_taken_back_alone(
    empty_database_url: str, parts: Sequence[Part]
) -> None:
    with restoring(empty_database_url) as target:
        fill(target.database, parts)
        with pytest.raises(Conflict):
            Banks(target.database).create("hills")
        Banks(target.database).create("lakes")
        target.publish()
    assert names(empty_database_url) == ["hills", "lakes"]


def test_tables_with_nothing_in_them_are_replaced(
    empty_database_url: str, parts: Sequence[Part]
) -> None:
    make(empty_database_url)
    with restoring(empty_database_url) as target:
        fill(target.database, parts)
        assert target.publish() is None
    assert names(empty_database_url) == ["hills"]


def test_one_that_holds_something_is_refused(empty_database_url: str) -> None:
    make(empty_database_url, "lakes")
    with pytest.raises(Conflict, match="holds something"), restoring(empty_database_url):
        pass
    assert names(empty_database_url) == ["lakes"]


def test_one_that_is_to_be_replaced_stays_until_then(
    empty_database_url: str, parts: Sequence[Part]
) -> None:
    make(empty_database_url, "lakes")
    with restoring(empty_database_url, replace=True) as target:
        fill(target.database, parts)
    assert names(empty_database_url) == ["lakes"]
    with restoring(empty_database_url, replace=True) as target:
        fill(target.database, parts)
        aside = target.publish()
    assert names(empty_database_url) == ["hills"]
    if empty_database_url.startswith("sqlite"):
        assert aside is not None
        assert names(f"sqlite:///{aside}") == ["lakes"]


def test_one_that_is_in_use_is_left_alone(
    empty_database_url: str, parts: Sequence[Part], tmp_path: Path
) -> None:
    make(empty_database_url, "lakes")
    with (
        used(empty_database_url),
        pytest.raises(Conflict, match="in use"),
        restoring(empty_database_url, replace=True),
    ):
        pass
    with restoring(empty_database_url, replace=True) as target:
        fill(target.database, parts)
        if empty_database_url.startswith("sqlite"):
            # Nobody can come in between on PostgreSQL: the transaction has the tables.
            with used(empty_database_url), pytest.raises(Conflict, match="in use"):
                target.publish()
    assert names(empty_database_url) == ["lakes"]
    assert left_behind(tmp_path) == []


def test_one_of_a_newer_program_is_left_alone(postgres: object) -> None:
    url: str = postgres.create()  # type: ignore[attr-defined]
    make(url, "lakes")
    with closing(Database.open(url)) as database, database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BadConfiguration, match="newer version"), restoring(url, replace=True):
        pass


def test_a_file_that_is_no_database_is_moved_aside(tmp_path: Path, parts: Sequence[Part]) -> None:
    place = tmp_path / "tutela.db"
    for end in ("", "-wal"):
        place.with_name(f"tutela.db{end}").write_bytes(b"a harmless line " * 500)
    url = f"sqlite:///{place}"
    with pytest.raises(Conflict, match="holds something"), restoring(url):
        pass
    with restoring(url, replace=True) as target:
        fill(target.database, parts)
        aside = target.publish()
    assert aside is not None
    assert aside.read_bytes().startswith(b"a harmless line")
    assert aside.with_name(f"{aside.name}-wal").exists()
    assert names(url) == ["hills"]


def test_what_a_killed_restore_left_behind_is_removed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tutela.db'}"
    left = tmp_path / ".tutela.db.0123456789abcdef.restoring"
    left.touch()
    left.with_name(f"{left.name}-wal").touch()
    with restoring(url) as one, restoring(url) as another:
        assert len(left_behind(tmp_path)) == 2, "each has its own, and the old one is gone"
        assert one.database is not another.database


def test_the_file_is_for_its_owner_alone(tmp_path: Path, parts: Sequence[Part]) -> None:
    place = tmp_path / "new" / "tutela.db"
    with restoring(f"sqlite:///{place}") as target:
        fill(target.database, parts)
        target.publish()
    assert place.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in place.parent.iterdir()] == ["tutela.db"]


def test_a_url_that_names_no_database_is_refused() -> None:
    with pytest.raises(BadConfiguration), restoring("mysql://hills"):
        pass

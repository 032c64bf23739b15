"""Backups beside a busy writer, and backups and restores that are killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyrage import x25519
from sqlalchemy import Table, func, inspect, select

from tutela.evidence.backup.age import Identities
from tutela.evidence.backup.checking import check_generation
from tutela.evidence.backup.folder import BackupFolder
from tutela.settings import DataSettings, Settings, StorageSettings
from tutela.storage.counts import reconcile
from tutela.storage.custody_tables import evidence_items, evidence_objects
from tutela.storage.database import Database
from tutela.storage.tables import cases, events

PROGRAM = Path(__file__).parent / "backing.py"
KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@dataclass
class Place:
    """An installation that programs work on."""

    folder: Path
    url: str
    backup: Path
    key: Path

    @property
    def env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TUTELA_")}
        return kept | {"TUTELA_DATA_FOLDER": str(self.folder), "TUTELA_STORAGE_URL": self.url}

    @property
    def settings(self) -> Settings:
        return Settings(
            data=DataSettings(folder=str(self.folder)), storage=StorageSettings(url=self.url)
        )

    def run(self, *arguments: str) -> int:
        """Run a program to its end; its exit code."""
        done = subprocess.run(
            [sys.executable, PROGRAM, *arguments], env=self.env, check=False, capture_output=True
        )
        if done.returncode not in {0, -signal.SIGKILL}:
            raise AssertionError(done.stderr.decode())
        return done.returncode

    def make(self, at: int = 0) -> int:
        return self.run("make", str(self.backup), str(self.key), str(at))

    def restore(self, at: int = 0) -> int:
        return self.run("restore", str(self.backup), str(self.key), str(at))

    @contextmanager
    def writing(self) -> Iterator[subprocess.Popen[str]]:
        """A process that stores events as fast as it can."""
        with subprocess.Popen(
            [sys.executable, PROGRAM, "write"],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            yield process


def check_whole(place: Place) -> int:
    """Whether what is in a database is whole; how many events there are."""
    with closing(Database.open(place.url)) as database:
        assert reconcile(database).sound
        found = {
            table.name: count(database, table)
            for table in (events, cases, evidence_items, evidence_objects)
        }
        assert len(set(found.values())) == 1, found
        return found["events"]


def count(database: Database, table: Table) -> int:
    with database.read() as connection:
        return connection.scalars(select(func.count()).select_from(table)).one()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A file of an identity."""
    path = tmp_path / "key.txt"
    path.write_text(f"{x25519.Identity.generate()}\n")
    return path


@pytest.fixture
def new_place(
    request: pytest.FixtureRequest, tmp_path: Path, key: Path
) -> Callable[[str, str], Place]:
    """Makes installations: `new_place(name, kind)`."""

    def make(name: str, kind: str) -> Place:
        folder = tmp_path / name
        url = f"sqlite:///{folder / 'tutela.db'}"
        if kind == "postgres":
            url = request.getfixturevalue("postgres").create()
        return Place(folder, url, tmp_path / "backup", key)

    return make


def generations(place: Place) -> list[str]:
    """Every generation, each read through."""
    if not (place.backup / "generations").exists():
        return []
    folder, identities = BackupFolder(place.backup), Identities.read(place.key)
    found = folder.generations()
    for name in found:
        checked = check_generation(folder, name, identities, lambda _what, _more: None)
        assert checked.problems == ()
        assert checked.missing == 0
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_backup_beside_a_busy_writer_is_of_one_moment(
    new_place: Callable[[str, str], Place], kind: str
) -> None:
    place = new_place("here", kind)
    place.run("fill", "20")
    sizes = []
    with place.writing() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = [process.stdout.readline()]
        for number in range(3):
            assert place.make() == 0
            there = new_place(f"there-{number}", "sqlite")
            assert there.restore() == 0, "the log and every object were verified"
            sizes.append(check_whole(there))
        process.stdin.close()
        said += process.stdout.readlines()
    assert process.returncode == 0
    assert sizes == sorted(sizes)
    assert 20 < sizes[0] < sizes[-1] <= 20 + len(said)
    assert check_whole(place) == 20 + len(said)


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_backup_is_none_and_the_next_goes_on(
    new_place: Callable[[str, str], Place], kind: str
) -> None:
    place = new_place("here", kind)
    place.run("fill", "8")
    chance = random.Random(f"backup {kind}")  # noqa: S311 - no secret
    killed = 0
    for at in sorted(chance.sample(range(1, 42), 14)):
        before = generations(place)
        if place.make(at) == 0:
            break
        killed += 1
        # Each that can be seen is whole; what was there stays, as far as it was to be kept.
        assert set(before[-1:]) <= set(generations(place))
    assert killed > 5
    assert place.make() == 0
    there = new_place("there", "sqlite")
    assert there.restore() == 0
    assert check_whole(there) == 8


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_restore_is_seen_whole_or_not_at_all(
    new_place: Callable[[str, str], Place], kind: str
) -> None:
    place = new_place("here", "sqlite")
    place.run("fill", "8")
    assert place.make() == 0
    there = new_place("there", kind)
    chance = random.Random(f"restore {kind}")  # noqa: S311 - no secret
    seen = []
    for at in sorted(chance.sample(range(1, 46), 14)):
        if there.restore(at) == 0:
            break
        seen.append(events_seen(there))
    assert set(seen) <= {None, 8}
    assert len(seen) > 5
    assert there.restore() == 0
    assert check_whole(there) == 8
    left = [path.name for path in there.folder.iterdir() if path.name.endswith(".restoring")]
    assert left == []


def events_seen(place: Place) -> int | None:
    """How many events whoever looks now sees; None where there is no table."""
    if place.url.startswith("sqlite") and not (place.folder / "tutela.db").exists():
        return None
    with closing(Database.open(place.url)) as database:
        with database.read() as connection:
            if not inspect(connection).has_table("events"):
                return None
        return check_whole(place)

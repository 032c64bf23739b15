"""Several holders of one index on disk, beside a database that changes."""

from __future__ import annotations

import mmap
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from tutela.detection.index.disk import manifest as manifests
from tutela.detection.index.disk.folder import IndexFolder
from tutela.detection.index.layers import HEAD_ROWS
from tutela.detection.index.matcher import Matcher
from tutela.detection.signals.registry import builtin_kinds
from tutela.lists.sync import IndexSync
from tutela.model import NewEntry, Signal
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries

CODES = np.random.default_rng(3).integers(256, size=(3 * HEAD_ROWS, 32), dtype=np.uint8)

DELETE_SIGNALS = """
    DELETE FROM entry_signals WHERE entry_id IN
    (SELECT e.id FROM entries e JOIN imports i ON i.id = e.import_id WHERE i.version > :kept)
"""
DELETE_ENTRIES = """
    DELETE FROM entries WHERE import_id IN (SELECT id FROM imports WHERE version > :kept)
"""


def entry(number: int) -> NewEntry:
    return NewEntry(signals=(Signal(kind="pdq", value=CODES[number].tobytes().hex()),))


class Process:
    """What one server process holds, without a server. Steps are taken by hand or by threads."""

    def __init__(self, url: str, folder: Path, present: datetime) -> None:
        self.database = Database.open(url)
        self.present = present
        self.matcher = Matcher(builtin_kinds())
        self.folder = IndexFolder(folder, self.matcher.part_classes)
        self.sync = IndexSync(
            self.database, self.matcher, folder=self.folder, clock=lambda: self.present
        )
        assert self.sync._files
        self.files = self.sync._files
        self.files.may_keep = True

    def tick(self) -> None:
        self.sync.refresh()
        self.files.tend(self.sync)

    def found(self, *numbers: int) -> list[set[int]]:
        """Entries that match each code."""
        asked = [Signal(kind="pdq", value=CODES[number].tobytes().hex()) for number in numbers]
        found: list[set[int]] = [set() for _ in numbers]
        for hit in self.matcher.match(asked):
            found[hit.signal].add(hit.entry_id)
        return found

    def end(self) -> None:
        self.files.close()
        self.database.close()


class Place:
    """A database, a folder, and the processes that use them."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.present = datetime.now(UTC)
        self.database = Database.open(url)
        self.banks, self.entries = Banks(self.database), Entries(self.database)
        self.banks.create("hills")
        self.processes: list[Process] = []

    def start(self, *, tick: bool = True) -> Process:
        process = Process(self.url, self.folder, self.present)
        self.processes.append(process)
        if tick:
            process.tick()
        return process

    def add(self, *numbers: int) -> None:
        self.entries.add("hills", [entry(number) for number in numbers])

    def manifest(self) -> manifests.Manifest:
        manifest = manifests.read(self.folder)
        assert manifest
        return manifest

    def go_back(self, version: int) -> None:
        """Forget what came after a version, as a restored backup does."""
        with self.database.write() as connection:
            kept = {"kept": version}
            for statement in (
                "UPDATE entries SET state = 'enabled', version = NULL WHERE version > :kept",
                DELETE_SIGNALS,
                DELETE_ENTRIES,
                "DELETE FROM imports WHERE version > :kept",
                "DELETE FROM list_versions WHERE version > :kept",
                "UPDATE counters SET value = :kept WHERE name = 'version'",
            ):
                connection.execute(text(statement), kept)

    def end(self) -> None:
        for process in self.processes:
            process.end()
        self.database.close()


@pytest.fixture
def place(new_database_url: Callable[[], str], tmp_path: Path) -> Iterator[Place]:
    place = Place(new_database_url(), tmp_path / "index")
    yield place
    place.end()


def test_a_second_process_starts_from_the_files_of_the_first(place: Place) -> None:
    place.add(*range(6))
    place.entries.disable(2)
    place.entries.delete(3)
    first = place.start()
    second = place.start()
    wanted = [{1}, set(), set(), {4}, {5}, {6}]
    assert first.found(*range(6)) == second.found(*range(6)) == wanted
    assert first.sync.files.mapped
    assert second.sync.files.mapped
    assert (first.sync.files.keeper, second.sync.files.keeper) == (True, False)
    assert second.matcher.unfiled == 0
    assert place.manifest().published == 1


def test_what_happens_after_writing_counts_everywhere_at_the_next_look(place: Place) -> None:
    place.add(*range(6))
    first, second = place.start(), place.start()
    place.entries.disable(1)
    place.entries.set_distance(2, 0)
    place.entries.delete(3)
    place.add(6)
    for process in (first, second, place.start()):
        process.tick()
        assert process.found(*range(7)) == [set(), {2}, set(), {4}, {5}, {6}, {7}]
    assert place.manifest().published == 1
    place.entries.enable(1)
    for process in place.processes:
        process.tick()
        assert process.found(0) == [{1}]


def test_a_grown_head_is_written_and_taken_by_all(place: Place) -> None:
    place.add(*range(10))
    first, second = place.start(), place.start()
    place.entries.disable(4)
    place.add(*range(10, HEAD_ROWS + 20))
    place.banks.create("lakes", distance=0)
    place.entries.add("lakes", [entry(0)])
    second.tick()
    before = second.found(0, 3, 9, HEAD_ROWS)
    first.tick()
    second.tick()
    late = place.start()
    wanted = [{1, HEAD_ROWS + 21}, set(), {10}, {HEAD_ROWS + 1}]
    assert before == wanted
    for process in place.processes:
        assert process.found(0, 3, 9, HEAD_ROWS) == wanted
        assert process.matcher.unfiled == 0
        assert len(process.matcher.certificates()) == len(place.manifest().segments)
    assert place.manifest().published == 2
    assert late.matcher.version == place.entries.version()
    listed = {segment.file for segment in place.manifest().segments}
    assert {path.name for path in place.folder.glob("*.segment*")} == listed


def test_many_changed_entries_are_written_anew(place: Place) -> None:
    place.add(*range(HEAD_ROWS + 10))
    first = place.start()
    with place.database.write() as connection:
        connection.execute(
            text("UPDATE counters SET value = value + 1 WHERE name = 'version'"),
        )
        connection.execute(
            text(
                "UPDATE entries SET state = 'disabled',"
                " version = (SELECT value FROM counters WHERE name = 'version') WHERE id > 5"
            )
        )
        connection.execute(
            text(
                "INSERT INTO list_versions (version, token)"
                " SELECT value, 77 FROM counters WHERE name = 'version'"
            )
        )
    first.tick()
    assert place.manifest().published == 2
    assert place.manifest().oldest == place.entries.version()
    second = place.start()
    assert first.found(0, 6) == second.found(0, 6) == [{1}, set()]


def test_an_entry_counts_again_in_a_process_that_started_from_files(place: Place) -> None:
    place.add(0)
    place.entries.disable(1, place.present + timedelta(days=1))
    place.start()
    late = place.start()
    assert late.found(0) == [set()]
    late.present += timedelta(days=2)
    late.tick()
    assert late.found(0) == [{1}]


def test_when_the_keeper_ends_another_process_keeps(place: Place) -> None:
    place.add(0)
    first, second = place.start(), place.start()
    first.files.close()
    second.tick()
    assert second.sync.files.keeper
    place.add(*range(1, HEAD_ROWS + 10))
    second.tick()
    first.tick()
    assert place.manifest().published == 2
    assert first.found(0, HEAD_ROWS) == [{1}, {HEAD_ROWS + 1}]
    assert not first.sync.files.keeper


def test_a_lock_that_somebody_removed_is_taken_anew(place: Place) -> None:
    place.add(0)
    first = place.start()
    shutil.rmtree(place.folder)
    first.tick()
    assert place.manifest().rebuilt == 2
    assert place.manifest().published == 2
    other = place.start()
    assert not other.sync.files.keeper
    assert first.found(0) == other.found(0) == [{1}]


def refusals(logs: Sequence[MutableMapping[str, Any]]) -> list[str]:
    return [str(log["what"]) for log in logs if log["event"] == "the index on disk is refused"]


def test_an_index_ahead_of_the_database_is_made_anew(place: Place) -> None:
    place.add(0)
    before = place.entries.version()
    place.add(1)
    place.start().end()
    place.processes.clear()
    place.go_back(before)
    with capture_logs() as logs:
        late = place.start()
    assert "ahead of the database" in refusals(logs)[0]
    assert late.found(0, 1) == [{1}, set()]
    assert place.manifest().rebuilt == 2


def test_an_index_of_another_course_of_the_same_database_is_made_anew(place: Place) -> None:
    place.add(0, 1)
    before = place.entries.version()
    place.entries.disable(1)
    place.start().end()
    place.processes.clear()
    place.go_back(before)
    place.entries.disable(2)
    place.entries.disable(2)
    with capture_logs() as logs:
        late = place.start()
    assert "backup was restored" in refusals(logs)[0]
    assert late.found(0, 1) == [{1}, set()]


def test_an_index_of_another_database_is_made_anew(place: Place) -> None:
    place.add(0)
    place.start().end()
    place.processes.clear()
    with place.database.write() as connection:
        connection.execute(text("UPDATE counters SET value = 5 WHERE name = 'identity'"))
    with capture_logs() as logs:
        late = place.start()
    assert refusals(logs) == ["it was made from another database"]
    assert late.found(0) == [{1}]
    assert late.sync.files.refused == 1
    assert (place.folder / "manifest.refused").exists()


def test_a_process_beside_a_keeper_of_another_database_uses_memory(place: Place) -> None:
    place.add(0)
    keeper = place.start()
    with place.database.write() as connection:
        connection.execute(text("UPDATE counters SET value = 5 WHERE name = 'identity'"))
    with capture_logs() as logs:
        other = place.start()
        other.tick()
    assert refusals(logs) == ["it was made from another database"]
    assert other.found(0) == [{1}]
    assert not other.sync.files.mapped
    assert keeper.sync.files.mapped
    assert place.manifest().published == 1


def test_damage_that_another_process_finds_makes_the_keeper_begin_anew(place: Place) -> None:
    place.add(*range(5))
    keeper = place.start()
    (segment,) = place.folder.glob("*.segment")
    with segment.open("r+b") as file:
        file.seek(-4096, os.SEEK_END)
        file.write(b"damage")
    other = place.start(tick=False)
    with capture_logs() as logs:
        other.files._pause = lambda _seconds: bool(keeper.tick())  # type: ignore[func-returns-value]
        other.tick()
    assert refusals(logs) == ["it is damaged: a checksum differs"]
    assert other.found(*range(5)) == keeper.found(*range(5)) == [{n} for n in range(1, 6)]
    assert other.sync.files.mapped
    assert place.manifest().rebuilt == 2


def test_a_process_that_may_not_write_still_maps_what_is_there(place: Place) -> None:
    place.add(0)
    place.start().end()
    place.processes.clear()
    lock = place.folder / "keeper.lock"
    lock.unlink()
    lock.mkdir()
    with capture_logs() as logs:
        process = place.start()
        place.add(1)
        process.tick()
    assert process.found(0, 1) == [{1}, {2}]
    assert process.sync.files.mapped
    assert [log["event"] for log in logs] == ["the folder of the index cannot be used"]


def test_who_only_reads_neither_keeps_the_files_nor_waits_for_them(place: Place) -> None:
    place.add(0)
    alone = place.start(tick=False)
    alone.files.may_keep = False
    alone.sync.refresh()
    assert not alone.sync.files.keeper
    assert not place.folder.exists()
    keeper = place.start()
    late = place.start(tick=False)
    late.files.may_keep = False
    late.sync.refresh()
    assert (late.sync.files.mapped, alone.sync.files.mapped) == (True, False)
    assert alone.found(0) == late.found(0) == keeper.found(0) == [{1}]


def test_a_file_where_the_folder_should_be_is_no_error(place: Place) -> None:
    place.add(0)
    place.folder.write_text("in the way")
    with capture_logs() as logs:
        process = place.start()
        process.tick()
    assert process.found(0) == [{1}]
    assert not process.sync.files.mapped
    assert [log["event"] for log in logs] == ["the folder of the index cannot be used"]


def test_a_full_disk_leaves_the_index_in_memory(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.add(*range(5))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with capture_logs() as logs:
        process = place.start()
        other = place.start()
    assert process.found(0) == other.found(0) == [{1}]
    assert [log["event"] for log in logs] == ["the index cannot be written"] * 2
    assert not list(place.folder.glob("*.segment*"))
    monkeypatch.undo()
    process.files._retry_at = 0.0
    process.tick()
    other.tick()
    assert process.sync.files.mapped
    assert other.sync.files.mapped


def test_files_that_cannot_be_mapped_are_not_written_again_and_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.add(0)

    def short_of_memory(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(mmap, "mmap", short_of_memory)
    with capture_logs() as logs:
        process = place.start()
        process.tick()
        process.tick()
    assert [log["event"] for log in logs] == [
        "the index on disk is refused",
        "the index that was written cannot be used",
    ]
    assert process.found(0) == [{1}]
    monkeypatch.undo()
    process.files._retry_at = 0.0
    process.tick()
    assert process.sync.files.mapped


def test_the_threads_do_by_themselves_what_the_steps_do(place: Place) -> None:
    place.add(0)
    process = place.start(tick=False)
    process.sync._refresh_seconds = 0.01
    process.sync.start()
    wait_for(lambda: process.sync.files.mapped)
    place.add(*range(1, HEAD_ROWS + 10))
    wait_for(lambda: process.found(HEAD_ROWS) == [{HEAD_ROWS + 1}])
    wait_for(lambda: place.manifest().published == 2 and process.matcher.unfiled == 0)
    process.sync.stop()
    assert not process.sync.files.keeper


def wait_for(what: Callable[[], bool]) -> None:
    """Wait as long as it takes; the test's own limit ends what never comes."""
    while not what():
        time.sleep(0.005)


class Searcher:
    """A thread that asks the same again and again, and notes every answer that is not right."""

    def __init__(self, process: Process, numbers: range, wanted: list[set[int]]) -> None:
        self.process, self.numbers, self.wanted = process, numbers, wanted
        self.done = threading.Event()
        self.asked = 0
        self.wrong: list[list[set[int]]] = []
        self.thread = threading.Thread(target=self._search)
        self.thread.start()

    def _search(self) -> None:
        while not self.done.is_set():
            self.asked += 1
            found = self.process.found(*self.numbers)
            if found != self.wanted:
                self.wrong.append(found)

    def end(self) -> None:
        self.done.set()
        self.thread.join()


def test_searches_see_no_half_state_while_the_index_is_written_and_taken(place: Place) -> None:
    """What is always listed is always found, what is never listed is never found."""
    place.add(*range(100))
    for number in range(51, 71):
        place.entries.disable(number)
    for number in range(71, 81):
        place.entries.delete(number)
    processes = [place.start() for _ in range(2)]
    wanted: list[set[int]] = [{number + 1} if number < 50 else set() for number in range(80)]
    searchers = [Searcher(process, range(80), wanted) for process in processes]
    for process in processes:
        process.sync._refresh_seconds = 0.01
        process.sync.start()
    for start in range(100, 2 * HEAD_ROWS, 2000):
        place.add(*range(start, start + 2000))
        place.entries.disable(90)
        place.entries.set_distance(91, 3)
        place.entries.enable(90)
    wait_for(lambda: place.manifest().published >= 2)
    wait_for(lambda: all(own.matcher.unfiled <= HEAD_ROWS for own in processes))
    for searcher in searchers:
        searcher.end()
    for process in processes:
        process.sync.stop()
        process.sync.refresh()
        assert process.found(89, 90, 2 * HEAD_ROWS) == [{90}, {91}, {2 * HEAD_ROWS + 1}]
    assert [searcher.wrong for searcher in searchers] == [[], []]
    assert min(searcher.asked for searcher in searchers) > 0

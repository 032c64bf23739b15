"""Seconds from a committed change to its effect in every process, while they answer look-ups.

    python bench/freshness.py [--entries N] [--changes N] [--work FOLDER] [--json]

Two processes share one index on disk and are asked all the time, beside a third that changes the
lists in the database: it adds and disables single entries, and then enough of them that the index
is written anew in the background. Shown as well: seconds from the start of a process to its first
answer, from the database alone and from the files, and the memory of each process.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import text

from machine import Machine, describe
from tutela.detection.index.disk import manifest as manifests
from tutela.detection.index.disk.folder import IndexFolder
from tutela.detection.index.layers import HEAD_ROWS
from tutela.detection.index.matcher import Matcher
from tutela.detection.signals.registry import builtin_kinds
from tutela.lists.sync import IndexSync
from tutela.model import NewEntry, Signal
from tutela.model.record import Record
from tutela.storage.banks import Banks
from tutela.storage.changes import bump_version
from tutela.storage.database import Database
from tutela.storage.entries import Entries

WORKERS = 2
POLL_SECONDS = 0.002
FILL_ROWS = 500_000
REFRESH_SECONDS = 0.25
"""What `tutela serve` sets if it is not told otherwise."""


FILL_ENTRIES = """
    WITH RECURSIVE n(id) AS (SELECT :first UNION ALL SELECT id + 1 FROM n WHERE id < :last)
    INSERT INTO entries
        (id, bank_id, import_id, state, distance, label, category, scheme, source, note)
    SELECT n.id, bank_id, import_id, state, distance, label, category, scheme, source, note
    FROM n JOIN (SELECT * FROM entries WHERE entries.id = 1)
"""
FILL_SIGNALS = """
    WITH RECURSIVE n(id) AS (SELECT :first UNION ALL SELECT id + 1 FROM n WHERE id < :last)
    INSERT INTO entry_signals (entry_id, ordinal, kind, value, part)
    SELECT id, 0, 'pdq', randomblob(32), '' FROM n
"""
DISABLE = "UPDATE entries SET state = 'disabled', version = :version WHERE id <= :last"


class Spread(Record, frozen=True, kw_only=True):
    """Seconds, in order of size."""

    median: float
    p99: float
    worst: float


class Memory(Record, frozen=True, kw_only=True):
    """Megabytes of one process: of the files of the index, and private ones of any kind."""

    shared_files: float
    private_files: float
    private: float


class Start(Record, frozen=True, kw_only=True):
    """Seconds of a new process from opening the database to holding the lists."""

    seconds: float
    processor_seconds: float


class Result(Record, frozen=True, kw_only=True):
    """What was measured.

    Attributes:
        from_database: start of the process that found no files; it wrote them afterwards.
        added, disabled: seconds from the commit until both processes answer accordingly.
        quiet, merging, rewriting: seconds of one look-up of one signal: without anything else,
            while a grown head is written in the background, and while all is written anew because
            6 % of the entries were disabled; `written` and `rewritten` say how long that took.
    """

    machine: Machine
    entries: int
    from_database: Start
    from_files: Start
    index_megabytes: float
    added: Spread
    disabled: Spread
    quiet: Spread
    merging: Spread
    written: float
    rewriting: Spread
    rewritten: float
    memory: Memory


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--entries", type=int, default=1_000_000, help="at least 10000")
    parser.add_argument("--changes", type=int, default=50, help="single changes of each sort")
    parser.add_argument("--work", type=Path, help="folder for the database and the index")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        _work(options.work)
        return
    with tempfile.TemporaryDirectory() as scratch:
        result = measure(options.work or Path(scratch), options.entries, options.changes)
    if options.json:
        sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
    else:
        _print(result)


def measure(work: Path, entries: int, changes: int) -> Result:
    """Fill a database, start the processes, and change the lists beside them."""
    machine = describe()
    database = Database.open(f"sqlite:///{work}/bench.db")
    database.migrate()
    fill(database, entries)
    shutil.rmtree(work / "index", ignore_errors=True)
    first = Worker(work)
    _wait_until(lambda: manifests.read(work / "index") is not None)
    workers = [first, *(Worker(work) for _ in range(WORKERS - 1))]
    lists = Entries(database)
    for worker in workers:
        worker.ask("load")
    known: list[tuple[int, bytes]] = []
    added = [_add(workers, lists, known) for _ in range(changes)]
    disabled = [_disable(workers, lists, known) for _ in range(changes)]
    quiet = [seconds for worker in workers for seconds in worker.ask("latencies")["seconds"]]
    written = _write_anew(work, lists)
    merging = [seconds for worker in workers for seconds in worker.ask("latencies")["seconds"]]
    memory = workers[-1].ask("memory")
    rewritten = _write_all(work, database, entries)
    rewriting = [seconds for worker in workers for seconds in worker.ask("latencies")["seconds"]]
    starts = [msgspec.convert(worker.started, Start) for worker in workers]
    for worker in workers:
        worker.end()
    database.close()
    manifest = manifests.read(work / "index")
    return Result(
        machine=machine,
        entries=entries,
        from_database=starts[0],
        from_files=starts[-1],
        index_megabytes=sum(s.bytes for s in manifest.segments) / 1e6 if manifest else 0.0,
        added=_spread(added),
        disabled=_spread(disabled),
        quiet=_spread(quiet),
        merging=_spread(merging),
        written=written,
        rewriting=_spread(rewriting),
        rewritten=rewritten,
        memory=msgspec.convert(memory, Memory),
    )


def fill(database: Database, entries: int) -> None:
    """A bank with so many random signals, straight into the tables: importing takes longer."""
    if Banks(database).list():
        return
    Banks(database).create("bench", distance=31)
    # One entry in the ordinary way shows how its rows must look.
    Entries(database).add("bench", [_entry(np.zeros(32, np.uint8))])
    for start in range(2, entries + 1, FILL_ROWS):
        some = {"first": start, "last": min(start + FILL_ROWS - 1, entries)}
        with database.write() as connection:
            connection.execute(text(FILL_ENTRIES), some)
            connection.execute(text(FILL_SIGNALS), some)
    with database.write() as connection:
        last = {"last": entries}
        connection.execute(text("UPDATE imports SET last_id = :last"), last)
        connection.execute(text("UPDATE counters SET value = :last WHERE name = 'entry'"), last)
        connection.execute(text("UPDATE banks SET entries = :last"), last)


def _entry(code: np.ndarray) -> NewEntry:
    return NewEntry(signals=(Signal(kind="pdq", value=code.tobytes().hex()),))


def _add(workers: Sequence[Worker], lists: Entries, known: list[tuple[int, bytes]]) -> float:
    """Add one entry, and note it; seconds until every process finds it."""
    code = np.random.default_rng().integers(256, size=32, dtype=np.uint8)
    _watch(workers, code.tobytes(), present=True)
    known.append((lists.add("bench", [_entry(code)]).first_id, code.tobytes()))
    return _effect(workers, time.monotonic())


def _disable(workers: Sequence[Worker], lists: Entries, known: list[tuple[int, bytes]]) -> float:
    """Disable one of those entries; seconds until no process finds it."""
    number, code = known.pop()
    _watch(workers, code, present=False)
    lists.disable(number)
    return _effect(workers, time.monotonic())


def _watch(workers: Sequence[Worker], code: bytes, *, present: bool) -> None:
    # Not in step with the looks at the database.
    time.sleep(float(np.random.default_rng().random()) * REFRESH_SECONDS)
    for worker in workers:
        worker.say("watch", value=code.hex(), present=present)


def _effect(workers: Sequence[Worker], committed: float) -> float:
    return max(float(worker.hear()["at"]) for worker in workers) - committed


def _write_anew(work: Path, lists: Entries) -> float:
    """Add more than a head holds; seconds until the index has been written."""
    before = manifests.read(work / "index")
    codes = np.random.default_rng().integers(256, size=(HEAD_ROWS + 1000, 32), dtype=np.uint8)
    lists.add("bench", [_entry(code) for code in codes])
    begun = time.monotonic()
    _wait_until(lambda: manifests.read(work / "index") != before)
    return time.monotonic() - begun


def _write_all(work: Path, database: Database, entries: int) -> float:
    """Disable 6 % of the entries at once; seconds until the whole index has been written anew."""
    before = manifests.read(work / "index")
    with database.write() as connection:
        last = max(entries * 6 // 100, HEAD_ROWS + 1000)
        changed = {"version": bump_version(connection), "last": last}
        connection.execute(text(DISABLE), changed)
    begun = time.monotonic()
    _wait_until(lambda: manifests.read(work / "index") != before)
    return time.monotonic() - begun


def _wait_until(what: Callable[[], bool]) -> None:
    while not what():
        time.sleep(0.01)


class Worker:
    """One process that holds the index, asked by lines of JSON."""

    def __init__(self, work: Path) -> None:
        command = [sys.executable, __file__, "--worker", "--work", str(work)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.started = self.hear()

    def say(self, task: str, **more: object) -> None:
        """Give it a task."""
        assert self._process.stdin  # noqa: S101 - tells mypy of the pipe
        self._process.stdin.write(json.dumps({"task": task, **more}) + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """Wait for its next answer."""
        assert self._process.stdout  # noqa: S101 - likewise
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def ask(self, task: str) -> dict[str, Any]:
        """Give it a task and wait for the answer."""
        self.say(task)
        return self.hear()

    def end(self) -> None:
        """End it."""
        self._process.communicate()


def _work(work: Path) -> None:
    """Be a worker."""
    matcher = Matcher(builtin_kinds())
    matcher.warm()
    begun, used = time.monotonic(), time.process_time()
    database = Database.open(f"sqlite:///{work}/bench.db")
    folder = IndexFolder(work / "index", matcher.part_classes)
    sync = IndexSync(database, matcher, REFRESH_SECONDS, folder=folder)
    sync.start()
    _tell(seconds=time.monotonic() - begun, processor_seconds=time.process_time() - used)
    load = _Load(matcher)
    for line in sys.stdin:
        task = json.loads(line)
        if task["task"] == "load":
            load.start()
            _tell()
        elif task["task"] == "latencies":
            _tell(seconds=load.taken())
        elif task["task"] == "memory":
            _wait_until(lambda: _is_newest(work, sync))
            _tell(**_memory())
        else:
            asked = [Signal(kind="pdq", value=task["value"])]
            while bool(matcher.match(asked)) != task["present"]:
                time.sleep(POLL_SECONDS)
            _tell(at=time.monotonic())
    load.stop()
    sync.stop()
    database.close()


def _is_newest(work: Path, sync: IndexSync) -> bool:
    """Whether the process maps what was written last."""
    manifest = manifests.read(work / "index")
    return manifest is not None and manifest.published_at == sync.files.published_at


def _tell(**answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


class _Load:
    """A thread that looks signals up without a pause, and how long each took."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._seconds: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def taken(self) -> list[float]:
        """The seconds since this was last asked."""
        seconds, self._seconds = self._seconds, []
        return seconds

    def stop(self) -> None:
        self._ended.set()

    def _run(self) -> None:
        rng = np.random.default_rng()
        while not self._ended.is_set():
            asked = [Signal(kind="pdq", value=rng.bytes(32).hex())]
            begun = time.perf_counter()
            self._matcher.match(asked)
            self._seconds.append(time.perf_counter() - begun)
            time.sleep(0.0005)


def _memory() -> dict[str, float]:
    """Megabytes of this process, from what the kernel says of each mapping."""
    found = {"shared_files": 0.0, "private_files": 0.0, "private": 0.0}
    filed = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        name, _, rest = line.partition(" ")
        if not name.endswith(":"):
            filed = line.endswith(".segment")
        elif name.startswith(("Shared_", "Private_")) and rest.strip().endswith("kB"):
            size = int(rest.split()[0]) / 1024
            if name.startswith("Private_"):
                found["private"] += size
            if filed:
                found["shared_files" if name.startswith("Shared_") else "private_files"] += size
    return found


def _spread(seconds: Sequence[float]) -> Spread:
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return Spread(median=statistics.median(ordered), p99=p99, worst=ordered[-1])


def _print(result: Result) -> None:
    print(result.machine.heading())
    print(
        f"{result.entries:,} entries, {WORKERS} processes, index {result.index_megabytes:,.0f} MB"
    )
    print(f"\n{'seconds':<34}{'median':>10}{'99 %':>10}{'worst':>10}")
    for name, spread in (
        ("an added entry counts everywhere", result.added),
        ("a disabled entry counts no more", result.disabled),
    ):
        print(f"{name:<34}{spread.median:>10.3f}{spread.p99:>10.3f}{spread.worst:>10.3f}")
    print(f"\n{'milliseconds of a look-up':<34}{'median':>10}{'99 %':>10}{'worst':>10}")
    for name, spread in (
        ("quiet", result.quiet),
        ("while additions are written", result.merging),
        ("while all is written anew", result.rewriting),
    ):
        cells = (spread.median, spread.p99, spread.worst)
        print(f"{name:<34}" + "".join(f"{1000 * cell:>10.3f}" for cell in cells))
    for name, start in (
        ("the database", result.from_database),
        ("the files", result.from_files),
    ):
        print(
            f"\nstart from {name}: {start.seconds:.2f} s ({start.processor_seconds:.2f} s of "
            "processor time)"
        )
    memory = result.memory
    print(
        f"\nwriting {HEAD_ROWS + 1000:,} additions: {result.written:.2f} s; writing all anew after"
        f" 6 % were disabled: {result.rewritten:.2f} s"
        f"\na process maps {memory.shared_files + memory.private_files:,.0f} MB of files, of which"
        f" {memory.shared_files:,.0f} MB are shared; {memory.private:,.0f} MB are its own in all"
    )


if __name__ == "__main__":
    main()

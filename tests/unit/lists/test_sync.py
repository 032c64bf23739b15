from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import sqlalchemy.exc
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import event, text

from tutela.detection.index.certificate import IndexDefect
from tutela.detection.index.matcher import Matcher
from tutela.detection.signals.registry import builtin_kinds
from tutela.errors import Conflict, InvalidInput, NotFound, Unavailable
from tutela.lists.sync import IndexSync
from tutela.model import NewEntry, Signal
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries

# Codes that are 0, 4, 8 ... bits apart from the first, so that distances of banks matter.
CODES = [bytes([0xFF] * (n // 2) + [0x0F] * (n % 2) + [0] * 32)[:32] for n in range(10)]
MD5 = [bytes([n + 1] * 16) for n in range(3)]
QUERIES = [Signal(kind="pdq", value=code.hex()) for code in CODES] + [
    Signal(kind="md5", value=code.hex()) for code in MD5
]
BANK_NAMES = ("hills", "lakes", "seas")

Found = set[tuple[int, int, int, int]]


def listed(database: Database, present: datetime) -> Found:
    """What must match, by brute force: (query, entry, bank, distance)."""
    with database.read() as connection:
        rows = connection.execute(
            text(
                "SELECT s.kind, s.value, e.id, b.id, COALESCE(e.distance, b.distance), e.state,"
                " e.disabled_until"
                " FROM entry_signals s JOIN entries e ON e.id = s.entry_id"
                " JOIN banks b ON b.id = e.bank_id JOIN imports i ON i.id = e.import_id"
                " WHERE b.enabled AND b.name IS NOT NULL AND i.version IS NOT NULL"
                " AND e.state IN ('enabled', 'disabled')"
            )
        ).all()
    now = int(present.timestamp() * 1_000_000)
    best: dict[tuple[int, int, int], int] = {}
    for kind, value, entry_id, bank_id, reach, state, until in rows:
        if state == "disabled" and (until is None or until > now):
            continue
        for number, query in enumerate(QUERIES):
            if query.kind != kind:
                continue
            apart = _bits_apart(bytes.fromhex(query.value), bytes(value))
            if apart <= (reach if kind == "pdq" else 0):
                key = (number, entry_id, bank_id)
                best[key] = min(apart, best.get(key, apart))
    return {(*key, distance) for key, distance in best.items()}


def matched(matcher: Matcher) -> Found:
    hits = matcher.match(QUERIES, limit=10_000)
    return {(hit.signal, hit.entry_id, hit.bank_id, hit.distance) for hit in hits}


def _bits_apart(one: bytes, other: bytes) -> int:
    both = np.frombuffer(one, np.uint8) ^ np.frombuffer(other, np.uint8)
    return int(np.bitwise_count(both).sum())


def new_entry(*signals: tuple[str, bytes]) -> NewEntry:
    return NewEntry(signals=tuple(Signal(kind=kind, value=code.hex()) for kind, code in signals))


@dataclass
class World:
    """Two writers, one index that follows them, and a clock that is set by hand."""

    writers: list[Database]
    present: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.matcher = Matcher(builtin_kinds())
        self.sync = IndexSync(self.writers[0], self.matcher, 0.01, clock=lambda: self.present)

    def act(self, writer: int, action: str, number: int, values: list[int]) -> None:
        database = self.writers[writer]
        banks, entries = Banks(database), Entries(database)
        name, other = BANK_NAMES[number % 3], BANK_NAMES[(number + 1) % 3]
        actions: dict[str, Callable[[], Any]] = {
            "create": lambda: banks.create(name, distance=3 * (values or [10])[0]),
            "switch": lambda: banks.change(name, enabled=len(values) % 2 == 0),
            "reach": lambda: banks.change(name, distance=sum(values) % 32),
            "rename": lambda: banks.change(name, new_name=other),
            "drop": lambda: banks.delete(name),
            "add": lambda: entries.add(name, self._entries(values)),
            "disable": lambda: entries.disable(number),
            "pause": lambda: entries.disable(number, self.present + timedelta(days=1)),
            "enable": lambda: entries.enable(number),
            "near": lambda: entries.set_distance(number, values[0] if values else None),
            "delete": lambda: entries.delete(number),
            "wait": self._wait,
            "check": self.check,
        }
        with suppress(NotFound, Conflict, InvalidInput):  # then nothing has changed
            actions[action]()

    def _entries(self, values: list[int]) -> list[NewEntry]:
        pairs = [("pdq", CODES[value]) for value in values]
        whole = [new_entry(*pairs)] if pairs else []
        near = replace(new_entry(("pdq", CODES[0])), distance=len(values))
        return [*(new_entry(pair) for pair in pairs), *whole, new_entry(("md5", MD5[0])), near]

    def _wait(self) -> None:
        self.present += timedelta(hours=13)

    def check(self) -> None:
        self.sync.refresh()
        assert matched(self.matcher) == listed(self.writers[1], self.present)
        assert self.matcher.version == Entries(self.writers[1]).version()


ACTIONS = (
    ["check"] * 6
    + ["disable", "pause", "enable", "delete", "wait", "near"] * 2
    + ["create", "add", "switch", "reach", "rename", "drop"]
)
STEPS = st.tuples(
    st.integers(0, 1),
    st.sampled_from(ACTIONS),
    st.integers(1, 9),
    st.lists(st.integers(0, len(CODES) - 1), max_size=4),
)


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.generate],  # each example fills a database: making it smaller takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=10, max_size=40))
def test_the_index_equals_the_lists_whatever_two_writers_do(
    new_database_url: Callable[[], str], steps: list[tuple[int, str, int, list[int]]]
) -> None:
    url = new_database_url()
    world = World([Database.open(url) for _ in range(2)])
    try:
        for number in range(3):
            world.act(0, "create", number, [])
            world.act(1, "add", number, [number])
        world.check()
        assert matched(world.matcher)
        for step in steps:
            world.act(*step)
        world.check()
        late = World(world.writers, world.present)
        late.check()
    finally:
        for database in world.writers:
            database.close()


@pytest.fixture
def world(database: Database, database_url: str) -> Iterator[World]:
    other = Database.open(database_url)
    world = World([database, other])
    Banks(database).create("hills")
    yield world
    world.sync.stop()
    other.close()


def wait_for(what: Callable[[], bool]) -> None:
    """Wait as long as it takes; the test's own limit ends what never comes."""
    while not what():
        time.sleep(0.005)


def test_before_the_first_look_it_is_not_ready(world: World) -> None:
    before = (world.sync.ready, world.sync.age_seconds)
    world.sync.start()
    assert before == (False, float("inf"))
    assert world.sync.ready
    assert world.sync.age_seconds < float("inf")


def test_what_another_process_adds_and_takes_back_is_followed(world: World) -> None:
    world.sync.start()
    others = Entries(world.writers[1])
    others.add("hills", [new_entry(("pdq", CODES[0]))])
    wait_for(lambda: bool(matched(world.matcher)))
    others.disable(1)
    wait_for(lambda: not matched(world.matcher))
    others.enable(1)
    wait_for(lambda: bool(matched(world.matcher)))
    others.delete(1)
    wait_for(lambda: not matched(world.matcher))


def test_an_entry_counts_again_by_itself(world: World) -> None:
    entries = Entries(world.writers[1])
    entries.add("hills", [new_entry(("pdq", CODES[0]))])
    entries.disable(1, world.present + timedelta(days=1))
    world.sync.start()
    assert not matched(world.matcher)
    world.present += timedelta(days=2)
    wait_for(lambda: bool(matched(world.matcher)))


def test_it_may_load_in_the_background(world: World) -> None:
    Entries(world.writers[1]).add("hills", [new_entry(("pdq", CODES[0]))])
    world.sync.start(wait=False)
    wait_for(lambda: world.sync.ready)
    assert matched(world.matcher)


def test_after_stopping_it_follows_no_more(world: World) -> None:
    world.sync.start()
    world.sync.stop()
    assert not any(thread.is_alive() for thread in world.sync._threads)
    Entries(world.writers[1]).add("hills", [new_entry(("pdq", CODES[0]))])
    time.sleep(0.05)
    assert not matched(world.matcher)


def test_it_ages_while_the_database_is_down_and_then_catches_up(world: World) -> None:
    down = threading.Event()

    def fail(*_: object) -> None:
        if down.is_set():
            raise sqlalchemy.exc.OperationalError("", None, OSError("down"))

    event.listen(world.writers[0].engine, "begin", fail)
    Entries(world.writers[1]).add("hills", [new_entry(("pdq", CODES[0]))])
    world.sync.start()
    down.set()
    Entries(world.writers[1]).add("hills", [new_entry(("pdq", CODES[0]))])
    with pytest.raises(Unavailable):
        world.sync.refresh()
    wait_for(lambda: world.sync.age_seconds > 0.1)
    assert world.sync.ready
    assert len({hit[1] for hit in matched(world.matcher)}) == 1
    down.clear()
    wait_for(lambda: len({hit[1] for hit in matched(world.matcher)}) == 2)


class FailingMatcher(Matcher):
    """Takes in half of a change, then fails, as a defect index would."""

    failing = False

    def remove(self, entry_ids: Sequence[int]) -> None:
        if self.failing:
            self.failing = False
            raise IndexDefect("missed a planted entry")
        super().remove(entry_ids)


def test_a_change_that_failed_midway_is_made_good(world: World) -> None:
    world.matcher = FailingMatcher(builtin_kinds())
    world.sync = IndexSync(world.writers[0], world.matcher, clock=lambda: world.present)
    world.check()
    entries = Entries(world.writers[1])
    entries.add("hills", [new_entry(("pdq", CODES[0])), new_entry(("md5", MD5[0]))])
    world.check()
    entries.add("hills", [new_entry(("pdq", CODES[1]))])
    entries.delete(1)
    world.matcher.failing = True
    with pytest.raises(IndexDefect):
        world.sync.refresh()
    world.check()
    assert world.matcher.sizes()["pdq"] == 1


def test_lists_that_went_back_in_time_are_loaded_anew(world: World) -> None:
    """As when the database was restored from a backup."""
    Entries(world.writers[1]).add("hills", [new_entry(("pdq", CODES[0]), ("md5", MD5[0]))])
    world.check()
    with world.writers[1].write() as connection:
        connection.execute(text("DELETE FROM entry_signals"))
        connection.execute(text("DELETE FROM entries"))
        connection.execute(text("UPDATE counters SET value = 1 WHERE name = 'version'"))
    world.check()
    assert matched(world.matcher) == set()


def test_lists_that_took_another_course_are_loaded_anew(world: World) -> None:
    """As when a backup was restored and then changed as often as what it replaced."""
    others = Entries(world.writers[1])
    others.add("hills", [new_entry(("pdq", CODES[0])), new_entry(("pdq", CODES[9]))])
    before = others.version()
    others.disable(1)
    world.check()
    with world.writers[1].write() as connection:
        connection.execute(text("UPDATE entries SET state = 'enabled', version = NULL"))
        kept = {"kept": before}
        connection.execute(text("UPDATE counters SET value = :kept WHERE name = 'version'"), kept)
        connection.execute(text("DELETE FROM list_versions WHERE version > :kept"), kept)
    others.disable(2)
    others.disable(2)
    world.check()
    assert {hit[1] for hit in matched(world.matcher)} == {1}


def test_kinds_that_are_not_installed_are_left_out(world: World) -> None:
    world.check()
    Entries(world.writers[1]).add("hills", [new_entry(("strange", b"abc"), ("md5", MD5[0]))])
    world.check()
    late = World(world.writers)
    late.check()
    assert late.matcher.sizes()["md5"] == 1


def test_what_stopped_processes_left_is_tidied_up(world: World) -> None:
    with world.writers[1].write() as connection:
        connection.execute(
            text(
                "INSERT INTO imports (bank_id, abandoned, started_at, touched_at)"
                " VALUES (1, false, 0, 0)"
            )
        )
    world.sync.start()

    def tidied() -> bool:
        with world.writers[1].read() as connection:
            return connection.scalars(text("SELECT 1 FROM imports")).all() == []

    wait_for(tidied)

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from numpy.typing import NDArray

from tutela.detection.index.certificate import IndexDefect
from tutela.detection.index.exact import SortedPart
from tutela.detection.index.hamming import ScanPart, TablePart
from tutela.detection.index.layers import LayeredIndex
from tutela.detection.index.plan import make_plan
from tutela.detection.index.rows import SortedRows
from tutela.detection.index.shapes import Found, Question, Rows
from tutela.errors import InvalidInput

PLAN = make_plan(100_000, 256, 31, 64)
assert PLAN


def tables(rows: SortedRows) -> TablePart:
    assert PLAN
    return TablePart(rows, PLAN, 31)


def scanned(rows: SortedRows) -> ScanPart:
    return ScanPart(rows, 31)


Octets = NDArray[np.uint8]
Row = tuple[Octets, int, int]


class Model:
    """The index in plain Python: rows in a list, each search looks at all of them."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.disabled: set[int] = set()

    def search(self, signal: Octets, reach: list[int]) -> list[tuple[int, int, int]]:
        found = []
        for code, key, group in self.rows:
            apart = int(np.bitwise_count(code ^ signal).sum())
            if key not in self.disabled and group < len(reach) and apart <= reach[group]:
                found.append((apart, key, group))
        return sorted(found)


class AnyOrder(RuleBasedStateMachine):
    """Every operation in any order, beside the model; merges run in the background meanwhile."""

    seal: Callable[[SortedRows], Any]
    exact = False

    def __init__(self) -> None:
        super().__init__()
        self.index = LayeredIndex("pdq", 256, type(self).seal, head_rows=8)
        self.model = Model()
        self.next_key = 0
        self.rng = np.random.default_rng(0)

    @rule(seed=st.integers(0, 2**32))
    def seed(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def _rows(self, count: int) -> tuple[Octets, NDArray[np.int64], NDArray[np.int32]]:
        """New rows: some stand alone, some repeat or almost repeat known ones; keys repeat too."""
        codes = self.rng.integers(256, size=(count, 32), dtype=np.uint8)
        for number in range(count):
            if self.model.rows and self.rng.random() < 0.7:
                known = self.model.rows[self.rng.integers(len(self.model.rows))][0]
                codes[number] = self._edited(known, int(self.rng.choice([0, 0, 1, 10, 31])))
        keys = self.next_key + self.rng.integers(max(1, count), size=count)
        self.next_key += count
        return codes, keys, self.rng.integers(3, size=count).astype(np.int32)

    def _edited(self, code: Octets, flips: int) -> Octets:
        bits = np.unpackbits(code)
        bits[self.rng.choice(256, flips, replace=False)] ^= 1
        return np.packbits(bits)

    @rule(count=st.sampled_from([0, 1, 3, 8, 9, 40]))
    def add(self, count: int) -> None:
        rows = self._rows(count)
        self.index.add(*rows)
        self.model.rows += list(zip(rows[0], rows[1].tolist(), rows[2].tolist(), strict=True))

    @rule(count=st.sampled_from([0, 1, 30]))
    def load(self, count: int) -> None:
        rows = self._rows(count)
        self.index.load(*rows)
        self.model = Model()
        self.model.rows = list(zip(rows[0], rows[1].tolist(), rows[2].tolist(), strict=True))

    def _some_keys(self, share: float) -> list[int]:
        return [key for key in range(self.next_key + 2) if self.rng.random() < share]

    @rule(share=st.sampled_from([0.02, 0.5, 1.0]), enabled=st.booleans())
    def switch(self, share: float, enabled: bool) -> None:  # noqa: FBT001
        keys = self._some_keys(share)
        self.index.set_enabled(keys, enabled)
        held = {key for _, key, _ in self.model.rows}
        self.model.disabled = (
            self.model.disabled - set(keys) if enabled else self.model.disabled | held & set(keys)
        )

    @rule(share=st.sampled_from([0.02, 0.3, 1.0]))
    def remove(self, share: float) -> None:
        keys = set(self._some_keys(share))
        self.index.remove(list(keys))
        self.model.rows = [row for row in self.model.rows if row[1] not in keys]
        self.model.disabled -= keys

    @rule(share=st.sampled_from([0.02, 0.5]), group=st.integers(0, 4))
    def regroup(self, share: float, group: int) -> None:
        keys = set(self._some_keys(share))
        self.index.regroup(list(keys), lambda groups: np.full_like(groups, group))
        self.model.rows = [
            (code, key, group if key in keys else own) for code, key, own in self.model.rows
        ]

    @rule(whole=st.booleans())
    def file(self, whole: bool) -> None:  # noqa: FBT001
        """As when the rows are written to files, and the files take their place."""
        self.index.settle()
        snapshot = self.index.snapshot()
        parts = self.index.compact(snapshot, whole=whole)
        assert len(parts) <= (1 if whole else 2)
        self.index.hold([sealed._replace(file="some") for sealed in parts])
        assert self.index.unfiled == 0

    @rule()
    def settle(self) -> None:
        self.index.settle()
        assert len(self.index._state.sealed) <= 6

    @precondition(lambda self: self.model.rows)
    @rule(flips=st.sampled_from([0, 1, 20, 31, 40]), reach=st.lists(st.integers(-1, 31)))
    def search(self, flips: int, reach: list[int]) -> None:
        if self.exact:
            reach = [min(0, distance) for distance in reach]
        known = self.model.rows[self.rng.integers(len(self.model.rows))][0]
        signals = np.array([self._edited(known, flips), known])
        found = self.index.search(signals, np.array(reach, np.int16), limit=1000)
        rows = list(found.rows())
        for number, signal in enumerate(signals):
            wanted = self.model.search(signal, reach)
            assert sorted(row[1:] for row in rows if row[0] == number) == wanted
            assert found.totals[number] == len(wanted)
        assert [row[:3] for row in rows] == sorted(row[:3] for row in rows)

    @invariant()
    def size(self) -> None:
        assert len(self.index) == len(self.model.rows)

    def teardown(self) -> None:
        self.index.settle()
        assert self.index._failure is None


class ByTables(AnyOrder):
    seal = staticmethod(tables)


class ByScan(AnyOrder):
    seal = staticmethod(scanned)


class ByDirectory(AnyOrder):
    seal = staticmethod(SortedPart)
    exact = True


def steps(examples: int) -> settings:
    return settings(max_examples=examples, stateful_step_count=30, deadline=None)


TestByTables = ByTables.TestCase
TestByTables.settings = steps(20)
TestByScan = ByScan.TestCase
TestByScan.settings = steps(40)
TestByDirectory = ByDirectory.TestCase
TestByDirectory.settings = steps(40)


REACH = np.array([31], np.int16)


def test_what_was_added_before_a_search_began_is_found_while_writers_write() -> None:
    rng = np.random.default_rng(7)
    codes = rng.integers(256, size=(6000, 32), dtype=np.uint8)
    index = LayeredIndex("pdq", 256, scanned, head_rows=64)
    added, disabled, done = [0], [0], threading.Event()
    missed: list[int] = []

    def read() -> None:
        own = np.random.default_rng(threading.get_ident())
        while not done.is_set():
            # Read in this order: disabled first may only grow, added first may only be short.
            high = added[0]
            numbers = own.integers(max(1, high), size=20)
            keys = set(index.search(codes[numbers], REACH, 10).keys.tolist())
            low = disabled[0]
            missed.extend(n for n in numbers.tolist() if low <= n < high and n not in keys)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for start in range(0, len(codes), 30):
        keys = np.arange(start, start + 30)
        index.add(codes[start : start + 30], keys, np.zeros(30, np.int32))
        added[0] = start + 30
        if start % 300 == 0:
            # Announced before it is done, so that a reader never expects what is being disabled.
            disabled[0] = start // 2
            index.set_enabled(range(start // 2), enabled=False)
    done.set()
    for reader in readers:
        reader.join()
    index.settle()
    assert not missed
    found = index.search(codes, REACH, 1)
    assert set(found.keys.tolist()) == set(range(5700 // 2, 6000))


def test_a_row_disabled_while_it_is_being_merged_stays_disabled() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(rows: SortedRows) -> ScanPart:
        if threading.current_thread().name == "index-merge":
            begun.set()
            go_on.wait(60)
        return scanned(rows)

    codes = np.random.default_rng(1).integers(256, size=(40, 32), dtype=np.uint8)
    index = LayeredIndex("pdq", 256, slowly, head_rows=8)
    index.add(codes[:30], np.arange(30), np.zeros(30, np.int32))
    index.add(codes[30:34], np.arange(30, 34), np.zeros(4, np.int32))
    index.add(codes[34:], np.arange(34, 40), np.zeros(6, np.int32))
    assert begun.wait(60)
    index.set_enabled([0, 39], enabled=False)
    index.remove([1])
    index.add(codes[:1], np.array([99]), np.zeros(1, np.int32))
    go_on.set()
    index.settle()
    found = index.search(codes, REACH, 10)
    assert sorted(found.keys.tolist()) == [*range(2, 39), 99]
    index.set_enabled([0], enabled=True)
    assert sorted(index.search(codes[:1], REACH, 10).keys.tolist()) == [0, 99]
    assert len(index) == 40


def test_a_load_during_a_merge_wins() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(rows: SortedRows) -> ScanPart:
        if threading.current_thread().name == "index-merge":
            begun.set()
            go_on.wait(60)
        return scanned(rows)

    codes = np.random.default_rng(2).integers(256, size=(10, 32), dtype=np.uint8)
    index = LayeredIndex("pdq", 256, slowly, head_rows=4)
    for row in range(8):
        index.add(codes[row : row + 1], np.array([row]), np.zeros(1, np.int32))
    assert begun.wait(60)
    index.load(codes[9:], np.array([9]), np.zeros(1, np.int32))
    go_on.set()
    index.settle()
    assert index.search(codes, REACH, 10).keys.tolist() == [9]
    assert len(index) == 1


def test_removed_rows_are_swept_out_in_the_end() -> None:
    codes = np.random.default_rng(3).integers(256, size=(1000, 32), dtype=np.uint8)
    index = LayeredIndex("pdq", 256, scanned, head_rows=16)
    index.load(codes, np.arange(1000), np.zeros(1000, np.int32))
    index.remove(range(500))
    index.settle()
    assert index._state.rows == len(index) == 500
    assert sorted(index.search(codes, REACH, 5).keys.tolist()) == list(range(500, 1000))


class Blind(ScanPart):
    """A mutant that finds nothing."""

    def search(self, question: Question, rows: Rows | None = None) -> Found:
        return super().search(question._replace(reach=question.reach[:0]), rows)


def test_a_part_that_fails_its_certificate_is_never_used() -> None:
    codes = np.random.default_rng(4).integers(256, size=(30, 32), dtype=np.uint8)
    keys, groups = np.arange(30), np.zeros(30, np.int32)
    index = LayeredIndex("pdq", 256, lambda rows: Blind(rows, 31), head_rows=8)
    with pytest.raises(IndexDefect):
        index.load(codes, keys, groups)
    assert len(index) == 0
    # Eight go into the head, the ninth starts a merge that fails in the background.
    for row in range(9):
        index.add(codes[row : row + 1], keys[row : row + 1], groups[:1])
    index.settle()
    with pytest.raises(IndexDefect):
        index.add(codes[9:10], keys[9:10], groups[:1])
    found = index.search(codes, REACH, 5)
    assert sorted(found.keys.tolist()) == list(range(10))
    assert index.certificates == ()
    index.settle()


@pytest.mark.parametrize(
    ("shape", "keys"), [((3, 31), 3), ((3, 32), 2), ((96,), 3)], ids=["short", "few", "flat"]
)
def test_columns_that_do_not_fit_are_refused(shape: tuple[int, ...], keys: int) -> None:
    index = LayeredIndex("pdq", 256, scanned)
    columns = np.zeros(shape, np.uint8), np.zeros(keys, np.int64), np.zeros(keys, np.int32)
    for method in (index.add, index.load):
        with pytest.raises(InvalidInput):
            method(*columns)


def test_an_empty_index_finds_nothing() -> None:
    index = LayeredIndex("pdq", 256, scanned)
    found = index.search(np.zeros((2, 32), np.uint8), REACH, 10)
    assert found.totals.tolist() == [0, 0]
    assert list(found.rows()) == []


def test_the_limit_cuts_the_parts_together() -> None:
    """A far row of one part must not stand where another part had to leave out a closer one."""
    near = np.zeros((10, 32), np.uint8)
    near[:, 0] = [0, 1, 1, 3, 3, 7, 7, 7, 15, 15]
    far = np.zeros((3, 32), np.uint8)
    far[:, :2] = 255
    index = LayeredIndex("pdq", 256, scanned)
    index.load(near, np.arange(10), np.zeros(10, np.int32))
    index.add(far, np.arange(10, 13), np.zeros(3, np.int32))
    found = index.search(near[:1], REACH, limit=4)
    assert found.distances.tolist() == [0, 1, 1, 2]
    assert found.totals.tolist() == [13]


def test_only_groups_that_rows_have_say_how_far_to_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bank lists a reach for every distance that an entry may have; most are never used."""
    asked: list[int] = []
    plain = ScanPart.search

    def noted(part: ScanPart, question: Question, rows: Rows | None = None) -> Found:
        if len(question.reach) > 1:  # not by a certificate
            asked.append(question.radius)
        return plain(part, question, rows)

    monkeypatch.setattr(ScanPart, "search", noted)
    index = LayeredIndex("pdq", 256, scanned, head_rows=8)
    codes = np.random.default_rng(3).integers(256, size=(20, 32), dtype=np.uint8)
    reach = np.array([31, 64, 40, 7], np.int16)
    index.load(codes, np.arange(20), np.zeros(20, np.int32))
    index.search(codes[:1], reach, 1)
    index.add(codes[:1], np.array([20]), np.array([~3], np.int32))  # disabled, and of less reach
    index.search(codes[:1], reach, 1)
    index.regroup([4], lambda groups: groups + np.int32(2))
    index.search(codes[:1], reach, 1)
    index.remove([4])
    index.search(codes[:1], reach[:2], 1)
    index.load(codes[:9], np.arange(9), np.full(9, 3, np.int32))
    index.search(codes[:1], reach, 1)
    assert asked == [31, 31, 40, 31, 7]

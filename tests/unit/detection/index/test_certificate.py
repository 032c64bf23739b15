from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tutela.detection.index import kernels
from tutela.detection.index.certificate import IndexDefect, certify, digest
from tutela.detection.index.exact import SortedPart
from tutela.detection.index.hamming import ScanPart, TablePart
from tutela.detection.index.layers import Part
from tutela.detection.index.plan import make_plan
from tutela.detection.index.rows import Batch, SortedRows, sort_rows, to_words
from tutela.detection.index.shapes import Found, Question, Rows

ROWS = 20_000
PLAN = make_plan(ROWS, 256, 31, 64)
assert PLAN


def uniform(count: int = ROWS, words: int = 4) -> SortedRows:
    codes = np.random.default_rng(11).integers(1 << 64, size=(count, words), dtype=np.uint64)
    return sort_rows(Batch(codes, np.arange(count), np.zeros(count, np.int32)))[0]


def tables() -> TablePart:
    assert PLAN
    # A copy, because some tests damage it.
    return TablePart(uniform(), PLAN._replace(thresholds=PLAN.thresholds.copy()), 31)


def test_a_sound_part_is_certified() -> None:
    certificate = certify(tables(), "pdq", bits=256, seed=1)
    assert certificate.kernel == "tables"
    assert certificate.rows == certificate.codes == ROWS
    assert certificate.radius == 31
    assert certificate.samples == 8
    # One canary for each bucket that a search asks for, and eight for each distance.
    assert PLAN
    assert certificate.canaries == PLAN.rooms[31] + 8 * 32
    widths = [int(pair.split("/")[0]) for pair in certificate.parameters.split()]
    assert tuple(widths) == PLAN.widths


@pytest.mark.parametrize("words", [1, 2, 4, 8])
def test_every_kind_of_part_is_certified(words: int) -> None:
    bits = words * 64
    for part in (ScanPart(uniform(500, words), bits // 8), SortedPart(uniform(500, words))):
        assert certify(part, "some", bits=bits).canaries >= 8
    plan = make_plan(100_000, bits, min(31, bits // 8), 64)
    assert plan
    by_tables = TablePart(uniform(3000, words), plan, min(31, bits // 8))
    assert certify(by_tables, "some", bits=bits).canaries > plan.rooms[min(31, bits // 8)]


def test_crowded_parts_are_certified() -> None:
    """Every code lies within the radius of every other, so canaries stand in long queues."""
    bits = np.random.default_rng(3).random((5000, 256)) < 0.03
    codes = np.packbits(bits, axis=1).view(np.uint64)
    rows = sort_rows(Batch(codes, np.arange(5000), np.zeros(5000, np.int32)))[0]
    assert PLAN
    certify(TablePart(rows, PLAN, 31), "pdq", bits=256)
    certify(ScanPart(rows, 31), "pdq", bits=256)


def test_an_empty_part_is_certified() -> None:
    for part in (ScanPart(uniform(0), 31), SortedPart(uniform(0, 2))):
        certificate = certify(part, "pdq", bits=256)
        assert certificate.canaries == certificate.samples == 0
        assert certificate.digest == digest(uniform(0))


def test_disabled_rows_are_tried_too() -> None:
    part = ScanPart(uniform(100), 31)
    part.sorted.rows.groups[:] = -1
    assert certify(part, "pdq", bits=256).canaries == 256


def test_the_digest_is_of_the_sorted_set() -> None:
    codes = np.array([[5, 0], [3, 1], [3, 1]], np.uint64)
    keys = np.array([7, 9, 8])
    rows = sort_rows(Batch(codes, keys, np.zeros(3, np.int32)))[0]
    wanted = hashlib.sha256(
        np.array([3, 1, 5, 0], np.uint64).tobytes()
        + np.array([0, 2, 3], np.uint32).tobytes()
        + np.array([8, 9, 7]).tobytes()
    )
    assert digest(rows) == wanted.hexdigest()


def lower_a_threshold(part: TablePart) -> None:
    part._probing[31].thresholds[3] -= 1


def leave_out_a_table(part: TablePart) -> None:
    part._probing[31].thresholds[5] = -1


def forget_a_mask(part: TablePart) -> None:
    """One of the buckets that one table is asked for is asked for twice, another not at all."""
    layout = part.tables.layout
    threshold = part._probing[31].thresholds[2]
    part.tables.masks[layout[2, kernels.MASKS + threshold] + 4] = 0


def lessen_what_a_mask_leaves(part: TablePart) -> None:
    """Of the 64 buckets of one word, those farthest from the query are not asked for."""
    layout, threshold = part.tables.layout, part._probing[31].thresholds[2]
    part.tables.masks[layout[2, kernels.MASKS + threshold]] -= np.uint32(1 << 28)


def forget_who_shares_a_bucket(part: TablePart) -> None:
    """Buckets that hold several codes lose the last of them."""
    for head in part.tables.heads[part.tables.heads >> 31 == 1] & 0x7FFFFFFF:
        part.tables.spill[head] -= 1


def forget_a_neighbour(part: TablePart) -> None:
    """The bucket that differs in the lowest bit alone is taken for farther than it is."""
    lows = np.arange(64, dtype=np.uint64)
    part.tables.near[1] &= ~(np.uint64(1) << (lows ^ np.uint64(1)))


def empty_a_stretch_of_buckets(part: TablePart) -> None:
    middle = len(part.tables.bitmap) // 2
    part.tables.bitmap[middle : middle + 2000] = 0


def shift_a_rank(part: TablePart) -> None:
    # Downwards: upwards the last one would point past the end of the heads.
    part.tables.ranks[len(part.tables.ranks) // 3 :] -= 1


def swap_codes(part: TablePart) -> None:
    part.tables.heads[1000:3000] = part.tables.heads[1000:3000][::-1].copy()


DEFECTS: list[Callable[[TablePart], None]] = [
    lower_a_threshold,
    leave_out_a_table,
    forget_a_mask,
    lessen_what_a_mask_leaves,
    forget_who_shares_a_bucket,
    forget_a_neighbour,
    empty_a_stretch_of_buckets,
    shift_a_rank,
    swap_codes,
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("break_it", DEFECTS, ids=lambda defect: defect.__name__)
def test_damaged_tables_are_refused(break_it: Callable[[TablePart], None], seed: int) -> None:
    part = tables()
    # What the canaries are made for is what a sound part would say.
    sound = part.substrings
    break_it(part)

    class Damaged(TablePart):
        substrings = sound

    part.__class__ = Damaged
    with pytest.raises(IndexDefect, match="index of pdq"):
        certify(part, "pdq", bits=256, seed=seed)


class Mutant(ScanPart):
    """A scan with something wrong in its answers."""

    def __init__(self, rows: SortedRows, change: Callable[[Found], Found]) -> None:
        super().__init__(rows, 31)
        self._change = change

    def search(self, question: Question, rows: Rows | None = None) -> Found:
        return self._change(super().search(question, rows))


def farther(found: Found) -> Found:
    return found._replace(hits=found.hits + (np.uint64(1) << np.uint64(32)))


def nothing(found: Found) -> Found:
    return Found(found.hits[:0], found.ends * 0, found.totals * 0)


def one_more(found: Found) -> Found:
    """A row that does not match: only the comparison with brute force can see it."""
    hits = np.append(found.hits, found.hits.dtype.type(31 << 32 | 4))
    ends: NDArray[Any] = found.ends.copy()
    ends[-1] += 1
    return Found(hits, ends, found.totals)


@pytest.mark.parametrize("change", [farther, nothing, one_more])
def test_wrong_answers_are_refused(change: Callable[[Found], Found]) -> None:
    with pytest.raises(IndexDefect):
        certify(Mutant(uniform(500), change), "pdq", bits=256)


def test_an_exact_part_with_a_wrong_directory_is_refused() -> None:
    part = SortedPart(uniform(500, 2))
    part._directory[100:300] = part._directory[100]
    with pytest.raises(IndexDefect, match="index of md5"):
        certify(part, "md5", bits=128)


MAKERS: dict[str, Callable[[SortedRows], Part]] = {
    "scan": lambda rows: ScanPart(rows, 31),
    "tables": lambda rows: TablePart(rows, PLAN, 31),  # type: ignore[arg-type]
    "directory": SortedPart,
}


def some_rows() -> SortedRows:
    """Two thousand rows: some codes are shared, some keys have several codes."""
    rng = np.random.default_rng(5)
    codes = rng.integers(256, size=(2000, 32), dtype=np.uint8)
    codes[::3] = codes[rng.integers(2000, size=len(codes[::3]))]
    keys = rng.integers(1500, size=2000)
    return sort_rows(Batch(to_words(codes), keys, rng.integers(3, size=2000).astype(np.int32)))[0]


@pytest.mark.parametrize("kernel", MAKERS)
def test_a_part_restored_from_what_it_is_made_of_answers_as_it_did(kernel: str) -> None:
    part = MAKERS[kernel](some_rows())
    form = json.loads(json.dumps(dict(part.form)))
    rows = SortedRows.restored({name: array.copy() for name, array in part.sorted.arrays.items()})
    other = type(part).restored(
        rows, {name: array.copy() for name, array in part.arrays.items()}, form
    )
    near = part.sorted.rows.codes[::5] ^ np.uint64(1 << 40)
    queries = np.concatenate([part.sorted.rows.codes[::5], near])
    for radius in (0, part.radius, 64):
        question = Question(queries, radius, np.full(3, radius, np.int16), 20)
        for got, wanted in zip(other.search(question), part.search(question), strict=True):
            assert np.array_equal(got, wanted)
    assert (other.kernel, other.parameters, other.substrings, other.radius, other.nbytes) == (
        kernel,
        part.parameters,
        part.substrings,
        part.radius,
        part.nbytes,
    )
    wanted_keys = np.arange(0, 1500, 7)
    assert np.array_equal(rows.of_keys(wanted_keys), part.sorted.of_keys(wanted_keys))


@pytest.mark.parametrize("kernel", MAKERS)
def test_what_a_part_is_made_of_can_lie_in_a_file(kernel: str) -> None:
    part = MAKERS[kernel](some_rows())
    for array in (*part.arrays.values(), *part.sorted.arrays.values()):
        assert array.flags.c_contiguous
        assert array.dtype.kind in "iu"
    assert not part.arrays.keys() & part.sorted.arrays.keys()

"""Every sealed part is made of named arrays and a little JSON, and of nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from tutela.detection.index.exact import SortedPart
from tutela.detection.index.hamming import ScanPart, TablePart
from tutela.detection.index.layers import Part
from tutela.detection.index.plan import make_plan
from tutela.detection.index.rows import Batch, SortedRows, sort_rows, to_words
from tutela.detection.index.shapes import Question

PLAN = make_plan(100_000, 256, 31, 64)
assert PLAN

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

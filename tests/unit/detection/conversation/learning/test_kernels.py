from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tutela.detection.conversation.learning import kernels, twins

Points = NDArray[np.uint32]

LETTERS = st.sampled_from(list("ab '?!.\t\u00a0\u2003\u3000é漢\U0001f600\ud800"))
TEXTS = st.one_of(st.text(max_size=60), st.text(LETTERS, max_size=60))


def points_of(text: str, *more: str) -> Points:
    raw = [
        np.frombuffer(each.encode("utf-32-le", "surrogatepass"), np.uint32)
        for each in (text, *more)
    ]
    parted = [raw[0]]
    for each in raw[1:]:
        parted += [np.array([kernels.BREAK], np.uint32), each]
    return np.concatenate(parted)


@settings(deadline=None)
@given(text=TEXTS, more=TEXTS)
def test_buckets_are_those_of_the_twin(text: str, more: str) -> None:
    points = points_of(text, more)
    assert kernels.buckets(points).tolist() == twins.buckets(points).tolist()


@settings(deadline=None)
@given(text=TEXTS)
def test_weight_is_that_of_the_twin(text: str) -> None:
    weights = np.random.default_rng(7).normal(size=kernels.SIZE).astype(np.float32)
    points = points_of(text)
    assert kernels.weigh(points, weights) == twins.weigh(points, weights)


@pytest.mark.parametrize("space", [chr(point) for point in range(0x3001) if chr(point).isspace()])
def test_each_white_space_parts_words(space: str) -> None:
    apart = kernels.buckets(points_of(f"aa{space}bb"))
    assert apart.tolist() == kernels.buckets(points_of("aa bb")).tolist()


def test_a_word_is_the_same_with_and_without_its_mark() -> None:
    bare, asked = (set(kernels.buckets(points_of(text)).tolist()) for text in ("old", "old?"))
    assert bare & asked  # " o", " ol", " old", "ol", "old" and the word itself
    assert len(bare - asked) == len({"d ", "ld ", "old "})


def test_no_pair_of_words_reaches_over_a_break() -> None:
    together = set(kernels.buckets(points_of("aa bb")).tolist())
    parted = set(kernels.buckets(points_of("aa", "bb")).tolist())
    assert parted < together
    assert len(together - parted) == 1


def test_repeating_adds_nothing() -> None:
    once, often = points_of("ab ab"), points_of("ab " * 500)
    assert kernels.buckets(once).tolist() == kernels.buckets(often).tolist()


def test_a_message_of_a_megabyte_has_at_most_as_many_n_grams_as_there_are_buckets() -> None:
    numbers = np.random.default_rng(1).integers(97, 60_000, 1_000_000).astype(np.uint32)
    found = kernels.buckets(numbers)
    assert found.size == np.unique(found).size <= kernels.SIZE


def test_an_empty_message_has_none() -> None:
    assert kernels.buckets(points_of("")).size == 0
    assert kernels.weigh(points_of("  "), np.ones(kernels.SIZE, np.float32)) == (0.0, 0)

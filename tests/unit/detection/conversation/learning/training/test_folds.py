from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.learning.training.folds import connected, dealt

AUTHORS = st.lists(st.frozensets(st.sampled_from("abcdefgh"), max_size=3), max_size=12)


@given(authors=AUTHORS)
def test_groups_are_what_can_be_reached_over_common_authors(authors: list[frozenset[str]]) -> None:
    for start in range(len(authors)):
        reached, known = {start}, set(authors[start])
        while more := {
            place for place, names in enumerate(authors) if names & known and place not in reached
        }:
            reached |= more
            known |= {name for place in more for name in authors[place]}
        assert connected(authors)[start] == min(reached)


@given(
    groups=st.lists(st.integers(0, 9), min_size=1, max_size=40),
    folds=st.integers(2, 5),
    seed=st.integers(0, 3),
)
def test_no_group_is_torn_apart_and_the_seed_decides(
    groups: list[int], folds: int, seed: int
) -> None:
    labels = np.array([group % 3 == 0 for group in groups])
    found = dealt(np.array(groups), labels, folds, seed)
    assert len(set(zip(groups, found.tolist(), strict=True))) == len(set(groups))
    assert found.tolist() == dealt(np.array(groups), labels, folds, seed).tolist()
    assert set(found.tolist()) <= set(range(folds))


@given(
    positive=st.integers(2, 9),
    harmless=st.integers(2, 9),
    sizes=st.lists(st.integers(1, 6), min_size=18, max_size=18),
    mixed=st.sampled_from([0, 7]),
    seed=st.integers(0, 3),
)
def test_what_is_left_without_a_fold_has_both_labels(
    positive: int, harmless: int, sizes: list[int], mixed: int, seed: int
) -> None:
    groups = np.repeat(np.arange(positive + harmless), sizes[: positive + harmless])
    labels = groups < positive
    # Harmless conversations of people who also wrote in positive ones.
    groups = np.concatenate([groups, np.zeros(mixed, np.int64)])
    labels = np.concatenate([labels, np.zeros(mixed, np.bool_)])
    folds = min(5, positive, harmless)
    found = dealt(groups, labels, folds, seed)
    for fold in range(folds):
        assert set(labels[found != fold].tolist()) == {True, False}


def test_positives_are_spread_evenly() -> None:
    groups, labels = np.arange(100), np.arange(100) < 20
    found = dealt(groups, labels, 5, 1)
    assert np.bincount(found[labels]).tolist() == [4] * 5
    assert np.bincount(found).tolist() == [20] * 5

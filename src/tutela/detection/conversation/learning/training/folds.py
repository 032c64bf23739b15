"""Which conversations belong together: those with a common author, however far apart.

A model that has seen somebody write knows them again by their habits. So conversations that are
connected by authors are dealt into one fold as a whole; what a fold's model is measured on was
written by nobody whom it has read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


def connected(authors: Iterable[Iterable[str]]) -> NDArray[np.int64]:
    """The group of each conversation, (n,): the place of the first one connected with it.

    Args:
        authors: of each conversation, the ids of those who wrote in it.
    """
    parents: list[int] = []
    first_of: dict[str, int] = {}

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = place = parents[parents[place]]
        return place

    for place, names in enumerate(authors):
        parents.append(place)
        for name in names:
            one, other = root(first_of.setdefault(name, place)), root(place)
            parents[max(one, other)] = min(one, other)
    return np.array([root(place) for place in range(len(parents))], np.int64)


def dealt(
    groups: NDArray[np.int64], labels: NDArray[np.bool_], folds: int, seed: int
) -> NDArray[np.int64]:
    """The fold of each conversation, (n,): groups as wholes, positives spread evenly.

    The groups with most positives are dealt first, each to the fold that has fewest of them; then
    the others, each to the fold with fewest harmless conversations. So where there are as many
    groups of either kind as folds, no fold is without one of them. Which of equal groups comes
    first is drawn by the seed.
    """
    names, members = np.unique(groups, return_inverse=True)
    positives = np.bincount(members, labels, minlength=names.size)
    harmless = np.bincount(members, ~labels, minlength=names.size)
    drawn = np.random.default_rng(seed).permutation(names.size)
    order = np.lexsort((drawn, -harmless, -positives))
    filled: list[list[float]] = [[0.0, 0.0] for _ in range(folds)]
    fold_of = np.empty(names.size, np.int64)
    for group in order.tolist():
        fold = _emptiest(filled, positive=bool(positives[group]))
        filled[fold][0] += float(positives[group])
        filled[fold][1] += float(harmless[group])
        fold_of[group] = fold
    found: NDArray[np.int64] = fold_of[members]
    return found


def _emptiest(filled: Sequence[Sequence[float]], *, positive: bool) -> int:
    by = 0 if positive else 1
    return min(range(len(filled)), key=lambda fold: (filled[fold][by], filled[fold][1], fold))

"""Conversations that hang together, and halves that no group is torn between.

Two conversations belong to one group where they share an author, an id, or their whole text; the
groups are the connected components. A split by conversation would let a rater recognise people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from tutela.detection.conversation.evaluation.measures import Flags, Whole
from tutela.model.conversation.message import Labelled

_SHORTEST_TEXT = 40
"""Characters from which the same text is no coincidence."""


class Groups:
    """Finds the connected components of conversations that are told one after the other."""

    def __init__(self) -> None:
        self._above: list[int] = []
        self._of_key: dict[bytes, int] = {}

    def add(self, labelled: Labelled) -> None:
        """Take in the next conversation."""
        mine = len(self._above)
        self._above.append(mine)
        for key in _keys(labelled):
            other = self._of_key.setdefault(key, mine)
            self._join(mine, other)

    def numbers(self) -> Whole:
        """The group of each conversation: numbered from 0 by its first."""
        tops = np.array([self._top(one) for one in range(len(self._above))], dtype=np.int64)
        _, numbers = np.unique(tops, return_inverse=True)
        return numbers.astype(np.int64)

    def _join(self, left: int, right: int) -> None:
        one, other = self._top(left), self._top(right)
        # The earlier one stays on top, so that the numbers do not depend on the order of keys.
        self._above[max(one, other)] = min(one, other)

    def _top(self, one: int) -> int:
        while (above := self._above[one]) != one:
            self._above[one] = self._above[above]
            one = above
        return one


def _keys(labelled: Labelled) -> Iterator[bytes]:
    talk = labelled.conversation
    yield _key("c", talk.id)
    authors = {message.author for message in talk.messages}
    authors |= {person.id for person in talk.participants}
    for author in authors - {""}:
        yield _key("a", author)
    text = " ".join(" ".join(message.text.casefold().split()) for message in talk.messages)
    if len(text) >= _SHORTEST_TEXT:
        yield _key("t", text)


def _key(kind: str, text: str) -> bytes:
    return hashlib.blake2b(f"{kind}{text}".encode("utf-8", "replace"), digest_size=16).digest()


def halves(groups: Whole, truth: Flags, seed: int) -> Flags:
    """Split conversations in two halves, each group whole, positives and others evenly.

    Args:
        groups: group of each conversation.
        truth: label of each.
        seed: the same gives the same halves.

    Returns:
        Whether each conversation is in the half that is measured; the other half chooses.
    """
    count = int(groups.max(initial=-1)) + 1
    positives = np.bincount(groups, weights=truth, minlength=count)
    sizes = np.bincount(groups, minlength=count)
    chance = np.random.default_rng(seed).permutation(count)
    order = np.lexsort((chance, -sizes, -positives))
    measured = np.zeros(count, dtype=np.bool_)
    filled = np.zeros((2, 2))
    for group in order:
        has = np.array((positives[group], sizes[group] - positives[group]))
        # What the group has most need of decides: positives where it holds any.
        column = 0 if positives[group] else 1
        side = int(filled[1, column] <= filled[0, column])
        measured[group] = bool(side)
        filled[side] += has
    return measured[groups]

"""Conversations that hang together, and halves that no group is torn between.

Two conversations belong to one group where they share an author, an id, their whole text, or
nearly all of it; the groups are the connected components. A split by conversation would let a
rater recognise people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from tutela.detection.conversation.evaluation.measures import Flags, Whole
from tutela.detection.text.near import PLACES, Signature, Signer
from tutela.model.conversation.message import Labelled

ALIKE: Final = 0.8
"""Share of runs of characters in common from which two conversations are nearly the same."""

_SHORTEST_TEXT: Final = 40
"""Characters from which the same text is no coincidence."""
_SHORTEST_NEAR: Final = 200
_ROWS: Final = 8


class Halves(NamedTuple):
    """Which conversations choose thresholds and train baselines, and which are measured."""

    choosing: Flags
    measuring: Flags


class Groups:
    """Finds the connected components of conversations that are told one after the other."""

    def __init__(self) -> None:
        self._above: list[int] = []
        self._of_key: dict[bytes, int] = {}
        self._near = _Near()

    def add(self, labelled: Labelled) -> None:
        """Take in the next conversation."""
        mine = len(self._above)
        self._above.append(mine)
        text = _text(labelled)
        for key in _keys(labelled, text):
            other = self._of_key.setdefault(key, mine)
            self._join(mine, other)
        # The generator's few lines recur in all that it makes.
        if not labelled.synthetic:
            for other in self._near.like(mine, text):
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


class _Near:
    """Finds conversations whose texts are nearly the same, by MinHash in bands."""

    def __init__(self) -> None:
        self._signer = Signer()
        self._signatures: dict[int, Signature] = {}
        self._of_band: dict[int, int] = {}

    def like(self, mine: int, text: str) -> Iterator[int]:
        """Earlier conversations that are nearly the same."""
        signature = self._signer.signature(text) if len(text) >= _SHORTEST_NEAR else None
        if signature is None:
            return
        self._signatures[mine] = signature
        for start in range(0, PLACES, _ROWS):
            band = hash((start, signature[start : start + _ROWS].tobytes()))
            other = self._of_band.setdefault(band, mine)
            if other != mine and (self._signatures[other] == signature).mean() >= ALIKE:
                yield other


def _text(labelled: Labelled) -> str:
    messages = labelled.conversation.messages
    return " ".join(" ".join(message.text.casefold().split()) for message in messages)


def _keys(labelled: Labelled, text: str) -> Iterator[bytes]:
    talk = labelled.conversation
    yield _key("c", talk.id)
    authors = {message.author for message in talk.messages}
    authors |= {person.id for person in talk.participants}
    for author in authors - {""}:
        yield _key("a", author)
    if len(text) >= _SHORTEST_TEXT:
        yield _key("t", text)


def _key(kind: str, text: str) -> bytes:
    return hashlib.blake2b(f"{kind}{text}".encode("utf-8", "replace"), digest_size=16).digest()


def held_out(groups: Whole, measuring: Flags) -> Halves:
    """What is measured was chosen by hand: no group of it may take part in choosing."""
    return Halves(~np.isin(groups, groups[measuring]), measuring)


def halves(groups: Whole, truth: Flags, seed: int) -> Halves:
    """Split conversations in two halves, each group whole, positives and others evenly.

    Args:
        groups: group of each conversation.
        truth: label of each.
        seed: the same gives the same halves.
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
    return Halves(~measured[groups], measured[groups])

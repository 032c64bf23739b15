"""Hashed n-grams of one message, step by step: the specification of the kernels.

What is hashed is what scikit-learn's `HashingVectorizer` calls `char_wb` (2, 4) and `word` (1, 2),
with rules of our own that need no regular expression:

- Words are what white space parts.
- Characters: all runs of 2, 3 and 4 characters of a word that has one space on either side.
- Words and pairs of words: without ASCII's punctuation at their ends, so that `old?` is `old`; a
  word that is punctuation only does not count. No pair reaches over `BREAK`.

Each n-gram is hashed code point by code point with 64-bit FNV-1a (Fowler, Noll, Vo), mixed with its
kind, and cut to 18 bits. A message has an n-gram or has it not: repeating it adds nothing, so that
neither a long message nor a repeated word can shout.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tutela.detection.conversation.learning.kernels import BREAK, SIZE

Points = NDArray[np.uint32]
Buckets = NDArray[np.int32]
Weights = NDArray[np.float32]

_SPACE = 32
_WHOLE = (1 << 64) - 1
_OFFSET = 0xCBF29CE484222325
_PRIME = 0x100000001B3
_MIX = 0xFF51AFD7ED558CCD
_LETTERS, _ALONE, _PAIR = 1, 2, 3
_MARKS = frozenset(map(ord, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"))
_PARTING = frozenset(point for point in range(0x10FFFF) if chr(point).isspace()) | {BREAK}


def buckets(points: Points) -> Buckets:
    """Buckets of the distinct n-grams of code points (n,), in the order of their first sight."""
    return np.array(list(dict.fromkeys(_all_of(points.tolist()))), np.int32)


def weigh(points: Points, weights: Weights) -> tuple[float, int]:
    """The sum of the weights (SIZE,) of the distinct n-grams of code points (n,), and their count.

    The sum is made in double precision, one by one.
    """
    found = buckets(points)
    total = 0.0
    for weight in weights[found].tolist():
        total += weight
    return total, found.size


def _all_of(points: list[int]) -> Iterator[int]:
    before = 0
    for word in _words(points):
        if word == [BREAK]:
            before = 0
            continue
        yield from (_finish(_hash(run), _LETTERS) for run in _runs(word))
        bare = _trimmed(word)
        if not bare:
            continue
        hashed = _hash(bare)
        yield _finish(hashed, _ALONE)
        if before:
            yield _finish(before * _PRIME & _WHOLE ^ hashed, _PAIR)
        before = hashed


def _words(points: list[int]) -> Iterator[list[int]]:
    """What white space parts, and each `BREAK` as a word of its own."""
    word: list[int] = []
    for point in [*points, _SPACE]:
        if point not in _PARTING:
            word.append(point)
            continue
        if word:
            yield word
        if point == BREAK:
            yield [BREAK]
        word = []


def _runs(word: list[int]) -> Iterator[list[int]]:
    padded = [_SPACE, *word, _SPACE]
    for first in range(len(padded)):
        yield from (padded[first : first + n] for n in (2, 3, 4) if first + n <= len(padded))


def _trimmed(word: list[int]) -> list[int]:
    while word and word[0] in _MARKS:
        word = word[1:]
    while word and word[-1] in _MARKS:
        word = word[:-1]
    return word


def _hash(points: list[int]) -> int:
    state = _OFFSET
    for point in points:
        state = (state ^ point) * _PRIME & _WHOLE
    return state


def _finish(state: int, kind: int) -> int:
    mixed = state ^ kind * _PRIME
    mixed = (mixed ^ mixed >> 32) * _MIX & _WHOLE
    return (mixed ^ mixed >> 29) & (SIZE - 1)

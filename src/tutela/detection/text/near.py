"""Texts that are nearly the same: what one account sends to many, or many accounts show.

MinHash (Broder 1997) of the overlapping runs of five characters of a normalised text. Two
signatures agree in about as many places as the two texts share of their runs. Nothing of a text can
be read back from its signature.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

RUN = 5
"""Characters in a run."""

PLACES = 64
"""Places of a signature."""

SHORTEST = 12
"""Letters and digits that a text has at least: many write `hi how are you`."""

LONGEST = 10_000
"""Characters that are looked at."""

ALIKE = 0.7
"""Share of runs in common from which two texts are nearly the same."""

_OPENERS, _OPENER_ROWS = 4, 3
_BANDS, _ROWS = 16, 4
_SAFE = np.uint64(2**53 - 1)
_BUCKET = 8
_ACCOUNTS = 10_000

Signature = NDArray[np.uint32]


class Signer:
    """Makes signatures. Those of two signers can be compared where their seeds are the same.

    Args:
        seed: draws the hash functions; whoever does not know it cannot make texts that collide.
    """

    def __init__(self, seed: int = 1) -> None:
        drawn = np.random.default_rng(seed)
        bounds = np.iinfo(np.uint64).max
        self._factors = drawn.integers(0, bounds, PLACES, np.uint64) | np.uint64(1)
        self._summands = drawn.integers(0, bounds, PLACES, np.uint64)
        self._weights = drawn.integers(0, bounds, RUN, np.uint64) | np.uint64(1)

    def signature(self, text: str) -> Signature | None:
        """The signature of a normalised text, shape (PLACES,); None where it is too short."""
        return self._smallest(text, PLACES)

    def bands(self, text: str) -> tuple[int, ...]:
        """Four numbers (0 to 2^53) of a normalised text: nearly the same texts share one.

        Of texts that share half of their runs two in five do so, of those that share four fifths
        nineteen in twenty, of those that share a tenth one in 250. Empty where it is too short.
        """
        signature = self._smallest(text, _OPENERS * _OPENER_ROWS)
        if signature is None:
            return ()
        return tuple(_folded(signature.reshape(_OPENERS, _OPENER_ROWS)).tolist())

    def _smallest(self, text: str, places: int) -> Signature | None:
        kept = "".join(filter(str.isalnum, text[:LONGEST]))
        if len(kept) < SHORTEST:
            return None
        points = np.frombuffer(kept.encode("utf-32-le", "surrogatepass"), np.uint32)
        runs = np.lib.stride_tricks.sliding_window_view(points.astype(np.uint64), RUN)
        mixed = np.unique(_mixed((runs * self._weights).sum(axis=1, dtype=np.uint64)))
        hashed = mixed * self._factors[:places, None] + self._summands[:places, None]
        smallest: Signature = (hashed.min(axis=1) >> np.uint64(32)).astype(np.uint32)
        return smallest


class Repeats:
    """Counts the accounts that show nearly the same text, in bounded memory.

    Args:
        signer: makes the signatures.
        most: so many different texts are remembered, those that came last.
    """

    def __init__(self, signer: Signer, most: int = 10_000) -> None:
        self._signer = signer
        self._most = most
        self._texts: OrderedDict[int, tuple[Signature, set[bytes]]] = OrderedDict()
        self._buckets: defaultdict[tuple[int, int], deque[int]] = defaultdict(
            lambda: deque(maxlen=_BUCKET)
        )
        self._next = 0

    def add(self, account: str, text: str) -> int:
        """Take in a normalised text of an account; how many accounts show it, with this one.

        0 where the text is too short to say.
        """
        signature = self._signer.signature(text)
        if signature is None:
            return 0
        bands = list(enumerate(_folded(signature.reshape(_BANDS, _ROWS)).tolist()))
        known = self._nearest(signature, bands)
        accounts = self._remember(signature, bands) if known is None else self._texts[known][1]
        if len(accounts) < _ACCOUNTS:
            accounts.add(blake2b(account.encode("utf-8", "surrogatepass"), digest_size=8).digest())
        return len(accounts)

    def _nearest(self, signature: Signature, bands: list[tuple[int, int]]) -> int | None:
        near = {one for band in bands for one in self._buckets.get(band, ()) if one in self._texts}
        shares = {one: float(np.mean(self._texts[one][0] == signature)) for one in sorted(near)}
        best = max(shares, key=shares.__getitem__, default=None)
        if best is None or shares[best] < ALIKE:
            return None
        self._texts.move_to_end(best)
        return best

    def _remember(self, signature: Signature, bands: list[tuple[int, int]]) -> set[bytes]:
        accounts: set[bytes] = set()
        self._texts[self._next] = (signature, accounts)
        for band in bands:
            self._buckets[band].append(self._next)
        self._next += 1
        if len(self._texts) > self._most:
            self._forget(self._texts.popitem(last=False))
        return accounts

    def _forget(self, gone: tuple[int, tuple[Signature, set[bytes]]]) -> None:
        key, (signature, _) = gone
        for band in enumerate(_folded(signature.reshape(_BANDS, _ROWS)).tolist()):
            bucket = self._buckets.get(band)
            if bucket is not None and key in bucket:
                bucket.remove(key)
            if not bucket:
                self._buckets.pop(band, None)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each value stirred (the finaliser of SplitMix64), so that near values lie far apart."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _folded(rows: Signature) -> NDArray[np.uint64]:
    """Each row of a signature as one number, safe in JSON."""
    folded = np.zeros(len(rows), np.uint64)
    for column in rows.T:
        folded = _mixed(folded * np.uint64(31) + column)
    return folded & _SAFE

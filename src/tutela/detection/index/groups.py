"""Numbers for the pairs of a bank and a distance of an entry's own, as the indexes hold them.

Each bank has a slot of `SLOT` numbers, one for each own distance, so that an entry may get another
distance at any time without a search in flight meeting a number that it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tutela.detection.index.shapes import Groups, Integers, Reach
from tutela.errors import InvalidInput
from tutela.model.record import Record

NOT_SEARCHED = -1

BANKS_DISTANCE = -1
"""Stands for the distance of an entry that follows its bank; it has the first number of a slot."""

MOST_DISTANCE = 64
SLOT = MOST_DISTANCE + 2

Distances = NDArray[np.int16]


class BankState(Record, frozen=True, kw_only=True):
    """What matching must know of a bank; see `tutela.model.Bank`."""

    id: int
    name: str
    distance: int = 31
    enabled: bool = True
    trusted: bool = False
    allow: bool = False
    drill: bool = False
    exchange: str | None = None


class Reaches(NamedTuple):
    """How far each group matches: arrays of one item per group.

    Attributes:
        near: greatest distance of perceptual kinds; `NOT_SEARCHED` where the bank takes no part.
        exact: the same of exact kinds.
        owners: int64, (slots,): bank ids.
    """

    near: Reach
    exact: Reach
    owners: Integers


class BankSlots:
    """Gives each bank a slot at its first sight, which it keeps. Writers take turns."""

    def __init__(self, bank_ids: Iterable[int] = ()) -> None:
        self._slots = {bank_id: slot for slot, bank_id in enumerate(bank_ids)}

    @property
    def bank_ids(self) -> tuple[int, ...]:
        """The banks in the order of their slots."""
        return tuple(self._slots)

    def slot(self, bank_id: int) -> int:
        """The slot of a bank."""
        return self._slots.setdefault(bank_id, len(self._slots))

    def groups(self, bank_ids: Integers, distances: Distances | None) -> Groups:
        """The group of each of n pairs; all follow their banks where there are no distances.

        Raises:
            InvalidInput: a distance is greater than `MOST_DISTANCE`.
        """
        known, places = np.unique(bank_ids, return_inverse=True)
        firsts = np.array([self.slot(bank_id) * SLOT for bank_id in known.tolist()], np.int32)
        groups: Groups = firsts[places]
        if distances is not None:
            _check(int(distances.max(initial=0)))
            groups += np.maximum(distances, BANKS_DISTANCE).astype(np.int32) + 1
        return groups

    def reaches(self, banks: Mapping[int, BankState]) -> Reaches:
        """How far every group matches while the banks are in these states."""
        near = np.full((len(self._slots), SLOT), NOT_SEARCHED, np.int16)
        exact = near.copy()
        for bank_id, slot in self._slots.items():
            bank = banks.get(bank_id)
            if bank is not None and bank.enabled:
                near[slot, 0], near[slot, 1:], exact[slot] = bank.distance, np.arange(SLOT - 1), 0
        owners = np.array(self.bank_ids, np.int64)
        return Reaches(near.reshape(-1), exact.reshape(-1), owners)


def with_distance(groups: Groups, distance: int | None) -> Groups:
    """The groups of the same banks with another own distance; raises `InvalidInput`."""
    own = BANKS_DISTANCE if distance is None else distance
    _check(own)
    return groups - groups % np.int32(SLOT) + np.int32(own + 1)


def _check(distance: int) -> None:
    if distance > MOST_DISTANCE:
        raise InvalidInput(
            f"an entry's own distance is at most {MOST_DISTANCE} bits", where="distance"
        )

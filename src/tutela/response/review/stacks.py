"""Stacks: the contents of a case that look alike, so that one look decides about all of them.

Each stack is a star: everything in it is equal to its representative, or differs from it in few
bits. It is not a chain, in which each would be like the next and the last unlike the first. What
is like no representative stands alone: it is never decided unseen with others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tutela.model.record import Record
from tutela.model.review.standing import CaseContent
from tutela.storage.cases import Cases
from tutela.storage.review.together.likeness import NEAR


class Stack(Record, frozen=True, kw_only=True):
    """Contents that are like the first of them.

    Attributes:
        contents: the representative, then what is like it, in their order.
    """

    contents: tuple[CaseContent, ...]

    @property
    def first(self) -> CaseContent:
        """The one that stands for all of them."""
        return self.contents[0]

    @property
    def size(self) -> int:
        """How many contents there are in it."""
        return len(self.contents)


def stacks(contents: Iterable[CaseContent]) -> list[Stack]:
    """Group contents, in the order in which each stack's representative comes.

    The first content represents the first stack. Each further one joins the oldest stack whose
    representative it equals; else the nearest one within 31 bits, of equally near ones the oldest;
    else it represents a new stack.
    """
    grouped: list[list[CaseContent]] = []
    marks: dict[str, int] = {}
    prints: list[tuple[int, int]] = []
    for one in contents:
        own = int(one.pdq, 16) if one.pdq else None
        place = marks.get(one.mark)
        if place is None and own is not None:
            place = _nearest(own, prints)
        if place is None:
            marks[one.mark] = place = len(grouped)
            grouped.append([])
            if own is not None:
                prints.append((own, place))
        grouped[place].append(one)
    return [Stack(contents=tuple(some)) for some in grouped]


def different(cases: Cases, case_id: str) -> int:
    """How many contents of a case look different. Blocks; raises `NotFound`."""
    return len(stacks(cases.contents(case_id)))


def _nearest(own: int, prints: Sequence[tuple[int, int]]) -> int | None:
    """The stack whose representative's fingerprint is nearest, if one is near at all."""
    best, place = NEAR + 1, None
    for other, at in prints:
        bits = (own ^ other).bit_count()
        if bits < best:
            best, place = bits, at
    return place

"""What a condition needs of the facts, as alternatives, each a box of domains.

A list of boxes says: the facts lie in one of them, or the condition is false. It may say less than
the condition does, never more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeAlias

from tutela.policy.engine.domain import Domain

MOST = 16
"""Alternatives that are told apart; more are drawn together."""

SIZE = "size()"
"""Last part of the path that stands for the length of a list."""

Path: TypeAlias = tuple[str, ...]
"""Names from a fact, or from the variable of a loop, down to a field."""


@dataclass(frozen=True, slots=True)
class Some:
    """At least one item of a list lies in a box, whose paths begin with `item`."""

    over: Path
    item: str
    box: Box


@dataclass(frozen=True, slots=True)
class Each:
    """Every item of a list lies in one of some boxes, whose paths begin with `item`."""

    over: Path
    item: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """Everything in it must be so at once.

    Attributes:
        tests: domains of single facts, by path.
        some, each: what must be so of the items of lists.
    """

    tests: dict[Path, Domain] = field(default_factory=dict)
    some: tuple[Some, ...] = ()
    each: tuple[Each, ...] = ()

    @property
    def free(self) -> bool:
        """Whether it holds everything."""
        return not (self.tests or self.some or self.each)


Boxes: TypeAlias = tuple[Box, ...]

ANYTHING: Boxes = (Box(),)
NOTHING: Boxes = ()


def both(one: Boxes, other: Boxes) -> Boxes:
    """What lies in one of these and in one of those."""
    if len(one) * len(other) > MOST:
        one, other = (drawn_together(boxes) for boxes in (one, other))
    met = (meet(a, b) for a in one for b in other)
    return tuple(box for box in met if box is not None)


def either(one: Boxes, other: Boxes) -> Boxes:
    """What lies in one of all these."""
    boxes = (*one, *other)
    if any(box.free for box in boxes):
        return ANYTHING
    return boxes if len(boxes) <= MOST else drawn_together(boxes)


def meet(one: Box, other: Box) -> Box | None:
    """What lies in both boxes, or None where nothing can."""
    tests = dict(one.tests)
    for path, domain in other.tests.items():
        tests[path] = tests[path].meet(domain) if path in tests else domain
        if tests[path].empty:
            return None
    return Box(tests=tests, some=(*one.some, *other.some), each=(*one.each, *other.each))


def drawn_together(boxes: Boxes) -> Boxes:
    """One box in which all of these lie."""
    if len(boxes) < 2:  # noqa: PLR2004 - there is nothing to draw together
        return boxes
    shared = set.intersection(*(set(box.tests) for box in boxes))
    tests = {
        path: reduce(Domain.join, (box.tests[path] for box in boxes)) for path in sorted(shared)
    }
    return (Box(tests=tests),)


def contradiction(boxes: Boxes) -> bool:
    """Whether nothing can lie in any of them."""
    return all(_impossible(box) for box in boxes)


def _impossible(box: Box) -> bool:
    if any(domain.empty for domain in box.tests.values()):
        return True
    return any(_without_witness(some, box.each) for some in box.some)


def _without_witness(some: Some, rules: Sequence[Each]) -> bool:
    """Whether no item can be what is asked of one and what is asked of all."""
    boxes: Boxes = (some.box,)
    for rule in rules:
        if rule.over == some.over:
            boxes = both(boxes, tuple(moved(box, rule.item, some.item) for box in rule.boxes))
    return not boxes


def moved(box: Box, old: str, new: str) -> Box:
    """The same box about another variable."""
    return Box(
        tests={(new, *path[1:]) if path[0] == old else path: d for path, d in box.tests.items()}
    )


def paths(boxes: Iterable[Box]) -> frozenset[Path]:
    """Every path that the boxes speak of; lists by their own path and their size."""
    found: set[Path] = set()
    for box in boxes:
        found |= set(box.tests)
        lists = [one.over for one in box.some] + [one.over for one in box.each]
        found.update(path for over in lists for path in (over, (*over, SIZE)))
    return frozenset(found)

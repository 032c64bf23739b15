"""An index of rules by the facts that they need, so that few are evaluated for each event.

Every alternative of what a rule needs has a bit. For each fact that any rule tests there is a
column, which gives the alternatives that a value of this fact admits. What all columns admit is
evaluated; every other rule is false, as `engine.needs` tells. The index never decides that a rule
holds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from tutela.model.record import Record
from tutela.policy.engine.boxes import SIZE, Box, Boxes, Path
from tutela.policy.engine.domain import Domain, Scalar
from tutela.policy.engine.reads import BUDGET
from tutela.policy.messages import Shape, clean, shape_at

_SHORT = 64
"""Values of a fact in a list that are looked up one by one; beyond, the column admits all."""


class Needed(Record, frozen=True, kw_only=True):
    """What the index must know of one rule.

    Attributes:
        boxes: what it needs of the facts.
        longest: length of lists up to which it stays within the budget of steps.
        lists: dotted paths of the lists that it may go through.
    """

    boxes: Boxes
    longest: int = BUDGET
    lists: frozenset[str] = frozenset()


class Column:
    """Which alternatives the value of one fact admits.

    Args:
        domains: by bit, those alternatives that test the fact.
        everything: the mask of all alternatives.
    """

    def __init__(self, domains: Sequence[tuple[int, Domain]], everything: int) -> None:
        self._free = everything & ~mask_of(bit for bit, _ in domains)
        self._listed: dict[Scalar, list[int]] = defaultdict(list)
        self._others = [(bit, domain) for bit, domain in domains if domain.only is None]
        for bit, domain in domains:
            for value in domain.only or ():
                self._listed[value].append(bit)
        named = {value for _, domain in self._others for value in domain.without}
        self._named = frozenset(self._listed) | named
        self._bounds = sorted(
            {b for _, domain in self._others for b in (domain.low, domain.high) if b is not None}
        )
        self._masks: dict[object, int] = {}

    def mask(self, value: Scalar) -> int:
        """The alternatives that this value admits."""
        key = self._key(value)
        found = self._masks.get(key)
        if found is None:
            found = self._masks[key] = self._made(value)
        return found

    def _key(self, value: Any) -> object:  # noqa: ANN401 - a scalar; where there are bounds, a number
        """The same for all values between which no rule makes a difference."""
        if value in self._named:
            return value
        bounds = self._bounds
        if not bounds or value != value:  # noqa: PLR0124 - what is not a number is like no other
            return _OTHER
        return bisect_left(bounds, value), bisect_right(bounds, value)

    def _made(self, value: Scalar) -> int:
        admitting = [bit for bit, domain in self._others if domain.admits(value)]
        return self._free | mask_of((*admitting, *self._listed.get(value, ())))


_OTHER = object()


class _List:
    """The columns of one list: its length, and the fields of its items."""

    def __init__(self, path: Path) -> None:
        self.get: Callable[[Any], Sequence[Any]] = attrgetter(".".join(path))
        self.size: Column | None = None
        self.items: list[tuple[Callable[[Any], Scalar], Column]] = []

    def mask(self, facts: Record) -> int:
        """The alternatives that the list admits; all bits where it has no say."""
        values = self.get(facts)
        mask = self.size.mask(len(values)) if self.size else -1
        if not values:
            return mask
        for get, column in self.items:
            different = set(map(get, values))
            if len(different) <= _SHORT:
                admitted = 0
                for value in different:
                    admitted |= column.mask(value)
                mask &= admitted
        return mask


class Index:
    """Finds the rules that may hold. Thread-safe.

    Args:
        rules: what each rule needs, in the order of the policy.
        facts: the shape of the facts.
    """

    def __init__(self, rules: Sequence[Needed], facts: Shape) -> None:
        boxes = [(number, box) for number, rule in enumerate(rules) for box in rule.boxes]
        self._rule_of = [number for number, _ in boxes]
        self._everything = (1 << len(boxes)) - 1
        self._bits: list[list[int]] = [[] for _ in rules]
        for bit, (number, _) in enumerate(boxes):
            self._bits[number].append(bit)
        self._shape = facts
        self._facts: dict[Path, tuple[Callable[[Any], Scalar], Column]] = {}
        self._lists: dict[Path, _List] = {}
        self._make_columns([box for _, box in boxes])
        self._long = _Long(rules, self._bits)

    def candidates(self, facts: Record) -> int:
        """A mask of the alternatives that may hold; `rules` tells which rules these are of."""
        mask = self._everything
        for get, column in self._facts.values():
            mask &= column.mask(get(facts))
        for one in self._lists.values():
            mask &= one.mask(facts)
        return mask | self._long.mask(facts) if self._long.matters else mask

    def rules(self, mask: int) -> tuple[int, ...]:
        """Numbers of the rules of a mask, ascending."""
        return tuple(dict.fromkeys(self._rule_of[bit] for bit in _bits_of(mask)))

    def ruled_out_by(self, rule: int, facts: Record) -> tuple[Path, ...]:
        """The facts that rule a rule out: one for each of its alternatives; empty for none."""
        found = [self._rejecting(bit, facts) for bit in self._bits[rule]]
        told = [path for path in found if path is not None]
        return tuple(dict.fromkeys(told)) if len(told) == len(found) else ()

    def _rejecting(self, bit: int, facts: Record) -> Path | None:
        for path, (get, column) in self._facts.items():
            if not column.mask(get(facts)) >> bit & 1:
                return path
        for path, one in self._lists.items():
            if not one.mask(facts) >> bit & 1:
                return path
        return None

    def _make_columns(self, boxes: Sequence[Box]) -> None:
        tests: dict[Path, list[tuple[int, Domain]]] = defaultdict(list)
        items: dict[tuple[Path, Path], dict[int, Domain]] = defaultdict(dict)
        for bit, box in enumerate(boxes):
            for path, domain in box.tests.items():
                tests[path].append((bit, domain))
            for some in box.some:
                for path, domain in some.box.tests.items():
                    # Of two that are asked of one list, one does: it is needed, too.
                    items[some.over, path[1:]].setdefault(bit, domain)
        for path, domains in tests.items():
            self._make(path, Column(domains, self._everything))
        for (over, path), by_bit in items.items():
            column = Column(list(by_bit.items()), self._everything)
            getter = self._getter(path, (*over, *path))
            self._lists.setdefault(over, _List(over)).items.append((getter, column))

    def _make(self, path: Path, column: Column) -> None:
        if path[-1] == SIZE:
            self._lists.setdefault(path[:-1], _List(path[:-1])).size = column
        else:
            self._facts[path] = (self._getter(path, path), column)

    def _getter(self, path: Path, full: Path) -> Callable[[Any], Scalar]:
        text = shape_at(full, self._shape).type == "string"
        if not path:
            return clean if text else _itself
        get: Callable[[Any], Any] = attrgetter(".".join(path))
        return (lambda facts: clean(get(facts))) if text else get


class _Long:
    """Rules that are evaluated in any case where a list is so long that their budget may end.

    The end of the budget is the one failure that no `false` outweighs: whether it comes depends on
    the order in which the expression is evaluated, so that only evaluating it tells.
    """

    def __init__(self, rules: Sequence[Needed], bits: Sequence[Sequence[int]]) -> None:
        shortest: dict[int, list[int]] = defaultdict(list)
        for number, rule in enumerate(rules):
            if rule.lists or rule.longest == 0:
                shortest[rule.longest].extend(bits[number])
        self.matters = bool(shortest)
        self._lengths = sorted(shortest)
        self._masks = [0]
        for length in self._lengths:
            self._masks.append(self._masks[-1] | mask_of(shortest[length]))
        lists = sorted({path for rule in rules for path in rule.lists})
        self._lists = [attrgetter(path) for path in lists]

    def mask(self, facts: Record) -> int:
        longest = max((len(get(facts)) for get in self._lists), default=0)
        return self._masks[bisect_left(self._lengths, longest)]


def mask_of(bits: Iterable[int]) -> int:
    """The number that has these bits."""
    listed = list(bits)
    if not listed:
        return 0
    array = bytearray(max(listed) // 8 + 1)
    for bit in listed:
        array[bit >> 3] |= 1 << (bit & 7)
    return int.from_bytes(array, "little")


def _bits_of(mask: int) -> Iterator[int]:
    """The bits of a number, ascending."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _itself(value: Any) -> Scalar:  # noqa: ANN401 - a scalar
    found: Scalar = value
    return found

"""Which facts a condition reads, and how many steps it may take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from tutela.policy.engine.syntax import Call, Field, Items, Loop, Name, Node, parts, walk
from tutela.policy.messages import Shape, shape_at

BUDGET = 10_000
"""Steps of loops after which the library stops an expression."""

Scope: TypeAlias = "dict[str, tuple[str, Shape] | None]"
"""What the variables of loops stand for: a dotted path and its shape, or nothing in particular."""


def facts_read(condition: Node, facts: Shape) -> frozenset[str]:
    """Dotted paths of the facts that a condition reads, items of lists under the list's own path.

    `matches.exists(m, m.trusted)` reads `matches` and `matches.trusted`. Where a record is used as
    a whole, `path.*` stands for all of its fields.
    """
    return frozenset(_reads(condition, {}, facts))


def _reads(node: Node, scope: Scope, facts: Shape) -> Iterator[str]:
    found = _path(node, scope, facts)
    if found is not None:
        yield from _used(*found)
        yield from _indexes(node, scope, facts)
    elif isinstance(node, Loop):
        yield from _in_loop(node, scope, facts)
    elif isinstance(node, Call) and node.function == "size" and len(node.operands) == 1:
        inner = _path(node.operands[0], scope, facts)
        yield from (inner[0],) if inner else _reads(node.operands[0], scope, facts)
    else:
        for part in parts(node):
            yield from _reads(part, scope, facts)


def _in_loop(loop: Loop, scope: Scope, facts: Shape) -> Iterator[str]:
    over = _path(loop.over, scope, facts)
    if over is None:
        yield from _reads(loop.over, scope, facts)
    else:
        yield over[0]
        yield from _indexes(loop.over, scope, facts)
    inner: Scope = {**scope, loop.total: None, loop.item: over}
    yield from _reads(loop.start, scope, facts)
    for part in (loop.going, loop.step, loop.result):
        yield from _reads(part, inner, facts)


def _used(path: str, shape: Shape) -> tuple[str, ...]:
    return (path, f"{path}.*") if shape.type == "record" else (path,)


def _path(node: Node, scope: Scope, facts: Shape) -> tuple[str, Shape] | None:
    match node:
        case Name(name=name) if name in scope:
            return scope[name]
        case Name(name=name):
            shape = facts.fields.get(name)
            return (name, shape) if shape else None
        case Field(of=of, name=name):
            owner = _path(of, scope, facts)
            shape = owner[1].fields.get(name) if owner else None
            return (f"{owner[0]}.{name}", shape) if owner and shape else None
        case Call(function="_[_]", operands=(of, _)):
            return _path(of, scope, facts)
        case _:
            return None


def _indexes(node: Node, scope: Scope, facts: Shape) -> Iterator[str]:
    """What is read to find an item, as in `matches[match_count - 1].bank`."""
    match node:
        case Field(of=of):
            yield from _indexes(of, scope, facts)
        case Call(function="_[_]", operands=(of, index)):
            yield from _indexes(of, scope, facts)
            yield from _reads(index, scope, facts)
        case _:
            return


def lists_gone_through(reads: frozenset[str], facts: Shape) -> frozenset[str]:
    """Dotted paths of the lists that a condition may go through, of the facts that it reads."""
    plain = (path for path in reads if not path.endswith(".*"))
    return frozenset(path for path in plain if shape_at(path.split("."), facts).many)


def longest_lists(condition: Node) -> int:
    """How long all lists of the facts may be for the budget to be enough, whatever they hold.

    0 where that cannot be told; `BUDGET` where the condition has no loop.
    """
    loops = tuple(_depths(condition, 0))
    written = max((len(n.items) for n in walk(condition) if isinstance(n, Items)), default=0)
    if not loops:
        return BUDGET
    items = {loop.item for loop, _ in loops}
    if not all(_plain(loop.over, items) for loop, _ in loops):
        return 0
    length = _largest([depth for _, depth in loops])
    return length if length >= written else 0


def _depths(node: Node, depth: int) -> Iterator[tuple[Loop, int]]:
    """Every loop, and how many are around it, itself included."""
    if not isinstance(node, Loop):
        for part in parts(node):
            yield from _depths(part, depth)
        return
    yield node, depth + 1
    yield from _depths(node.over, depth)
    for part in (node.start, node.going, node.step, node.result):
        yield from _depths(part, depth + 1)


def _plain(over: Node, items: set[str]) -> bool:
    """Whether what is gone through is no longer than the lists of the facts, or is written out."""
    match over:
        case Name(name=name):
            return name not in items
        case Items():
            return True
        case Field(of=of):
            return _plain(of, items)
        case Loop():
            return _plain(over.over, items)
        case _:
            return False


def _largest(depths: list[int]) -> int:
    """The greatest length at which loops of these depths stay within the budget."""
    low, high = 0, BUDGET
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _steps(depths, middle) < BUDGET else (low, middle - 1)
    return low


def _steps(depths: list[int], length: int) -> int:
    return sum(length**depth for depth in depths)

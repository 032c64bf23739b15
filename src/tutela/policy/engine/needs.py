"""What a condition needs of the facts, told from its syntax.

A condition that is not among the facts that it needs is false: neither true, nor without an answer.
That is the language's own logic, in which `false && x` and `x && false` are false whatever `x` is,
also where `x` has no answer (division by zero, an item that is not there). So what `a && b` needs
is what `a` needs and what `b` needs. The one failure that no `false` outweighs is the end of an
expression's budget of steps; `engine.index` sees to that.

Source: https://github.com/cel-expr/cel-spec/blob/master/doc/langdef.md#logical-operators
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tutela.policy.engine.boxes import (
    ANYTHING,
    NOTHING,
    SIZE,
    Box,
    Boxes,
    Each,
    Path,
    Some,
    both,
    either,
)
from tutela.policy.engine.domain import Domain, Scalar
from tutela.policy.engine.syntax import Call, Const, Field, Items, Loop, Name, Node, Value
from tutela.policy.messages import Shape

_TURNED = {
    "_<_": "_>_",
    "_<=_": "_>=_",
    "_>_": "_<_",
    "_>=_": "_<=_",
    "_==_": "_==_",
    "_!=_": "_!=_",
}
_OPPOSITE = {
    "_<_": "_>=_",
    "_<=_": "_>_",
    "_>_": "_<=_",
    "_>=_": "_<_",
    "_==_": "_!=_",
    "_!=_": "_==_",
}

Scope: TypeAlias = "dict[str, tuple[Path, Shape]]"
"""What the variables of loops stand for: a path that begins with `@`, and its shape."""


@dataclass(frozen=True, slots=True)
class _Fact:
    """A part of the condition that is a fact."""

    path: Path
    shape: Shape


class Needs:
    """Tells what conditions need.

    Args:
        facts: the shape of all facts.
    """

    def __init__(self, facts: Shape) -> None:
        self._facts = facts

    def of(self, condition: Node) -> Boxes:
        """What the facts must be for the condition to be other than false."""
        return self._of(condition, {}, wanted=True)

    def _of(  # noqa: PLR0911 - one for each kind of expression
        self, node: Node, scope: Scope, *, wanted: bool
    ) -> Boxes:
        """What must be so where `node` is not the opposite of `wanted`."""
        match node:
            case Const(value=bool(value)):
                return ANYTHING if value == wanted else NOTHING
            case Call(function="!_", operands=(one,)):
                return self._of(one, scope, wanted=not wanted)
            case Call(function="_&&_" | "_||_" as function, operands=(one, other)):
                join = both if (function == "_&&_") == wanted else either
                return join(
                    self._of(one, scope, wanted=wanted), self._of(other, scope, wanted=wanted)
                )
            case Call(function=function, operands=(one, other)) if function in _TURNED:
                return self._compared(function, one, other, scope, wanted=wanted)
            case Call(function="@in", operands=(one, Items(items=items, keyed=False))):
                return self._listed(one, items, scope, wanted=wanted)
            case Loop():
                return self._loop(node, scope, wanted=wanted)
            case Name() | Field(asked=False):
                return self._truth(node, scope, wanted=wanted)
            case _:
                return ANYTHING

    def _truth(self, node: Node, scope: Scope, *, wanted: bool) -> Boxes:
        fact = self._fact(node, scope)
        if fact is None or fact.shape.type != "bool" or fact.shape.many:
            return ANYTHING
        return _test(fact.path, Domain(only=frozenset({wanted})))

    def _compared(
        self, function: str, one: Node, other: Node, scope: Scope, *, wanted: bool
    ) -> Boxes:
        if isinstance(one, Const) == isinstance(other, Const):
            return ANYTHING
        if isinstance(one, Const):
            return self._compared(_TURNED[function], other, one, scope, wanted=wanted)
        assert isinstance(other, Const)  # noqa: S101 - for the type checker
        if isinstance(one, Call) and one.function == "size" and len(one.operands) == 1:
            meant = function if wanted else _OPPOSITE[function]
            return self._size(meant, one.operands[0], other.value, scope)
        fact = self._fact(one, scope)
        if fact is None or not _fits(fact.shape, other.value):
            return ANYTHING
        return self._against(function, fact, other.value, wanted=wanted)

    def _against(self, function: str, fact: _Fact, value: Value, *, wanted: bool) -> Boxes:
        ordering = function not in ("_==_", "_!=_")
        if fact.shape.type == "double" and ordering and not wanted:
            return ANYTHING  # where it is not a number, every comparison is false
        if fact.shape.type not in ("int", "double") and ordering:
            return ANYTHING
        meant = function if wanted else _OPPOSITE[function]
        if fact.shape.type != "double":
            return _test(fact.path, _domain(meant, _member(fact.shape, value), fact.shape))
        return _test(fact.path, _domain(_including(meant), value, fact.shape))

    def _size(self, function: str, node: Node, value: Value, scope: Scope) -> Boxes:
        if not isinstance(value, int) or isinstance(value, bool):
            return ANYTHING
        if isinstance(node, Loop):
            least = _domain(function, value, _NUMBER)
            filtered = None if least.admits(0) else _kept_by(node)
            return self._exists(node, filtered, scope, wanted=True) if filtered else ANYTHING
        fact = self._fact(node, scope)
        if fact is None or not fact.shape.many:
            return ANYTHING
        domain = _domain(function, value, _NUMBER).meet(Domain(low=0))
        return _test((*fact.path, SIZE), domain)

    def _listed(self, node: Node, items: tuple[Node, ...], scope: Scope, *, wanted: bool) -> Boxes:
        fact = self._fact(node, scope)
        values = [item.value for item in items if isinstance(item, Const)]
        if fact is None or len(values) < len(items):
            return ANYTHING
        if not all(_fits(fact.shape, value) for value in values):
            return ANYTHING
        members = frozenset(_member(fact.shape, value) for value in values)
        domain = Domain(only=members) if wanted else Domain(without=members)
        return _test(fact.path, _within(domain, fact.shape))

    def _loop(self, loop: Loop, scope: Scope, *, wanted: bool) -> Boxes:
        for told, function, start in (("exists", "_||_", False), ("all", "_&&_", True)):
            predicate = _predicate(loop, function, start=start)
            if predicate is not None:
                # That not all are so means that one is not so; that none is, that all are not.
                quantify = self._exists if (told == "exists") == wanted else self._all
                return quantify(loop, predicate, scope, wanted=wanted)
        predicate = _only_one(loop)
        if predicate is not None and wanted:
            return self._exists(loop, predicate, scope, wanted=True)
        return ANYTHING

    def _exists(self, loop: Loop, predicate: Node, scope: Scope, *, wanted: bool) -> Boxes:
        """Some item for which the predicate is as wanted, or has no answer."""
        fact = self._fact(loop.over, scope)
        if fact is None or not fact.shape.many or fact.path[0].startswith("@"):
            return ANYTHING
        item, inner = _entered(loop, fact, scope)
        found = self._of(predicate, inner, wanted=wanted)
        not_empty = _test((*fact.path, SIZE), Domain(low=1))
        return both(not_empty, tuple(_witnessed(box, fact.path, item) for box in found))

    def _all(self, loop: Loop, predicate: Node, scope: Scope, *, wanted: bool) -> Boxes:
        """Every item is one for which the predicate is as wanted, or has no answer."""
        fact = self._fact(loop.over, scope)
        if fact is None or not fact.shape.many or fact.path[0].startswith("@"):
            return ANYTHING
        item, inner = _entered(loop, fact, scope)
        boxes = self._of(predicate, inner, wanted=wanted)
        if not boxes:
            return _test((*fact.path, SIZE), Domain(only=frozenset({0})))
        if not all(_about(box, item) for box in boxes):
            return ANYTHING
        return (Box(each=(Each(fact.path, item, boxes),)),)

    def _fact(self, node: Node, scope: Scope) -> _Fact | None:
        match node:
            case Name(name=name):
                if name in scope:
                    return _Fact(*scope[name])
                shape = self._facts.fields.get(name)
                return _Fact((name,), shape) if shape else None
            case Field(of=of, name=name, asked=False):
                owner = self._fact(of, scope)
                if owner is None or owner.shape.many or name not in owner.shape.fields:
                    return None
                return _Fact((*owner.path, name), owner.shape.fields[name])
            case _:
                return None


_NUMBER = Shape(type="int")


def _entered(loop: Loop, fact: _Fact, scope: Scope) -> tuple[str, Scope]:
    """The path and scope within a loop. The running total is nothing that can be told."""
    item = f"@{len(scope)}"  # each loop adds its own path to the scope, so that it is the only one
    one = Shape(type=fact.shape.type, members=fact.shape.members, fields=fact.shape.fields)
    total = ((item, ""), Shape(type="record"))
    return item, {**scope, item: total, loop.total: total, loop.item: ((item,), one)}


def _witnessed(box: Box, over: Path, item: str) -> Box:
    """A box in a loop, seen from outside: what it says of the item becomes one item's."""
    own = {path: domain for path, domain in box.tests.items() if path[0] == item}
    rest = {path: domain for path, domain in box.tests.items() if path[0] != item}
    some = (Some(over, item, Box(tests=own)),) if own else ()
    return Box(tests=rest, some=(*box.some, *some), each=box.each)


def _about(box: Box, item: str) -> bool:
    """Whether a box speaks of the item and of nothing else."""
    only_item = all(path[0] == item for path in box.tests)
    return bool(box.tests) and only_item and not box.some and not box.each


_CONSTANTS = {"bool": bool, "int": int, "enum": int, "double": float, "string": str}


def _fits(shape: Shape, value: Value) -> bool:
    """Whether a constant is of the fact's own type: then Python compares as the language does."""
    known = _CONSTANTS.get(shape.type)
    if shape.many or known is None or not isinstance(value, known):
        return False
    return known is bool or not isinstance(value, bool)


def _test(path: Path, domain: Domain) -> Boxes:
    return NOTHING if domain.empty else (Box(tests={path: domain}),)


def _member(shape: Shape, value: Value) -> Scalar:
    """A constant as the fact has it: the number of an enumeration's constant is its member."""
    if shape.type != "enum":
        return value
    known = isinstance(value, int) and 0 <= value < len(shape.members)
    return shape.members[value] if known else value  # type: ignore[index]


def _domain(function: str, value: Scalar, shape: Shape) -> Domain:
    make: dict[str, Callable[[], Domain]] = {
        "_==_": lambda: Domain(only=frozenset({value})),
        "_!=_": lambda: Domain(without=frozenset({value})),
        "_<_": lambda: Domain(high=value - 1),  # type: ignore[operator]
        "_<=_": lambda: Domain(high=value),  # type: ignore[arg-type]
        "_>_": lambda: Domain(low=value + 1),  # type: ignore[operator]
        "_>=_": lambda: Domain(low=value),  # type: ignore[arg-type]
    }
    return _within(make[function](), shape)


def _including(function: str) -> str:
    """A number with a fraction has no next one: the bound itself is let in."""
    return {"_<_": "_<=_", "_>_": "_>=_"}.get(function, function)


def _within(domain: Domain, shape: Shape) -> Domain:
    """Of a bool or an enumeration, the values that are left."""
    if shape.type == "bool":
        return Domain(only=frozenset({False, True})).meet(domain)
    return Domain(only=frozenset(shape.members)).meet(domain) if shape.type == "enum" else domain


def _predicate(loop: Loop, function: str, *, start: bool) -> Node | None:
    """What `exists` or `all` asks of an item, where the loop is one."""
    match loop.step:
        case Call(function=step, operands=(Name(name=total), predicate)):
            known = step == function and total == loop.total and loop.start == Const(start)
            return predicate if known and loop.result == Name(loop.total) else None
        case _:
            return None


def _only_one(loop: Loop) -> Node | None:
    """What `exists_one` asks of an item, where the loop is one."""
    one = Call("_+_", (Name(loop.total), Const(1)))
    match loop.step:
        case Call(function="_?_:_", operands=(predicate, step, Name(name=total))):
            counts = step == one and total == loop.total and loop.start == Const(0)
            result = Call("_==_", (Name(loop.total), Const(1)))
            return predicate if counts and loop.result == result else None
        case _:
            return None


def _kept_by(loop: Loop) -> Node | None:
    """What `filter` asks of an item, where the loop is one."""
    added = Call("_+_", (Name(loop.total), Items((Name(loop.item),))))
    match loop.step:
        case Call(function="_?_:_", operands=(predicate, step, Name(name=total))):
            kept = step == added and total == loop.total and loop.start == Items(())
            return predicate if kept and loop.result == Name(loop.total) else None
        case _:
            return None

"""The numbers that a policy names, written out where a condition reads them.

What is told from a condition's syntax (what it needs, which rules repeat each other) is then told
as if the numbers stood in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tutela.policy.engine.syntax import Call, Const, Field, Items, Loop, Name, Node

_NONE: Mapping[str, float] = MappingProxyType({})


def written_out(node: Node, variable: str, values: Mapping[str, float]) -> Node:
    """The tree with `variable.name` replaced by its number; in loops that hide it, nothing is."""
    match node:
        case Field(of=Name(name=name), asked=False) if name == variable and node.name in values:
            return Const(values[node.name])
        case Field(of=of):
            return Field(written_out(of, variable, values), node.name, node.asked)
        case Call():
            return Call(node.function, _all(node.operands, variable, values))
        case Items():
            return Items(_all(node.items, variable, values), node.keyed)
        case Loop():
            inner = _NONE if variable in {node.item, node.total} else values
            return Loop(
                item=node.item,
                over=written_out(node.over, variable, values),
                total=node.total,
                start=written_out(node.start, variable, values),
                going=written_out(node.going, variable, inner),
                step=written_out(node.step, variable, inner),
                result=written_out(node.result, variable, inner),
            )
        case _:
            return node


def names_of(node: Node, variable: str) -> frozenset[str]:
    """Which fields of the variable a tree reads."""
    match node:
        case Field(of=Name(name=name), asked=False) if name == variable:
            return frozenset({node.name})
        case Field(of=of):
            return names_of(of, variable)
        case Call(operands=nodes) | Items(items=nodes):
            return frozenset[str]().union(*(names_of(one, variable) for one in nodes))
        case Loop():
            hidden = variable in {node.item, node.total}
            inside = () if hidden else (node.going, node.step, node.result)
            read = (node.over, node.start, *inside)
            return frozenset[str]().union(*(names_of(one, variable) for one in read))
        case _:
            return frozenset()


def _all(nodes: tuple[Node, ...], variable: str, values: Mapping[str, float]) -> tuple[Node, ...]:
    return tuple(written_out(one, variable, values) for one in nodes)

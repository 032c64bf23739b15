"""The syntax tree of a checked condition.

The library hands out a checked expression as a serialised protocol buffer and nothing else. Its
descriptors are made here, with the field numbers of `cel/expr/checked.proto` and `syntax.proto`.
The library refuses conditions of more than 32 levels, so that walking a tree needs no limit.

Source: https://github.com/google/cel-spec/tree/master/proto/cel/expr
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from google.protobuf import (  # type: ignore[import-untyped]
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)

Value: TypeAlias = bool | int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Const:
    """A value that stands in the text; an enumeration's constant is its number."""

    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """A fact, or the variable of a loop."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of something; `asked` where only its presence is, as in `has(a.b)`."""

    of: Node
    name: str
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function; what a method is called on comes first."""

    function: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list, or the keys and values of a map, that stands in the text."""

    items: tuple[Node, ...]
    keyed: bool = False


@dataclass(frozen=True, slots=True)
class Loop:
    """What `exists` and its like become: `total` begins as `start` and is `step` after each item.

    Attributes:
        item: name of the variable for the item.
        over: what is gone through.
        going: whether to go on.
    """

    item: str
    over: Node
    total: str
    start: Node
    going: Node
    step: Node
    result: Node


Node: TypeAlias = Const | Name | Field | Call | Items | Loop


class Syntax:
    """Reads the trees of checked expressions."""

    def __init__(self) -> None:
        self._checked = _message_class()

    def read(self, serialised: bytes) -> Node:
        """The tree of a checked expression.

        Args:
            serialised: a `cel.expr.CheckedExpr` in a `google.protobuf.Any`.
        """
        checked = self._checked.FromString(any_pb2.Any.FromString(serialised).value)
        return _Reader(checked.reference_map).node(checked.expr)


def parts(node: Node) -> tuple[Node, ...]:
    """What a node is made of."""
    match node:
        case Field():
            return (node.of,)
        case Call():
            return node.operands
        case Items():
            return node.items
        case Loop():
            return (node.over, node.start, node.going, node.step, node.result)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it."""
    yield node
    for part in parts(node):
        yield from walk(part)


def renamed(node: Node, names: dict[str, str] | None = None) -> Node:
    """The same tree with the variables of loops named by their place: equal trees say the same."""
    names = names or {}
    match node:
        case Name():
            return Name(names.get(node.name, node.name))
        case Field():
            return Field(renamed(node.of, names), node.name, node.asked)
        case Call():
            return Call(node.function, tuple(renamed(one, names) for one in node.operands))
        case Items():
            return Items(tuple(renamed(one, names) for one in node.items), node.keyed)
        case Loop():
            return _renamed_loop(node, names)
        case _:
            return node


def _renamed_loop(node: Loop, names: dict[str, str]) -> Loop:
    inner = names | {node.item: f"@item{len(names)}", node.total: f"@total{len(names)}"}
    return Loop(
        item=inner[node.item],
        over=renamed(node.over, names),
        total=inner[node.total],
        start=renamed(node.start, names),
        going=renamed(node.going, inner),
        step=renamed(node.step, inner),
        result=renamed(node.result, inner),
    )


class _Reader:
    """Turns messages into nodes; constants of enumerations stand in the map of references."""

    def __init__(self, references: Any) -> None:  # noqa: ANN401 - made at run time
        self._references = references
        self._of: dict[str, Callable[[Any], Node]] = {
            "const_expr": lambda one: Const(_value(one)),
            "ident_expr": lambda one: Name(one.name.removeprefix(".")),
            "select_expr": lambda one: Field(self.node(one.operand), one.field, one.test_only),
            "call_expr": self._call,
            "list_expr": lambda one: Items(tuple(map(self.node, one.elements))),
            "struct_expr": self._struct,
            "comprehension_expr": self._loop,
        }

    def node(self, expression: Any) -> Node:  # noqa: ANN401 - made at run time
        number = expression.id
        if number in self._references:
            reference = self._references[number]
            if reference.HasField("value"):
                return Const(_value(reference.value))
        kind = expression.WhichOneof("kind")
        return self._of[kind](getattr(expression, kind)) if kind else Const(None)

    def _call(self, one: Any) -> Node:  # noqa: ANN401 - made at run time
        target = (self.node(one.target),) if one.HasField("target") else ()
        return Call(one.function, (*target, *map(self.node, one.args)))

    def _struct(self, one: Any) -> Node:  # noqa: ANN401 - made at run time
        nodes = [
            self.node(side)
            for entry in one.entries
            for side in (
                (entry.map_key, entry.value) if entry.HasField("map_key") else (entry.value,)
            )
        ]
        return Items(tuple(nodes), keyed=True)

    def _loop(self, one: Any) -> Node:  # noqa: ANN401 - made at run time
        return Loop(
            item=one.iter_var,
            over=self.node(one.iter_range),
            total=one.accu_var,
            start=self.node(one.accu_init),
            going=self.node(one.loop_condition),
            step=self.node(one.loop_step),
            result=self.node(one.result),
        )


def _value(constant: Any) -> Value:  # noqa: ANN401 - made at run time
    kind = constant.WhichOneof("kind")
    found: Value = None if kind in (None, "null_value") else getattr(constant, kind)
    return found


_STRING, _BOOL, _INT32, _INT64 = "string", "bool", "int32", "int64"
_MESSAGES: dict[str, tuple[tuple[str, int, str, str], ...]] = {
    # name, number, type, and "many" or the name of a oneof
    "Constant": (
        ("null_value", 1, _INT32, "kind"),
        ("bool_value", 2, _BOOL, "kind"),
        ("int64_value", 3, _INT64, "kind"),
        ("uint64_value", 4, "uint64", "kind"),
        ("double_value", 5, "double", "kind"),
        ("string_value", 6, _STRING, "kind"),
        ("bytes_value", 7, "bytes", "kind"),
    ),
    "Ident": (("name", 1, _STRING, ""),),
    "Select": (("operand", 1, "Expr", ""), ("field", 2, _STRING, ""), ("test_only", 3, _BOOL, "")),
    "Call": (("target", 1, "Expr", ""), ("function", 2, _STRING, ""), ("args", 3, "Expr", "many")),
    "CreateList": (("elements", 1, "Expr", "many"),),
    "Entry": (("map_key", 3, "Expr", ""), ("value", 4, "Expr", "")),
    "CreateStruct": (("entries", 2, "Entry", "many"),),
    "Comprehension": (
        ("iter_var", 1, _STRING, ""),
        ("iter_range", 2, "Expr", ""),
        ("accu_var", 3, _STRING, ""),
        ("accu_init", 4, "Expr", ""),
        ("loop_condition", 5, "Expr", ""),
        ("loop_step", 6, "Expr", ""),
        ("result", 7, "Expr", ""),
    ),
    "Expr": (
        ("id", 2, _INT64, ""),
        ("const_expr", 3, "Constant", "kind"),
        ("ident_expr", 4, "Ident", "kind"),
        ("select_expr", 5, "Select", "kind"),
        ("call_expr", 6, "Call", "kind"),
        ("list_expr", 7, "CreateList", "kind"),
        ("struct_expr", 8, "CreateStruct", "kind"),
        ("comprehension_expr", 9, "Comprehension", "kind"),
    ),
    "Reference": (("name", 1, _STRING, ""), ("value", 4, "Constant", "")),
    "CheckedExpr": (("expr", 4, "Expr", ""),),
}


def _message_class() -> Any:  # noqa: ANN401 - the class is made at run time
    """The class of checked expressions."""
    file = descriptor_pb2.FileDescriptorProto(
        name="syntax.proto", package="syntax", syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        described = file.message_type.add(name=name)
        for field in fields:
            _describe(described, *field)
    _describe_references(file.message_type[-1])
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("syntax.CheckedExpr"))


def _describe(described: Any, name: str, number: int, kind: str, how: str) -> None:  # noqa: ANN401
    proto = descriptor_pb2.FieldDescriptorProto
    field = described.field.add(name=name, number=number)
    field.label = proto.LABEL_REPEATED if how == "many" else proto.LABEL_OPTIONAL
    if kind in _MESSAGES:
        field.type, field.type_name = proto.TYPE_MESSAGE, f".syntax.{kind}"
    else:
        field.type = getattr(proto, f"TYPE_{kind.upper()}")
    if how == "kind":
        if not described.oneof_decl:
            described.oneof_decl.add(name="kind")
        field.oneof_index = 0


def _describe_references(checked: Any) -> None:  # noqa: ANN401 - a descriptor
    """The map from an expression's id to what a name in it stands for."""
    entry = checked.nested_type.add(name="ReferenceMapEntry")
    entry.options.map_entry = True
    _describe(entry, "key", 1, _INT64, "")
    _describe(entry, "value", 2, "Reference", "")
    _describe(checked, "reference_map", 2, "Reference", "many")
    checked.field[-1].type_name = ".syntax.CheckedExpr.ReferenceMapEntry"

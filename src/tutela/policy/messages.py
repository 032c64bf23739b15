"""Facts as protocol-buffer messages: the form in which the expression language knows types.

CEL knows records with typed fields only as protocol-buffer messages. The descriptors are made
from the types of the facts when a policy is loaded; there is no `.proto` file to keep in step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import reduce
from types import MappingProxyType
from typing import Any, TypeAlias

from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)
from msgspec import Struct, inspect

from tutela.model.record import Record

PACKAGE = "tutela"
"""Package of the messages; rules leave it out."""

THRESHOLDS = "thresholds"
"""Name of the one variable that is no fact: the numbers that a policy names."""

Convert: TypeAlias = Callable[[Any], Any]

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS: Mapping[type[inspect.Type], tuple[int, str]] = {
    inspect.BoolType: (_FIELD.TYPE_BOOL, "bool"),
    inspect.IntType: (_FIELD.TYPE_INT64, "int"),
    inspect.FloatType: (_FIELD.TYPE_DOUBLE, "double"),
    inspect.StrType: (_FIELD.TYPE_STRING, "string"),
}


class Variable(Record, frozen=True, kw_only=True):
    """One fact as the language sees it.

    Attributes:
        type: `bool`, `int`, `double`, `string`, or the name of a message.
        repeated: whether it is a list of these.
    """

    type: str
    repeated: bool


class Shape(Record, frozen=True, kw_only=True):
    """What a fact is, for those who look into conditions.

    Attributes:
        type: `bool`, `int`, `double`, `string`, `enum` or `record`.
        many: whether it is a list of these.
        members: of an enumeration, in the order of their numbers.
        fields: of a record, by name.
    """

    type: str
    many: bool = False
    members: tuple[Enum, ...] = ()
    fields: Mapping[str, Shape] = MappingProxyType({})


class Messages:
    """Message types made from a record of facts, and the way from facts to messages.

    Args:
        facts: a record; its fields become variables, records among them become messages.
        thresholds: numbers by name, which become the fields of the variable `thresholds`.

    Attributes:
        pool: the descriptors, for the compiler.
        variables: the record's fields by name.
        names: every name that a rule may use: facts, fields and constants.
        shape: of the record itself.
    """

    def __init__(
        self, facts: type[Record], thresholds: Mapping[str, float] = MappingProxyType({})
    ) -> None:
        self._file = descriptor_pb2.FileDescriptorProto(
            name="facts.proto", package=PACKAGE, syntax="proto3"
        )
        self._enums: dict[str, dict[str, int]] = {}
        self._fields: dict[str, dict[str, inspect.Type]] = {}
        self._root = root = _fields(facts)
        self.variables = {name: self._variable(kind) for name, kind in root.items()}
        self.variables[THRESHOLDS] = self._numbers(thresholds)
        self.pool = descriptor_pool.DescriptorPool()
        self.pool.AddSerializedFile(self._file.SerializeToString())
        self._given = {THRESHOLDS: self._new("Thresholds")(**thresholds)} if thresholds else {}
        self._convert = {name: self._converter(kind) for name, kind in root.items()}
        self.names = (*self._names(), *thresholds)
        self.shape = shape_of(facts)

    def bind(self, facts: Record) -> dict[str, Any]:
        """The facts as values of the variables."""
        read = {name: convert(getattr(facts, name)) for name, convert in self._convert.items()}
        return read | self._given

    def binder(self, reads: frozenset[str]) -> Callable[[Record], dict[str, Any]]:
        """A `bind` that hands over only what is read.

        Args:
            reads: dotted paths of facts; `path.*` stands for a record with all of its fields.
        """
        wanted = [
            (name, self._converter(kind, Reads(name, reads)))
            for name, kind in self._root.items()
            if any(path.partition(".")[0] == name for path in reads)
        ]

        def bind(facts: Record) -> dict[str, Any]:
            read = {name: convert(getattr(facts, name)) for name, convert in wanted}
            return read | self._given if self._given else read

        return bind

    def _numbers(self, numbers: Mapping[str, float]) -> Variable:
        """Describe a message of numbers; it is there, without fields, where there are none."""
        message = self._file.message_type.add(name="Thresholds")
        for number, name in enumerate(numbers, start=1):
            field = message.field.add(name=name, number=number)
            field.label, field.type = _FIELD.LABEL_OPTIONAL, _FIELD.TYPE_DOUBLE
        return Variable(type=f"{PACKAGE}.Thresholds", repeated=False)

    def _new(self, name: str) -> Any:  # noqa: ANN401 - the class is made at run time
        descriptor = self.pool.FindMessageTypeByName(f"{PACKAGE}.{name}")
        return message_factory.GetMessageClass(descriptor)

    def _names(self) -> tuple[str, ...]:
        constants = (f"{enum}.{name}" for enum, names in self._enums.items() for name in names)
        fields = (name for fields in self._fields.values() for name in fields)
        return tuple(dict.fromkeys([*self.variables, *fields, *constants]))

    def _variable(self, kind: inspect.Type) -> Variable:
        inner, repeated = unwrapped(kind)
        if isinstance(inner, inspect.StructType):
            return Variable(type=f"{PACKAGE}.{self._message(inner)}", repeated=repeated)
        if isinstance(inner, inspect.EnumType):
            self._enum(inner)
            return Variable(type="int", repeated=repeated)
        return Variable(type=_SCALARS[type(inner)][1], repeated=repeated)

    def _message(self, kind: inspect.StructType) -> str:
        """Describe a record as a message, once; its name."""
        name = kind.cls.__name__.removesuffix("Facts")
        if name not in self._fields:
            self._fields[name] = fields = _fields(kind.cls)
            message = self._file.message_type.add(name=name)
            for number, (field, inner) in enumerate(fields.items(), start=1):
                self._describe(message.field.add(name=field, number=number), inner)
        return name

    def _describe(self, field: Any, kind: inspect.Type) -> None:  # noqa: ANN401 - a descriptor
        inner, repeated = unwrapped(kind)
        field.label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
        if isinstance(inner, inspect.StructType):
            field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{PACKAGE}.{self._message(inner)}"
        elif isinstance(inner, inspect.EnumType):
            field.type, field.type_name = _FIELD.TYPE_ENUM, f".{PACKAGE}.{self._enum(inner)}"
        else:
            field.type = _SCALARS[type(inner)][0]

    def _enum(self, kind: inspect.EnumType) -> str:
        """Describe an enumeration, once; its name. Its constants are the values, not the names."""
        name = kind.cls.__name__
        if name not in self._enums:
            self._enums[name] = numbers = {}
            described = self._file.enum_type.add(name=name)
            for number, member in enumerate(kind.cls):
                described.value.add(name=member.value, number=number)
                numbers[member.value] = number
        return name

    def _converter(self, kind: inspect.Type, reads: Reads | None = None) -> Convert:
        inner, repeated = unwrapped(kind)
        if isinstance(inner, inspect.StructType):
            one = self._message_maker(inner, reads)
        elif isinstance(inner, inspect.EnumType):
            one = self._enums[inner.cls.__name__].__getitem__
        elif isinstance(inner, inspect.StrType):
            one = clean
        else:
            return list if repeated else _same
        return (lambda values: [one(value) for value in values]) if repeated else one

    def _message_maker(self, kind: inspect.StructType, reads: Reads | None) -> Convert:
        name = kind.cls.__name__.removesuffix("Facts")
        make = self._new(name)
        fields = [
            (field, self._converter(inner, reads and reads.below(field)))
            for field, inner in _fields(kind.cls).items()
            if reads is None or reads.field(field)
        ]

        def convert(record: Record) -> Any:  # noqa: ANN401 - the class is made at run time
            return make(**{field: one(getattr(record, field)) for field, one in fields})

        return convert


class Reads:
    """What is read of one record.

    Args:
        path: dotted path of the record.
        paths: all that is read.
    """

    __slots__ = ("_all", "_path", "_paths")

    def __init__(self, path: str, paths: frozenset[str], *, whole: bool = False) -> None:
        self._path = path
        self._paths = paths
        self._all = whole or f"{path}.*" in paths

    def field(self, name: str) -> bool:
        """Whether a field is read, or anything in it."""
        path = f"{self._path}.{name}"
        return self._all or any(one == path or one.startswith(f"{path}.") for one in self._paths)

    def below(self, name: str) -> Reads:
        """What is read of a record in it."""
        return Reads(f"{self._path}.{name}", self._paths, whole=self._all)


def shape_of(record: type[Struct], *, many: bool = False) -> Shape:
    """The shape of a record of facts."""
    fields = {name: _shape(kind) for name, kind in _fields(record).items()}
    return Shape(type="record", many=many, fields=fields)


def shape_at(path: Iterable[str], facts: Shape) -> Shape:
    """The shape of the fact at a path, items of lists under the list's own path."""
    return reduce(lambda shape, name: shape.fields[name], path, facts)


def _shape(kind: inspect.Type) -> Shape:
    inner, many = unwrapped(kind)
    if isinstance(inner, inspect.StructType):
        return shape_of(inner.cls, many=many)
    if isinstance(inner, inspect.EnumType):
        return Shape(type="enum", many=many, members=tuple(inner.cls))
    return Shape(type=_SCALARS[type(inner)][1], many=many)


def _fields(record: type[Struct]) -> dict[str, inspect.Type]:
    info = inspect.type_info(record)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - every record is one
    return {field.name: _unwrapped_metadata(field.type) for field in info.fields}


def _unwrapped_metadata(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def unwrapped(kind: inspect.Type) -> tuple[inspect.Type, bool]:
    """The type of a field's values, and whether there are several."""
    kind = _unwrapped_metadata(kind)
    if isinstance(kind, inspect.VarTupleType):
        return _unwrapped_metadata(kind.item_type), True
    return kind, False


def _same(value: object) -> object:
    return value


def clean(text: str) -> str:
    """Text that is valid Unicode: a lone surrogate, as file names may carry, is replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()

"""Facts written in YAML, as a policy's tests give them: only what matters is said.

What is not said is as the facts have it where nothing is known. A verdict that is not said follows
from matches and gaps, and a count from its list, as they do for events.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import inspect
from ruamel.yaml.nodes import Node, ScalarNode

from tutela.declarations.source import Source
from tutela.declarations.wording import nearest, type_in_words
from tutela.model import Verdict
from tutela.policy.engine.invariants import contradicted
from tutela.policy.facts import LISTED, Facts
from tutela.policy.messages import unwrapped

_COUNTS = (
    ("match_count", "matches"),
    ("content_count", "contents"),
    ("silenced_count", "silenced"),
)
_NOTHING: Mapping[type[inspect.Type], object] = MappingProxyType(
    {inspect.BoolType: False, inspect.StrType: "", inspect.IntType: 0, inspect.FloatType: 0.0}
)


def facts_given(source: Source, node: Node) -> Facts:
    """The facts that a node describes.

    Raises:
        BadConfiguration: something in it is no fact, or no event has such facts; with the place.
    """
    given = _record(source, node, Facts, "facts", required=False)
    if "verdict" not in given:
        found = Verdict.NOT_CHECKED if given.get("gaps") else Verdict.CLEAR
        given["verdict"] = Verdict.MATCH if given.get("matches") else found
    for count, many in _COUNTS:
        given.setdefault(count, len(given.get(many, ())))
    facts = Facts(**given)
    wrong = contradicted(facts)
    if wrong:
        what = f"no event has facts like these ({', '.join(wrong)})"
        raise source.error(what, node, "they contradict each other: see docs/reference/policy.md")
    return facts


def _record(
    source: Source, node: Node, record: type[msgspec.Struct], called: str, *, required: bool = True
) -> dict[str, Any]:
    info = inspect.type_info(record)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - every record is one
    fields = {field.name: field for field in info.fields}
    given = source.keyed(node, called, tuple(fields), required=())
    values = {
        name: _value(source, one, fields[name].type, f"{called}.{name}")
        for name, one in given.items()
    }
    for name, field in fields.items():
        if required and field.required and name not in values:
            values[name] = _unsaid(source, node, field.type, f"{called}.{name}")
    return values


def _unsaid(source: Source, node: Node, kind: inspect.Type, called: str) -> object:
    inner, _ = unwrapped(kind)
    if type(inner) not in _NOTHING:
        raise source.error(f"{called} is not said", node, f"add `{called.rpartition('.')[2]}:`")
    return _NOTHING[type(inner)]


def _value(source: Source, node: Node, kind: inspect.Type, called: str) -> object:
    inner, many = unwrapped(kind)
    if not many:
        return _one(source, node, inner, called)
    items = source.items(node, called)
    if len(items) > LISTED:
        raise source.error(f"{called} may have {LISTED:,} items", items[LISTED])
    return tuple(_one(source, item, inner, called) for item in items)


def _one(source: Source, node: Node, kind: inspect.Type, called: str) -> object:
    if isinstance(kind, inspect.StructType):
        return kind.cls(**_record(source, node, kind.cls, called))
    if isinstance(kind, inspect.EnumType):
        return _member(source, node, kind.cls, called)
    return _scalar(source, node, kind, called)


def _member(source: Source, node: Node, kind: type[Enum], called: str) -> Enum:
    known = [str(member.value) for member in kind]
    word = str(node.value) if isinstance(node, ScalarNode) else ""
    if word not in known:
        remedy = nearest(word, known, f"it is one of {', '.join(known)}")
        raise source.error(f"{called} cannot be {word}".rstrip(), node, remedy)
    return kind(word)


_TAGS: Mapping[type[inspect.Type], tuple[str, ...]] = MappingProxyType(
    {
        inspect.BoolType: ("bool",),
        inspect.IntType: ("int",),
        inspect.FloatType: ("float", "int"),
        inspect.StrType: ("str",),
    }
)
_TYPES: Mapping[type[inspect.Type], str] = MappingProxyType(
    {
        inspect.BoolType: "bool",
        inspect.IntType: "int",
        inspect.FloatType: "double",
        inspect.StrType: "string",
    }
)


def _scalar(source: Source, node: Node, kind: inspect.Type, called: str) -> object:
    fits = source.is_a(node, *_TAGS[type(kind)])
    value = str(node.value) if isinstance(node, ScalarNode) and fits else None
    try:
        if value is not None:
            return _read(value, kind)
    except ValueError:
        pass
    words = type_in_words(_TYPES[type(kind)])
    remedy = "put it in quotes" if isinstance(kind, inspect.StrType) else ""
    raise source.error(f"{called} must be {words}", node, remedy)


def _read(value: str, kind: inspect.Type) -> object:
    if isinstance(kind, inspect.BoolType):
        return value.lower() == "true"
    if isinstance(kind, inspect.IntType):
        return _within(int(value))
    return float(value) if isinstance(kind, inspect.FloatType) else value


def _within(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise ValueError
    return number

"""The thresholds of a policy, as written: numbers by name, for conditions to compare with.

They stand in one place and not in conditions, so that a threshold can be changed, by a person or
from a page of the console, without touching a rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from tutela.declarations.source import Source
from tutela.model.record import Record

HIGHEST = 10.0
"""The highest value that a rating has, and so a threshold; the lowest is 0."""

MOST_THRESHOLDS = 100
"""Thresholds that a policy may have."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_WORDS = "as break const continue else false for function if import in let loop namespace null"
_RESERVED = frozenset([*_WORDS.split(), "package", "return", "true", "var", "void", "while"])
"""Words that the expression language keeps for itself."""


class Threshold(Record, frozen=True, kw_only=True):
    """One threshold.

    Attributes:
        name: what conditions call it: `thresholds.grooming`.
        value: from 0 to 10.
        node: where the value stands.
    """

    name: str
    value: float
    node: ScalarNode


def thresholds_of(source: Source, node: Node) -> Mapping[str, Threshold]:
    """Read the thresholds of a policy, by name, in the order in which they are written.

    Raises:
        BadConfiguration: with the place.
    """
    if not isinstance(node, MappingNode):
        remedy = "write `grooming: 7.0`, one on each line"
        raise source.error("thresholds are written as names and numbers", node, remedy)
    if len(node.value) > MOST_THRESHOLDS:
        what = f"a policy may have {MOST_THRESHOLDS} thresholds"
        raise source.error(what, node.value[MOST_THRESHOLDS][0])
    found: dict[str, Threshold] = {}
    for key, value in node.value:
        name = _name(source, key)
        if name in found:
            raise source.error(f"{name} is given twice", key, "remove one of them")
        found[name] = _threshold(source, name, value)
    return found


def _name(source: Source, node: Node) -> str:
    name = node.value if isinstance(node, ScalarNode) else ""
    if not _NAME.fullmatch(name):
        what = "a threshold's name has small letters, digits and _, and begins with a letter"
        raise source.error(what, node, "at most 48 of them")
    if name in _RESERVED:
        what = f"{name} is a word of the expression language"
        raise source.error(what, node, "choose another")
    return str(name)


def _threshold(source: Source, name: str, node: Node) -> Threshold:
    number = _number(node) if source.is_a(node, "int", "float") else None
    if number is None or not 0 <= number <= HIGHEST:
        what = "a threshold is a number from 0 to 10"
        raise source.error(what, node, f"write such as `{name}: 7.0`")
    assert isinstance(node, ScalarNode)  # noqa: S101 - for the type checker
    return Threshold(name=name, value=number, node=node)


def _number(node: Node) -> float | None:
    """A number as Python reads it; YAML knows more forms, such as 1:30, which are none here."""
    try:
        return float(node.value)
    except (TypeError, ValueError):
        return None

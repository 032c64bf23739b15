"""Records made of words: what stands in a query, in a form, or on a command line."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

from tutela.errors import InvalidInput

T = TypeVar("T")

DATED = re.compile(r"\d{4}-\d\d-\d\d")
NOTHING = "null"
"""What stands for None among words."""


def from_words(words: Mapping[str, Any], kind: type[T]) -> T:
    """Make a record of words: numbers, yes or no, and moments are read from how they are written.

    A moment is written as a date and a time. A bare number is none: nobody could tell whether it
    counts seconds, days or years, and a wrong guess would find the wrong cases.

    Args:
        words: value by name.
        kind: the record.

    Raises:
        InvalidInput: a number stands where a moment belongs.
        msgspec.ValidationError: a name is unknown or has a wrong value.
    """
    for name in _moments(cast("Hashable", kind)):
        said = words.get(name)
        if isinstance(said, str) and said.lower() != NOTHING and not DATED.match(said):
            raise InvalidInput(
                "this is no moment", where=name, remedy="write it like 2026-11-30T08:00:00Z"
            )
    return msgspec.convert(words, kind, strict=False)


@cache
def _moments(kind: type[Any]) -> frozenset[str]:
    """Names of the fields of a record that hold moments."""
    found = inspect.type_info(kind)
    fields = found.fields if isinstance(found, inspect.StructType) else ()
    return frozenset(field.encode_name for field in fields if _holds_moment(field.type))


def _holds_moment(found: inspect.Type) -> bool:
    if isinstance(found, inspect.UnionType):
        return any(map(_holds_moment, found.types))
    if isinstance(found, inspect.Metadata):
        return _holds_moment(found.type)
    return isinstance(found, inspect.DateTimeType)

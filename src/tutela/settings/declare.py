"""How a setting is declared: its meaning, unit and limits beside its type."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import msgspec
from msgspec import inspect

from tutela.model.record import Record

Value: TypeAlias = str | int | float | bool
"""What a setting may be."""

MASK = "***"
"""What is shown instead of a password."""

_USER_INFO = re.compile(r"(?P<head>^[^:]+://[^:@]*):.*@", re.DOTALL)
_QUERY_PASSWORD = re.compile(r"(?P<head>[?&][^=&]*pass[^=&]*=)[^&]*", re.IGNORECASE)


def setting(
    meaning: str,
    unit: str = "",
    *,
    ge: float | None = None,
    le: float | None = None,
    one_of: tuple[str, ...] = (),
    pattern: str | None = None,
    form: str = "",
    secret: bool = False,
) -> msgspec.Meta:
    """Declare one setting, to stand in `Annotated` beside its type.

    Args:
        meaning: what it does, for people, without a final dot.
        unit: what a number counts: `bytes`, `seconds`; empty for names and switches.
        ge: least number that is accepted.
        le: greatest number that is accepted.
        one_of: the texts that are accepted.
        pattern: regular expression that a text must contain.
        form: in words, what `pattern` accepts.
        secret: whether the value is an address that may carry a password.
    """
    if one_of:
        pattern, form = rf"^({'|'.join(one_of)})\Z", "one of " + ", ".join(one_of)
    limits: dict[str, Any] = {"ge": ge, "le": le, "pattern": pattern}
    extra = {"unit": unit, "form": form, "secret": secret}
    return msgspec.Meta(
        description=meaning,
        extra=extra,
        **{name: limit for name, limit in limits.items() if limit is not None},
    )


class Section(Record, frozen=True, kw_only=True):
    """A group of settings: one table of the TOML file."""

    def __repr__(self) -> str:
        """Show the values with secrets masked: a record may end up in a log or a traceback."""
        pairs = (f"{one.key}={one.shown(self)!r}" for one in declared_in(type(self)))
        return f"{type(self).__name__}({', '.join(pairs)})"


class Declared(Record, frozen=True, kw_only=True):
    """A declaration as read back from a section's type.

    Attributes:
        section, key: table and name in the TOML file; `section` is empty while not known.
        type: the annotated type, for conversion.
        expects: which values are accepted, in words.
    """

    section: str = ""
    key: str
    type: Any
    default: Value
    meaning: str
    unit: str
    expects: str
    secret: bool

    @property
    def name(self) -> str:
        """`section.key`."""
        return f"{self.section}.{self.key}"

    @property
    def variable(self) -> str:
        """Name of the environment variable that sets it."""
        return f"TUTELA_{self.section}_{self.key}".upper()

    def shown(self, section: Section) -> Value:
        """The value in `section` as people may see it."""
        value: Value = getattr(section, self.key)
        return masked(value) if self.secret and isinstance(value, str) else value


def masked(address: str) -> str:
    """An address without its password, wherever in the address the password stands."""
    return _QUERY_PASSWORD.sub(rf"\g<head>{MASK}", _USER_INFO.sub(rf"\g<head>:{MASK}@", address))


def declared_in(section: type[Section], name: str = "") -> tuple[Declared, ...]:
    """The settings of one section, in the order of declaration."""
    info = inspect.type_info(section)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - a Section is a Struct
    hints = msgspec.structs.fields(section)
    return tuple(
        _declared(name, field, hint.type) for field, hint in zip(info.fields, hints, strict=True)
    )


def _declared(section: str, field: inspect.Field, hint: Any) -> Declared:  # noqa: ANN401
    if not isinstance(field.type, inspect.Metadata):
        raise TypeError(f"setting {section}.{field.name} is not declared with setting()")
    extra: dict[str, Any] = field.type.extra or {}
    return Declared(
        section=section,
        key=field.name,
        type=hint,
        default=field.default,
        meaning=(field.type.extra_json_schema or {})["description"],
        unit=extra["unit"],
        expects=extra["form"] or _expects(field.type.type),
        secret=extra["secret"],
    )


def _expects(kind: inspect.Type) -> str:
    match kind:
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType() | inspect.FloatType():
            word = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
            return word + _limits(kind)
        case _:
            return "text"


def _limits(kind: inspect.IntType | inspect.FloatType) -> str:
    low = "" if kind.ge is None else f" from {kind.ge:,}"
    return low + ("" if kind.le is None else f" to {kind.le:,}")

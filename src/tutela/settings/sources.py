"""Where settings come from: a TOML file and the environment, each value checked on its way in."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

import msgspec

from tutela.errors import BadConfiguration
from tutela.model.record import Record
from tutela.settings.declare import Declared, Value

CONFIG_VARIABLE = "TUTELA_CONFIG"
"""Environment variable that names the TOML file."""

OTHER_VARIABLES = frozenset({CONFIG_VARIABLE, "TUTELA_API_KEY"})
"""Variables of ours that are not settings: the file's path, and the key that a client sends."""

_PREFIX = "TUTELA_"
_LIST = "tutela settings lists what there is"
_LARGEST_FILE = 1_000_000
_LONGEST_ECHO = 24
# Kubernetes sets these in every container next to a service that is named `tutela`.
_SERVICE_LINK = re.compile(r"TUTELA_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP)\w*)?)")
_POSITION = re.compile(r"^(?P<what>.*?) \(at (line (?P<line>\d+), column (?P<column>\d+)|end.*)\)$")


class Found(Record, frozen=True, kw_only=True):
    """A checked value and where it was found: a file's path or a variable's name."""

    value: Value
    origin: str


def from_file(path: Path, known: Mapping[str, Declared]) -> dict[str, Found]:
    """Read a TOML file.

    Args:
        path: the file.
        known: every setting by `section.key`.

    Raises:
        BadConfiguration: with file, line and setting.
    """
    text = _read(path)
    found = {}
    for name, value in _flat(_parse(text, path), path, text, known):
        one = known.get(name)
        where = _place(path, text, name)
        if one is None:
            raise _unknown(f"unknown setting {name}", where, name, known)
        found[name] = Found(value=_checked(one, value, where, strict=True), origin=str(path))
    return found


def from_environment(env: Mapping[str, str], known: Mapping[str, Declared]) -> dict[str, Found]:
    """Read the variables that begin with `TUTELA_`.

    Args:
        env: the environment.
        known: every setting by `section.key`.

    Raises:
        BadConfiguration: naming the variable.
    """
    variables = {one.variable: one for one in known.values()}
    found = {}
    for variable in sorted(name for name in env if name.startswith(_PREFIX)):
        one = variables.get(variable)
        if one is not None:
            value = _checked(one, env[variable], variable, strict=False)
            found[one.name] = Found(value=value, origin=variable)
        elif variable not in OTHER_VARIABLES and not _SERVICE_LINK.fullmatch(variable):
            names = [*variables, *OTHER_VARIABLES]
            raise _unknown("this variable sets nothing", variable, variable, names)
    return found


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST_FILE + 1)
    except OSError as problem:
        what = f"the settings file cannot be read ({problem.strerror})"
        raise BadConfiguration(what, where=str(path)) from None
    if len(raw) > _LARGEST_FILE:
        raise BadConfiguration(f"a settings file may have {_LARGEST_FILE:,} bytes", where=str(path))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise BadConfiguration("the file is not UTF-8", where=f"{path}:{line}") from None


def _parse(text: str, path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        parts = _POSITION.match(str(problem))
        what = parts["what"] if parts else str(problem)
        line = (parts and parts["line"]) or str(text.count("\n") + 1)
        raise BadConfiguration(f"this is not TOML: {what}", where=f"{path}:{line}") from None


def _flat(
    tables: Mapping[str, object], path: Path, text: str, known: Mapping[str, Declared]
) -> Iterator[tuple[str, object]]:
    sections = dict.fromkeys(one.section for one in known.values())
    for section, table in tables.items():
        where = _place(path, text, section)
        if section not in sections:
            places = {one.key: f"[{one.section}] {one.key}" for one in known.values()}
            hint = f"did you mean {places[section]}?" if section in places else ""
            raise _unknown(f"unknown section {section}", where, section, sections, hint)
        if not isinstance(table, dict):
            raise BadConfiguration(f"{section} is a section, not a value", where=where)
        for key, value in table.items():
            yield f"{section}.{key}", value


def _checked(one: Declared, value: object, where: str, *, strict: bool) -> Value:
    try:
        checked: Value = msgspec.convert(value, one.type, strict=strict)
    except msgspec.ValidationError:
        raise _refused(one, value, where) from None
    if isinstance(checked, float) and not math.isfinite(checked):
        raise _refused(one, value, where)
    return checked


def _refused(one: Declared, value: object, where: str) -> BadConfiguration:
    # Text is echoed only where a number or switch is wanted, and only when short: it cannot be
    # a password by mistake of place then.
    echo = "" if one.type is str or one.secret or one.expects == "text" else _echo(value)
    unit = f" ({one.unit})" if one.unit else ""
    what = f"{one.name} expects {one.expects}{unit}{echo}"
    return BadConfiguration(what, where=where, remedy=f"it is: {one.meaning}")


def _echo(value: object) -> str:
    text = repr(value)
    return f", but is {text}" if len(text) <= _LONGEST_ECHO else ", but is something else"


def _unknown(
    what: str, where: str, name: str, known: Iterable[str], hint: str = ""
) -> BadConfiguration:
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    remedy = hint or (f"did you mean {near[0]}?" if near else _LIST)
    return BadConfiguration(what, where=where, remedy=remedy)


def _place(path: Path, text: str, name: str) -> str:
    """File and, where it can be found, line of a setting: tomllib does not tell."""
    section, _, key = name.partition(".")
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        plain = re.sub(r"[\s\"']", "", line.partition("#")[0])
        if plain.startswith("["):
            inside = plain == f"[{section}]"
            hit = inside and not key
        else:
            dotted = plain.startswith((f"{section}.{key}=", f"{section}={{"))
            hit = dotted or (inside and bool(key) and plain.startswith(f"{key}="))
            hit = hit or (not key and plain.startswith((f"{section}=", f"{section}.")))
        if hit:
            return f"{path}:{number}"
    return str(path)

"""Jurisdiction packs read from YAML: every value checked, every mistake named with its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, get_type_hints

from msgspec.structs import fields
from ruamel.yaml.nodes import MappingNode, Node

from tutela.model import SurfaceClass
from tutela.policy.law.reading import Reader
from tutela.policy.law.records import (
    CITED,
    SECTIONS,
    Cited,
    Pack,
    Regions,
    ScanSwitch,
    Source,
    Status,
    members,
)
from tutela.policy.law.terms import NOT_STATED, WORDS, is_span

_REQUIRED = ("source", "checked", "status")
_TOP = ("pack", "title", "about", "regions", "sources", "scan")
_LENGTHS = "write a number of hours, days, weeks, months or years: 24 hours"

Sources = Mapping[str, Source]


def shipped(today: date = date.max) -> tuple[Pack, ...]:
    """The packs that ship, by name.

    Args:
        today: the day that no date in them may lie after. By default any will do: a machine whose
            clock is behind must be able to start.
    """
    found: list[Pack] = []
    for file in sorted(files("tutela.policy.law").joinpath("packs").iterdir(), key=_name):
        with as_file(file) as path:
            found.append(read_pack(path, today, beside=found))
    return tuple(found)


def read_pack(path: Path, today: date | None = None, *, beside: Collection[Pack] = ()) -> Pack:
    """One pack.

    Args:
        path: its file.
        today: the day that no date in it may lie after; None means the day it is.
        beside: other packs, which must not have its name or cover its places.

    Raises:
        BadConfiguration: with `file:line:column`.
    """
    reader = Reader.of(path, today or latest_day())
    return pack_of(reader, reader.top(), beside)


def latest_day() -> date:
    """The day it is where the day begins first: nowhere on Earth is it later."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()


def is_pack(path: Path) -> bool:
    """Whether a file is a pack, rather than an operator's file; raises `BadConfiguration`."""
    top = Reader.of(path, date.max).top()
    keys = [key.value for key, _ in top.value] if isinstance(top, MappingNode) else []
    return "pack" in keys


def pack_of(reader: Reader, top: Node, beside: Collection[Pack] = ()) -> Pack:
    """The pack that a file holds; raises `BadConfiguration`."""
    rest = [name for name in SECTIONS if name != "scan"]
    keyed = reader.keyed(top, "a pack", (*_TOP, *rest), _TOP)
    named = reader.named(keyed["sources"], "the sources")
    sources = {name: reader.source(node) for name, node in named.items()}
    items = {
        section: {
            name: item_of(reader, node, SECTIONS[section], sources)
            for name, node in reader.named(keyed[section], section).items()
        }
        for section in rest
        if section in keyed
    }
    pack = Pack(
        id=reader.name(keyed["pack"], "a pack's name"),
        title=reader.words(keyed["title"], "a pack's title"),
        about=reader.words(keyed["about"], "what a pack is about"),
        regions=item_of(reader, keyed["regions"], Regions, sources),
        scan=_scan(reader, keyed["scan"], sources),
        **items,
    )
    _check_beside(reader, keyed, pack, beside)
    if "categories" in keyed:
        _check_categories(reader, keyed["categories"], pack)
    used = {item.source for _, item in pack.items()}
    for name, source in sources.items():
        if source not in used:
            raise reader.error(f"no value has the source {name}", named[name], "remove it")
    return pack


def item_of(reader: Reader, node: Node, kind: type[Cited], sources: Sources) -> Any:  # noqa: ANN401 - of `kind`
    """One item of a section."""
    what = _WHAT[kind.__name__]
    keyed = reader.keyed(node, what, (*members(kind), *CITED), (*_needed(kind), *_REQUIRED))
    values: dict[str, Any] = {
        name: member_of(reader, value, kind, name)
        for name, value in keyed.items()
        if name not in CITED
    }
    values["source"] = sources[reader.one_of(keyed["source"], "source", tuple(sources))]
    values["checked"] = reader.day(keyed["checked"], "checked")
    values["status"] = reader.choice(keyed["status"], "status", Status)
    for name in ("section", "note"):
        if name in keyed:
            values[name] = reader.words(keyed[name], name)
    return kind(**values)


def member_of(reader: Reader, node: Node, kind: type[Cited], name: str) -> Any:  # noqa: ANN401 - of the member's type
    """The value of one member of an item, as its type wants it; raises `BadConfiguration`."""
    hint = get_type_hints(kind)[name]
    if name == "codes":
        return reader.regions(node)
    if hint is bool:
        return reader.flag(node, name)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return reader.choice(node, name, hint)
    if hint is not str:
        return tuple(reader.words(item, "an item") for item in reader.items(node, name))
    if name in _CODES:
        return reader.code(node, f"a {name}")
    text = reader.words(node, name)
    if name in _TERMS and not is_span(text) and text not in _TERMS[name]:
        remedy = "; or ".join(filter(None, (_LENGTHS, ", ".join(_TERMS[name]))))
        raise reader.error(f"{name}: {text} is no length of time", node, remedy)
    return text


def _check_beside(
    reader: Reader, keyed: Mapping[str, Node], pack: Pack, beside: Collection[Pack]
) -> None:
    """A place has one pack, and a pack one name."""
    if any(other.id == pack.id for other in beside):
        raise reader.error(f"there is a pack {pack.id} already", keyed["pack"], "choose another")
    taken = {code: other.id for other in beside for code in other.regions.codes}
    regions = reader.keyed(keyed["regions"], "regions", (*members(Regions), *CITED))
    for node, code in zip(reader.items(regions["codes"], ""), pack.regions.codes, strict=True):
        if code in taken:
            remedy = "to change what that pack says, override it"
            raise reader.error(f"{code} is covered by the pack {taken[code]}", node, remedy)


def _check_categories(reader: Reader, node: Node, pack: Pack) -> None:
    """No category stands twice in its scheme."""
    seen: set[str] = set()
    for name, item in reader.named(node, "categories").items():
        grade = pack.categories[name].grade
        if grade in seen:
            raise reader.error(f"the category {grade} is given twice", item, "remove one of them")
        seen.add(grade)


def _scan(reader: Reader, node: Node, sources: Sources) -> dict[SurfaceClass, ScanSwitch]:
    """A switch for every class of surface: none is left to chance."""
    classes = [one.value for one in SurfaceClass]
    keyed = reader.keyed(node, "scan", classes, classes)
    return {
        SurfaceClass(name): item_of(reader, keyed[name], ScanSwitch, sources) for name in classes
    }


def _needed(kind: type[Cited]) -> list[str]:
    """The members of its own that an item must have."""
    return [one.name for one in fields(kind) if one.required and one.name in members(kind)]


def _name(file: Any) -> str:  # noqa: ANN401 - a resource
    return str(file.name)


_TERMS: Mapping[str, tuple[str, ...]] = {"within": WORDS, "keep": (NOT_STATED,), "window": ()}
_CODES = ("scheme", "category")
_WHAT = {
    "Regions": "regions",
    "ScanSwitch": "a switch",
    "Recipient": "a recipient",
    "Clock": "a clock",
    "Retention": "a retention",
    "Form": "a form",
    "Words": "a text",
    "Category": "a category",
}

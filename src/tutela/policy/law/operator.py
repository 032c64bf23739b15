"""The operator's own file: what surfaces are, where the service is at home, and what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec
from msgspec.structs import replace
from ruamel.yaml.nodes import Node, ScalarNode

from tutela.declarations.wording import nearest
from tutela.model import SurfaceClass
from tutela.model.record import Record
from tutela.policy.law.loading import latest_day, member_of, read_pack, shipped
from tutela.policy.law.reading import Reader
from tutela.policy.law.records import SECTIONS, Item, Override, Pack, Regions, members, shown

_KEYS = ("surfaces", "other_surfaces", "home", "overrides", "packs")
_OVERRIDE_KEYS = ("path", "value", "reason", "decided_by", "date")


class Operator(Record, frozen=True, kw_only=True):
    """What an operator says of the law on their own service.

    Attributes:
        surfaces: what each of the platform's surfaces counts as.
        other_surfaces: what any other counts as, and an event without one; None where the
            operator does not say: see `Law.class_of`.
        home: region of events that name none; empty for none.
        packs: every pack, with what is overridden.
    """

    surfaces: Mapping[str, SurfaceClass] = msgspec.field(default_factory=dict)
    other_surfaces: SurfaceClass | None = None
    home: str = ""
    packs: tuple[Pack, ...] = ()


def read_operator(file: str, today: date | None = None) -> Operator:
    """The shipped packs with an operator's file.

    Args:
        file: its path; empty for none.
        today: the day that no date may lie after; None means the day it is.

    Raises:
        BadConfiguration: with `file:line:column`.
    """
    day, packs = today or latest_day(), shipped()
    if not file:
        return Operator(packs=packs)
    reader = Reader.of(Path(file), day)
    keyed = reader.keyed(reader.top(), "the law file", _KEYS)
    packs = _with_own(reader, keyed, packs, day)
    return Operator(
        surfaces=_surfaces(reader, keyed["surfaces"]) if "surfaces" in keyed else {},
        other_surfaces=reader.choice(keyed["other_surfaces"], "class of surface", SurfaceClass)
        if "other_surfaces" in keyed
        else None,
        home=reader.region(keyed["home"]) if "home" in keyed else "",
        packs=_overridden(reader, keyed["overrides"], packs) if "overrides" in keyed else packs,
    )


def _surfaces(reader: Reader, node: Node) -> dict[str, SurfaceClass]:
    return {
        name: reader.choice(value, "class of surface", SurfaceClass)
        for name, value in reader.free(node, "surfaces").items()
    }


def _with_own(
    reader: Reader, keyed: Mapping[str, Node], packs: tuple[Pack, ...], today: date
) -> tuple[Pack, ...]:
    """The packs, and those that the operator wrote for other places."""
    nodes = reader.items(keyed["packs"], "packs") if "packs" in keyed else ()
    for node in nodes:
        path = Path(reader.file).parent / reader.words(node, "a pack's file")
        if not path.is_file():
            remedy = "its path begins at the folder of this file"
            raise reader.error(f"there is no file {path}", node, remedy)
        packs = (*packs, read_pack(path, today, beside=packs))
    return packs


def _overridden(reader: Reader, node: Node, packs: tuple[Pack, ...]) -> tuple[Pack, ...]:
    done: dict[str, Pack] = {pack.id: pack for pack in packs}
    seen: set[str] = set()
    for item in reader.items(node, "overrides"):
        keyed = reader.keyed(item, "an override", _OVERRIDE_KEYS, _OVERRIDE_KEYS)
        path = reader.words(keyed["path"], "a path")
        if path in seen:
            raise reader.error(f"{path} is overridden twice", keyed["path"], "remove one of them")
        seen.add(path)
        pack, section, name, member = _parts(reader, keyed["path"], path, done)
        done[pack.id] = _changed(reader, keyed, pack, (section, name, member))
    return tuple(done.values())


def _parts(
    reader: Reader, node: Node, path: str, packs: Mapping[str, Pack]
) -> tuple[Pack, str, str, str]:
    """The pack, section, item and member that a path names."""
    first, *rest = path.split(".")
    pack = packs[_known(reader, node, "pack", first, list(packs))]
    sections = ["regions", *SECTIONS]
    section = _known(reader, node, "section", rest.pop(0) if rest else "", sections)
    name, kind = "", Regions
    if section != "regions":
        items: Mapping[str, Item] = getattr(pack, section)
        name = _known(reader, node, "value", rest.pop(0) if rest else "", list(items))
        kind = SECTIONS[section]  # type: ignore[assignment]
    member = _known(reader, node, "member", ".".join(rest), list(members(kind)))
    return pack, section, name, member


def _known(reader: Reader, node: Node, what: str, name: str, names: Sequence[str]) -> str:
    if name in names:
        return name
    remedy = nearest(name, names, f"there is {', '.join(names)}")
    said = f"the path names no {what}" if not name else f"the path names no {what}: {name}"
    raise reader.error(said, node, remedy)


def _changed(
    reader: Reader, keyed: Mapping[str, Node], pack: Pack, place: tuple[str, str, str]
) -> Pack:
    """A pack with one member of one item overridden."""
    section, name, member = place
    item: Item = getattr(pack, section)[name] if name else pack.regions
    value = member_of(reader, keyed["value"], type(item), member)
    path = keyed["path"]
    override = Override(
        path=str(path.value) if isinstance(path, ScalarNode) else "",
        value=shown(value),
        instead_of=shown(getattr(item, member)),
        reason=reader.words(keyed["reason"], "an override's reason"),
        decided_by=reader.words(keyed["decided_by"], "who decided"),
        date=reader.day(keyed["date"], "date"),
    )
    new = replace(item, **{member: value}, overrides=(*item.overrides, override))
    if not name:
        return replace(pack, regions=new)
    return replace(pack, **{section: {**getattr(pack, section), name: new}})

"""The law as it holds for this service: which pack covers a place, and what may be scanned.

Nothing is scanned before the ruling is made; see `Pipeline.check`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from tutela.model import Content, EventKind, Gap, GapReason, Ruling, SurfaceClass
from tutela.policy.law.operator import Operator, read_operator
from tutela.policy.law.records import Category, Override, Pack, ScanSwitch

NO_PACK = "none"
"""What stands for a pack in a ruling about a place that none covers."""
CATEGORIES_OF = "us"
"""The pack whose categories are offered where a place's own has none: they are no law, but the
classification that the industry agreed on, and reports from many places use it."""

WITHOUT_SURFACE: Mapping[EventKind, SurfaceClass] = MappingProxyType(
    {
        EventKind.UPLOAD: SurfaceClass.PUBLIC,
        EventKind.STREAM: SurfaceClass.LIVESTREAM,
        EventKind.MESSAGE: SurfaceClass.PRIVATE_MESSAGES,
        EventKind.CONTACT: SurfaceClass.PRIVATE_MESSAGES,
        # Nothing is scanned: an appeal is words to whoever reads it.
        EventKind.APPEAL: SurfaceClass.PUBLIC,
    }
)
"""What an event that names no surface counts as, by what happened."""


class Law:
    """Every pack with the operator's file; never changed once made. Thread-safe.

    Args:
        operator: the packs, and what the operator says of the service.
        scan_without_pack: whether content may be scanned where no pack covers the place.
    """

    def __init__(self, operator: Operator, *, scan_without_pack: bool = True) -> None:
        self.operator = operator
        self.packs: Mapping[str, Pack] = {pack.id: pack for pack in operator.packs}
        self._by_code = {code: pack for pack in operator.packs for code in pack.regions.codes}
        # Made once: events are many, packs and classes are few.
        self._rulings = {
            (pack.id, surface): _ruling(pack, surface)
            for pack in operator.packs
            for surface in SurfaceClass
        }
        self._without = {
            surface: None if scan_without_pack else _no_pack(surface) for surface in SurfaceClass
        }
        self._classes = {one.value: one for one in SurfaceClass} | dict(operator.surfaces)

    @classmethod
    def load(cls, file: str, *, scan_without_pack: bool = True, today: date | None = None) -> Law:
        """The shipped packs with an operator's file; arguments as for `read_operator`.

        Raises:
            BadConfiguration: with `file:line:column`.
        """
        return cls(read_operator(file, today), scan_without_pack=scan_without_pack)

    def pack_of(self, region: str) -> Pack | None:
        """The pack that covers a region, or the country that it is a part of.

        Args:
            region: ISO 3166 code; empty means where the service is at home.
        """
        code = region.strip().upper() or self.operator.home
        while code:
            if code in self._by_code:
                return self._by_code[code]
            code = code.rpartition("-")[0]
        return None

    def categories_of(self, region: str) -> tuple[Category, ...]:
        """What contents of a place may be put into, in the order in which it is offered.

        The categories of the pack that covers the place; where it has none, those of
        `CATEGORIES_OF`.
        """
        pack = self.pack_of(region)
        if pack is None or not pack.categories:
            pack = self.packs.get(CATEGORIES_OF)
        return tuple(pack.categories.values()) if pack else ()

    def class_of(self, surface: str, kind: EventKind = EventKind.UPLOAD) -> SurfaceClass:
        """What one of the platform's surfaces counts as.

        The names of the classes mean themselves, unless the operator says otherwise. Of what
        nobody has named, `Operator.other_surfaces` decides; where that says nothing either, an
        event without a surface goes by its kind, and a name that nobody knows counts as private
        messages: it may be a chat, and what is wrongly not scanned shows in each answer, while
        what is wrongly scanned would not.
        """
        if surface in self._classes:
            return self._classes[surface]
        if self.operator.other_surfaces is not None:
            return self.operator.other_surfaces
        return SurfaceClass.PRIVATE_MESSAGES if surface else WITHOUT_SURFACE[kind]

    def named(self, surface: str) -> bool:
        """Whether the operator, or the name itself, says what a surface is."""
        return surface in self._classes

    def ruling(
        self, region: str, surface: str, kind: EventKind = EventKind.UPLOAD
    ) -> Ruling | None:
        """What the law of a place says of scanning a surface, for an event of a kind.

        None where no pack covers the place, and the setting says that it may be scanned.
        """
        surface_class = self.class_of(surface, kind)
        pack = self.pack_of(region)
        if pack is None:
            return self._without[surface_class]
        return self._rulings[pack.id, surface_class]


def unlawful(ruling: Ruling | None) -> bool:
    """Whether a ruling says that nothing may be scanned."""
    return ruling is not None and not ruling.may_scan


def not_permitted(ruling: Ruling) -> Content:
    """What stands for content that was not looked at, because a ruling says no."""
    place = f"pack {ruling.pack}, {ruling.surface_class.replace('_', ' ')}"
    detail = f"not looked at ({place}): {ruling.reason}"
    return Content(media_type="", gaps=(Gap(reason=GapReason.NOT_PERMITTED, detail=detail),))


def _ruling(pack: Pack, surface: SurfaceClass) -> Ruling:
    switch = pack.scan[surface]
    override = next((one for one in reversed(switch.overrides)), None)
    return Ruling(
        pack=pack.id,
        version=pack.version,
        surface_class=surface,
        may_scan=switch.may_scan,
        reason=override.reason if override else switch.reason,
        source=_source(switch, override),
        overridden=override is not None,
    )


def _source(switch: ScanSwitch, override: Override | None) -> str:
    if override is None:
        return switch.cited
    decided = f"decided by {override.decided_by} on {override.date.isoformat()}"
    return f"{decided}; instead of {override.instead_of} ({switch.cited})"


def _no_pack(surface: SurfaceClass) -> Ruling:
    return Ruling(
        pack=NO_PACK,
        version=NO_PACK,
        surface_class=surface,
        may_scan=False,
        reason="No pack covers the place, and the operator does not scan where none does.",
        source="setting law.without_pack",
    )

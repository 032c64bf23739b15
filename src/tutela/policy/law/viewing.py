"""The law as people look at it: rows of values, packs in numbers, and what a case needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from tutela.declarations.wording import nearest
from tutela.errors import NotFound
from tutela.model import Ruling
from tutela.model.record import Record
from tutela.policy.law.law import Law
from tutela.policy.law.records import Item, Override, Pack, Status, members, shown
from tutela.policy.law.terms import Moment, due


class LawValue(Record, frozen=True, kw_only=True):
    """One value of a pack, ready to be shown.

    Attributes:
        path: what an override would name, without the member: `uk.clocks.priority-3`.
        says: its members in words: `within: without undue delay`.
        source: the law's title.
        section: article or section of it.
        url: the law's address, where one is known.
        checked: the day on which somebody last looked; overriding it is looking.
        stale: that was longer ago than the setting `law.stale_days`.
        status: how sure it is.
        overrides: what the operator changed in it.
    """

    path: str
    says: Mapping[str, str]
    source: str
    section: str
    url: str
    checked: date
    stale: bool
    status: Status
    note: str
    overrides: tuple[Override, ...] = ()

    @property
    def group(self) -> str:
        """The section of the pack."""
        return self.path.split(".")[1]

    @property
    def name(self) -> str:
        """Its name within the section; for regions the section's."""
        return self.path.rpartition(".")[2]


class PackSummary(Record, frozen=True, kw_only=True):
    """A pack in numbers.

    Attributes:
        version: a digest of everything in it, overrides included.
        regions: ISO 3166 codes that it covers.
        may_scan, may_not_scan: classes of surfaces.
        values: how many there are; `read`, `secondary` and `unsettled` of them are so sure.
        stale: values that were checked too long ago.
        checked: the day on which the value was checked that was checked longest ago.
        overrides: what the operator changed.
    """

    pack: str
    title: str
    about: str
    version: str
    regions: tuple[str, ...]
    may_scan: tuple[str, ...]
    may_not_scan: tuple[str, ...]
    values: int
    read: int
    secondary: int
    unsettled: int
    stale: int
    checked: date
    overrides: tuple[Override, ...]


class DueClock(Record, frozen=True, kw_only=True):
    """A clock of a case.

    Attributes:
        due: when its time is over, counted from the opening of the case; None where the law names
            no number, or where it counts from something else.
    """

    value: LawValue
    due: datetime | None


class CaseLaw(Record, frozen=True, kw_only=True):
    """What the law of its place asks of a case.

    Attributes:
        summary: the pack as it is in force now.
        then: what was ruled when the event was checked.
    """

    summary: PackSummary
    then: Ruling | None
    recipients: tuple[LawValue, ...]
    clocks: tuple[DueClock, ...]
    retention: tuple[LawValue, ...]
    forms: tuple[LawValue, ...]


class Freshness(Record, frozen=True, kw_only=True):
    """How long ago a value may have been checked: `days` before `today`."""

    today: date
    days: int


def pack_named(law: Law, name: str) -> Pack:
    """A pack by its name; raises `NotFound`."""
    if name not in law.packs:
        remedy = nearest(name, law.packs, f"there is {', '.join(law.packs)}")
        raise NotFound("no pack has this name", where="pack", remedy=remedy)
    return law.packs[name]


def values_of(pack: Pack, fresh: Freshness) -> tuple[LawValue, ...]:
    """Every value of a pack, in the order of its sections."""
    return tuple(_value(path, item, fresh) for path, item in pack.items())


def value_at(law: Law, path: str, fresh: Freshness) -> LawValue:
    """The value at a path; one that names a member finds the value that it belongs to.

    Raises:
        NotFound: there is none.
    """
    pack = pack_named(law, path.partition(".")[0])
    values = {value.path: value for value in values_of(pack, fresh)}
    found = values.get(path) or values.get(path.rpartition(".")[0])
    if found is None:
        remedy = nearest(path, values, f"`tutela law show {pack.id}` lists them")
        raise NotFound("the pack has no such value", where="path", remedy=remedy)
    return found


def summary_of(pack: Pack, fresh: Freshness) -> PackSummary:
    """A pack in numbers."""
    values = values_of(pack, fresh)
    sure = [value.status for value in values]
    return PackSummary(
        pack=pack.id,
        title=pack.title,
        about=pack.about,
        version=pack.version,
        regions=pack.regions.codes,
        may_scan=tuple(surface.value for surface, one in pack.scan.items() if one.may_scan),
        may_not_scan=tuple(surface.value for surface, one in pack.scan.items() if not one.may_scan),
        values=len(values),
        read=sure.count(Status.READ),
        secondary=sure.count(Status.SECONDARY),
        unsettled=sure.count(Status.UNSETTLED),
        stale=sum(value.stale for value in values),
        checked=min(value.checked for value in values),
        overrides=pack.overrides,
    )


def case_law(
    law: Law, region: str, then: Ruling | None, opened_at: datetime, fresh: Freshness
) -> CaseLaw | None:
    """What the law of its place asks of a case; None where no pack covers the place.

    Args:
        law: the law in force.
        region: the event's.
        then: what was ruled when the event was checked.
        opened_at: when the case was opened: the earliest moment from which the service can be said
            to know. Whether it knew only later is for counsel to say.
        fresh: which values count as stale.
    """
    pack = law.pack_of(region)
    if pack is None:
        return None
    values = values_of(pack, fresh)
    within = {f"{pack.id}.clocks.{name}": clock for name, clock in pack.clocks.items()}
    return CaseLaw(
        summary=summary_of(pack, fresh),
        then=then,
        recipients=_group(values, "recipients"),
        clocks=tuple(
            DueClock(
                value=value,
                due=due(clock.within, opened_at) if clock.after is Moment.AWARENESS else None,
            )
            for value in _group(values, "clocks")
            for clock in (within[value.path],)
        ),
        retention=_group(values, "retention"),
        forms=_group(values, "forms"),
    )


def _group(values: tuple[LawValue, ...], group: str) -> tuple[LawValue, ...]:
    return tuple(value for value in values if value.group == group)


def _value(path: str, item: Item, fresh: Freshness) -> LawValue:
    says = {name: shown(getattr(item, name)) for name in members(type(item))}
    return LawValue(
        path=path,
        says={name: text for name, text in says.items() if text},
        source=item.source.title,
        section=item.section,
        url=item.source.url,
        checked=item.looked_at,
        stale=item.stale(fresh.today, fresh.days),
        status=item.status,
        note=item.note,
        overrides=item.overrides,
    )

"""What a jurisdiction pack says, as typed records.

Each value is an item of a section, and each item carries its legal source, the day on which that
was checked, and how sure it is. A path names an item or one of its members:
`uk.clocks.priority-3` or `uk.clocks.priority-3.within`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

import msgspec

from tutela.errors import InvalidInput
from tutela.model import SurfaceClass
from tutela.model.record import Record
from tutela.policy.law.terms import Bound, Moment


class Status(StrEnum):
    """How sure a value is."""

    READ = "read"
    """The text of the law, or the authority's own document, was read."""
    SECONDARY = "secondary"
    """What others say of the law; its text was not read."""
    UNSETTLED = "unsettled"
    """Open: sources differ or are silent, or a change is under way. Ask counsel."""


class Source(Record, frozen=True, kw_only=True):
    """Where a value stands: the law's title, and its address where one is known."""

    title: str
    url: str = ""


class Override(Record, frozen=True, kw_only=True):
    """An operator's own value in place of the pack's.

    Attributes:
        path: which member of which item: `eu.scan.private_messages.may_scan`.
        value: the operator's value, as text.
        instead_of: the pack's value, as text.
        reason: why, in the operator's words.
        decided_by: who answers for it.
        date: when it was decided.
    """

    path: str
    value: str
    instead_of: str
    reason: str
    decided_by: str
    date: date


class Cited(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What every item carries.

    Attributes:
        source: the law that says so.
        section: article or section of it.
        checked: the day on which the pack's author last looked.
        status: how sure it is.
        note: what to know about it: what is open, what is expected.
        overrides: what the operator has changed in it.
    """

    source: Source
    section: str = ""
    checked: date
    status: Status
    note: str = ""
    overrides: tuple[Override, ...] = ()

    @property
    def cited(self) -> str:
        """The law's title with the section."""
        return ", ".join(filter(None, (self.source.title, self.section)))

    @property
    def looked_at(self) -> date:
        """The day on which somebody last looked: who overrides a value has looked, too."""
        return max(self.checked, *(one.date for one in self.overrides), date.min)

    def stale(self, today: date, days: int) -> bool:
        """Whether somebody last looked longer than so many days ago."""
        return today - self.looked_at > timedelta(days=days)


class Regions(Cited, frozen=True, kw_only=True):
    """Which places a pack covers: ISO 3166 codes; one of a country covers its subdivisions."""

    codes: tuple[str, ...]


class ScanSwitch(Cited, frozen=True, kw_only=True):
    """Whether content of one class of surface may be scanned, and why."""

    may_scan: bool
    reason: str


class Recipient(Cited, frozen=True, kw_only=True):
    """Who is reported to.

    Attributes:
        name: the authority or body.
        through: by which way.
        duty: when there is a duty to report.
        unless: what need not, or must not, be reported to it again.
    """

    name: str
    through: str = ""
    duty: str
    unless: str = ""


class Clock(Cited, frozen=True, kw_only=True):
    """How soon something must be done.

    Attributes:
        what: what must be done.
        within: `24 hours`, `7 days`, or a word of the law such as `without undue delay`.
        after: from which moment it counts.
    """

    what: str
    within: str
    after: Moment


class Retention(Cited, frozen=True, kw_only=True):
    """How long something is kept.

    Attributes:
        what: what is kept.
        keep: for how long: `1 year`; or `not stated`.
        bound: whether that is the least, the most, or exactly.
        after: from which moment it counts.
        scope: how much of it, in words.
        window: how far back from the finding data may go: `2 weeks`; empty where the law sets no
            such limit.
        then: what is done when the time is over.
    """

    what: str
    keep: str
    bound: Bound
    after: Moment
    scope: str = ""
    window: str = ""
    then: str


class Form(Cited, frozen=True, kw_only=True):
    """What must be told, registered or published, or must not be told.

    Attributes:
        what: what.
        through: by which way.
        fields: what it must hold, as far as that is known.
    """

    what: str
    through: str = ""
    fields: tuple[str, ...] = ()


class Words(Cited, frozen=True, kw_only=True):
    """A text for users, in one language (BCP 47)."""

    text: str
    language: str = "en"


class Category(Cited, frozen=True, kw_only=True):
    """One category that a person may put a content into, of a scheme in use at the place.

    Attributes:
        scheme: short name of the scheme; categories of different schemes are never translated into
            one another.
        category: its name in the scheme, as it is written there.
        label: what it is called. No description of content: who works with a scheme knows it.
    """

    scheme: str
    category: str
    label: str

    @property
    def grade(self) -> str:
        """Scheme and category as one word."""
        return f"{self.scheme}:{self.category}"


Item: TypeAlias = Regions | ScanSwitch | Recipient | Clock | Retention | Form | Words | Category


class Pack(Record, frozen=True, kw_only=True, dict=True):
    """What the law of one place says, with what the operator changed in it.

    Attributes:
        id: short name: `eu`.
        title: the place, in words.
        about: what to know before relying on it.
        scan: whether each class of surface may be scanned.
        categories: what people who review may put contents into, in the order in which it is
            offered.
    """

    id: str
    title: str
    about: str
    regions: Regions
    scan: Mapping[SurfaceClass, ScanSwitch]
    recipients: Mapping[str, Recipient] = msgspec.field(default_factory=dict)
    clocks: Mapping[str, Clock] = msgspec.field(default_factory=dict)
    retention: Mapping[str, Retention] = msgspec.field(default_factory=dict)
    forms: Mapping[str, Form] = msgspec.field(default_factory=dict)
    texts: Mapping[str, Words] = msgspec.field(default_factory=dict)
    categories: Mapping[str, Category] = msgspec.field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """The whole pack as JSON with all overrides: what its version is a digest of."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1).decode()

    @cached_property
    def version(self) -> str:
        """The pack's name and a digest: the same values give the same version everywhere."""
        return f"{self.id}-{_digest(self.text)}"

    @property
    def overrides(self) -> tuple[Override, ...]:
        """Everything that the operator changed in it."""
        return tuple(one for _, item in self.items() for one in item.overrides)

    def items(self) -> Iterator[tuple[str, Item]]:
        """Every item by its path, in the order of the sections."""
        yield f"{self.id}.regions", self.regions
        for section in SECTIONS:
            for name, item in getattr(self, section).items():
                yield f"{self.id}.{section}.{name}", item


def kept_pack(version: str, text: str) -> Pack:
    """A pack that was kept under a version.

    Raises:
        InvalidInput: the text is not that of the version, or was written by a program so much
            older or younger that this one cannot read it.
    """
    if not version.endswith(f"-{_digest(text)}"):
        what = "what was kept under this version is not what it is a digest of"
        raise InvalidInput(what, where=version, remedy="find out who changed the database")
    try:
        return msgspec.json.decode(text, type=Pack)
    except msgspec.ValidationError:
        what = "another version of the program wrote this pack"
        remedy = f"print it as it is with: tutela law show --version {version} --json"
        raise InvalidInput(what, where=version, remedy=remedy) from None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


SECTIONS: Mapping[str, type[Cited]] = {
    "scan": ScanSwitch,
    "recipients": Recipient,
    "clocks": Clock,
    "retention": Retention,
    "forms": Form,
    "texts": Words,
    "categories": Category,
}
"""The sections of a pack that hold named items, in the order in which they are shown."""

CITED = tuple(name for name in Cited.__struct_fields__ if name != "overrides")
"""Members that every item has, as a file writes them."""


def members(kind: type[Cited]) -> tuple[str, ...]:
    """The members of an item of its own, without what every item carries."""
    return tuple(name for name in kind.__struct_fields__ if name not in Cited.__struct_fields__)


def shown(value: object) -> str:
    """A member's value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)

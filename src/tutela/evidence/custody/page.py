"""What stands on the pages of a custody document: every value as the words that are printed."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from tutela.evidence.audit.checkpoint import parse
from tutela.evidence.custody.legible import Legible, Written
from tutela.evidence.custody.record import CustodyRecord, Keys, Touch
from tutela.evidence.custody.wording import BOUNDS, KINDS, MOMENTS, STATES, STEPS, TOUCHES
from tutela.model.custody.evidence import Hold, Item, ItemState, Step
from tutela.model.custody.names import exact
from tutela.model.record import Record

NAME_WIDTH = 72
WHO_WIDTH = 16
DETAIL_WIDTH = 40
"""Characters of a line: of a name, of who did something, of what is told about it."""
_GROUP = 8
_GROUPS = 4


class Fact(Record, frozen=True, kw_only=True):
    """A value with what it is.

    Attributes:
        label: what it is.
        words: our own words for it, or what `Legible.line` made.
        written: letter by letter, with a frame around it where `framed`.
        groups: lines of digits, to be compared.
    """

    label: str
    words: str = ""
    written: Written | None = None
    framed: bool = False
    groups: tuple[str, ...] = ()


class StepShown(Record, frozen=True, kw_only=True):
    """One step of where the bytes came from."""

    what: str
    facts: tuple[Fact, ...]


class HoldShown(Record, frozen=True, kw_only=True):
    """One hold."""

    title: str
    stands: bool
    facts: tuple[Fact, ...]


class TouchShown(Record, frozen=True, kw_only=True):
    """One row of what was done."""

    index: str
    at: tuple[str, str]
    what: str
    about: str
    who: Written
    details: Written


class Page(Record, frozen=True, kw_only=True):
    """Everything that is printed, in the order in which it is."""

    drill: str
    item: str
    made: str
    program: str
    maker: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    content: tuple[Fact, ...]
    missing: str
    chain: tuple[StepShown, ...]
    term: tuple[Fact, ...]
    holds: tuple[HoldShown, ...]
    tools: tuple[Fact, ...]
    touches: tuple[TouchShown, ...]
    checkpoint: tuple[Fact, ...]
    keys: tuple[Fact, ...]


class Pages:
    """Prepares records for print."""

    def __init__(self) -> None:
        self._names = Legible(NAME_WIDTH)
        self._who = Legible(WHO_WIDTH, 64)
        self._details = Legible(DETAIL_WIDTH, 512)

    def of(self, record: CustodyRecord) -> Page:
        """What is printed of a record."""
        item = record.item
        return Page(
            drill=record.drill,
            item=self._names.line(item.id),
            made=moment(record.made_at),
            program=self._names.line(record.program),
            maker=(Fact(label="Made for", written=self._names.name(record.made_by)),),
            facts=tuple(self._item(item)),
            content=tuple(self._content(item)),
            missing=_missing(item),
            chain=tuple(self._step(step) for step in item.facts.chain),
            term=tuple(self._term(item)),
            holds=tuple(self._hold(hold) for hold in record.holds),
            tools=tuple(self._tools(item.facts.tools)),
            touches=tuple(self._touch(touch, item) for touch in record.touches),
            checkpoint=tuple(self._checkpoint(record)),
            keys=tuple(_keys(record.keys)),
        )

    def _item(self, item: Item) -> Iterator[Fact]:
        yield Fact(label="Item", written=self._names.name(item.id))
        yield Fact(label="Event", written=self._names.name(item.event_id))
        if item.case_id is not None:
            yield Fact(label="Case", written=self._names.name(item.case_id))
        yield Fact(label="What it is", words=KINDS[item.kind])
        yield Fact(label="Where it is", words=STATES[item.state])
        if item.problem:
            yield self._told("Problem", item.problem)
        yield Fact(label="Found", words=moment(item.detected_at))
        yield Fact(label="Written down", words=moment(item.created_at))
        if item.destroyed_at is not None:
            yield Fact(label="Destroyed", words=moment(item.destroyed_at))

    def _content(self, item: Item) -> Iterator[Fact]:
        facts = item.facts
        if not facts.digests:
            return
        if facts.name:
            yield self._name("Name", facts.name, facts.name_bytes)
        yield Fact(label="Type", words=self._names.line(facts.media_type))
        yield Fact(label="Size", words=f"{facts.size:,} bytes")
        yield from self._digests(facts.digests)
        if facts.salt:
            yield Fact(label="Salt", groups=grouped(self._names.line(facts.salt)))

    def _name(self, label: str, text: str, name_bytes: str) -> Fact:
        raw = exact(text, name_bytes) if name_bytes else None
        return Fact(label=label, written=self._names.name(text, raw), framed=True)

    def _told(self, label: str, text: str) -> Fact:
        return Fact(label=label, written=self._names.told(text), framed=True)

    def _digests(self, digests: Mapping[str, str]) -> Iterator[Fact]:
        for name, value in sorted(digests.items()):
            label = {"sha256": "SHA-256", "sha1": "SHA-1", "md5": "MD5"}.get(name)
            yield Fact(
                label=label or self._names.line(name), groups=grouped(self._names.line(value))
            )

    def _step(self, step: Step) -> StepShown:
        facts = []
        if step.name:
            facts.append(self._name("Name", step.name, step.name_bytes))
        if step.seconds is not None:
            facts.append(Fact(label="At", words=f"{step.seconds:.3f} s from its beginning"))
        if step.at is not None:
            facts.append(Fact(label="Time", words=moment(step.at)))
        facts += self._digests(step.digests)
        return StepShown(what=STEPS[step.kind], facts=tuple(facts))

    def _term(self, item: Item) -> Iterator[Fact]:
        term = item.term
        kept = f"{self._names.line(term.keep)} {BOUNDS[term.bound]}, {MOMENTS[term.after]}"
        yield Fact(label="Kept for", words=kept)
        if term.window:
            window = f"no further back than {self._names.line(term.window)} before"
            yield Fact(label="Reaches", words=window)
        source = self._names.line(term.source) or "the operator's settings: no law names a period"
        yield Fact(label="Because of", words=source)
        if term.pack:
            yield Fact(label="Pack of law", words=self._names.line(term.pack))
        begun = "has not begun" if item.clock_at is None else moment(item.clock_at)
        yield Fact(label="Began", words=begun)
        end = "not set" if item.expires_at is None else moment(item.expires_at)
        yield Fact(label="Ends", words=end)

    def _hold(self, hold: Hold) -> HoldShown:
        facts = [
            Fact(label="Placed", words=moment(hold.placed_at)),
            Fact(label="By", written=self._names.name(hold.placed_by)),
            self._told("Reason", hold.reason),
        ]
        if hold.authority:
            facts.append(self._told("Asked for by", hold.authority))
        if hold.released_at is not None:
            facts += [
                Fact(label="Lifted", words=moment(hold.released_at)),
                Fact(label="Lifted by", written=self._names.name(hold.released_by)),
                self._told("Why", hold.release_reason),
            ]
        return HoldShown(
            title=f"Hold {hold.id}", stands=hold.released_at is None, facts=tuple(facts)
        )

    def _tools(self, tools: Mapping[str, str]) -> Iterator[Fact]:
        for name, version in sorted(tools.items()):
            yield Fact(label=self._names.line(name), words=self._names.line(version))

    def _touch(self, touch: Touch, item: Item) -> TouchShown:
        leaf = touch.leaf
        own = {item.id: "this item", item.event_id: "its event", item.case_id: "its case"}
        told = [f"{name}: {_value(value)}" for name, value in leaf.data.items()]
        if leaf.clock is not None:
            told.append(f"clock: {leaf.clock.isoformat()}")
        lines = [self._details.told(one) for one in told]
        day, time = moment(leaf.at).split(" ", 1)
        return TouchShown(
            index=f"{leaf.index:,}",
            at=(day, time.removesuffix(" UTC")),
            what=TOUCHES[leaf.kind],
            about=own.get(leaf.subject) or self._names.line(leaf.subject),
            who=self._who.name(leaf.by),
            details=Written(
                lines=tuple(line for one in lines for line in one.lines),
                left_out=sum(one.left_out for one in lines),
            ),
        )

    def _checkpoint(self, record: CustodyRecord) -> Iterator[Fact]:
        if record.checkpoint is None:
            return
        said = parse(record.checkpoint.note)
        yield Fact(label="Log", written=self._names.name(said.origin))
        yield Fact(label="Leaves", words=f"{said.size:,}")
        yield Fact(label="Root", groups=grouped(said.root.hex()))
        yield Fact(
            label="Root, Base64", written=self._names.name(base64.b64encode(said.root).decode())
        )
        yield Fact(label="Time stamp", words=_stamp(record))


def _stamp(record: CustodyRecord) -> str:
    if record.checkpoint is not None and record.checkpoint.token is not None:
        return "of this checkpoint, in the data (RFC 3161)"
    if record.stamped is not None:
        return f"of the leaves before {record.stamped.size:,}, in the data (RFC 3161)"
    return "none"


def _keys(keys: Keys | None) -> Iterator[Fact]:
    if keys is not None:
        yield Fact(label="Key of the log", groups=grouped(keys.log))
        yield Fact(label="Certificate", groups=grouped(keys.certificate))


def _missing(item: Item) -> str:
    """Why nothing is told of the bytes; empty where it is."""
    if item.facts.digests:
        return ""
    if item.state is ItemState.DESTROYED:
        return (
            "The bytes are destroyed: the key that they were encrypted with no longer exists. What "
            "was known of them, their digests too, was erased with them. The entry of the log that "
            "tells of the destruction is among the touches below."
        )
    return "The bytes were never in the vault, so nothing was measured of them."


def _value(value: str | int | bool | None) -> str:  # noqa: FBT001 - a fact of a leaf
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not set" if value is None or value == "" else str(value)


def moment(at: datetime) -> str:
    """A point in time, in UTC, to the microsecond where it has any."""
    text = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return f"{text.removesuffix('.000000')} UTC"


def grouped(digest: str) -> tuple[str, ...]:
    """Lines of groups of eight digits, four in a line, to be compared by eye."""
    groups = [digest[at : at + _GROUP] for at in range(0, len(digest), _GROUP)]
    return tuple(" ".join(groups[at : at + _GROUPS]) for at in range(0, len(groups), _GROUPS))

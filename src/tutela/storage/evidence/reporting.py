"""Reports to authorities: terms that count from them begin, and their references are kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, select, update

from tutela.errors import InvalidInput, NotFound
from tutela.model.custody.evidence import (
    EvidenceKind,
    Item,
    ItemFacts,
    ItemState,
    NewItem,
    Step,
    StepKind,
    Term,
)
from tutela.model.custody.leaf import NewLeaf
from tutela.model.custody.terms import Bound, Moment, due
from tutela.model.record import Record
from tutela.storage.audit.log import append
from tutela.storage.custody_tables import evidence_items
from tutela.storage.evidence.leaves import begun_leaf, report_leaf
from tutela.storage.evidence.rows import item_of, read_row, select_items
from tutela.storage.evidence.writing import write_item
from tutela.storage.tables import events
from tutela.storage.values import now

AHEAD = timedelta(minutes=5)
"""So much may the clock of whoever reported be ahead of ours."""


class Reported(Record, frozen=True, kw_only=True):
    """A report, or a notice, that was made to or by an authority.

    Attributes:
        event_id: what it was about.
        moment: what it is, in the words of terms: `report`, `notice`, `question`, `awareness`.
        at: when it was complete.
        authority: who it went to or came from.
        reference: what they call it.
    """

    event_id: str
    moment: Moment
    at: datetime
    authority: str
    reference: str


def record_report(
    connection: Connection, report: Reported, term: Term, by: str, default: timedelta
) -> Sequence[Item]:
    """Record a report; see `EvidenceItems.reported`."""
    if report.at.tzinfo is None:
        raise InvalidInput("the time of the report needs a time zone", where="at")
    if report.at > now() + AHEAD:
        raise InvalidInput("the report lies in the future", where="at")
    event = connection.execute(
        select(events.c.seq, events.c.drill).where(events.c.id == report.event_id)
    ).one_or_none()
    if event is None:
        raise NotFound("no event has this id", where="event")
    # In the order of their numbers, so that two reports of one event cannot lock each other out.
    own = evidence_items.c.event_seq == event.seq
    rows = select(evidence_items.c.id).where(own).order_by(evidence_items.c.seq).with_for_update()
    known = list(connection.scalars(rows))
    reference = _reference(report, term, default, drill=event.drill)
    if reference.id not in known:
        begun = [one for one in known if _begin(connection, one, report, default)]
        write_item(connection, event.seq, reference, None, now())
        _log(connection, report, reference, begun, by)
    items = select_items().where(own).order_by(evidence_items.c.seq)
    return [item_of(row) for row in connection.execute(items).mappings()]


def _log(
    connection: Connection, report: Reported, reference: NewItem, begun: Sequence[str], by: str
) -> None:
    moment, at, count = report.moment, report.at, len(begun)
    leaves: list[NewLeaf] = [
        report_leaf(report.event_id, moment, at, reference, begun=count, by=by)
    ]
    leaves += [begun_leaf(item_of(read_row(connection, one)), by) for one in begun]
    append(connection, leaves)


def _begin(connection: Connection, item_id: str, report: Reported, default: timedelta) -> bool:
    """Begin an item's term with a report; whether it did.

    A later report begins anew only what is kept for a time at least: it never makes what must go
    stay longer.
    """
    item = item_of(read_row(connection, item_id))
    if item.state is ItemState.DESTROYED or item.term.after is not report.moment:
        return False
    begun = item.clock_at
    if begun is not None and (item.term.bound is not Bound.MINIMUM or begun >= report.at):
        return False
    connection.execute(
        update(evidence_items)
        .where(evidence_items.c.id == item_id)
        .values(clock_at=report.at, expires_at=ends(item.term, report.at, default))
    )
    return True


def ends(term: Term, clock: datetime, default: timedelta) -> datetime:
    """When a term ends that began at a moment."""
    return due(term.keep, clock) or clock + default


def _reference(report: Reported, term: Term, default: timedelta, *, drill: bool) -> NewItem:
    """The item that keeps what the authority called the report; it has nothing in the vault."""
    what = msgspec.json.encode((report.event_id, report.authority, report.reference))
    digest = hashlib.sha256(what).hexdigest()
    step = Step(kind=StepKind.RECORD, name=report.authority, at=report.at)
    facts = ItemFacts(
        name=report.reference,
        media_type="text/plain",
        size=len(report.reference.encode()),
        digests={"sha256": hashlib.sha256(report.reference.encode()).hexdigest()},
        salt=secrets.token_hex(16),
        chain=(step,),
    )
    return NewItem(
        id=f"item-{digest[:24]}",
        kind=EvidenceKind.REPORT_REFERENCE,
        state=ItemState.KEPT,
        drill=drill,
        detected_at=report.at,
        term=term,
        facts=facts,
        clock_at=report.at,
        expires_at=ends(term, report.at, default),
    )

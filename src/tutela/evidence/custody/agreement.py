"""Whether the facts of a record and the touches that the log has of them agree."""

from __future__ import annotations

from collections.abc import Iterator

from tutela.evidence.custody.record import DRILL_MARK, CustodyRecord
from tutela.model.custody.evidence import Hold, ItemState
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage.evidence.leaves import digest, stated
from tutela.storage.evidence.writing import committed


def disagreements(record: CustodyRecord) -> Iterator[str]:
    """What the facts say and the log does not, or the other way round; in one sentence each."""
    item = record.item
    own = [one.leaf for one in record.touches if one.leaf.subject == item.id]
    subjects = {item.id, item.event_id, item.case_id}
    for touch in record.touches:
        if touch.leaf.subject not in subjects:
            yield f"leaf {touch.leaf.index} is about something else"
    if bool(record.drill) != item.drill or record.drill not in {"", DRILL_MARK}:
        yield "the mark of a drill is not that of the item"
    yield from _content(record, own)
    yield from _state(record, own)
    yield from _term(record, own)
    for hold in record.holds:
        yield from _hold(hold, own)
    placed = {leaf.data.get("hold") for leaf in own if leaf.kind is AuditKind.HOLD}
    if placed - {hold.id for hold in record.holds}:
        yield "the log has a hold that the record does not name"


def _content(record: CustodyRecord, own: list[Leaf]) -> Iterator[str]:
    said = [
        leaf.data["content"]
        for leaf in own
        if leaf.kind in {AuditKind.PRESERVE, AuditKind.DESTROY} and leaf.data.get("content")
    ]
    try:
        commitment = committed(record.item.facts)
    except ValueError:  # no hexadecimal digits
        yield "the digest or the salt cannot be read"
        return
    if len(set(said)) > 1:
        yield "the log speaks of different bytes"
    if commitment is not None and not said and record.item.state is ItemState.KEPT:
        yield "the log does not say that these bytes were taken in"
    if commitment is not None and said and said[-1] != commitment:
        yield "the digest is not of the bytes that the log says were taken in"


def _state(record: CustodyRecord, own: list[Leaf]) -> Iterator[str]:
    destroyed = any(leaf.kind is AuditKind.DESTROY for leaf in own)
    if destroyed != (record.item.state is ItemState.DESTROYED):
        yield (
            "the log says that it was destroyed"
            if destroyed
            else "the log does not say that it was destroyed"
        )


def _term(record: CustodyRecord, own: list[Leaf]) -> Iterator[str]:
    begun = [leaf.data.get("expires") for leaf in own if leaf.kind is AuditKind.REPORT]
    if begun and begun[-1] != stated(record.item.expires_at):
        yield "the end of its term is not the one that the log has"


def _hold(hold: Hold, own: list[Leaf]) -> Iterator[str]:
    def said(kind: AuditKind, by: str, reason: str) -> bool:
        return any(
            leaf.kind is kind
            and leaf.by == by
            and leaf.data.get("hold") == hold.id
            and leaf.data.get("reason") == digest(reason)
            for leaf in own
        )

    if not said(AuditKind.HOLD, hold.placed_by, hold.reason):
        yield f"the log does not say so of hold {hold.id}"
    if hold.released_at is not None and not said(
        AuditKind.RELEASE, hold.released_by, hold.release_reason
    ):
        yield f"the log does not say so of the lifting of hold {hold.id}"
    released = any(
        leaf.kind is AuditKind.RELEASE and leaf.data.get("hold") == hold.id for leaf in own
    )
    if released and hold.released_at is None:
        yield f"the log says that hold {hold.id} was lifted"

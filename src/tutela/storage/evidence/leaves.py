"""What the audit log says of changes to evidence. What staff wrote stands there as a digest."""

from __future__ import annotations

import hashlib
from datetime import datetime

from tutela.model.custody.evidence import Hold, Item, NewItem, Sealed
from tutela.model.custody.leaf import AuditKind, Fact, NewLeaf
from tutela.model.custody.terms import Moment
from tutela.storage.evidence.writing import committed


def hold_leaf(hold: Hold) -> NewLeaf:
    """A hold was placed."""
    data: dict[str, Fact] = {
        "hold": hold.id,
        "reason": digest(hold.reason),
        "authority": digest(hold.authority),
    }
    return NewLeaf(kind=AuditKind.HOLD, by=hold.placed_by, subject=hold.item_id, data=data)


def release_leaf(hold: Hold) -> NewLeaf:
    """A hold was lifted."""
    data: dict[str, Fact] = {"hold": hold.id, "reason": digest(hold.release_reason)}
    return NewLeaf(kind=AuditKind.RELEASE, by=hold.released_by, subject=hold.item_id, data=data)


def report_leaf(
    event_id: str, moment: Moment, at: datetime, reference: NewItem, *, begun: int, by: str
) -> NewLeaf:
    """A report was recorded, and the terms of some items began with it."""
    data: dict[str, Fact] = {
        "moment": moment.value,
        "at": at.isoformat(),
        "item": reference.id,
        "content": committed(reference.facts),
        "begun": begun,
    }
    return NewLeaf(kind=AuditKind.REPORT, by=by, subject=event_id, data=data)


def begun_leaf(item: Item, by: str) -> NewLeaf:
    """The term of an item began, or began anew, with a report."""
    data: dict[str, Fact] = {
        "event": item.event_id,
        "clock": stated(item.clock_at),
        "expires": stated(item.expires_at),
    }
    return NewLeaf(kind=AuditKind.REPORT, by=by, subject=item.id, data=data)


def hand_in_leaf(item: Item, sealed: Sealed, by: str) -> NewLeaf:
    """The bytes of an item came in later."""
    data: dict[str, Fact] = {
        "event": item.event_id,
        "kind": item.kind.value,
        "state": item.state.value,
        "pack": item.term.pack,
        "content": committed(item.facts),
        "size": sealed.size,
        "later": True,
    }
    return NewLeaf(kind=AuditKind.PRESERVE, by=by, subject=item.id, data=data)


def destroy_leaf(
    item: Item, by: str, *, key_destroyed: bool, again: bool = False, wish: str = ""
) -> NewLeaf:
    """An item was destroyed, at somebody's wish or by itself; `item` is as it was before."""
    data: dict[str, Fact] = {
        "event": item.event_id,
        "kind": item.kind.value,
        "was": item.state.value,
        "ended": stated(item.expires_at),
        "content": committed(item.facts),
        "object": item.object_id,
        "key_destroyed": key_destroyed,
    }
    if again:
        data["again"] = True
    if wish:
        data["wish"] = digest(wish)
    return NewLeaf(kind=AuditKind.DESTROY, by=by, subject=item.id, data=data)


def digest(text: str) -> str:
    """SHA-256 of what somebody wrote; empty where nothing was written."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def stated(instant: datetime | None) -> str | None:
    """A point in time as it stands in leaves."""
    return None if instant is None else instant.isoformat()

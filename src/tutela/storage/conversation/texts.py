"""Which case waits for a conversation, and the items of evidence that hold its messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from msgspec import structs
from sqlalchemy import Connection, func, select

from tutela.errors import Conflict
from tutela.model import CaseState
from tutela.model.custody.evidence import EvidenceKind, Item, NewItem
from tutela.storage.audit.log import append
from tutela.storage.conversation.standing import Key
from tutela.storage.custody_tables import evidence_items
from tutela.storage.database import Database
from tutela.storage.evidence.rows import item_of, read_row, select_items
from tutela.storage.evidence.writing import preserve_leaf, write_item, write_object
from tutela.storage.tables import cases, events
from tutela.storage.values import now

MOST_PIECES = 500
"""So many pieces of conversations are kept for an event at most."""

_DONE = (CaseState.CLOSED.value, CaseState.GATHERED.value)
_AT_ONCE = 500


class Waiting(NamedTuple):
    """A case that is still to be decided, and the event of it that a conversation belongs to.

    Attributes:
        case_id: the case that people decide: the one that the event's own case stands in.
        event_id, region, surface: of the event.
    """

    case_id: str
    event_id: str
    region: str
    surface: str


class KeptTexts:
    """The messages that are kept of conversations, in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, keys: Collection[Key]) -> Mapping[Key, Waiting]:
        """The case that waits for each of some conversations, the latest where there are several.

        A conversation that is missing has none: nothing of its text may be kept.
        """
        found: dict[Key, Waiting] = {}
        with self._database.read() as connection:
            for drill in (False, True):
                ids = sorted({key.id for key in keys if key.drill is drill and key.id})
                for at in range(0, len(ids), _AT_ONCE):
                    found |= _waiting(connection, ids[at : at + _AT_ONCE], drill=drill)
        return found

    def add(self, event_id: str, item: NewItem, by: str) -> Item:
        """Write down an item that holds messages of an event's conversation.

        The same item again changes nothing; its sealed object is to be discarded where the item
        that is given back has another.

        Raises:
            Conflict: so much is kept for the event that nothing more is taken.
            NotFound: there is no such event.
        """
        with self._database.write() as connection:
            own = select(events.c.seq).where(events.c.id == event_id).with_for_update()
            seq = connection.execute(own).scalar_one()
            mine = (evidence_items.c.event_seq == seq, evidence_items.c.id == item.id)
            if connection.scalar(select(evidence_items.c.seq).where(*mine)) is None:
                _check_room(connection, seq)
                object_id = write_object(connection, item.sealed, now()) if item.sealed else None
                write_item(connection, seq, item, object_id, now())
                append(connection, [structs.replace(preserve_leaf(event_id, item), by=by)])
            return item_of(read_row(connection, item.id))

    def items_of(self, case_id: str) -> Sequence[Item]:
        """The items of a case that hold messages, of all events that stand in it, oldest first."""
        root = select(cases.c.event_seq).where(cases.c.id == case_id).scalar_subquery()
        statement = (
            select_items()
            .where((cases.c.event_seq == root) | (cases.c.root == root))
            .where(evidence_items.c.kind == EvidenceKind.MESSAGES.value)
            .order_by(evidence_items.c.seq)
        )
        with self._database.read() as connection:
            return [item_of(row) for row in connection.execute(statement).mappings()]


def _waiting(connection: Connection, ids: Sequence[str], *, drill: bool) -> dict[Key, Waiting]:
    root = cases.alias("root")
    statement = (
        select(
            cases.c.conversation,
            root.c.id.label("case_id"),
            events.c.id.label("event_id"),
            events.c.region,
            events.c.surface,
        )
        .join_from(cases, events, events.c.seq == cases.c.event_seq)
        .join(root, root.c.event_seq == func.coalesce(cases.c.root, cases.c.event_seq))
        .where(cases.c.conversation.in_(ids), cases.c.drill.is_(drill))
        .where(root.c.state.not_in(_DONE))
        .order_by(cases.c.event_seq)
    )
    rows = connection.execute(statement)
    return {Key(row.conversation, drill): Waiting(*row[1:]) for row in rows}


def _check_room(connection: Connection, seq: int) -> None:
    pieces = evidence_items.c.kind == EvidenceKind.MESSAGES.value
    kept = select(func.count()).where(evidence_items.c.event_seq == seq, pieces)
    if (connection.scalar(kept) or 0) >= MOST_PIECES:
        raise Conflict(
            f"{MOST_PIECES} pieces are kept for this event already",
            where="messages",
            remedy="hand in the whole conversation as one piece once the next case waits",
        )

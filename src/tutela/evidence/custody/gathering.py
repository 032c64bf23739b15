"""Makes the custody record of an item from what is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import metadata
from typing import ClassVar

import msgspec

from tutela.errors import Unavailable
from tutela.evidence.audit.checkpoint import parse
from tutela.evidence.custody.record import DRILL_MARK, Covering, CustodyRecord, Stamped, Touch
from tutela.model.custody.evidence import Hold, Item
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.storage.audit.reading import AuditLog, Checkpoint, StoredLeaf
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.values import now

_TRIES = 10


class Unsettled(Unavailable):
    """No record could be made that is of one moment, or that a checkpoint covers."""

    code: ClassVar[str] = "custody-unsettled"


class Gathering:
    """Makes custody records. Its methods block.

    Args:
        items: the items of evidence.
        log: the audit log.
    """

    def __init__(self, items: EvidenceItems, log: AuditLog) -> None:
        self._items = items
        self._log = log

    def look(self, item_id: str, by: str) -> CustodyRecord:
        """The record to be read now: without checkpoint and proofs, and not to be signed.

        Raises:
            NotFound: there is no such item.
            Unsettled: it changes all the time.
        """
        item, holds, leaves = self._settled(item_id)
        touches = tuple(Touch(leaf=one.leaf, text=one.text) for one in leaves)
        return _record(item, holds, touches, by)

    def export(self, item_id: str, form: str, by: str, sign: Callable[[], object]) -> CustodyRecord:
        """The record that leaves: its own export is among its touches, written before all else.

        Args:
            item_id: the item.
            form: what it leaves as: `pdf`, `json`.
            by: who takes it.
            sign: signs a checkpoint of the log as it is, where there is none yet.

        Raises:
            NotFound: there is no such item.
            Unsettled: it changes all the time, or no checkpoint could be made that covers it.
            TutelaError: as `sign` raises.
        """
        item = self._items.get(item_id)
        self._log.write([export_leaf(item, form, by)])
        item, holds, leaves = self._settled(item_id)
        sign()
        checkpoint = self._covering(leaves[-1].index)
        touches = tuple(
            Touch(
                leaf=one.leaf,
                text=one.text,
                proof=tuple(p.hex() for p in self._log.inclusion(one.index, checkpoint.size)),
            )
            for one in leaves
        )
        record = _record(item, holds, touches, by, checkpoint)
        return msgspec.structs.replace(record, stamped=self._stamped(checkpoint))

    def _settled(self, item_id: str) -> tuple[Item, Sequence[Hold], Sequence[StoredLeaf]]:
        """Item, holds and leaves of one moment: nothing changed while they were read."""
        item = self._items.get(item_id)
        subjects = [one for one in (item.id, item.event_id, item.case_id) if one]
        leaves = self._log.about(subjects)
        for _ in range(_TRIES):
            item, holds, before = self._items.get(item_id), self._items.holds(item_id), leaves
            leaves = self._log.about(subjects)
            if len(leaves) == len(before):
                return item, holds, leaves
        raise Unsettled("this item changes while its custody is read", remedy="try again")

    def _stamped(self, checkpoint: Checkpoint) -> Stamped | None:
        """The latest stamped checkpoint before; None for one of the log before a restore, too."""
        found = self._log.latest_checkpoint(stamped=True)
        if found is None or found.token is None or found.size >= checkpoint.size:
            return None
        if parse(found.note).origin != parse(checkpoint.note).origin:
            return None
        proof = self._log.consistency(found.size, checkpoint.size)
        return Stamped(
            size=found.size,
            note=found.note,
            token=found.token,
            proof=tuple(one.hex() for one in proof),
        )

    def _covering(self, index: int) -> Checkpoint:
        checkpoint = self._log.latest_checkpoint()
        if checkpoint is None or checkpoint.size <= index:
            raise Unsettled(
                "no signed checkpoint covers what was done to this item",
                where="audit log",
                remedy="look at tutela audit verify",
            )
        return checkpoint


def export_leaf(item: Item, form: str, by: str) -> NewLeaf:
    """What the log says of a custody document that is about to leave."""
    data = {"document": "custody", "form": form, "event": item.event_id}
    return NewLeaf(kind=AuditKind.EXPORT, by=by, subject=item.id, data=data)


def _record(
    item: Item,
    holds: Sequence[Hold],
    touches: tuple[Touch, ...],
    by: str,
    checkpoint: Checkpoint | None = None,
) -> CustodyRecord:
    covering = None
    if checkpoint is not None:
        covering = Covering(size=checkpoint.size, note=checkpoint.note, token=checkpoint.token)
    return CustodyRecord(
        drill=DRILL_MARK if item.drill else "",
        program=f"tutela {metadata.version('tutela')}",
        made_at=now(),
        made_by=by,
        item=item,
        holds=tuple(holds),
        touches=touches,
        checkpoint=covering,
    )

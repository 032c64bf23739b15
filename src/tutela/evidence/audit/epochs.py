"""Restores: how a log goes on under another name, which commits to what it was before."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import msgspec

from tutela.evidence.audit.witness import Known
from tutela.merkle import HASH_BYTES
from tutela.model.custody.leaf import AuditKind, Leaf, NewLeaf
from tutela.model.record import Record
from tutela.storage.audit.reading import Head


class Restored(Record, frozen=True, kw_only=True):
    """What a restore says of the log.

    Attributes:
        origin: the log's name before: as the witness has it, where there is one.
        size: leaves that the backup had, all of which stay; the leaf of the restore is the next.
        known_size: leaves that the witness knew; those from `size` on are lost.
        known_root: root of their tree, in hex.
    """

    origin: str
    size: int
    known_size: int
    known_root: str

    @property
    def lost(self) -> int:
        """Leaves that are lost."""
        return max(0, self.known_size - self.size)


def next_origin(said: Restored) -> str:
    """The log's name after a restore: a digest of what it was, so that it commits to it."""
    text = f"tutela restore\n{said.origin}\n{said.size}\n{said.known_size}\n{said.known_root}\n"
    return f"tutela-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def restored(head: Head, known: Known | None) -> Restored:
    """What a restore is to say.

    Args:
        head: where the log in the restored database ends.
        known: what the witness knows.
    """
    if known is None or (known.origin == head.origin and known.size <= head.size):
        origin, size, root = head.origin, head.size, head.root
    else:
        origin, size, root = known.origin, known.size, known.root()
    return Restored(origin=origin, size=head.size, known_size=size, known_root=root.hex())


def restore_leaf(said: Restored, subject: str, by: str) -> NewLeaf:
    """The leaf of a restore, for `AuditLog.restart` with `next_origin`.

    Args:
        said: what it says.
        subject: what names the backup.
        by: who restores.
    """
    data = msgspec.structs.asdict(said)
    return NewLeaf(kind=AuditKind.RESTORE, by=by, subject=subject, data=data)


def read_restored(leaf: Leaf) -> Restored | None:
    """What a leaf says of a restore; None for every other leaf, and one that says it wrongly."""
    if leaf.kind is not AuditKind.RESTORE:
        return None
    members = {name: leaf.data.get(name) for name in Restored.__struct_fields__}
    with suppress(msgspec.ValidationError, ValueError):
        found = msgspec.convert(members, Restored)
        if found.size == leaf.index and len(bytes.fromhex(found.known_root)) == HASH_BYTES:
            return found
    return None

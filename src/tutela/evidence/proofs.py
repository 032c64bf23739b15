"""Proofs of the audit log as they are handed on: with the leaf, the root, and its checkpoint."""

from __future__ import annotations

from tutela.evidence.audit.checkpoint import parse
from tutela.model.record import Record
from tutela.storage.audit.reading import AuditLog


class Inclusion(Record, frozen=True, kw_only=True):
    """The proof that a leaf is in a log.

    Attributes:
        index: of the leaf.
        size: leaves of the tree that it is proven to be in.
        leaf: its text, whose bytes are hashed.
        hash: of the leaf, in hex.
        proof: hashes as in RFC 9162, 2.1.3, in hex.
        root: of the tree, in hex.
        checkpoint: the note that signs the root; empty where none of this size was signed.
    """

    index: int
    size: int
    leaf: str
    hash: str
    proof: tuple[str, ...]
    root: str
    checkpoint: str = ""


class Consistency(Record, frozen=True, kw_only=True):
    """The proof that a log is the beginning of another: hashes as in RFC 9162, 2.1.4, in hex."""

    first: int
    second: int
    proof: tuple[str, ...]
    first_root: str
    second_root: str


def inclusion(log: AuditLog, index: int, size: int | None = None) -> Inclusion:
    """Prove a leaf.

    Args:
        log: the log.
        index: of the leaf.
        size: of the tree; None means that of the last checkpoint, where it has the leaf, or all.

    Raises:
        NotFound: there is no such leaf.
        InvalidInput: the log has not so many leaves.
    """
    stored = log.leaf(index)
    if size is None:
        latest = log.latest_checkpoint()
        size = latest.size if latest is not None and latest.size > index else log.head().size
    signed = next(iter(log.checkpoints(before=size + 1, limit=1)), None)
    note = signed.note if signed is not None and signed.size == size else ""
    root = log.root(size)
    return Inclusion(
        index=index,
        size=size,
        leaf=stored.text,
        hash=stored.hash.hex(),
        proof=tuple(one.hex() for one in log.inclusion(index, size)),
        root=root.hex(),
        checkpoint=note if note and parse(note).root == root else "",
    )


def consistency(log: AuditLog, first: int, second: int | None = None) -> Consistency:
    """Prove that the log of `first` leaves is the beginning of that of `second`, or of all.

    Raises:
        InvalidInput: the sizes are none of this log, in order.
    """
    second = log.head().size if second is None else second
    return Consistency(
        first=first,
        second=second,
        proof=tuple(one.hex() for one in log.consistency(first, second)),
        first_root=log.root(first).hex(),
        second_root=log.root(second).hex(),
    )

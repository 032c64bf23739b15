"""Signs checkpoints of what the log has become, and never what contradicts what was signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tutela.evidence.audit.checkpoint import Statement, make, parse
from tutela.evidence.audit.epochs import Restored, next_origin, read_restored
from tutela.evidence.audit.signing import AuditKey, Verifier
from tutela.evidence.audit.sources import Knowing
from tutela.evidence.audit.tampered import Tampered
from tutela.evidence.audit.witness import Known, Witness, Writing
from tutela.merkle import Edge, leaf_hash
from tutela.model.custody.leaf import AuditKind
from tutela.storage.audit.reading import PAGE, AuditLog, Checkpoint, Head, StoredLeaf
from tutela.storage.values import now

CHUNK = 4096
"""Leaves that are read at once."""


class Stamper(Protocol):
    """Gets time stamps of checkpoints."""

    def stamp_if_due(self, log: AuditLog) -> object:
        """Have the latest checkpoint stamped, if it is time; raises where it cannot be."""
        ...


class Signer:
    """Brings the witness up to the log and signs what it then knows.

    What is signed is what the witness has seen, leaf by leaf, never what the database says of
    itself: where the two differ, nothing is signed. Several machines may each have a signer of the
    same log, with the same key and a witness each.

    Args:
        log: the log.
        key: what signs.
        witness: what was seen so far.
        stamper: gets time stamps; None for none.
        verifier: public keys that checkpoints in the witness may have been signed by; None means
            that of the key alone.
    """

    def __init__(
        self,
        log: AuditLog,
        key: AuditKey,
        witness: Witness,
        stamper: Stamper | None = None,
        verifier: Verifier | None = None,
    ) -> None:
        self._log = log
        self._key = key
        self._witness = witness
        self._stamper = stamper
        self._verifier = verifier or key.verifier

    def sign_if_more(self) -> Checkpoint | None:
        """Sign a checkpoint if there are leaves that none speaks of.

        Returns:
            The checkpoint, which is durable in the witness and then in the database; None where
            there was nothing to sign.

        Raises:
            Tampered: the log contradicts what was seen of it before; nothing was signed.
            Unavailable: the database or the witness cannot be used now.
            FetchFailed: the checkpoint is signed and kept, and could not be stamped now.
        """
        with self._witness.writing(self._verifier) as witness:
            checkpoint = self._signed(witness)
        if self._stamper is not None:
            self._stamper.stamp_if_due(self._log)
        return checkpoint

    def _signed(self, witness: Writing) -> Checkpoint | None:
        head = self._log.head()
        if not witness.origin:
            witness.begin(head.origin, Edge())
        self._follow(witness, head)
        self._catch_up(witness, head.size)
        if witness.edge.root() != head.root or witness.size != head.size:
            raise _contradiction(self._log, witness.known)
        latest = witness.latest
        if latest is not None and latest.size == head.size:
            # A crash may have come between the two places that it is kept in.
            self._log.keep_checkpoint(Checkpoint(size=latest.size, at=latest.at, note=latest.note))
            return None
        if not head.size:
            return None
        statement = Statement(origin=witness.origin, size=witness.size, root=witness.edge.root())
        checkpoint = Checkpoint(size=head.size, at=now(), note=make(statement, self._key))
        witness.keep(checkpoint)
        self._log.keep_checkpoint(checkpoint)
        return checkpoint

    def _follow(self, witness: Writing, head: Head) -> None:
        """Go through the restores that the witness has not seen."""
        while witness.origin != head.origin:
            said = next((one for one in _restores(self._log) if one.origin == witness.origin), None)
            if said is None:
                raise Tampered(
                    f"the log is {head.origin}, and no restore says that it was {witness.origin}"
                )
            self._catch_up(witness, said.size)
            contradicted = refuted(said, witness.known)
            if contradicted:
                raise Tampered(contradicted, leaf=said.size)
            edge = Edge()
            for digest in witness.known.hashes(0, said.size):
                edge.append(digest)
            if edge.root() != self._log.root(said.size):
                raise _contradiction(self._log, witness.known, said.size)
            witness.begin(next_origin(said), edge)

    def _catch_up(self, witness: Writing, size: int) -> None:
        while witness.size < size:
            stop = min(size, witness.size + CHUNK)
            leaves = self._log.leaves(witness.size, stop)
            _check(leaves, witness.size, stop)
            witness.add(leaves)


def refuted(said: Restored, known: Knowing) -> str | None:
    """What a witness knows better than a restore says, if anything.

    Args:
        said: a restore of the log that the witness knows, by its name before.
        known: the witness, which has not gone on under the next name.
    """
    if said.known_size < known.size:
        lost = known.size - said.known_size
        return f"the restore hides that {lost:,} more leaves were lost: {known.size:,} were known"
    if said.known_size == known.size and said.known_root != known.root().hex():
        return "the restore names another log than the one that was known"
    return None


def contradiction(log: AuditLog, known: Known) -> Tampered | None:
    """Whether a log is plainly not what a witness knows; cheap, for the start of a server.

    Compares names, sizes and the root at the last checkpoint. `tutela audit verify` reads all.
    """
    head = log.head()
    if head.origin != known.origin:
        if any(one.origin == known.origin for one in _restores(log)):
            return None
        return Tampered(f"the log is {head.origin}, and the one that was known {known.origin}")
    if head.size < known.size:
        return Tampered(
            f"the log ends at leaf {head.size:,}, and {known.size:,} leaves were known: an older"
            " database was put in its place, or its end was cut off",
            leaf=head.size,
        )
    signed = [one for epoch, one in known.checkpoints() if epoch == known.epochs[-1]]
    if signed and log.root(signed[-1].size) != parse(signed[-1].note).root:
        return Tampered("the log is not the one that was signed")
    return None


def _restores(log: AuditLog) -> list[Restored]:
    """The restores of a log, in its order."""
    found: list[Restored] = []
    for stored in reversed(log.page(kind=AuditKind.RESTORE, limit=PAGE)):
        leaf = stored.readable
        said = read_restored(leaf) if leaf is not None else None
        if said is not None:
            found.append(said)
    return found


def _check(leaves: Sequence[StoredLeaf], start: int, stop: int) -> None:
    """Each leaf's number, text and hash; raises `Tampered` for the first that is bad."""
    for index, one in enumerate(leaves, start):
        if one.index != index:
            raise Tampered(f"leaf {index:,} is gone", leaf=index)
        leaf = one.readable
        wrong = leaf is None or leaf.index != index or "\n" in one.text
        if wrong or one.hash != leaf_hash(one.text.encode()):
            raise Tampered(f"leaf {index:,} was altered", leaf=index)
    if start + len(leaves) != stop:
        gone = start + len(leaves)
        raise Tampered(f"leaf {gone:,} is gone", leaf=gone)


def _contradiction(log: AuditLog, known: Known, stop: int | None = None) -> Tampered:
    """The first leaf that is not as the witness saw it."""
    stop = known.size if stop is None else stop
    hashes = known.hashes(0, stop)
    for start in range(0, stop, CHUNK):
        leaves = iter(log.leaves(start, min(start + CHUNK, stop)))
        for index in range(start, min(start + CHUNK, stop)):
            one, seen = next(leaves, None), next(hashes, None)
            if one is None or one.index != index:
                return Tampered(
                    f"leaf {index:,} is gone; {known.size:,} leaves were known", leaf=index
                )
            if leaf_hash(one.text.encode()) != seen:
                return Tampered(f"leaf {index:,} is not as it was when it was signed", leaf=index)
    return Tampered("the log's tree is not that of its leaves")

"""The custody of one item, as a record: what it is, where it came from, and each touch since."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from tutela.model.custody.evidence import Hold, Item
from tutela.model.custody.leaf import Leaf
from tutela.model.record import Record

FORM: Literal["tutela custody 1"] = "tutela custody 1"
DRILL_MARK = "DRILL - harmless test material, not evidence"


class Touch(Record, frozen=True, kw_only=True):
    """Something that was done to the item, or about its event or case, as the audit log has it.

    Attributes:
        leaf: the entry of the log, to be read.
        text: the same, exactly as it was hashed; whoever checks compares the two.
        proof: that it stands in the checkpoint's tree (RFC 9162, 2.1.3): hashes in hex, from the
            leaf upwards. Empty where the record names no checkpoint, or it is the only leaf.
    """

    leaf: Leaf
    text: str
    proof: tuple[str, ...] = ()


class Covering(Record, frozen=True, kw_only=True):
    """The signed checkpoint that covers every touch.

    Attributes:
        size: leaves of the log that it speaks of.
        note: the signed note, whole (c2sp.org/tlog-checkpoint).
        token: RFC 3161 time stamp of the note, DER, in Base64; None where there is none.
    """

    size: int
    note: str
    token: bytes | None = None


class Stamped(Record, frozen=True, kw_only=True):
    """The latest checkpoint that a service for time stamps has seen, where that is an earlier one.

    Every touch below its size was in the log when the service saw it.

    Attributes:
        size, note: as in `Covering`.
        token: RFC 3161 time stamp of the note, DER, in Base64.
        proof: that the covering checkpoint's tree begins with this one's (RFC 9162, 2.1.4): hashes
            in hex.
    """

    size: int
    note: str
    token: bytes
    proof: tuple[str, ...] = ()


class Keys(Record, frozen=True, kw_only=True):
    """What the documents of a record are signed with.

    Attributes:
        log: SHA-256 of the Ed25519 key that signs JSON and checkpoints (SubjectPublicKeyInfo).
        certificate: SHA-256 of the certificate that signs the PDF (DER).
    """

    log: str
    certificate: str


class CustodyRecord(Record, frozen=True, kw_only=True):
    """All that is known of the custody of one item, at one moment.

    Attributes:
        form: which record this is.
        drill: the mark of harmless test material; empty for evidence.
        program: what made the record, with its version.
        made_at: when.
        made_by: for whom: `key:ID`, `session:ID`, `cli:USER`.
        item: the item, with its chain, digests, term and state. What was destroyed has no digests.
        holds: every hold that was ever placed on it, oldest first.
        touches: every entry of the audit log about the item, its event or its case, in order.
        checkpoint: None in a record that is only looked at.
        stamped: None where no service was asked, or the checkpoint itself has a time stamp.
        keys: None in a record that is not signed.
    """

    form: Literal["tutela custody 1"] = FORM
    drill: str = ""
    program: str
    made_at: datetime
    made_by: str
    item: Item
    holds: tuple[Hold, ...] = ()
    touches: tuple[Touch, ...] = ()
    checkpoint: Covering | None = None
    stamped: Stamped | None = None
    keys: Keys | None = None

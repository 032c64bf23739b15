"""Reads every object of the vault through, and says what is wrong with which."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tutela.errors import TutelaError
from tutela.evidence.keys.service import KeyUnavailable
from tutela.evidence.vault.store import StoreUnavailable
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import StoredObject
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.model.record import Record
from tutela.storage.audit.reading import AuditLog
from tutela.storage.evidence.items import EvidenceItems

PAGE = 100


class Fault(Record, frozen=True, kw_only=True):
    """An object that cannot be read as it was sealed.

    Attributes:
        object_id: the object.
        items: the items that have it.
        code: what is wrong, as a code: `damaged`, `blob-missing`, `wrong-key`.
        what: the same as a sentence.
    """

    object_id: str
    items: tuple[str, ...]
    code: str
    what: str


class Verified(Record, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        objects: objects that were read.
        bytes: their plain bytes.
        faults: those that are not as they were sealed.
    """

    objects: int = 0
    bytes: int = 0
    faults: tuple[Fault, ...] = ()


def verify(
    items: EvidenceItems,
    vault: Vault,
    audit: AuditLog,
    *,
    by: str,
    progress: Callable[[int], object] = lambda _: None,
) -> Verified:
    """Read every living object through, and write down what was found.

    Args:
        items: knows the objects.
        vault: reads them.
        audit: the audit log.
        by: who verifies.
        progress: told the plain bytes of each object once it was read.

    Raises:
        StoreUnavailable, KeyUnavailable: the vault cannot be read now; nothing is written down.
        Unavailable: the database cannot.
    """
    count, size, faults = 0, 0, list[Fault]()
    for stored in living_objects(items):
        fault = _fault(items, vault, stored)
        if fault is not None and not items.known([stored.id]):
            fault = None  # it was destroyed while it was read
        if fault is not None:
            faults.append(fault)
        count, size = count + 1, size + stored.size
        progress(stored.size)
    data = {"objects": count, "bytes": size, "faults": len(faults)}
    leaves = [NewLeaf(kind=AuditKind.VERIFY, by=by, subject="vault", data=data)]
    leaves += [
        NewLeaf(
            kind=AuditKind.VERIFY,
            by=by,
            subject=item,
            data={"object": fault.object_id, "fault": fault.code},
        )
        for fault in faults
        for item in fault.items
    ]
    audit.write(leaves)
    return Verified(objects=count, bytes=size, faults=tuple(faults))


def living_objects(items: EvidenceItems) -> Iterator[StoredObject]:
    """Every object whose key exists, in the order of ids."""
    page = items.living(limit=PAGE)
    while page:
        yield from page
        page = items.living(after=page[-1].id, limit=PAGE)


def _fault(items: EvidenceItems, vault: Vault, stored: StoredObject) -> Fault | None:
    try:
        vault.check(stored)
    except (StoreUnavailable, KeyUnavailable):
        raise  # nothing is known of the object
    except TutelaError as error:
        return Fault(
            object_id=stored.id,
            items=tuple(items.having(stored.id)),
            code=error.code,
            what=error.what,
        )
    return None

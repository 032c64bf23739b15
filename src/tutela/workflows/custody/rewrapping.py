"""Keys of the vault: wrapped anew after a rotation, retired, and drilled for their loss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from tutela.errors import Conflict, NotFound
from tutela.evidence.keys.file import KeyFile
from tutela.evidence.keys.service import KeyService, Wrapped, WrongKey
from tutela.evidence.vault.store import blob_name
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import StoredObject
from tutela.model.custody.leaf import AuditKind, Fact, NewLeaf
from tutela.model.record import Record
from tutela.storage.audit.reading import AuditLog
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.values import now
from tutela.workflows.custody.orphans import AGE
from tutela.workflows.custody.verifying import living_objects


class KeyStanding(Record, frozen=True, kw_only=True):
    """A key of the vault.

    Attributes:
        id: its id.
        current: whether it wraps what comes in.
        known: whether the key service has it; if not, what it wrapped cannot be read.
        objects: living objects that it has wrapped.
    """

    id: str
    current: bool
    known: bool
    objects: int


class Drilled(Record, frozen=True, kw_only=True):
    """What a copy of the keys would open.

    Attributes:
        opened: objects that it opens.
        lost: objects that it does not, by the key that wrapped them.
    """

    opened: int
    lost: Mapping[str, int]


def key_standings(items: EvidenceItems, keys: KeyService) -> list[KeyStanding]:
    """Every key, oldest first, then those that the key service lacks. Raises `KeyUnavailable`."""
    usage, known, current = items.key_usage(), list(keys.key_ids()), keys.current()
    missing = sorted(set(usage) - set(known))
    return [
        KeyStanding(id=one, current=one == current, known=one in known, objects=usage.get(one, 0))
        for one in (*known, *missing)
    ]


def rotate(keys: KeyService, audit: AuditLog, *, by: str) -> str:
    """Make a new current key; its id. What was wrapped before stays readable."""
    key_id = keys.rotate()
    audit.write([_leaf("rotated", key_id, by)])
    return key_id


def relock(keys: KeyService, passphrase: str | None, audit: AuditLog, *, by: str) -> None:
    """Lock the key file with another passphrase, or with none.

    Raises:
        Conflict: the keys are not in a file.
        KeyUnavailable: the file cannot be changed now.
    """
    if not isinstance(keys, KeyFile):
        raise Conflict(
            f"the keys are with the service {keys.name}, and not in a file that a passphrase locks",
            where="vault.keys",
        )
    keys.relock(passphrase)
    audit.write([_leaf("relocked", keys.current(), by)])


def rewrap(
    items: EvidenceItems,
    vault: Vault,
    keys: KeyService,
    audit: AuditLog,
    *,
    by: str,
    progress: Callable[[], object] = lambda: None,
) -> int:
    """Wrap the key of every object anew that another than the current key has wrapped.

    Each is done by itself: whoever is interrupted begins where it stopped, and several may do it
    at once. The bytes in the store are not touched.

    Returns:
        how many were wrapped anew.

    Raises:
        WrongKey: the key service lacks a key.
        KeyUnavailable, Unavailable: not now; what was done stays so.
    """
    current, done = keys.current(), 0
    try:
        for stored in living_objects(items):
            if stored.key_id != current:
                done += _rewrapped(items, vault, stored)
                progress()
    finally:
        if done:
            audit.write([_leaf("rewrapped", current, by, objects=done)])
    return done


def _rewrapped(items: EvidenceItems, vault: Vault, stored: StoredObject) -> bool:
    assert stored.wrapped is not None  # noqa: S101 - it is living
    new = vault.rewrap(stored)
    return items.rewrapped(stored.id, stored.wrapped, new.data, new.key_id)


def retire(
    items: EvidenceItems,
    keys: KeyService,
    audit: AuditLog,
    key_id: str,
    *,
    by: str,
    at_once: bool = False,
) -> None:
    """Destroy a key that nothing living is wrapped with any more.

    Args:
        items: knows what is wrapped with which key.
        keys: the key service.
        audit: the audit log; it says so before it is done.
        key_id: the key.
        by: who retires it.
        at_once: nothing is being taken into the vault: there is no need to wait.

    Raises:
        Conflict: it is the current key, living objects are wrapped with it, or something may be
            that is being taken in.
        NotFound: there is no such key.
        KeyUnavailable: not now.
    """
    if key_id not in keys.key_ids():
        raise NotFound("the key service has no key of this id", where="key")
    current = keys.current()
    if key_id == current:
        raise Conflict("this is the current key", where="key", remedy="rotate and rewrap first")
    used = items.key_usage().get(key_id, 0)
    if used:
        raise Conflict(
            f"{used:,} living objects are wrapped with this key, and would be lost",
            where="key",
            remedy="run tutela vault rewrap first",
        )
    if not at_once and not _settled(audit, current):
        raise Conflict(
            "what was being taken in when the keys were rotated may be wrapped with this key",
            where="key",
            remedy="wait until an hour after the rotation, then rewrap and retire",
        )
    audit.write([_leaf("retired", key_id, by)])
    keys.retire(key_id)


def _settled(audit: AuditLog, current: str) -> bool:
    """Whether all that the key before may have wrapped last is written down by now."""
    made = audit.page(limit=1, kind=AuditKind.VAULT_KEY, subject=current)
    return not made or now() - made[0].leaf.at > AGE


def drill(
    items: EvidenceItems, keys: KeyService, progress: Callable[[], object] = lambda: None
) -> Drilled:
    """Whether a copy of the keys would open everything. Nothing is read but wrapped keys.

    Raises:
        KeyUnavailable: the copy cannot be asked.
    """
    opened, lost = 0, Counter[str]()
    for stored in living_objects(items):
        if _opens(keys, stored):
            opened += 1
        else:
            lost[stored.key_id] += 1
        progress()
    return Drilled(opened=opened, lost=dict(lost))


def _opens(keys: KeyService, stored: StoredObject) -> bool:
    assert stored.wrapped is not None  # noqa: S101 - it is living
    context = blob_name(stored.address, stored.id).encode()
    try:
        keys.unwrap(Wrapped(key_id=stored.key_id, data=stored.wrapped), context)
    except WrongKey:
        return False
    return True


def _leaf(what: str, key_id: str, by: str, **more: int) -> NewLeaf:
    data: dict[str, Fact] = {"what": what, **more}
    return NewLeaf(kind=AuditKind.VAULT_KEY, by=by, subject=key_id, data=data)

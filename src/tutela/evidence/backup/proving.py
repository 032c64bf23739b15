"""Proves what was restored: that evidence can be read, and that the audit log is sound."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from pathlib import Path

from tutela.evidence.audit.signing import Verifier
from tutela.evidence.audit.sources import InDatabase
from tutela.evidence.audit.tampered import Tampered
from tutela.evidence.audit.verifying import verify_log
from tutela.evidence.backup.manifest import Progress
from tutela.evidence.vault.store import BlobMissing, Damaged
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import StoredObject
from tutela.model.record import Record
from tutela.storage.audit.reading import AuditLog
from tutela.storage.evidence.items import EvidenceItems

PAGE = 500
SAMPLE = 100


class Proof(Record, frozen=True, kw_only=True):
    """How far it was proved.

    Attributes:
        checked: objects of the vault that were read through.
        unreadable: ids of those that cannot be read, or are missing.
        findings: what is wrong with the audit log; None where it could not be verified, because
            there is no public key of it.
    """

    checked: int = 0
    unreadable: tuple[str, ...] = ()
    findings: tuple[str, ...] | None = None


def prove_log(log: AuditLog, keys: Path | None, *, despite_damage: bool) -> tuple[str, ...] | None:
    """Verify a log with its public keys: what is wrong with it; None where there are none.

    Raises:
        Tampered: it is not sound, and that matters.
    """
    if keys is None or not keys.exists():
        return None
    findings = verify_log(InDatabase(log), Verifier.read(keys))
    bad = tuple(map(str, findings.bad))
    if bad and not despite_damage:
        first = findings.first_bad
        raise Tampered(
            f"the audit log in the backup does not verify: {bad[0]}",
            leaf=None if first is None else first.first,
        )
    return bad


def prove_objects(
    vault: Vault,
    items: EvidenceItems,
    *,
    missing: Collection[str],
    quick: bool,
    despite_damage: bool,
    progress: Progress,
) -> tuple[int, tuple[str, ...]]:
    """Read objects of the vault through: all, or a sample by chance.

    Args:
        vault: the vault.
        items: the evidence.
        missing: ids of objects that are known to be missing.
        quick: whether a sample will do.
        despite_damage: whether to go on where one cannot be read.
        progress: told of each of the `objects`.

    Returns:
        how many were read through, and the ids of those that cannot be.

    Raises:
        Damaged, BlobMissing: one cannot be read, and that matters.
        WrongKey, KeyUnavailable, StoreUnavailable: as they say.
    """
    objects = _sample(items) if quick else _all(items)
    checked, unreadable = 0, sorted(missing)
    for stored in objects:
        if stored.id in missing:
            continue
        try:
            vault.check(stored)
            checked += 1
        except (Damaged, BlobMissing):
            if not despite_damage:
                raise
            unreadable.append(stored.id)
        progress("objects", 1)
    return checked, tuple(unreadable)


def _all(items: EvidenceItems) -> Iterator[StoredObject]:
    after = ""
    while page := items.living(after, PAGE):
        yield from page
        after = page[-1].id


def _sample(items: EvidenceItems) -> Iterator[StoredObject]:
    """Objects of about evenly spread ids: ids are random themselves."""
    for _ in range(SAMPLE):
        start = f"{random.getrandbits(128):032x}"
        yield from items.living(start, 1) or items.living("", 1)

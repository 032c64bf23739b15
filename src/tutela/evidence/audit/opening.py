"""Opens what the settings name: the audit key, the witness, the signer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from tutela.errors import BadConfiguration, NotFound, TutelaError, Unavailable
from tutela.evidence.audit.signer import Signer, contradiction
from tutela.evidence.audit.signing import PUBLIC_SUFFIX, AuditKey, Verifier
from tutela.evidence.audit.stamping import Roots, Stamping
from tutela.evidence.audit.tampered import Tampered
from tutela.evidence.audit.witness import Witness
from tutela.outgoing import Calls, FetchFailed
from tutela.settings import Settings
from tutela.storage.audit.reading import AuditLog


def open_verifier(settings: Settings, path: Path | None = None) -> Verifier:
    """The public keys: of a file, or of the one beside the audit key.

    Raises:
        InvalidInput: the file cannot be read or holds no public keys.
    """
    return Verifier.read(path or settings.audit_key_file.with_suffix(PUBLIC_SUFFIX))


def open_signer(settings: Settings, log: AuditLog, *, stamps: bool = True) -> Signer:
    """What signs checkpoints, with the audit key, which is made where it is missing.

    Args:
        settings: all settings.
        log: the log.
        stamps: whether it also has them stamped when it is time.

    Raises:
        BadConfiguration: the key, or the address or certificates of time stamps, cannot be used.
    """
    key = AuditKey.create(settings.audit_key_file)
    witness = Witness(settings.witness_folder)
    stamping = open_stamping(settings) if stamps else None
    return Signer(log, key, witness, stamping, open_verifier(settings))


def open_stamping(settings: Settings) -> Stamping | None:
    """What gets time stamps, if the settings name a service.

    Raises:
        BadConfiguration: its address or the certificates cannot be used.
    """
    audit = settings.audit
    if not audit.timestamp_url:
        return None
    try:
        calls = Calls(audit.timestamp_url, private=audit.timestamp_private)
    except FetchFailed as problem:
        raise BadConfiguration(problem.what, where="audit.timestamp_url") from None
    return Stamping(calls, open_roots(settings), timedelta(hours=audit.timestamp_hours))


def open_roots(settings: Settings) -> Roots | None:
    """The certificates that time stamps are verified with, if the settings name any."""
    path = settings.audit.timestamp_roots
    return Roots.read(Path(path)) if path else None


def glance(settings: Settings, log: AuditLog, told: FilteringBoundLogger) -> None:
    """Make the audit key where it is missing, and look whether the log is plainly another.

    For the start of a server: an older database that somebody has put in place is told of loudly,
    and the server goes on, so that nothing else stands still. No checkpoint of it will be signed.

    Raises:
        BadConfiguration: the key cannot be used.
    """
    AuditKey.create(settings.audit_key_file)
    found: TutelaError | None
    try:
        known = Witness(settings.witness_folder).known()
        found = None if known is None else contradiction(log, known)
    except (Tampered, Unavailable, NotFound) as problem:
        found = problem
    if found is not None:
        told.error("the audit log contradicts its witness", reason=found.what, remedy=found.remedy)

"""Opens what the settings name: the audit key, the witness, the signer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tutela.errors import BadConfiguration
from tutela.evidence.audit.signer import Signer
from tutela.evidence.audit.signing import PUBLIC_SUFFIX, AuditKey, Verifier
from tutela.evidence.audit.stamping import Roots, Stamping
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


def open_signer(settings: Settings, log: AuditLog) -> Signer:
    """What signs checkpoints, with the audit key, which is made where it is missing.

    Raises:
        BadConfiguration: the key, or the address or certificates of time stamps, cannot be used.
    """
    key = AuditKey.create(settings.audit_key_file)
    witness = Witness(settings.witness_folder)
    return Signer(log, key, witness, open_stamping(settings), open_verifier(settings))


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

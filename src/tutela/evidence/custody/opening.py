"""Opens what makes custody documents, as the settings say."""

from __future__ import annotations

from tutela.evidence.audit.opening import open_verifier
from tutela.evidence.audit.signer import Signer
from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.audit.witness import Witness
from tutela.evidence.custody.documents import CustodyDocuments
from tutela.evidence.custody.gathering import Gathering
from tutela.settings import Settings
from tutela.storage.audit.reading import AuditLog
from tutela.storage.database import Database
from tutela.storage.evidence.items import EvidenceItems


def open_gathering(database: Database, items: EvidenceItems) -> Gathering:
    """What makes records of what is stored."""
    return Gathering(items, AuditLog(database))


def open_documents(
    settings: Settings, database: Database, items: EvidenceItems
) -> CustodyDocuments:
    """What makes and signs documents; the audit key is made where it is missing.

    Raises:
        BadConfiguration: the audit key cannot be used.
    """
    log = AuditLog(database)
    key = AuditKey.create(settings.audit_key_file)
    witness = Witness(settings.witness_folder)
    # Nobody is asked for a time stamp here: who waits for a document waits for no other server.
    signer = Signer(log, key, witness, verifier=open_verifier(settings))
    return CustodyDocuments(Gathering(items, log), key, signer.sign_if_more)

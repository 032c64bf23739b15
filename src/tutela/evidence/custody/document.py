"""The signed JSON of a custody record.

What is signed stands in the envelope as one string, so that what was signed is what is read, byte
for byte: no parser has to write it again in a form that everybody agrees on. It is JSON in pure
ASCII, so that no mail, editor or normalisation can change it unnoticed, and no name within it can
turn the direction of the lines that somebody reads.
"""

from __future__ import annotations

import base64
import re
from typing import Literal

import msgspec

from tutela.errors import InvalidInput
from tutela.evidence.audit.signing import AuditKey, Verifier
from tutela.evidence.custody.certificate import certificate_of, fingerprint_of
from tutela.evidence.custody.record import CustodyRecord, Keys
from tutela.model.record import Record

FORM: Literal["tutela custody document 1"] = "tutela custody document 1"
LONGEST = 256 << 20
"""Bytes of a document that is read."""

_OUTSIDE = re.compile(r"[^\x00-\x7e]")


class Signature(Record, frozen=True, kw_only=True):
    """The signature of a document.

    Attributes:
        algorithm: Ed25519 (RFC 8032), over the bytes of `document`.
        key: the public key, PEM.
        fingerprint: SHA-256 of that key as X.509 has it (SubjectPublicKeyInfo), hex.
        value: 64 bytes in Base64.
    """

    algorithm: Literal["Ed25519"] = "Ed25519"
    key: str
    fingerprint: str
    value: str


class Envelope(Record, frozen=True, kw_only=True):
    """A signed document.

    Attributes:
        form: which envelope this is.
        document: the record as JSON in ASCII, exactly as it was signed.
        signature: over it.
    """

    form: Literal["tutela custody document 1"] = FORM
    document: str
    signature: Signature

    @property
    def record(self) -> CustodyRecord:
        """What the document says. Raises `InvalidInput`."""
        try:
            return msgspec.json.decode(self.document, type=CustodyRecord)
        except (msgspec.DecodeError, UnicodeError):
            raise _no_document() from None

    def signed_by(self, verifier: Verifier) -> bool:
        """Whether one of the log keys signed the document."""
        try:
            value = base64.b64decode(self.signature.value, validate=True)
            return verifier.verify(value, self.document.encode())
        except ValueError:  # of Base64, and of text that is not ASCII
            return False

    @property
    def own_verifier(self) -> Verifier:
        """The key that stands in the document itself. Raises `InvalidInput`."""
        return Verifier.from_pem(self.signature.key)


def with_keys(record: CustodyRecord, key: AuditKey) -> CustodyRecord:
    """The record with what its documents are signed with."""
    keys = Keys(
        log=key.verifier.fingerprint, certificate=fingerprint_of(certificate_of(key.document_key))
    )
    return msgspec.structs.replace(record, keys=keys)


def sign(record: CustodyRecord, key: AuditKey) -> bytes:
    """The signed JSON of a record, as a file."""
    text = canonical(with_keys(record, key))
    log_key = Verifier(key.verifier.log_keys[:1])
    envelope = Envelope(
        document=text,
        signature=Signature(
            key=log_key.pem,
            fingerprint=log_key.fingerprint,
            value=base64.b64encode(key.sign(text.encode())).decode(),
        ),
    )
    return msgspec.json.format(msgspec.json.encode(envelope), indent=2) + b"\n"


def read(data: bytes) -> Envelope:
    """Read a signed document; nothing of it is verified.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return msgspec.json.decode(data, type=Envelope)
    except (msgspec.DecodeError, UnicodeError):
        raise _no_document() from None


def canonical(record: CustodyRecord) -> str:
    """A record as JSON in ASCII; outside of strings JSON is ASCII anyway."""
    return _OUTSIDE.sub(_escaped, msgspec.json.encode(record).decode())


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def _no_document() -> InvalidInput:
    return InvalidInput(
        "this is no custody document, or was made by another version",
        where="document",
        remedy="hand in the JSON or the PDF as tutela evidence export wrote it",
    )

"""Time stamps (RFC 3161): somebody else says when a checkpoint was there already.

A time stamp holds a digest of the checkpoint's note, and the note a root: so nobody can write the
log anew for the time before, not even with the key.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import rfc3161_client as rfc3161
from cryptography.x509 import Certificate, ObjectIdentifier, load_pem_x509_certificates

from tutela.errors import BadConfiguration, InvalidInput
from tutela.outgoing import Calls, FetchFailed
from tutela.storage.audit.reading import AuditLog, Checkpoint
from tutela.storage.values import now

QUERY = "application/timestamp-query"
DIGESTS = {
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}


class StampFailed(FetchFailed):
    """There is no time stamp now: the service gave none, or one that does not hold."""


class Roots:
    """The certificates that time stamps are verified with.

    Args:
        certificates: authorities, and what stands between them and the services.
    """

    def __init__(self, certificates: list[Certificate]) -> None:
        self._certificates = certificates

    @classmethod
    def read(cls, path: Path) -> Roots:
        """Read a file of certificates in PEM; raises `BadConfiguration`."""
        try:
            return cls(load_pem_x509_certificates(path.read_bytes()))
        except (OSError, ValueError):
            raise BadConfiguration(
                "the certificates of time stamps cannot be read",
                where=str(path),
                remedy="name a file of certificates in PEM",
            ) from None

    def verify(self, token: bytes, note: str, nonce: int | None = None) -> datetime:
        """When a note was there, as a time stamp says; raises `InvalidInput` if it does not hold.

        Args:
            token: DER of the service's whole response.
            note: a checkpoint.
            nonce: what was asked with, where that is known.
        """
        builder = rfc3161.VerifierBuilder(roots=list(self._certificates), nonce=nonce)
        try:
            response = rfc3161.decode_timestamp_response(token)
            builder.build().verify_message(response, note.encode())
        except (rfc3161.VerificationError, ValueError, RuntimeError):
            raise _does_not_hold() from None
        return response.tst_info.gen_time.replace(tzinfo=UTC)


def stamped_at(token: bytes, note: str) -> datetime:
    """When a time stamp says that a note was there; who says so is not verified.

    Raises:
        InvalidInput: it is no time stamp, or one of something else.
    """
    try:
        info = rfc3161.decode_timestamp_response(token).tst_info
        imprint = info.message_imprint
        digest = DIGESTS[_dotted(imprint.hash_algorithm)]
    except (ValueError, RuntimeError, KeyError):
        raise _does_not_hold() from None
    if digest(note.encode()).digest() != imprint.message:
        raise _does_not_hold()
    return info.gen_time.replace(tzinfo=UTC)


class Stamping:
    """Has checkpoints stamped by a service.

    Args:
        calls: the door to the service.
        roots: what its answers are verified with; None means that only their digest is compared.
        every: how often the latest checkpoint is stamped.
    """

    def __init__(self, calls: Calls, roots: Roots | None, every: timedelta) -> None:
        self._calls = calls
        self._roots = roots
        self._every = every

    def stamp_if_due(self, log: AuditLog) -> Checkpoint | None:
        """Have the latest checkpoint stamped if the last time stamp is old enough.

        Raises:
            FetchFailed: as `stamp`; the next call tries again.
        """
        latest = log.latest_checkpoint()
        stamped = log.latest_checkpoint(stamped=True)
        if latest is None or latest.token is not None:
            return None
        if stamped is not None and timedelta() <= now() - stamped.at < self._every:
            return None
        return self.stamp(log, latest)

    def stamp(self, log: AuditLog, checkpoint: Checkpoint) -> Checkpoint:
        """Have a checkpoint stamped now, and keep the time stamp.

        Raises:
            FetchFailed: the service cannot be reached.
            StampFailed: it gave no time stamp that holds.
        """
        request = (
            rfc3161.TimestampRequestBuilder()
            .data(checkpoint.note.encode())
            .hash_algorithm(rfc3161.HashAlgorithm.SHA256)
            .cert_request(cert_request=True)
            .build()
        )
        answer = self._calls.call(
            "POST", "", headers={"Content-Type": QUERY}, body=request.as_bytes()
        )
        if answer.status != 200:  # noqa: PLR2004 - the status of success
            raise StampFailed(f"the time-stamping service answered with status {answer.status}")
        try:
            if self._roots is None:
                stamped_at(answer.body, checkpoint.note)
            else:
                self._roots.verify(answer.body, checkpoint.note, request.nonce)
        except InvalidInput as problem:
            raise StampFailed(problem.what) from None
        log.keep_token(checkpoint.size, answer.body)
        return Checkpoint(
            size=checkpoint.size, at=checkpoint.at, note=checkpoint.note, token=answer.body
        )


def _dotted(algorithm: ObjectIdentifier) -> str:
    return algorithm.dotted_string


def _does_not_hold() -> InvalidInput:
    return InvalidInput("the time stamp does not hold for the checkpoint", where="time stamp")

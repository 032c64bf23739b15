"""The audit key: signs checkpoints and documents; its public half verifies them, offline."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from tutela.durable import draft_of, sync_folder, write_new, write_once
from tutela.errors import BadConfiguration, InvalidInput

PUBLIC_SUFFIX = ".pub"
"""The public half lies beside the key file, under its name with this ending."""
READABLE = 0o644
LONGEST = 1 << 20  # bytes that are read of a key file

_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----\n.*?\n-----END \1-----\n?", re.DOTALL)


class Verifier:
    """Public keys of a log: Ed25519 for checkpoints, ECDSA P-256 for documents.

    A log whose key was replaced has several: what any of them signed is good.

    Attributes:
        log_keys: 32 bytes each; the first is the current one.
        document_keys: the current one first; may be empty.
    """

    __slots__ = ("document_keys", "log_keys")

    def __init__(
        self, log_keys: tuple[bytes, ...], document_keys: tuple[ec.EllipticCurvePublicKey, ...] = ()
    ) -> None:
        self.log_keys = log_keys
        self.document_keys = document_keys

    @classmethod
    def from_pem(cls, text: str) -> Self:
        """Read public keys in PEM, one after the other; other blocks are refused.

        Raises:
            InvalidInput: there is no Ed25519 key among them, or something that is no public key.
        """
        log_keys: list[bytes] = []
        document_keys: list[ec.EllipticCurvePublicKey] = []
        for block in _BLOCK.finditer(text):
            try:
                key = load_pem_public_key(block[0].encode())
            except (ValueError, UnsupportedAlgorithm):
                raise _no_public_key() from None
            if isinstance(key, Ed25519PublicKey):
                log_keys.append(key.public_bytes_raw())
            elif isinstance(key, ec.EllipticCurvePublicKey):
                document_keys.append(key)
            else:
                raise _no_public_key()
        if not log_keys:
            raise _no_public_key()
        return cls(tuple(log_keys), tuple(document_keys))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file of public keys in PEM.

        Raises:
            InvalidInput: it cannot be read, or holds none.
        """
        try:
            text = path.read_text("ascii", "replace")
        except OSError as problem:
            raise InvalidInput(
                f"the public key cannot be read ({problem.strerror})",
                where=str(path),
                remedy="get it with tutela audit key",
            ) from None
        return cls.from_pem(text)

    @property
    def pem(self) -> str:
        """The inverse of `from_pem`."""
        log_keys = map(Ed25519PublicKey.from_public_bytes, self.log_keys)
        return "".join(map(_public_pem, log_keys)) + "".join(map(_public_pem, self.document_keys))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the current log key as X.509 has it (SubjectPublicKeyInfo), in hex."""
        key = Ed25519PublicKey.from_public_bytes(self.log_keys[0])
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether one of the log keys signed these bytes."""
        return any(_signed(key, signature, data) for key in self.log_keys)


class AuditKey:
    """The private half. Shows nothing of itself.

    Attributes:
        verifier: the public half.
        document_key: ECDSA P-256, for documents whose readers do not know Ed25519.
    """

    __slots__ = ("_log_key", "document_key", "verifier")

    def __init__(
        self, log_key: Ed25519PrivateKey, document_key: ec.EllipticCurvePrivateKey
    ) -> None:
        self._log_key = log_key
        self.document_key = document_key
        self.verifier = Verifier(
            (log_key.public_key().public_bytes_raw(),), (document_key.public_key(),)
        )

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the key file; creates nothing.

        Raises:
            BadConfiguration: it is missing, cannot be read, holds no such keys, or may be read by
                others than its owner.
        """
        try:
            with path.open("rb") as file:
                mode, pem = os.fstat(file.fileno()).st_mode, file.read(LONGEST)
        except OSError as problem:
            raise _unusable(path, f"cannot be used ({problem.strerror})") from None
        if mode & 0o077:
            raise BadConfiguration(
                "the audit key may be read by others than its owner",
                where=str(path),
                remedy=f"chmod 600 {path}; if others may have read it, replace it",
            )
        keys = _private_keys(pem)
        if keys is None:
            raise _unusable(path, "does not hold an Ed25519 and a P-256 key")
        return cls(*keys)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Read the key file; make it, and the public half beside it, where they are missing.

        Several processes may do so at once: all of them read the same key. Public keys that stand
        in the public file stay there, so that what a replaced key signed can still be verified.

        Raises:
            BadConfiguration: as `open`, or it cannot be made.
        """
        try:
            with suppress(FileExistsError):
                _make(path)
            key = cls.open(path)
            _publish(key.verifier, path.with_suffix(PUBLIC_SUFFIX))
        except OSError as problem:
            raise _unusable(path, f"cannot be made ({problem.strerror})") from None
        return key

    @property
    def public_pem(self) -> str:
        """Both public keys, in PEM."""
        return self.verifier.pem

    def sign(self, data: bytes) -> bytes:
        """The Ed25519 signature: 64 bytes, always the same of the same bytes."""
        return self._log_key.sign(data)


def _signed(key: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _public_pem(key: Ed25519PublicKey | ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _private_keys(pem: bytes) -> tuple[Ed25519PrivateKey, ec.EllipticCurvePrivateKey] | None:
    blocks = [match[0] for match in _BLOCK.finditer(pem.decode("ascii", "replace"))]
    try:
        log_key, document_key = (load_pem_private_key(one.encode(), None) for one in blocks)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if isinstance(log_key, Ed25519PrivateKey) and isinstance(
        document_key, ec.EllipticCurvePrivateKey
    ):
        return log_key, document_key
    return None


def _make(path: Path) -> None:
    """Make the key file as a whole: a process that looks meanwhile finds none, or all of it."""
    if path.exists():
        return
    keys = (Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1()))
    pem = b"".join(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for key in keys
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_once(path, pem)


def _publish(verifier: Verifier, path: Path) -> None:
    """Write the public keys, those that stand there already behind them."""
    known = Verifier.read(path) if path.exists() else Verifier(())
    if set(verifier.log_keys) <= set(known.log_keys):
        return
    merged = Verifier(
        (*verifier.log_keys, *known.log_keys), (*verifier.document_keys, *known.document_keys)
    )
    draft = draft_of(path)
    write_new(draft, merged.pem.encode("ascii"), READABLE)
    draft.replace(path)
    sync_folder(path.parent)


def _unusable(path: Path, what: str) -> BadConfiguration:
    return BadConfiguration(
        f"the audit key {what}",
        where=str(path),
        remedy="bring it back from a backup; a new key cannot vouch for what the old one signed",
    )


def _no_public_key() -> InvalidInput:
    return InvalidInput(
        "these are no public keys of an audit log",
        where="key",
        remedy="get them with tutela audit key",
    )

"""How a key of 32 bytes wraps another: AES-256-GCM, bound to the key's id and to a context."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tutela.errors import Conflict, NotFound
from tutela.evidence.keys.service import DATA_KEY_BYTES, Wrapped, WrongKey

NONCE_BYTES = 12


def wrap_with(key: bytes, key_id: str, data_key: bytes, context: bytes) -> Wrapped:
    """Wrap a key of 32 bytes: nonce, ciphertext, tag."""
    if len(data_key) != DATA_KEY_BYTES:
        raise ValueError(f"keys of objects have {DATA_KEY_BYTES} bytes")
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, data_key, _bound(key_id, context))
    return Wrapped(key_id=key_id, data=nonce + sealed)


def unwrap_with(key: bytes, wrapped: Wrapped, context: bytes) -> bytes:
    """The inverse. Raises `WrongKey`."""
    nonce, sealed = wrapped.data[:NONCE_BYTES], wrapped.data[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, sealed, _bound(wrapped.key_id, context))
    except (InvalidTag, ValueError):  # ValueError: a nonce that is cut short
        raise WrongKey(
            "this key did not wrap what it is asked to unwrap, or that was altered",
            where=f"key {wrapped.key_id}",
            remedy="bring back the key file and the database of one time from a backup",
        ) from None


def derive_from(root: bytes, purpose: str) -> bytes:
    """32 bytes for a purpose: HKDF with SHA-256, no salt, and `tutela PURPOSE` as info."""
    info = f"tutela {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(root)


def missing_key(key_id: str) -> WrongKey:
    """The error of a key that is not, or no longer, there."""
    return WrongKey(
        "the key service does not have this key: it was retired, or is of another vault",
        where=f"key {key_id}",
        remedy="bring it back from a backup of the keys, if it was not retired on purpose",
    )


def no_such_key(key_id: str) -> NotFound:
    """The error of who retires a key that is not there."""
    return NotFound("there is no such key", where=f"key {key_id}")


def is_current(key_id: str) -> Conflict:
    """The error of who retires the current key."""
    return Conflict(
        "this is the current key",
        where=f"key {key_id}",
        remedy="rotate first, and wrap again what it has wrapped",
    )


def _bound(key_id: str, context: bytes) -> bytes:
    return key_id.encode() + b"\0" + context

"""What stands in a key file, and how a passphrase locks it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Final, Literal, Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tutela.errors import BadConfiguration
from tutela.evidence.keys.service import DATA_KEY_BYTES, WrongKey
from tutela.model.record import Record

FORMAT: Final = "tutela-keys"
VERSION: Final = 1
NONCE_BYTES = 12
COST, BLOCK, LANES = 2**17, 8, 1
"""Of scrypt: 128 MB and about a third of a second for each guess."""
MOST_MEMORY = 2**30
"""Bytes that a file may make us spend on its passphrase."""


class Key(Record, frozen=True, kw_only=True):
    """A key that wraps keys of objects.

    Attributes:
        key: 32 bytes.
    """

    id: str
    made_at: datetime
    key: bytes

    @classmethod
    def make(cls) -> Self:
        """A new one. Its id tells people the day; who reads it by program takes it as it is."""
        now = datetime.now(UTC)
        return cls(
            id=f"{now:%Y-%m-%d}-{secrets.token_hex(4)}",
            made_at=now,
            key=secrets.token_bytes(DATA_KEY_BYTES),
        )


class Content(Record, frozen=True, kw_only=True):
    """What a key file holds.

    Attributes:
        root: 32 bytes that others are derived from; never changes.
        keys: oldest first; the last one wraps.
    """

    root: bytes
    keys: tuple[Key, ...]

    @classmethod
    def make(cls) -> Self:
        """That of a new file."""
        return cls(root=secrets.token_bytes(DATA_KEY_BYTES), keys=(Key.make(),))

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the keys, oldest first."""
        return tuple(key.id for key in self.keys)

    @property
    def sound(self) -> bool:
        """Whether it can be used."""
        lengths = {len(self.root), *(len(key.key) for key in self.keys)}
        return bool(self.keys) and lengths == {DATA_KEY_BYTES} and len({*self.ids}) == len(self.ids)


class Stretching(Record, frozen=True, kw_only=True):
    """How a passphrase becomes a key: parameters of scrypt."""

    n: int
    r: int
    p: int
    salt: bytes

    @property
    def sound(self) -> bool:
        """Whether these are parameters of scrypt that cost no more than is bearable."""
        power_of_two = self.n > 1 and self.n & (self.n - 1) == 0
        bearable = self.r > 0 and 0 < self.p <= 16 and 128 * self.n * self.r <= MOST_MEMORY  # noqa: PLR2004
        return power_of_two and bearable


class _File(Record, frozen=True, kw_only=True):
    """A key file, as JSON.

    Attributes:
        passphrase: null where the content is not locked.
        content: `Content` as JSON; where it is locked: nonce, ciphertext, tag of AES-256-GCM.
    """

    format: Literal["tutela-keys"]
    version: Literal[1]
    passphrase: Stretching | None
    content: bytes


class Passphrase:
    """Locks and unlocks key files. Stretches the passphrase once for each salt."""

    def __init__(self, passphrase: str) -> None:
        self._passphrase = passphrase.encode()
        self._stretched: tuple[Stretching, bytes] | None = None

    def key(self, how: Stretching) -> bytes:
        """32 bytes."""
        if self._stretched is None or self._stretched[0] != how:
            scrypt = Scrypt(salt=how.salt, length=DATA_KEY_BYTES, n=how.n, r=how.r, p=how.p)
            self._stretched = how, scrypt.derive(self._passphrase)
        return self._stretched[1]

    def stretching(self) -> Stretching:
        """The parameters that were used before, or new ones."""
        if self._stretched is not None:
            return self._stretched[0]
        return Stretching(n=COST, r=BLOCK, p=LANES, salt=secrets.token_bytes(16))


def encode(content: Content, passphrase: Passphrase | None) -> bytes:
    """The bytes of a key file."""
    plain = msgspec.json.encode(content)
    how = None
    if passphrase is not None:
        how, nonce = passphrase.stretching(), secrets.token_bytes(NONCE_BYTES)
        plain = nonce + AESGCM(passphrase.key(how)).encrypt(nonce, plain, FORMAT.encode())
    file = _File(format=FORMAT, version=VERSION, passphrase=how, content=plain)
    return msgspec.json.format(msgspec.json.encode(file)) + b"\n"


def decode(data: bytes, passphrase: Passphrase | None, where: str) -> Content:
    """The content of a key file.

    Raises:
        BadConfiguration: it is no key file, is damaged, or the setting and the file do not agree
            on whether there is a passphrase.
        WrongKey: the passphrase is another.
    """
    try:
        file = msgspec.json.decode(data, type=_File)
        content = msgspec.json.decode(_unlocked(file, passphrase, where), type=Content)
    except msgspec.MsgspecError:  # says what it found: never to be passed on
        raise damaged(where) from None
    if not content.sound:
        raise damaged(where)
    return content


def damaged(where: str) -> BadConfiguration:
    """The error of what is no key file, or one no more."""
    return BadConfiguration(
        "this is no key file of the vault, or it is damaged",
        where=where,
        remedy="bring it back from a backup: without it what it wrapped cannot be read",
    )


def _unlocked(file: _File, passphrase: Passphrase | None, where: str) -> bytes:
    if file.passphrase is None and passphrase is None:
        return file.content
    if passphrase is None:
        raise BadConfiguration(
            "the key file is locked by a passphrase",
            where=where,
            remedy="name the file that holds it in vault.passphrase_file",
        )
    if file.passphrase is None:
        raise BadConfiguration(
            "a passphrase is given, and the key file is not locked by any",
            where=where,
            remedy="leave vault.passphrase_file empty, or begin with a new key file",
        )
    if not file.passphrase.sound:
        raise damaged(where)
    nonce, sealed = file.content[:NONCE_BYTES], file.content[NONCE_BYTES:]
    try:
        return AESGCM(passphrase.key(file.passphrase)).decrypt(nonce, sealed, FORMAT.encode())
    except (InvalidTag, ValueError):  # ValueError: a nonce that is cut short
        raise WrongKey(
            "the passphrase does not open the key file, or the file is damaged",
            where=where,
            remedy="give the passphrase that it was made with, or bring it back from a backup",
        ) from None

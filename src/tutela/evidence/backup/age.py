"""Files in the format of age (age-encryption.org), written and read as a stream.

Every file has a key pair of its own, so that it can be read back once it is written, though only
who is named can read it later. Where a passphrase is to open it, it locks the secret half, which
then lies beside the file; else that half is forgotten.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pyrage
from pyrage import x25519

from tutela.durable import BUFFER, open_new
from tutela.errors import InvalidInput, Unavailable
from tutela.evidence.backup.manifest import damaged

_NO_MATCH, _WRONG = "No matching keys found", "Decryption failed"
_TOO_MUCH = "Excessive work parameter"
"""What the library says, which has one error for all."""
_ATTEMPTS = 10
_PAUSE_SECONDS = 0.5


class Identities:
    """Secret keys that open files. Shows nothing of them."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Sequence[x25519.Identity]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def generate(cls) -> Identities:
        """A new one, that nobody else has."""
        return cls([x25519.Identity.generate()])

    @classmethod
    def read(cls, path: Path) -> Identities:
        """Those of a file as `age-keygen` writes it.

        Raises:
            InvalidInput: it cannot be read, or holds none.
        """
        try:
            text = path.read_text()
        except (OSError, UnicodeError):
            raise InvalidInput("the file of identities cannot be read", where=str(path)) from None
        try:
            keys = _keys(text)
        except pyrage.IdentityError:
            keys = []
        if not keys:
            raise InvalidInput(
                "the file holds no identity",
                where=str(path),
                remedy="name a file that age-keygen has written (AGE-SECRET-KEY-…)",
            )
        return cls(keys)

    @classmethod
    def unlock(cls, path: Path, passphrase: str) -> Identities:
        """The one that `lock` has written.

        Raises:
            InvalidInput: the passphrase is another.
            DamagedBackup: the file is missing or damaged.
            Unavailable: this machine is so slow or busy that the library refuses the work.
        """
        try:
            locked = path.read_bytes()
        except FileNotFoundError:
            raise InvalidInput(
                "no passphrase opens this generation",
                where=str(path.parent),
                remedy="give the identity of one of its recipients: --identity",
            ) from None
        except OSError as problem:
            raise damaged(path, f"it cannot be read ({problem.strerror})") from None
        try:
            return cls(_keys(_unlocked(locked, passphrase).decode()))
        except pyrage.DecryptError as problem:
            if str(problem).startswith(_TOO_MUCH):
                raise Unavailable(
                    "to open this with its passphrase takes more work than this machine can do now",
                    where=str(path),
                    remedy="try again when it has less to do, or on a quicker one",
                ) from None
            if str(problem) == _WRONG:
                raise InvalidInput(
                    "the passphrase does not open this generation", where=str(path)
                ) from None
            raise damaged(path, "it was altered or cut short") from None
        except (pyrage.IdentityError, UnicodeError, OSError):
            raise damaged(path, "it was altered or cut short") from None

    def lock(self, passphrase: str) -> bytes:
        """A file of age with the first one, that only the passphrase opens."""
        text = f"# opens the backup beside this file\n{self._keys[0]}\n"
        return bytes(pyrage.passphrase.encrypt(text.encode(), passphrase))

    @property
    def recipient(self) -> str:
        """The public half of the first: `age1…`."""
        return str(self._keys[0].to_public())


def _unlocked(locked: bytes, passphrase: str) -> bytes:
    """What a passphrase opens.

    The library first measures, within a moment, how quick the machine is, and refuses what would
    take far longer than a second. On a busy machine that moment may be a bad one.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return bytes(pyrage.passphrase.decrypt(locked, passphrase))
        except pyrage.DecryptError as problem:
            if not str(problem).startswith(_TOO_MUCH):
                raise
        time.sleep(_PAUSE_SECONDS)
    return bytes(pyrage.passphrase.decrypt(locked, passphrase))


def checked_recipients(texts: Iterable[str]) -> tuple[str, ...]:
    """Public keys, `age1…` each; raises `InvalidInput` for what is none."""
    for text in (texts := tuple(texts)):
        try:
            x25519.Recipient.from_str(text)
        except pyrage.RecipientError:
            raise InvalidInput(
                "this is no recipient",
                where="--recipient",
                remedy="give what age-keygen calls the public key: age1…",
            ) from None
    return texts


def encrypt(path: Path, chunks: Iterator[bytes], recipients: Iterable[str]) -> None:
    """Write a new file, for its owner alone; durable on return.

    What `chunks` raises comes through as it is.

    Raises:
        OSError: the file cannot be written.
    """
    keys = [x25519.Recipient.from_str(text) for text in recipients]
    source = _Pulled(chunks)
    with open_new(path) as file:
        try:
            pyrage.encrypt_io(source, file, keys)
        except Exception:
            if source.problem is not None:
                raise source.problem from None
            raise
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def decrypted(path: Path, identities: Identities) -> Iterator[Plain]:
    """The plain bytes of a file, each authenticated before it is given out.

    Raises:
        InvalidInput: none of the identities opens it.
        DamagedBackup: it is missing, or not as it was written; this may come with any piece.
    """
    plain = Plain(path, identities)
    try:
        yield plain
    finally:
        plain.close()


class Plain:
    """A stream to be read; `decrypted` gives it. Read it to its end: only then is it whole."""

    def __init__(self, path: Path, identities: Identities) -> None:
        self._path = path
        self._keys = list(identities._keys)  # noqa: SLF001 - the one place that they are used at
        self._problem: Exception | None = None
        reading, self._writing = os.pipe()
        self._stream = os.fdopen(reading, "rb", buffering=0)
        self._thread = threading.Thread(target=self._decrypt, name="age", daemon=True)
        self._thread.start()

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end. Raises as `decrypted`."""
        piece = self._stream.read(size) or b""
        if not piece:
            self._thread.join()
            if self._problem is not None:
                raise self._told(self._problem) from None
        return piece

    def close(self) -> None:
        """Stop, wherever it is."""
        self._stream.close()
        self._thread.join()

    def _decrypt(self) -> None:
        with suppress(BrokenPipeError), os.fdopen(self._writing, "wb", buffering=0) as out:
            try:
                with self._path.open("rb", buffering=BUFFER) as source:
                    pyrage.decrypt_io(source, out, self._keys)
            except BrokenPipeError:
                pass
            except (pyrage.DecryptError, OSError) as problem:
                self._problem = problem

    def _told(self, problem: Exception) -> Exception:
        if isinstance(problem, FileNotFoundError):
            return damaged(self._path, "it is missing")
        if _NO_MATCH in str(problem):
            return InvalidInput(
                "none of the keys given opens this generation",
                where=str(self._path),
                remedy="give the identity of one of its recipients, or its passphrase",
            )
        return damaged(self._path, "it was altered or cut short")


class _Pulled:
    """A stream of what an iterator gives, for a reader who asks for sizes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = memoryview(b"")
        self.problem: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            while not self._held:
                chunk = next(self._chunks, None)
                if chunk is None:
                    return b""
                self._held = memoryview(chunk)
        except Exception as problem:
            self.problem = problem
            raise
        piece = self._held if size < 0 else self._held[:size]
        self._held = self._held[len(piece) :]
        return bytes(piece)


def _keys(text: str) -> list[x25519.Identity]:
    """Identities, one a line; lines that begin with # say something to people."""
    lines = map(str.strip, text.splitlines())
    return [x25519.Identity.from_str(line) for line in lines if line and line[0] != "#"]

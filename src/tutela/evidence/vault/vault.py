"""The vault: seals bytes under a key of their own, and gives back nothing that was not verified."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice

from tutela.errors import InvalidInput, NotFound
from tutela.evidence.keys.service import DATA_KEY_BYTES, KeyService, Wrapped
from tutela.evidence.vault.sealing import (
    CHUNK_BYTES,
    HEADER,
    TAG_BYTES,
    Sealing,
    chunk_bytes_of,
    damaged,
)
from tutela.evidence.vault.source import Source
from tutela.evidence.vault.store import Blob, BlobStore, blob_name
from tutela.model.custody.evidence import Sealed, StoredObject

ADDRESS = "address"
"""Purpose that the key of addresses is derived for."""
TOGETHER = 500
"""Objects that are asked about at once."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Vault:
    """Seals bytes into a store, and reads them back verified. Thread-safe.

    Args:
        store: where the encrypted bytes lie.
        keys: wraps the keys of objects.
        chunk_bytes: bytes of plain content that are sealed together; a reader never gives out
            fewer, and holds as many in memory.
    """

    def __init__(
        self, store: BlobStore, keys: KeyService, *, chunk_bytes: int = CHUNK_BYTES
    ) -> None:
        self._store, self._keys = store, keys
        self._chunk_bytes = chunk_bytes
        self._addressing = b""

    def seal(self, source: int | bytes, *, sha256: str | None = None) -> Sealed:
        """Encrypt bytes into the store. They are durable there when this returns.

        Args:
            source: the bytes, or a readable descriptor of a file, which is read from its beginning
                and whose offset is left where it is.
            sha256: hex, of the bytes, where it is known already: they are read once then, else
                twice.

        Raises:
            InvalidInput: the bytes cannot be read, changed meanwhile, or have another SHA-256.
            StoreUnavailable: the store cannot take them now; it holds nothing of them.
            KeyUnavailable: the key service does not answer; nothing was written.
        """
        plain = Source(source)
        digest = checked_digest(sha256) if sha256 is not None else self._digest(plain)
        object_id, key = secrets.token_hex(16), secrets.token_bytes(DATA_KEY_BYTES)
        address = self.address(digest)
        name = blob_name(address, object_id)
        # First the key service, which may be down: then nothing was written in vain.
        wrapped = self._keys.wrap(key, name.encode())
        sealing = Sealing(key, object_id, plain.size, self._chunk_bytes)
        self._store.put(name, self._sealed(plain, sealing, digest))
        return Sealed(
            id=object_id,
            address=address,
            wrapped=wrapped.data,
            key_id=wrapped.key_id,
            size=plain.size,
            digests={"sha256": digest},
        )

    def read(self, stored: StoredObject) -> Generator[bytes, None, None]:
        """The plain bytes of an object, verified before any of them is given out.

        The last piece comes only after the whole was checked against size and address. Who reads
        and does not come to the end without an error has not got the object.

        Raises:
            NotFound: its key is destroyed.
            WrongKey: the key service lacks the key that wrapped the object's.
            KeyUnavailable: the key service does not answer.
            BlobMissing: the store does not have it; this and the following come with any piece.
            StoreUnavailable: the store cannot read it now.
            Damaged: it is not what was sealed.
        """
        key = self._keys.unwrap(_wrapped(stored), _name(stored).encode())
        return self._opened(stored, key)

    def check(self, stored: StoredObject) -> None:
        """Read an object through. Raises as `read` does."""
        for _ in self.read(stored):
            pass

    def discard(self, name_of: Sealed | StoredObject) -> None:
        """Delete the blob of an object, if it is there. Raises `StoreUnavailable`."""
        self._store.delete(_name(name_of))

    def rewrap(self, stored: StoredObject) -> Wrapped:
        """The key of an object, wrapped with the key service's current key.

        Raises:
            NotFound: it is destroyed.
            WrongKey: the key service lacks the key that wrapped it.
            KeyUnavailable: the key service does not answer.
        """
        context = _name(stored).encode()
        return self._keys.wrap(self._keys.unwrap(_wrapped(stored), context), context)

    def address(self, sha256: str) -> str:
        """Keyed digest of a SHA-256, both in hex: where equal bytes meet.

        Without the key nobody can tell whether the vault holds bytes that they know.

        Raises:
            InvalidInput: this is no SHA-256.
            KeyUnavailable: the key service does not answer.
        """
        digest = bytes.fromhex(checked_digest(sha256))
        if not self._addressing:
            self._addressing = self._keys.derive(ADDRESS)
        return hmac.digest(self._addressing, digest, "sha256").hex()

    def tidy(self, before: datetime, known: Callable[[Sequence[str]], set[str]]) -> int:
        """Delete blobs that nobody knows, and what unfinished writes left behind.

        Args:
            before: only what is older, by the store's clock: what was sealed just now is not known
                yet. Give a seal all the time that it may take to be written down.
            known: which of some object ids are known.

        Returns:
            How many were deleted.

        Raises:
            StoreUnavailable: the store cannot be asked, or not delete.
        """
        old = (blob for blob in self._store.list() if blob.stored_at < before)
        deleted = sum(self._forget(some, known) for some in _batches(old, TOGETHER))
        return deleted + self._store.tidy(before)

    def key_ids(self) -> Sequence[str]:
        """Ids of the keys that can unwrap, oldest first. Raises `KeyUnavailable`."""
        return self._keys.key_ids()

    def close(self) -> None:
        """Forget the keys, and give back what the store holds."""
        self._addressing = b""
        self._keys.close()
        self._store.close()

    def _forget(self, blobs: Sequence[Blob], known: Callable[[Sequence[str]], set[str]]) -> int:
        ids = [blob.name.rpartition("-")[2] for blob in blobs]
        kept = known(ids)
        unknown = [blob.name for blob, id_ in zip(blobs, ids, strict=True) if id_ not in kept]
        for name in unknown:
            self._store.delete(name)
        return len(unknown)

    def _digest(self, plain: Source) -> str:
        digest = hashlib.sha256()
        for chunk in plain.chunks(self._chunk_bytes):
            digest.update(chunk)
        return digest.hexdigest()

    def _sealed(self, plain: Source, sealing: Sealing, sha256: str) -> Iterator[bytes]:
        """The pieces of a blob; the last one only if all of them have this SHA-256."""
        yield sealing.header
        digest = hashlib.sha256()
        for number, chunk in enumerate(plain.chunks(self._chunk_bytes)):
            # Hashed even if a first pass has done so: the file may have changed in between, and
            # would lie under an address that is not its own.
            digest.update(chunk)
            if number == sealing.count - 1 and digest.hexdigest() != sha256:
                raise InvalidInput(
                    "the bytes do not have the SHA-256 that was stated, or changed meanwhile",
                    where="vault",
                    remedy="hand them in again",
                )
            yield sealing.seal(number, chunk)

    def _opened(self, stored: StoredObject, key: bytes) -> Generator[bytes, None, None]:
        with closing(self._store.get(_name(stored))) as pieces:
            blob = _Blob(pieces)
            chunk_bytes = chunk_bytes_of(blob.take(HEADER.size), stored.id)
            sealing = Sealing(key, stored.id, stored.size, chunk_bytes)
            digest = hashlib.sha256()
            for number in range(sealing.count):
                length = sealing.length(number) + TAG_BYTES
                sealed = blob.take(length)
                if len(sealed) < length:
                    raise damaged(stored.id, "is cut short")
                plain = sealing.open(number, sealed)
                digest.update(plain)
                if number == sealing.count - 1:
                    self._check_whole(stored, blob, digest.hexdigest())
                yield plain

    def _check_whole(self, stored: StoredObject, blob: _Blob, sha256: str) -> None:
        if blob.take(1):
            raise damaged(stored.id, "goes on after its end")
        if not hmac.compare_digest(self.address(sha256), stored.address):
            raise damaged(stored.id, "does not have the address that it lies under")


class _Blob:
    """Takes pieces of any size apart into lengths that are asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = memoryview(b"")
        self._buffer = bytearray()

    def take(self, length: int) -> memoryview:
        """So many bytes, or those that are left. Valid until more are taken."""
        if len(self._buffer) < length:
            self._buffer = bytearray(length)
        filled = 0
        while filled < length and self._more():
            piece = self._held[: length - filled]
            self._buffer[filled : filled + len(piece)] = piece
            self._held = self._held[len(piece) :]
            filled += len(piece)
        return memoryview(self._buffer)[:filled]

    def _more(self) -> bool:
        """Whether anything is held, after the next piece was asked for where nothing was."""
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._held = memoryview(piece)
        return True


def checked_digest(sha256: str) -> str:
    """A SHA-256 in hex, in lower case. Raises `InvalidInput`."""
    lower = sha256.lower()
    if not _SHA256.fullmatch(lower):
        raise InvalidInput("a SHA-256 has 64 hex digits", where="vault")
    return lower


def _name(of: Sealed | StoredObject) -> str:
    return blob_name(of.address, of.id)


def _wrapped(stored: StoredObject) -> Wrapped:
    if stored.wrapped is None:
        raise NotFound(
            "the key of this object is destroyed, and its bytes with it",
            where=f"object {stored.id}",
        )
    return Wrapped(key_id=stored.key_id, data=stored.wrapped)


def _batches(blobs: Iterable[Blob], size: int) -> Iterator[list[Blob]]:
    iterator = iter(blobs)
    while some := list(islice(iterator, size)):
        yield some

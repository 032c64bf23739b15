"""The key service in a file: several keys, of which the last wraps; a passphrase may lock it."""

from __future__ import annotations

import fcntl
import glob
import os
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Self

from tutela.durable import open_new, sync_folder, write_once
from tutela.errors import BadConfiguration
from tutela.evidence.keys.content import Content, Key, Passphrase, damaged, decode, encode
from tutela.evidence.keys.service import KeyUnavailable, Wrapped, WrongKey
from tutela.evidence.keys.wrapping import (
    derive_from,
    is_current,
    missing_key,
    no_such_key,
    unwrap_with,
    wrap_with,
)

MOST_BYTES = 2**20
"""Of a key file: some thousands of keys."""


class KeyFile:
    """Keys in a file that only its owner may read. Thread-safe, as are processes.

    What another process changed counts at once. Shows nothing of its keys.

    Args:
        path: the file.
        passphrase: what locks it; None where nothing does.

    Raises:
        BadConfiguration, WrongKey: as `open` does.
    """

    name = "file"

    def __init__(self, path: Path, passphrase: str | None = None) -> None:
        self._path = path
        self._passphrase = _checked(passphrase, path)
        self._lock = threading.Lock()
        self._closed = False
        self._held: tuple[bytes, Content] | None = None
        try:
            self._held = self._read()
        except OSError as problem:
            raise _unusable(path, problem) from None

    @classmethod
    def open(cls, path: Path, passphrase: str | None = None) -> Self:
        """Open a key file that is there.

        Raises:
            BadConfiguration: it is missing, damaged, may be read by others, or is locked and no
                passphrase is given, or the other way round.
            WrongKey: the passphrase is another.
        """
        return cls(path, passphrase)

    @classmethod
    def create(cls, path: Path, passphrase: str | None = None) -> Self:
        """Open a key file; make it where it is missing, with one key.

        Several processes may do so at once: all of them have the same keys.

        Raises:
            BadConfiguration, WrongKey: as `open` does; or it cannot be made.
        """
        if not path.exists():
            content = encode(Content.make(), _checked(passphrase, path))
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with suppress(FileExistsError):
                    write_once(path, content)
            except OSError as problem:
                raise _unusable(path, problem) from None
        return cls(path, passphrase)

    def current(self) -> str:
        """Id of the key that wraps now. Raises `KeyUnavailable`."""
        return self._content().ids[-1]

    def key_ids(self) -> Sequence[str]:
        """Ids of all keys, oldest first. Raises `KeyUnavailable`."""
        return self._content().ids

    def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """Wrap 32 bytes with the current key, bound to a context. Raises `KeyUnavailable`."""
        current = self._content().keys[-1]
        return wrap_with(current.key, current.id, key, context)

    def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """The inverse. Raises `WrongKey`, `KeyUnavailable`."""
        for key in self._content().keys:
            if key.id == wrapped.key_id:
                return unwrap_with(key.key, wrapped, context)
        raise missing_key(wrapped.key_id)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for a purpose, always the same. Raises `KeyUnavailable`."""
        return derive_from(self._content().root, purpose)

    def rotate(self) -> str:
        """Make a new current key; its id. Raises `KeyUnavailable`."""
        with self._exclusive() as file:
            key = Key.make()
            content = Content(root=file.content.root, keys=(*file.content.keys, key))
            self._replace(file, content, self._passphrase)
        return key.id

    def retire(self, key_id: str) -> None:
        """Destroy a key that is not current. Raises `Conflict`, `NotFound`, `KeyUnavailable`.

        The old file's bytes are overwritten on the disk, where the file system writes in place.
        Copies of the file elsewhere are not reached.
        """
        with self._exclusive() as file:
            if key_id not in file.content.ids:
                raise no_such_key(key_id)
            if key_id == file.content.ids[-1]:
                raise is_current(key_id)
            kept = tuple(key for key in file.content.keys if key.id != key_id)
            content = Content(root=file.content.root, keys=kept)
            self._replace(file, content, self._passphrase)
            _overwrite(file.descriptor)

    def relock(self, passphrase: str | None) -> None:
        """Lock the file with another passphrase, or with none; its keys stay the same.

        Who has the file open with the passphrase before finds it locked from now on. The old file's
        bytes are overwritten as by `retire`; its copies still open with the old passphrase.

        Raises:
            BadConfiguration: the passphrase is empty.
            KeyUnavailable: not now.
        """
        new = _checked(passphrase, self._path)
        with self._exclusive() as file:
            self._replace(file, file.content, new)
            _overwrite(file.descriptor)
            with self._lock:
                self._passphrase, self._held = new, None

    def close(self) -> None:
        """Forget every key; nothing can be asked any more."""
        with self._lock:
            self._held, self._closed = None, True

    def _check_open(self) -> None:
        if self._closed:
            raise KeyUnavailable("the key file is closed", where=str(self._path))

    def _content(self) -> Content:
        """What the file holds now."""
        with self._lock, self._told():
            self._check_open()
            self._held = self._read()
            return self._held[1]

    def _read(self) -> tuple[bytes, Content]:
        # Read each time, in a few microseconds: a time and an inode do not always tell a file from
        # the one that replaced it, and to wrap with a key that was retired is to lose an object.
        while True:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                data = file.read(MOST_BYTES + 1)
            self._check_mode(status.st_mode)
            if self._held is not None and data == self._held[0]:
                return self._held
            # Another process may have put the file there and not come to make its name durable.
            # What we wrap with its newest key must not outlive that key.
            sync_folder(self._path.resolve().parent)
            if _same(status, self._path.stat()):  # else replaced, and perhaps wiped meanwhile
                return data, self._decoded(data)

    def _check_mode(self, mode: int) -> None:
        if mode & 0o077:
            raise BadConfiguration(
                "the key file may be read by others than its owner",
                where=str(self._path),
                remedy=f"chmod 600 {self._path}; if others may have read it, rotate, "
                "wrap again and retire its keys",
            )

    def _decoded(self, data: bytes) -> Content:
        if len(data) > MOST_BYTES:
            raise damaged(str(self._path))
        return decode(data, self._passphrase, str(self._path))

    @contextmanager
    def _exclusive(self) -> Iterator[_Locked]:
        """The file as it is, while nobody else changes it. Raises `KeyUnavailable`."""
        with self._told():
            self._check_open()
            descriptor = self._locked()
            try:
                _remove_drafts(self._path.resolve())
                yield _Locked(descriptor, self._read()[1])
            finally:
                os.close(descriptor)

    def _locked(self) -> int:
        """A descriptor of the file with a lock on it, after who had one has replaced the file."""
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if _same(os.fstat(descriptor), self._path.stat()):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def _replace(self, file: _Locked, content: Content, passphrase: Passphrase | None) -> None:
        path = self._path.resolve()
        status = os.fstat(file.descriptor)
        draft = path.with_name(f"{_draft_of(path)}{secrets.token_hex(8)}")
        try:
            _write(draft, encode(content, passphrase), owner=(status.st_uid, status.st_gid))
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what goes wrong with an open key file into what a key service says."""
        try:
            yield
        except OSError as problem:
            raise KeyUnavailable(
                f"the key file cannot be used ({problem.strerror})",
                where=str(self._path),
                remedy="mount its disk again, or bring it back from a backup",
            ) from problem
        except (BadConfiguration, WrongKey) as problem:
            raise KeyUnavailable(
                problem.what, where=problem.where, remedy=problem.remedy
            ) from problem


class _Locked(NamedTuple):
    """A key file that nobody else changes meanwhile."""

    descriptor: int
    content: Content


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _checked(passphrase: str | None, path: Path) -> Passphrase | None:
    if passphrase is None:
        return None
    if not passphrase:
        raise BadConfiguration(
            "the passphrase of the key file is empty",
            where=str(path),
            remedy="write one into the file that vault.passphrase_file names",
        )
    return Passphrase(passphrase)


def _write(path: Path, content: bytes, owner: tuple[int, int]) -> None:
    with open_new(path) as file:
        status = os.fstat(file.fileno())
        if owner != (status.st_uid, status.st_gid):
            os.fchown(file.fileno(), *owner)  # root rotates; the server must still be able to read
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _draft_of(path: Path) -> str:
    return f".{path.name}.changed-"


def _remove_drafts(path: Path) -> None:
    """Remove what a process left that was killed while it changed the file: there are keys in."""
    for draft in path.parent.glob(f"{glob.escape(_draft_of(path))}*"):
        draft.unlink()


def _overwrite(descriptor: int) -> None:
    """Overwrite a file that was replaced, unless somebody has linked it as a backup."""
    status = os.fstat(descriptor)
    if status.st_nlink == 0:
        os.pwrite(descriptor, bytes(status.st_size), 0)
        os.fsync(descriptor)


def _unusable(path: Path, problem: OSError) -> BadConfiguration:
    return BadConfiguration(
        f"the key file cannot be used ({problem.strerror})",
        where=str(path),
        remedy="bring it back from a backup: without it what it wrapped cannot be read",
    )

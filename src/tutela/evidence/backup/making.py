"""Makes a generation of a backup while everything else goes on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path

import msgspec

from tutela.durable import open_new, write_new
from tutela.errors import Unavailable
from tutela.evidence.backup.age import Identities, encrypt
from tutela.evidence.backup.archive import (
    BLOBS,
    KEYS,
    MANIFEST,
    START,
    TABLES,
    Nothing,
    ending,
    go_through,
    member,
    member_of,
)
from tutela.evidence.backup.blobs import Copied, Copying, Listed, read_list, remove_unneeded
from tutela.evidence.backup.folder import AGE, IDENTITY, LIST, BackupFolder, told
from tutela.evidence.backup.keyfiles import read_keys
from tutela.evidence.backup.manifest import (
    FORMAT,
    BlobList,
    KeyCopy,
    LogEnd,
    Manifest,
    Progress,
    Start,
    damaged,
)
from tutela.evidence.vault.store import BlobStore, blob_name
from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.model.record import Record
from tutela.settings import Settings
from tutela.storage.audit.reading import AuditLog
from tutela.storage.database import Database
from tutela.storage.dump.layout import Digests, TableDigest, layouts
from tutela.storage.dump.living import living_objects
from tutela.storage.dump.ongoing import Ongoing
from tutela.storage.dump.writing import dumped
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.migrations import current
from tutela.storage.values import now

ATTEMPTS = 10
LIVING = ".living"
"""End of the name of a file of names, while a backup is made."""


class Protection(Record, frozen=True, kw_only=True):
    """Who can open a backup: whoever has one of the secret keys, or knows the passphrase.

    Attributes:
        recipients: public keys, as `checked_recipients` gives them.
    """

    recipients: tuple[str, ...] = ()
    passphrase: str | None = None


class Made(Record, frozen=True, kw_only=True):
    """A generation that was made and read back.

    Attributes:
        file: its archive.
        bytes: of the archive.
        tables: rows of each.
        blobs: how many it names, and their bytes.
        new_blobs, new_bytes: those that were copied for it.
        gone: objects that were destroyed while it was made.
        missing: ids of objects whose blobs the vault lacks.
        removed: generations that were removed.
        removed_blobs: blobs that were removed; None where a list was missing, so that none was.
    """

    generation: str
    file: str
    made_at: datetime
    bytes: int
    tables: tuple[TableDigest, ...]
    log: LogEnd
    blobs: int
    blob_bytes: int
    new_blobs: int
    new_bytes: int
    gone: int
    missing: tuple[str, ...]
    removed: tuple[str, ...] = ()
    removed_blobs: int | None = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What a backup is made of.

    Attributes:
        database: the database, with its tables.
        store: the vault's store.
        settings: where the key files are.
        by: who makes it, as leaves name it.
        progress: told of `rows`, `blobs` and `bytes` of blobs.
        leave_out: names of key files that are kept elsewhere.
    """

    database: Database
    store: BlobStore
    settings: Settings
    by: str
    progress: Progress
    leave_out: tuple[str, ...] = ()

    def make(
        self, folder: BackupFolder, protection: Protection, *, keep: int | None = None
    ) -> Made:
        """Make a generation, read it back, and let it be seen.

        Args:
            folder: where to.
            protection: who can open it.
            keep: how many generations stay; None for all.

        Raises:
            Unavailable: the database, the store or the folder cannot be used now.
            Conflict: another process writes to the folder.
            DamagedBackup: what was written reads otherwise.
        """
        with folder.locked():
            made = _Generation(self, folder, folder.new_name()).make(protection)
            if keep is None:
                return made
            removed = folder.generations()[:-keep]
            for generation in removed:
                folder.remove(generation)
            return msgspec.structs.replace(
                made, removed=tuple(removed), removed_blobs=remove_unneeded(folder)
            )


class _Generation:
    """One generation on its way."""

    def __init__(self, making: Making, folder: BackupFolder, name: str) -> None:
        self._making, self._folder, self._name = making, folder, name
        self._made_at = now()
        self._keys: dict[str, bytes] = {}
        self._log = LogEnd(origin="", size=0, root="")
        self._copied = Copied(new=0, new_bytes=0, gone=(), missing=())
        self._manifest: Manifest | None = None

    def make(self, protection: Protection) -> Made:
        making, name = self._making, self._name
        AuditLog(making.database).write([self._leaf(protection)])
        own = Identities.generate()
        archive, locked = self._folder.draft(name, AGE), self._folder.draft(name, IDENTITY)
        try:
            with told(self._folder.path):
                if protection.passphrase is not None:
                    write_new(locked, own.lock(protection.passphrase))
                encrypt(archive, self._members(), (*protection.recipients, own.recipient))
                size = archive.stat().st_size
            self._read_back(archive, own, protection.passphrase)
            with told(self._folder.path):
                self._folder.publish(name)
        finally:
            for end in (AGE, IDENTITY, LIST, LIVING):
                with suppress(OSError):
                    self._folder.draft(name, end).unlink()
        return self._report(size)

    def _leaf(self, protection: Protection) -> NewLeaf:
        data = {
            "recipients": len(protection.recipients),
            "passphrase": protection.passphrase is not None,
        }
        return NewLeaf(
            kind=AuditKind.BACKUP, by=self._making.by, subject=f"backup:{self._name}", data=data
        )

    def _members(self) -> Iterator[bytes]:
        """The archive, as a stream: the tables of one moment, then the blobs that they name."""
        digests = Digests([table.name for table in layouts()])
        with ExitStack() as opened:
            snapshot = self._snapshot(opened)
            yield from member(START, msgspec.json.encode(self._start(snapshot)))
            for name, content in self._keys.items():
                yield from member(KEYS + name, content)
            yield from self._tables(snapshot, digests)
            self._note_living(snapshot)
        blobs = self._copy_blobs()
        yield from member_of(BLOBS, self._folder.draft(self._name, LIST))
        self._manifest = Manifest(
            generation=self._name,
            log=self._log,
            tables=digests.all(),
            blobs=blobs,
            keys=tuple(
                KeyCopy(name=name, sha256=hashlib.sha256(content).hexdigest())
                for name, content in self._keys.items()
            ),
        )
        yield from member(MANIFEST, msgspec.json.encode(self._manifest))
        yield from ending()

    def _snapshot(self, opened: ExitStack) -> Ongoing:
        """A moment at which both the tables and the key files are known."""
        for _ in range(ATTEMPTS):
            self._keys = self._read_keys()
            with ExitStack() as tried:
                connection = tried.enter_context(self._making.database.read())
                snapshot = Ongoing(connection)
                head = AuditLog(snapshot).head()
                # A key that was made or retired meanwhile may be missing in one of the two.
                if self._read_keys() == self._keys:
                    opened.push(tried.pop_all())
                    self._log = LogEnd(origin=head.origin, size=head.size, root=head.root.hex())
                    return snapshot
        raise Unavailable("the key files change all the time", remedy="try again later")

    def _read_keys(self) -> dict[str, bytes]:
        return dict(read_keys(self._making.settings, self._making.leave_out))

    def _start(self, snapshot: Ongoing) -> Start:
        with snapshot.read() as connection:
            revision = current(connection)
        return Start(
            format=FORMAT,
            program=metadata.version("tutela"),
            generation=self._name,
            made_at=self._made_at,
            revision=revision or "",
            tables=layouts(),
            key_service=self._making.settings.vault.keys,
        )

    def _tables(self, snapshot: Ongoing, digests: Digests) -> Iterator[bytes]:
        last, number = "", 0
        with snapshot.read() as connection:
            for part in dumped(connection, layouts()):
                number = number + 1 if part.table == last else 1
                last = part.table
                digests.add(part)
                self._making.progress("rows", part.rows)
                yield from member(f"{TABLES}{part.table}/{number:06}.jsonl", part.lines)

    def _note_living(self, snapshot: Ongoing) -> None:
        with (
            snapshot.read() as connection,
            open_new(self._folder.draft(self._name, LIVING)) as file,
        ):
            for address, object_id in living_objects(connection):
                file.write(f"{blob_name(address, object_id)}\n".encode())

    def _copy_blobs(self) -> BlobList:
        count, size, digest = 0, 0, hashlib.sha256()
        living = EvidenceItems(self._making.database).known
        copying = Copying(self._making.store, self._folder, living, self._making.progress)
        with ExitStack() as opened:
            names = opened.enter_context(self._folder.draft(self._name, LIVING).open())
            file = opened.enter_context(open_new(self._folder.draft(self._name, LIST)))
            for one in copying.copy((name.rstrip("\n") for name in names), self._earlier(opened)):
                count, size = count + 1, size + one.size
                digest.update(one.line)
                file.write(one.line)
            file.flush()
            os.fsync(file.fileno())
        self._copied = copying.done()
        return BlobList(
            count=count,
            bytes=size,
            sha256=digest.hexdigest(),
            gone=self._copied.gone,
            missing=self._copied.missing,
        )

    def _earlier(self, opened: ExitStack) -> Iterator[Listed]:
        """The list of the generation before."""
        latest: Sequence[str] = self._folder.generations()[-1:]
        paths = [path for path in (self._folder.file(one, LIST) for one in latest) if path.exists()]
        return (
            line
            for path in paths
            for line in read_list(opened.enter_context(path.open("rb")), path)
        )

    def _read_back(self, archive: Path, own: Identities, passphrase: str | None) -> None:
        if passphrase is not None:
            own = Identities.unlock(self._folder.draft(self._name, IDENTITY), passphrase)
        with Path(os.devnull).open("wb") as nowhere:
            _, manifest = go_through(archive, own, self._name, Nothing(), nowhere)
        if manifest != self._manifest:
            raise damaged(archive, "what was written reads otherwise")

    def _report(self, size: int) -> Made:
        manifest = self._manifest
        assert manifest is not None  # noqa: S101 - it was read back
        return Made(
            generation=self._name,
            file=str(self._folder.file(self._name, AGE)),
            made_at=self._made_at,
            bytes=size,
            tables=manifest.tables,
            log=manifest.log,
            blobs=manifest.blobs.count,
            blob_bytes=manifest.blobs.bytes,
            new_blobs=self._copied.new,
            new_bytes=self._copied.new_bytes,
            gone=len(self._copied.gone),
            missing=self._copied.missing,
        )

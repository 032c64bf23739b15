"""The list of the files that make up the index, replaced as a whole; `index-files.md` has its form.

Whoever reads it sees the old index or the new one, and never half of one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from tutela.detection.index.disk.segment import REMEDY, IndexForeign, IndexRefused
from tutela.model.record import Record

FORMAT = 1
NAME = "manifest.json"
UNFINISHED = ".unfinished"


class Listed(Record, frozen=True, kw_only=True):
    """One file of the index.

    Attributes:
        digest: SHA-256 of its header, in hex.
        version: list version that it was written at: what its rows' groups are as of.
    """

    file: str
    kind: str
    digest: str
    version: int
    bytes: int
    rows: int
    codes: int


class Manifest(Record, frozen=True, kw_only=True):
    """What an index on disk consists of.

    Attributes:
        identity: number of the database that it was made from.
        version: every signal added up to this list version lies in the files, and no other.
        token: random number of that list version in the database.
        kinds: bits of every signal kind that was looked at, by name; others may be in the database.
        bank_ids: banks by the slots of their groups.
        published: how often an index was published in this folder.
        rebuilt: how often it was made from the database alone.
    """

    identity: int
    version: int
    token: int
    kinds: dict[str, int]
    bank_ids: tuple[int, ...]
    segments: tuple[Listed, ...]
    published: int
    rebuilt: int
    published_at: datetime

    @property
    def oldest(self) -> int:
        """Changes of entries after this list version may be missing from the files."""
        return min((listed.version for listed in self.segments), default=self.version)


class _File(Record, frozen=True, kw_only=True):
    format: int
    sha256: str
    manifest: msgspec.Raw


def encode(manifest: Manifest) -> bytes:
    """The manifest as it is written, with its checksum."""
    text = msgspec.json.encode(manifest)
    digest = hashlib.sha256(text).hexdigest()
    return msgspec.json.encode(_File(format=FORMAT, sha256=digest, manifest=msgspec.Raw(text)))


def decode(data: bytes) -> Manifest:
    """Read a manifest; raises `IndexRefused`."""
    try:
        stated = msgspec.json.decode(data, type=dict[str, msgspec.Raw]).get("format")
        if stated is not None and bytes(stated) != str(FORMAT).encode():
            raise _refused("it has another format than this program's")
        manifest = msgspec.json.decode(
            msgspec.json.decode(data, type=_File).manifest, type=Manifest
        )
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _refused("it cannot be read") from None
    if encode(manifest) != data:
        raise _refused("it is damaged: its checksum differs")
    return manifest


def read(folder: Path) -> Manifest | None:
    """The manifest of a folder, or None where there is none; raises `IndexRefused`."""
    try:
        data = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(f"it cannot be read ({error.strerror})") from None
    return decode(data)


def publish(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the one before, durably; raises `OSError`."""
    unfinished = folder / f"{NAME}{UNFINISHED}"
    descriptor = os.open(
        unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
    )
    with os.fdopen(descriptor, "wb") as file:
        file.write(encode(manifest))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / NAME)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check(
    manifest: Manifest, *, identity: int, version: int, token: int | None, kinds: Mapping[str, int]
) -> None:
    """See that an index on disk is of this database, and not ahead of it.

    Args:
        identity: of the database.
        version: the list version of the database.
        token: what the database knows for the list version of the manifest.
        kinds: bits by signal kind that are to be searched.

    Raises:
        IndexForeign: it is not.
    """
    if manifest.identity != identity:
        raise _foreign("it was made from another database")
    if manifest.version > version:
        raise _foreign(
            f"it is of list version {manifest.version}, ahead of the database's {version}, "
            "as after a backup was restored"
        )
    if manifest.token != token:
        raise _foreign(
            f"the database has no such list version {manifest.version}: it is too long ago, or a "
            "backup was restored since"
        )
    if manifest.kinds != dict(kinds):
        raise _foreign("it was made for other signal kinds")


def _refused(what: str) -> IndexRefused:
    return IndexRefused(what, where=NAME, remedy=REMEDY)


def _foreign(what: str) -> IndexForeign:
    return IndexForeign(what, where=NAME, remedy=REMEDY)

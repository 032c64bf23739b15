"""Reads a generation of a backup through, without restoring anything."""

from __future__ import annotations

import tempfile
from datetime import datetime

import msgspec

from tutela.errors import InvalidInput
from tutela.evidence.backup.age import Identities
from tutela.evidence.backup.archive import go_through
from tutela.evidence.backup.blobs import check, read_list
from tutela.evidence.backup.folder import AGE, BackupFolder
from tutela.evidence.backup.manifest import LogEnd, Progress, Start, damaged
from tutela.model.record import Record
from tutela.storage.dump.layout import Part
from tutela.storage.dump.loading import lines_reader, read_lines


class Checked(Record, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        generation: which generation it was, and when it was made.
        rows: of all tables.
        log: where its audit log ends.
        keys: names of the key files in it.
        blobs, bytes: how many were read through.
        missing: objects whose blobs the vault lacked already when the backup was made.
        problems: what is wrong with blobs, in a sentence each.
    """

    generation: str
    made_at: datetime
    rows: int
    log: LogEnd
    keys: tuple[str, ...]
    blobs: int
    bytes: int
    missing: int
    problems: tuple[str, ...] = ()


def check_generation(
    folder: BackupFolder, generation: str, identities: Identities, progress: Progress
) -> Checked:
    """Read a generation through: its archive, and every blob that it names.

    Raises:
        InvalidInput: none of the identities opens it.
        DamagedBackup: its archive is not as it was written.
        BadConfiguration: a newer program wrote it.
    """
    archive = folder.file(generation, AGE)
    problems: list[str] = []
    with tempfile.TemporaryFile() as blobs:
        taker = _Reading(archive.name, progress)
        try:
            start, manifest = go_through(archive, identities, generation, taker, blobs)
        except InvalidInput as problem:
            if taker.begun:  # a row is none
                raise damaged(archive, problem.what) from None
            raise
        blobs.seek(0)
        for line in read_list(blobs, archive):
            unfit = check(line, folder)
            if unfit is not None:
                problems.append(unfit.what)
            progress("blobs", 1)
            progress("bytes", line.size)
    return Checked(
        generation=generation,
        made_at=start.made_at,
        rows=sum(table.rows for table in manifest.tables),
        log=manifest.log,
        keys=tuple(key.name for key in manifest.keys),
        blobs=manifest.blobs.count,
        bytes=manifest.blobs.bytes,
        missing=len(manifest.blobs.missing),
        problems=tuple(problems),
    )


class _Reading:
    """Reads every row, and keeps none."""

    def __init__(self, name: str, progress: Progress) -> None:
        self._name, self._progress = name, progress
        self._readers: dict[str, msgspec.json.Decoder[tuple[object, ...]]] = {}
        self.begun = False

    def start(self, start: Start) -> None:
        """Learn what rows there are to be."""
        self.begun = True
        self._readers = {table.name: lines_reader(table) for table in start.tables}

    def key(self, name: str, content: bytes) -> None:
        """Key files are compared with their digests elsewhere."""

    def part(self, part: Part) -> None:
        """Read the rows."""
        read_lines(self._readers[part.table], part)
        self._progress("rows", part.rows)

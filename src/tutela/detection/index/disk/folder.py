"""The folder of an index: one process keeps it, any number of them map what lies in it."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from tutela.detection.index import certificate
from tutela.detection.index.disk import manifest as manifests
from tutela.detection.index.disk.manifest import UNFINISHED, Listed, Manifest
from tutela.detection.index.disk.segment import (
    GROUPS,
    REMEDY,
    IndexForeign,
    Segment,
    check_segments,
    fresh_groups,
    map_segment,
    write_segment,
)
from tutela.detection.index.layers import Part, Sealed
from tutela.detection.index.rows import SortedRows

LOCK = "keeper.lock"
SUFFIX = ".segment"
REFUSED = ".refused"

Stamp: TypeAlias = tuple[int, int, int]
Classes: TypeAlias = Mapping[str, type[Part]]


class IndexFolder:
    """One process's view of the folder. Not thread-safe, but for `stamp` and `keeps`.

    Args:
        path: the folder; made by `open`, for its owner alone.
        classes: classes of parts that may be restored, by kernel.
    """

    def __init__(self, path: Path, classes: Classes) -> None:
        self.path = path
        self._classes = classes
        self._segments: dict[str, Segment] = {}
        self._lock: int | None = None

    def open(self) -> None:
        """Make the folder if it is not there; raises `OSError`."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.chmod(0o700)

    @property
    def keeps(self) -> bool:
        """Whether this process is the one that writes."""
        return self._lock is not None

    def keep(self) -> bool:
        """Become the one that writes, unless another process is; raises `OSError`."""
        if self._lock is not None and not self._is_current(self._lock):
            self.leave()
        if self._lock is None:
            descriptor = os.open(
                self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            self._lock = descriptor
            os.truncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        return True

    def leave(self) -> None:
        """Let another process be the one that writes."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _is_current(self, descriptor: int) -> bool:
        """Whether the lock that is held is still the one in the folder: somebody may remove it."""
        try:
            return os.path.samestat(os.fstat(descriptor), (self.path / LOCK).stat())
        except FileNotFoundError:
            return False

    def stamp(self) -> Stamp | None:
        """Changes whenever another manifest is published; None where there is none."""
        try:
            facts = (self.path / manifests.NAME).stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_ino, facts.st_size

    def map(self, manifest: Manifest, *, test: bool = True) -> dict[str, list[Sealed]]:
        """The parts of a manifest by kind, with groups as they were written.

        Files that are mapped for the first time are compared with their checksums and searched
        for some planted entries.

        Raises:
            IndexRefused: a file is missing or damaged.
            IndexForeign: it was made by another program.
        """
        known = {listed.file: self._segment(listed) for listed in manifest.segments}
        new = [name for name in known if name not in self._segments]
        check_segments((self.path / name, known[name]) for name in new)
        parts: dict[str, list[Sealed]] = {}
        for listed in manifest.segments:
            sealed = self._restored(listed, known[listed.file])
            if test and listed.file in new:
                certificate.glance(sealed.part, listed.kind, bits=manifest.kinds[listed.kind])
            parts.setdefault(listed.kind, []).append(sealed)
        self._segments = known
        return parts

    def write(self, sealed: Sealed, *, bits: int, version: int) -> Listed:
        """Write a part to a file of its own; raises `OSError`."""
        kind, part = sealed.certificate.kind, sealed.part
        label = "".join(letter if letter.isalnum() else "_" for letter in kind)
        name = f"{label}-{secrets.token_hex(8)}{SUFFIX}"
        unfinished = self.path / f"{name}{UNFINISHED}"
        digest = write_segment(unfinished, sealed, bits=bits, version=version)
        unfinished.rename(self.path / name)
        return Listed(
            file=name,
            kind=kind,
            digest=digest,
            version=version,
            bytes=(self.path / name).stat().st_size,
            rows=len(part.sorted),
            codes=len(part.sorted.rows.codes),
        )

    def publish(self, manifest: Manifest) -> None:
        """Let every process use these files, then remove all others; raises `OSError`."""
        manifests.sync_folder(self.path)
        manifests.publish(self.path, manifest)
        self.sweep(listed.file for listed in manifest.segments)

    def refuse(self) -> None:
        """Set the manifest aside, so that the keeper makes the index anew; raises `OSError`."""
        current = self.path / manifests.NAME
        current.replace(current.with_suffix(REFUSED))

    def sweep(self, used: Iterable[str]) -> None:
        """Remove every file of an index but some. Processes that map one may go on doing so."""
        kept = set(used)
        for path in self.path.iterdir():
            ours = path.name.endswith((SUFFIX, UNFINISHED))
            if ours and path.name not in kept:
                path.unlink(missing_ok=True)

    def _segment(self, listed: Listed) -> Segment:
        mapped = self._segments.get(listed.file)
        if mapped is None or mapped.digest != listed.digest:
            mapped = map_segment(self.path / listed.file, digest=listed.digest)
        return mapped

    def _restored(self, listed: Listed, segment: Segment) -> Sealed:
        header = segment.header
        kernel = self._classes.get(header.kernel)
        if kernel is None or kernel.layout != header.layout:
            raise IndexForeign(
                f"it is searched by {header.kernel} {header.layout}, which this program does not "
                "know",
                where=listed.file,
                remedy=REMEDY,
            )
        groups = fresh_groups(self.path / listed.file, segment)
        rows = {name: segment.arrays[name] for name in header.rows}
        own = {name: array for name, array in segment.arrays.items() if name not in header.rows}
        part = kernel.restored(SortedRows.restored({**rows, GROUPS: groups}), own, header.form)
        return Sealed(part, header.certificate, listed.file)

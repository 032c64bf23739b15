"""Whether the index on disk is sound, and holds what the database holds: all of it and no more."""

from __future__ import annotations

import fcntl
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace

from tutela.detection.index import certificate
from tutela.detection.index.certificate import Certificate, IndexDefect
from tutela.detection.index.disk import manifest as manifests
from tutela.detection.index.disk.folder import LOCK, IndexFolder
from tutela.detection.index.disk.manifest import Manifest
from tutela.detection.index.disk.segment import IndexRefused, map_segment
from tutela.detection.index.layers import Sealed
from tutela.detection.index.matcher import Matcher
from tutela.detection.index.rows import GONE, Batch
from tutela.detection.index.shapes import Integers, Words
from tutela.detection.index.twins import row_counts
from tutela.lists.sync import piece_of, take_in
from tutela.model.record import Record
from tutela.storage.changes import ListSnapshot
from tutela.storage.entries import Entries

CHUNK = 1 << 20

ATTEMPTS = 5


class SegmentStatus(Record, frozen=True, kw_only=True):
    """One file of the index.

    Attributes:
        codes: signals that differ from each other.
        version: list version at which it was written.
    """

    file: str
    kind: str
    rows: int
    codes: int
    bytes: int
    version: int
    certificate: Certificate | None


class IndexStatus(Record, frozen=True, kw_only=True):
    """The index on disk, as its list of files says; nothing is checked.

    Attributes:
        problem: why it cannot be used, or empty.
        keeper: process that writes to the folder, or None.
        list_version: every signal added up to it is in the files; None where there is no index.
        database_version: where the lists stand. Servers learn the difference from the database.
        published, rebuilt: how often an index was written here, and made from the database alone.
    """

    folder: str
    problem: str = ""
    keeper: int | None = None
    list_version: int | None = None
    database_version: int
    published: int = 0
    rebuilt: int = 0
    published_at: datetime | None = None
    bytes: int = 0
    segments: tuple[SegmentStatus, ...] = ()


class Audit(Record, frozen=True, kw_only=True):
    """What a thorough look at the index found.

    Attributes:
        list_version: for which the index and the database were compared.
        compared: signals by kind that are in both.
        certificates: made now, one for each file.
        problems: sentences; none when all is well.
    """

    list_version: int
    bytes: int = 0
    compared: dict[str, int] = msgspec.field(default_factory=dict)
    certificates: tuple[Certificate, ...] = ()
    problems: tuple[str, ...] = ()


class Sums(NamedTuple):
    """A digest of rows in which their order does not matter."""

    rows: int
    first: int
    second: int


def status(path: Path, entries: Entries) -> IndexStatus:
    """What lies in the folder of an index; raises `Unavailable` without a database."""
    empty = IndexStatus(folder=str(path), keeper=_keeper(path), database_version=entries.version())
    try:
        manifest = manifests.read(path)
    except IndexRefused as error:
        return replace(empty, problem=error.what)
    if manifest is None:
        return replace(empty, problem="there is no index on disk")
    return replace(
        empty,
        problem=_foreign(manifest, entries),
        list_version=manifest.version,
        published=manifest.published,
        rebuilt=manifest.rebuilt,
        published_at=manifest.published_at,
        bytes=_bytes(manifest),
        segments=tuple(_segments(path, manifest)),
    )


def audit(
    path: Path, entries: Entries, matcher: Matcher, progress: Callable[[int], None] = lambda _: None
) -> Audit:
    """Check every byte, prove every part anew, and compare every signal with the database.

    Args:
        matcher: any matcher of the kinds that are installed.
        progress: told of every signal of the database that was compared.

    Raises:
        Unavailable: the database cannot be read.
    """
    folder = IndexFolder(path, matcher.part_classes)
    for _ in range(ATTEMPTS):
        stamp = folder.stamp()
        try:
            manifest, parts = _usable(folder, entries, matcher)
            proofs = tuple(_prove(manifest, parts))
        except (IndexRefused, IndexDefect) as error:
            problem = f"{error.where}: {error.what}."
        else:
            fresh = matcher.fresh(parts, manifest.bank_ids)
            found = Audit(list_version=0, bytes=_bytes(manifest), certificates=proofs)
            return _compared(found, fresh, manifest, entries, progress)
        if folder.stamp() == stamp:
            break  # else a server has just put another index in its place
    return Audit(list_version=entries.version(), problems=(problem,))


def _usable(
    folder: IndexFolder, entries: Entries, matcher: Matcher
) -> tuple[Manifest, dict[str, list[Sealed]]]:
    manifest = manifests.read(folder.path)
    if manifest is None:
        raise IndexRefused("there is no index on disk", where=manifests.NAME)
    if problem := _foreign(manifest, entries, matcher):
        raise IndexRefused(problem, where=manifests.NAME)
    return manifest, folder.map(manifest)


def _compared(
    found: Audit,
    fresh: Matcher,
    manifest: Manifest,
    entries: Entries,
    progress: Callable[[int], None],
) -> Audit:
    with entries.snapshot() as lists:
        take_in(fresh, lists.changes(manifest.version, manifest.oldest), {})
        compared, problems = _compare(fresh, lists, progress)
        return replace(
            found, list_version=lists.version, compared=compared, problems=tuple(problems)
        )


def _bytes(manifest: Manifest) -> int:
    return sum(listed.bytes for listed in manifest.segments)


def _keeper(path: Path) -> int | None:
    """The process that holds the lock; looking takes it for an instant where nobody does."""
    try:
        with (path / LOCK).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read().decode() or 0)
    except (OSError, ValueError):
        pass
    return None


def _foreign(manifest: Manifest, entries: Entries, matcher: Matcher | None = None) -> str:
    standing = entries.standing(manifest.version)
    try:
        manifests.check(
            manifest,
            identity=entries.identity(),
            version=standing.version,
            token=standing.token,
            kinds=matcher.bits if matcher else manifest.kinds,
        )
    except IndexRefused as error:
        return error.what
    return ""


def _segments(path: Path, manifest: Manifest) -> Iterator[SegmentStatus]:
    for listed in manifest.segments:
        try:
            header = map_segment(path / listed.file, digest=listed.digest).header
        except IndexRefused:
            proof = None
        else:
            proof = header.certificate
        yield SegmentStatus(
            file=listed.file,
            kind=listed.kind,
            rows=listed.rows,
            codes=listed.codes,
            bytes=listed.bytes,
            version=listed.version,
            certificate=proof,
        )


def _prove(manifest: Manifest, parts: dict[str, list[Sealed]]) -> Iterator[Certificate]:
    for kind, own in parts.items():
        for sealed in own:
            proof = certificate.certify(sealed.part, kind, bits=manifest.kinds[kind])
            if proof.digest != sealed.certificate.digest:
                raise IndexDefect("it does not hold what was proved", where=sealed.file)
            yield proof


def _compare(
    matcher: Matcher, lists: ListSnapshot, progress: Callable[[int], None]
) -> tuple[dict[str, int], list[str]]:
    """Rows by kind that are in both, and what is not."""
    factors = np.array([secrets.randbits(64) | 1 for _ in range(64)], np.uint64)
    held = {
        kind: _sums(_batches(snapshot.sealed, snapshot.head), factors)
        for kind, snapshot in matcher.snapshots().items()
    }
    listed: dict[str, list[Sums]] = defaultdict(list)
    off = lists.changes(lists.version, 0).disabled
    disabled = np.array(sorted(entry_id for entry_id, _ in off), np.int64)
    for codes in lists.codes():
        if codes.kind in held:
            batch = matcher.batch(piece_of(codes))
            is_off = np.isin(batch.keys, disabled)
            groups = np.where(is_off, ~batch.groups, batch.groups)
            listed[codes.kind].append(_sums([batch._replace(groups=groups)], factors))
        progress(len(codes.codes))
    compared, problems = {}, []
    for kind, own in held.items():
        wanted = _added(listed[kind])
        if own == wanted:
            compared[kind] = own.rows
        elif own.rows != wanted.rows:
            problems.append(
                f"The index holds {own.rows:,} {kind} signals, the database {wanted.rows:,}."
            )
        else:
            problems.append(
                f"Index and database hold {own.rows:,} {kind} signals each, but not the same: a "
                "value, a bank, a distance or a state differs."
            )
    return compared, problems


def _batches(sealed: Iterable[Sealed], head: Batch) -> Iterator[Batch]:
    """Rows that are not removed, some at a time."""
    for part in sealed:
        rows = part.part.sorted
        owners = np.repeat(np.arange(len(rows.rows.codes)), row_counts(rows.rows))
        for start in range(0, len(rows), CHUNK):
            some = slice(start, start + CHUNK)
            yield Batch(rows.rows.codes[owners[some]], rows.keys[some], rows.rows.groups[some])
    yield head


def _sums(batches: Iterable[Batch], factors: Words) -> Sums:
    total = Sums(0, 0, 0)
    for batch in batches:
        kept = np.flatnonzero(batch.groups != GONE)
        rows = batch.take(kept)
        columns = [*rows.codes.T, _unsigned(rows.keys), _unsigned(rows.groups.astype(np.int64))]
        first, second = (
            int(_mixed(columns, half).sum(dtype=np.uint64)) for half in np.split(factors, 2)
        )
        total = _added([total, Sums(len(kept), first, second)])
    return total


def _unsigned(numbers: Integers) -> Words:
    return np.ascontiguousarray(numbers).view(np.uint64)


def _mixed(columns: list[Words], factors: Words) -> Words:
    """One number for each row, in which every bit of the row has its part (SplitMix64)."""
    mixed = np.full(len(columns[0]), factors[-1])
    for column, factor in zip(columns, factors, strict=False):
        mixed = (mixed ^ column) * factor
        mixed ^= mixed >> np.uint64(31)
    for factor, shift in ((0xBF58476D1CE4E5B9, 30), (0x94D049BB133111EB, 27)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _added(sums: Iterable[Sums]) -> Sums:
    rows, first, second = 0, 0, 0
    for one in sums:
        rows, first, second = rows + one.rows, first + one.first, second + one.second
    return Sums(rows, first % (1 << 64), second % (1 << 64))

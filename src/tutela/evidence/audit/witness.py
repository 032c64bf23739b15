"""The witness: what is known of a log outside its database, in files that only grow.

It keeps the hash of every leaf, the text of every leaf that is no decision, and every checkpoint.
With it, whoever changes the database is found, down to the first bad leaf, even where all hashes
there were made anew. Layout of the folder:

- `lock`: held (flock) by whoever writes;
- `epochs.jsonl`: the names that the log has had, each with the index of the first leaf under it;
- `NAME/hashes`: 32 bytes for each leaf from that index on;
- `NAME/leaves.jsonl`: texts of leaves, each on a line;
- `NAME/checkpoints.jsonl`: signed checkpoints, with the edge of the tree at each.

Everything is synced before a checkpoint counts. What a crash tore off is cut by the next writer,
and never seen by readers, who may look at any time.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from tutela.errors import BadConfiguration, InvalidInput, Unavailable
from tutela.evidence.audit.checkpoint import verify
from tutela.evidence.audit.files import append, cut, cut_line, last_line, lines, sync
from tutela.evidence.audit.signing import Verifier
from tutela.evidence.audit.tampered import Tampered
from tutela.merkle import HASH_BYTES, Edge, leaf_hash
from tutela.model.custody.leaf import AuditKind
from tutela.model.record import Record
from tutela.storage.audit.reading import Checkpoint, StoredLeaf

EPOCHS, HASHES, LEAVES, CHECKPOINTS = "epochs.jsonl", "hashes", "leaves.jsonl", "checkpoints.jsonl"
READ_HASHES = 32_768
"""Hashes that are read at once."""

_NAME = re.compile(r"tutela-[0-9a-f]{16,64}")


class Epoch(Record, frozen=True, kw_only=True):
    """A name of a log, and the index of the first leaf under it."""

    origin: str
    start: int


class Kept(Record, frozen=True, kw_only=True):
    """A line of the file of checkpoints.

    Attributes:
        edge: of the tree at this size, as `Edge.to_bytes` gives it: from here its growth goes on.
    """

    size: int
    at: datetime
    note: str
    edge: bytes


class _Index(msgspec.Struct):
    """All that is read of a leaf's text to know which it is."""

    index: int


class Known:
    """What a witness knew when it was asked. What is added meanwhile is not seen.

    Attributes:
        epochs: the log's names so far, the current one last.
        size: leaves that are known.
    """

    def __init__(self, folder: Path, epochs: Sequence[Epoch], *, held: bool = False) -> None:
        self._folder = folder
        self.epochs = tuple(epochs)
        # Before the hashes are counted, so that no checkpoint seems to know more than they do;
        # whoever holds the witness need not, and reads them only if they are asked for.
        self._checkpoints = None if held else self._all_checkpoints()
        self._sizes = {one: self._count(one) for one in self.epochs}
        self.size = self._sizes[self.epochs[-1]]

    @property
    def where(self) -> str:
        """For people: which witness this is."""
        return str(self._folder)

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.epochs[-1].origin

    @property
    def origins(self) -> Sequence[str]:
        """Every name that the log has had."""
        return [one.origin for one in self.epochs]

    def history(self) -> Iterator[Known]:
        """What was known under each name at its end, and what is known now."""
        for number in range(1, len(self.epochs)):
            yield Known(self._folder, self.epochs[:number])
        yield self

    def size_of(self, epoch: Epoch) -> int:
        """How many leaves were known under a name, with all before."""
        return self._sizes[epoch]

    def hashes(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Hashes of leaves in their order, each from the latest epoch that has it."""
        stop = self.size if stop is None else stop
        for epoch, end in self._parts():
            yield from self.hashes_of(epoch, max(start, epoch.start), min(end, stop))

    def hashes_of(self, epoch: Epoch, start: int, stop: int) -> Iterator[bytes]:
        """Hashes of leaves that were written under one name; `start` is not before it."""
        if start >= stop:
            return
        with (self._folder / epoch.origin / HASHES).open("rb") as file:
            file.seek((start - epoch.start) * HASH_BYTES)
            while start < stop:
                block = file.read(min(READ_HASHES, stop - start) * HASH_BYTES)
                whole = range(0, len(block) - HASH_BYTES + 1, HASH_BYTES)
                yield from (block[at : at + HASH_BYTES] for at in whole)
                start = start + len(whole) if whole else stop

    def texts(self, start: int, stop: int) -> Iterator[tuple[int, str]]:
        """Texts of the leaves from `start` up to `stop` that are no decisions, in their order."""
        for epoch, end in self._parts():
            if start < end and stop > epoch.start:
                for index, text in self.texts_of(epoch):
                    if start <= index < min(stop, end):
                        yield index, text

    def texts_of(self, epoch: Epoch) -> Iterator[tuple[int, str]]:
        """Every text that was kept under one name, and whose hash was."""
        last = epoch.start - 1
        for line in lines(self._folder / epoch.origin / LEAVES):
            index = _index(line)
            if last < index < self._sizes[epoch]:
                (digest,) = self.hashes_of(epoch, index, index + 1)
                if digest == leaf_hash(line):
                    last = index
                    yield index, line.decode()

    def text(self, index: int) -> str | None:
        """The text of a leaf; None of a decision, and of what is not known."""
        return next((text for _, text in self.texts(index, index + 1)), None)

    def checkpoints(self) -> list[tuple[Epoch, Kept]]:
        """Every checkpoint with its epoch, in the order in which they were signed."""
        if self._checkpoints is None:
            self._checkpoints = self._all_checkpoints()
        return self._checkpoints

    def of_now(self) -> Iterator[tuple[Epoch, Kept]]:
        """The checkpoints that speak of the log as it is now, and not of what a restore lost."""
        ends = dict(self._parts())
        for epoch, one in self.checkpoints():
            if one.size <= ends.get(epoch, 0):
                yield epoch, one

    def root(self, size: int | None = None) -> bytes:
        """Root of the tree of the first leaves that are known; reads all their hashes."""
        edge = Edge()
        for one in self.hashes(0, size):
            edge.append(one)
        return edge.root()

    def _parts(self) -> list[tuple[Epoch, int]]:
        """Each name with where its leaves end in the log as it is now, in the log's order."""
        parts: list[tuple[Epoch, int]] = []
        end = self.size
        for epoch in reversed(self.epochs):
            if epoch.start < end or not parts:
                parts.append((epoch, end))
                end = epoch.start
        return parts[::-1]

    def _count(self, epoch: Epoch) -> int:
        try:
            size = (self._folder / epoch.origin / HASHES).stat().st_size
        except FileNotFoundError:
            size = 0
        return epoch.start + size // HASH_BYTES

    def _all_checkpoints(self) -> list[tuple[Epoch, Kept]]:
        paths = [(one, self._folder / one.origin / CHECKPOINTS) for one in self.epochs]
        return [(one, _kept(line, path)) for one, path in paths for line in lines(path)]


class Witness:
    """A witness's folder; made when something is first written.

    Args:
        folder: best on another disk, or another machine's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def known(self) -> Known | None:
        """What it knows now; None where it knows nothing yet.

        Raises:
            Tampered: its files are not what a witness writes.
            Unavailable: they cannot be read.
        """
        try:
            epochs = _epochs(self.folder)
            return Known(self.folder, epochs) if epochs else None
        except OSError as problem:
            raise _unreadable(self.folder, problem) from None

    @contextmanager
    def writing(self, verifier: Verifier) -> Iterator[Writing]:
        """Write, alone; waits for whoever writes now.

        Args:
            verifier: of the key that signed its checkpoints.

        Raises:
            BadConfiguration: others than the owner may read or write the folder.
            Tampered: its files are not what a witness writes.
            Unavailable: they cannot be written.
        """
        try:
            with _locked(self.folder):
                yield Writing(self.folder, verifier)
        except OSError as problem:
            raise _unreadable(self.folder, problem) from None


class Writing:
    """A witness that is held by this process.

    Attributes:
        origin: the log's name; empty where nothing is known yet.
        edge: of the tree of all leaves that are known.
    """

    def __init__(self, folder: Path, verifier: Verifier) -> None:
        self._folder = folder
        self._verifier = verifier
        cut_line(folder / EPOCHS)
        self._epochs = _epochs(folder)
        self.origin = ""
        self.edge = Edge()
        self.latest: Kept | None = None
        if self._epochs:
            self._open()

    @property
    def size(self) -> int:
        """Leaves that are known."""
        return self.edge.size

    @property
    def known(self) -> Known:
        """All that is known, to be read; only where something is."""
        return Known(self._folder, self._epochs, held=True)

    def begin(self, origin: str, edge: Edge) -> None:
        """Go on under a name, from a leaf on.

        Args:
            origin: the log's name.
            edge: of the tree of all leaves before; they are known already, or there are none.
        """
        if not _NAME.fullmatch(origin) or any(one.origin == origin for one in self._epochs):
            raise Tampered("the log has a name that it cannot have now")
        own = self._folder / origin
        own.mkdir(mode=0o700, exist_ok=True)
        for name in (HASHES, LEAVES, CHECKPOINTS):
            append(own / name, b"", start=True)
        sync(own)
        sync(self._folder)
        epoch = Epoch(origin=origin, start=edge.size)
        append(self._folder / EPOCHS, msgspec.json.encode(epoch) + b"\n")
        self._epochs = [*self._epochs, epoch]
        self.origin, self.edge, self.latest = origin, edge, None

    def add(self, leaves: Sequence[StoredLeaf]) -> None:
        """Keep the leaves that follow; durable on return."""
        texts = [one.text for one in leaves if one.leaf.kind is not AuditKind.DECISION]
        # The texts first: of leaves whose hashes were not written any more they come once again.
        append(self._own / LEAVES, "".join(f"{text}\n" for text in texts).encode())
        append(self._own / HASHES, b"".join(one.hash for one in leaves))
        for one in leaves:
            self.edge.append(one.hash)

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint of all that is known; durable on return."""
        kept = Kept(
            size=checkpoint.size,
            at=checkpoint.at,
            note=checkpoint.note,
            edge=self.edge.to_bytes(),
        )
        append(self._own / CHECKPOINTS, msgspec.json.encode(kept) + b"\n")
        self.latest = kept

    @property
    def _own(self) -> Path:
        return self._folder / self.origin

    def _open(self) -> None:
        """Cut what was torn off, and find the edge from the last checkpoint on."""
        epoch = self._epochs[-1]
        self.origin = epoch.origin
        cut_line(self._own / LEAVES)
        cut_line(self._own / CHECKPOINTS)
        cut(self._own / HASHES, HASH_BYTES)
        known, last = self.known, last_line(self._own / CHECKPOINTS)
        self.latest = _kept(last, self._own / CHECKPOINTS) if last else None
        self.edge = self._trusted_edge(self.latest) if self.latest else Edge()
        if known.size < self.edge.size:
            raise Tampered("the witness has lost hashes", where=str(self._own / HASHES))
        for one in known.hashes(self.edge.size):
            self.edge.append(one)

    def _trusted_edge(self, kept: Kept) -> Edge:
        """The edge at a checkpoint, whose signature vouches for it."""
        try:
            statement = verify(kept.note, self._verifier)
            edge = Edge.from_bytes(kept.size, kept.edge)
        except InvalidInput as problem:
            raise Tampered(problem.what, where=str(self._own / CHECKPOINTS)) from None
        except ValueError:
            raise _altered(self._own / CHECKPOINTS) from None
        if (statement.origin, statement.size) != (self.origin, kept.size):
            raise _altered(self._own / CHECKPOINTS)
        if statement.root != edge.root():
            raise _altered(self._own / CHECKPOINTS)
        return edge


def _epochs(folder: Path) -> list[Epoch]:
    try:
        epochs = [msgspec.json.decode(line, type=Epoch) for line in lines(folder / EPOCHS)]
    except (msgspec.DecodeError, UnicodeError):
        raise _altered(folder / EPOCHS) from None
    if not all(_NAME.fullmatch(one.origin) for one in epochs):
        raise _altered(folder / EPOCHS)
    return epochs


def _kept(line: bytes, path: Path) -> Kept:
    try:
        return msgspec.json.decode(line, type=Kept)
    except (msgspec.DecodeError, UnicodeError):
        raise _altered(path) from None


def _index(line: bytes) -> int:
    try:
        return msgspec.json.decode(line, type=_Index).index
    except (msgspec.DecodeError, UnicodeError):
        return -1


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        raise BadConfiguration(
            "the witness's folder is open to others than its owner",
            where=str(folder),
            remedy=f"chmod 700 {folder}",
        )
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _altered(path: Path) -> Tampered:
    return Tampered("the witness was altered", where=str(path))


def _unreadable(folder: Path, problem: OSError) -> Unavailable:
    return Unavailable(
        f"the witness cannot be used ({problem.strerror})",
        where=str(folder),
        remedy="check the folder's owner, mode and free space",
    )

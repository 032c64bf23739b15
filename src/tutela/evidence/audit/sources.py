"""What is verified: a database, or an exported file; and what it may be compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import BinaryIO, NamedTuple, Protocol

from tutela.errors import InvalidInput
from tutela.evidence.audit import export
from tutela.evidence.audit.checkpoint import parse
from tutela.evidence.audit.epochs import read_restored
from tutela.merkle import Edge, leaf_hash
from tutela.model.custody.leaf import AuditKind
from tutela.storage.audit.reading import PAGE, AuditLog, Checkpoint, StoredLeaf

CHUNK = 4096
"""Leaves that are read at once; a multiple of what a stored root stands for."""


class Chunk(NamedTuple):
    """Leaves that follow each other, and the roots that are stored for them, if any are."""

    leaves: Sequence[StoredLeaf]
    nodes: Mapping[tuple[int, int], bytes] | None


class Source(Protocol):
    """A log as it stands somewhere.

    Attributes:
        name: for people.
        origin: the log's name.
        origins: all names that it says to have had.
        size: leaves that it says to have.
        root: that it says to have; None where it says none.
        checkpoints: smallest first.
        rows: whether its leaves have rows, in which parts of them are repeated.
    """

    name: str
    origin: str
    origins: Sequence[str]
    size: int
    root: bytes | None
    checkpoints: Sequence[Checkpoint]
    rows: bool

    def chunks(self) -> Iterator[Chunk]:
        """The leaves, `CHUNK` at a time but the last; what is missing is missing."""
        ...

    def beyond(self) -> int | None:
        """Index of a leaf that stands behind the log's end."""
        ...


class Knowing(Protocol):
    """What a log is compared with: a witness's `Known`, or an export that was made before.

    Attributes:
        size: leaves that are known.
    """

    size: int

    @property
    def where(self) -> str:
        """For people: what it is."""
        ...

    @property
    def origin(self) -> str:
        """The log's name, as it is known."""
        ...

    @property
    def origins(self) -> Sequence[str]:
        """All names that it has had."""
        ...

    def hashes(self) -> Iterator[bytes]:
        """Hashes of the leaves in their order."""
        ...

    def texts(self, start: int, stop: int) -> Iterator[tuple[int, str]]:
        """Texts of leaves as far as they are known, with their indexes."""
        ...

    def root(self) -> bytes:
        """Root of their tree."""
        ...


class InDatabase:
    """The log in a database, as it ends now."""

    def __init__(self, log: AuditLog, name: str = "database") -> None:
        self._log = log
        self.name = name
        # The checkpoints first: what is signed meanwhile would speak of leaves behind the end.
        self.checkpoints: Sequence[Checkpoint] = log.checkpoints()[::-1]
        head = log.head()
        self.origin, self.size = head.origin, head.size
        self.root: bytes | None = head.root
        self.origins: Sequence[str] = _names(log, head.origin, self.checkpoints)
        self.rows = True

    def chunks(self) -> Iterator[Chunk]:
        """See `Source`."""
        for start in range(0, self.size, CHUNK):
            stop = min(start + CHUNK, self.size)
            yield Chunk(self._log.leaves(start, stop), self._log.nodes(start, stop))

    def beyond(self) -> int | None:
        """See `Source`."""
        return self._log.beyond()


class InFile:
    """A log that was exported. Its leaves are read once, as a stream."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        lines = export.read(file, name)
        self.name = name
        self.origin = lines.header.origin
        self.origins: Sequence[str] = lines.header.origins
        self.size = lines.header.size
        self.root: bytes | None = None
        self.checkpoints: Sequence[Checkpoint] = lines.checkpoints
        self.rows = False
        self._leaves = lines.leaves

    def chunks(self) -> Iterator[Chunk]:
        """See `Source`."""
        left = self.size
        while leaves := list(islice(self._leaves, min(CHUNK, left))):
            left -= len(leaves)
            yield Chunk(leaves, None)

    def beyond(self) -> int | None:
        """See `Source`."""
        return None if next(self._leaves, None) is None else self.size


class Earlier:
    """An export that was made before, and verified, as something to compare with.

    Args:
        file: it, opened; read again and again from its start, one reader at a time.
        name: for people.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self.where = name
        header = self._read().header
        self.origin, self.origins, self.size = header.origin, header.origins, header.size

    def hashes(self) -> Iterator[bytes]:
        """See `Knowing`."""
        return (leaf_hash(leaf.text.encode()) for leaf in self._read().leaves)

    def texts(self, start: int, stop: int) -> Iterator[tuple[int, str]]:
        """See `Knowing`."""
        leaves = self._read().leaves
        return ((index, leaf.text) for index, leaf in islice(enumerate(leaves), start, stop))

    def root(self) -> bytes:
        """See `Knowing`."""
        edge = Edge()
        for digest in self.hashes():
            edge.append(digest)
        return edge.root()

    def _read(self) -> export.Lines:
        self._file.seek(0)
        return export.read(self._file, self.where)


def _names(log: AuditLog, origin: str, checkpoints: Sequence[Checkpoint]) -> tuple[str, ...]:
    """All names that a log may have had, the present one last.

    Besides those that its restores tell, there may be some that were lost with a restore.
    """
    found: list[str] = []
    for stored in reversed(log.page(kind=AuditKind.RESTORE, limit=PAGE)):
        leaf = stored.readable
        said = read_restored(leaf) if leaf is not None else None
        if said is not None:
            older = [one for one in checkpoints if one.size <= stored.index]
            found += [*filter(None, map(_name, older)), said.origin]
    return (*dict.fromkeys(one for one in found if one != origin), origin)


def _name(checkpoint: Checkpoint) -> str:
    try:
        return parse(checkpoint.note).origin
    except InvalidInput:
        return ""


def export_log(
    log: AuditLog, file: BinaryIO, progress: Callable[[int], object] = lambda _: None
) -> int:
    """Write a log to a file, as it ends now; how many leaves there are.

    Args:
        log: the log.
        file: where to.
        progress: told how many leaves were written since.

    Raises:
        Tampered: a leaf is missing, or one that no line can hold.
    """
    source = InDatabase(log)
    header = export.header_of(source.origin, tuple(source.origins), source.size)
    checkpoints = (one for one in source.checkpoints if one.size <= source.size)
    leaves = (leaf for chunk in source.chunks() for leaf in chunk.leaves)
    export.write(file, header, checkpoints, leaves, progress)
    return source.size

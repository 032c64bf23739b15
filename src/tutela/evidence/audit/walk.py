"""The walk through a log's leaves, from the first to the first bad one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from tutela.evidence.audit.checkpoint import Statement
from tutela.evidence.audit.epochs import Restored, next_origin, read_restored
from tutela.evidence.audit.findings import Finding, Place
from tutela.evidence.audit.signer import refuted
from tutela.evidence.audit.sources import Chunk, Knowing, Source
from tutela.merkle import Edge, leaf_hash
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage.audit.log import NODE_HEIGHT, encoded
from tutela.storage.audit.reading import StoredLeaf

FIRST_CLOCKS = 3
"""Leaves that are named at which the clock had gone back."""
MOST_ROWS = 10
"""Findings beside leaves that are told."""
NOT_AS_SEEN = "the leaf is not the one that the witness saw"


class Walk:
    """Goes through a log once.

    Args:
        source: the log.
        statements: verified checkpoints by size.
        known: a witness, or an earlier export.
        trusted: how many of the hashes that are known stand, the witness not being altered there.
        remembered: verified checkpoints that the witness has, by size.

    Attributes:
        edge: of the tree of what was read.
        good: leaves that a checkpoint speaks of and that make up its root.
        compared: leaves that were compared with what is known.
        bad: the first bad leaf.
        others: what else is wrong.
        rows: what is wrong beside leaves that are as they were.
        differs: the first leaf that is not what an altered witness says.
    """

    def __init__(
        self,
        source: Source,
        statements: Mapping[int, Statement],
        known: Knowing | None,
        trusted: int,
        remembered: Mapping[int, Statement],
    ) -> None:
        self._source = source
        self._statements = statements
        self._remembered = remembered
        self._known = known
        self._hashes = None if known is None else known.hashes()
        self._trusted = trusted
        self._at: datetime | None = None
        self._nodes: tuple[int, int] | None = None
        self._restored: tuple[int, Restored] | None = None
        self._clocks: list[int] = []
        self.edge = Edge()
        self.good = 0
        self.compared = 0
        self.bad: Finding | None = None
        self.others: list[Finding] = []
        self.rows: list[Finding] = []
        self.notes: list[str] = []
        self.differs: int | None = None

    def take(self, chunk: Chunk) -> None:
        """Go through the next leaves, as far as the first bad one."""
        for stored in chunk.leaves:
            self._leaf(stored, chunk.nodes)
            if self.bad is not None:
                return

    def end(self) -> None:
        """Look at the log's end, after the last leaf."""
        if self._clocks:
            named = ", ".join(f"{index:,}" for index in self._clocks[:FIRST_CLOCKS])
            self.notes.append(f"the clock had gone back at {len(self._clocks):,} leaves: {named}")
        if self.bad is not None:
            return
        self.bad = self._missing(self.edge.size)
        if self.bad is None:
            self._stored_end()

    def _stored_end(self) -> None:
        beyond = self._source.beyond()
        if beyond is not None:
            self._blame(beyond, "the leaf stands behind the log's end")
        if self._nodes is not None:
            self._wrong_nodes()
        if self._source.root is not None and self._source.root != self.edge.root():
            what = "the log's stored end is not that of its leaves"
            self.others.append(Finding(place=Place.HEAD, what=what))
        self._names()

    def _leaf(self, stored: StoredLeaf, nodes: Mapping[tuple[int, int], bytes] | None) -> None:
        index = self.edge.size
        digest = leaf_hash(stored.text.encode())
        leaf = _read(stored.text)
        if leaf is not None and leaf.kind is AuditKind.RESTORE and stored.index == index:
            self._restore(leaf)
        seen = None if self._hashes is None else next(self._hashes, None)
        differs = seen is not None and seen != digest
        if differs and index >= self._trusted:
            self.differs = index if self.differs is None else self.differs
            differs = False
        wrong = next(self._wrong(stored, digest, leaf, seen), "")
        if self.bad is None and (wrong or differs):
            self._blame(index, wrong or NOT_AS_SEEN, leaf)
        elif self.bad is None and leaf is not None and self._earlier(leaf):
            # It may be this one that is bad or, where nobody saw them, any since the checkpoint.
            first = self.good if seen is None else index
            self.bad = self._finding(first, index, "the time is before that of the leaf before")
        if self.bad is not None or leaf is None:
            return
        self._beside(stored, digest, leaf)
        self._at = leaf.at
        if leaf.clock is not None:
            self._clocks.append(index)
        self.compared += seen is not None
        self._grow(digest, nodes)

    def _wrong(
        self, stored: StoredLeaf, digest: bytes, leaf: Leaf | None, seen: bytes | None
    ) -> Iterator[str]:
        """What is wrong with a leaf by itself and after the one before."""
        index = self.edge.size
        if stored.index > index:
            yield "the leaf is gone"
        if leaf is None:
            yield "the text is no leaf"
            return
        if leaf.index != index or stored.index != index:
            yield f"another leaf stands here: that of number {leaf.index:,}"
        if stored.hash and digest not in {stored.hash, seen}:
            yield "the text is not the one that was hashed"
        if encoded(leaf).decode() != stored.text:
            yield "the text is not written as leaves are"
        if leaf.clock is not None and leaf.clock >= leaf.at:
            yield "the clock is said to have gone back, and had not"

    def _earlier(self, leaf: Leaf) -> bool:
        return self._at is not None and leaf.at < self._at

    def _beside(self, stored: StoredLeaf, digest: bytes, leaf: Leaf) -> None:
        """What stands beside a leaf in its row."""
        said = stored.subject, stored.kind, stored.by
        if self._source.rows and said != (leaf.subject, leaf.kind.value, leaf.by):
            self._row(leaf, "the row does not say the same as its leaf, which is as it was")
        if stored.hash and stored.hash != digest:
            self._row(leaf, "the stored hash is not that of its leaf, which is as it was")

    def _row(self, leaf: Leaf, what: str) -> None:
        if len(self.rows) < MOST_ROWS:
            index = leaf.index
            self.rows.append(Finding(place=Place.ROW, what=what, first=index, last=index))

    def _grow(self, digest: bytes, nodes: Mapping[tuple[int, int], bytes] | None) -> None:
        for one in self.edge.append(digest):
            stored = None if nodes is None else nodes.get((one.height, one.position), b"")
            if one.height == 0 or one.height % NODE_HEIGHT or stored is None:
                continue
            if stored != one.root and self._nodes is None:
                self._nodes = one.position << one.height, (one.position + 1 << one.height) - 1
        size = self.edge.size
        statement = self._statements.get(size) or self._remembered.get(size)
        if statement is not None:
            self._checkpoint(statement)

    def _checkpoint(self, statement: Statement) -> None:
        if statement.root == self.edge.root():
            self.good = self.edge.size
            if self._nodes is not None:
                self._wrong_nodes()
            return
        first, last = self.good, self.edge.size - 1
        if self._nodes is not None:
            first, last = max(first, self._nodes[0]), min(last, self._nodes[1])
        what = f"the leaves are not those of the checkpoint of {self.edge.size:,}"
        self.bad = self._finding(first, last, what)

    def _wrong_nodes(self) -> None:
        assert self._nodes is not None  # noqa: S101 - tells mypy what the callers know
        first, last = self._nodes
        what = "the stored root of these leaves is not theirs"
        self.others.append(Finding(place=Place.NODE, what=what, first=first, last=last))
        self._nodes = None

    def _restore(self, leaf: Leaf) -> None:
        said = read_restored(leaf)
        if said is None:
            return
        self._restored = leaf.index, said
        if said.lost:
            self.notes.append(
                f"at leaf {leaf.index:,} the log was restored from a backup: {said.lost:,} leaves"
                " were lost, which that leaf names"
            )
        known = self._known
        if known is None or said.origin != known.origin or next_origin(said) in known.origins:
            return
        # What is known is of the time before the restore, and what was lost comes next in it.
        self._hashes, self._known, self._remembered = None, None, {}
        why = refuted(said, known)
        if why is not None:
            self._blame(leaf.index, why, leaf)
        elif known.size > leaf.index:
            kinds = Counter(_kinds(known, leaf.index))
            kinds["decision"] = known.size - leaf.index - sum(kinds.values())
            told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()) if count)
            self.notes.append(f"what was lost there: {told}")

    def _missing(self, size: int) -> Finding | None:
        """Leaves that should follow the last one."""
        if size < self._source.size:
            what = f"the leaf is gone: the log says that it has {self._source.size:,}"
            return self._finding(size, size, what)
        if self._known is not None and size < self._known.size:
            what = (
                f"the leaves are gone: {self._known.size:,} were known; the log's end was cut off,"
                " or an older database was put in its place"
            )
            return self._finding(size, self._known.size - 1, what)
        signed = max(self._statements, default=0)
        if size < signed:
            what = (
                f"leaves are gone: there is a checkpoint of {signed:,}, and nothing vouches for"
                f" those after the checkpoint of {self.good:,}"
            )
            return self._finding(self.good, signed - 1, what)
        return None

    def _names(self) -> None:
        """The log's name, against its last restore, its checkpoints and what is known of it."""
        source, since = self._source, 0
        if self._restored is not None:
            since, said = self._restored[0] + 1, self._restored[1]
            if next_origin(said) != source.origin:
                what = f"the log is called {source.origin}, which its restore contradicts"
                self.others.append(Finding(place=Place.HEAD, what=what))
        others = {
            one.origin
            for size, one in self._statements.items()
            if size >= since and size and one.origin != source.origin
        }
        if self._known is not None and source.origin != self._known.origin:
            others.add(self._known.origin)
        for origin in sorted(others):
            what = f"the log is called {source.origin}, and was {origin}: it is another log"
            self.others.append(Finding(place=Place.HEAD, what=what))

    def _blame(self, index: int, what: str, leaf: Leaf | None = None) -> None:
        self.bad = self._finding(index, index, what, leaf)

    def _finding(self, first: int, last: int, what: str, leaf: Leaf | None = None) -> Finding:
        """A bad leaf; what it was, where somebody remembers, is told rather than what it is."""
        if self._known is not None and first < self._known.size:
            remembered = next((text for _, text in self._known.texts(first, first + 1)), None)
            leaf = (_read(remembered) if remembered else None) or leaf
        if leaf is not None and leaf.index != first:
            leaf = None
        return Finding(
            place=Place.LEAF,
            what=what,
            first=first,
            last=last,
            kind=leaf.kind.value if leaf is not None else "",
            at=leaf.at if leaf is not None else None,
        )


def _read(text: str) -> Leaf | None:
    try:
        return msgspec.json.decode(text, type=Leaf)
    except (msgspec.DecodeError, UnicodeError):
        return None


def _kinds(known: Knowing, start: int) -> list[str]:
    """Kinds of the leaves from one on that are known by their text, and are no decisions."""
    leaves = [_read(text) for _, text in known.texts(start, known.size)]
    return [leaf.kind.value for leaf in leaves if leaf and leaf.kind is not AuditKind.DECISION]

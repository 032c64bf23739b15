"""The audit log in a database: its leaves, proofs that read few rows, and its checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, Select, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tutela.errors import InvalidInput, NotFound
from tutela.merkle import (
    Edge,
    Span,
    complete,
    consistency_spans,
    fold,
    inclusion_spans,
    node_hash,
)
from tutela.model.custody.leaf import AuditKind, Leaf, NewLeaf
from tutela.model.record import Record
from tutela.storage.audit.log import NODE_HEIGHT, append
from tutela.storage.custody_tables import audit_checkpoints, audit_head, audit_leaves, audit_nodes
from tutela.storage.database import Database

PAGE = 1000
"""Leaves on a page, at most."""
READ_LEAVES = "SELECT hash FROM audit_leaves WHERE number >= ? AND number < ? ORDER BY number"
READ_NODES = (
    "SELECT hash FROM audit_nodes WHERE height = ? AND position >= ? AND position < ?"
    " ORDER BY position"
)
NEAR = 64
"""Rows between two that are wanted, which are read with them instead of asking twice."""


class StoredLeaf(Record, frozen=True, kw_only=True):
    """A leaf as the database has it; what is altered there is altered here.

    Attributes:
        index: the row's number.
        text: the leaf's canonical JSON.
        hash: 32 bytes.
        subject: what the row says beside its text; so do `kind` and `by`.
    """

    index: int
    text: str
    hash: bytes
    subject: str = ""
    kind: str = ""
    by: str = ""

    @property
    def leaf(self) -> Leaf:
        """The leaf; raises `msgspec.ValidationError` where the text is none."""
        return msgspec.json.decode(self.text, type=Leaf)

    @property
    def readable(self) -> Leaf | None:
        """The leaf; None where somebody has altered the text so that it is none."""
        try:
            return self.leaf
        except (msgspec.DecodeError, UnicodeError):
            return None


class Head(Record, frozen=True, kw_only=True):
    """Where a log ends.

    Attributes:
        size: leaves.
        root: of their tree, 32 bytes.
        at: when the last was written; 1970 for an empty log.
        origin: the log's name.
    """

    size: int
    root: bytes
    at: datetime
    origin: str


class Checkpoint(Record, frozen=True, kw_only=True):
    """A signed checkpoint.

    Attributes:
        size: leaves that it speaks of.
        at: when it was signed, by the clock of who did; not part of what was signed.
        note: a signed note as in C2SP's tlog-checkpoint.
        token: an RFC 3161 time stamp of the note (DER of the whole response), if there is one.
    """

    size: int
    at: datetime
    note: str
    token: bytes | None = None


class AuditLog:
    """The audit log in a database. Leaves are appended and never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self) -> Head:
        """Where the log ends now."""
        with self._database.read() as connection:
            return _head(connection)

    def write(self, leaves: Sequence[NewLeaf]) -> int:
        """Append leaves in a transaction of their own; durable on return. The first's index."""
        with self._database.write() as connection:
            return append(connection, leaves)

    def restart(self, leaf: NewLeaf, origin: str) -> int:
        """Append a leaf with which the log goes on under another name; the leaf's index."""
        with self._database.write() as connection:
            index = append(connection, [leaf])
            connection.execute(update(audit_head).values(origin=origin))
        return index

    def leaves(self, start: int, stop: int) -> Sequence[StoredLeaf]:
        """The leaves from `start` up to, not including, `stop`, as far as there are rows."""
        statement = _leaves().where(audit_leaves.c.number >= start, audit_leaves.c.number < stop)
        with self._database.read() as connection:
            return _stored(connection.execute(statement.order_by(audit_leaves.c.number)))

    def leaf(self, index: int) -> StoredLeaf:
        """One leaf; raises `NotFound`."""
        found = self.leaves(index, index + 1)
        if not found:
            raise NotFound("the audit log has no such leaf", where="index")
        return found[0]

    def page(
        self,
        *,
        before: int | None = None,
        limit: int = 50,
        kind: AuditKind | None = None,
        subject: str | None = None,
        by: str | None = None,
    ) -> Sequence[StoredLeaf]:
        """Up to `limit` leaves, latest first.

        Args:
            before: only leaves with a smaller index.
            limit: 1 to `PAGE`.
            kind: only leaves of this kind.
            subject: only leaves about this.
            by: only leaves of what this one did; decisions are the program's own.
        """
        columns = audit_leaves.c
        statement = _leaves().order_by(columns.number.desc()).limit(min(limit, PAGE))
        if before is not None:
            statement = statement.where(columns.number < before)
        if subject is not None:
            statement = statement.where(columns.subject == subject)
        if kind is not None:
            statement = statement.where(columns.kind == kind.value)
        if by is not None:
            statement = statement.where(columns.who == by)
        if kind not in {None, AuditKind.DECISION}:
            # So that the indexes which leave decisions out can be used.
            statement = statement.where(columns.kind != literal_column("'decision'"))
        with self._database.read() as connection:
            return _stored(connection.execute(statement))

    def about(self, subjects: Sequence[str]) -> Sequence[StoredLeaf]:
        """Every leaf about these, in the order of the log."""
        statement = _leaves().where(audit_leaves.c.subject.in_(subjects))
        with self._database.read() as connection:
            return _stored(connection.execute(statement.order_by(audit_leaves.c.number)))

    def root(self, size: int) -> bytes:
        """Root of the tree of the first leaves; raises `InvalidInput` if there are fewer."""
        with self._database.read() as connection:
            _enough(connection, size)
            return _roots(connection, [Span(0, size)])[0]

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """Proof that a leaf is in the tree of the first `size` (RFC 9162, 2.1.3).

        Raises:
            InvalidInput: the log has not so many leaves, or no such leaf among them.
        """
        if not 0 <= index < size:
            raise InvalidInput("there is no such leaf among so many", where="index")
        with self._database.read() as connection:
            _enough(connection, size)
            return _roots(connection, inclusion_spans(index, size))

    def consistency(self, first: int, second: int) -> tuple[bytes, ...]:
        """Proof that the tree of `first` leaves is the beginning of that of `second`.

        As in RFC 9162, 2.1.4. Raises `InvalidInput`: the sizes are none of this log, in order.
        """
        if not 0 < first <= second:
            raise InvalidInput("the first size is at least 1, and not above the second", where="to")
        with self._database.read() as connection:
            _enough(connection, second)
            return _roots(connection, consistency_spans(first, second))

    def beyond(self) -> int | None:
        """Index of a leaf behind the log's end, if somebody has put one there."""
        size = select(audit_head.c.size).scalar_subquery()
        number = audit_leaves.c.number
        with self._database.read() as connection:
            return connection.scalar(select(number).where(number >= size).order_by(number).limit(1))

    def nodes(self, start: int, stop: int) -> Mapping[tuple[int, int], bytes]:
        """Stored roots of subtrees whose last leaf is from `start` up to, not including, `stop`."""
        found: dict[tuple[int, int], bytes] = {}
        columns = audit_nodes.c
        with self._database.read() as connection:
            for height in range(NODE_HEIGHT, stop.bit_length(), NODE_HEIGHT):
                statement = select(columns.position, columns.hash).where(
                    columns.height == height,
                    columns.position >= start >> height,
                    columns.position < stop >> height,
                )
                for row in connection.execute(statement):
                    found[height, int(row.position)] = bytes(row.hash)
        return found

    def checkpoints(
        self, *, before: int | None = None, limit: int | None = None
    ) -> Sequence[Checkpoint]:
        """The checkpoints, latest (largest) first; all of them if no limit is given."""
        statement = select(audit_checkpoints).order_by(audit_checkpoints.c.size.desc())
        if before is not None:
            statement = statement.where(audit_checkpoints.c.size < before)
        with self._database.read() as connection:
            return [_checkpoint(row) for row in connection.execute(statement.limit(limit))]

    def latest_checkpoint(self, *, stamped: bool = False) -> Checkpoint | None:
        """The checkpoint of most leaves, if one was signed; or of those with a time stamp."""
        statement = select(audit_checkpoints).order_by(audit_checkpoints.c.size.desc()).limit(1)
        if stamped:
            statement = statement.where(audit_checkpoints.c.token.is_not(None))
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
            return None if row is None else _checkpoint(row)

    def keep_checkpoint(self, checkpoint: Checkpoint) -> bool:
        """Keep a checkpoint; False where there is one of that size, which stays."""
        dialect = sqlite if self._database.dialect == "sqlite" else postgresql
        row = msgspec.structs.asdict(checkpoint)
        statement = dialect.insert(audit_checkpoints).values(row).on_conflict_do_nothing()
        told = statement.returning(audit_checkpoints.c.size)
        with self._database.write() as connection:
            return connection.execute(told).scalar_one_or_none() is not None

    def keep_token(self, size: int, token: bytes) -> bool:
        """Keep the time stamp of a checkpoint that has none; whether it was kept."""
        columns = audit_checkpoints.c
        statement = update(audit_checkpoints).where(columns.size == size, columns.token.is_(None))
        with self._database.write() as connection:
            return bool(connection.execute(statement.values(token=token)).rowcount)


def _leaves() -> Select[Any]:
    columns = audit_leaves.c
    return select(
        columns.number, columns.leaf, columns.hash, columns.subject, columns.kind, columns.who
    )


def _stored(rows: Iterable[Row[Any]]) -> list[StoredLeaf]:
    return [
        StoredLeaf(
            index=row.number,
            text=row.leaf,
            hash=bytes(row.hash),
            subject=row.subject,
            kind=row.kind,
            by=row.who,
        )
        for row in rows
    ]


def _head(connection: Connection) -> Head:
    row = connection.execute(select(audit_head)).one()
    try:
        root = Edge.from_bytes(row.size, bytes(row.edge)).root()
    except ValueError:  # somebody has changed one of them: no tree has this root
        root = b""
    return Head(size=row.size, root=root, at=row.at, origin=row.origin)


def _checkpoint(row: Row[Any]) -> Checkpoint:
    token = None if row.token is None else bytes(row.token)
    return Checkpoint(size=row.size, at=row.at, note=row.note, token=token)


def _enough(connection: Connection, size: int) -> None:
    present = int(connection.execute(select(audit_head.c.size)).scalar_one())
    if not 0 <= size <= present:
        raise InvalidInput(f"the audit log has {present:,} leaves", where="size")


class _Block(NamedTuple):
    """Stored hashes of subtrees of one height that follow each other."""

    height: int
    start: int
    hashes: Sequence[bytes]


def _roots(connection: Connection, spans: Sequence[Span]) -> tuple[bytes, ...]:
    """Roots of spans of leaves, from the stored hashes that are nearest to them."""
    parts = [list(complete(span)) for span in spans]
    rows = {_rows(height, position) for part in parts for height, position in part}
    blocks = [
        _read(connection, height, start, stop)
        for height, same in groupby(sorted(rows), lambda row: row[0])
        for start, stop in _joined([(start, stop) for _, start, stop in same])
    ]
    return tuple(
        fold([_root(blocks, height, position) for height, position in part]) for part in parts
    )


def _rows(height: int, position: int) -> tuple[int, int, int]:
    """The stored height below a subtree, and which positions of it make the subtree up."""
    beneath = height % NODE_HEIGHT
    return height - beneath, position << beneath, (position + 1) << beneath


def _joined(ranges: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Sorted ranges, near ones as one."""
    joined: list[list[int]] = []
    for start, stop in ranges:
        if joined and start - joined[-1][1] <= NEAR:
            joined[-1][1] = max(stop, joined[-1][1])
        else:
            joined.append([start, stop])
    return joined


def _read(connection: Connection, height: int, start: int, stop: int) -> _Block:
    """Stored hashes from one position up to another; raises `NotFound` where rows are gone."""
    # Past the query builder, and tuples of the driver: they would take longer than all else.
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    statement = READ_NODES if height else READ_LEAVES
    places = (height, start, stop) if height else (start, stop)
    cursor = connection.exec_driver_sql(statement.replace("?", mark), places).cursor
    hashes = [row[0] for row in cursor.fetchall()]
    if len(hashes) != stop - start:
        raise NotFound(
            "rows of the audit log are gone", where="audit", remedy="run tutela audit verify"
        )
    return _Block(height, start, hashes)


def _root(blocks: Sequence[_Block], height: int, position: int) -> bytes:
    """Root of a complete subtree of stored hashes, all of which are in one of the blocks."""
    stored, start, stop = _rows(height, position)
    level: Sequence[bytes] = next(
        block.hashes[start - block.start : stop - block.start]
        for block in blocks
        if block.height == stored and block.start <= start < block.start + len(block.hashes)
    )
    while len(level) > 1:
        level = list(map(node_hash, level[::2], level[1::2]))
    return level[0]

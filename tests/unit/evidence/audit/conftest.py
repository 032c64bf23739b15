"""A log that has grown and was signed, and somebody who may write into its database."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, insert, select, update

from tutela.evidence.audit.findings import Findings
from tutela.evidence.audit.signer import Signer
from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.audit.sources import InDatabase
from tutela.evidence.audit.verifying import verify_log
from tutela.evidence.audit.witness import Witness
from tutela.merkle import Edge, leaf_hash
from tutela.model.custody.leaf import AuditKind, Leaf, NewLeaf
from tutela.storage.audit.log import COLUMNS, NODE_HEIGHT, append, encoded
from tutela.storage.audit.reading import AuditLog, StoredLeaf
from tutela.storage.custody_tables import (
    audit_checkpoints,
    audit_head,
    audit_leaves,
    audit_nodes,
)
from tutela.storage.database import Database

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
BATCH = 20
OTHERS = (AuditKind.LOOK, AuditKind.HOLD, AuditKind.EXPORT, AuditKind.POLICY)


class Grown:
    """A log with its key, its witness and its signer."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.log = AuditLog(database)
        self.key = AuditKey.create(folder / "audit.key")
        self.witness = Witness(folder / "witness")
        self.signer = Signer(self.log, self.key, self.witness)

    def grow(self, count: int, *, start: datetime = NOON) -> None:
        """Append leaves: mostly decisions, every tenth something else."""
        size = self.log.head().size
        leaves = [
            NewLeaf(
                kind=AuditKind.DECISION if number % 10 else OTHERS[number // 10 % 4],
                by="tutela" if number % 10 else "cli:root",
                subject=f"event-{number}",
                data={"verdict": "clear", "number": number},
            )
            for number in range(size, size + count)
        ]
        for at in range(0, count, BATCH):
            with self.database.write() as connection:
                append(connection, leaves[at : at + BATCH], start + timedelta(seconds=size + at))

    def sign(self) -> None:
        self.signer.sign_if_more()

    def verify(self, *, witness: bool = True) -> Findings:
        known = self.witness.known() if witness else None
        return verify_log(InDatabase(self.log), self.key.verifier, known=known)


class Tamperer:
    """May write whatever they want into the database, and knows how the log is made."""

    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self.chance = random.Random(seed)  # noqa: S311 - the same places each time

    def leaves(self) -> list[StoredLeaf]:
        return list(AuditLog(self._database).leaves(0, 1 << 40))

    @staticmethod
    def changed(leaf: Leaf, **values: object) -> Leaf:
        """The leaf with other members."""
        return msgspec.structs.replace(leaf, **values)

    def set(self, index: int, **values: object) -> None:
        """Change columns of one row."""
        with self._database.write() as connection:
            row = update(audit_leaves).where(audit_leaves.c.number == index)
            connection.execute(row.values(**values))

    def delete(self, *numbers: int) -> None:
        with self._database.write() as connection:
            connection.execute(delete(audit_leaves).where(audit_leaves.c.number.in_(numbers)))

    def head(self, **values: object) -> None:
        with self._database.write() as connection:
            connection.execute(update(audit_head).values(**values))

    def write(self, leaves: Sequence[Leaf], *, renumber: bool = True) -> None:
        """Write the whole log anew with all hashes, nodes and the head made for it."""
        edge, rows, nodes = Edge(), [], []
        for number, leaf in enumerate(leaves):
            text = encoded(self.changed(leaf, index=number) if renumber else leaf)
            digest = leaf_hash(text)
            row = (number, leaf.subject, leaf.kind.value, leaf.by, text.decode(), digest)
            rows.append(dict(zip(COLUMNS, row, strict=True)))
            nodes += [
                {"height": one.height, "position": one.position, "hash": one.root}
                for one in edge.append(digest)
                if one.height and one.height % NODE_HEIGHT == 0
            ]
        with self._database.write() as connection:
            connection.execute(delete(audit_leaves))
            connection.execute(delete(audit_nodes))
            if rows:
                connection.execute(insert(audit_leaves), rows)
            if nodes:
                connection.execute(insert(audit_nodes), nodes)
            connection.execute(update(audit_head).values(size=edge.size, edge=edge.to_bytes()))

    def forget_checkpoints(self, above: int) -> None:
        with self._database.write() as connection:
            connection.execute(delete(audit_checkpoints).where(audit_checkpoints.c.size > above))

    def checkpoint_sizes(self) -> list[int]:
        with self._database.read() as connection:
            sizes = select(audit_checkpoints.c.size).order_by(audit_checkpoints.c.size)
            return list(connection.scalars(sizes))

    def set_note(self, size: int, note: str) -> None:
        with self._database.write() as connection:
            row = update(audit_checkpoints).where(audit_checkpoints.c.size == size)
            connection.execute(row.values(note=note))


@pytest.fixture
def new_log(new_database_url: Callable[[], str], tmp_path: Path) -> Iterator[Callable[[], Grown]]:
    """Gives a new and empty log with a key and a witness of its own; ends the one before."""
    opened: list[Database] = []

    def make() -> Grown:
        while opened:
            opened.pop().close()
        folder = tmp_path / f"log-{len(list(tmp_path.glob('log-*')))}"
        folder.mkdir()
        opened.append(Database.open(new_database_url()))
        return Grown(opened[0], folder)

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def grown(new_log: Callable[[], Grown]) -> Grown:
    """A log of 600 leaves with checkpoints of 100, 350 and 600."""
    grown = new_log()
    for count in (100, 250, 250):
        grown.grow(count)
        grown.sign()
    return grown


@pytest.fixture(params=range(3))
def tamperer(grown: Grown, request: pytest.FixtureRequest) -> Tamperer:
    """Somebody who tampers with it, at other places each time."""
    return Tamperer(grown.database, int(request.param))

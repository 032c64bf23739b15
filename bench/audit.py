"""How quick the audit log is: appending, proofs, checkpoints, and verifying all of it.

    python bench/audit.py [--seconds N] [--leaves N] [--databases NAMES] [--json]

Appends are measured in transactions of 1, 10, 100 and 512 leaves, each synced, in turn with two
peers that write the same rows into a table of the same columns and indexes: `rows` hashes nothing,
and `chain` hashes each row with the hash of the row before. Proofs, checkpoints and verification
are measured on a log of `--leaves` leaves. PostgreSQL comes from the extra `bench`.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
from sqlalchemy import MetaData, Table
from sqlalchemy.sql import quoted_name

from machine import Machine, describe
from outbox import postgres
from tutela.evidence.audit.signer import Signer
from tutela.evidence.audit.signing import AuditKey
from tutela.evidence.audit.sources import InDatabase
from tutela.evidence.audit.verifying import verify_log
from tutela.evidence.audit.witness import Witness
from tutela.merkle import verify_consistency, verify_inclusion
from tutela.model.custody.leaf import AuditKind, Leaf, NewLeaf
from tutela.model.record import Record
from tutela.storage.audit.log import append, encoded
from tutela.storage.audit.reading import AuditLog
from tutela.storage.custody_tables import audit_leaves
from tutela.storage.database import Database, insert_rows
from tutela.storage.values import now

BATCHES = (1, 10, 100, 512)
KINDS = ("sqlite", "postgresql")
FILL = 5_000
PROOFS = 500
COLUMNS = ("number", "subject", "kind", "who", "leaf", "hash")


class Appends(Record, frozen=True, kw_only=True):
    """Rows/s in transactions of one size.

    Attributes:
        log: leaves of the audit log.
        rows: the same rows in a plain table.
        chain: the same, each hashed with the hash before.
    """

    database: str
    batch: int
    log: float
    rows: float
    chain: float


class Proofs(Record, frozen=True, kw_only=True):
    """One log; times in milliseconds, the middle of many.

    Attributes:
        first_checkpoint_s: seconds of the first checkpoint of all leaves, into a new witness.
        checkpoint_ms: of one after 1,000 more leaves.
        verified: leaves/s of a whole verification, against the witness.
    """

    database: str
    leaves: int
    inclusion_ms: float
    inclusion_bytes: int
    inclusion_verify_ms: float
    consistency_ms: float
    consistency_bytes: int
    consistency_verify_ms: float
    first_checkpoint_s: float
    checkpoint_ms: float
    verified: float


class Result(Record, frozen=True, kw_only=True):
    """The whole run."""

    machine: Machine
    appends: tuple[Appends, ...]
    proofs: tuple[Proofs, ...]


def leaves(start: int, count: int) -> list[NewLeaf]:
    """Leaves of decisions, as the journal writes them."""
    return [
        NewLeaf(
            kind=AuditKind.DECISION,
            by="tutela",
            subject=f"event-{number:012}",
            data={
                "case": None,
                "lists": 17,
                "outcome": hashlib.sha256(str(number).encode()).hexdigest(),
                "policy": "default-0123456789ab",
                "verdict": "clear",
            },
        )
        for number in range(start, start + count)
    ]


class Peer:
    """A plain table of the same columns and indexes."""

    def __init__(self, database: Database, name: str, *, chained: bool) -> None:
        self._database = database
        self._chained = chained
        self._last, self._size = bytes(32), 0
        self._table: Table = audit_leaves.to_metadata(MetaData(), name=name)
        self._table.primary_key.name = f"pk_{name}"
        for index in self._table.indexes:
            index.name = quoted_name(f"{index.name}_{name}", quote=None)
        with database.write() as connection:
            self._table.create(connection)

    def append(self, batch: Sequence[NewLeaf]) -> None:
        """Write a transaction."""
        at = now()
        with self._database.write() as connection:
            rows = []
            for number, new in enumerate(batch, self._size):
                leaf = Leaf(
                    index=number,
                    at=at,
                    kind=new.kind,
                    by=new.by,
                    subject=new.subject,
                    data=new.data,
                )
                text = encoded(leaf)
                if self._chained:
                    self._last = hashlib.sha256(self._last + text).digest()
                rows.append(
                    (number, new.subject, new.kind.value, new.by, text.decode(), self._last)
                )
            insert_rows(connection, self._table, COLUMNS, rows)
        self._size += len(batch)


def measure_appends(database: Database, kind: str, seconds: float) -> Iterator[Appends]:
    """Rows/s of each way, in turns."""

    def log(batch: Sequence[NewLeaf]) -> None:
        with database.write() as connection:
            append(connection, batch)

    ways: dict[str, Callable[[Sequence[NewLeaf]], None]] = {
        "log": log,
        "rows": Peer(database, "peer_rows", chained=False).append,
        "chain": Peer(database, "peer_chain", chained=True).append,
    }
    for size in BATCHES:
        batch = leaves(0, size)
        spent = dict.fromkeys(ways, 0.0)
        rounds = 0
        while sum(spent.values()) < seconds or rounds < len(ways):
            rounds += 1
            for name, way in ways.items():
                begun = time.perf_counter()
                way(batch)
                spent[name] += time.perf_counter() - begun
        rates = {name: size * rounds / passed for name, passed in spent.items()}
        yield Appends(database=kind, batch=size, **rates)


def fill(database: Database, count: int) -> None:
    """Append leaves until the log has so many."""
    size = AuditLog(database).head().size
    while size < count:
        part = leaves(size, min(FILL, count - size))
        with database.write() as connection:
            append(connection, part)
        size += len(part)


def middle(calls: Sequence[Callable[[], object]]) -> float:
    """Milliseconds of a call, the middle of many."""
    spent = []
    for call in calls:
        begun = time.perf_counter()
        call()
        spent.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spent)


def measure_proofs(database: Database, kind: str, count: int, folder: Path) -> Proofs:
    """Everything about one long log."""
    fill(database, count)
    log, chance = AuditLog(database), random.Random(1)  # noqa: S311 - places of a measurement
    size, root = count, log.root(count)
    places = [chance.randrange(size) for _ in range(PROOFS)]
    firsts = [chance.randrange(1, size) for _ in range(PROOFS)]
    inclusion = middle([lambda at=at: log.inclusion(at, size) for at in places])  # type: ignore[misc]
    consistency = middle([lambda at=at: log.consistency(at, size) for at in firsts])  # type: ignore[misc]
    place, first = places[0], firsts[0]
    leaf, proof = log.leaf(place).hash, log.inclusion(place, size)
    old, longer = log.root(first), log.consistency(first, size)
    signer = Signer(log, AuditKey.create(folder / "audit.key"), Witness(folder / "witness"))
    begun = time.perf_counter()
    signer.sign_if_more()
    signed = time.perf_counter() - begun
    fill(database, count + 1000)
    begun = time.perf_counter()
    signer.sign_if_more()
    again = time.perf_counter() - begun
    known = Witness(folder / "witness").known()
    begun = time.perf_counter()
    findings = verify_log(
        InDatabase(log), AuditKey.open(folder / "audit.key").verifier, known=known
    )
    verified = time.perf_counter() - begun
    if findings.exit_code:
        raise SystemExit("\n".join(findings.lines()))
    return Proofs(
        database=kind,
        leaves=count,
        inclusion_ms=inclusion,
        inclusion_bytes=32 * len(proof),
        inclusion_verify_ms=middle(
            [lambda: verify_inclusion(leaf, place, size, proof, root)] * PROOFS
        ),
        consistency_ms=consistency,
        consistency_bytes=32 * len(longer),
        consistency_verify_ms=middle(
            [lambda: verify_consistency(first, size, longer, old, root)] * PROOFS
        ),
        first_checkpoint_s=signed,
        checkpoint_ms=again * 1000,
        verified=findings.read / verified,
    )


def measure(kind: str, options: argparse.Namespace) -> tuple[tuple[Appends, ...], Proofs]:
    """One database."""
    folder = Path(tempfile.mkdtemp(prefix="tutela-audit-"))
    try:
        with ExitStack() as stack:
            if kind == "sqlite":
                url = f"sqlite:///{folder / 'tutela.db'}"
            else:
                url = stack.enter_context(postgres(folder))
            database = Database.open(url)
            stack.callback(database.close)
            database.migrate()
            appends = tuple(measure_appends(database, kind, options.seconds))
            return appends, measure_proofs(database, kind, options.leaves, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def show(result: Result) -> None:
    """Print both tables."""
    print(result.machine.heading())
    head = ("database", "batch", "leaves/s", "rows/s", "chain/s")
    print("".join(f"{name:>12}" for name in head))
    for one in result.appends:
        rates = "".join(f"{rate:>12,.0f}" for rate in (one.log, one.rows, one.chain))
        print(f"{one.database:>12}{one.batch:>12,}{rates}")
    for two in result.proofs:
        print(f"{two.database}, {two.leaves:,} leaves:")
        for proof, made, size, verified in (
            ("inclusion", two.inclusion_ms, two.inclusion_bytes, two.inclusion_verify_ms),
            ("consistency", two.consistency_ms, two.consistency_bytes, two.consistency_verify_ms),
        ):
            print(f"  {proof}: {made:.2f} ms, {size:,} bytes, verified in {verified:.3f} ms")
        print(f"  first checkpoint: {two.first_checkpoint_s:.1f} s into a new witness")
        print(f"  checkpoint after 1,000 leaves: {two.checkpoint_ms:.0f} ms")
        print(f"  whole verification with a witness: {two.verified:,.0f} leaves/s")


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each size of batch")
    parser.add_argument("--leaves", type=int, default=1_000_000, help="of the long log")
    parser.add_argument("--databases", default=",".join(KINDS), help="which, with commas")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    machine = describe()
    found = [measure(kind, options) for kind in options.databases.split(",")]
    result = Result(
        machine=machine,
        appends=tuple(one for appends, _ in found for one in appends),
        proofs=tuple(proofs for _, proofs in found),
    )
    if options.json:
        print(msgspec.json.encode(result).decode())
    else:
        show(result)


if __name__ == "__main__":
    main()

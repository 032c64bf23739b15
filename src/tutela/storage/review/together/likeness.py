"""Finding cases that hold the same: equal contents, and pictures that differ in few bits.

A fingerprint of 256 bits is cut into 16 parts of 16 bits. Two that differ in at most 31 bits have a
part that differs in at most one bit, by counting: so every near-duplicate is found by looking up
the parts of a fingerprint, and each of them with one bit turned. What is found so is compared bit
by bit; nothing is missed, and nothing is taken that is farther.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, TextClause, delete, insert, select

from tutela.storage.review.tables import case_contents, case_pieces
from tutela.storage.tables import cases

NEAR = 31
"""So many bits may differ between near-duplicates."""
COMPARED = 100
"""So many contents of a case are compared with those of others: the first of them."""
PARTS = 16
BITS = 16
_AT_ONCE = 8
"""Fingerprints that are looked for in one statement: each is looked up by 272 numbers."""

Condition = ColumnElement[bool] | TextClause


class Likeness:
    """What a case is compared by.

    Attributes:
        marks: of its contents.
        prints: their fingerprints, where they have any.
    """

    def __init__(self, connection: Connection, seq: int) -> None:
        statement = (
            select(case_contents.c.ordinal, case_contents.c.mark, case_contents.c.pdq)
            .where(case_contents.c.event_seq == seq)
            .order_by(case_contents.c.ordinal)
            .limit(COMPARED)
        )
        self._seq = seq
        self._rows = connection.execute(statement).all()
        self.marks = {row.mark for row in self._rows}
        self.prints = {row.pdq for row in self._rows if row.pdq is not None}

    def remember(self, connection: Connection) -> None:
        """Let the case be found by what it holds."""
        rows = [
            {"piece": piece, "event_seq": self._seq, "ordinal": row.ordinal}
            for row in self._rows
            for piece in {row.mark, *(parts(row.pdq) if row.pdq is not None else ())}
        ]
        if rows:
            connection.execute(insert(case_pieces), rows)


def forget(connection: Connection, seqs: Collection[int]) -> None:
    """Let cases be found no longer: they stand in others, or are closed."""
    connection.execute(delete(case_pieces).where(case_pieces.c.event_seq.in_(seqs)))


def equal(connection: Connection, one: Likeness, joinable: Sequence[Condition]) -> int | None:
    """The oldest case that may be joined and holds an equal content."""
    statement = (
        select(cases.c.event_seq)
        .join_from(case_pieces, case_contents, _same_content())
        .join(cases, cases.c.event_seq == case_pieces.c.event_seq)
        .where(case_pieces.c.piece.in_(one.marks), case_contents.c.mark.in_(one.marks), *joinable)
        .order_by(cases.c.event_seq)
        .limit(1)
    )
    return connection.scalar(statement)


def near(connection: Connection, one: Likeness, joinable: Sequence[Condition]) -> int | None:
    """The oldest case that may be joined and holds a near-duplicate."""
    prints = sorted(one.prints)
    found = (
        _near(connection, prints[start : start + _AT_ONCE], joinable)
        for start in range(0, len(prints), _AT_ONCE)
    )
    return min((seq for seq in found if seq is not None), default=None)


def _near(
    connection: Connection, prints: Sequence[bytes], joinable: Sequence[Condition]
) -> int | None:
    probes = {piece for one in prints for piece in probed(one)}
    statement: Any = (
        select(cases.c.event_seq, case_contents.c.pdq)
        .join_from(case_pieces, case_contents, _same_content())
        .join(cases, cases.c.event_seq == case_pieces.c.event_seq)
        .where(case_pieces.c.piece.in_(probes), case_contents.c.pdq.is_not(None), *joinable)
        .distinct()
    )
    wanted = [int.from_bytes(one) for one in prints]
    return min(
        (
            row.event_seq
            for row in connection.execute(statement)
            if any(_distance(row.pdq, one) <= NEAR for one in wanted)
        ),
        default=None,
    )


def parts(fingerprint: bytes) -> Iterator[int]:
    """The parts of a fingerprint, each with its place as one number."""
    for place in range(PARTS):
        yield place << BITS | int.from_bytes(fingerprint[2 * place : 2 * place + 2])


def probed(fingerprint: bytes) -> Iterator[int]:
    """The parts of a fingerprint, and each of them with one bit turned."""
    for part in parts(fingerprint):
        yield part
        yield from (part ^ 1 << bit for bit in range(BITS))


def _distance(one: bytes, other: int) -> int:
    return (int.from_bytes(one) ^ other).bit_count()


def _same_content() -> Condition:
    return (case_contents.c.event_seq == case_pieces.c.event_seq) & (
        case_contents.c.ordinal == case_pieces.c.ordinal
    )

"""Finding cases that hold the same: equal contents, and pictures that differ in few bits.

A fingerprint of 256 bits is cut into 16 parts of 16 bits. Two that differ in at most 31 bits have a
part that differs in at most one bit, by counting: so every near-duplicate is found by looking up
the parts of a fingerprint, and each of them with one bit turned. What is found so is compared bit
by bit; nothing is missed, and nothing is taken that is farther.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, TextClause, delete, func, insert, select

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

_NAMED = 5000
"""Numbers that one statement names."""

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
            for piece in {_piece(row.mark), *(parts(row.pdq) if row.pdq is not None else ())}
        ]
        if rows:
            connection.execute(insert(case_pieces), rows)


def forget(connection: Connection, seqs: Collection[int]) -> None:
    """Let cases be found no longer: they stand in others, or are closed."""
    connection.execute(delete(case_pieces).where(case_pieces.c.event_seq.in_(seqs)))


def equal(connection: Connection, one: Likeness, joinable: Sequence[Condition]) -> int | None:
    """The oldest case that may be joined and holds an equal content."""
    found = _having(connection, {_piece(mark) for mark in one.marks})
    return _oldest(connection, {seq for seq, _ in found}, joinable)


def near(connection: Connection, one: Likeness, joinable: Sequence[Condition]) -> int | None:
    """The oldest case that may be joined and holds a near-duplicate."""
    prints = sorted(one.prints)
    alike: set[int] = set()
    for start in range(0, len(prints), _AT_ONCE):
        some = prints[start : start + _AT_ONCE]
        found = _having(connection, {piece for one in some for piece in probed(one)})
        alike |= _alike(connection, [int.from_bytes(one) for one in some], found)
    return _oldest(connection, alike, joinable)


def _having(connection: Connection, pieces: set[int]) -> set[tuple[int, int]]:
    """The contents that have one of some pieces, by event and place."""
    # One table at a time: a database that knows little of how many rows there are would begin with
    # the cases, and look at all of them.
    statement = select(case_pieces.c.event_seq, case_pieces.c.ordinal).where(
        case_pieces.c.piece.in_(pieces)
    )
    return {(row.event_seq, row.ordinal) for row in connection.execute(statement)}


def _alike(connection: Connection, wanted: Sequence[int], found: set[tuple[int, int]]) -> set[int]:
    """Numbers of the cases with a content near to one of some fingerprints."""
    alike: set[int] = set()
    for seqs in _some({seq for seq, _ in found}):
        statement = select(
            case_contents.c.event_seq, case_contents.c.ordinal, case_contents.c.pdq
        ).where(case_contents.c.event_seq.in_(seqs), case_contents.c.pdq.is_not(None))
        for row in connection.execute(statement):
            if (row.event_seq, row.ordinal) in found:
                own = int.from_bytes(row.pdq)
                if any((own ^ one).bit_count() <= NEAR for one in wanted):
                    alike.add(row.event_seq)
    return alike


def _oldest(connection: Connection, seqs: set[int], joinable: Sequence[Condition]) -> int | None:
    for some in _some(seqs):
        statement = select(func.min(cases.c.event_seq)).where(
            cases.c.event_seq.in_(some), *joinable
        )
        found = connection.scalar(statement)
        if found is not None:
            return int(found)
    return None


def _some(seqs: set[int]) -> Iterator[list[int]]:
    """Numbers in order, as many at a time as a statement may name."""
    ordered = sorted(seqs)
    for start in range(0, len(ordered), _NAMED):
        yield ordered[start : start + _NAMED]


def _piece(mark: int) -> int:
    """The mark of a content among the pieces, where it is no part of a fingerprint."""
    return mark if mark >> PARTS.bit_length() - 1 + BITS else mark | 1 << 62


def parts(fingerprint: bytes) -> Iterator[int]:
    """The parts of a fingerprint, each with its place as one number."""
    for place in range(PARTS):
        yield place << BITS | int.from_bytes(fingerprint[2 * place : 2 * place + 2])


def probed(fingerprint: bytes) -> Iterator[int]:
    """The parts of a fingerprint, and each of them with one bit turned."""
    for part in parts(fingerprint):
        yield part
        yield from (part ^ 1 << bit for bit in range(BITS))

"""Cases: what a person must look at, with the events and decisions behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select

from tutela.model.custody.evidence import EvidenceKind
from tutela.model.custody.leaf import PROGRAM, AuditKind, Fact
from tutela.model.review.search import CaseQuery
from tutela.model.review.standing import CaseContent
from tutela.storage.audit.change import tell
from tutela.storage.custody_tables import evidence_items
from tutela.storage.database import Database
from tutela.storage.review.exporting import CaseExport, exported
from tutela.storage.review.rows import CaseFile, files_of, seq_of
from tutela.storage.review.searching import counted, found
from tutela.storage.review.tables import case_contents
from tutela.storage.tables import cases, events
from tutela.storage.values import now

EXPORT_PAGE = 500
COUNTED = 10_000
MOST_CONTENTS = 20_000
"""More contents than that are not listed of a case."""
EVERY_CASE = CaseQuery()

__all__ = ["CaseExport", "CaseFile", "Cases"]


class _Path(msgspec.Struct):
    """Of a stored content, where it lies; the rest of it is left unread."""

    path: tuple[str, ...] = ()


class Cases:
    """The cases in a database. The journal opens them, with their event."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, case_id: str) -> CaseFile:
        """One case; raises `NotFound`."""
        with self._database.read() as connection:
            (file,) = files_of(connection, [seq_of(connection, case_id)])
        return file

    def list(
        self, query: CaseQuery = EVERY_CASE, *, after: str | None = None, limit: int = 50
    ) -> Sequence[CaseFile]:
        """Up to `limit` cases; `after` is the id of the last case of a page.

        Args:
            query: which cases, in which order.
            after: id of the last case of the page before.
            limit: how many at most.

        Raises:
            NotFound: there is no case `after`.
        """
        with self._database.read() as connection:
            return files_of(connection, found(connection, query, now(), after, limit))

    def count(self, query: CaseQuery = EVERY_CASE, most: int = COUNTED) -> int:
        """How many cases there are of a query, counted up to `most`."""
        with self._database.read() as connection:
            return counted(connection, query, now(), most)

    def events(
        self, case_id: str, *, after: str | None = None, limit: int = 50
    ) -> Sequence[CaseFile]:
        """The events of a case, oldest first, each as the case that it was opened as.

        Args:
            case_id: of the case; its own event is among them.
            after: id of the last one of the page before.
            limit: how many at most.

        Raises:
            NotFound: there is no such case, or none `after`.
        """
        with self._database.read() as connection:
            root = seq_of(connection, case_id)
            statement = select(cases.c.event_seq).where(_stands_in(root))
            if after is not None:
                statement = statement.where(cases.c.event_seq > seq_of(connection, after, "after"))
            page = statement.order_by(cases.c.event_seq).limit(limit)
            return files_of(connection, list(connection.scalars(page)))

    def contents(self, case_id: str, *, limit: int = MOST_CONTENTS) -> Sequence[CaseContent]:
        """What the events of a case hold, oldest first, with the evidence that has the bytes.

        Raises:
            NotFound: there is no such case.
        """
        with self._database.read() as connection:
            root = seq_of(connection, case_id)
            rows, kept = _rows(connection, root, limit), _kept(connection, root)
            paths = _paths(connection, {row["holder"] for row in rows})
        return [_content(row, paths, kept) for row in rows]

    def export(
        self, query: CaseQuery = EVERY_CASE, *, by: str = PROGRAM, form: str = ""
    ) -> Iterator[CaseExport]:
        """Every case of a query as a stream, however many; the log has it before the first one.

        Args:
            query: which cases, in which order.
            by: who gets them.
            form: the format that they are written in, for the record.
        """
        asked = sorted(set(CaseQuery.__struct_fields__) & set(msgspec.to_builtins(query)))
        with self._database.write() as connection:
            facts: dict[str, Fact] = {"format": form, "filters": " ".join(asked)}
            tell(connection, AuditKind.EXPORT, by, "cases", "exported", facts)
        return self._pages(query)

    def _pages(self, query: CaseQuery) -> Iterator[CaseExport]:
        """In one transaction a page: a slow reader must not keep the database from cleaning up."""
        present, after = now(), None
        while True:
            with self._database.read() as connection:
                seqs = found(connection, query, present, after, EXPORT_PAGE)
                page = exported(connection, seqs)
            yield from page
            if len(page) < EXPORT_PAGE:
                return
            after = page[-1].case.id


_HOLDER = func.coalesce(cases.c.contests, cases.c.event_seq)
"""The event that what a case holds came in with: that of an appeal is the one it contests."""


def _stands_in(root: int) -> ColumnElement[bool]:
    return or_(cases.c.event_seq == root, cases.c.root == root)


def _rows(connection: Connection, root: int, limit: int) -> Sequence[RowMapping]:
    statement = (
        select(
            cases.c.id.label("case_id"),
            events.c.id.label("event_id"),
            _HOLDER.label("holder"),
            case_contents,
        )
        .join_from(cases, case_contents, case_contents.c.event_seq == cases.c.event_seq)
        .join(events, events.c.seq == _HOLDER)
        .where(_stands_in(root))
        .order_by(case_contents.c.event_seq, case_contents.c.ordinal)
    )
    return connection.execute(statement.limit(limit)).mappings().all()


def _paths(connection: Connection, seqs: Collection[int]) -> dict[int, list[tuple[str, ...]]]:
    """Where the contents of events lie within what was handed in."""
    statement = select(events.c.seq, events.c.contents).where(events.c.seq.in_(seqs))
    return {
        row.seq: [one.path for one in msgspec.json.decode(row.contents, type=tuple[_Path, ...])]
        for row in connection.execute(statement)
    }


def _kept(connection: Connection, root: int) -> dict[int, RowMapping]:
    """The evidence that holds what was handed in, by event."""
    statement = (
        select(evidence_items.c.event_seq, evidence_items.c.id, evidence_items.c.state)
        .join(cases, evidence_items.c.event_seq == _HOLDER)
        .where(_stands_in(root), evidence_items.c.kind == EvidenceKind.CONTENT.value)
        .order_by(evidence_items.c.seq)
    )
    return {row["event_seq"]: row for row in connection.execute(statement).mappings()}


def _content(
    row: RowMapping, paths: Mapping[int, Sequence[tuple[str, ...]]], kept: Mapping[int, RowMapping]
) -> CaseContent:
    seq, ordinal = row["holder"], row["ordinal"]
    item = kept.get(seq)
    return CaseContent(
        case_id=row["case_id"],
        event_id=row["event_id"],
        ordinal=ordinal,
        path=paths[seq][ordinal],
        media_type=row["media_type"],
        mark=row["mark"].to_bytes(8, "big", signed=True).hex(),
        pdq=(row["pdq"] or b"").hex(),
        grade=row["grade"],
        item=item["id"] if item else "",
        item_state=item["state"] if item else "",
    )

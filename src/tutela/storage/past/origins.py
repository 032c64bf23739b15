"""The past as a re-scan reads it: entries of its scope, events, and what was found in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import RowMapping, select

from tutela.errors import NotFound
from tutela.model import Bank, EventKind, Match, Outcome
from tutela.model.record import Record
from tutela.storage.banks import live_banks
from tutela.storage.changes import list_version
from tutela.storage.database import Database
from tutela.storage.events import EventFile, file_of, kept_of, select_files
from tutela.storage.past.scope import Scope, ScopeCodes, counts_now, parts_of, read_part
from tutela.storage.past.signals import Span
from tutela.storage.tables import decisions, events, findings


class Lists(Record, frozen=True, kw_only=True):
    """The banks there are, and the list version that this speaks for."""

    version: int
    banks: tuple[Bank, ...]


class Decided(Record, frozen=True, kw_only=True):
    """An event as it was decided.

    Attributes:
        seq: its number.
        missing: members that its record was stored without, because a later version of the
            program brought them (`Match.label`), or because no rule asked (`Event.history`).
    """

    seq: int
    file: EventFile
    missing: frozenset[str]

    def unknown(self, facts: Iterable[str]) -> frozenset[str]:
        """Those of some facts that cannot be known of this event, because they were not stored.

        Args:
            facts: dotted paths as rules read them: `matches.label`, `history.blocks_30d`; `path.*`
                stands for all that is in a record.
        """
        lost = {path for member in self.missing for path in _facts_of(member)}
        return frozenset(fact for fact in facts if any(_within(fact, path) for path in lost))


class Past:
    """Reads of the past, in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lists(self) -> Lists:
        """The banks and the list version now."""
        with self._database.read() as connection:
            banks = tuple(live_banks(connection))
            return Lists(version=list_version(connection), banks=banks)

    def read(self, scope: Scope, take: Callable[[ScopeCodes], object]) -> Lists:
        """Hand over the signals of a scope and of all allow banks, part by part.

        No transaction is open while a part is taken, so that it may take its time. Entries may
        change meanwhile: `counting` tells which of them still count.
        """
        with self._database.read() as connection:
            parts = list(parts_of(connection, scope))
        for part in parts:
            with self._database.read() as connection:
                found = read_part(connection, part)
            for codes in found:
                take(codes)
        return self.lists()

    def counting(self, entry_ids: Sequence[int]) -> set[int]:
        """Those of some entries that take part in matching now."""
        with self._database.read() as connection:
            return counts_now(connection, entry_ids)

    def events(self, seqs: Sequence[int]) -> Sequence[EventFile]:
        """Events by number, with their kept signals, oldest first."""
        with self._database.read() as connection:
            statement = select_files().where(events.c.seq.in_(seqs)).order_by(events.c.seq)
            rows = connection.execute(statement).mappings().all()
            return [file_of(row, kept_of(connection, row["seq"])) for row in rows]

    def earlier(self, event_ids: Sequence[str]) -> Mapping[str, Sequence[Outcome]]:
        """Outcomes of the findings that events have led to so far, by the id of the event."""
        statement = (
            select(findings.c.origin, decisions.c.outcome)
            .join(decisions, decisions.c.event_seq == findings.c.event_seq)
            .where(findings.c.origin.in_(event_ids))
        )
        found: dict[str, list[Outcome]] = defaultdict(list)
        with self._database.read() as connection:
            for row in connection.execute(statement):
                found[row.origin].append(msgspec.json.decode(row.outcome, type=Outcome))
        return found

    def decided_one(self, event_id: str) -> Decided:
        """One event with its outcome, without signals; raises `NotFound`."""
        with self._database.read() as connection:
            statement = select_files().where(events.c.id == event_id)
            row = connection.execute(statement).mappings().one_or_none()
        if row is None:
            raise NotFound("no event has this id", where="event")
        return Decided(seq=row["seq"], file=file_of(row), missing=_missing(row))

    def decided(self, span: Span, size: int) -> Sequence[Decided]:
        """Up to `size` events of a span with their outcomes, oldest first, without signals."""
        # Rules decide about no appeal: only people do.
        statement = select_files().where(
            events.c.seq > span.after,
            events.c.seq <= span.up_to,
            events.c.kind != EventKind.APPEAL.value,
        )
        if span.since is not None:
            statement = statement.where(events.c.received_at >= span.since)
        if span.until is not None:
            statement = statement.where(events.c.received_at < span.until)
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(events.c.seq).limit(size)).mappings().all()
        return [Decided(seq=row["seq"], file=file_of(row), missing=_missing(row)) for row in rows]


_MADE_OF = {
    "Event.actor": ("actor", "contact.adult_to_minor", "contact.ages_known"),
    "Event.receivers": ("receivers", "contact"),
    "Event.conversation": ("event.conversation",),
    "Outcome.silenced": ("silenced", "silenced_count"),
    "Match.path": ("matches.in_archive",),
}
"""The facts that are made of a member, where they are not simply named like it."""

_PLACES = {"Event": "", "Outcome": "", "Match": "matches."}


def _facts_of(member: str) -> tuple[str, ...]:
    """Dotted paths of the facts that are made of a member of a record."""
    record, _, name = member.partition(".")
    return _MADE_OF.get(member) or (f"{_PLACES[record]}{name}",)


def _within(fact: str, path: str) -> bool:
    """Whether a fact is what stands at a path, is in it, or has it in itself."""
    if fact.endswith(".*") and f"{path}.".startswith(fact.removesuffix("*")):
        return True
    return fact == path or fact.startswith(f"{path}.")


def _missing(row: RowMapping) -> frozenset[str]:
    """Members of an event, its outcome and its matches that were stored without them."""
    raw = msgspec.json.decode(row["outcome"])
    found = {f"Outcome.{name}" for name in Outcome.__struct_fields__ if name not in raw}
    for match in raw.get("matches", ()):
        found |= {f"Match.{name}" for name in Match.__struct_fields__ if name not in match}
    return frozenset(found | _untold(row))


def _untold(row: RowMapping) -> set[str]:
    """Members of an event that nobody could tell when it was stored, or that nobody asked for."""
    told = msgspec.json.decode(row["about"]) if row["about"] is not None else None
    members = {"receivers", "conversation", "ratings", "account"} if told is None else set()
    if row["actor"] is not None:
        members |= {"actor"} if told is None else set()
        members |= {"history"} if told is None or told.get("history") is None else set()
    return {f"Event.{name}" for name in members}

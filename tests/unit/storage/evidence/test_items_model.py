"""The life of evidence against a simple model of it, whatever happens in whatever order."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from tests.unit.storage.evidence.conftest import TERM, item, sealed

from tutela.errors import Conflict
from tutela.model.custody.evidence import ItemFacts, ItemState, NewItem, Term
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.model.custody.terms import Bound, Moment
from tutela.storage.custody_tables import audit_leaves
from tutela.storage.database import Database
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.evidence.reporting import Reported
from tutela.storage.journal import Journal

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Made

START = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = ("a harmless line", "another line", "a third")
DAY = timedelta(days=1)


@dataclass
class Known:
    """What the model knows of an item."""

    id: str
    event: str
    term: Term
    expires_at: datetime
    text: str | None
    state: ItemState
    clock_at: datetime | None = None
    holds: list[int] = field(default_factory=list)
    destroyed: bool = False

    def due(self, at: datetime) -> bool:
        return not self.destroyed and not self.holds and self.expires_at <= at


class Life(RuleBasedStateMachine):
    """Items that share bytes, holds, reports, what comes later, and clocks that go anywhere."""

    def __init__(self, database: Database, make: Callable[..., Made]) -> None:
        super().__init__()
        self.database, self.make = database, make
        self.items = EvidenceItems(database, 10 * DAY)
        self.journal = Journal(database)
        self.numbers = itertools.count()
        self.known: dict[str, Known] = {}
        self.events: list[str] = []
        self.leaves = 0

    def teardown(self) -> None:
        self.journal.close()
        self.database.close()

    def one(self, which: int) -> Known:
        known = list(self.known.values())
        return known[which % len(known)]

    @rule(
        texts=st.lists(st.none() | st.sampled_from(TEXTS), min_size=1, max_size=3),
        days=st.integers(1, 20),
        bound=st.sampled_from(Bound),
        after=st.sampled_from((Moment.REPORT, Moment.DETECTION)),
    )
    def finds(self, texts: list[str | None], days: int, bound: Bound, after: Moment) -> None:
        term = msgspec.structs.replace(TERM, keep="5 days", bound=bound, after=after)
        event = f"event-{next(self.numbers)}"
        made, new = self.make(event, matched=True), list[NewItem]()
        for text in texts:
            one = item(sealed(text) if text else None, term=term)
            one = msgspec.structs.replace(one, expires_at=START + days * DAY)
            new.append(one)
            self.known[one.id] = Known(
                *(one.id, event, term, START + days * DAY, text, one.state),
            )
        self.journal.record(made.event, made.outcome, made.case, items=new).result(60)
        self.events.append(event)
        self.leaves += 1 + len(new)

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 50))
    def holds(self, which: int) -> None:
        known = self.one(which)
        if known.destroyed:
            with pytest.raises(Conflict):
                self.items.hold(known.id, "why", "", "cli:ann")
            return
        known.holds.append(self.items.hold(known.id, "why", "", "cli:ann").id)
        self.leaves += 1

    @precondition(lambda self: any(one.holds for one in self.known.values()))
    @rule(which=st.integers(0, 50))
    def releases(self, which: int) -> None:
        held = [one for one in self.known.values() if one.holds]
        known = held[which % len(held)]
        hold = known.holds.pop()
        self.items.release(hold, "done", "cli:ann")
        with pytest.raises(Conflict):
            self.items.release(hold, "done", "cli:ann")
        self.leaves += 1

    @precondition(lambda self: self.events)
    @rule(which=st.integers(0, 50), reference=st.integers(0, 3), day=st.integers(-5, 20))
    def reports(self, which: int, reference: int, day: int) -> None:
        event, at = self.events[which % len(self.events)], START + day * DAY
        digest = hashlib.sha256(
            msgspec.json.encode((event, "the authority", f"R-{reference}"))
        ).hexdigest()
        own = f"item-{digest[:24]}"
        report = Reported(
            event_id=event,
            moment=Moment.REPORT,
            at=at,
            authority="the authority",
            reference=f"R-{reference}",
        )
        term = msgspec.structs.replace(TERM, keep="not stated")
        self.items.reported(report, term, "cli:ann")
        if own in self.known:
            return
        self.leaves += 1
        for one in self.known.values():
            later = one.clock_at is None or (one.term.bound is Bound.MINIMUM and one.clock_at < at)
            counts = one.event == event and one.term.after is Moment.REPORT
            if counts and not one.destroyed and later:
                one.clock_at = at
                keep = 10 if one.term.keep == "not stated" else 5
                one.expires_at = at + keep * DAY
                self.leaves += 1
        self.known[own] = Known(
            *(own, event, term, at + 10 * DAY, None, ItemState.KEPT, at),
        )

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 50), text=st.sampled_from(TEXTS))
    def hands_in(self, which: int, text: str) -> None:
        known, object_ = self.one(which), sealed(text)
        facts = ItemFacts(digests=object_.digests, salt="0d" * 16)
        if known.state is ItemState.ELSEWHERE and not known.destroyed:
            self.items.hand_in(known.id, object_, facts, "key:7")
            known.state, known.text = ItemState.KEPT, text
            self.leaves += 1
        elif known.destroyed or known.text != text:
            with pytest.raises(Conflict):
                self.items.hand_in(known.id, object_, facts, "key:7")
        else:
            self.items.hand_in(known.id, object_, facts, "key:7")

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 50), day=st.integers(-2, 40))
    def tries_to_destroy(self, which: int, day: int) -> None:
        known, at = self.one(which), START + day * DAY
        if known.destroyed:
            assert self.items.destroy(known.id, "tutela", at) is None
        elif not known.due(at):
            with pytest.raises(Conflict):
                self.items.destroy(known.id, "tutela", at)
        else:
            self.destroy(known, at)

    @rule(day=st.integers(-2, 40))
    def expires(self, day: int) -> None:
        at = START + day * DAY
        due = {one.id for one in self.known.values() if one.due(at)}
        assert {one.id for one in self.items.due(at, 1000)} == due
        for item_id in due:
            self.destroy(self.known[item_id], at)

    def destroy(self, known: Known, at: datetime) -> None:
        gone = self.items.destroy(known.id, "tutela", at)
        known.destroyed = True
        others = {one.text for one in self.known.values() if not one.destroyed}
        assert (gone is not None) == (known.text is not None and known.text not in others)
        self.leaves += 1

    @invariant()
    def items_are_as_the_model_says(self) -> None:
        found = {one.id: one for one in self.items.list(limit=10_000)}
        assert found.keys() == self.known.keys()
        for known in self.known.values():
            one = found[known.id]
            state = ItemState.DESTROYED if known.destroyed else known.state
            assert (one.state, one.held) == (state, bool(known.holds))
            assert (one.clock_at, one.expires_at) == (known.clock_at, known.expires_at)
            assert (one.facts == ItemFacts()) == known.destroyed

    @invariant()
    def an_object_is_readable_while_an_item_needs_it(self) -> None:
        texts = {one.text for one in self.known.values() if one.text and not one.destroyed}
        living = {one.address for one in self.items.living(limit=1000)}
        assert living == {sealed(text).address for text in texts}
        for known in self.known.values():
            stored = self.items.object_of(known.id)
            if known.text and not known.destroyed:
                assert stored is not None
                assert (stored.address, stored.wrapped is None) == (
                    *(sealed(known.text).address,),
                    False,
                )

    @invariant()
    def every_change_has_its_leaf(self) -> None:
        with self.database.read() as connection:
            assert connection.scalar(select(func.count()).select_from(audit_leaves)) == self.leaves
            leaves = connection.scalars(select(audit_leaves.c.leaf))
            told = [msgspec.json.decode(one, type=Leaf) for one in leaves]
        destroyed = [one.subject for one in told if one.kind is AuditKind.DESTROY]
        assert sorted(destroyed) == sorted(one.id for one in self.known.values() if one.destroyed)


def test_the_life_of_evidence_is_as_the_model_says(
    new_database_url: Callable[[], str], make: Callable[..., Made]
) -> None:
    class Lives(Life):
        def __init__(self) -> None:
            super().__init__(Database.open(new_database_url()), make)

    run_state_machine_as_test(
        Lives,
        settings=settings(max_examples=25, stateful_step_count=25, deadline=None),
    )

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from tests.unit.storage.evidence.conftest import DETECTED_AT, TERM, item, sealed

from tutela.errors import Conflict, NotFound
from tutela.model.custody.evidence import EvidenceKind, ItemFacts, ItemState, StepKind
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.model.custody.terms import Bound, Moment
from tutela.storage.custody_tables import evidence_objects
from tutela.storage.database import Database
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.evidence.writing import commitment

Recorder = Callable[..., str]
Leaves = Callable[[], Sequence[Leaf]]
LATER = DETECTED_AT + timedelta(days=31)


def test_an_item_is_read_as_it_was_written(items: EvidenceItems, record: Recorder) -> None:
    object_, new = sealed(), item(sealed())
    new = item(object_)
    event_id = record(new)
    found = items.get(new.id)
    assert (found.event_id, found.case_id) == (event_id, f"case-{event_id}")
    assert (found.state, found.kind, found.term) == (ItemState.KEPT, EvidenceKind.CONTENT, TERM)
    assert (found.facts, found.object_id, found.held) == (new.facts, object_.id, False)
    assert (found.expires_at, found.destroyed_at) == (new.expires_at, None)
    stored = items.object_of(new.id)
    assert stored is not None
    assert (stored.id, stored.wrapped, stored.size) == (object_.id, object_.wrapped, object_.size)


def test_what_does_not_exist_is_not_found(items: EvidenceItems) -> None:
    for call in (items.get, items.holds, items.object_of, lambda one: items.list(after=one)):
        with pytest.raises(NotFound):
            call("item-none")
    for change in (
        lambda: items.hold("item-none", "why", "", "cli:ann"),
        lambda: items.release(7, "why", "cli:ann"),
        lambda: items.destroy("item-none", "cli:ann", LATER),
        lambda: items.hand_in("item-none", sealed(), ItemFacts(), "cli:ann"),
    ):
        with pytest.raises(NotFound):
            change()


def test_items_are_listed_latest_first_and_narrowed(items: EvidenceItems, record: Recorder) -> None:
    first, second, third = item(sealed("one"), days=5), item(), item(sealed("three"), days=90)
    user = item(sealed("four"), kind=EvidenceKind.USER_DATA)
    one, two = record(first, second), record(third, user)
    items.hold(third.id, "asked by letter", "a court", "cli:ann")

    def ids(**narrow: object) -> list[str]:
        return [found.id for found in items.list(**narrow)]  # type: ignore[arg-type]

    assert ids() == [user.id, third.id, second.id, first.id]
    assert ids(limit=2) == [user.id, third.id]
    assert ids(after=third.id) == [second.id, first.id]
    assert ids(state=ItemState.ELSEWHERE) == [second.id]
    assert ids(kind=EvidenceKind.USER_DATA) == [user.id]
    assert ids(event_id=one) == [second.id, first.id]
    assert ids(case_id=f"case-{two}") == [user.id, third.id]
    assert ids(held=True) == [third.id]
    assert ids(held=False) == [user.id, second.id, first.id]
    assert ids(due_before=DETECTED_AT + timedelta(days=6)) == [first.id]
    assert [found.id for found in items.of_event(one)] == [first.id, second.id]


def test_a_hold_beats_expiry_until_it_is_lifted(
    items: EvidenceItems, record: Recorder, leaves: Leaves
) -> None:
    new = item(sealed())
    record(new)
    hold = items.hold(new.id, "asked by letter", "a court, 7/2026", "cli:ann")
    other = items.hold(new.id, "asked again", "", "cli:bob")
    assert items.get(new.id).held
    assert items.due(LATER) == []
    items.release(other.id, "a mistake", "cli:bob")
    with pytest.raises(Conflict):
        items.destroy(new.id, "tutela", LATER)
    lifted = items.release(hold.id, "the court is done", "cli:ann")
    assert (lifted.released_by, lifted.release_reason) == ("cli:ann", "the court is done")
    with pytest.raises(Conflict):
        items.release(hold.id, "again", "cli:ann")
    assert [found.id for found in items.due(LATER)] == [new.id]
    assert items.destroy(new.id, "tutela", LATER) is not None
    with pytest.raises(Conflict):
        items.hold(new.id, "too late", "", "cli:ann")
    told = [leaf for leaf in leaves() if leaf.subject == new.id]
    assert [leaf.kind for leaf in told] == [
        *(AuditKind.PRESERVE, AuditKind.HOLD, AuditKind.HOLD),
        *(AuditKind.RELEASE, AuditKind.RELEASE, AuditKind.DESTROY),
    ]
    assert "court" not in repr(told)
    assert [one.id for one in items.holds(new.id)] == [hold.id, other.id]


def test_destroying_erases_key_and_facts_and_proves_it(
    items: EvidenceItems, record: Recorder, leaves: Leaves, database: Database
) -> None:
    object_ = sealed()
    new = item(object_)
    record(new)
    with pytest.raises(Conflict):
        items.destroy(new.id, "tutela", DETECTED_AT + timedelta(days=29))
    gone = items.destroy(new.id, "tutela", LATER)
    assert gone is not None
    assert (gone.id, gone.address, gone.wrapped) == (object_.id, object_.address, None)
    found = items.get(new.id)
    assert (found.state, found.facts, found.destroyed_at) == (
        *(ItemState.DESTROYED, ItemFacts()),
        LATER,
    )
    assert items.destroy(new.id, "tutela", LATER) is None
    with database.read() as connection:
        assert connection.scalar(select(evidence_objects.c.wrapped)) is None
    last = leaves()[-1]
    assert (last.kind, last.subject, last.data["key_destroyed"]) == (
        *(AuditKind.DESTROY, new.id),
        True,
    )
    assert last.data["content"] == commitment("0c" * 16, object_.digests["sha256"])
    assert items.known([object_.id]) == set()
    assert items.forget()


def test_a_shared_object_goes_with_its_last_item(items: EvidenceItems, record: Recorder) -> None:
    first, second = item(sealed(), days=1), item(sealed(), days=2)
    record(first)
    record(second, item(sealed("another")))
    assert items.get(first.id).object_id == items.get(second.id).object_id
    assert len(items.living()) == 2
    assert items.destroy(first.id, "tutela", LATER) is None
    assert items.object_of(second.id) is not None
    assert items.destroy(second.id, "tutela", LATER) is not None
    assert len(items.living()) == 1


def test_the_same_bytes_after_their_end_are_a_new_object(
    items: EvidenceItems, record: Recorder
) -> None:
    first, second = item(sealed()), item(sealed())
    record(first)
    items.destroy(first.id, "tutela", LATER)
    record(second)
    assert items.get(first.id).object_id != items.get(second.id).object_id


def test_what_came_back_with_a_backup_is_destroyed_again(
    items: EvidenceItems, record: Recorder, leaves: Leaves
) -> None:
    new = item(sealed(), days=1000)
    record(new)
    items.hold(new.id, "as it stood then", "", "cli:ann")
    assert items.destroy(new.id, "cli:ann", LATER, again=True) is not None
    assert leaves()[-1].data["again"] is True


def test_bytes_are_handed_in_later(items: EvidenceItems, record: Recorder, leaves: Leaves) -> None:
    new, object_ = item(), sealed()
    event_id = record(new)
    facts = ItemFacts(digests=object_.digests, salt="0d" * 16, size=object_.size)
    found = items.hand_in(new.id, object_, facts, "key:7")
    assert (found.state, found.object_id, found.facts) == (ItemState.KEPT, object_.id, facts)
    last = leaves()[-1]
    assert (last.kind, last.by, last.data["event"]) == (AuditKind.PRESERVE, "key:7", event_id)
    assert last.data["content"] == commitment("0d" * 16, object_.digests["sha256"])
    again = items.hand_in(new.id, sealed(), facts, "key:7")
    assert again.object_id == object_.id
    assert len(leaves()) == last.index + 1
    other = ItemFacts(digests={"sha256": "cd" * 32}, salt="0d" * 16)
    with pytest.raises(Conflict):
        items.hand_in(new.id, sealed("another"), other, "key:7")
    items.destroy(new.id, "tutela", LATER)
    with pytest.raises(Conflict):
        items.hand_in(new.id, sealed(), facts, "key:7")


def test_a_key_is_wrapped_anew_only_where_it_is_as_it_was_read(
    items: EvidenceItems, record: Recorder
) -> None:
    new = item(sealed())
    record(new, item(sealed("another")))
    (one,) = [found for found in items.living() if found.id == items.get(new.id).object_id]
    assert one.wrapped is not None
    assert items.key_usage() == {"key-1": 2}
    assert items.rewrapped(one.id, one.wrapped, b"anew", "key-2")
    assert not items.rewrapped(one.id, one.wrapped, b"late", "key-2")
    assert items.key_usage() == {"key-1": 1, "key-2": 1}
    items.destroy(new.id, "tutela", LATER)
    assert not items.rewrapped(one.id, b"anew", b"late", "key-2")
    assert items.key_usage() == {"key-1": 1}


def test_living_objects_come_page_by_page(items: EvidenceItems, record: Recorder) -> None:
    record(*(item(sealed(f"line {number}")) for number in range(5)))
    first = items.living(limit=3)
    second = items.living(after=first[-1].id, limit=3)
    ids = [one.id for one in (*first, *second)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 5
    assert items.known([*ids, "00" * 16]) == set(ids)


def test_an_event_that_is_not_stored_leaves_its_objects_alone(
    items: EvidenceItems, record: Recorder
) -> None:
    kept = sealed()
    event_id = record(item(kept))
    assert items.unneeded("no-such-event", ["00" * 16]) == set()
    assert items.unneeded(event_id, [kept.id, "00" * 16]) == {"00" * 16}


@pytest.mark.parametrize("days", [1.0, 30.0])
def test_what_is_due_comes_page_by_page(
    items: EvidenceItems, record: Recorder, days: float
) -> None:
    new = [item(sealed(f"line {number}"), days=days) for number in range(3)]
    record(*new, item(days=60))
    at: datetime = DETECTED_AT + timedelta(days=days)
    assert items.due(at - timedelta(seconds=1)) == []
    first = items.due(at, limit=2)
    second = items.due(at, limit=2, after=first[-1].id)
    assert [one.id for one in (*first, *second)] == sorted(one.id for one in new)


def test_the_standing_counts_it_all(items: EvidenceItems, record: Recorder) -> None:
    held, gone = item(sealed("held"), days=1), item(sealed("gone"), days=1)
    record(held, gone, item(days=40), item(sealed("late"), days=2))
    items.hold(held.id, "why", "", "cli:ann")
    items.destroy(gone.id, "tutela", LATER)
    standing = items.standing(LATER)
    assert standing.items == {
        ItemState.KEPT: 2,
        ItemState.OWED: 0,
        ItemState.ELSEWHERE: 1,
        ItemState.DESTROYED: 1,
    }
    assert (standing.held, standing.objects, standing.bytes, standing.overdue) == (1, 2, 8, 1)
    assert standing.next_expiry == DETECTED_AT + timedelta(days=2)


def test_the_chain_survives_every_name(items: EvidenceItems, record: Recorder) -> None:
    new = item(sealed())
    record(new)
    assert items.get(new.id).facts.chain[0].kind is StepKind.UPLOAD


def test_a_wish_destroys_before_the_term_and_is_told(
    items: EvidenceItems, record: Recorder, leaves: Leaves
) -> None:
    object_, term = sealed(), replace(TERM, pack="", keep="365 days", after=Moment.DETECTION)
    new = item(object_, term=term)
    record(new)
    gone = items.erase(new.id, "the user asked", "cli:ann", DETECTED_AT)
    assert gone is not None
    assert (gone.id, gone.wrapped) == (object_.id, None)
    found = items.get(new.id)
    assert (found.state, found.facts, found.problem) == (
        *(ItemState.DESTROYED, ItemFacts()),
        "the user asked",
    )
    last = leaves()[-1]
    assert (last.kind, last.by, last.subject) == (AuditKind.DESTROY, "cli:ann", new.id)
    assert last.data["wish"] == hashlib.sha256(b"the user asked").hexdigest()
    assert items.erase(new.id, "again", "cli:ann", DETECTED_AT) is None
    assert items.get(new.id).problem == "the user asked"
    assert leaves()[-1] == last


def test_no_wish_beats_a_hold_or_a_time_of_the_law_that_runs(
    items: EvidenceItems, record: Recorder
) -> None:
    held = item(sealed("held"), term=replace(TERM, pack=""))
    lawful, waiting, most = (
        item(sealed(text), term=replace(TERM, bound=bound))
        for text, bound in (("a", Bound.MINIMUM), ("b", Bound.MINIMUM), ("c", Bound.MAXIMUM))
    )
    lawful, most = (replace(one, clock_at=DETECTED_AT) for one in (lawful, most))
    record(held, lawful, waiting, most)
    hold = items.hold(held.id, "asked by letter", "a court", "cli:ann")
    with pytest.raises(Conflict, match="a hold stands"):
        items.erase(held.id, "the user asked", "cli:ann", DETECTED_AT)
    with pytest.raises(Conflict, match=r"kept for 1 year \(a law\)"):
        items.erase(lawful.id, "the user asked", "cli:ann", DETECTED_AT)
    assert {items.get(one.id).state for one in (held, lawful)} == {ItemState.KEPT}
    items.release(hold.id, "done", "cli:ann")
    # A time that has not begun binds nobody, nor does one that the law gives at most.
    for one in (held, waiting, most):
        assert items.erase(one.id, "the user asked", "cli:ann", DETECTED_AT) is not None
    with pytest.raises(NotFound):
        items.erase("item-none", "the user asked", "cli:ann", DETECTED_AT)

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from tutela.errors import Conflict, NotFound
from tutela.model import ActionKind, Delivery, DeliveryState, Receipt
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage.database import Database
from tutela.storage.outbox.deliveries import Deliveries, DeliveryCounts
from tutela.storage.outbox.destinations import Destinations
from tutela.storage.tables import deliveries as table
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.storage.outbox.conftest import Make, Put, Store

LONG_AGO = timedelta(hours=2)
Failed = Callable[..., Delivery]


@pytest.fixture
def deliveries(database: Database) -> Deliveries:
    return Deliveries(database)


@pytest.fixture
def platform(database: Database) -> Destinations:
    destinations = Destinations(database)
    url = "https://platform.example/"
    destinations.create("platform", url, actions=(ActionKind.BLOCK,), confirm_seconds=60)
    return destinations


def test_what_the_journal_wrote_is_read(
    deliveries: Deliveries, delivery: Make, store: Store
) -> None:
    block = delivery("e1")
    notify = delivery("e1", "moderators", action=ActionKind.NOTIFY)
    store("e1", block, notify)
    assert deliveries.get(block.id) == block
    assert deliveries.of_event("e1") == [block, notify]
    assert deliveries.of_event("e2") == []
    assert deliveries.counts().waiting == 2


def test_what_is_unknown_is_not_found(deliveries: Deliveries) -> None:
    for use in (
        lambda: deliveries.get("act-1"),
        lambda: deliveries.retry("act-1"),
        lambda: deliveries.confirm(Receipt(id="act-1", done=True)),
        lambda: deliveries.list(after="act-1"),
    ):
        with pytest.raises(NotFound, match="no action"):
            use()


def test_pages_go_from_the_latest_to_the_first(
    deliveries: Deliveries, put: Put, delivery: Make, store: Store
) -> None:
    one = put("e1")
    two = [delivery("e2"), delivery("e2", "other")]
    store("e2", *two)
    three = put("e3", "other")
    latest_first = [three, two[1], two[0], one]
    assert deliveries.list() == latest_first
    page = deliveries.list(limit=2)
    assert [*page, *deliveries.list(after=page[-1].id, limit=9)] == latest_first
    assert deliveries.list(destination="other") == [three, two[1]]
    assert deliveries.list(state=DeliveryState.WAITING, limit=1) == [three]
    assert deliveries.list(state=DeliveryState.FAILED) == []
    assert deliveries.list(state=DeliveryState.DONE) == []


def test_a_receipt_makes_an_action_done_once(deliveries: Deliveries, put: Put) -> None:
    made = put("e1")
    receipt = Receipt(id=made.id, done=True, reference="case 7", note="hidden")
    done = deliveries.confirm(receipt)
    assert (done.state, done.receipt, done.next_at) == (DeliveryState.DONE, receipt, None)
    assert done.ended_at is not None
    assert done.sent_at == done.ended_at
    for later in (receipt, Receipt(id=made.id, done=False), Receipt(id=made.id, done=True)):
        assert deliveries.confirm(later) == done
    assert deliveries.counts() == DeliveryCounts()
    assert deliveries.list(state=DeliveryState.DONE) == [done]


def test_what_is_taken_is_not_done(deliveries: Deliveries, put: Put) -> None:
    made = put("e1")
    taken = deliveries.confirm(Receipt(id=made.id, done=False))
    assert (taken.state, taken.ended_at) == (DeliveryState.SENT, None)
    assert taken.sent_at is not None
    again = deliveries.confirm(Receipt(id=made.id, done=False))
    assert again.sent_at == taken.sent_at
    done = deliveries.confirm(Receipt(id=made.id, done=True))
    assert (done.state, done.sent_at) == (DeliveryState.DONE, taken.sent_at)


def test_a_late_receipt_counts_after_all(deliveries: Deliveries, failed: Failed) -> None:
    made = failed("e1")
    assert deliveries.confirm(Receipt(id=made.id, done=False)).state is DeliveryState.FAILED
    done = deliveries.confirm(Receipt(id=made.id, done=True))
    assert (done.state, done.problem) == (DeliveryState.DONE, "")


@pytest.mark.usefixtures("platform")
def test_one_that_failed_can_be_tried_again(deliveries: Deliveries, failed: Failed) -> None:
    made = failed("e1")
    begun = now()
    again = deliveries.retry(made.id)
    assert (again.state, again.attempts, again.ended_at) == (DeliveryState.WAITING, 0, None)
    assert again.next_at is not None
    assert begun <= again.next_at <= now()
    assert again.confirm_by >= begun + timedelta(seconds=60)
    assert again.problem == "it answered with status 500"


@pytest.mark.usefixtures("platform")
def test_one_that_is_done_is_not_tried_again(deliveries: Deliveries, put: Put) -> None:
    made = put("e1")
    deliveries.confirm(Receipt(id=made.id, done=True))
    with pytest.raises(Conflict, match="is done"):
        deliveries.retry(made.id)


def test_one_without_a_destination_is_not_tried_again(
    deliveries: Deliveries, failed: Failed
) -> None:
    made = failed("e1")
    with pytest.raises(Conflict, match="does not exist"):
        deliveries.retry(made.id)
    assert deliveries.retry_failed() == 0
    with pytest.raises(NotFound, match="no destination"):
        deliveries.retry_failed("platform")


def test_all_that_failed_is_tried_again(
    deliveries: Deliveries, platform: Destinations, failed: Failed, put: Put
) -> None:
    platform.create("other", "https://other.example/", actions=())
    failed("e1")
    failed("e2")
    waits = put("e3", at=now() + LONG_AGO)
    elsewhere = failed("e4", "other")
    gone = failed("e5", "gone")
    assert deliveries.retry_failed("platform") == 2
    assert deliveries.retry_failed("platform") == 0
    assert deliveries.retry_failed() == 1
    assert deliveries.get(elsewhere.id).state is DeliveryState.WAITING
    assert deliveries.get(gone.id).state is DeliveryState.FAILED
    assert deliveries.get(waits.id) == waits


def test_the_outbox_is_counted(deliveries: Deliveries, put: Put, failed: Failed) -> None:
    assert deliveries.counts() == DeliveryCounts()
    put("e1", at=now() - LONG_AGO)
    put("e2")
    taken = put("e3", at=now() - LONG_AGO)
    deliveries.confirm(Receipt(id=taken.id, done=False))
    deliveries.confirm(Receipt(id=put("e4").id, done=True))
    failed("e5")
    counts = deliveries.counts()
    assert (counts.waiting, counts.sent, counts.failed, counts.overdue) == (2, 1, 1, 2)
    assert counts.oldest_waiting_seconds == pytest.approx(LONG_AGO.total_seconds(), abs=60)
    assert [one.message.event_id for one in deliveries.list(overdue=True)] == ["e3", "e1"]


def test_what_was_confirmed_and_sent_again_is_told_with_its_event(
    deliveries: Deliveries, platform: Destinations, put: Put, leaves: Callable[[], list[Leaf]]
) -> None:
    del platform
    made = put("e1")
    told = len(leaves())
    deliveries.retry(made.id, by="key:1")
    deliveries.confirm(Receipt(id=made.id, done=False), by="key:2")  # taken, not done
    deliveries.confirm(Receipt(id=made.id, done=True, reference="theirs"), by="key:3")
    deliveries.confirm(Receipt(id=made.id, done=True), by="key:4")  # it is already
    with pytest.raises(Conflict):
        deliveries.retry(made.id, by="key:5")
    again, confirmed = leaves()[told:]
    facts = {"delivery": made.id, "action": "block", "destination": "platform"}
    assert (again.kind, again.by, again.subject) == (AuditKind.ACTION, "key:1", "e1")
    assert again.data == {"did": "sent again", **facts}
    assert (confirmed.kind, confirmed.by, confirmed.subject) == (AuditKind.ACTION, "key:3", "e1")
    assert confirmed.data == {"did": "confirmed", **facts}
    assert "theirs" not in str(leaves())


def test_all_that_is_sent_again_is_told_by_destination(
    deliveries: Deliveries,
    platform: Destinations,
    database: Database,
    put: Put,
    leaves: Callable[[], list[Leaf]],
) -> None:
    platform.create("other", "https://other.example/", actions=())
    for event_id, name in (("e1", "platform"), ("e2", "platform"), ("e3", "other")):
        put(event_id, name)
    with database.write() as connection:
        connection.execute(update(table).values(state="failed", next_at=None))
    told = len(leaves())
    assert deliveries.retry_failed(by="key:1") == 3
    assert deliveries.retry_failed(by="key:2") == 0
    found = leaves()[told:]
    assert {(one.kind, one.by) for one in found} == {(AuditKind.ACTION, "key:1")}
    assert {one.subject: one.data for one in found} == {
        "destination:platform": {"did": "sent again", "deliveries": 2},
        "destination:other": {"did": "sent again", "deliveries": 1},
    }

"""Batches of messages: what becomes of each, of its conversation, and of what rises."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from tests.unit.conversations.lines import KIM, LEA, LINES, harmless, message, rising

from tutela.errors import NotFound
from tutela.model import Actor, AgeBand, AgeSource
from tutela.model.conversation.batch import Complaint, MessageStatus, NewMessage, NewReport
from tutela.model.conversation.message import Participant
from tutela.model.conversation.rating import Lane, MissingEvidence
from tutela.storage.conversation.standing import Key
from tutela.storage.database import Database
from tutela.storage.law import LawCount, LawProof
from tutela.storage.tables import metadata
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.conversations.conftest import Talking

TALK = Key("talk 1", drill=False)
RATED, LATE, AGAIN = MessageStatus.RATED, MessageStatus.LATE, MessageStatus.DUPLICATE


def statuses(talking: Talking, *batches: list[NewMessage]) -> list[list[MessageStatus]]:
    return [[one.status for one in talking.take(batch).results] for batch in batches]


def test_a_rise_is_an_event_with_all_that_policy_reads(talking: Talking) -> None:
    result = talking.take(rising(surface="private_messages", region="US"))
    assert [one.status for one in result.results] == [RATED] * 6
    (talk,) = result.conversations
    (event,) = talking.deciding.handed
    assert talk.event_id == event.event_id
    assert talk.outcome is not None
    assert talk.outcome.event_id == event.event_id
    assert (event.conversation, event.region, event.drill) == ("talk 1", "US", False)
    assert event.actor == Actor(id="kim", age=AgeBand.ADULT, age_source=AgeSource.VERIFIED)
    minor = Actor(id="lea", age=AgeBand.FROM_13_TO_15, age_source=AgeSource.DECLARED)
    assert event.receivers == (minor,)
    assert {one.name: one.value for one in event.ratings} == {
        "grooming": talk.peak,
        "meeting": 10.0,
    }
    assert talk.lanes == (Lane.MEETING,)
    assert event.account is not None
    assert event.account.minors_contacted_30d == 1
    (alert,) = talking.parts.store.alerts(TALK)
    assert alert.told_at is not None
    assert alert.rating.reasons
    assert not event.carries


def test_one_by_one_comes_to_the_same_as_all_at_once(talking: Talking) -> None:
    for one in rising(conversation="slow"):
        talking.take([one])
    talking.take(rising(conversation="fast"))
    slow, fast = (talking.parts.store.get(Key(name, drill=False)) for name in ("slow", "fast"))
    assert (slow.peak, slow.messages, slow.people) == (fast.peak, fast.messages, fast.people)
    assert [(one.peak, one.turn) for one in slow.steps] == [
        (one.peak, one.turn) for one in fast.steps
    ]
    raised = [one.event_id for one in talking.deciding.handed if one.conversation == "slow"]
    assert len(set(raised)) == len(raised) > 1
    values = [one.ratings[0].value for one in talking.deciding.handed if one.conversation == "slow"]
    assert values == sorted(values)
    assert min(values) >= 3.0


def test_what_is_harmless_raises_nothing(talking: Talking) -> None:
    (talk,) = talking.take(harmless()).conversations
    assert talk.peak < 1
    assert talk.event_id is None
    assert talking.deciding.handed == []


def test_messages_are_taken_in_the_order_of_their_numbers(talking: Talking) -> None:
    talking.take(list(reversed(rising())))
    talking.take(rising(conversation="in order"))
    turned, straight = (
        talking.parts.store.get(Key(name, drill=False)) for name in ("talk 1", "in order")
    )
    assert [(one.peak, one.turn) for one in turned.steps] == [
        (one.peak, one.turn) for one in straight.steps
    ]


def test_what_comes_twice_counts_once(talking: Talking) -> None:
    found = statuses(talking, rising()[:3], [*rising(), rising()[5]], rising())
    assert found == [[RATED] * 3, [AGAIN] * 3 + [RATED] * 3 + [AGAIN], [AGAIN] * 6]
    once = talking.parts.store.get(TALK)
    talking.take(rising(conversation="once"))
    assert once.peak == talking.parts.store.get(Key("once", drill=False)).peak
    assert once.messages == 6


def test_what_comes_late_is_rated_and_says_so(talking: Talking) -> None:
    first, second, third, *rest = rising()
    found = statuses(talking, [second, first], [*rest, second], [third])
    assert found == [[RATED, RATED], [RATED] * 3 + [AGAIN], [LATE]]
    talking.take([message(number) for number in range(10, 2000, 10)])
    (late,) = talking.take([message(15)]).results
    assert late.status is MessageStatus.REFUSED
    assert "late" in late.why


def test_drills_and_what_is_real_never_mix(talking: Talking) -> None:
    talking.take([*rising(drill=True)[:5], rising()[0]])
    real, drill = talking.parts.store.get(TALK), talking.parts.store.get(Key("talk 1", drill=True))
    assert (real.messages, drill.messages) == (1, 5)
    assert {one.drill for one in talking.deciding.handed} == {True}


def test_where_the_law_says_no_nothing_is_computed_and_it_is_counted(
    talking: Talking, database: Database
) -> None:
    result = talking.take(rising(region="EU"))
    assert {one.status for one in result.results} == {MessageStatus.NOT_PERMITTED}
    assert result.results[0].why == "pack eu: The derogation has expired."
    assert result.conversations == ()
    with pytest.raises(NotFound):
        talking.parts.store.get(TALK)
    assert not talking.parts.book.signals("kim", drill=False).known
    talking.take([*rising(region="EU")[:2], *rising(region="US")[:1], *rising()[1:2]])
    day, place = now().date(), "private_messages"
    counts = LawProof(database).counts()
    assert sorted(counts, key=lambda one: one.pack) == [
        LawCount(day=day, scanned=1),
        LawCount(day=day, pack="eu", surface_class=place, refused=8),
        LawCount(day=day, pack="us", surface_class=place, scanned=1),
    ]


def test_metadata_of_encrypted_messages_count_where_messages_may_be_rated(
    talking: Talking,
) -> None:
    sealed = {"surface": "encrypted_messages", "text": ""}
    batch = [
        message(1, region="US", **sealed),
        message(2, region="EU", **sealed),
        message(3, "readable after all", region="US", surface="encrypted_messages"),
    ]
    result = talking.take(batch)
    no = MessageStatus.NOT_PERMITTED
    assert [one.status for one in result.results] == [RATED, no, no]
    (talk,) = result.conversations
    assert talk.not_enough_evidence is not None
    assert talk.not_enough_evidence.reason is MissingEvidence.NO_TEXT
    assert talking.parts.book.signals("kim", drill=False).signals.minors_contacted_1d == 1


def test_opening_lines_that_are_alike_are_noticed(talking: Talking) -> None:
    lines = ("hello there, you look nice today", "HELLO there you look nice, today!", "see you")
    for number, text in enumerate(lines):
        child = (Participant(id=f"u{number}", age=12),)
        talking.take([message(1, text, conversation=f"t{number}", receivers=child)])
    signals = talking.parts.book.signals("kim", drill=False).signals
    assert signals.openers_alike_30d == 2


def test_reports_count_for_the_account(talking: Talking) -> None:
    reports = [
        NewReport(actor="kim", by="lea", kind=Complaint.REPORT),
        NewReport(actor="kim", by="max", kind=Complaint.BLOCK),
        NewReport(actor="kim", by="a\x07", kind=Complaint.BLOCK),
    ]
    result = talking.take(reports=reports)
    assert [one.status for one in result.reports] == [RATED, RATED, MessageStatus.REFUSED]
    signals = talking.parts.book.signals("kim", drill=False).signals
    assert (signals.reports_30d, signals.blocks_30d) == (1, 1)


def test_what_cannot_be_taken_is_refused_by_itself(talking: Talking) -> None:
    batch = [
        message(1, conversation="a\nb"),
        message(1, author=Participant(id="k\x00m")),
        message(1, receivers=(Participant(id="l\x9fa"),)),
        message(1, time=now().replace(tzinfo=None)),
        message(1, conversation="\u202eright to left"),
        message(2, author=None),
        message(3, author=Participant(id="")),
    ]
    found = talking.take(batch).results
    assert [one.status for one in found] == [MessageStatus.REFUSED] * 4 + [RATED] * 3
    assert all("kim" not in one.why for one in found)


def test_an_age_that_is_told_later_counts_from_then_on(talking: Talking) -> None:
    unknown = (Participant(id="lea"),)
    batch = [*rising(author=Participant(id="kim"), receivers=unknown)[:3], *rising()[3:]]
    talking.take(batch)
    assert set(talking.parts.store.get(TALK).people) == {KIM, LEA}
    talking.take([message(9, author=Participant(id="kim"), receivers=unknown)])
    assert set(talking.parts.store.get(TALK).people) == {KIM, LEA}


def test_what_could_not_be_decided_about_is_owed_and_told_later(
    talking: Talking, begun: Callable[[Database], Talking], database: Database
) -> None:
    talking.deciding.broken = True
    (talk,) = talking.take(rising()).conversations
    assert talk.event_id is not None
    assert talk.outcome is None
    later = begun(database)  # as after kill -9
    assert asyncio.run(later.parts.service.telling.tell_owed()) == 0  # it is not late yet
    assert asyncio.run(later.parts.service.telling.tell_owed(timedelta(0))) == 1
    assert [one.event_id for one in later.deciding.handed] == [talk.event_id]
    assert asyncio.run(later.parts.service.telling.tell_owed(timedelta(0))) == 0


def test_a_state_that_cannot_be_read_begins_anew_and_keeps_its_peak(
    talking: Talking, database: Database
) -> None:
    talking.take(rising())
    peak = talking.parts.store.get(TALK).peak
    table = metadata.tables["conversations"]
    with database.write() as connection:
        connection.execute(table.update().values(state=b"of another model"))
    (talk,) = talking.take([message(7)]).conversations
    assert talk.value < peak / 10
    assert talk.peak == peak / 10
    assert talking.parts.store.get(TALK).messages == 7
    assert talking.parts.store.get(TALK).people == (LEA, KIM)


def test_each_value_is_counted_once_by_day_and_turn(talking: Talking) -> None:
    for one in rising():
        talking.take([one])
    talking.take([message(number, conversation="long") for number in range(60)])
    late = [message(100 + number, text, conversation="long") for number, text in enumerate(LINES)]
    talking.take(late)
    start = now().replace(hour=0, minute=0, second=0, microsecond=0)
    days = talking.parts.store.days(start)
    by_turn = {turns: {one.peak for one in days if one.turns == turns} for turns in (10, 20, 50, 0)}
    assert by_turn[10] == set(range(talking.parts.store.get(TALK).peak + 1))
    assert by_turn[20] == by_turn[50] == set()
    top = talking.parts.store.get(Key("long", drill=False)).peak
    assert by_turn[0] == set(range(1, top + 1))
    assert all(count == (2 if one.peak == 0 else 1) for one, count in days.items())


def test_nothing_that_was_written_is_stored(talking: Talking, database: Database) -> None:
    secret = "xylophone don't tell your parents about the xylophone"  # noqa: S105 - a text
    talking.take([*rising(), message(7, secret)])
    with database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                shown = " ".join(
                    one.decode("latin-1") if isinstance(one, bytes) else str(one) for one in row
                )
                assert "xylophone" not in shown, table.name
                assert "parents" not in shown, table.name


def test_processes_that_race_lose_nothing(
    database: Database, begun: Callable[[Database], Talking]
) -> None:
    """Four at once write to one conversation and about one actor, all of it twice."""
    talks = [begun(database) for _ in range(4)]
    batches = [[message(number) for number in range(turn, 80, 4)] for turn in range(4)]
    failed: list[Exception] = []

    def work(talking: Talking, batch: list[NewMessage]) -> None:
        try:
            for one in [*batch, *batch]:
                talking.take([one])
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(talks, batches, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    standing = talks[0].parts.store.get(TALK)
    assert standing.messages == 80
    assert standing.numbers == ((0, 79),)
    assert standing.revision == 80


def test_ten_thousand_messages_of_one_actor_stay_small(talking: Talking) -> None:
    for batch in range(10):
        told = {"conversation": "flood", "receivers": (Participant(id=f"u{batch}", age=12),)}
        talking.take([message(1000 * batch + n, LINES[n % 6], **told) for n in range(1000)])
    standing = talking.parts.store.get(Key("flood", drill=False))
    assert standing.messages == 10_000
    assert standing.numbers == ((0, 9999),)
    assert len(standing.state) < 10_000
    assert len(standing.steps) <= 100
    events = len(talking.deciding.handed)
    assert events < 100  # one for each rise, however much is written

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from tutela.errors import NotFound
from tutela.model import CaseState
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.model.review.reading import Purpose, Reading, ReviewOutcome
from tutela.model.review.search import CaseQuery
from tutela.storage.cases import Cases
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims
from tutela.storage.review.readings import NewReading, Readings
from tutela.storage.review.refusals import CaseHasGrown, ClaimLost, TooLateToUndo
from tutela.storage.review.tables import readings as table
from tutela.storage.review.tables import samples
from tutela.storage.tables import cases
from tutela.storage.values import now

Opened = Callable[..., str]
C, V, H, U = ReviewOutcome
AT_ONCE = timedelta(0)


def state_of(database: Database, case_id: str) -> tuple[str, str]:
    with database.read() as connection:
        row = connection.execute(select(cases).where(cases.c.id == case_id)).one()
    return row.state, row.outcome


def read(
    database: Database,
    case_id: str,
    account_id: str,
    outcome: ReviewOutcome,
    *,
    undo: timedelta = timedelta(seconds=60),
    settle: bool = False,
    category: str = "",
) -> Reading:
    claim = Claims(database).take(case_id, account_id, settle=settle)
    new = NewReading(revision=claim.revision, outcome=outcome, category=category)
    return Readings(database, undo).give(claim.token, new, account_id)


def test_one_reading_decides_and_counts_when_it_can_no_longer_be_undone(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one")
    given = read(database, "case-one", people[0], C, category="A")
    assert state_of(database, "case-one") == ("decided", "confirmed")
    assert (given.purpose, given.contents, given.category) == (Purpose.FIRST, 2, "A")
    assert Readings(database).due() == []
    assert Readings(database).latest(people[0]) == given
    opened("two")
    later = read(database, "case-two", people[0], H, undo=AT_ONCE)
    (due,) = Readings(database).due()
    assert (due.case_id, due.outcome, due.before, due.reading) == ("case-two", H, None, later)
    assert Readings(database).of("case-two") == [later]


def test_a_form_that_is_sent_twice_counts_once(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one", readings_wanted=2)
    claim = Claims(database).take("case-one", people[0])
    new, start = NewReading(revision=1, outcome=C), threading.Barrier(4)
    got: list[Reading] = []

    def give() -> None:
        start.wait()
        got.append(Readings(database).give(claim.token, new, people[0]))

    threads = [threading.Thread(target=give) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 4
    assert len({one.id for one in got}) == 1
    assert state_of(database, "case-one")[0] == "second"


def test_a_claim_is_of_its_holder_alone(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one")
    claim = Claims(database).take("case-one", people[0])
    new = NewReading(revision=1, outcome=C)
    with pytest.raises(ClaimLost):
        Readings(database).give(claim.token, new, people[1])
    with pytest.raises(ClaimLost):
        Readings(database).give("forged", new, people[0])
    Readings(database).give(claim.token, new, people[0])
    with pytest.raises(ClaimLost):
        Readings(database).give(claim.token, new, people[1])


def test_a_case_that_has_grown_is_read_again(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one")
    claim = Claims(database).take("case-one", people[0])
    with database.write() as connection:
        connection.execute(update(cases).values(revision=2))
    readings = Readings(database)
    with pytest.raises(CaseHasGrown):
        readings.give(claim.token, NewReading(revision=1, outcome=C), people[0])
    assert Claims(database).holds("case-one", people[0])
    readings.give(claim.token, NewReading(revision=2, outcome=C), people[0])


def test_four_eyes_agree_or_a_senior_settles(
    database: Database, opened: Opened, people: list[str]
) -> None:
    for name in ("one", "two"):
        opened(name, readings_wanted=2)
        assert read(database, f"case-{name}", people[0], C).purpose is Purpose.FIRST
        assert state_of(database, f"case-{name}") == ("second", "")
    assert read(database, "case-one", people[1], C).purpose is Purpose.SECOND
    assert state_of(database, "case-one") == ("decided", "confirmed")
    read(database, "case-two", people[1], H)
    assert state_of(database, "case-two") == ("disputed", "")
    senior = read(database, "case-two", people[3], H, settle=True)
    assert senior.purpose is Purpose.SENIOR
    assert state_of(database, "case-two") == ("decided", "harmless")


def test_a_queue_may_want_three(database: Database, opened: Opened, people: list[str]) -> None:
    with database.write() as connection:
        from tutela.storage.review.tables import queues  # noqa: PLC0415 - used here only

        connection.execute(update(queues).values(readings=3))
    opened("one")
    for account, outcome in zip(people, (C, H, C), strict=False):
        read(database, "case-one", account, outcome)
    assert state_of(database, "case-one") == ("decided", "confirmed")


def test_a_reading_is_taken_back_while_it_does_not_count(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one")
    given = read(database, "case-one", people[0], C)
    readings = Readings(database)
    with pytest.raises(NotFound):
        readings.undo(given.id, people[1])
    undone = readings.undo(given.id, people[0])
    assert undone.undone_at is not None
    assert readings.undo(given.id, people[0]) == undone
    assert state_of(database, "case-one") == ("open", "")
    assert readings.latest(people[0]) is None
    read(database, "case-one", people[0], H)
    assert state_of(database, "case-one") == ("decided", "harmless")
    assert [one.undone_at is None for one in readings.of("case-one")] == [False, True]


def test_what_counts_or_was_built_upon_is_not_taken_back(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one")
    readings = Readings(database)
    late = read(database, "case-one", people[0], C, undo=AT_ONCE)
    with pytest.raises(TooLateToUndo):
        readings.undo(late.id, people[0])
    opened("two", readings_wanted=2)
    first = read(database, "case-two", people[0], C)
    claim = Claims(database).take("case-two", people[1])
    with pytest.raises(TooLateToUndo):
        readings.undo(first.id, people[0])
    readings.give(claim.token, NewReading(revision=1, outcome=C), people[1])
    with pytest.raises(TooLateToUndo):
        readings.undo(first.id, people[0])


def test_undo_and_a_second_reader_at_once(
    database: Database, opened: Opened, people: list[str]
) -> None:
    """Either the reading is undone and the second reader is a first one, or it stays."""
    for number in range(8):
        case_id = opened(f"e{number}", readings_wanted=2)
        given = read(database, case_id, people[0], C)
        start, undone = threading.Barrier(2), []

        def undo(reading_id: int = given.id) -> None:
            start.wait()  # noqa: B023 - joined before the next round
            try:
                Readings(database).undo(reading_id, people[0])
                undone.append(True)  # noqa: B023 - likewise
            except TooLateToUndo:
                pass

        thread = threading.Thread(target=undo)
        thread.start()
        start.wait()
        second = read(database, case_id, people[1], C)
        thread.join()
        counting = [one for one in Readings(database).of(case_id) if one.undone_at is None]
        assert len(counting) == (1 if undone else 2)
        assert state_of(database, case_id)[0] == ("second" if undone else "decided")
        assert second.id in {one.id for one in counting}


def test_a_sample_holds_up_nothing_and_a_disagreement_goes_to_a_senior(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one")
    first = read(database, "case-one", people[0], C, undo=AT_ONCE)
    with database.write() as connection:
        number = connection.scalar(select(cases.c.event_seq).where(cases.c.id == "case-one"))
        connection.execute(update(cases).values(state="closed", closed_at=now()))
        drawn = {"case_seq": number, "queue": "everything", "first_reading": first.id}
        connection.execute(insert(samples), {**drawn, "drawn_at": now()})
    again = read(database, "case-one", people[1], C)
    assert again.purpose is Purpose.SAMPLE
    assert state_of(database, "case-one") == ("closed", "confirmed")
    Readings(database).undo(again.id, people[1])
    read(database, "case-one", people[1], H)
    assert state_of(database, "case-one")[0] == CaseState.DISPUTED
    read(database, "case-one", people[3], H, undo=AT_ONCE, settle=True)
    (due,) = Readings(database).due()
    assert (due.outcome, due.before) == (H, C)


def test_what_is_read_and_undone_is_told_without_words(
    database: Database, opened: Opened, people: list[str], leaves: Callable[[], list[Leaf]]
) -> None:
    opened("one")
    claim = Claims(database).take("case-one", people[0])
    new = NewReading(revision=1, outcome=C, note="words", statement="words", reasons=("words",))
    given = Readings(database).give(claim.token, new, people[0], by="person:a")
    Readings(database).undo(given.id, people[0], by="person:a")
    told = [leaf for leaf in leaves() if leaf.kind is AuditKind.READING]
    assert [(leaf.by, leaf.subject, leaf.data["did"]) for leaf in told] == [
        ("person:a", "case-one", "given"),
        ("person:a", "case-one", "undone"),
    ]
    assert "words'" not in str(told).replace("'words':", "")


def test_nothing_is_stored_of_what_is_refused(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one")
    with pytest.raises(ClaimLost):
        Readings(database).give("none", NewReading(revision=1, outcome=C), people[0])
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_the_same_category_of_two_schemes_is_not_the_same(
    database: Database, opened: Opened, people: list[str]
) -> None:
    readings = Readings(database)
    for name, schemes, state in (
        ("one", ("uk", "uk"), CaseState.DECIDED),
        ("two", ("uk", "iwf"), CaseState.DISPUTED),
    ):
        case_id = opened(name, readings_wanted=2)
        for scheme, who in zip(schemes, people, strict=False):
            claim = Claims(database).take(case_id, who)
            said = NewReading(revision=1, outcome=C, scheme=scheme, category="B")
            readings.give(claim.token, said, who)
        file = Cases(database).get(case_id)
        assert file.case.state is state
        if file.standing.decided is not None:
            assert file.standing.decided.category == "uk:B"
    for asked in ("uk:B", "B"):
        found = Cases(database).list(CaseQuery(category=asked))
        assert [one.case.id for one in found] == ["case-one"]
    assert Cases(database).list(CaseQuery(category="iwf:B")) == []

"""The counters of accounts in the database: per batch, in one transaction, with nothing lost."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tutela.model.actor import AccountSignals, AgeBand
from tutela.model.conversation.batch import Complaint
from tutela.model.conversation.message import Participant
from tutela.storage.conversation.account_tables import account_counters
from tutela.storage.conversation.accounts import AccountBook, Complained, Contact
from tutela.storage.database import Database

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADULT = Participant(id="ann", age=30)


def child(name: str) -> Participant:
    return Participant(id=name, age_band=AgeBand.UNDER_13)


def wrote(author: Participant, *receivers: Participant, opener: Sequence[int] = ()) -> Contact:
    return Contact(author, receivers, AT, opener)


def tell(
    database: Database,
    contacts: Sequence[Contact],
    complaints: Sequence[Complained] = (),
    *,
    drill: bool = True,
    at: datetime = AT,
) -> dict[str, AccountSignals]:
    """One batch in a transaction of its own."""
    with database.write() as connection:
        book = AccountBook(database)
        return dict(book.of_batch(connection, contacts, complaints, drill=drill, at=at))


def test_a_batch_is_counted_for_both_sides_and_stays(database: Database) -> None:
    batch = [
        wrote(ADULT, child("b"), opener=(1, 2)),
        wrote(ADULT, child("c"), opener=(2, 3)),
        wrote(child("b"), ADULT),
    ]
    complaints = [
        Complained("ann", "c", Complaint.REPORT, AT),
        Complained("ann", "c", Complaint.BLOCK, AT),
    ]
    told = tell(database, batch, complaints)
    assert set(told) == {"ann", "b"}
    assert told["ann"] == AccountSignals(
        minors_contacted_1d=2,
        minors_contacted_7d=2,
        minors_contacted_30d=2,
        unanswered_share=0.0,
        started_share=1.0,
        openers_alike_30d=2,
        age_band_gap=3,
        reports_30d=1,
        blocks_30d=1,
    )
    assert told["b"].started_share == 0.0
    book = AccountBook(database)
    assert book.signals("ann", drill=True, at=AT) == (True, told["ann"])
    later = book.signals("ann", drill=True, at=AT + timedelta(hours=6))
    assert later.signals.unanswered_share == 0.5


def test_drills_and_what_is_real_are_counted_apart(database: Database) -> None:
    tell(database, [wrote(ADULT, child("b"))])
    real = AccountBook(database).signals("ann", drill=False, at=AT)
    assert (real.known, real.signals.minors_contacted_30d) == (False, 0)


def test_groups_strangers_to_themselves_and_nobody_count_nothing(database: Database) -> None:
    nobody = Participant(id="")
    group = [child(name) for name in "bcde"]
    batch = [wrote(ADULT, *group), wrote(ADULT, ADULT), wrote(nobody, ADULT), wrote(ADULT, nobody)]
    complaints = [
        Complained("ann", "ann", Complaint.BLOCK, AT),
        Complained("", "b", Complaint.BLOCK, AT),
        Complained("ann", "", Complaint.BLOCK, AT),
    ]
    told = tell(database, batch, complaints)
    assert (told["ann"].minors_contacted_1d, told["ann"].started_share) == (0, None)
    assert told["ann"].blocks_30d == 0
    assert tell(database, [wrote(ADULT, *group[:3])])["ann"].minors_contacted_1d == 3


def test_nothing_is_written_where_nothing_changed(database: Database) -> None:
    tell(database, [wrote(ADULT, child("b"))])
    again = tell(database, [wrote(ADULT, child("b"))], at=AT + timedelta(minutes=5))
    assert again["ann"].minors_contacted_1d == 1
    with database.read() as connection:
        assert set(connection.scalars(select(account_counters.c.touched_at))) == {AT}


def test_batches_at_once_lose_nothing_of_each_other(database: Database) -> None:
    def batch(number: int) -> None:
        receivers = [child(f"{number}-{one}") for one in range(3)]
        batch = [wrote(ADULT, one) for one in receivers]
        tell(database, batch if number % 2 else batch[::-1])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(batch, range(12)))
    said = AccountBook(database).signals("ann", drill=True, at=AT).signals
    assert said.minors_contacted_1d == 36


def test_a_batch_of_more_accounts_than_a_statement_names(database: Database) -> None:
    told = tell(database, [wrote(ADULT, child(f"u{one}")) for one in range(600)])
    assert told["ann"].minors_contacted_1d == 600


def test_a_batch_that_is_taken_back_counts_nothing(database: Database) -> None:
    def failing() -> None:
        with database.write() as connection:
            book = AccountBook(database)
            book.of_batch(connection, [wrote(ADULT, child("b"))], drill=True, at=AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert not AccountBook(database).signals("ann", drill=True, at=AT).known


def test_counters_that_cannot_be_read_begin_anew(database: Database) -> None:
    tell(database, [wrote(ADULT, child("b"))])
    with database.write() as connection:
        connection.execute(update(account_counters).values(state=b"damaged"))
    assert tell(database, [wrote(ADULT, child("c"))])["ann"].minors_contacted_1d == 1

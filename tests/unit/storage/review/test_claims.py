from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select, update

from tutela.errors import NotFound
from tutela.model import CaseState
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.model.review.reading import Purpose, ReviewOutcome
from tutela.storage.database import Database
from tutela.storage.review.claims import LEASE, MOST_HELD, Claims
from tutela.storage.review.readings import NewReading, Readings
from tutela.storage.review.refusals import (
    AlreadyClaimed,
    ClaimLost,
    NotForYou,
    NothingToDecide,
    TooManyClaims,
)
from tutela.storage.review.score import IMMINENT
from tutela.storage.review.tables import samples
from tutela.storage.tables import cases
from tutela.storage.values import now

Opened = Callable[..., str]
DAY = timedelta(days=1)


@pytest.fixture
def opened(opened: Opened) -> Opened:
    """Opens a case that is known to stand for itself."""
    return partial(opened, gathered_at=now())


def test_imminent_then_overdue_then_by_score_then_by_age(
    database: Database, opened: Opened, people: list[str]
) -> None:
    present = now()
    opened("young", score=10, opened_at=present)
    opened("old", score=10, opened_at=present - DAY)
    opened("high", score=20, opened_at=present, waits_until=present + DAY)
    opened("late", score=1, waits_until=present - DAY)
    opened("danger", score=IMMINENT, opened_at=present)
    claims = Claims(database)
    found = [claims.next(people[0]) for _ in range(5)]
    assert [one and one.case_id for one in found] == [
        "case-danger",
        "case-late",
        "case-high",
        "case-old",
        "case-young",
    ]
    with pytest.raises(TooManyClaims):
        claims.next(people[0])
    assert len(claims.held(people[0])) == MOST_HELD
    assert claims.next(people[1]) is None


def test_queues_lighter_ones_and_those_that_a_person_never_gets(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("grave", severity="critical", score=30, queue="a")
    opened("light", severity="low", score=1, queue="b")
    claims = Claims(database)
    lighter = claims.next(people[0], lighter=True)
    assert lighter is not None
    assert lighter.case_id == "case-light"
    claims.hand_back("case-light", people[0])
    assert claims.next(people[0], queue="c") is None
    assert claims.next(people[0], never=["a", "b"]) is None
    one = claims.next(people[0], queue="a")
    assert one is not None
    assert one.case_id == "case-grave"
    # Where there is no lighter one, the graver is better than none.
    other = claims.next(people[1], lighter=True)
    assert other is not None
    claims.hand_back("case-light", people[1])
    claims.pass_on("case-grave", people[0])
    assert claims.next(people[0], queue="a") is None


def test_only_one_of_many_gets_a_case(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one")
    claims, start = Claims(database), threading.Barrier(len(people))
    got: list[str] = []

    def claim(account_id: str) -> None:
        start.wait()
        try:
            claims.take("case-one", account_id)
        except AlreadyClaimed:
            return
        got.append(account_id)

    threads = [threading.Thread(target=claim, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    assert claims.holds("case-one", got[0])


def test_many_who_ask_for_the_next_get_one_each(
    database: Database, opened: Opened, people: list[str]
) -> None:
    ids = {opened(f"e{number}") for number in range(len(people))}
    claims, start = Claims(database), threading.Barrier(len(people))
    got: list[str] = []

    def claim(account_id: str) -> None:
        start.wait()
        found = claims.next(account_id)
        assert found is not None
        got.append(found.case_id)

    threads = [threading.Thread(target=claim, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(got) == ids
    assert len(got) == len(ids)


def test_a_lapsed_lease_is_free_and_the_late_one_is_refused(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one")
    brief, claims = Claims(database, timedelta(0)), Claims(database)
    first = brief.take("case-one", people[0])
    assert not claims.holds("case-one", people[0])
    second = claims.take("case-one", people[1])
    assert second.token != first.token
    for late in (claims.hand_back, claims.pass_on, claims.renew):
        with pytest.raises(ClaimLost):
            late("case-one", people[0])
    new = NewReading(revision=1, outcome=ReviewOutcome.HARMLESS)
    with pytest.raises(ClaimLost):
        Readings(database).give(first.token, new, people[0])
    with pytest.raises(ClaimLost):
        Readings(database).give(second.token, new, people[0])


def test_a_lapsed_lease_that_nobody_took_can_be_renewed(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one")
    Claims(database, timedelta(0)).take("case-one", people[0])
    claims = Claims(database)
    assert claims.renew("case-one", people[0]) > now()
    again = claims.take("case-one", people[0])
    assert claims.held(people[0]) == [again]


def test_who_has_read_it_or_passed_it_does_not_get_it(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one", readings_wanted=2)
    claims = Claims(database)
    claims.take("case-one", people[0])
    claims.pass_on("case-one", people[0])
    with pytest.raises(NotForYou):
        claims.take("case-one", people[0])
    first = claims.take("case-one", people[1])
    new = NewReading(revision=1, outcome=ReviewOutcome.CONFIRMED, category="A")
    Readings(database).give(first.token, new, people[1])
    with pytest.raises(NotForYou):
        claims.take("case-one", people[1])
    assert claims.next(people[0]) is None
    assert claims.next(people[1]) is None
    second = claims.next(people[2])
    assert second is not None
    assert second.purpose is Purpose.SECOND


def test_who_decided_does_not_read_the_appeal(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one")
    claims = Claims(database)
    claim = claims.take("case-one", people[0])
    new = NewReading(revision=1, outcome=ReviewOutcome.CONFIRMED)
    Readings(database).give(claim.token, new, people[0])
    with database.read() as connection:
        number = connection.scalar(select(cases.c.event_seq).where(cases.c.id == "case-one"))
    opened("appeal", kind="appeal", contests=number)
    with pytest.raises(NotForYou):
        claims.take("case-appeal", people[0])
    assert claims.next(people[0]) is None
    assert claims.next(people[1]) is not None


def test_disputes_are_for_those_who_may_settle(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one", state=CaseState.DISPUTED.value)
    claims = Claims(database)
    assert claims.next(people[0]) is None
    with pytest.raises(NotForYou):
        claims.take("case-one", people[0])
    found = claims.next(people[3], settle=True)
    assert found is not None
    assert found.purpose is Purpose.SENIOR


@pytest.mark.parametrize("state", [CaseState.DECIDED, CaseState.CLOSED])
def test_what_is_decided_wants_no_reading(
    database: Database, opened: Opened, people: list[str], state: CaseState
) -> None:
    opened("one", state=state.value)
    with pytest.raises(NothingToDecide):
        Claims(database).take("case-one", people[0])


def test_a_case_in_another_is_decided_with_that(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one", state=CaseState.GATHERED.value, root=7)
    with pytest.raises(NothingToDecide):
        Claims(database).take("case-one", people[0])
    assert Claims(database).next(people[0]) is None


def test_samples_come_last_until_they_have_waited_for_a_day(
    database: Database, opened: Opened, people: list[str]
) -> None:
    claims, given = Claims(database), Readings(database)
    claim = claims.take(opened("one"), people[0])
    reading = given.give(
        claim.token, NewReading(revision=1, outcome=ReviewOutcome.HARMLESS), people[0]
    )
    with database.write() as connection:
        of_case = cases.c.id == "case-one"
        number = connection.scalar(select(cases.c.event_seq).where(of_case))
        connection.execute(update(cases).where(of_case).values(state="closed", closed_at=now()))
        drawn = {"case_seq": number, "queue": "everything", "first_reading": reading.id}
        connection.execute(insert(samples), {**drawn, "drawn_at": now()})
    opened("two")
    first = claims.next(people[1])
    assert first is not None
    assert first.case_id == "case-two"
    sample = claims.next(people[1])
    assert sample is not None
    assert (sample.case_id, sample.purpose) == ("case-one", Purpose.SAMPLE)
    claims.hand_back("case-one", people[1])
    claims.hand_back("case-two", people[1])
    with database.write() as connection:
        connection.execute(update(samples).values(drawn_at=now() - 2 * DAY))
    old = claims.next(people[1])
    assert old is not None
    assert old.case_id == "case-one"
    claims.hand_back("case-one", people[1])
    with pytest.raises(NotForYou):
        claims.take("case-one", people[0])


def test_what_is_done_to_claims_is_told(
    database: Database, opened: Opened, people: list[str], leaves: Callable[[], list[Leaf]]
) -> None:
    opened("one")
    claims = Claims(database)
    claims.take("case-one", people[0], by="person:a")
    claims.hand_back("case-one", people[0], by="person:a")
    claims.take("case-one", people[0], by="person:a")
    claims.take_back("case-one", by="person:b")
    claims.take_back("case-one", by="person:b")  # nobody holds it
    told = [leaf for leaf in leaves() if leaf.kind is AuditKind.CASE]
    assert [(leaf.by, leaf.data["did"]) for leaf in told] == [
        ("person:a", "claimed"),
        ("person:a", "handed back"),
        ("person:a", "claimed"),
        ("person:b", "taken back"),
    ]


def test_there_is_no_such_case(database: Database, people: list[str]) -> None:
    with pytest.raises(NotFound):
        Claims(database).take("case-none", people[0])
    with pytest.raises(NotFound):
        Claims(database).take_back("case-none")
    assert not Claims(database).holds("case-none", people[0])


def test_what_is_not_gathered_yet_comes_last_unless_there_is_danger(
    database: Database, opened: Opened, people: list[str]
) -> None:
    present = now()
    opened("new", score=30, waits_until=present - DAY, gathered_at=None)
    opened("known", score=1)
    opened("danger", score=IMMINENT, gathered_at=None)
    claims = Claims(database)
    found = [claims.next(people[0]) for _ in range(3)]
    assert [one and one.case_id for one in found] == ["case-danger", "case-known", "case-new"]


class Jumping:
    """A server's clock that is set now and then."""

    def __init__(self) -> None:
        self.at = now()

    def __call__(self) -> datetime:
        return self.at


@pytest.mark.parametrize("jump", [timedelta(hours=-5), timedelta(hours=5)])
def test_a_claim_comes_back_though_a_clock_has_jumped(
    database: Database, opened: Opened, people: list[str], jump: timedelta
) -> None:
    opened("one")
    clock = Jumping()
    claims = Claims(database, clock=clock)
    first = claims.next(people[0])
    assert first is not None
    clock.at += jump
    until = claims.renew("case-one", people[0])  # who is still there keeps it
    assert until == clock.at + LEASE
    assert claims.next(people[1]) is None
    clock.at += LEASE  # and who is not, for a lease at most
    second = claims.next(people[1])
    assert second is not None
    given = NewReading(revision=1, outcome=ReviewOutcome.HARMLESS)
    with pytest.raises(ClaimLost):
        Readings(database).give(first.token, given, people[0])
    assert Readings(database).give(second.token, given, people[1]).account == people[1]


def test_a_claim_of_a_clock_that_was_ahead_holds_nothing_up(
    database: Database, opened: Opened, people: list[str]
) -> None:
    opened("one")
    ahead, right = Jumping(), Jumping()
    ahead.at += timedelta(days=300)
    assert Claims(database, clock=ahead).next(people[0]) is not None
    claims = Claims(database, clock=right)
    assert claims.take("case-one", people[1]).until == right.at + LEASE
    assert not claims.holds("case-one", people[0])
    assert claims.next(people[0]) is None


@pytest.mark.parametrize("seed", range(4))
def test_whatever_clocks_do_each_case_is_read_once_and_none_is_stuck(
    database: Database, opened: Opened, people: list[str], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    cases_of = [opened(f"e{number}") for number in range(4)]
    clocks = [Jumping(), Jumping()]
    servers = [Claims(database, clock=clock) for clock in clocks]
    readings, tokens, done = Readings(database), dict[str, tuple[str, str]](), set[str]()
    for _ in range(40):
        clock = chance.choice(clocks)
        clock.at += timedelta(minutes=chance.choice((1, 5, -3, 200, -200, 90_000, -90_000)))
        who, server = chance.choice(people[:3]), chance.choice(servers)
        case_id = chance.choice(cases_of)
        try:
            match chance.randrange(3):
                case 0:
                    tokens[case_id] = (server.take(case_id, who).token, who)
                case 1:
                    server.renew(case_id, who)
                case _ if case_id in tokens:
                    token, holder = tokens[case_id]  # the last that anybody was given
                    given = NewReading(revision=1, outcome=ReviewOutcome.HARMLESS)
                    readings.give(token, given, holder)
                    done.add(case_id)
        except (AlreadyClaimed, ClaimLost, NothingToDecide, NotForYou, TooManyClaims):
            continue
    for clock in clocks:
        clock.at = now() + 2 * LEASE  # set right, and everybody is gone
    for case_id in cases_of:
        if case_id not in done:
            servers[0].take(case_id, people[3])
            servers[0].hand_back(case_id, people[3])
    for case_id in cases_of:
        assert len(readings.of(case_id)) == (case_id in done)

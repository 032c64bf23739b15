"""Figures against another way to count: whatever people did, looked at case by case."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update
from tests.unit.storage.review.filing import AT, Filed, file_cases

from tutela.model.review.figures import Counted, Number, Period, Spread
from tutela.model.review.reading import Purpose, ReviewOutcome
from tutela.storage.access.accounts import Accounts
from tutela.storage.cases import Cases
from tutela.storage.database import Database
from tutela.storage.review.figures.counting import ALL, FigureCounts
from tutela.storage.review.figures.sampling import Samples
from tutela.storage.review.tables import passes, readings, samples
from tutela.storage.tables import cases

COUNT = 8
HOUR = timedelta(hours=1)
C, V, H, U = ReviewOutcome
SETTLED = ("decided", "closed")
STATES = (*SETTLED, *SETTLED, "open", "second", "disputed", "gathered")
SAID = st.tuples(st.sampled_from([C, V, H]), st.sampled_from(["", "s:A", "s:B", "t:A"]))
Said = tuple[ReviewOutcome, str]


class Read(NamedTuple):
    """A reading, some hours after the beginning."""

    purpose: Purpose
    said: Said
    hour: int
    undone: bool
    unseen: bool
    took: int

    @property
    def at(self) -> datetime:
        return AT + self.hour * HOUR


class Told(NamedTuple):
    """What is known of a case; `sampled` numbers two of its readings, or the first alone."""

    queue: str
    state: str
    drill: bool
    kind: str
    said: Said
    opened: int
    decided: int | None
    promised: int | None
    reads: tuple[Read, ...]
    sampled: tuple[int, int | None] | None
    agreed: bool | None
    passed: tuple[int, ...]


@st.composite
def told(draw: st.DrawFn) -> Told:
    hours = st.integers(0, 9)
    wanted = draw(st.lists(st.sampled_from(list(Purpose)), max_size=5))
    reads, counting = [], set[Purpose]()
    for purpose in wanted:
        # Of each purpose one reading counts at most; others were undone.
        undone = purpose in counting or draw(st.integers(0, 4)) == 0
        if not undone:
            counting.add(purpose)
        unseen, took = draw(st.booleans()), draw(st.integers(1, 900))
        reads.append(Read(purpose, draw(SAID), draw(hours), undone, unseen, took))
    sampled = None
    firsts = [n for n, one in enumerate(reads) if one.purpose is not Purpose.SAMPLE]
    again = [n for n, one in enumerate(reads) if one.purpose is Purpose.SAMPLE and not one.undone]
    drawn = draw(st.booleans())
    if firsts and (again or drawn):
        sampled = (draw(st.sampled_from(firsts)), again[0] if again else None)
    else:
        reads = [one for one in reads if one.purpose is not Purpose.SAMPLE]
    state = draw(st.sampled_from(STATES))
    return Told(
        queue=draw(st.sampled_from(["everything", "fast", "gone"])),
        state=state,
        drill=draw(st.booleans()),
        kind=draw(st.sampled_from(["finding", "appeal"])),
        said=draw(SAID),
        opened=draw(hours),
        decided=draw(hours) if state in SETTLED or draw(st.booleans()) else None,
        promised=draw(st.none() | hours),
        reads=tuple(reads),
        sampled=sampled,
        agreed=draw(st.booleans()) if sampled and sampled[1] is not None else None,
        passed=tuple(sorted(draw(st.sets(hours, max_size=2)))),
    )


class Journal:
    """Writes what is known of some cases over what stood there."""

    def __init__(self, database: Database) -> None:
        self.database = database
        file_cases(database, [Filed(f"e{at}") for at in range(COUNT)])
        self.people = [Accounts(database).create(name, "reviewer").id for name in ("ada", "bea")]
        self.claims = itertools.count()

    def write(self, known: Sequence[Told]) -> None:
        with self.database.write() as connection:
            for table in (samples, passes, readings):
                connection.execute(delete(table))
            for seq, one in enumerate(known, 1):
                values = {
                    "queue": one.queue,
                    "state": one.state,
                    "drill": one.drill,
                    "kind": one.kind,
                    "outcome": one.said[0].value if one.decided is not None else "",
                    "category": one.said[1] if one.decided is not None else "",
                    "opened_at": AT + one.opened * HOUR,
                    "decided_at": None if one.decided is None else AT + one.decided * HOUR,
                    "waits_until": None if one.promised is None else AT + one.promised * HOUR,
                }
                of_case = update(cases).where(cases.c.event_seq == seq)
                assert connection.execute(of_case.values(**values)).rowcount == 1
                ids = [
                    connection.execute(
                        insert(readings).values(**self._row(seq, read)).returning(readings.c.id)
                    ).scalar_one()
                    for read in one.reads
                ]
                if one.sampled:
                    first, again = one.sampled
                    row = {"case_seq": seq, "queue": one.queue, "drawn_at": AT}
                    row |= {"first_reading": ids[first], "agreed": one.agreed}
                    row |= {"second_reading": None if again is None else ids[again]}
                    connection.execute(insert(samples), row)
                for person, hour in zip(self.people, one.passed, strict=False):
                    gone = {"case_seq": seq, "account_id": person, "at": AT + hour * HOUR}
                    connection.execute(insert(passes), gone)

    def _row(self, seq: int, read: Read) -> Mapping[str, Any]:
        return {
            "case_seq": seq,
            "claim": str(next(self.claims)),
            "revision": 1,
            "account_id": self.people[0],
            "purpose": read.purpose.value,
            "queue": "where it stood then",
            "outcome": read.said[0].value,
            "category": read.said[1].rpartition(":")[2],
            "scheme": read.said[1].partition(":")[0],
            "reasons": "[]",
            "note": "",
            "statement": "",
            "unseen": read.unseen,
            "contents": 0,
            "stacks": 0,
            "revealed": 0,
            "claimed_at": read.at - timedelta(seconds=read.took),
            "at": read.at,
            "settles_at": read.at,
            "undone_at": read.at if read.undone else None,
        }


class Oracle:
    """Counts one case after the other, in plain words."""

    def __init__(
        self, known: Sequence[Told], since: int, until: int, *, drill: bool | None
    ) -> None:
        self.hours = range(since, until)
        self.known = [
            one for one in known if one.state != "gathered" and drill in (None, one.drill)
        ]

    def number(self, number: Number, queue: str) -> int:
        return sum(self.holds(number, one) for one in self.known if queue in (ALL, one.queue))

    def holds(self, number: Number, one: Told) -> bool:
        decided = one.decided in self.hours
        within = [read for read in one.reads if read.hour in self.hours]
        sample, second = self.sample(one), self.second(one)
        settled, final = one.state in SETTLED, one.said if one.decided is not None else None
        pair = self.pair(one)
        appeal = decided and one.kind == "appeal"
        return {
            Number.OPENED: one.opened in self.hours,
            Number.DECIDED: decided,
            Number.LATE: decided and self.is_late(one),
            Number.HANDLED: bool(within) or self.is_passed(one),
            Number.UNSEEN: any(read.unseen and not read.undone for read in within),
            Number.UNDONE: any(read.undone for read in within),
            Number.PASSED: self.is_passed(one),
            Number.REREAD: pair is not None,
            Number.DISAGREED: pair is not None and pair[0] != pair[1],
            Number.SAMPLED: sample is not None,
            Number.SAMPLES: sample is not None and settled,
            Number.OVERTURNED: sample is not None and settled and sample[0] != final,
            Number.SECONDS: second is not None and settled,
            Number.CORRECTED: second is not None and settled and second[0] != final,
            Number.APPEALS: appeal,
            Number.GRANTED: appeal and one.said[0] is H,
        }[number]

    def is_late(self, one: Told) -> bool:
        late = one.promised is not None and one.decided is not None and one.decided > one.promised
        return late and one.agreed is not False

    def is_passed(self, one: Told) -> bool:
        return any(hour in self.hours for hour in one.passed)

    def counting(self, one: Told, purpose: Purpose) -> Read | None:
        found = [read for read in one.reads if read.purpose is purpose and not read.undone]
        return found[0] if found else None

    def second(self, one: Told) -> tuple[Said, Said] | None:
        first, second = self.counting(one, Purpose.FIRST), self.counting(one, Purpose.SECOND)
        if first is None or second is None or second.hour not in self.hours:
            return None
        return first.said, second.said

    def sample(self, one: Told) -> tuple[Said, Said] | None:
        if one.sampled is None or one.sampled[1] is None:
            return None
        first, again = (one.reads[number] for number in one.sampled if number is not None)
        return (first.said, again.said) if again.hour in self.hours else None

    def pair(self, one: Told) -> tuple[Said, Said] | None:
        if self.counting(one, Purpose.SECOND) is None:
            return self.sample(one)
        return self.second(one)

    def waited(self, queue: str) -> Spread:
        return spread(
            (one.decided - one.opened) * 3600
            for one in self.known
            if queue in (ALL, one.queue)
            and one.decided is not None
            and one.decided in self.hours
            and one.agreed is not False
        )

    def reading(self, queue: str) -> Spread:
        return spread(
            read.took
            for one in self.known
            if queue in (ALL, one.queue)
            for read in one.reads
            if read.hour in self.hours and not read.undone
        )


def spread(times: Iterable[int]) -> Spread:
    """The shortest time within which so many of 100 were done."""
    ordered = sorted(times)
    if not ordered:
        return Spread()
    half, most = (ordered[math.ceil(len(ordered) * share / 100) - 1] for share in (50, 95))
    return Spread(of=len(ordered), half=half, most=most)


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    known=st.lists(told(), min_size=COUNT, max_size=COUNT),
    since=st.integers(0, 5),
    until=st.integers(3, 10),
    drill=st.sampled_from([None, False, True]),
)
def test_every_figure_is_what_the_cases_say(
    journal: Journal, known: list[Told], since: int, until: int, *, drill: bool | None
) -> None:
    journal.write(known)
    period = Period(since=AT + since * HOUR, until=AT + until * HOUR, drill=drill)
    counts = FigureCounts(journal.database).counts(period)
    oracle = Oracle(known, since, until, drill=drill)
    for queue in (ALL, "everything", "fast", "gone"):
        found = counts.get(queue, Counted(numbers=dict.fromkeys(Number, 0)))
        told_of = {number: oracle.number(number, queue) for number in Number}
        assert found.numbers == told_of, queue
        assert found.waited == oracle.waited(queue)
        assert found.reading == oracle.reading(queue)
        own = [one for one in oracle.known if queue in (ALL, one.queue)]
        pairs = Counter(pair for pair in map(oracle.pair, own) if pair is not None)
        assert {(one.first, one.other): one.cases for one in found.pairs} == pairs
        decided = Counter(one.said for one in own if oracle.holds(Number.DECIDED, one))
        assert {(one.outcome, one.category): one.cases for one in found.outcomes} == decided
    for number in Number:
        searched = Cases(journal.database).list(period.asked(number), limit=COUNT)
        assert len(searched) == counts[ALL].numbers[number], number


def test_what_waits_to_be_read_again(journal: Journal) -> None:
    read = Read(Purpose.FIRST, (C, ""), 1, undone=False, unseen=False, took=9)
    again = Read(Purpose.SAMPLE, (C, ""), 2, undone=False, unseen=False, took=9)
    waits = Told(
        queue="fast",
        state="closed",
        drill=False,
        kind="finding",
        said=(C, ""),
        opened=0,
        decided=1,
        promised=3,
        reads=(read,),
        sampled=(0, None),
        agreed=None,
        passed=(),
    )
    done = waits._replace(reads=(read, again), sampled=(0, 1), agreed=True)
    undrawn = waits._replace(sampled=None)
    journal.write([waits, waits._replace(queue="everything"), waits, done, undrawn])
    found: Callable[[], Mapping[str, int]] = Samples(journal.database).counts
    assert found() == {"fast": 2, "everything": 1}

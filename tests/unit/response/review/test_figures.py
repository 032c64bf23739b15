"""What is made of what was counted: shares, targets, and silence about too little."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.unit.storage.review.filing import AT as FILED
from tests.unit.storage.review.filing import Filed, file_cases

from tutela.model.review.figures import Counted, Number, Pair, Period, Spread
from tutela.model.review.queue import Queue, QueueCounts
from tutela.response.review.agreement import kappa_of, share_of
from tutela.response.review.figures import (
    ENOUGH,
    ENOUGH_TIMES,
    FigureReader,
    Figures,
    Met,
    figures_of,
    met,
)
from tutela.storage.database import Database
from tutela.storage.review.figures.counting import FigureCounts
from tutela.storage.review.figures.sampling import Samples
from tutela.storage.review.queues import Queues

AT = datetime(2026, 11, 30, tzinfo=UTC)
PERIOD = Period(since=AT - timedelta(days=30), until=AT)
FAST, LAST = Queue(name="fast", position=1, accuracy=0.9), Queue(name="everything", position=2)
YES, NO = ("confirmed", "A"), ("harmless", "")


def numbers(**known: int) -> dict[Number, int]:
    return dict.fromkeys(Number, 0) | {Number(name): count for name, count in known.items()}


def figures(**counted: Counted) -> Figures:
    by_queue = {name if name != "all" else "": one for name, one in counted.items()}
    waiting = [QueueCounts(queue=one.name, waiting=2, overdue=1, oldest_at=AT) for one in QUEUES]
    return figures_of(PERIOD, by_queue, QUEUES, waiting, {"fast": 3, "gone": 4}, AT)


QUEUES = (FAST, LAST)


def test_every_queue_has_a_line_and_deleted_ones_come_last() -> None:
    found = figures(gone=Counted(numbers=numbers(opened=1)), all=Counted(numbers=numbers(opened=1)))
    assert [(one.queue, one.gone) for one in found.queues] == [
        ("fast", False),
        ("everything", False),
        ("gone", True),
    ]
    assert [one.samples_waiting for one in (found.total, *found.queues)] == [7, 3, 0, 4]
    assert found.total.now is not None
    assert (found.total.now.waiting, found.total.now.overdue, found.total.now.oldest_at) == (
        4,
        2,
        AT,
    )
    assert found.queues[2].now is None
    assert (found.total.target, found.total.met) == (None, Met.UNKNOWN)


def test_of_too_few_nothing_is_said_but_how_many_there_are() -> None:
    few = ENOUGH - 1
    line = figures(
        fast=Counted(
            numbers=numbers(samples=few, appeals=few, decided=3, late=1),
            pairs=(Pair(first=YES, other=YES, cases=few),),
            waited=Spread(of=ENOUGH_TIMES - 1, half=1, most=2),
        )
    ).queues[0]
    assert (line.accuracy.value, line.accuracy.of, line.accuracy.held) == (None, few, few)
    assert (line.agreement.value, line.agreement.of) == (None, few)
    assert (line.kappa.value, line.kappa.low, line.kappa.pairs) == (None, None, few)
    assert (line.granted.value, line.granted.of) == (None, few)
    assert line.waited == Spread(of=ENOUGH_TIMES - 1)
    assert line.met is Met.UNKNOWN
    # A share of what was done is a fact, not an estimate.
    assert line.late == share_of(1, 3)


def test_accuracy_is_of_samples_and_first_readings() -> None:
    counted = Counted(numbers=numbers(samples=40, overturned=10, seconds=60, corrected=30))
    line = figures(fast=counted).queues[0]
    assert (line.samples, line.firsts) == (share_of(30, 40), share_of(30, 60))
    assert (line.accuracy, line.met) == (share_of(60, 100), Met.MISSED)


@pytest.mark.parametrize(
    ("held", "of", "expected"),
    [(90, 100, Met.MET), (89, 100, Met.BELOW), (70, 100, Met.MISSED), (0, 0, Met.UNKNOWN)],
)
def test_targets(held: int, of: int, expected: Met) -> None:
    assert met(share_of(held, of), 0.9) is expected
    assert met(share_of(held, of), None) is Met.UNKNOWN


SAID = st.sampled_from([YES, NO, ("confirmed", "B")])


@given(st.dictionaries(st.tuples(SAID, SAID), st.integers(1, 40), max_size=6))
def test_agreement_and_kappa_are_those_of_the_pairs(
    counts: dict[tuple[tuple[str, str], tuple[str, str]], int],
) -> None:
    pairs = tuple(
        Pair(first=first, other=other, cases=cases) for (first, other), cases in counts.items()
    )
    line = figures(fast=Counted(numbers=numbers(), pairs=pairs)).queues[0]
    every = [pair for pair, cases in counts.items() for _ in range(cases)]
    assert line.agreement.of == line.kappa.pairs == len(every)
    if len(every) >= ENOUGH:
        same = Fraction(sum(one == other for one, other in every), len(every))
        assert line.agreement.value == pytest.approx(float(same))
        assert line.kappa == kappa_of(every)
    else:
        assert line.agreement.value is line.kappa.value is None


def test_many_cases_are_counted_once_a_minute_and_few_each_time(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    file_cases(database, [Filed("e0"), Filed("e1")])
    reader = FigureReader(FigureCounts(database), Queues(database), Samples(database))
    period = Period(since=FILED, until=FILED + timedelta(days=1), drill=None)

    def opened() -> int:
        return reader.read(period).total.numbers[Number.OPENED]

    assert opened() == 2
    file_cases(database, [Filed("e2")])
    assert opened() == 3
    monkeypatch.setattr("tutela.response.review.figures.MANY", 3)
    found = reader.read(period)
    file_cases(database, [Filed("e3")])
    assert reader.read(period).total.numbers == found.total.numbers
    assert reader.read(period).at == found.at
    assert reader.read(structs.replace(period, until=FILED + timedelta(days=2))).at > found.at
    monkeypatch.setattr("tutela.response.review.figures.KEPT_SECONDS", 0)
    assert opened() == 4

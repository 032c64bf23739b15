from __future__ import annotations

import threading

import pytest

from tutela.detection.media.backlog import Backlog
from tutela.detection.media.task import AnyJob, Task
from tutela.detection.media.wire import Started
from tutela.errors import Unavailable


@pytest.fixture
def backlog() -> Backlog:
    return Backlog(3)


def task() -> Task:
    return Task(b"words", None)


def test_first_in_first_out(backlog: Backlog) -> None:
    first, second = task(), task()
    backlog.put(first)
    backlog.put(second)
    assert backlog.take(0) is first
    assert backlog.take(0) is second
    assert backlog.take(0) is None


def test_what_is_put_back_comes_first(backlog: Backlog) -> None:
    first, second, third = task(), task(), task()
    for one in (first, second, third):
        backlog.put(one)
    taken = [backlog.take(0), backlog.take(0)]
    backlog.put_back(one for one in taken if one)
    assert [backlog.take(0) for _ in range(3)] == [first, second, third]


def test_who_waits_in_person_is_first(backlog: Backlog) -> None:
    waiting, looked_at = task(), task()
    backlog.put(waiting)
    backlog.put(looked_at, first=True)
    assert [backlog.take(1), backlog.take(1)] == [looked_at, waiting]


def test_it_is_bounded(backlog: Backlog) -> None:
    for _ in range(3):
        backlog.put(task())
    with pytest.raises(Unavailable, match="3 files wait"):
        backlog.put(task())


def test_cancelled_jobs_are_not_handed_out(backlog: Backlog) -> None:
    first, second = task(), task()
    backlog.put(first)
    backlog.put(second)
    assert first.future.cancel()
    assert backlog.take(0) is second


def test_nobody_takes_more_than_one_while_others_are_idle(backlog: Backlog) -> None:
    taken: list[AnyJob | None] = []
    waiting = threading.Thread(target=lambda: taken.append(backlog.take(60)))
    waiting.start()
    while not backlog._idle:
        pass
    with backlog._condition:
        backlog._tasks.append(task())  # nobody was told yet
    assert backlog.take_more(9, 999) == []
    backlog.put(task())
    waiting.join()
    assert len(backlog.take_more(9, 999)) == 1


def test_many_are_taken_at_once() -> None:
    backlog = Backlog(99)
    tasks = [task() for _ in range(12)]
    for one in tasks:
        backlog.put(one)
    tasks[1].future.cancel()
    assert backlog.take_more(3, 999) == [tasks[0], *tasks[2:4]]
    assert backlog.take_more(9, 12) == tasks[4:6]  # of 5 bytes each
    assert backlog.take_more(9, 4) == []
    assert backlog.take_more(9, 4, any_size=True) == tasks[6:7]
    assert backlog.take_more(0, 999, any_size=True) == []
    assert backlog.take_more(9, 999) == tasks[7:]


def test_nobody_takes_more_than_a_fair_share() -> None:
    backlog = Backlog(99, takers=4)
    for _ in range(10):
        backlog.put(task())
    assert [len(backlog.take_more(9, 999)) for _ in range(6)] == [3, 2, 2, 1, 1, 1]


def test_closing_cancels_what_waits(backlog: Backlog) -> None:
    one = task()
    backlog.put(one)
    backlog.close()
    assert one.future.cancelled()
    assert backlog.take(60) is None
    with pytest.raises(Unavailable, match="closed"):
        backlog.put(task())


def test_what_comes_back_to_a_closed_backlog_fails(backlog: Backlog) -> None:
    one = task()
    backlog.put(one)
    assert backlog.take(0) is one
    backlog.close()
    backlog.put_back([one])
    with pytest.raises(Unavailable, match="closed"):
        one.future.result(0)


def test_failed_starts_are_trouble_only_if_no_child_works(backlog: Backlog) -> None:
    one = task()
    backlog.put(one)
    backlog.child_started(Started())
    for _ in range(5):
        backlog.child_failed("no more processes")
    assert not one.future.done()
    backlog.child_ended("died")
    backlog.child_failed("no more processes")
    with pytest.raises(Unavailable, match="no more processes"):
        one.future.result(0)
    with pytest.raises(Unavailable, match="no more processes"):
        backlog.put(task())
    with pytest.raises(Unavailable, match="no more processes"):
        backlog.wait_ready(0)
    backlog.child_started(Started(protections=("a wall",)))
    backlog.put(task())
    assert backlog.wait_ready(0).protections == ("a wall",)


def test_waiting_ends(backlog: Backlog) -> None:
    with pytest.raises(Unavailable, match="in time"):
        backlog.wait_ready(0.01)

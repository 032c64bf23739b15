from __future__ import annotations

import asyncio

import pytest

from tutela.interfaces.web.deadlines import NEVER, Deadline, Deadlines


async def within(deadlines: Deadlines, seconds: float, work: float) -> str:
    try:
        with Deadline(deadlines, deadlines.now() + seconds):
            await asyncio.sleep(work)
    except TimeoutError:
        return "late"
    return "done"


def test_each_task_has_its_own() -> None:
    async def run() -> list[str]:
        deadlines = Deadlines(0.4)
        limits = [(0.1, 60.0), (60.0, 0.0), (0.2, 60.0), (60.0, 0.3), (0.1, 0.0)]
        found = await asyncio.gather(*(within(deadlines, *limit) for limit in limits))
        assert deadlines._watched == set()
        return found

    assert asyncio.run(run()) == ["late", "done", "late", "done", "done"]


def test_one_timer_for_all_and_none_when_idle() -> None:
    async def run() -> None:
        deadlines = Deadlines(0.2)
        await asyncio.gather(*(within(deadlines, 60, 0.05) for _ in range(50)))
        await asyncio.sleep(0.1)
        assert deadlines._timer is None
        assert await within(deadlines, 0.05, 60) == "late"

    asyncio.run(run())


def test_a_deadline_can_be_moved_and_lifted() -> None:
    async def run() -> None:
        deadlines = Deadlines(0.2)
        with Deadline(deadlines, deadlines.now() + 0.05) as deadline:
            deadline.at = deadlines.now() + 60
            await asyncio.sleep(0.2)
            deadline.at = NEVER
            await asyncio.sleep(0.2)

    asyncio.run(run())


def test_a_task_that_somebody_else_cancels_stays_cancelled() -> None:
    async def run() -> None:
        deadlines = Deadlines(10)
        task = asyncio.create_task(within(deadlines, 60, 60))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_both_at_once_is_a_cancellation() -> None:
    async def run() -> None:
        deadlines = Deadlines(0.1)
        task = asyncio.create_task(within(deadlines, 0.0, 60))
        await asyncio.sleep(0)
        (deadline,) = deadlines._watched
        deadline.end()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_an_error_of_the_work_passes() -> None:
    async def run() -> None:
        deadlines = Deadlines(10)
        with Deadline(deadlines, deadlines.now() + 10):
            raise KeyError("x")

    with pytest.raises(KeyError):
        asyncio.run(run())

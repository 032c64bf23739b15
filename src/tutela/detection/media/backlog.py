"""Jobs that wait for a child, and what is known of the children's health. Thread-safe."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable

from tutela.detection.media.task import AnyJob
from tutela.detection.media.wire import Started
from tutela.errors import Unavailable

_FAILURES = 3
"""Starts in a row that must fail before the pool says that it cannot work."""


class Backlog:
    """A bounded queue of jobs between callers and dispatchers.

    Args:
        most: jobs that may wait.
        takers: how many share them.

    Attributes:
        closed: no more jobs are taken.
    """

    def __init__(self, most: int, takers: int = 1) -> None:
        self._most = most
        self._takers = takers
        self._tasks: deque[AnyJob] = deque()
        self._condition = threading.Condition()
        self._idle = 0
        self._ready = 0
        self._failures = 0
        self._trouble = ""
        self._started: Started | None = None
        self.closed = False
        self._counts: Counter[str] = Counter()

    def put(self, task: AnyJob, *, first: bool = False) -> None:
        """Appends a new job, or puts it before all others where somebody sits and waits for it.

        Raises:
            Unavailable: too many wait, no child can be started, or the pool is closed.
        """
        with self._condition:
            if self.closed:
                raise Unavailable("the decoder is closed")
            if self._trouble:
                raise self._unable()
            if len(self._tasks) >= self._most:
                raise Unavailable(
                    f"{self._most} files wait to be decoded already", remedy="try again later"
                )
            if first:
                self._tasks.appendleft(task)
            else:
                self._tasks.append(task)
            self._condition.notify()

    def put_back(self, tasks: Iterable[AnyJob]) -> None:
        """Puts jobs that were taken before all others again."""
        returned = list(tasks)
        with self._condition:
            if not self.closed:
                self._tasks.extendleft(reversed(returned))
                self._condition.notify_all()
                return
        for task in returned:
            task.cancel()

    def take(self, seconds: float) -> AnyJob | None:
        """The next job; waits so long for one."""
        with self._condition:
            self._idle += 1
            self._condition.wait_for(lambda: self._tasks or self.closed, seconds)
            self._idle -= 1
            return self._pop()

    def take_more(self, most: int, room: int, *, any_size: bool = False) -> list[AnyJob]:
        """The next jobs, to be handed over with others; none if somebody idle is about to take it.

        Never more than a fair share: others may come for theirs at any moment.

        Args:
            most: how many.
            room: how many bytes in all.
            any_size: whether the first may be larger.
        """
        taken: list[AnyJob] = []
        with self._condition:
            share = -(-len(self._tasks) // self._takers)
            while self._tasks and not self._idle and len(taken) < min(most, share):
                size = self._tasks[0].size
                if size > room and (taken or not any_size):
                    break
                room -= size
                task = self._pop()
                if task is not None:
                    taken.append(task)
        return taken

    def _pop(self) -> AnyJob | None:
        while self._tasks:
            task = self._tasks.popleft()
            if task.start():
                return task
        return None

    def close(self) -> None:
        """Takes no more jobs and cancels those that wait."""
        with self._condition:
            self.closed = True
            waiting, self._tasks = self._tasks, deque()
            self._condition.notify_all()
        for task in waiting:
            task.cancel()

    def pause(self, seconds: float) -> None:
        """Waits, unless the pool is closed."""
        with self._condition:
            self._condition.wait_for(lambda: self.closed, seconds)

    def child_started(self, started: Started) -> None:
        """A child is ready."""
        with self._condition:
            self._ready += 1
            self._failures = 0
            self._trouble = ""
            self._started = started
            self._condition.notify_all()

    def child_ended(self, why: str) -> None:
        """A child that was ready is gone."""
        with self._condition:
            self._ready -= 1
            self._counts[why] += 1

    def child_failed(self, problem: str) -> int:
        """A child could not be started. If none can, jobs that wait fail.

        Returns:
            How many starts in a row have failed.
        """
        waiting: deque[AnyJob] = deque()
        with self._condition:
            self._failures += 1
            failures = self._failures
            if failures >= _FAILURES and not self._ready:
                self._trouble = problem
                waiting, self._tasks = self._tasks, deque()
                self._condition.notify_all()
        for task in waiting:
            if task.start():
                task.fail(self._unable())
        return failures

    def wait_ready(self, seconds: float | None) -> Started:
        """Waits for the first child; what protects it.

        Raises:
            Unavailable: none can be started, none was ready in time, or the pool is closed.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._started or self._trouble or self.closed, seconds)
            if self._trouble:
                raise self._unable()
            if self._started is None:
                raise Unavailable("no decoder was ready in time")
            return self._started

    @property
    def started(self) -> Started:
        """What protects the children; nothing before the first is ready."""
        return self._started or Started()

    def job_done(self) -> None:
        """Counts one more job."""
        with self._condition:
            self._counts["jobs"] += 1

    @property
    def depth(self) -> int:
        """Jobs that wait now."""
        return len(self._tasks)

    def totals(self) -> dict[str, int]:
        """Jobs done, and children that died, timed out or were replaced."""
        with self._condition:
            names = ("jobs", "died", "timed_out", "replaced")
            return {name: self._counts[name] for name in names}

    def _unable(self) -> Unavailable:
        return Unavailable(
            f"no decoder can be started: {self._trouble}",
            remedy="it is tried again every few seconds; see the log of the first failure",
        )

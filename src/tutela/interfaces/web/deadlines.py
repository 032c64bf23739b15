"""Time limits for many tasks at once, at the price of one timer.

`asyncio.timeout` sets a timer for each request, which costs a tenth of a look-up. Requests end in
time nearly always; so here one timer looks at all of them several times within the limit.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

NEVER = float("inf")
LOOKS = 20
"""How often the tasks are looked at within the usual limit: a deadline is late by a 20th of it."""


class Deadline:
    """The time limit of one task: like `asyncio.timeout`, but entered by a plain `with`.

    Attributes:
        at: moment of the event loop's clock; `NEVER` lifts the limit.
    """

    __slots__ = ("_deadlines", "_passed", "_task", "at")

    def __init__(self, deadlines: Deadlines, at: float) -> None:
        self._deadlines = deadlines
        self._task: asyncio.Task[object] | None = None
        self._passed = False
        self.at = at

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._deadlines.watch(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._deadlines.forget(self)
        cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        # Where somebody else cancelled the task as well, it stays cancelled.
        if self._passed and self._task is not None and self._task.uncancel() == 0 and cancelled:
            raise TimeoutError from error

    def end(self) -> None:
        """Cancel the task, because its time is over."""
        self._passed = True
        self.at = NEVER
        if self._task is not None:
            self._task.cancel()


class Deadlines:
    """Looks after the deadlines of one event loop.

    Args:
        seconds: the usual limit.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._watched: set[Deadline] = set()
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """The event loop's clock."""
        return asyncio.get_running_loop().time()

    def watch(self, deadline: Deadline) -> None:
        """Look after a deadline."""
        self._watched.add(deadline)
        if self._timer is None:
            self._wait()

    def forget(self, deadline: Deadline) -> None:
        """Stop looking after a deadline."""
        self._watched.discard(deadline)

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.seconds / LOOKS, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self.now()
        for deadline in [one for one in self._watched if one.at <= now]:
            deadline.end()
        if self._watched:
            self._wait()

"""The process that works on re-scans: one at a time, piece by piece, until it is told to stop."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from structlog.typing import FilteringBoundLogger

from tutela.errors import TutelaError, Unavailable
from tutela.model import RescanKind
from tutela.storage.past.rescans import Task
from tutela.workflows.comparing import Comparison
from tutela.workflows.lease import Heart, Lost, Stopped
from tutela.workflows.pace import Pace, step_back
from tutela.workflows.redeciding import Redecision
from tutela.workflows.tools import Overtaken, Tools, Work

LOOK_SECONDS = 1.0
"""Time between two looks for growth and for re-scans that wait."""
STORE_SECONDS = 1.0
"""How often progress is stored: so much is done again after a crash."""
EXPIRE_SECONDS = 60.0
"""Time between two looks for signals whose time is over."""
RETRY_SECONDS = 3.0
"""Pause after the database could not be used."""
FIRST_PIECE = 2_000
LEAST, MOST = 200, 500_000
"""Signals, or events for a policy, that are read at once."""

T = TypeVar("T")


class Worker:
    """Works on re-scans, and deletes signals whose time is over.

    Args:
        tools: what it works with.
        pace: how fast it goes.
        log: where it tells of its work.
        automatic: whether growth of lists is queued as a re-scan.
        keep: how long signals are kept.
        stop: set from elsewhere when it is to stop.
    """

    def __init__(
        self,
        tools: Tools,
        pace: Pace,
        log: FilteringBoundLogger,
        *,
        automatic: bool,
        keep: timedelta,
        stop: threading.Event,
    ) -> None:
        self._tools = tools
        self._pace = pace
        self._log = log
        self._automatic = automatic
        self._keep = keep
        self._stop = stop
        self._alone = False
        self._looked_at = self._expired_at = float("-inf")
        self._wait_for: Callable[[Callable[[], T]], T] = _now
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def run(self) -> None:
        """Work until told to stop. A database that is down is waited for.

        The thread that calls this steps back behind all other work. What it has to write is
        written by others: a thread that waits for the processor must not hold the database.
        """
        with Heart() as heart, ThreadPoolExecutor(1) as writer:
            self._wait_for = lambda work: writer.submit(work).result()
            self._wait_for(int)  # starts the thread
            step_back()
            while not self._stop.is_set():
                try:
                    self._turn(heart)
                except Unavailable as problem:
                    self._log.warning("re-scans wait for the database", reason=problem.what)
                    self._stop.wait(RETRY_SECONDS)

    def run_one(self, number: int) -> bool:
        """Work on one re-scan now, to its end, and on nothing else.

        Returns:
            Whether it was free to be worked on.

        Raises:
            Unavailable: the database is; the re-scan can go on later.
        """
        task = self._tools.rescans.claim(self.holder, number)
        if task is None:
            return False
        self._alone = True
        with Heart() as heart:
            self._work(task, heart)
        return True

    def _turn(self, heart: Heart) -> None:
        self._keep_up()
        task = self._wait_for(lambda: self._tools.rescans.claim(self.holder))
        if task is None:
            self._stop.wait(LOOK_SECONDS)
        else:
            self._work(task, heart)

    def _keep_up(self) -> bool:
        """Look for growth and for old signals when it is time to; whether anything grew."""
        present = time.monotonic()
        if present - self._expired_at >= EXPIRE_SECONDS:
            self._expire()
            self._expired_at = present
        if not self._automatic or present - self._looked_at < LOOK_SECONDS:
            return False
        self._looked_at = present
        number = self._wait_for(self._tools.growth.look)
        if number is not None:
            self._log.info("lists have grown: the past will be compared", rescan=number)
        return number is not None

    def _expire(self) -> None:
        before, last, gone = datetime.now(UTC) - self._keep, 0, 0
        while not self._stop.is_set():
            step = self._wait_for(partial(self._tools.kept.expire, before, last))
            gone += step.signals
            if not step.last:
                break
            last = step.last
        if gone:
            self._log.info("signals were deleted: their time is over", signals=gone)

    def _work(self, task: Task, heart: Heart) -> None:
        """Work on a re-scan until it ends, is taken away, or others go first."""
        rescans = self._tools.rescans
        heart.hold(lambda: rescans.beat(task.id, self.holder))
        try:
            self._steps(task, heart)
        except Lost:
            self._log.info("a re-scan was taken away", rescan=task.id)
        except Stopped:
            self._wait_for(lambda: rescans.release(task.id, self.holder))
        except Overtaken as problem:
            self._give_up(task, problem.what, failed=False)
        except Unavailable:
            with suppress(Unavailable):
                self._wait_for(lambda: rescans.release(task.id, self.holder))
            raise
        except Exception as problem:  # noqa: BLE001 - a re-scan never fails in silence
            self._log.exception("a re-scan failed", rescan=task.id)
            what = problem.what if isinstance(problem, TutelaError) else type(problem).__name__
            self._give_up(task, what, failed=True)
        finally:
            heart.hold(None)

    def _give_up(self, task: Task, why: str, *, failed: bool) -> None:
        give_up = partial(self._tools.rescans.give_up, task.id, self.holder, why, failed=failed)
        self._wait_for(give_up)

    def _steps(self, task: Task, heart: Heart) -> None:
        rescans, write = self._tools.rescans, self._wait_for
        with closing(self._begun(task, heart)) as work:
            heart.check(held=write(lambda: rescans.begin(task.id, self.holder, work.entries)))
            ended = self._go(task, work, heart)
        if ended:
            heart.check(held=write(lambda: rescans.end(task, self.holder)))
        else:
            write(lambda: rescans.release(task.id, self.holder))

    def _go(self, task: Task, work: Work, heart: Heart) -> bool:
        """Go on with a re-scan; whether to its end, and not until others go first."""
        size, stored_at = FIRST_PIECE, time.monotonic()
        while not work.finished():
            heart.check()
            begun, used = time.monotonic(), time.thread_time()
            work.step(size)
            wall, processor = time.monotonic() - begun, time.thread_time() - used
            size = self._pace.resized(size, wall, LEAST, MOST)
            if work.finished() or time.monotonic() - stored_at >= STORE_SECONDS:
                heart.check(held=self._store(task, work))
                stored_at = time.monotonic()
            if self._stop.wait(self._pace.rest(wall, processor)) or self._others_first(task):
                heart.check(held=self._store(task, work))
                return False
        return True

    def _begun(self, task: Task, heart: Heart) -> Work:
        if task.kind is RescanKind.POLICY:
            return Redecision(task, self._tools)
        since = time.monotonic(), time.thread_time()

        def rest() -> None:
            # A million entries take seconds to load: that, too, goes behind what is live.
            nonlocal since
            heart.check()
            wall, processor = time.monotonic() - since[0], time.thread_time() - since[1]
            if self._stop.wait(self._pace.rest(wall, processor)):
                raise Stopped
            since = time.monotonic(), time.thread_time()

        return Comparison(task, self._tools, rest)

    def _store(self, task: Task, work: Work) -> bool:
        advance = self._tools.rescans.advance
        return self._wait_for(
            lambda: advance(task.id, self.holder, work.cursor, work.tally, work.report)
        )

    def _others_first(self, task: Task) -> bool:
        """Whether lists grew while something else than growth is compared."""
        return not self._alone and self._keep_up() and task.kind is not RescanKind.GROWTH


def _now(work: Callable[[], T]) -> T:
    return work()

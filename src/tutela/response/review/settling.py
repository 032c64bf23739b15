"""The duty that carries out what people decided, in each server process."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from structlog.typing import FilteringBoundLogger

from tutela.model import Delivery
from tutela.model.response.case import CaseKind
from tutela.model.review.reading import ReviewOutcome
from tutela.response.review.clearing import Clearing
from tutela.storage.cases import CaseFile, Cases
from tutela.storage.review.readings import Readings, Settled
from tutela.storage.review.settling import Settling
from tutela.storage.values import now

PAUSE_SECONDS = 1.0
"""Time between two looks: what was decided is on its way soon after it can no longer be undone."""
CLEAR_SECONDS = 600.0
"""Time between two looks for what is still kept of harmless cases."""
PAGE = 200

CHANCE = secrets.SystemRandom().random

Follows = Callable[[CaseFile, Settled, datetime], Sequence[Delivery]]
"""What is sent for an event of a case; see `consequences`."""


class Sent(NamedTuple):
    """What follows from a decision.

    Attributes:
        ordered: what is sent, by the event that it is about.
        about: the events that were decided about: of what is harmless, nothing need be kept.
    """

    ordered: Mapping[str, Sequence[Delivery]]
    about: Collection[str]


Answers = Callable[[Sequence[CaseFile], Settled, datetime], Sent]
"""What follows where an appeal is decided; see `answers`."""


class Following(NamedTuple):
    """What follows from decisions.

    Attributes:
        case: for an event of a case.
        appeal: from an appeal, for all that it is about.
    """

    case: Follows
    appeal: Answers


class Settler:
    """Carries out decisions in the background, and whenever somebody asks for it. Thread-safe.

    Several processes may do so at once: each case is closed once. A look that fails is tried again
    at the next; what was decided waits meanwhile, and is not lost.

    Args:
        readings: gives what is due.
        settling: closes cases.
        cases: gives their events.
        follows: tells what follows.
        log: where it is told that a look failed.
        clearing: lets go what is kept of harmless cases; None where nothing is preserved.
        chance: a number from 0 to 1 that nobody can foresee, for the sample.
        pause_seconds: time between two looks.
    """

    def __init__(
        self,
        readings: Readings,
        settling: Settling,
        cases: Cases,
        follows: Following,
        log: FilteringBoundLogger,
        *,
        clearing: Clearing | None = None,
        chance: Callable[[], float] = CHANCE,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._readings = readings
        self._settling = settling
        self._cases = cases
        self._follows = follows
        self._log = log
        self._clearing = clearing
        self._chance = chance
        self._pause_seconds = pause_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="settler", daemon=True)

    def settle(self) -> int:
        """Carry out what is due now; how many cases were closed. Raises `Unavailable`.

        A case that cannot be carried out does not keep the others waiting.
        """
        closed = 0
        for settled in self._readings.due():
            try:
                closed += self._close(settled)
            except Exception as error:  # noqa: BLE001 - the others need not wait for this one
                kind = type(error).__name__
                self._log.error("a case could not be closed", case=settled.case_id, error=kind)
        return closed

    def start(self) -> None:
        """Carry out decisions in the background from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; what was decided waits."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _close(self, settled: Settled) -> bool:
        sent = self._sent(settled, now())
        sampled = settled.before is None and self._drawn(settled.queue)
        if not self._settling.close(settled, sent.ordered, sampled=sampled):
            return False
        # What is read again must be there to be seen; `Clearing` erases it afterwards.
        if settled.outcome is ReviewOutcome.HARMLESS and self._clearing is not None and not sampled:
            for event_id in sent.about:
                self._clearing.erase(event_id)
        return True

    def _sent(self, settled: Settled, at: datetime) -> Sent:
        files = self._files(settled.case_id)
        first = next(files)
        if first.case.kind is CaseKind.APPEAL:
            return self._follows.appeal([first, *files], settled, at)
        every = (first, *files)
        ordered = {file.event.id: self._follows.case(file, settled, at) for file in every}
        return Sent(ordered, ordered)

    def _drawn(self, queue: str) -> bool:
        return self._chance() < self._settling.sample_share(queue)

    def _files(self, case_id: str) -> Iterator[CaseFile]:
        page = self._cases.events(case_id, limit=PAGE)
        while page:
            yield from page
            page = self._cases.events(case_id, after=page[-1].case.id, limit=PAGE)

    def _follow(self) -> None:
        cleared = time.monotonic() - CLEAR_SECONDS
        while not self._stopping.wait(self._pause_seconds):
            try:
                self.settle()
                if self._clearing is not None and time.monotonic() - cleared >= CLEAR_SECONDS:
                    cleared = time.monotonic()
                    self._clearing.clear(now())
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
                self._log.error("decisions could not be carried out", error=type(error).__name__)

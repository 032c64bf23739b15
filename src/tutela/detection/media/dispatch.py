"""Feeds one decoder child, replaces it, and makes gaps of its failures.

One thread for each child. A child has up to two jobs in flight if the first is small, so that it
need not wait while the parent is busy, and of very small ones many: these are handed over together
and answered one by one.
"""

from __future__ import annotations

import logging
import signal
from collections import deque

from tutela.detection.media.backlog import Backlog
from tutela.detection.media.decoder import Decoder, StartFailed, why
from tutela.detection.media.rendering.rendition import Rendition, looks_right
from tutela.detection.media.task import AnyJob
from tutela.detection.media.wire import MOST_JOBS, Found, Garbled, Setup
from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput, Unavailable
from tutela.model import Content, Gap, GapReason

_log = logging.getLogger(__name__)

_SMALL_BYTES = 2**20
"""A job of this size may have another behind it."""

_IN_FLIGHT = 2 * MOST_JOBS
_IN_FLIGHT_BYTES = 2**18
"""Of very small jobs that are in flight together: milliseconds, if others are idle meanwhile."""

_STALL_SECONDS = 0.25
"""A child that is silent for so long gives the job behind its present one to others."""

_READ_BYTES_PER_SECOND = 5 * 2**20
"""A disk that reads more slowly counts as hung."""

_ANSWER_BYTES = 64 * 2**20
"""Longest answer to one job, in all its messages."""

_LOOK_SECONDS = 1.0
"""How often an idle child is looked after."""

_START_LOOK_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0


class _Sent:
    """A job that a child has."""

    def __init__(self, number: int, task: AnyJob) -> None:
        self.number = number
        self.task = task
        self.members: list[Content] = []
        self.received_before = 0
        self.given_back = False


class Dispatcher:
    """Feeds one child.

    Args:
        backlog: where jobs come from.
        setup: how children work.
        kinds: signal kinds, for exact fingerprints where the child fails.
        first_jobs: jobs after which the first child is replaced; later ones do what the limits
            say. So the children of a pool do not all retire at once.
    """

    def __init__(
        self, backlog: Backlog, setup: Setup, kinds: SignalKinds, *, first_jobs: int
    ) -> None:
        self._backlog = backlog
        self._setup = setup
        self._limits = setup.limits
        self._kinds = kinds
        self._retire_at = first_jobs
        self._done = 0
        self._number = 0
        self._decoder: Decoder | None = None
        self._next: Decoder | None = None
        self._next_started = False
        self._sent: deque[_Sent] = deque()

    @property
    def child_id(self) -> int | None:
        """Process id of the child at work, or None while there is none."""
        decoder = self._decoder
        return decoder.process_id if decoder else None

    def run(self) -> None:
        """Works until the backlog is closed and the child has answered."""
        while self._sent or not self._backlog.closed:
            try:
                self._step()
            except Exception:  # noqa: BLE001 - see below; it is logged
                # Whatever it was, callers must not wait for ever, and the pool must go on.
                _log.exception("feeding a decoder failed")
                self._abandon()
                self._backlog.pause(_LOOK_SECONDS)
        self._abandon()

    def _step(self) -> None:
        decoder = self._current()
        if decoder is not None:
            self._fill(decoder)
            if self._sent:
                self._collect(decoder)
            while self._sent and self._decoder is decoder and decoder.pending:
                self._collect(decoder)

    def _current(self) -> Decoder | None:
        """The child to work with; None while there is none yet."""
        if self._decoder is not None and not self._sent:
            if self._decoder.dead:  # It ended while it was idle: that is no job's fault.
                self._drop("died")
            elif self._due and self._next_ready(0):
                self._drop("replaced")
        if self._decoder is None and self._next_ready(_START_LOOK_SECONDS):
            self._decoder, self._next, self._next_started = self._next, None, False
            self._done = 0
        return self._decoder

    @property
    def _due(self) -> bool:
        """Whether the child has done its share."""
        return self._done >= self._retire_at

    def _next_ready(self, seconds: float) -> bool:
        """Begins to start the next child, if that is not done; waits so long for it."""
        try:
            if self._next is None:
                self._next = Decoder(self._setup)
            if not self._next_started:
                started = self._next.started(seconds)
                if started is not None:
                    self._next_started = True
                    self._backlog.child_started(started)
        except StartFailed as error:
            self._next = None
            self._start_failed(str(error))
        return self._next_started

    def _start_failed(self, problem: str) -> None:
        _log.error("a decoder could not be started: %s", problem)
        failures = self._backlog.child_failed(problem)
        if self._decoder is None:
            self._backlog.pause(min(0.1 * 2**failures, _LONGEST_PAUSE_SECONDS))
        else:
            self._retire_at += self._ahead

    @property
    def _ahead(self) -> int:
        """How many jobs before its end a child's successor is started."""
        return max(self._limits.jobs_per_child // 10, 1)

    def _fill(self, decoder: Decoder) -> None:
        """Hands more jobs over when the child could soon be without."""
        ahead = [sent.task for sent in self._sent]
        taken = []
        if not ahead and (first := self._backlog.take(_LOOK_SECONDS)):
            taken.append(first)
        taken += self._more(ahead + taken)
        for start in range(0, len(taken), MOST_JOBS):
            self._send(decoder, taken[start : start + MOST_JOBS])

    def _more(self, ahead: list[AnyJob]) -> list[AnyJob]:
        """Jobs behind those `ahead`: one if these are few, many if all are very small."""
        if not ahead or len(ahead) > MOST_JOBS or ahead[0].size > _SMALL_BYTES or self._due:
            return []
        room = _IN_FLIGHT_BYTES - sum(task.size for task in ahead)
        return self._backlog.take_more(_IN_FLIGHT - len(ahead), room, any_size=len(ahead) == 1)

    def _send(self, decoder: Decoder, tasks: list[AnyJob]) -> None:
        opened: list[AnyJob] = []
        fds: list[int] = []
        for task in tasks:
            try:
                fds.append(task.open())
                opened.append(task)
            except OSError as error:
                task.fail(Unavailable(f"content cannot be handed on: {error.strerror}"))
        if not opened:
            return
        first = self._number + 1
        try:
            decoder.send(first, fds, _renditions(first, opened))
        except OSError:  # It is gone; if it had a job, collecting the answer will show that.
            self._backlog.put_back(opened)
            if not self._sent:
                self._drop("died")
            return
        self._number += len(opened)
        self._sent.extend(_Sent(number, task) for number, task in enumerate(opened, first))

    def _collect(self, decoder: Decoder) -> None:
        """Waits for the next message of the child, and takes it."""
        head = self._sent[0]
        if not head.members:
            head.received_before = decoder.received
        if len(self._sent) > 1 and (head.members or not decoder.answers(_STALL_SECONDS)):
            self._give_back(1)  # An archive, or a slow picture: others may be free sooner.
        try:
            found = decoder.receive(
                self._limits.wall_seconds + head.task.size / _READ_BYTES_PER_SECOND
            )
            self._check(found, head, decoder)
        except TimeoutError:
            self._lost(GapReason.TIMED_OUT, f"no answer in {self._limits.wall_seconds:g} seconds")
        except Garbled as error:
            self._lost(GapReason.DECODER_DIED, f"the decoder gave {error}")
        except (OSError, EOFError):
            self._lost(GapReason.DECODER_DIED, "")
        else:
            head.members.extend(found.members)
            if found.last:
                self._sent.popleft()
                self._finish(head, found)

    def _check(self, found: Found, head: _Sent, decoder: Decoder) -> None:
        """A child that hostile bytes have taken over can lie, but not do harm by it.

        Raises:
            Garbled: that is no honest answer.
        """
        most = self._limits.archive_members + self._limits.archive_depth
        if found.number != head.number or len(head.members) + len(found.members) > most:
            raise Garbled("an answer that nobody asked for")
        if not (found.members or found.last):
            raise Garbled("an answer without content")
        _check_kind(found, head.task)
        if decoder.received - head.received_before > _ANSWER_BYTES:
            raise Garbled("an answer without end")
        for content in (*found.members, *((found.whole,) if found.whole else ())):
            self._check_signals(content)

    def _check_signals(self, content: Content) -> None:
        try:
            for signal in content.signals:
                kind = self._kinds[signal.kind]
                if kind.text(kind.parse(signal.value)) != signal.value:
                    raise Garbled("a signal that is not in its canonical form")
        except InvalidInput as error:
            raise Garbled("a signal that is none") from error

    def _finish(self, sent: _Sent, found: Found) -> None:
        self._done += 1
        self._backlog.job_done()
        if self._done >= self._retire_at - self._ahead:
            self._next_ready(0)
        if sent.given_back:
            return
        if not found.problem:
            sent.task.answered(found, sent.members)
        elif found.problem == "MemoryError":
            self._rescue(sent, GapReason.OUT_OF_MEMORY, "it takes more memory than is allowed")
        else:
            _log.error("a decoder made a mistake: %s", found.problem)
            self._rescue(sent, GapReason.DECODER_DIED, "the decoder made a mistake")

    def _lost(self, reason: GapReason, detail: str) -> None:
        """The child cannot go on: its first job is to blame, the others go back.

        Args:
            detail: why, or nothing where its exit code tells.
        """
        head = self._sent.popleft()
        self._give_back(0)
        self._sent.clear()
        code = self._drop("timed_out" if reason is GapReason.TIMED_OUT else "died")
        if not detail and code == -signal.SIGPROF:
            reason = GapReason.TIMED_OUT
            detail = f"more than {self._limits.cpu_seconds:g} seconds of processor time were needed"
        detail = detail or f"the decoder ended while it read this ({why(code)})"
        _log.warning("a decoder was lost: %s", detail)
        self._next_ready(0)
        if not head.given_back:
            self._rescue(head, reason, detail)

    def _rescue(self, sent: _Sent, reason: GapReason, detail: str) -> None:
        """Settles a job that the child could not finish with what can be said without it."""
        sent.task.lost(self._kinds, Gap(reason=reason, detail=detail), sent.members)

    def _give_back(self, present: int) -> None:
        """Everything behind the first `present` jobs goes to whoever is free.

        The child may still answer these: it will not be listened to.
        """
        waiting = [sent for sent in list(self._sent)[present:] if not sent.given_back]
        for sent in waiting:
            sent.given_back = True
        self._backlog.put_back(sent.task for sent in waiting)

    def _drop(self, what: str) -> int:
        """Ends the child; gives its exit code."""
        decoder, self._decoder = self._decoder, None
        self._retire_at = self._limits.jobs_per_child
        if decoder is None:
            return 0
        code = decoder.end()
        self._backlog.child_ended("timed_out" if code == -signal.SIGPROF else what)
        return code

    def _abandon(self) -> None:
        """Ends the children; whoever waits for them gets an error."""
        for sent in self._sent:
            if not sent.given_back:
                sent.task.fail(Unavailable("the decoder was lost"))
        self._sent.clear()
        self._drop("closed")
        if self._next is not None:
            if self._next_started:
                self._backlog.child_ended("closed")
            self._next.end()
        self._next, self._next_started = None, False


def _renditions(first: int, tasks: list[AnyJob]) -> dict[int, Rendition]:
    """What is to be made of jobs, by their numbers."""
    return {
        number: task.rendition
        for number, task in enumerate(tasks, first)
        if task.rendition is not None
    }


def _check_kind(found: Found, task: AnyJob) -> None:
    """Who asked for a rendition gets one, and nobody else.

    Raises:
        Garbled: that is no honest answer.
    """
    if task.rendition is None and (found.rendered or found.gap):
        raise Garbled("a rendition that nobody asked for")
    if task.rendition is not None and (found.whole or found.members):
        raise Garbled("an answer that is no rendition")
    if found.rendered is not None and not looks_right(found.rendered):
        raise Garbled("a rendition that is none")

"""A file of conversations rated message by message, as if they went on now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tutela.detection.conversation.bar.precision import Decided
from tutela.detection.conversation.bar.traffic import TURNS, Count, Traffic
from tutela.detection.conversation.rater import Rater
from tutela.model.conversation.message import Conversation, Labelled
from tutela.model.record import Record

_DATED = datetime(1971, 1, 1, tzinfo=UTC)
"""Files that tell the time of the day only are read as if all was written in January 1970."""


class Replayed(Record, frozen=True, kw_only=True):
    """What a file came to.

    Attributes:
        traffic: of all its conversations.
        dated: whether the days were told by the times of the messages, or by whoever asked.
        decided: of the conversations with a label, by the highest value that they had.
        unrated: conversations of which there was not enough evidence.
        synthetic: conversations that were made up: no figure of theirs is one of accuracy.
        labelled, positive: how many have a label, and how many of these are to be found.
    """

    traffic: Traffic
    dated: bool
    decided: tuple[Decided, ...]
    unrated: int
    synthetic: int
    labelled: int
    positive: int


class Replay:
    """Rates conversations one after the other; memory does not grow with their number.

    Args:
        rater: what rates them.
    """

    def __init__(self, rater: Rater) -> None:
        self._rater = rater
        self._counts: Counter[tuple[int, int]] = Counter()
        self._decided: Counter[tuple[int, bool]] = Counter()
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._unrated = self._synthetic = 0

    def add(self, labelled: Labelled) -> None:
        """Rate one more."""
        conversation = labelled.conversation
        steps, rated = self._steps(conversation)
        self._counts[0, TURNS[0]] += 1
        low = 0
        for peak, turn in steps:
            turns = next((one for one in TURNS if turn <= one), 0)
            self._counts.update((tenths, turns) for tenths in range(low + 1, peak + 1))
            low = peak
        if labelled.label is not None:
            self._decided[low, labelled.label] += 1
        self._unrated += not rated
        self._synthetic += labelled.synthetic
        self._date(conversation)

    def done(self, days: int | None = None) -> Replayed:
        """What they came to.

        Args:
            days: that they cover; None takes the time from the first message to the last.
        """
        span = self._span()
        counts = [Count(peak, turns, many) for (peak, turns), many in self._counts.items()]
        peaks = sorted({peak for peak, _ in self._decided})
        positive = sum(many for (_, label), many in self._decided.items() if label)
        return Replayed(
            traffic=Traffic.counted(counts, days or span or 1),
            dated=bool(days or span),
            decided=tuple(
                Decided(
                    peak,
                    self._decided[peak, True] + self._decided[peak, False],
                    self._decided[peak, True],
                )
                for peak in peaks
            ),
            unrated=self._unrated,
            synthetic=self._synthetic,
            labelled=self._decided.total(),
            positive=positive,
        )

    def _steps(self, conversation: Conversation) -> tuple[list[tuple[int, int]], bool]:
        """Each new peak in tenths with its turn, and whether there was enough evidence."""
        running = self._rater.begin(
            conversation.id, conversation.participants, conversation.language
        )
        steps: list[tuple[int, int]] = []
        peak = 0
        for turn, message in enumerate(conversation.messages, start=1):
            running.add(message)
            value = tenths(running.value())
            if value > peak:
                peak = value
                steps.append((peak, turn))
        return steps, running.rating().not_enough_evidence is None

    def _date(self, conversation: Conversation) -> None:
        for message in conversation.messages:
            if message.time is None:
                continue
            at = message.time if message.time.tzinfo else message.time.replace(tzinfo=UTC)
            if at < _DATED:
                continue
            self._first = at if self._first is None else min(self._first, at)
            self._last = at if self._last is None else max(self._last, at)

    def _span(self) -> int | None:
        if self._first is None or self._last is None:
            return None
        return (self._last - self._first) // timedelta(days=1) + 1


def replayed(rater: Rater, conversations: Iterable[Labelled], days: int | None = None) -> Replayed:
    """What a file of conversations comes to; see `Replay`."""
    replay = Replay(rater)
    for labelled in conversations:
        replay.add(labelled)
    return replay.done(days)


def tenths(value: float) -> int:
    """A value from 0 to 10 in whole tenths, rounded down: it never says more than was reached."""
    return int(value * 10 + 1e-9)

"""A conversation carried on by the messages of a batch. Pure: others store what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import structs

from tutela.conversations.batches.numbers import Arrival, Numbers
from tutela.conversations.batches.people import People
from tutela.detection.conversation.rater import Rater, Running
from tutela.errors import InvalidInput
from tutela.model.conversation.batch import (
    MessageResult,
    MessageStatus,
    NewMessage,
)
from tutela.model.conversation.rating import ConversationRating, Lane
from tutela.storage.conversation.standing import (
    TURNS,
    Key,
    Reached,
    Standing,
    Step,
)

_STATUS = {Arrival.NEXT: MessageStatus.RATED, Arrival.LATE: MessageStatus.LATE}
_DUPLICATE = MessageResult(status=MessageStatus.DUPLICATE)
_TOO_LATE = MessageResult(
    status=MessageStatus.REFUSED,
    why="it comes so late that nobody can tell whether it was taken before",
)


class Numbered(NamedTuple):
    """A message with its place in the batch."""

    place: int
    message: NewMessage


class Carried(NamedTuple):
    """What became of a conversation.

    Attributes:
        standing: where it stands now; to be stored where anything is `fresh`.
        rating: as it is now.
        results: what became of each message, by its place in the batch.
        fresh: the messages that were taken, in their order.
        highest: the rating at the new peak; where there is none, as it is now.
        risen: the peak rose, from the floor on, or an emergency was seen that was not before.
        reached: which values were reached for the first time.
        anew: the stored state could not be read, and the rating began anew.
    """

    standing: Standing
    rating: ConversationRating
    results: dict[int, MessageResult]
    fresh: tuple[NewMessage, ...]
    highest: ConversationRating
    risen: bool
    reached: tuple[Reached, ...]
    anew: bool = False


def carry_on(
    rater: Rater,
    key: Key,
    before: Standing | None,
    messages: Sequence[Numbered],
    *,
    floor: int,
    at: datetime,
) -> Carried:
    """Carry a conversation on.

    Args:
        rater: what rates.
        key: which conversation it is.
        before: where it stands; None where it is new.
        messages: of the batch, in any order: they are taken in the order of their numbers.
        floor: peak, in tenths, from which a rise is an alert.
        at: the present.
    """
    work = _Work(rater, key, before, at)
    for place, message in sorted(messages, key=lambda one: one.message.number):
        work.take(place, message)
    return work.done(floor)


class _Work:
    """A conversation while a batch is taken in."""

    def __init__(self, rater: Rater, key: Key, before: Standing | None, at: datetime) -> None:
        self._rater = rater
        self._at = at
        self._before = before or Standing(id=key.id, drill=key.drill, started_at=at, touched_at=at)
        self._numbers = Numbers(self._before.numbers)
        self._people = People(self._before.people)
        self._steps = list(self._before.steps)
        self._peak, self._messages = self._before.peak, self._before.messages
        self._highest: ConversationRating | None = None
        self._results: dict[int, MessageResult] = {}
        self._fresh: list[NewMessage] = []
        self._running: Running | None = None
        self._anew = False

    def take(self, place: int, message: NewMessage) -> None:
        """Take the next message in."""
        arrival = self._numbers.take(message.number)
        if arrival not in _STATUS:
            self._results[place] = _DUPLICATE if arrival is Arrival.AGAIN else _TOO_LATE
            return
        running = self._open(message.language)
        for person in message.people:
            if self._people.meet(person):
                running.meet(person)
        running.add(message.message)
        self._messages += 1
        self._fresh.append(message)
        self._results[place] = MessageResult(status=_STATUS[arrival])
        self._rise(running)

    def done(self, floor: int) -> Carried:
        """What became of it."""
        running = self._open("")
        rating = running.rating()
        lanes = tuple(dict.fromkeys((*self._before.lanes, *rating.lanes)))
        standing = self._standing(running, rating, lanes) if self._fresh else self._before
        risen = self._peak > self._before.peak and self._peak >= floor
        return Carried(
            standing=standing,
            rating=structs.replace(rating, lanes=lanes),
            results=self._results,
            fresh=tuple(self._fresh),
            highest=structs.replace(self._highest or rating, lanes=lanes),
            risen=risen or lanes != self._before.lanes,
            reached=tuple(self._reached()),
            anew=self._anew,
        )

    def _open(self, language: str) -> Running:
        if self._running is None:
            self._running = self._resumed() or self._rater.begin(
                self._before.id, self._people.all, self._before.language or language
            )
        return self._running

    def _resumed(self) -> Running | None:
        """The conversation as it was left, if it was and the rater can still read that."""
        if not self._before.state:
            return None
        try:
            return self._rater.resume(self._before.state)
        except InvalidInput:
            self._anew = True
            return None

    def _rise(self, running: Running) -> None:
        """Note a new peak, with the rating as it was there."""
        peak = tenths(running.value())
        if peak > self._peak:
            self._peak = peak
            self._steps.append(Step(peak=peak, turn=self._messages, at=self._at))
            self._highest = running.rating()

    def _standing(
        self, running: Running, rating: ConversationRating, lanes: tuple[Lane, ...]
    ) -> Standing:
        last, before = self._fresh[-1], self._before
        return structs.replace(
            before,
            touched_at=self._at,
            surface=last.surface or before.surface,
            region=last.region or before.region,
            language=last.language or before.language,
            messages=self._messages,
            numbers=self._numbers.ranges,
            people=self._people.all,
            peak=self._peak,
            steps=tuple(self._steps),
            lanes=lanes,
            model=rating.model,
            state=running.dump(),
        )

    def _reached(self) -> Iterator[Reached]:
        """Every tenth that was reached for the first time; peak 0 where the conversation is new."""
        day, drill = int(self._at.timestamp() // 86_400), self._before.drill
        if self._fresh and not self._before.messages:
            yield Reached(day=day, drill=drill, peak=0, turns=TURNS[0])
        low = self._before.peak
        for step in self._steps[len(self._before.steps) :]:
            turns = next((turn for turn in TURNS if step.turn <= turn), 0)
            for peak in range(low + 1, step.peak + 1):
                yield Reached(day=day, drill=drill, peak=peak, turns=turns)
            low = step.peak


def tenths(value: float) -> int:
    """A value from 0 to 10 in whole tenths, rounded down: it never says more than was reached."""
    return int(value * 10 + 1e-9)

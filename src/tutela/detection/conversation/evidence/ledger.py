"""What was found in a conversation, booked to who did it: evidence, stages, grounds and lanes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tutela.detection.conversation.calibration import Calibration
from tutela.detection.conversation.cues.cue import BookedTo, CueFamily, Hit
from tutela.detection.conversation.evidence import cooccurrence, storing
from tutela.detection.conversation.evidence.clock import Clock
from tutela.detection.conversation.evidence.gates import GAPS, MEANT, Relation, share
from tutela.detection.conversation.evidence.lanes import follows, lane_of
from tutela.detection.conversation.evidence.people import People
from tutela.detection.conversation.evidence.side import LEAST, Side
from tutela.detection.conversation.evidence.state import LedgerState, MediaState
from tutela.model.conversation.message import Participant
from tutela.model.conversation.rating import AgeGap, Ground, Lane, Stage, StageMark

MOST_SIDES = 32
"""So many authors have evidence at a time; who has least gives way."""
MOST_GROUNDS = 24
"""So many grounds are kept: the weightiest."""

YOUNG_TOLD = "minor_age_told"
OLDER_TOLD = "age_gap_told"


class Ledger:
    """The evidence of one conversation. Bounded, and without a word of text.

    Args:
        calibration: what points mean.
        clock: of the conversation; whoever owns it lets it tick before each message.

    Attributes:
        people: who takes part.
        peak: the highest value so far.
        first_alert: place of the message that made it high first.
        hits: cues found, whether they counted or not.
    """

    def __init__(
        self, calibration: Calibration, clock: Clock, participants: Iterable[Participant] = ()
    ) -> None:
        self.people = People(participants)
        self.peak = 0.0
        self.first_alert: int | None = None
        self.hits = 0
        self._calibration = calibration
        self._clock = clock
        self._sides: dict[str, Side] = {}
        self._stages: dict[Stage, tuple[int, int]] = {}
        self._grounds: list[Ground] = []
        self._lanes: list[Lane] = []
        self._media: MediaState | None = None

    def writes(self, author: str, *, media: bool) -> None:
        """Somebody writes a message, in which nothing was looked for yet."""
        self.people.writes(author, (*self._sides,))
        if media:
            self._media = MediaState(self._clock.place, self._clock.seconds)

    def book(self, author: str, hits: Sequence[Hit], *, hidden: bool) -> None:
        """Book what was found in the message that `author` just wrote.

        Args:
            hidden: the writing hides what it says from machines.
        """
        self.hits += len(hits)
        once = {hit.cue.id: hit for hit in reversed(hits)}
        if YOUNG_TOLD in once:
            self.people.tell_young(author)
        if OLDER_TOLD in once:
            self.people.tell_older(author)
        seen: set[Stage] = set()
        for hit in sorted(once.values(), key=lambda one: (one.start, one.cue.id)):
            whose = author if hit.cue.booked_to is BookedTo.AUTHOR else self.people.other(author)
            if whose is not None:
                self._one(hit, whose, author, seen, hidden=hidden)
        for stage in seen:
            first, messages = self._stages.get(stage, (self._clock.place, 0))
            self._stages[stage] = first, messages + 1
        self._rise()

    def value(self) -> float:
        """The value now: that of the author with most evidence."""
        return self._calibration.value(self._most()[0]) if self._sides else 0.0

    def points(self, author: str) -> float:
        """The points of one author now."""
        side = self._sides.get(author)
        return 0.0 if side is None else side.total(self._clock)

    def author(self) -> str:
        """Whose evidence weighs most; empty where there is none."""
        points, author = self._most()
        return author if points >= LEAST else ""

    def gap(self) -> AgeGap:
        """What is known of the ages between that author and the others."""
        return self.people.gap(self.author())

    def stages(self) -> tuple[StageMark, ...]:
        """The stages that were seen, in the order of their first message."""
        marks = [
            StageMark(stage=stage, first=first, messages=messages)
            for stage, (first, messages) in self._stages.items()
        ]
        return tuple(sorted(marks, key=lambda mark: (mark.first, mark.stage)))

    def grounds(self) -> tuple[Ground, ...]:
        """What moved the rating, the weightiest first."""
        return tuple(sorted(self._grounds, key=_weight))

    def lanes(self) -> tuple[Lane, ...]:
        """Emergencies that were seen, in the order in which they were."""
        return tuple(self._lanes)

    def dump(self) -> LedgerState:
        """Its state."""
        return LedgerState(
            author=self.people.author,
            answered=self.people.answered,
            people=tuple(storing.person_state(one) for one in self.people),
            sides=tuple(storing.side_state(name, one) for name, one in self._sides.items()),
            stages={stage.value: mark for stage, mark in self._stages.items()},
            grounds=tuple(storing.ground_state(ground) for ground in self._grounds),
            lanes=tuple(self._lanes),
            media=self._media,
            hits=self.hits,
            peak=self.peak,
            first_alert=self.first_alert,
        )

    @classmethod
    def resume(cls, state: LedgerState, calibration: Calibration, clock: Clock) -> Ledger:
        """A ledger as `dump` left it.

        Raises:
            ValueError: the state names what there is not.
        """
        ledger = cls(calibration, clock)
        for person in state.people:
            ledger.people.add(storing.person(person))
        ledger.people.author, ledger.people.answered = state.author, state.answered
        ledger._sides = {one.author: storing.side(one) for one in state.sides}
        ledger._stages = {Stage(stage): mark for stage, mark in state.stages.items()}
        ledger._grounds = [storing.ground(one) for one in state.grounds]
        ledger._lanes = [Lane(lane) for lane in state.lanes]
        ledger._media = state.media
        ledger.hits = state.hits
        ledger.peak, ledger.first_alert = state.peak, state.first_alert
        return ledger

    def _one(self, hit: Hit, whose: str, author: str, seen: set[Stage], *, hidden: bool) -> None:
        between = self.people.relation(whose)
        part = share(hit.cue, between, len(self.people) - 1)
        side = self._sides.get(whose)
        if side is None:
            side = self._sides[whose] = Side()
            self._bound()
        self._note(hit, author, hit.cue, side.book(hit.cue, part, self._clock))
        if hit.cue.points < 0:
            return
        if hit.cue.stage is not None and part >= MEANT:
            seen.add(hit.cue.stage)
        media = follows(self._media, self._clock.place, self._clock.seconds)
        for family, weight in _pairs(hit.cue, part, side, self._clock, between, media, hidden):
            self._pair(hit, author, side, family, weight)
        lane = lane_of(hit.cue.id, side, self._clock, between, media=media)
        if lane is not None and lane not in self._lanes:
            self._lanes.append(lane)

    def _pair(self, hit: Hit, author: str, side: Side, family: CueFamily, part: float) -> None:
        if side.pairs(self._clock) + family.points * part <= cooccurrence.MOST:
            self._note(hit, author, family, side.book(family, part, self._clock))

    def _note(self, hit: Hit, author: str, cue: CueFamily, points: float) -> None:
        if abs(points) < LEAST:
            return
        self._grounds.append(
            Ground(
                message=self._clock.place,
                author=author,
                cue=cue.id,
                points=round(points, 3),
                stage=cue.stage,
                start=hit.start,
                end=hit.end,
            )
        )
        if len(self._grounds) > MOST_GROUNDS:
            self._grounds.remove(max(self._grounds, key=_weight))

    def _bound(self) -> None:
        if len(self._sides) > MOST_SIDES:
            newest = next(reversed(self._sides))
            others = [name for name in self._sides if name != newest]
            del self._sides[min(others, key=lambda name: self._sides[name].total(self._clock))]

    def _most(self) -> tuple[float, str]:
        found = [(side.total(self._clock), name) for name, side in self._sides.items()]
        return max(found, key=lambda one: one[0], default=(0.0, ""))

    def _rise(self) -> None:
        value = self.value()
        if self.first_alert is None and value >= self._calibration.high:
            self.first_alert = self._clock.place
        self.peak = max(self.peak, value)


def _pairs(
    cue: CueFamily,
    part: float,
    side: Side,
    clock: Clock,
    between: Relation,
    media: bool,  # noqa: FBT001 - all of it is what is known at this moment
    hidden: bool,  # noqa: FBT001 - likewise
) -> Iterable[tuple[CueFamily, float]]:
    """What the cue makes with what else is known, and the part of its points that counts."""
    for partner, name, points in cooccurrence.PARTNERS.get(cue.id, ()):
        pool = side.recent(partner, clock)
        if pool is not None:
            yield cooccurrence.family(name, points, cue.stage), min(part, pool.share)
    alone = (
        (media, cooccurrence.MEDIA, cooccurrence.WITH_MEDIA),
        (between in GAPS, cooccurrence.GAP, cooccurrence.WITH_GAP),
        (hidden, cooccurrence.HIDDEN, cooccurrence.WITH_HIDDEN),
    )
    for there, name, table in alone:
        if there and cue.id in table:
            yield cooccurrence.family(f"{name}+{cue.id}", table[cue.id], cue.stage), part


def _weight(ground: Ground) -> tuple[float, int, str]:
    """Sorts the weightiest first; of equal ones the earliest."""
    return -abs(ground.points), ground.message, ground.cue

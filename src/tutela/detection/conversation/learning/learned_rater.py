"""Tier (b): a rater that an operator trained, on top of one that reads cues.

The cues keep their say: stages, reasons, emergencies, ages, and whether there is enough evidence at
all come from them. What the learned model adds is the value, its probability, and which messages
moved it by their wording. In a language that it did not learn it says nothing, and the rating is
that of the cues.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import msgspec
import numpy as np

from tutela.detection.conversation.evidence.state import pack, unpack
from tutela.detection.conversation.learning import kernels
from tutela.detection.conversation.learning.following import (
    Following,
    FollowingState,
    chance_of,
    value_of,
)
from tutela.detection.conversation.learning.model import LearnedModel
from tutela.detection.conversation.learning.reading import CueReader, CueRunning, said
from tutela.errors import InvalidInput
from tutela.model.conversation.message import Message, Participant
from tutela.model.conversation.rating import (
    Band,
    ConversationRating,
    Ground,
)

WORDING = "wording"
"""Cue of a ground that is a message's wording as a whole, and no cue that was declared."""

LONGEST_MODEL = 128
"""Characters that the name of a model may have in a rating."""

_MAGIC = b"TLL1"
_BANDS = (Band.LOW, Band.RAISED, Band.HIGH, Band.CRITICAL)
_MOST_REASONS = 24
_REMEDY = "begin the conversation anew"


class LearnedState(msgspec.Struct, frozen=True, array_like=True):
    """Everything of a running conversation."""

    model: str
    cues: bytes
    following: FollowingState
    log_odds: float
    peak: float
    first_alert: int | None


class LearnedRater:
    """Rates by a learned model. May be used by many threads.

    Args:
        cues: the rater of cues below it.
        learned: the model.
    """

    def __init__(self, cues: CueReader, learned: LearnedModel) -> None:
        self.cues = cues
        self.learned = learned
        self.families = {family: place for place, family in enumerate(learned.card.families)}
        # Compiled or loaded now, so that no message waits for it.
        kernels.weigh(np.frombuffer(b"", np.uint32), learned.wording.weights)

    @property
    def model(self) -> str:
        """Name and digest of the learned model, and the cues below it."""
        return f"{self.learned.title} on {self.cues.model}"[:LONGEST_MODEL]

    @property
    def bands(self) -> tuple[float, float, float]:
        """Values from which a rating is raised, high and critical."""
        bars = self.learned.card.bars
        return bars.raised, bars.high, bars.critical

    def begin(
        self, conversation_id: str, participants: Sequence[Participant] = (), language: str = ""
    ) -> LearnedRunning:
        """A conversation in which nothing was written yet."""
        cues = self.cues.begin(conversation_id, participants, language)
        return LearnedRunning(self, cues, Following(self.learned.wording))

    def resume(self, state: bytes) -> LearnedRunning:
        """A conversation as `LearnedRunning.dump` left it.

        Raises:
            InvalidInput: the state is damaged, or of another model.
        """
        found = unpack(_MAGIC, state, LearnedState)
        if found.model != self.learned.card.digest:
            what = "the state of the conversation is of another learned model"
            raise InvalidInput(what, remedy=_REMEDY)
        if not found.following.fits(len(self.families)):
            raise InvalidInput("the state of the conversation is damaged", remedy=_REMEDY)
        following = Following.resumed(self.learned.wording, found.following)
        return LearnedRunning(self, self.cues.resume(found.cues), following, found)


class LearnedRunning:
    """A conversation that goes on.

    Args:
        rater: the rater that began it.
        cues: the same conversation as cues tell it.
        following: how its wording goes.
        state: where it was left.
    """

    def __init__(
        self,
        rater: LearnedRater,
        cues: CueRunning,
        following: Following,
        state: LearnedState | None = None,
    ) -> None:
        self._rater = rater
        self._cues = cues
        self._following = following
        self._log_odds = state.log_odds if state else 0.0
        self._peak = state.peak if state else 0.0
        self._first_alert = state.first_alert if state else None

    def add(self, message: Message) -> None:
        """Take one message in."""
        learned = self._rater.learned
        reading = self._cues.read(message)
        features = self._following.add(
            said(message, reading, self._rater.families, learned.wording), self._cues.value()
        )
        self._log_odds = learned.card.calibration.log_odds(learned.ruling.score(features))
        value = self.value()
        self._peak = max(self._peak, value)
        if self._first_alert is None and value >= self._bands[1]:
            self._first_alert = self._following.count - 1

    def meet(self, participant: Participant) -> None:
        """Take in what is known of somebody who takes part."""
        self._cues.meet(participant)

    def value(self) -> float:
        """The value (0 to 10) after the messages so far."""
        if not self._learned:
            return self._cues.value()
        return 0.0 if self._cues.missing else value_of(self._log_odds)

    def rating(self) -> ConversationRating:
        """The rating after the messages so far."""
        learned, found, value = self._rater.learned, self._cues.rating(), self.value()
        told = msgspec.structs.replace(
            found, peak=self._peak, first_alert=self._first_alert, model=self._rater.model
        )
        if found.not_enough_evidence or not self._learned:
            return told
        grounds = self._wording_grounds()
        return msgspec.structs.replace(
            told,
            value=value,
            probability=chance_of(self._log_odds),
            band=_BANDS[bisect_right(self._bands, value)],
            author=found.author or next((ground.author for ground in grounds), ""),
            reasons=_weightiest((*found.reasons, *grounds)),
            calibration=learned.calibration,
        )

    def dump(self) -> bytes:
        """The whole state: features, and ids of those who wrote, but no text."""
        state = LearnedState(
            model=self._rater.learned.card.digest,
            cues=self._cues.dump(),
            following=self._following.dump(),
            log_odds=self._log_odds,
            peak=self._peak,
            first_alert=self._first_alert,
        )
        return pack(_MAGIC, state)

    @property
    def _learned(self) -> bool:
        """Whether the model learned the language, as far as that is known."""
        language = self._cues.language
        return not language or language in self._rater.learned.card.data.languages

    @property
    def _bands(self) -> tuple[float, float, float]:
        return self._rater.bands if self._learned else self._rater.cues.bands

    def _wording_grounds(self) -> tuple[Ground, ...]:
        return tuple(
            Ground(message=one.message, author=one.author, cue=WORDING, points=round(one.points, 3))
            for one in self._following.weighty
        )


def _weightiest(grounds: Sequence[Ground]) -> tuple[Ground, ...]:
    order = sorted(grounds, key=lambda ground: (-abs(ground.points), ground.message, ground.cue))
    return tuple(order[:_MOST_REASONS])

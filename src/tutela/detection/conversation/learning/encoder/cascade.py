"""An encoder on top of another rater, asked only where that one's value is high already.

What it says of each message is evidence like other evidence: it is bounded, accumulates with
forgetting, and moves the probability by as many log odds. It may also speak for a conversation,
though less than against it: a network that errs must not silence what cues have shown.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from tutela.detection.conversation.evidence.state import pack, unpack
from tutela.detection.conversation.learning.calibrating import logit
from tutela.detection.conversation.learning.encoder.card import EncoderFolder
from tutela.detection.conversation.learning.encoder.opening import Evident
from tutela.detection.conversation.learning.following import PER_LOG_ODDS, chance_of
from tutela.detection.conversation.learning.identity import without
from tutela.detection.conversation.learning.learned_rater import LONGEST_MODEL
from tutela.detection.conversation.rater import Rater, Running
from tutela.detection.text.normaliser import Normaliser
from tutela.errors import InvalidInput
from tutela.model.conversation.message import Message, Participant
from tutela.model.conversation.rating import Band, ConversationRating, Ground

ENCODER = "encoder"
"""Cue of the ground that is what an encoder says."""

_MAGIC = b"TLE1"
_BANDS = (Band.LOW, Band.RAISED, Band.HIGH, Band.CRITICAL)
_WEIGHT = 0.3
_KEPT = 0.9
_WIDEST = 4.0
_MOST_FOR, _MOST_AGAINST = -1.5, 4.0
_LEAST_TOLD = 0.1
_REMEDY = "begin the conversation anew"


class Banded(Rater, Protocol):
    """A rater that tells the values from which a rating is raised, high and critical."""

    @property
    def bands(self) -> tuple[float, float, float]:
        """Those values."""


class Asked(NamedTuple):
    """A message that the encoder was asked about: its place, its author and the evidence."""

    message: int
    author: str
    evidence: float


class CascadeState(msgspec.Struct, frozen=True, array_like=True):
    """Everything of a running conversation."""

    encoder: str
    below: bytes
    count: int
    evidence: float
    asked: Asked | None
    peak: float
    first_alert: int | None


class CascadeRater:
    """Rates as the rater below does, and asks an encoder about what that one rates high.

    Args:
        below: tier (a) or (b).
        folder: the encoder's files.
        network: the encoder.
    """

    def __init__(self, below: Banded, folder: EncoderFolder, network: Evident) -> None:
        self.below = below
        self.folder = folder
        self.network = network
        self._normaliser = Normaliser()

    def evidence(self, text: str) -> float:
        """What the encoder says of a text; words of identity are taken out before."""
        written, _ = without(self._normaliser.normalise(text))
        return self.network.evidence(written)

    @property
    def model(self) -> str:
        """The encoder and what is below it."""
        return f"{self.folder.title} on {self.below.model}"[:LONGEST_MODEL]

    @property
    def bands(self) -> tuple[float, float, float]:
        """Those of the rater below."""
        return self.below.bands

    def begin(
        self, conversation_id: str, participants: Sequence[Participant] = (), language: str = ""
    ) -> CascadeRunning:
        """A conversation in which nothing was written yet."""
        return CascadeRunning(self, self.below.begin(conversation_id, participants, language))

    def resume(self, state: bytes) -> CascadeRunning:
        """A conversation as `CascadeRunning.dump` left it.

        Raises:
            InvalidInput: the state is damaged, or of another model.
        """
        found = unpack(_MAGIC, state, CascadeState)
        if found.encoder != self.folder.digest:
            raise InvalidInput(
                "the state of the conversation is of another encoder", remedy=_REMEDY
            )
        return CascadeRunning(self, self.below.resume(found.below), found)


class CascadeRunning:
    """A conversation that goes on.

    Args:
        rater: the rater that began it.
        below: the same conversation as the rater below has it.
        state: where it was left.
    """

    def __init__(
        self, rater: CascadeRater, below: Running, state: CascadeState | None = None
    ) -> None:
        self._rater = rater
        self._below = below
        self._count = state.count if state else 0
        self._evidence = state.evidence if state else 0.0
        self._asked = state.asked if state else None
        self._peak = state.peak if state else 0.0
        self._first_alert = state.first_alert if state else None

    def add(self, message: Message) -> None:
        """Take one message in."""
        self._below.add(message)
        if message.text and self._worth_asking():
            self._ask(message)
        self._count += 1
        value = self.value()
        self._peak = max(self._peak, value)
        if self._first_alert is None and value >= self._rater.bands[1]:
            self._first_alert = self._count - 1

    def meet(self, participant: Participant) -> None:
        """Take in what is known of somebody who takes part."""
        self._below.meet(participant)

    def value(self) -> float:
        """The value (0 to 10) after the messages so far."""
        below = self._below.value()
        if not below:
            return 0.0
        return round(min(max(below + self._evidence * PER_LOG_ODDS, 0.0), 10.0), 3)

    def rating(self) -> ConversationRating:
        """The rating after the messages so far."""
        found, value = self._below.rating(), self.value()
        told = msgspec.structs.replace(
            found, peak=self._peak, first_alert=self._first_alert, model=self._rater.model
        )
        if found.probability is None:
            return told
        return msgspec.structs.replace(
            told,
            value=value,
            probability=chance_of(logit(found.probability) + self._evidence),
            band=_BANDS[bisect_right(self._rater.bands, value)],
            reasons=tuple(sorted((*self._ground(), *found.reasons), key=_weight)),
        )

    def dump(self) -> bytes:
        """The whole state: features, never text."""
        state = CascadeState(
            encoder=self._rater.folder.digest,
            below=self._below.dump(),
            count=self._count,
            evidence=self._evidence,
            asked=self._asked,
            peak=self._peak,
            first_alert=self._first_alert,
        )
        return pack(_MAGIC, state)

    def _worth_asking(self) -> bool:
        card = self._rater.folder.card
        high = self._below.value() >= card.from_value
        return high and self._below.rating().language in card.languages

    def _ask(self, message: Message) -> None:
        said = self._rater.evidence(message.text)
        step = _WEIGHT * min(max(said, -_WIDEST), _WIDEST)
        self._evidence = min(max(_KEPT * self._evidence + step, _MOST_FOR), _MOST_AGAINST)
        if self._asked is None or said > self._asked.evidence:
            self._asked = Asked(self._count, message.author, said)

    def _ground(self) -> tuple[Ground, ...]:
        """What the encoder adds, at the message of which it said most."""
        if self._asked is None or abs(self._evidence) < _LEAST_TOLD:
            return ()
        return (
            Ground(
                message=self._asked.message,
                author=self._asked.author,
                cue=ENCODER,
                points=round(self._evidence, 3),
            ),
        )


def _weight(ground: Ground) -> tuple[float, int, str]:
    return -abs(ground.points), ground.message, ground.cue

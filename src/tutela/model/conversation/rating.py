"""What a machine makes of a conversation. It speaks of the conversation, never of a person's guilt.

`ConversationRating` is the whole answer, with its reasons; `tutela.model.rating.Rating` is what
policy reads of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.model.record import Record


class Stage(StrEnum):
    """What cues belong to. Stages are flags: they come in any order, and none needs another."""

    TRUST = "trust"
    """Compliments, gifts, being the only one who understands."""
    PROBING = "probing"
    """Asking for age, place, and who is near; asking who may be listening."""
    ISOLATION = "isolation"
    """Secrecy, deleting, another app, talking others down."""
    SEXUAL = "sexual"
    """Sexual talk, asking for or offering pictures."""
    COERCION = "coercion"
    """Not taking no for an answer, guilt, threats, demands for payment."""
    APPROACH = "approach"
    """Meeting, and how to get there."""


class Band(StrEnum):
    """How high a rating is, in words; the bounds belong to the calibration."""

    LOW = "low"
    RAISED = "raised"
    HIGH = "high"
    CRITICAL = "critical"


class Lane(StrEnum):
    """What cannot wait for the queue: cases of these come first, whatever the rating is."""

    SEXTORTION = "sextortion"
    """A picture was sent, and minutes later a threat or a demand for payment came."""
    MEETING = "meeting"
    """A meeting of an older with a younger person seems near."""


class MissingEvidence(StrEnum):
    """Why there is no rating."""

    UNSUPPORTED_LANGUAGE = "unsupported_language"
    NO_TEXT = "no_text"
    ONE_SIDED = "one_sided"
    """Only one participant is known: there is nobody whom the messages could reach."""
    TOO_SHORT = "too_short"
    """Too little was written to tell the language or anything else."""
    NOT_PERMITTED = "not_permitted"
    """The law of the place does not allow that this is rated: nothing was computed."""


class NotEnoughEvidence(Record, frozen=True, kw_only=True):
    """Why there is no rating, in a word and in a sentence: `unsupported language (sv)`."""

    reason: MissingEvidence
    detail: str = ""


class KnownAges(StrEnum):
    """How the ages of both sides are known; the less certain one counts."""

    KNOWN = "known"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


class AgeGap(Record, frozen=True, kw_only=True):
    """What is known of the ages on both sides.

    Attributes:
        adult_to_minor: an adult writes to a minor; None where the ages do not say.
        years: between them, where both are known in years.
    """

    knowledge: KnownAges = KnownAges.UNKNOWN
    adult_to_minor: bool | None = None
    years: int | None = None


class StageMark(Record, frozen=True, kw_only=True):
    """A stage that was seen.

    Attributes:
        first: place (from 0) of the first message that shows it.
        messages: how many show it.
    """

    stage: Stage
    first: int
    messages: int


class Ground(Record, frozen=True, kw_only=True):
    """One cue that moved the rating.

    Attributes:
        message: place (from 0) of the message in the conversation.
        author: id of who wrote it.
        cue: id of the cue, or of what came together: `secrecy`, `secrecy+image_request`.
        stage: that it belongs to; None of protective cues.
        points: of evidence that it added then, after caps; below zero of protective cues.
        start, end: where in the message as it was written; both 0 where no place can be named.
    """

    message: int
    author: str
    cue: str
    points: float
    stage: Stage | None = None
    start: int = 0
    end: int = 0


class ConversationRating(Record, frozen=True, kw_only=True):
    """The rating of one conversation, with everything that explains it.

    The same messages give the same rating, to the last bit.

    Attributes:
        value: 0 to 10; 0 where there is not enough evidence.
        peak: the highest value that it had after any message: what thresholds are chosen on.
        probability: chance that people who look agree that it needs them, as good as `calibration`
            is; None where there is not enough evidence.
        author: id of the participant whose messages weigh most; empty where nobody's do.
        stages: those that were seen, in the order of their first message.
        reasons: what moved it, the weightiest first; bounded.
        fan_out: distinct people whom `author` reaches with like evidence, where that is known.
        first_alert: place (from 0) of the first message after which the value was at least that of
            band `high`; None where it never was.
        lanes: emergencies that were seen.
        messages: how many were rated.
        language: in which it was rated; empty where none was found.
        model: name and version of what rated: `cues 1 (en 3f2a...)`.
        calibration: version of what made points a probability and a value: `prior 1` where no data
            of this service has confirmed it.
    """

    conversation_id: str
    value: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    peak: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    band: Band = Band.LOW
    author: str = ""
    stages: tuple[StageMark, ...] = ()
    reasons: tuple[Ground, ...] = ()
    age_gap: AgeGap = AgeGap()
    fan_out: int = 0
    first_alert: int | None = None
    lanes: tuple[Lane, ...] = ()
    messages: int = 0
    language: str = ""
    model: str = ""
    calibration: str = ""
    not_enough_evidence: NotEnoughEvidence | None = None

"""What the server answers about conversations, as a client reads it; see `answers`."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tutela.client.answers import Answer, Told


class ToldMessage(Told, frozen=True, kw_only=True):
    """What became of a message or report: `status`, and why where it was refused.

    `rated`, `late` and `duplicate` are as good as done; `not_permitted` is the law's word;
    `refused` needs mending before it is sent again.
    """

    status: str
    why: str = ""

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do about it."""
        return self.status != "refused"


class ToldMissing(Told, frozen=True, kw_only=True):
    """Why there is no rating."""

    reason: str
    detail: str = ""


class ToldTalk(Told, frozen=True, kw_only=True):
    """Where a conversation stands after a batch.

    Attributes:
        value, peak: the rating now, and the highest so far; 0 to 10.
        event_id: the event that the batch raised; None for none.
        outcome: what was decided about that event; None where it is still to be.
    """

    conversation: str
    messages: int
    value: float
    peak: float
    drill: bool = False
    probability: float | None = None
    band: str = ""
    lanes: tuple[str, ...] = ()
    fan_out: int = 0
    not_enough_evidence: ToldMissing | None = None
    event_id: str | None = None
    outcome: Answer | None = None


class MessagesAnswer(Told, frozen=True, kw_only=True):
    """What became of a batch: one result for each message and report, in their order."""

    results: tuple[ToldMessage, ...]
    reports: tuple[ToldMessage, ...] = ()
    conversations: tuple[ToldTalk, ...] = ()


class ToldGround(Told, frozen=True, kw_only=True):
    """What moved a rating: place of the message (from 0), whose it is, the cue and its points."""

    message: int
    author: str
    cue: str
    points: float
    stage: str | None = None
    start: int = 0
    end: int = 0


class ToldRating(Told, frozen=True, kw_only=True):
    """A rating. It speaks of the conversation, never of a person's guilt."""

    value: float
    peak: float = 0.0
    probability: float | None = None
    band: str = ""
    author: str = ""
    reasons: tuple[ToldGround, ...] = ()
    lanes: tuple[str, ...] = ()
    fan_out: int = 0
    messages: int = 0
    language: str = ""
    model: str = ""
    calibration: str = ""
    not_enough_evidence: ToldMissing | None = None


class RatedConversation(Told, frozen=True, kw_only=True):
    """The rating of a whole conversation, and which members of the record were not used."""

    rating: ToldRating
    ignored: dict[str, int] = msgspec.field(default_factory=dict)
    mended: dict[str, int] = msgspec.field(default_factory=dict)


class StoredConversation(Told, frozen=True, kw_only=True):
    """What is kept of a conversation that goes on: no text."""

    conversation: str
    messages: int
    peak: float
    rating: ToldRating | None = None
    drill: bool = False
    started_at: datetime | None = None
    touched_at: datetime | None = None

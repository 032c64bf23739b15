"""Batches of messages: what a platform hands in, and what became of each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.model.actor import Name
from tutela.model.conversation.message import Message, Participant, Place
from tutela.model.conversation.rating import Band, Lane, NotEnoughEvidence
from tutela.model.event import Outcome
from tutela.model.record import Record

LONGEST_TEXT = 1_000_000
"""Characters of a message that are read; a longer one is refused."""
MOST_RECEIVERS = 500
"""People that a message names as its receivers."""


class NewMessage(Record, frozen=True, kw_only=True):
    """One message of a conversation.

    Attributes:
        conversation: the platform's id of the conversation.
        number: its place in the platform's own count; it rises with each message of the
            conversation. A time in microseconds will do.
        author: who wrote it, with the age where it is known; None where nobody knows.
        receivers: who is to read it, likewise.
        text: as it was written; empty where it is a picture only, or encrypted end to end.
        time: when it was sent.
        media: it carries a picture or a video.
        surface: where on the platform, in the platform's words.
        region: ISO 3166 code of the place whose law applies.
        language: a tag such as `en`, where the platform knows it.
        drill: harmless test material.
    """

    conversation: Annotated[Name, msgspec.Meta(min_length=1)]
    number: Place
    author: Participant | None = None
    receivers: Annotated[tuple[Participant, ...], msgspec.Meta(max_length=MOST_RECEIVERS)] = ()
    text: Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)] = ""
    time: datetime | None = None
    media: bool = False
    surface: Name = ""
    region: Name = ""
    language: Name = ""
    drill: bool = False

    @property
    def people(self) -> tuple[Participant, ...]:
        """Everybody whom it names."""
        named = (*self.receivers, self.author) if self.author else self.receivers
        return tuple(one for one in named if one.id)

    @property
    def message(self) -> Message:
        """The message as raters take it."""
        return Message(
            author=self.author.id if self.author else "",
            text=self.text,
            time=self.time,
            number=self.number,
            media=self.media,
        )


class Complaint(StrEnum):
    """What a user does about an account."""

    REPORT = "report"
    BLOCK = "block"


class NewReport(Record, frozen=True, kw_only=True):
    """A user reported or blocked an account.

    Attributes:
        actor: id of the account.
        by: id of the user.
        time: when; None means now.
    """

    actor: Annotated[Name, msgspec.Meta(min_length=1)]
    by: Annotated[Name, msgspec.Meta(min_length=1)]
    kind: Complaint
    time: datetime | None = None
    drill: bool = False


class MessageStatus(StrEnum):
    """What became of a message."""

    RATED = "rated"
    """It moved on its conversation, in its place."""
    LATE = "late"
    """It moved on its conversation, but came after messages with greater numbers."""
    DUPLICATE = "duplicate"
    """A message of its number was taken before: nothing was done."""
    NOT_PERMITTED = "not_permitted"
    """The law of the place does not allow that it is rated: nothing was computed."""
    REFUSED = "refused"
    """It cannot be taken; `why` says what is wrong with it."""


class MessageResult(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one message, or of one report (`rated` where it was counted)."""

    status: MessageStatus
    why: str = ""


class TalkResult(Record, frozen=True, kw_only=True):
    """Where a conversation of the batch stands now.

    Attributes:
        value: the rating now, 0 to 10.
        peak: the highest one so far, in whole tenths.
        fan_out: distinct people whom whoever's messages weigh most reaches with like evidence.
        event_id: the event that this batch raised; None where it raised none.
        outcome: what was decided about that event; None where it could not be decided yet: that
            will be done without being asked.
    """

    conversation: str
    drill: bool
    messages: int
    value: float
    peak: float
    probability: float | None
    band: Band
    lanes: tuple[Lane, ...] = ()
    fan_out: int = 0
    not_enough_evidence: NotEnoughEvidence | None = None
    event_id: str | None = None
    outcome: Outcome | None = None


class BatchResult(Record, frozen=True, kw_only=True):
    """What became of a batch.

    Attributes:
        results: one for each message, in the order of the request.
        reports: one for each report, likewise.
        conversations: those of which messages were rated.
    """

    results: tuple[MessageResult, ...]
    reports: tuple[MessageResult, ...] = ()
    conversations: tuple[TalkResult, ...] = ()

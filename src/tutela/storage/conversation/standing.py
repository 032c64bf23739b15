"""What is kept of a conversation that is rated as it goes on, and of whoever writes in it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tutela.model.actor import AccountSignals, Actor
from tutela.model.conversation.message import Participant
from tutela.model.conversation.rating import ConversationRating, Lane
from tutela.model.record import Record

TURNS = (10, 20, 50)
"""By which turns it is counted when a conversation reached a value; 0 stands for later ones."""


class Key(NamedTuple):
    """What tells a conversation, or an actor, from others: drills never mix with the rest."""

    id: str
    drill: bool


class Step(Record, frozen=True, kw_only=True):
    """A new peak of a conversation.

    Attributes:
        peak: the value in tenths, 0 to 100.
        turn: how many messages had been rated when it was reached, with the one that did it.
        at: when that message came in.
    """

    peak: int
    turn: int
    at: datetime


class Standing(Record, frozen=True, kw_only=True):
    """Where a conversation stands: features, never text.

    Attributes:
        id: the platform's id of it.
        revision: counts its changes; 0 of one that is not stored yet.
        touched_at: when a message of it last came in.
        surface, region, language: as they were last told.
        messages: how many were rated.
        numbers: the numbers of messages that were taken, as ranges, first and last of each.
        people: who takes part, as far as it is known.
        peak: the highest value after any message, in tenths.
        steps: how the peak rose.
        lanes: emergencies that were seen.
        model: of the rater whose `state` this is.
    """

    id: str
    drill: bool
    revision: int = 0
    started_at: datetime
    touched_at: datetime
    surface: str = ""
    region: str = ""
    language: str = ""
    messages: int = 0
    numbers: tuple[tuple[int, int], ...] = ()
    people: tuple[Participant, ...] = ()
    peak: int = 0
    steps: tuple[Step, ...] = ()
    lanes: tuple[Lane, ...] = ()
    model: str = ""
    state: bytes = b""

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return Key(self.id, self.drill)


class ActorStanding(Record, frozen=True, kw_only=True):
    """What all conversations of an actor together show; members as of `Standing`.

    Attributes:
        peak: the highest value of it all together, in tenths.
    """

    actor: str
    drill: bool
    revision: int = 0
    touched_at: datetime
    peak: int = 0
    model: str = ""
    state: bytes = b""

    @property
    def key(self) -> Key:
        """What tells them from others."""
        return Key(self.actor, self.drill)


class AlertFacts(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What the event of an alert tells besides the rating.

    Attributes:
        actor: whose messages weigh most.
        receivers: the others who take part.
        account: what is known of the actor's account.
        actor_peak: value of all the actor's conversations together, in tenths; 0 where nothing
            is known of others.
    """

    surface: str = ""
    region: str = ""
    language: str = ""
    actor: Actor | None = None
    receivers: tuple[Actor, ...] = ()
    account: AccountSignals | None = None
    actor_peak: int = 0


class Alert(Record, frozen=True, kw_only=True):
    """A conversation's peak rose, or that of its actor, or an emergency was seen.

    Attributes:
        event_id: the event that policy decides about.
        peak: the new peak, in tenths.
        turn: how many messages had been rated.
        rating: as it was then, with its reasons; no text.
        told_at: when the event was stored; None as long as it is owed.
    """

    event_id: str
    conversation: str
    drill: bool
    at: datetime
    peak: int
    turn: int
    rating: ConversationRating
    facts: AlertFacts = AlertFacts()
    told_at: datetime | None = None


class Reached(NamedTuple):
    """That a conversation first reached a value, as it is counted.

    Attributes:
        day: days since 1970-01-01 (UTC).
        peak: the value in tenths.
        turns: within the first 10, 20 or 50 messages; 0 for later.
    """

    day: int
    drill: bool
    peak: int
    turns: int

"""Where a conversation stands, with its rating and what was raised of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import structs

from tutela.conversations.batches.reaching import evidence_of
from tutela.detection.conversation.rater import Rater
from tutela.errors import InvalidInput
from tutela.model.conversation.rating import ConversationRating
from tutela.model.record import Record
from tutela.storage.conversation.standing import Key, Standing, Step
from tutela.storage.conversation.states import Conversations


class RaisedAlert(Record, frozen=True, kw_only=True):
    """That a conversation became an event.

    Attributes:
        peak: the rating that it had risen to, 0 to 10.
        turn: how many messages had been rated.
        told_at: when policy had decided about the event; None where it has not yet.
    """

    event_id: str
    at: datetime
    peak: float
    turn: int
    told_at: datetime | None


class ConversationFile(Record, frozen=True, kw_only=True):
    """What is kept of a conversation: features and ratings, no text.

    Attributes:
        rating: as it is now; None where what is stored belongs to a rater that is not here any
            more: then the next message begins it anew.
        started_at, touched_at: when its first and its last message came in.
        messages: how many were rated.
        peak: the highest rating so far, in whole tenths.
        steps: how that rose; their peaks are in tenths.
        alerts: each time that it became an event, the earliest first.
    """

    conversation: str
    drill: bool
    rating: ConversationRating | None
    surface: str
    region: str
    started_at: datetime
    touched_at: datetime
    messages: int
    peak: float
    steps: tuple[Step, ...]
    alerts: tuple[RaisedAlert, ...]


def read_conversation(
    store: Conversations, rater: Callable[[], Rater], key: Key
) -> ConversationFile:
    """What is kept of a conversation. Blocks; raises `NotFound`."""
    standing = store.get(key)
    rating = _rating(rater(), standing)
    if rating is not None and rating.author:
        actor = Key(rating.author, key.drill)
        known = store.read([], [actor]).actors.get(actor)
        rating = structs.replace(rating, fan_out=evidence_of(known).fan_out())
    return ConversationFile(
        conversation=key.id,
        drill=key.drill,
        rating=rating,
        surface=standing.surface,
        region=standing.region,
        started_at=standing.started_at,
        touched_at=standing.touched_at,
        messages=standing.messages,
        peak=standing.peak / 10,
        steps=standing.steps,
        alerts=tuple(
            RaisedAlert(
                event_id=one.event_id,
                at=one.at,
                peak=one.peak / 10,
                turn=one.turn,
                told_at=one.told_at,
            )
            for one in store.alerts(key)
        ),
    )


def _rating(rater: Rater, standing: Standing) -> ConversationRating | None:
    try:
        rating = rater.resume(standing.state).rating()
    except InvalidInput:
        return None
    return structs.replace(rating, lanes=standing.lanes)

"""What the page of a case's conversations shows, gathered from where it is kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime

from tutela.conversations.reviewing.keeping import Kept, Talk
from tutela.conversations.reviewing.marking import Shown
from tutela.errors import NotFound
from tutela.interfaces.console.conversations.drawing import Course, course_of
from tutela.interfaces.services import Services
from tutela.model.conversation.rating import ConversationRating
from tutela.model.custody.evidence import Item
from tutela.model.record import Record
from tutela.storage.cases import CaseFile
from tutela.storage.conversation.standing import Alert, Key

PAGE = 100
"""Messages that a page shows."""
MOST_TALKS = 10
"""Conversations of a case that a page shows."""
MOST_MEMBERS = 200
MOST_ALERTS = 100


class Rise(Record, frozen=True, kw_only=True):
    """A new peak of a rating.

    Attributes:
        turn: the message that it was reached with, from 1.
        event_id: what it was raised as; empty where it was not.
    """

    turn: int
    value: float
    at: datetime
    event_id: str = ""


class Recorded(Record, frozen=True, kw_only=True):
    """What is known of a conversation without any word of it.

    Attributes:
        rating: as it was when it was raised last, with its reasons; None where nothing was raised.
        rises: how the rating rose.
        course: the same as a drawing.
    """

    id: str
    messages: int
    rating: ConversationRating | None
    rises: tuple[Rise, ...]
    course: Course


class Page(Record, frozen=True, kw_only=True):
    """Messages of a conversation that a page shows.

    Attributes:
        total: how many are kept.
        first: place of the first that is shown, from 0.
        actor: whose messages weigh most.
    """

    talk: str
    total: int
    first: int
    shown: tuple[Shown, ...]
    actor: str = ""

    @property
    def before(self) -> int | None:
        """Where the page before begins."""
        return max(self.first - PAGE, 0) if self.first else None

    @property
    def after(self) -> int | None:
        """Where the next page begins."""
        return self.first + PAGE if self.first + PAGE < self.total else None


def recorded_of(services: Services, file: CaseFile) -> Sequence[Recorded]:
    """What is known of the conversations of a case. Blocks."""
    members = services.cases.events(file.case.id, limit=MOST_MEMBERS) or (file,)
    ids = dict.fromkeys(one.event.conversation for one in members if one.event.conversation)
    return [_recorded(services, Key(one, file.case.drill)) for one in [*ids][:MOST_TALKS]]


def _recorded(services: Services, key: Key) -> Recorded:
    store = services.conversations.store
    alerts = store.alerts(key)[-MOST_ALERTS:]
    raised = [
        Rise(turn=one.turn, value=one.peak / 10, at=one.at, event_id=one.event_id) for one in alerts
    ]
    steps, messages = [(one.turn, one.value) for one in raised], 0
    rises = list(raised)
    with suppress(NotFound):
        standing = store.get(key)
        messages = standing.messages
        steps = [(one.turn, one.peak / 10) for one in standing.steps]
        named = {(one.turn, one.value) for one in raised}
        silent = [
            Rise(turn=one.turn, value=one.peak / 10, at=one.at)
            for one in standing.steps
            if (one.turn, one.peak / 10) not in named
        ]
        rises = sorted([*raised, *silent], key=lambda one: (one.turn, one.value))
    return Recorded(
        id=key.id,
        messages=messages or max((one.turn for one in alerts), default=0),
        rating=_highest(alerts),
        rises=tuple(rises),
        course=course_of(steps, [(one.turn, one.value) for one in raised], messages),
    )


def _highest(alerts: Sequence[Alert]) -> ConversationRating | None:
    return max(alerts, key=lambda one: (one.peak, one.at)).rating if alerts else None


def page_of(
    services: Services,
    kept: Kept,
    file: CaseFile,
    talk_id: str,
    first: int,
    revealed: Collection[int],
) -> Page | None:
    """A page of messages; None where nothing is kept of the conversation. Blocks."""
    talk = next((one for one in kept.talks if one.id == talk_id), None)
    if talk is None:
        return None
    first = min(max(first, 0), max(len(talk.messages) - 1, 0))
    shown = services.conversations.people.marking.shown(
        talk, range(first, first + PAGE), file.event.language, revealed
    )
    actor = file.event.actor.id if file.event.actor else ""
    return Page(
        talk=talk.id, total=len(talk.messages), first=first, shown=tuple(shown), actor=actor
    )


def item_of(kept: Kept, talk_id: str, place: int | None, items: Sequence[Item]) -> str:
    """What an exposure calls messages: the item that holds them, and which of them it is."""
    talk: Talk | None = next((one for one in kept.talks if one.id == talk_id), None)
    if talk is None or place is None or not 0 <= place < len(talk.messages):
        return items[0].id
    return f"{talk.messages[place].item_id}/{place}"

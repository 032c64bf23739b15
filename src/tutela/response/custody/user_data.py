"""What is known of the people concerned by a finding, as one record that is sealed with it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime

import msgspec

from tutela.model import AccountSignals, Actor, Event, EventKind, History, Rating
from tutela.model.custody.evidence import ItemFacts, Step, StepKind
from tutela.model.custody.leaf import PROGRAM
from tutela.model.custody.terms import since
from tutela.model.record import Record
from tutela.storage.past.people import ActorEvent, People

FORMAT = "tutela-user-data-1"
NAME = "user-data.json"
MEDIA_TYPE = "application/json"


class UserData(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What was told and stored of the people concerned, as far back as the law of the place lets.

    Attributes:
        format: name and version of this form.
        event_id, kind, surface, region, conversation: of the event.
        received_at: when it came in; of a finding in the past, the event that it was found in.
        origin: of a finding in the past: the event that it was found in.
        actor: who did it.
        receivers: who was to receive it.
        account: what the platform counted about the actor's account.
        ratings: what the platform's classifiers made of it.
        history: numbers of the actor's earlier events, where a rule had asked for them.
        window: how far back the events go that follow; empty where the law gives no window.
        since: the same as a point in time.
        events: the actor's events within the window, latest first.
        more: there were more than are given.
    """

    format: str
    event_id: str
    kind: EventKind
    received_at: datetime
    actor: Actor
    surface: str = ""
    region: str = ""
    conversation: str = ""
    origin: str = ""
    receivers: tuple[Actor, ...] = ()
    account: AccountSignals | None = None
    ratings: tuple[Rating, ...] = ()
    history: History | None = None
    window: str = ""
    since: datetime | None = None
    events: tuple[ActorEvent, ...] = ()
    more: bool = False


def user_data(event: Event, actor: Actor, window: str, people: People) -> UserData:
    """The record of an event; raises `Unavailable` where earlier events cannot be read.

    Args:
        event: the event.
        actor: its actor.
        window: how far back the law lets data go; without one, only the event itself is told.
        people: gives the actor's events.
    """
    received_at = event.origin.received_at if event.origin else event.received_at
    begin = since(window, received_at)
    found: tuple[ActorEvent, ...] = ()
    more = False
    if begin is not None:
        known = people.events_of(actor.id, drill=event.drill, since=begin, until=received_at)
        found, more = tuple(known.events), known.more
    return UserData(
        format=FORMAT,
        event_id=event.id,
        kind=event.kind,
        received_at=received_at,
        actor=actor,
        surface=event.surface,
        region=event.region,
        conversation=event.conversation,
        origin=event.origin.event_id if event.origin else "",
        receivers=event.receivers,
        account=event.account,
        ratings=event.ratings,
        history=event.history,
        window=window if begin else "",
        since=begin,
        events=found,
        more=more,
    )


def written(record: UserData, at: datetime, tools: Mapping[str, str]) -> tuple[bytes, ItemFacts]:
    """The bytes of a record, and what is known of them.

    Args:
        record: the record.
        at: when it was written.
        tools: versions of what handles it.
    """
    data = msgspec.json.format(msgspec.json.encode(record), indent=1)
    digests = {"sha256": hashlib.sha256(data).hexdigest()}
    facts = ItemFacts(
        name=NAME,
        media_type=MEDIA_TYPE,
        size=len(data),
        digests=digests,
        salt=secrets.token_hex(16),
        chain=(Step(kind=StepKind.RECORD, name=PROGRAM, at=at, digests=digests),),
        tools=tools,
    )
    return data, facts

"""Deliveries: actions on their way to the platform, until it has confirmed them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.model.event import EventKind
from tutela.model.record import Record
from tutela.model.response.action import ActionKind
from tutela.model.review.appeal import AppealOutcome

DestinationName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$(?!\n)")]


class Destination(Record, frozen=True, kw_only=True):
    """Where actions are sent: a webhook of the platform, or of whoever is to be told.

    Attributes:
        name: its name in rules and lists.
        url: where messages are posted to.
        actions: which actions it takes; `notify` goes only where a rule names it.
        confirm_seconds: an alarm is raised where an action is not confirmed for so long.
        private: whether the address may be private or reserved.
        enabled: whether messages are made for it and sent.
        generation: number of its present secret, from 1.
        overlap_until: until when messages are signed with the secret before this one, too.
    """

    name: DestinationName
    url: str
    actions: tuple[ActionKind, ...]
    confirm_seconds: int = 300
    private: bool = False
    enabled: bool = True
    generation: int = 1
    overlap_until: datetime | None = None


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    WAITING = "waiting"
    """It will be sent, or sent again."""
    SENT = "sent"
    """The platform has taken it and has not yet confirmed that it is done."""
    DONE = "done"
    """The platform confirmed it."""
    FAILED = "failed"
    """It was given up, and waits for a person."""


class Receipt(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What the platform said of an action that it was asked for.

    Attributes:
        id: id of the delivery.
        done: whether the action is done, and not only taken.
        reference: what the platform calls it on its side.
        note: one sentence, as where there was nothing left to be done.
    """

    id: str
    done: bool
    reference: Annotated[str, msgspec.Meta(max_length=256)] = ""
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class ActionMessage(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What is posted to a destination: one action to be carried out. No bank, entry or signal.

    Attributes:
        id: id of the delivery: the same id is the same action for ever, to be done once.
        action: what is to be done.
        event_id, event_kind, surface, region, received_at, drill: of the event; of a finding in
            the past those of the event that it was found in.
        actor, receivers, conversation: who it is about, by the platform's own ids.
        seconds: as in `Order`.
        notices: reasons in plain words, for the user concerned.
        principles: numbers of the Voluntary Principles that it serves.
        case_id: the case that was opened, if any.
        policy_version: what decided.
        decided_at: when.
        contests: of an `answer`, the event that was contested; `event_id` is then the appeal.
        answer: of an `answer`, what came of the appeal.
    """

    id: str
    action: ActionKind
    event_id: str
    event_kind: EventKind
    received_at: datetime
    decided_at: datetime
    policy_version: str
    surface: str = ""
    region: str = ""
    actor: str | None = None
    receivers: tuple[str, ...] = ()
    conversation: str = ""
    seconds: int | None = None
    notices: tuple[str, ...] = ()
    principles: tuple[int, ...] = ()
    case_id: str | None = None
    drill: bool = False
    contests: str = ""
    answer: AppealOutcome | None = None


class Delivery(Record, frozen=True, kw_only=True):
    """One action on its way to one destination.

    Attributes:
        id: follows from the event, the action and the destination, so that nothing is sent as two.
        destination: its name.
        message: what is posted.
        confirm_by: an alarm is raised where it is not done by then.
        attempts: how often it was posted.
        next_at: when it is posted next, while it waits.
        sent_at: when the platform took it.
        ended_at: when it was confirmed, or given up.
        problem: why the last attempt failed; never with the URL or the answer's text.
        receipt: what the platform said.
    """

    id: str
    destination: str
    message: ActionMessage
    created_at: datetime
    confirm_by: datetime
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    next_at: datetime | None = None
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    problem: str = ""
    receipt: Receipt | None = None

"""A message to a destination that asks for nothing, to see whether an action would arrive."""

from __future__ import annotations

import secrets as random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from tutela.client import webhooks
from tutela.model import ActionKind, ActionMessage, Destination, EventKind, Receipt
from tutela.model.record import Record
from tutela.outgoing import FetchFailed, Outgoing, Posted
from tutela.response.secrets import Secrets

SKEW_SECONDS = 60
"""A clock that is further away is told of; receivers refuse messages that seem old."""
SUCCESS, REDIRECT, REFUSED = range(200, 300), range(300, 400), frozenset({400, 401, 403})


class Tried(Record, frozen=True, kw_only=True):
    """What came of a test message.

    Attributes:
        destination: where it was sent.
        id: its id: `test-…`.
        confirmed: whether the answer is one that would confirm an action, or take it.
        text: what came back, in plain words; never with the address.
    """

    destination: str
    id: str
    confirmed: bool
    text: str


async def try_destination(destination: Destination, secrets: Secrets, outgoing: Outgoing) -> Tried:
    """Send a test message and wait for the answer. Nothing of it is stored.

    It is signed as every message is, marked as a drill, and asks for `notify`: to take notice. A
    destination that is disabled is tried as well.
    """
    now = datetime.now(UTC)
    message = _message(now)
    body = msgspec.json.encode(message)
    signing = _signing(destination, secrets, now)
    headers = webhooks.headers(signing, message.id, int(now.timestamp()), body)
    headers["Content-Type"] = "application/json"
    try:
        posted = await outgoing.post(destination.url, body, headers, private=destination.private)
    except FetchFailed as problem:
        confirmed, text = False, f"no answer came: {problem.what}"
    else:
        confirmed, text = _judged(message.id, posted)
        text += _skew(posted.date, datetime.now(UTC))
    return Tried(destination=destination.name, id=message.id, confirmed=confirmed, text=text)


def _message(now: datetime) -> ActionMessage:
    name = f"test-{random.token_hex(16)}"
    return ActionMessage(
        id=name,
        action=ActionKind.NOTIFY,
        event_id=name,
        event_kind=EventKind.UPLOAD,
        received_at=now,
        decided_at=now,
        policy_version="test",
        drill=True,
    )


def _signing(destination: Destination, secrets: Secrets, now: datetime) -> list[str]:
    """The secrets that messages are signed with at the moment."""
    signing = [secrets.secret(destination.name, destination.generation)]
    if destination.overlap_until is not None and destination.overlap_until > now:
        signing.append(secrets.secret(destination.name, destination.generation - 1))
    return signing


def _judged(message_id: str, posted: Posted) -> tuple[bool, str]:
    """Whether an answer would do for an action, and what it was."""
    if posted.status in SUCCESS:
        return _receipt(message_id, posted.body)
    answered = f"it answered with status {posted.status}"
    if posted.status in REDIRECT:
        return False, f"{answered}, a redirect, which is never followed: set where it leads to"
    if posted.status in REFUSED:
        return False, f"{answered}, a refusal: see that it has the secret that is in use"
    return False, f"{answered}: an action would be sent again later"


def _receipt(message_id: str, body: bytes) -> tuple[bool, str]:
    try:
        receipt = msgspec.json.decode(body, type=Receipt)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False, "it answered, but with no receipt: an action would never count as done"
    if receipt.id != message_id:
        return False, "it answered with a receipt of another message: an action would not be done"
    if receipt.done:
        return True, "it took and confirmed the message, as it would an action"
    return True, "it took the message; it would confirm an action later"


def _skew(date: str, now: datetime) -> str:
    """What is to be said of the other clock, if anything."""
    try:
        away = abs((parsedate_to_datetime(date) - now).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return ""
    if away <= SKEW_SECONDS:
        return ""
    return f"; its clock is {away:,.0f} seconds away from this one, so set both right"

"""A message to a destination that asks for nothing, to see whether an action would arrive."""

from __future__ import annotations

import secrets as random
from datetime import UTC, datetime

import msgspec

from tutela.client import webhooks
from tutela.model import ActionKind, ActionMessage, Destination, EventKind, Receipt
from tutela.model.record import Record
from tutela.outgoing import FetchFailed, Outgoing, Posted, Reach
from tutela.response.secrets import Secrets
from tutela.workflows.sending.delivering import ANSWER_BYTES
from tutela.workflows.sending.receipts import REFUSALS, NotConfirmed, receipt_in


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


async def try_destination(destination: Destination, secrets: Secrets, seconds: float) -> Tried:
    """Send a test message and wait for the answer. Nothing of it is stored.

    It is signed as every message is, marked as a drill, and asks for `notify`: to take notice. It
    is sent as an action is, and its answer judged as that to one. A destination that is disabled
    is tried as well.

    Args:
        destination: where to.
        secrets: gives the secrets to sign with.
        seconds: longest time that it may take.
    """
    outgoing = Outgoing(Reach(seconds=seconds, bytes=ANSWER_BYTES))
    try:
        return await _tried(destination, secrets, outgoing)
    finally:
        await outgoing.close()


async def _tried(destination: Destination, secrets: Secrets, outgoing: Outgoing) -> Tried:
    now = datetime.now(UTC)
    message = _message(now)
    body = msgspec.json.encode(message)
    signing = _signing(destination, secrets, now)
    headers = webhooks.headers(signing, message.id, int(now.timestamp()), body)
    headers["Content-Type"] = "application/json"
    try:
        answer = await outgoing.post(destination.url, body, headers, private=destination.private)
    except FetchFailed as problem:
        return _told(destination, message, f"no answer came: {problem.what}")
    try:
        receipt = receipt_in(answer, message.id, datetime.now(UTC))
    except NotConfirmed as problem:
        return _told(destination, message, f"{problem}; {_hint(answer)}")
    return _told(destination, message, _said(receipt), confirmed=True)


def _told(
    destination: Destination, message: ActionMessage, text: str, *, confirmed: bool = False
) -> Tried:
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


def _hint(answer: Posted) -> str:
    if answer.status in REFUSALS:
        return "see that it has the secret that is in use"
    return "an action would not count as done"


def _said(receipt: Receipt) -> str:
    if receipt.done:
        return "it took and confirmed the message, as it would an action"
    return "it took the message; it would confirm an action later"

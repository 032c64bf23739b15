"""What a destination's answer is worth: nothing but a receipt for the very action confirms it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from tutela.client.webhooks import TOLERANCE_SECONDS
from tutela.model import Receipt
from tutela.outgoing import Posted

REFUSALS = frozenset({400, 401, 403})
"""Statuses with which a receiver may answer to a time of sending that it cannot believe."""


class NotConfirmed(Exception):
    """An answer that confirms nothing; the text is the problem, without the answer's own words."""


def receipt_in(answer: Posted, delivery_id: str, now: datetime) -> Receipt:
    """The receipt in an answer.

    Args:
        answer: what was answered.
        delivery_id: the action that was posted.
        now: the present, to compare the other side's clock with.

    Raises:
        NotConfirmed: it has none for this action.
    """
    _check_status(answer, now)
    try:
        members = msgspec.json.decode(answer.body, type=dict[str, object])
        known = {name: members[name] for name in Receipt.__struct_fields__ if name in members}
        receipt = msgspec.convert(known, Receipt)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        raise NotConfirmed("it answered without a receipt") from None
    if receipt.id != delivery_id:
        raise NotConfirmed("it answered with the receipt of another action")
    if not _storable(receipt.reference + receipt.note):
        raise NotConfirmed("it answered with a receipt that cannot be stored")
    return receipt


def _storable(text: str) -> bool:
    """Whether every database can hold a text."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def _check_status(answer: Posted, now: datetime) -> None:
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 - as HTTP has it
        return
    if 300 <= status < 400:  # noqa: PLR2004 - as HTTP has it
        raise NotConfirmed(f"it redirects (status {status}), and redirects are not followed")
    text = f"it answered with status {status}"
    skew = _skew(answer.date, now)
    if status in REFUSALS and abs(skew) > TOLERANCE_SECONDS:
        way = "ahead of" if skew > 0 else "behind"
        text += f"; its clock is {abs(skew) // 60:.0f} minutes {way} ours: compare both clocks"
    raise NotConfirmed(text)


def _skew(date: str, now: datetime) -> float:
    """Seconds by which the other side's clock is ahead; 0 where it does not say."""
    try:
        theirs = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return 0.0
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return (theirs - now).total_seconds()

"""Messages that are signed, as Standard Webhooks have it; the server signs with the same functions.

A signature covers the message's id, the time it was sent, and its body. So nobody can change one
of them, and a message that was overheard is of no use after the tolerance. Within it, the id tells
that a message has come before.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

import msgspec

from tutela.errors import InvalidInput, TutelaError
from tutela.model import ActionMessage

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
PREFIX = "whsec_"
VERSION = "v1"
TOLERANCE_SECONDS = 300.0


class NotGenuine(TutelaError):
    """A message that must not be acted upon: it was not signed by the server, or not just now.

    The text says what is wrong, and never what would have been right.
    """

    code: ClassVar[str] = "not-genuine"


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of a message, `v1,` and Base64.

    Args:
        secret: `whsec_` and Base64.
        message_id: its id.
        timestamp: when it is sent, in whole seconds since 1970.
        body: what is posted.

    Raises:
        InvalidInput: the secret is not one. It is not repeated.
    """
    content = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    digest = hmac.digest(_key(secret), content, "sha256")
    return f"{VERSION},{base64.b64encode(digest).decode()}"


def headers(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a message, signed with each of the secrets; raises as `sign` does."""
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: " ".join(sign(one, message_id, timestamp, body) for one in secrets),
    }


def verify(
    secrets: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime | None = None,
    tolerance: float = TOLERANCE_SECONDS,
) -> ActionMessage:
    """The message, once it is certain that the server sent it just now.

    Args:
        secrets: the secret, or all that may be in use while one is replaced by another.
        headers: of the request; names in any case.
        body: of the request, as it came, before anything has parsed it.
        now: the present; None asks the clock.
        tolerance: seconds that the time of sending may be away from the present, either way.

    Raises:
        NotGenuine: it must not be acted upon; answer with status 400.
        InvalidInput: a secret is not one.
    """
    found = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = _needed(found, ID_HEADER), _needed(found, TIMESTAMP_HEADER)
    signatures = _needed(found, SIGNATURE_HEADER)
    _check_time(timestamp, now or datetime.now(UTC), tolerance)
    known = [secrets] if isinstance(secrets, str) else secrets
    _check_signature(known, message_id, timestamp, body, signatures)
    message = _message(body)
    if message.id != message_id:
        raise NotGenuine("the body is of another message than the headers", where=ID_HEADER)
    return message


def _message(body: bytes) -> ActionMessage:
    """What was posted; members that a newer server added are passed over."""
    try:
        members = msgspec.json.decode(body, type=dict[str, object])
        known = {name: members[name] for name in ActionMessage.__struct_fields__ if name in members}
        return msgspec.convert(known, ActionMessage)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        raise NotGenuine("the body is not an action", where="body") from None


def _check_time(timestamp: str, now: datetime, tolerance: float) -> None:
    # Not `int(...)`, which takes blanks and underscores; the longest that any year needs.
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= len("9" * 11)):
        raise NotGenuine("the time of sending is not a number of seconds", where=TIMESTAMP_HEADER)
    late = now.timestamp() - int(timestamp)
    if not math.isfinite(late) or abs(late) > tolerance:
        how = "too long ago" if late > 0 else "in the future"
        raise NotGenuine(
            f"the message was sent {how}",
            where=TIMESTAMP_HEADER,
            remedy="if it comes from the server, compare the clocks of both machines",
        )


def _check_signature(
    secrets: Iterable[str], message_id: str, timestamp: str, body: bytes, signatures: str
) -> None:
    given = [one.encode() for one in signatures.split(" ")]
    # Every pair is compared, so that the time taken says nothing.
    fits = [
        hmac.compare_digest(sign(secret, message_id, int(timestamp), body).encode(), one)
        for secret in secrets
        for one in given
    ]
    if not any(fits):
        raise NotGenuine(
            "no signature fits the secret",
            where=SIGNATURE_HEADER,
            remedy="see that the secret is that of the destination, and that the body is checked"
            " as it came",
        )


def _needed(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value:
        raise NotGenuine("a header is missing", where=name)
    return value


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise InvalidInput(
            "the secret of a webhook cannot be used",
            remedy=f"it is {PREFIX} and Base64, as it was shown when the destination was made",
        )
    return key

"""AWS Signature Version 4, as S3 has it: the whole of a request is signed, its body too.

Source: "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)", Amazon
S3 API Reference.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote

from tutela.model.record import Record

ALGORITHM = "AWS4-HMAC-SHA256"
UNRESERVED = "-_.~"
"""What stands for itself besides letters and digits."""


class Credentials(Record, frozen=True, kw_only=True):
    """What an account signs with. Shows nothing of its secret."""

    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        """Neither key: a record may end up in a log or a traceback."""
        return "Credentials(***)"


class Signable(Record, frozen=True, kw_only=True):
    """A request as it is signed.

    Attributes:
        method: such as `GET`.
        host: as in the header `Host`, with the port where it is not the usual one.
        path: from the slash on, percent-encoded already.
        query: names and values, not encoded.
        headers: besides `Host` and those that signing adds.
        body_sha256: hex.
    """

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body_sha256: str


def encoded(text: str, *, keep: str = "") -> str:
    """A text percent-encoded the one way in which it is signed."""
    return quote(text, safe=UNRESERVED + keep)


def query_text(query: Mapping[str, str]) -> str:
    """A query in the one order and form in which it is signed."""
    pairs = sorted((encoded(name), encoded(value)) for name, value in query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def signed(
    request: Signable, credentials: Credentials, region: str, at: datetime
) -> dict[str, str]:
    """The headers to send, with those that sign the request.

    Args:
        request: what is signed.
        credentials: the account's.
        region: such as `eu-west-1`.
        at: the time, in UTC; services refuse what is more than minutes off.
    """
    time = at.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        **{name.lower(): value for name, value in request.headers.items()},
        "x-amz-content-sha256": request.body_sha256,
        "x-amz-date": time,
    }
    to_sign = {**headers, "host": request.host}
    names = ";".join(sorted(to_sign))
    scope = f"{time[:8]}/{region}/s3/aws4_request"
    text = "\n".join((ALGORITHM, time, scope, _digest(request, to_sign, names)))
    key = f"AWS4{credentials.secret_key}".encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return headers


def _digest(request: Signable, headers: Mapping[str, str], names: str) -> str:
    """Digest of the request in its canonical form."""
    lines = (f"{name}:{' '.join(value.split())}\n" for name, value in sorted(headers.items()))
    form = (
        request.method,
        request.path,
        query_text(request.query),
        "".join(lines),
        names,
        request.body_sha256,
    )
    return sha256("\n".join(form).encode()).hexdigest()

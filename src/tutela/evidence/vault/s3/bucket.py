"""Signed requests to one bucket, made again after a pause where the service is busy or silent."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import NoReturn

from tutela.evidence.vault.s3.answers import error_code
from tutela.evidence.vault.s3.signature import (
    Credentials,
    Signable,
    encoded,
    query_text,
    signed,
)
from tutela.evidence.vault.store import StoreUnavailable
from tutela.model.record import Record
from tutela.outgoing import Answer, Calls, FetchFailed, Reading

PAUSES = (0.2, 0.6, 1.8)
"""Seconds between the attempts of a request: one more attempt than pauses."""
LARGEST_ERROR = 65_536
"""Bytes of an error that are read."""

_NOTHING = hashlib.sha256(b"").hexdigest()
_BUSY = {429, 500, 502, 503, 504}
_BUSY_CODES = {"RequestTimeout", "SlowDown", "InternalError", "OperationAborted"} | {
    "ConditionalRequestConflict",
    "ServiceUnavailable",
}
_SAYINGS = {
    "NoSuchBucket": ("there is no such bucket", "make it, or set vault.s3_bucket"),
    "PermanentRedirect": (
        "the bucket is in another region",
        "set vault.s3_url and vault.s3_region to those of the bucket",
    ),
    "AuthorizationHeaderMalformed": (
        "the bucket is in another region",
        "set vault.s3_url and vault.s3_region to those of the bucket",
    ),
    "RequestTimeTooSkewed": ("the clocks differ too much", "set this machine's clock"),
    "InvalidAccessKeyId": (
        "the service does not know the access key",
        "renew vault.s3_credentials_file",
    ),
    "SignatureDoesNotMatch": (
        "the service does not accept the signature",
        "see that vault.s3_credentials_file holds the right secret key",
    ),
    "AccessDenied": (
        "the account may not do this",
        "allow it to read, write, list and delete in the bucket",
    ),
}


class Asked(Record, frozen=True, kw_only=True):
    """An answer.

    Attributes:
        answer: the last one.
        code: of the error, as the service has it; empty where there is none, or none is told.
        again: whether there was an attempt before, of which nobody knows what it did.
    """

    answer: Answer
    code: str
    again: bool


class Bucket:
    """One bucket, and what in it lies under a prefix. Thread-safe.

    Args:
        calls: the client of the service.
        place: bucket, and a prefix after a slash; names are put behind a slash after it.
        region: that requests are signed for.
        credentials: that they are signed with.
        pauses: seconds between attempts.
        now: the time in UTC; tests may set it.
    """

    def __init__(
        self,
        calls: Calls,
        place: str,
        region: str,
        credentials: Credentials,
        *,
        pauses: Sequence[float] = PAUSES,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._calls = calls
        self._bucket, _, prefix = place.strip("/").partition("/")
        self.prefix = f"{prefix}/" if prefix else ""
        self._region, self._credentials = region, credentials
        self._pauses, self._now = tuple(pauses), now

    @property
    def attempts(self) -> int:
        """How often a request is made before its failure is told."""
        return len(self._pauses) + 1

    def pause(self, attempt: int) -> None:
        """Wait after an attempt, the first of which is 0."""
        time.sleep(self._pauses[attempt])

    def close(self) -> None:
        """Close what is open."""
        self._calls.close()

    def ask(
        self,
        method: str,
        name: str | None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        settled: Callable[[Answer], bool] = lambda _: True,
    ) -> Asked:
        """Make a request, as often as it takes to have an answer that is not "not now".

        Args:
            method: such as `PUT`.
            name: under the prefix; None for the bucket itself.
            query: names and values.
            headers: besides those that signing adds.
            body: what is sent; None for none.
            settled: whether a success is one: some errors come as one.

        Raises:
            StoreUnavailable: there was none.
        """
        said = ""
        for attempt in range(self.attempts):
            if attempt:
                self.pause(attempt - 1)
            target = self._target(name, query or {})
            sent = self._headers(method, name, query or {}, headers or {}, body)
            try:
                answer = self._calls.call(method, target, headers=sent, body=body)
            except FetchFailed as problem:
                said = problem.what
                continue
            code = "" if is_success(answer) and settled(answer) else error_code(answer.body)
            if not self._busy(answer, code, settled):
                return Asked(answer=answer, code=code, again=attempt > 0)
            said = f"the service answered with {code or answer.status}"
        raise silent(said)

    @contextmanager
    def reading(self, name: str, headers: Mapping[str, str]) -> Iterator[Reading]:
        """Get an object and hand over the answer before its body is read; made once.

        Raises:
            FetchFailed: there is no answer, or the service is busy.
        """
        sent = self._headers("GET", name, {}, headers, None)
        with self._calls.open("GET", self._target(name, {}), headers=sent) as reading:
            if reading.status in _BUSY:
                raise FetchFailed(f"the service answered with {reading.status}")
            yield reading

    def _target(self, name: str | None, query: Mapping[str, str]) -> str:
        text = query_text(query)
        return self._path(name) + (f"?{text}" if text else "")

    def _path(self, name: str | None) -> str:
        key = "" if name is None else f"/{encoded(self.prefix + name, keep='/')}"
        return f"/{encoded(self._bucket)}{key}"

    def _headers(
        self,
        method: str,
        name: str | None,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> dict[str, str]:
        request = Signable(
            method=method,
            host=self._calls.host,
            path=self._calls.path + self._path(name),
            query=query,
            headers=headers,
            body_sha256=hashlib.sha256(body).hexdigest() if body else _NOTHING,
        )
        return signed(request, self._credentials, self._region, self._now())

    def _busy(self, answer: Answer, code: str, settled: Callable[[Answer], bool]) -> bool:
        unsettled = is_success(answer) and not settled(answer)
        return answer.status in _BUSY or code in _BUSY_CODES or (unsettled and not code)


def is_success(answer: Answer) -> bool:
    """Whether the status is one of success."""
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def refuse(status: int, code: str) -> NoReturn:
    """Tell what people can do about an error that does not go away by itself."""
    if not code and status in {301, 307, 308}:
        code = "PermanentRedirect"
    if not code and status in {401, 403}:
        code = "AccessDenied"
    what, remedy = _SAYINGS.get(code, ("the service refuses", "look the code up in its manual"))
    raise StoreUnavailable(f"{what} ({code or status})", where="vault.s3_url", remedy=remedy)


def silent(said: str) -> StoreUnavailable:
    """What is said of a service that does not answer, or not now."""
    return StoreUnavailable(
        f"the S3 service cannot be used now: {said}",
        where="vault.s3_url",
        remedy="see that it runs and can be reached; nothing is lost meanwhile",
    )

"""Errors as RFC 9457 problem documents: the same shape for every error of every route."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import Method

from tutela import errors
from tutela.evidence.keys.service import WrongKey
from tutela.evidence.vault.store import BlobMissing, Damaged
from tutela.interfaces.services import services_of
from tutela.lists.importers import BankFileError
from tutela.lists.importers import Problem as RowProblem
from tutela.model.record import Record

MEDIA_TYPE = "application/problem+json"
METHODS: tuple[Method, ...] = ("DELETE", "GET", "PATCH", "POST", "PUT")
TYPE_PREFIX = "urn:tutela:problem:"

INVALID = 400
UNKNOWN_CALLER = 401
WRONG_METHOD = 405
UNEXPECTED = 500
BUSY = 503

_PLACE = re.compile(r"^(?P<what>.*?) - at `(?P<where>[^`]*)`$", re.DOTALL)


class Unsupported(errors.InvalidInput):
    """A request comes in a form that is not taken."""

    code: ClassVar[str] = "unsupported-media-type"


class Unprocessable(errors.InvalidInput):
    """A request can be read, but nothing can be made of what it brings."""

    code: ClassVar[str] = "unprocessable"


class TooSlow(errors.TutelaError):
    """A request did not arrive within the time it is given."""

    code: ClassVar[str] = "request-timeout"


class TimedOut(errors.Unavailable):
    """A request arrived, but could not be answered within the time it is given."""

    code: ClassVar[str] = "timed-out"


class ProblemDocument(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What a program is told about an error.

    Attributes:
        type: URI of the kind of error, `urn:tutela:problem:` and the code.
        title: the kind of error in words, the same for each error of the type.
        status: the HTTP status.
        detail: what was wrong this time.
        code: stable name of the kind of error.
        where: a field, file and line, or setting.
        remedy: what can be done about it.
        instance: names this very error in the server's log.
        problems: the bad rows of a bank file, the first 100.
        total: how many bad rows there are.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    where: str = ""
    remedy: str = ""
    instance: str = ""
    problems: tuple[RowProblem, ...] = ()
    total: int = 0


STATUSES: tuple[tuple[type[errors.TutelaError], int], ...] = (
    # The first that fits counts: special kinds stand before general ones.
    (BankFileError, 422),
    (Unprocessable, 422),
    (errors.TooLarge, 413),
    (Unsupported, 415),
    (errors.InvalidInput, 400),
    (errors.NotSignedIn, 401),
    (errors.NotAllowed, 403),
    (errors.NotFound, 404),
    (TooSlow, 408),
    (errors.Conflict, 409),
    (errors.TooMany, 429),
    (errors.Unavailable, 503),
    # What the vault should have, and cannot give: the fault is not the caller's.
    (WrongKey, 502),
    (BlobMissing, 502),
    (Damaged, 502),
)

CODES: dict[int, str] = {
    400: "invalid-input",
    401: "not-signed-in",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    408: "request-timeout",
    413: "too-large",
    415: "unsupported-media-type",
}
"""Codes of what the framework itself refuses."""


def document(error: Exception) -> ProblemDocument:
    """Describe any error. One that nobody expected is told as such, and nothing else of it."""
    match error:
        case errors.TutelaError():
            return _of_ours(error)
        case msgspec.DecodeError():
            return _of_decoding(error)
        case ValidationException():
            return _of_validation(error)
        case HTTPException() if error.status_code in CODES:
            return _of_framework(error)
        case _:
            return _unexpected()


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a request with the problem document of an error: Litestar's exception handler."""
    problem = noted(request, error)
    more = {"Allow": ", ".join(_allowed(request))} if problem.status == WRONG_METHOD else {}
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=headers(error, problem) | more,
    )


def _allowed(request: Request[Any, Any, Any]) -> Iterator[str]:
    """The methods that an address takes. The framework's own answers to OPTIONS do not know."""
    for method in METHODS:
        try:
            request.app.asgi_router.handle_routing(path=request.scope["path"], method=method)
        except HTTPException:
            continue
        yield method


def noted(request: Request[Any, Any, Any], error: Exception) -> ProblemDocument:
    """Describe an error; one that should not exist is logged, with the instance that is told."""
    problem = document(error)
    if problem.status == UNEXPECTED:
        services_of(request).log.error(
            "unexpected error",
            instance=problem.instance,
            route=str(request.scope.get("path_template", "")),
            exc_info=error,
        )
    return problem


def headers(error: Exception, problem: ProblemDocument) -> dict[str, str]:
    """The headers that belong to a problem."""
    found = {}
    if isinstance(error, errors.TooMany):
        found["Retry-After"] = str(max(1, round(error.retry_after)))
    elif problem.status == BUSY:
        found["Retry-After"] = "1"
    if problem.status == UNKNOWN_CALLER:
        found["WWW-Authenticate"] = "Bearer"
    return found


def _of_ours(error: errors.TutelaError) -> ProblemDocument:
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), UNEXPECTED)
    if status == UNEXPECTED:
        return _unexpected()
    rows = error.problems if isinstance(error, BankFileError) else ()
    total = error.total if isinstance(error, BankFileError) else 0
    return _document(
        status,
        error.code,
        error.what,
        where=error.where,
        remedy=error.remedy,
        problems=rows,
        total=total,
    )


def _of_decoding(error: msgspec.DecodeError) -> ProblemDocument:
    place = _PLACE.match(str(error))
    what, where = (place["what"], place["where"]) if place else (str(error), "")
    return _document(INVALID, CODES[INVALID], what, where=where)


def _of_validation(error: ValidationException) -> ProblemDocument:
    # The framework's own text repeats the whole URL, with its query.
    first = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    what = str(first.get("message") or "the request is not what this route takes")
    return _document(INVALID, CODES[INVALID], what, where=str(first.get("key", "")))


def _of_framework(error: HTTPException) -> ProblemDocument:
    status = error.status_code
    phrase = {
        404: "there is nothing at this address",
        405: "this address does not take this method",
        413: "the request body is too large",
    }
    cause = error.__cause__
    if status == INVALID and cause is not None:
        decoding = cause.__cause__ if cause.__cause__ is not None else cause
        if isinstance(decoding, msgspec.DecodeError):
            return _of_decoding(decoding)
    return _document(status, CODES[status], phrase.get(status, "the request cannot be read"))


def _unexpected() -> ProblemDocument:
    return _document(
        UNEXPECTED,
        "error",
        "something went wrong that should not",
        remedy="tell whoever runs this server, and name the instance",
        instance=f"urn:tutela:error:{secrets.token_hex(8)}",
    )


def _document(status: int, code: str, detail: str, **more: Any) -> ProblemDocument:  # noqa: ANN401
    return ProblemDocument(
        type=TYPE_PREFIX + code,
        title=code.replace("-", " ").capitalize(),
        status=status,
        detail=detail,
        code=code,
        **more,
    )

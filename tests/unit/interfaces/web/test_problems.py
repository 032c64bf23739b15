from __future__ import annotations

import msgspec
import pytest
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from tutela import errors
from tutela.interfaces.web import problems
from tutela.interfaces.web.problems import document, headers
from tutela.lists.importers import BankFileError
from tutela.lists.importers import Problem as RowProblem
from tutela.model.record import Record
from tutela.outgoing import FetchFailed

ROW = RowProblem(line=4, column="value", what="is not 64 hex digits")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.InvalidInput("x"), 400, "invalid-input"),
        (errors.NotSignedIn("x"), 401, "not-signed-in"),
        (errors.NotAllowed("x"), 403, "not-allowed"),
        (errors.NotFound("x"), 404, "not-found"),
        (NotFoundException(), 404, "not-found"),
        (MethodNotAllowedException(), 405, "method-not-allowed"),
        (problems.TooSlow("x"), 408, "request-timeout"),
        (errors.Conflict("x"), 409, "conflict"),
        (errors.TooLarge("x"), 413, "too-large"),
        (problems.Unsupported("x"), 415, "unsupported-media-type"),
        (BankFileError("f", (ROW,), 1), 422, "bad-bank-file"),
        (problems.Unprocessable("x"), 422, "unprocessable"),
        (errors.TooMany("x", retry_after=2), 429, "too-many-requests"),
        (errors.Unavailable("x"), 503, "unavailable"),
        (problems.TimedOut("x"), 503, "timed-out"),
        (errors.BadConfiguration("secret"), 500, "error"),
        (FetchFailed("secret"), 500, "error"),
        (RuntimeError("secret"), 500, "error"),
        (HTTPException("secret", status_code=418), 500, "error"),
        (KeyError("secret"), 500, "error"),
    ],
)
def test_each_error_has_its_status(error: Exception, status: int, code: str) -> None:
    problem = document(error)
    assert (problem.status, problem.code) == (status, code)
    assert problem.type == f"urn:tutela:problem:{code}"
    assert "secret" not in msgspec.json.encode(problem).decode()


def test_golden_document() -> None:
    error = errors.InvalidInput("the value is no PDQ hash", where="signals[3]", remedy="send hex")
    assert msgspec.to_builtins(document(error)) == {
        "type": "urn:tutela:problem:invalid-input",
        "title": "Invalid input",
        "status": 400,
        "detail": "the value is no PDQ hash",
        "code": "invalid-input",
        "where": "signals[3]",
        "remedy": "send hex",
    }


def test_bad_rows_are_listed() -> None:
    problem = document(BankFileError("the bank file", (ROW,), 7))
    assert problem.problems == (ROW,)
    assert problem.total == 7


def test_an_unexpected_error_can_be_found_in_the_log() -> None:
    first, second = document(ValueError()), document(ValueError())
    assert first.instance.startswith("urn:tutela:error:")
    assert first.instance != second.instance


class Shape(Record, frozen=True, kw_only=True):
    numbers: list[int]


def test_decoding_errors_name_the_place() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(b'{"numbers": [1, "secret"]}', type=Shape)
    problem = document(caught.value)
    assert (problem.status, problem.where) == (400, "$.numbers[1]")
    assert problem.detail == "Expected `int`, got `str`"


def test_the_framework_never_repeats_the_address() -> None:
    error = ValidationException(
        "Validation failed for GET /v1/x?secret=1",
        extra=[{"message": "too small", "key": "limit", "source": "query"}],
    )
    problem = document(error)
    assert (problem.detail, problem.where) == ("too small", "limit")
    assert "secret" not in document(ValidationException("GET /?secret=1")).detail


def test_headers() -> None:
    def of(error: Exception) -> dict[str, str]:
        return headers(error, document(error))

    assert of(errors.TooMany("x", retry_after=0.2)) == {"Retry-After": "1"}
    assert of(errors.TooMany("x", retry_after=7.6)) == {"Retry-After": "8"}
    assert of(errors.Unavailable("x")) == {"Retry-After": "1"}
    assert of(errors.NotSignedIn("x")) == {"WWW-Authenticate": "Bearer"}
    assert of(errors.NotFound("x")) == {}

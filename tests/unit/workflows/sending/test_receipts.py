from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.model import Receipt
from tutela.outgoing import Posted
from tutela.workflows.sending.receipts import NotConfirmed, receipt_in

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def answer(document: object, status: int = 200, date: str = "") -> Posted:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Posted(status=status, body=body, date=date)


def problem(posted: Posted) -> str:
    with pytest.raises(NotConfirmed) as caught:
        receipt_in(posted, "act-1", NOW)
    return str(caught.value)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_receipt_is_taken_at_its_word(status: int) -> None:
    document = {"id": "act-1", "done": True, "reference": "7", "note": "was gone already"}
    receipt = receipt_in(answer(document, status), "act-1", NOW)
    assert receipt == Receipt(id="act-1", done=True, reference="7", note="was gone already")
    assert not receipt_in(answer({"id": "act-1", "done": False}, status), "act-1", NOW).done


def test_what_a_newer_receiver_adds_is_passed_over() -> None:
    document = {"id": "act-1", "done": True, "more": {"x": 1}}
    assert receipt_in(answer(document), "act-1", NOW) == Receipt(id="act-1", done=True)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"OK",
        b"{",
        b"\xff",
        b'{"id": "act-1", "done": true} trailing',
        [],
        {},
        {"done": True},
        {"id": "act-1"},
        {"id": "act-1", "done": "true"},
        {"id": "act-1", "done": 1},
        {"id": 1, "done": True},
        {"id": "act-1", "done": True, "note": "x" * 501},
        {"id": "act-1", "done": True, "reference": "x" * 257},
    ],
)
def test_what_is_no_receipt_confirms_nothing(document: object) -> None:
    assert problem(answer(document)) == "it answered without a receipt"


def test_the_receipt_of_another_action_confirms_nothing() -> None:
    assert "another action" in problem(answer({"id": "act-2", "done": True}))


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
def test_a_text_that_cannot_be_stored_confirms_nothing(text: str) -> None:
    assert problem(answer({"id": "act-1", "done": True, "note": text})) in {
        "it answered with a receipt that cannot be stored",
        "it answered without a receipt",
    }


@given(st.binary(max_size=80))
def test_no_answer_does_harm(body: bytes) -> None:
    try:
        receipt = receipt_in(answer(body), "act-1", NOW)
    except NotConfirmed:
        return
    assert receipt.id == "act-1"


@pytest.mark.parametrize("status", [100, 199, 400, 404, 410, 429, 500, 503])
def test_only_a_success_can_confirm(status: int) -> None:
    text = problem(answer({"id": "act-1", "done": True}, status))
    assert text == f"it answered with status {status}"


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 399])
def test_a_redirect_is_told_as_such(status: int) -> None:
    assert problem(answer(b"", status)) == (
        f"it redirects (status {status}), and redirects are not followed"
    )


@pytest.mark.parametrize(
    ("minutes", "status", "hint"),
    [
        (-12, 400, "; its clock is 12 minutes behind ours: compare both clocks"),
        (90, 401, "; its clock is 90 minutes ahead of ours: compare both clocks"),
        (4, 400, ""),
        (90, 500, ""),
    ],
)
def test_clocks_that_differ_are_told_where_that_may_be_why(
    minutes: int, status: int, hint: str
) -> None:
    date = format_datetime(NOW + timedelta(minutes=minutes), usegmt=True)
    assert problem(answer(b"", status, date)) == f"it answered with status {status}{hint}"


@pytest.mark.parametrize("date", ["", "soon", "Sun, 99 Nov 2026 10:30:00 GMT", "1 Jan 2026"])
def test_a_date_that_is_none_is_no_hint(date: str) -> None:
    assert problem(answer(b"", 400, date)) == "it answered with status 400"

"""The steps of a request, looked at one by one: no socket, and no clock but the deadline's."""

from __future__ import annotations

from collections.abc import Sequence

import httpx2
import pytest

from tutela.client.asking import Patience, Pause, Place, Repeat, Reply, Send, ask, read
from tutela.client.problems import BadAnswer, Refused, ServerTrouble, Trouble, Unreachable

PLACE = Place("POST", "/v1/check")
OK = Reply(200, httpx2.Headers(), b'"done"')


def prepare() -> httpx2.Request:
    return httpx2.Request("POST", "http://127.0.0.1/v1/check")


def busy(retry_after: str = "") -> Reply:
    return Reply(429, httpx2.Headers({"Retry-After": retry_after}), b"{}")


def pauses(
    replies: Sequence[Reply | Unreachable],
    patience: Patience | None = None,
    repeat: Repeat = Repeat.ALWAYS,
) -> list[float]:
    """Give the replies one after another; the pauses that were asked for, until there is an end."""
    found = []
    left = iter(replies)
    steps = ask(
        PLACE,
        prepare,
        patience or Patience(retries=9, deadline=1e6),
        repeat,
        lambda reply: read(reply, str, PLACE),
    )
    effect = next(steps)
    while True:
        try:
            if isinstance(effect, Pause):
                found.append(effect.seconds)
                effect = steps.send(None)
                continue
            assert isinstance(effect, Send)
            reply = next(left)
            effect = steps.throw(reply) if isinstance(reply, Unreachable) else steps.send(reply)
        except StopIteration as end:
            result = end.value
            break
    assert result == "done"
    return found


def test_pauses_grow_and_no_two_clients_keep_step() -> None:
    first, second = (pauses([*[busy()] * 9, OK]) for _ in range(2))
    assert first != second
    for number, pause in enumerate(first):
        own = min(0.1 * 2**number, 5.0)
        assert 0.5 * own <= pause <= 1.5 * own


@pytest.mark.parametrize(("said", "least"), [("3", 3.0), ("0.5", 0.5), ("Wed, 21 Oct 2026", 0.0)])
def test_it_waits_as_long_as_it_is_asked_to(said: str, least: float) -> None:
    (pause,) = pauses([busy(said), OK])
    assert least <= pause <= least + 0.15


def test_a_pause_beyond_the_deadline_is_not_begun() -> None:
    with pytest.raises(ServerTrouble) as caught:
        pauses([busy("60")], Patience(retries=9, deadline=10))
    assert caught.value.retry_after == 60


def test_retries_are_counted() -> None:
    with pytest.raises(ServerTrouble):
        pauses([busy()] * 3, Patience(retries=2, deadline=1e6))
    assert len(pauses([busy(), busy(), OK], Patience(retries=2, deadline=1e6))) == 2


@pytest.mark.parametrize(
    ("reply", "repeated"),
    [
        (Unreachable("the server cannot be connected to", sent=False), True),
        (Unreachable("the connection broke off", sent=True), False),
        (Reply(429, httpx2.Headers(), b""), True),
        (Reply(503, httpx2.Headers(), b""), True),
        (Reply(503, httpx2.Headers(), b'{"code": "timed-out"}'), False),
        (Reply(500, httpx2.Headers(), b""), False),
        (Reply(200, httpx2.Headers(), b"<html>"), False),
    ],
)
def test_what_may_have_taken_effect_is_not_repeated_unless_that_is_harmless(
    reply: Reply | Unreachable, *, repeated: bool
) -> None:
    assert len(pauses([reply, OK])) == 1
    if repeated:
        assert len(pauses([reply, OK], repeat=Repeat.NOT_TAKEN)) == 1
    else:
        with pytest.raises(Trouble):
            pauses([reply, OK], repeat=Repeat.NOT_TAKEN)


def test_a_refusal_that_is_no_problem_document_is_told_by_its_status() -> None:
    with pytest.raises(Refused, match="POST /v1/check: the server answered with status 418"):
        pauses([Reply(418, httpx2.Headers(), b"\xff<html>")])


def test_an_answer_that_is_none_is_not_repeated_in_the_error() -> None:
    with pytest.raises(BadAnswer) as caught:
        read(Reply(200, httpx2.Headers(), b'{"secret": 1}'), str, PLACE)
    assert "secret" not in f"{caught.value!r}{caught.value}{caught.value.__cause__}"

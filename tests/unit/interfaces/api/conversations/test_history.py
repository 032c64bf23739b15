"""`PUT /v1/conversations/ID/messages`: taken in while a case waits, and never else."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.interfaces.api.conversations.test_messages import RISING, message, send

from tutela.model.custody.evidence import EvidenceKind

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

NUMBERS = itertools.count()


def hand_in(api: Api, talk: str, messages: list[dict[str, Any]], **more: object) -> Answer:
    document = {"messages": messages, "drill": True, **more}
    return api.send("PUT", f"/v1/conversations/{talk}/messages", document, role="uploader")


def raised(api: Api) -> tuple[str, str]:
    """A conversation for which a case waits; with the case."""
    name = f"history {next(NUMBERS)}"
    (talk,) = send(api, *({**one, "conversation": name} for one in RISING)).json["conversations"]
    return name, talk["outcome"]["case_id"]


def test_a_history_is_kept_for_the_case_that_waits(api: Api) -> None:
    name, case_id = raised(api)
    line = {"author": "lea", "text": "hello", "number": 0, "time": "2026-11-30T08:00:00Z"}
    answer = hand_in(api, name, [line])
    assert answer.status == 200, answer
    assert (answer.json["case_id"], answer.json["messages"]) == (case_id, 1)
    assert answer.json["expires_at"]
    assert hand_in(api, name, [line]).json == answer.json, "the same again changes nothing"
    texts = api.services.conversations.people.texts
    held = texts.holds(case_id)
    assert [one.kind for one in held] == [EvidenceKind.MESSAGES] * 2
    (talk,) = texts.read(held).talks
    assert [one.message.text for one in talk.messages] == ["hello", *(o["text"] for o in RISING)]


def test_later_messages_are_kept_as_long_as_the_case_waits(api: Api) -> None:
    name, case_id = raised(api)
    send(api, message(20, "see you", conversation=name))
    texts = api.services.conversations.people.texts
    (talk,) = texts.read(texts.holds(case_id)).talks
    assert talk.messages[-1].message.text == "see you"


def test_without_a_case_nothing_is_taken(api: Api) -> None:
    answer = hand_in(api, "nobody waits", [{"author": "lea", "text": "hello"}])
    assert (answer.status, answer.code) == (404, "not-found")
    name, _ = raised(api)
    assert hand_in(api, name, [{"author": "lea", "text": "hello"}], drill=False).status == 404


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"text": "no author"}],
        [{"author": "a", "text": "x", "number": -1}],
        [{"author": "a", "text": "x", "number": 1}, {"author": "a", "text": "y", "number": 1}],
        [{"author": "a", "text": "x", "number": 1}, {"author": "a", "text": "y"}],
        [{"author": "a", "text": "x", "time": "2026-11-30T08:00:00"}],
        [{"author": "a", "text": "x", "mood": "fine"}],
    ],
    ids=["nothing", "nobody", "below zero", "twice", "some numbered", "no zone", "unknown"],
)
def test_what_has_no_order_or_no_meaning_is_refused(
    api: Api, messages: list[dict[str, Any]]
) -> None:
    answer = hand_in(api, "any", messages)
    assert (answer.status, answer.code) == (400, "invalid-input")
    assert "x" not in answer.json["detail"].split()

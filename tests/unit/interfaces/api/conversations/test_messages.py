"""`POST /v1/messages`: each message has its own result, and nothing counts twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tutela.model import EventKind

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

KIM = {"id": "kim", "age": 34}
LEA = {"id": "lea", "age": 13}
LINES = (
    "how old are you?",
    "are you home alone?",
    "don't tell your parents",
    "delete this chat",
    "let's talk on another app",
    "can we meet on saturday? i can pick you up",
)
"""Each is a cue by itself, as school leaflets name them."""


def message(number: int, text: str = "hello there", **told: object) -> dict[str, Any]:
    return {
        "conversation": "talk 1",
        "number": number,
        "author": KIM,
        "receivers": [LEA],
        "text": text,
        "language": "en",
        "region": "US",
        "drill": True,
        **told,
    }


RISING = [message(number, text) for number, text in enumerate(LINES, 1)]


def send(api: Api, *messages: object, **more: object) -> Answer:
    return api.post("/v1/messages", {"messages": list(messages), **more}, role="uploader")


def statuses(answer: Answer) -> list[str]:
    assert answer.status == 200, answer
    return [one["status"] for one in answer.json["results"]]


def test_a_rising_conversation_is_an_event_once(api: Api) -> None:
    answer = send(api, *RISING)
    assert statuses(answer) == ["rated"] * 6
    (talk,) = answer.json["conversations"]
    assert talk["peak"] >= 6
    assert talk["lanes"] == ["meeting"]
    outcome = talk["outcome"]
    assert outcome["event_id"] == talk["event_id"]
    assert "open_case" in outcome["decision"]["actions"]
    assert outcome["drill"] is True

    again = send(api, *RISING)
    assert statuses(again) == ["duplicate"] * 6
    (same,) = again.json["conversations"]
    assert same == {**talk, "event_id": None, "outcome": None}


def test_the_event_of_a_rise_can_be_read_with_its_conversation(api: Api) -> None:
    answer = send(api, *[{**one, "conversation": "talk 2"} for one in RISING])
    (talk,) = answer.json["conversations"]
    event = api.get(f"/v1/events/{talk['event_id']}", role="uploader").json["event"]
    assert event["kind"] == EventKind.MESSAGE
    assert event["conversation"] == "talk 2"
    assert [one["name"] for one in event["ratings"]] == ["grooming", "meeting"]
    assert event["account"]["minors_contacted_1d"] == 1


BAD: tuple[tuple[dict[str, object], str], ...] = (
    ({"number": -1}, "number"),
    ({"number": 2**53 + 1}, "number"),
    ({"number": None}, "number"),
    ({"conversation": ""}, "conversation"),
    ({"conversation": "x" * 257}, "conversation"),
    ({"conversation": "a\u0000b"}, "control characters"),
    ({"author": {"id": "k\u009bim"}}, "control characters"),
    ({"author": {"id": "kim", "age": 131}}, "author.age"),
    ({"receivers": [{"id": f"u{n}"} for n in range(501)]}, "receivers"),
    ({"time": "yesterday"}, "time"),
    ({"time": "2026-11-30T12:00:00"}, "time zone"),
    ({"text": "x" * 1_000_001}, "text"),
    ({"text": 7}, "text"),
    ({"mood": "good"}, "mood"),
)


def test_a_bad_message_is_refused_and_its_neighbours_are_not(api: Api) -> None:
    bad = [{**message(1, conversation="bad"), **told} for told, _ in BAD]
    answer = send(api, message(1, conversation="good"), *bad, message(2, conversation="good"), 7)
    found = answer.json["results"]
    assert statuses(answer) == ["rated", *["refused"] * len(BAD), "rated", "refused"]
    for (_, what), result in zip(BAD, found[1:], strict=False):
        assert what in result["why"]
    assert [one["conversation"] for one in answer.json["conversations"]] == ["good"]


ODD = (
    "x" * 1_000_000,
    "\u202e" + "dlrow olleh" * 10,
    "e" + "\u0301" * 5000,
    "\U0001f600" * 5000,
    "\u200b".join("are you home alone?"),
    "",
)


def test_odd_texts_are_taken_in(api: Api) -> None:
    answer = send(api, *[message(n, text, conversation="odd") for n, text in enumerate(ODD)])
    assert statuses(answer) == ["rated"] * len(ODD)


def test_500_take_part_and_the_clock_goes_back(api: Api) -> None:
    crowd = [
        message(
            number,
            conversation="crowd",
            author={"id": f"u{number}"},
            receivers=[{"id": f"u{n}"} for n in range(500)],
            time=f"2026-11-{30 - number:02d}T12:00:00Z",
        )
        for number in range(1, 20)
    ]
    assert statuses(send(api, *crowd)) == ["rated"] * 19


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": []},
        {"messages": {}},
        {"messages": [message(n) for n in range(1001)]},
        {"messages": [], "reports": [], "more": 1},
    ],
)
def test_a_batch_that_is_none_is_refused_as_a_whole(api: Api, body: object) -> None:
    assert api.post("/v1/messages", body, role="uploader").status == 400


def test_reports_are_counted(api: Api) -> None:
    reports = [
        {"actor": "mo", "by": "lea", "kind": "report", "drill": True},
        {"actor": "mo", "by": "max", "kind": "block", "time": "2026-11-30T10:00:00Z"},
        {"actor": "mo", "by": "max", "kind": "shout"},
        {"actor": "", "by": "max", "kind": "block"},
    ]
    answer = send(api, reports=reports)
    assert [one["status"] for one in answer.json["reports"]] == [
        *("rated", "rated"),
        *("refused", "refused"),
    ]
    signals = api.get("/v1/actors/mo/signals", drill="true").json["signals"]
    assert signals["reports_30d"] == 1


def test_what_is_handed_in_is_counted_in_the_metrics(api: Api) -> None:
    send(api, message(1, conversation="counted"), message(1, conversation="counted"))
    shown = api.get("/metrics").body.decode()
    for status in ("rated", "duplicate"):
        (line,) = [
            x
            for x in shown.splitlines()
            if x.startswith(f'tutela_messages_total{{status="{status}"')
        ]
        assert float(line.rpartition(" ")[2]) >= 1
    assert api.services.counts.counts()["messages_rated"] >= 1


def test_in_the_eu_nothing_is_computed_as_shipped(api: Api) -> None:
    place = {"conversation": "eu", "region": "DE", "author": {"id": "eva"}}
    european = [{**one, **place} for one in RISING]
    answer = send(api, *european, {**european[0], "surface": "encrypted_messages", "text": ""})
    assert statuses(answer) == ["not_permitted"] * 7
    assert all("derogation" in one["why"] for one in answer.json["results"])
    assert answer.json["conversations"] == []
    assert api.get("/v1/conversations/eu/rating", drill="true").status == 404
    assert api.get("/v1/actors/eva/signals", drill="true").json["known"] is False
    counts = [one for one in api.get("/v1/law/proof").json["counts"] if one["pack"] == "eu"]
    assert sum(one["refused"] for one in counts) >= 7

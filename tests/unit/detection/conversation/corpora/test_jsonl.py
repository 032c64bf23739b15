from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.corpora.record import labelled_of, record_of
from tutela.detection.conversation.corpora.tally import Tally
from tutela.model.actor import AgeBand, AgeSource
from tutela.model.conversation.message import Conversation, Labelled, Message, Participant

if TYPE_CHECKING:
    from .conftest import Read

NOON = "2026-11-30T12:00:00Z"
WHOLE = {
    "conversation_id": "c1",
    "language": "en",
    "participants": [
        {"id": "ann", "age": 12, "age_source": "verified"},
        {"id": "coach", "age_band": "adult"},
    ],
    "messages": [
        {"author": "coach", "time": NOON, "text": "Practice is at five.", "number": 7},
        {"author": "ann", "time": 1796040060, "text": "", "media": True},
    ],
    "label": False,
    "stratum": "coach",
}


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_a_record_is_read_whole(read: Read) -> None:
    got = read(lines(WHOLE))
    assert got.found == [
        Labelled(
            conversation=Conversation(
                id="c1",
                language="en",
                participants=(
                    Participant(id="ann", age=12, age_source=AgeSource.VERIFIED),
                    Participant(id="coach", age_band=AgeBand.ADULT),
                ),
                messages=(
                    Message(
                        author="coach",
                        time=datetime(2026, 11, 30, 12, tzinfo=UTC),
                        text="Practice is at five.",
                        number=7,
                    ),
                    Message(
                        author="ann", time=datetime(2026, 11, 30, 12, 1, tzinfo=UTC), media=True
                    ),
                ),
            ),
            label=False,
            stratum="coach",
            source="talks",
        )
    ]
    assert got.summary.read == 1
    assert got.summary.ignored == got.summary.mended == {}


def test_the_digest_is_that_of_the_file(read: Read) -> None:
    text = lines(WHOLE, WHOLE)
    got = read(b"\xef\xbb\xbf" + text.encode())
    assert len(got.found) == 2
    assert got.summary.sha256 == hashlib.sha256(b"\xef\xbb\xbf" + text.encode()).hexdigest()
    assert got.summary.size == len(text) + 3


def test_unknown_members_are_ignored_and_counted(read: Read) -> None:
    extra = {**WHOLE, "mood": 1, "messages": [{"author": "a", "text": "hi", "likes": 3}] * 2}
    got = read(lines(extra, {**WHOLE, "mood": None, "\x1b[31m": 1}))
    assert got.summary.ignored == {"messages.likes": 2, "mood": 2, "\\x1b[31m": 1}
    assert got.summary.read == 2


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"conversation_id": None}, "conversation_id is missing"),
        ({"conversation_id": 1.5}, "conversation_id is not a text"),
        ({"conversation_id": "x" * 257}, "conversation_id is longer than 256 characters"),
        ({"messages": "hi"}, "messages is not a list"),
        ({"messages": ["hi"]}, "message 1 is not an object"),
        ({"messages": [{"author": "a", "text": 5}]}, "text of message 1 is not a text"),
        ({"messages": [{"author": ["a"]}]}, "author of message 1 is not a text"),
        ({"label": "maybe"}, "label is neither true nor false"),
        ({"participants": {"id": "a"}}, "participants is not a list"),
        ({"predator_ids": [None, {}]}, "an id in predator_ids is not a text"),
    ],
)
def test_a_damaged_record_is_named_and_skipped(
    read: Read, changed: dict[str, object], what: str
) -> None:
    got = read(lines(WHOLE, {**WHOLE, **changed}, WHOLE))
    assert len(got.found) == 2
    assert got.summary.skipped == 1
    assert [str(one) for one in got.summary.problems] == [f"line 2: {what}"]


def test_what_is_no_json_is_skipped(read: Read) -> None:
    got = read(lines(WHOLE) + '{"conversation_id": "c\n\n' + "[" * 100_000 + "\n7\n" + lines(WHOLE))
    assert len(got.found) == 2
    assert [str(one) for one in got.summary.problems] == [
        "line 2: the line is not JSON",
        "line 4: the line is not JSON",
        "line 5: the record is not an object",
    ]


def test_what_is_wrong_and_not_needed_is_unknown_and_counted(read: Read) -> None:
    record = {
        **WHOLE,
        "participants": [{"id": "a", "age": 300, "age_source": "guessed"}, {"age_band": "young"}],
        "messages": [{"author": None, "time": "noonish", "text": None, "number": -1}],
        "onset": 4,
    }
    got = read(lines(record))
    assert got.found[0].conversation.messages == (Message(author=""),)
    assert got.found[0].onset is None
    assert got.summary.mended == {
        "age band that is not known": 1,
        "age source that is not known": 1,
        "age that is not a whole number of years": 1,
        "number of a message that is not a whole number": 1,
        "onset that is not the place of a message": 1,
        "time that was not understood": 1,
    }


def test_half_a_surrogate_pair_never_comes_through(read: Read) -> None:
    text = '{"conversation_id": "c", "messages": [{"author": "a", "text": "x\\ud83dy\\u202e"}]}\n'
    got = read(text)
    assert got.found[0].conversation.messages[0].text == "x\ufffdy\u202e"
    assert got.summary.mended == {"text with half a surrogate pair": 1}


def test_named_predators_make_a_label_where_there_is_none(read: Read) -> None:
    named = {**WHOLE, "label": None, "predator_ids": ["coach"]}
    got = read(lines(named, {**WHOLE, "label": None}, {**WHOLE, "label": 1}))
    assert [one.label for one in got.found] == [True, None, True]


def test_a_conversation_may_be_very_long(read: Read) -> None:
    messages = [{"author": f"p{at % 500}", "text": "ok"} for at in range(100_000)]
    got = read(lines({"conversation_id": "c", "messages": messages}))
    assert len(got.found[0].conversation.messages) == 100_000


texts = st.text(max_size=20)
times = st.none() | st.datetimes(timezones=st.just(UTC))
people = st.builds(
    Participant,
    id=texts,
    age=st.none() | st.integers(0, 130),
    age_source=st.sampled_from(AgeSource),
)
messages = st.builds(
    Message,
    author=texts,
    text=texts,
    time=times,
    number=st.none() | st.integers(0, 2**53),
    media=st.booleans(),
)
talks = st.builds(
    Conversation,
    id=texts.filter(bool),
    language=texts,
    participants=st.lists(people, max_size=2).map(tuple),
    messages=st.lists(messages, max_size=3).map(tuple),
)


@given(
    st.builds(
        Labelled, conversation=talks, label=st.none() | st.booleans(), synthetic=st.booleans()
    )
)
def test_what_is_written_is_read_again(labelled: Labelled) -> None:
    tally = Tally()
    written = msgspec.json.encode(record_of(labelled))
    assert labelled_of(msgspec.json.decode(written), tally) == labelled
    assert tally.summary().ignored == tally.summary().mended == {}

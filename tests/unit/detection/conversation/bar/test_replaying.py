"""A file is rated message by message, and counted as traffic is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.detection.conversation.bar.precision import Decided
from tutela.detection.conversation.bar.replaying import replayed
from tutela.detection.conversation.shipped import shipped_rater
from tutela.model.conversation.message import Conversation, Labelled, Message, Participant
from tutela.model.conversation.rating import (
    ConversationRating,
    MissingEvidence,
    NotEnoughEvidence,
)

AT = datetime(2026, 11, 1, 23, tzinfo=UTC)


class Numbers:
    """A rater for which each message says its value: the counting can be told from it."""

    model = "numbers 1"

    def begin(
        self,
        conversation_id: str,
        participants: Sequence[Participant] = (),  # noqa: ARG002 - as the Protocol says
        language: str = "",  # noqa: ARG002
    ) -> Going:
        return Going(conversation_id)

    def resume(self, state: bytes) -> Going:
        return Going(state.decode())


class Going:
    def __init__(self, name: str) -> None:
        self._name, self._value, self._many = name, 0.0, 0

    def add(self, message: Message) -> None:
        self._value, self._many = float(message.text), self._many + 1

    def meet(self, person: Participant) -> None:
        """Ages mean nothing to it."""

    def value(self) -> float:
        return self._value

    def rating(self) -> ConversationRating:
        missing = NotEnoughEvidence(reason=MissingEvidence.NO_TEXT) if not self._many else None
        return ConversationRating(conversation_id=self._name, not_enough_evidence=missing)

    def dump(self) -> bytes:
        return self._name.encode()


def talk(
    *values: float, label: bool | None = None, at: datetime | None = None, synthetic: bool = False
) -> Labelled:
    messages = tuple(Message(author="a", text=repr(value), time=at) for value in values)
    conversation = Conversation(id="c", messages=messages)
    return Labelled(conversation=conversation, label=label, synthetic=synthetic)


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(0, 10), max_size=60), max_size=8))
def test_each_value_is_counted_at_the_turn_that_first_reached_it(
    conversations: list[list[float]],
) -> None:
    found = replayed(Numbers(), [talk(*values) for values in conversations])
    assert found.traffic.conversations == len(conversations)
    assert found.unrated == sum(not values for values in conversations)
    for tenths in (1, 25, 50, 100):
        bar = tenths / 10
        turns = [
            next((n for n, value in enumerate(values, 1) if int(value * 10 + 1e-9) >= tenths), 0)
            for values in conversations
        ]
        reached = [turn for turn in turns if turn]
        got = found.traffic.reaching[tenths]
        assert got.total == len(reached), bar
        assert got.by_turn == tuple(sum(turn <= by for turn in reached) for by in (10, 20, 50))


def test_labels_say_what_would_be_right() -> None:
    talks = [talk(8, 3, label=True), talk(8, label=False), talk(2, label=False), talk(9)]
    found = replayed(Numbers(), talks)
    assert found.decided == (Decided(20, 1, 0), Decided(80, 2, 1))
    assert (found.labelled, found.positive) == (3, 1)


def test_the_days_are_those_of_the_messages_or_those_that_are_told() -> None:
    talks = [talk(1, at=AT), talk(1, at=AT + timedelta(days=2, hours=1)), talk(1)]
    assert (replayed(Numbers(), talks).traffic.days, replayed(Numbers(), talks).dated) == (3, True)
    told = replayed(Numbers(), talks, 30)
    assert (told.traffic.days, told.dated) == (30, True)
    undated = replayed(Numbers(), [talk(1)])
    assert (undated.traffic.days, undated.dated) == (1, False)


def test_times_without_a_zone_stand_beside_others() -> None:
    plain = AT.replace(tzinfo=None)
    assert replayed(Numbers(), [talk(1, at=plain), talk(1, at=AT)]).traffic.days == 1


def test_what_is_made_up_is_counted() -> None:
    assert replayed(Numbers(), [talk(1, synthetic=True), talk(1)]).synthetic == 1


def test_the_rater_that_ships_can_be_replayed() -> None:
    people = (Participant(id="a", age=40), Participant(id="b", age=13))
    lines = ("how was the match?", "how old are you?", "don't tell your parents")
    messages = tuple(Message(author="a", text=line) for line in lines)
    conversation = Conversation(id="c", language="en", participants=people, messages=messages)
    found = replayed(shipped_rater(), [Labelled(conversation=conversation)])
    assert found.traffic.reaching[1].total == 1
    assert found.traffic.reaching[1].by_turn == (1, 1, 1)

"""What every rater of conversations must keep to, run on ours and on installed extensions.

To test a rater of your own: install your package, which declares it as an entry point, into the
environment of a copy of this project and run `pytest tests/contract/test_raters.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.learned import cascade, learned

from tutela.conversations.reviewing.calibrating import CalibratedRater
from tutela.detection.conversation.calibration import PRIOR, Calibration
from tutela.detection.conversation.rater import Rater, rate
from tutela.detection.conversation.shipped import shipped_rater
from tutela.errors import InvalidInput
from tutela.extensions import rater_makers
from tutela.model.conversation.message import Conversation, Message, Participant
from tutela.model.conversation.rating import Band, MissingEvidence
from tutela.settings import Settings

CUES = shipped_rater()
RATERS = [
    CUES,
    learned(CUES),
    cascade(learned(CUES)),
    CalibratedRater(CUES, Calibration(version="outcomes 1", knots=PRIOR.knots)),
    *(made(Settings()) for made in rater_makers().values()),
]

PEOPLE = (Participant(id="a", age=12), Participant(id="b", age=34))
START = datetime(2026, 3, 2, tzinfo=UTC)
LINES = (
    "hello",
    "how was the match?",
    "how old are you?",
    "are you home alone?",
    "don't tell your parents",
    "let's talk on another app",
    "delete this chat",
    "homework is done",
    "",
    "\ud800 \u202e\u0000",
    "e\u0301" * 50,
    "\U0001f600" * 20,
)
MESSAGES = st.lists(
    st.builds(
        Message,
        author=st.sampled_from(["a", "b", "c", "", "a\nb"]),
        text=st.sampled_from(LINES),
        time=st.none() | st.integers(-10_000, 10_000).map(lambda n: START + timedelta(minutes=n)),
        media=st.booleans(),
    ),
    max_size=25,
)


def talk(count: int = 40) -> tuple[Message, ...]:
    return tuple(
        Message(author="ab"[n % 2], text=LINES[n % 8], time=START + timedelta(minutes=n))
        for n in range(count)
    )


@pytest.mark.parametrize("rater", RATERS, ids=lambda rater: rater.model.split()[0])
class TestEveryRater:
    def test_it_names_its_model(self, rater: Rater) -> None:
        assert rater.model
        assert len(rater.model) <= 128
        rating = rate(rater, Conversation(id="c", language="en", messages=talk()))
        assert rating.model == rater.model
        assert rating.calibration

    @settings(max_examples=25, deadline=None)
    @given(messages=MESSAGES, cut=st.integers(0, 25), language=st.sampled_from(["", "en", "sv"]))
    def test_a_state_goes_on_as_if_nothing_had_been_between(
        self, rater: Rater, messages: list[Message], cut: int, language: str
    ) -> None:
        whole, parted = (rater.begin("c", PEOPLE, language) for _ in range(2))
        values = [0.0]
        for place, message in enumerate(messages):
            if place == cut:
                parted = rater.resume(parted.dump())
            whole.add(message)
            parted.add(message)
            values.append(whole.value())
        rating = whole.rating()
        assert parted.rating() == rating
        assert rating.value == whole.value()
        assert rating.messages == len(messages)
        if rating.not_enough_evidence is None:
            assert rating.peak == max(values)

    @settings(max_examples=25, deadline=None)
    @given(messages=MESSAGES)
    def test_a_rating_keeps_to_its_form(self, rater: Rater, messages: list[Message]) -> None:
        rating = rate(rater, Conversation(id="c", participants=PEOPLE, messages=tuple(messages)))
        assert rating.conversation_id == "c"
        assert 0 <= rating.value <= rating.peak <= 10
        assert (rating.probability is None) == (rating.not_enough_evidence is not None)
        weights = [abs(ground.points) for ground in rating.reasons]
        assert weights == sorted(weights, reverse=True)
        for ground in rating.reasons:
            assert 0 <= ground.message < len(messages)
            assert ground.author == messages[ground.message].author
            assert 0 <= ground.start <= ground.end <= len(messages[ground.message].text)
        firsts = [mark.first for mark in rating.stages]
        assert firsts == sorted(firsts)
        if rating.not_enough_evidence is not None:
            assert (rating.value, rating.reasons, rating.band) == (0, (), Band.LOW)

    def test_the_same_messages_give_the_same_rating(self, rater: Rater) -> None:
        conversation = Conversation(id="c", participants=PEOPLE, messages=talk())
        assert rate(rater, conversation) == rate(rater, conversation)

    def test_a_language_that_it_does_not_know_is_not_guessed_at(self, rater: Rater) -> None:
        rating = rate(rater, Conversation(id="c", language="xx-YY", messages=talk()))
        assert rating.not_enough_evidence is not None
        assert rating.not_enough_evidence.reason is MissingEvidence.UNSUPPORTED_LANGUAGE

    def test_no_text_is_no_evidence(self, rater: Rater) -> None:
        pictures = tuple(Message(author="ab"[n % 2], media=True) for n in range(4))
        for messages in ((), pictures):
            rating = rate(rater, Conversation(id="c", participants=PEOPLE, messages=messages))
            assert rating.not_enough_evidence is not None
            assert rating.not_enough_evidence.reason is MissingEvidence.NO_TEXT

    def test_a_state_is_bounded_and_holds_no_text(self, rater: Rater) -> None:
        running = rater.begin("c", PEOPLE, "en")
        for message in talk(60):
            running.add(message)
        early = len(running.dump())
        for message in talk(600):
            running.add(message)
        state = running.dump()
        assert len(state) < early + 4000
        assert not any(word in state for word in (b"parents", b"homework", b"another app"))

    def test_a_damaged_state_is_refused(self, rater: Rater) -> None:
        running = rater.begin("c", PEOPLE, "en")
        for message in talk():
            running.add(message)
        state = running.dump()
        for place in range(0, len(state), max(1, len(state) // 40)):
            damaged = bytearray(state)
            damaged[place] ^= 1
            with pytest.raises(InvalidInput):
                rater.resume(bytes(damaged))
        with pytest.raises(InvalidInput):
            rater.resume(b"")

    def test_who_is_met_later_takes_part(self, rater: Rater) -> None:
        running = rater.begin("c", language="en")
        for person in PEOPLE:
            running.meet(person)
        for message in talk():
            running.add(message)
        assert running.rating().age_gap.adult_to_minor is not None

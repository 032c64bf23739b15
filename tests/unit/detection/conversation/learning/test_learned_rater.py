from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.talks import PHRASES, HandMade, made_rater
from tests.unit.detection.conversation.learning.conftest import (
    CHATTER,
    CUES,
    conversations,
    labelled,
)

from tutela.detection.conversation.cue_rater import CueRater
from tutela.detection.conversation.evidence.state import pack
from tutela.detection.conversation.learning.learned_rater import (
    WORDING,
    LearnedRater,
    LearnedState,
)
from tutela.detection.conversation.learning.model import load
from tutela.detection.conversation.rater import rate
from tutela.errors import InvalidInput
from tutela.model.conversation.message import Conversation, Labelled, Message
from tutela.model.conversation.rating import Band, MissingEvidence


@pytest.fixture(scope="module")
def unseen() -> list[Labelled]:
    return list(conversations(40, seed=9))


def test_conversations_that_it_never_saw_are_told_apart(
    rater: LearnedRater, unseen: list[Labelled]
) -> None:
    peaks = {True: [1.0], False: [1.0]}
    for one in unseen:
        peaks[bool(one.label)].append(rate(rater, one.conversation).peak)
    assert min(peaks[True][1:]) > max(peaks[False])


def test_the_same_messages_give_the_same_rating(
    rater: LearnedRater, unseen: list[Labelled]
) -> None:
    for one in unseen[:8]:
        assert rate(rater, one.conversation) == rate(rater, one.conversation)


def test_state_goes_on_as_if_nothing_had_been_between(
    rater: LearnedRater, unseen: list[Labelled]
) -> None:
    talk = unseen[0].conversation
    running = rater.begin(talk.id, talk.participants, talk.language)
    for message in talk.messages:
        running = rater.resume(running.dump())
        running.add(message)
    assert running.rating() == rate(rater, talk)
    assert running.value() == running.rating().value


def test_state_holds_no_text_and_is_bounded(rater: LearnedRater) -> None:
    running = rater.begin("c", (), "en")
    for place in range(2000):
        running.add(Message(author=f"{place % 2}", text=f"{CHATTER[place % 10]} zebra {place}"))
    state = running.dump()
    assert b"zebra" not in state
    assert len(state) < 4000


def test_reasons_tell_cues_and_wording_the_weightiest_first(
    rater: LearnedRater, unseen: list[Labelled]
) -> None:
    found = rate(rater, unseen[0].conversation)
    points = [abs(ground.points) for ground in found.reasons]
    assert points == sorted(points, reverse=True)
    names = {ground.cue for ground in found.reasons}
    assert WORDING in names
    assert "secrecy" in names
    assert found.stages
    assert found.author


def test_first_alert_is_the_first_message_at_the_threshold(
    rater: LearnedRater, unseen: list[Labelled]
) -> None:
    talk = unseen[0].conversation
    running, high = rater.begin(talk.id, (), "en"), rater.learned.card.bars.high
    values = []
    for message in talk.messages:
        running.add(message)
        values.append(running.value())
    found = running.rating()
    assert found.first_alert == next(at for at, value in enumerate(values) if value >= high)
    assert found.peak == max(values)
    assert found.band in {Band.HIGH, Band.CRITICAL}


def test_model_and_calibration_are_named(rater: LearnedRater, unseen: list[Labelled]) -> None:
    found, digest = rate(rater, unseen[1].conversation), rater.learned.card.digest[:12]
    assert found.model == rater.model
    assert found.model.startswith(f"learned trial ({digest}) on cues 1")
    assert found.calibration == f"platt {digest}"
    assert len(found.model) <= 128


def test_a_language_without_cues_is_not_rated(rater: LearnedRater) -> None:
    talk = labelled("c", [*CUES], label=None).conversation
    found = rate(rater, msgspec.structs.replace(talk, language="sv"))
    assert (found.value, found.peak, found.probability) == (0.0, 0.0, None)
    assert found.not_enough_evidence is not None
    assert found.not_enough_evidence.reason is MissingEvidence.UNSUPPORTED_LANGUAGE


def test_in_a_language_that_it_did_not_learn_the_cues_rate(trained: Path) -> None:
    cues = made_rater(HandMade(), HandMade("fr"))
    rater = LearnedRater(cues, load(trained))
    talk = labelled("c", [*PHRASES], label=None).conversation
    talk = msgspec.structs.replace(talk, language="fr")
    found, expected = rate(rater, talk), rate(cues, talk)
    assert expected.value > 0
    assert found == msgspec.structs.replace(expected, model=rater.model)
    assert found.calibration == "prior 1"


def test_nothing_said_is_not_rated(rater: LearnedRater) -> None:
    found = rate(rater, Conversation(id="c", language="en"))
    assert found.not_enough_evidence is not None
    assert found.value == found.peak == 0.0


@pytest.mark.parametrize(
    "text",
    ["\ud800 lone", "a" * 1_000_000, "\u202e" * 50, "e\u0301" + "\u0301" * 500, "\U0001f600" * 90],
    ids=["surrogate", "megabyte", "bidi", "zalgo", "emoji"],
)
def test_any_text_can_be_read(rater: LearnedRater, text: str) -> None:
    running = rater.begin("c", (), "en")
    running.add(Message(author="a", text=text))
    running.add(Message(author="", text="hello there"))
    assert 0 <= running.value() <= 10
    assert rater.resume(running.dump()).value() == running.value()


def test_a_damaged_state_is_refused(rater: LearnedRater, cues: CueRater) -> None:
    running = rater.begin("c", (), "en")
    running.add(Message(author="a", text="hello there"))
    state = running.dump()
    for place in range(0, len(state), 7):
        flipped = bytearray(state)
        flipped[place] ^= 4
        with pytest.raises(InvalidInput, match="begin the conversation anew"):
            rater.resume(bytes(flipped))
    with pytest.raises(InvalidInput, match="of another"):
        rater.resume(cues.begin("c").dump())


def test_a_state_of_another_learned_model_is_refused(rater: LearnedRater) -> None:
    state = msgspec.msgpack.decode(rater.begin("c").dump()[12:], type=LearnedState)
    other = pack(b"TLL1", msgspec.structs.replace(state, model="0" * 64))
    with pytest.raises(InvalidInput, match="another learned model"):
        rater.resume(other)
    wrong = msgspec.structs.replace(state.following, seen=(0,) * 99)
    with pytest.raises(InvalidInput, match="damaged"):
        rater.resume(pack(b"TLL1", msgspec.structs.replace(state, following=wrong)))

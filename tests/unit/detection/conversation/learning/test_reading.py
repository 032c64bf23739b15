from __future__ import annotations

import numpy as np
import pytest
from tests.unit.detection.conversation.learning.conftest import START

from tutela.detection.conversation.cue_rater import CueRater
from tutela.detection.conversation.learning.following import Wording
from tutela.detection.conversation.learning.kernels import SIZE
from tutela.detection.conversation.learning.reading import bits_of, places_of, said
from tutela.model.conversation.message import Message
from tutela.model.conversation.rating import Stage

ONES = Wording(np.ones(SIZE, np.float32), (0.0,), 0.0)


def test_what_is_taken_of_a_message(cues: CueRater) -> None:
    message = Message(author="a", text="don't tell your parents", time=START)
    reading = cues.begin("c", (), "en").read(message)
    found = said(message, reading, {"secrecy": 3}, ONES)
    assert found.total == pytest.approx(found.size)
    assert found.families == [3]
    assert found.stages == 1 << list(Stage).index(Stage.ISOLATION)
    assert found.author == "a"
    assert found.seconds == START.timestamp()


def test_a_message_without_text_or_time_says_nothing(cues: CueRater) -> None:
    message = Message(author="a")
    found = said(message, cues.begin("c", (), "en").read(message), {}, ONES)
    assert (found.total, found.size, found.families, found.stages) == (0.0, 0, [], 0)
    assert found.seconds is None


def test_families_that_a_model_does_not_know_are_left_out(cues: CueRater) -> None:
    reading = cues.begin("c", (), "en").read(Message(author="a", text="don't tell your parents"))
    assert places_of(reading.hits, {"gift": 0}) == []
    assert bits_of(()) == 0

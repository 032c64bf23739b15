from __future__ import annotations

import msgspec
import numpy as np
import pytest
from tests.unit.detection.conversation.learning.conftest import (
    CHATTER,
    conversations,
    labelled,
)

from tutela.detection.conversation.cue_rater import CueRater
from tutela.detection.conversation.learning.following import Following, Wording
from tutela.detection.conversation.learning.kernels import SIZE
from tutela.detection.conversation.learning.reading import said
from tutela.detection.conversation.learning.training.preparing import Pile, Prepared, prepared


def made(cues: CueRater, messages: int, onset: int | None = None) -> Prepared:
    one = labelled("c", [CHATTER[at % 10] for at in range(messages)], label=True)
    found = prepared(msgspec.structs.replace(one, onset=onset), cues)
    assert isinstance(found, Prepared)
    return found


@pytest.mark.parametrize(
    ("messages", "onset", "ends"),
    [
        (3, None, [3]),
        (5, None, [5]),
        (6, None, [5, 6]),
        (60, None, [5, 10, 20, 50, 60]),
        (60, 12, [20, 50, 60]),
        (60, 59, [60]),
    ],
)
def test_prefixes_end_after_something_is_to_be_seen(
    cues: CueRater, messages: int, onset: int | None, ends: list[int]
) -> None:
    assert made(cues, messages, onset).ends() == ends


def test_window_is_the_last_fifty_messages(cues: CueRater) -> None:
    lines = [f"line {at}" for at in range(70)]
    talk = prepared(labelled("c", lines, label=True), cues)
    assert isinstance(talk, Prepared)
    for end, start in ((20, 0), (70, 20)):
        whole = talk.buckets[talk.offsets[start] : talk.offsets[end]]
        assert talk.words(end).tolist() == whole.tolist()
        assert talk.size(end) == whole.size


def test_the_same_message_counts_once_in_a_window(cues: CueRater) -> None:
    talk = made(cues, 70)  # ten lines, over and over
    assert talk.before[:12] == (-1,) * 10 + (0, 1)
    ten = talk.buckets[: talk.offsets[10]]
    assert sorted(talk.words(70)) == sorted(ten)
    assert talk.words(5).tolist() == talk.buckets[: talk.offsets[5]].tolist()
    assert talk.size(70) == 5 * ten.size


def test_what_is_followed_in_training_is_what_is_followed_in_use(cues: CueRater) -> None:
    one = next(conversations(1))
    weights = np.random.default_rng(2).normal(size=SIZE).astype(np.float32)
    families = {"secrecy": 0, "deletion": 1}
    wording = Wording(weights, (0.5, 0.25), -1.0)
    found = prepared(one, cues)
    assert isinstance(found, Prepared)
    rows = found.followed(wording, families)
    running, following = cues.begin("c", (), "en"), Following(wording)
    for row, message in zip(rows, one.conversation.messages, strict=True):
        taken = said(message, running.read(message), families, wording)
        assert row == pytest.approx(following.add(taken, running.value()))


def test_what_cannot_be_learned_from_is_left_out_and_counted(cues: CueRater) -> None:
    pile = Pile(cues)
    swedish = labelled("s", ["hej"], label=False)
    talk = msgspec.structs.replace(swedish.conversation, language="sv")
    pile.read(
        [
            labelled("a", ["hello there"], label=None),
            msgspec.structs.replace(swedish, conversation=talk),
            labelled("b", [""], label=False),
            labelled("c", ["hello there", "hello"], label=False),
        ]
    )
    assert pile.left_out == {"no label": 1, "unsupported language": 1, "no text": 1}
    assert len(pile.conversations) == pile.synthetic == 1
    assert pile.sources == {"tests": 1}


def test_digest_is_of_all_that_is_used(cues: CueRater) -> None:
    digests = set()
    for count in (1, 2, 2, 3):
        pile = Pile(cues)
        pile.read(conversations(count))
        digests.add(pile.digest)
    assert len(digests) == 3


def test_each_file_has_a_digest_of_its_own(cues: CueRater) -> None:
    both, one = Pile(cues), Pile(cues)
    both.read(conversations(3))
    both.read([*conversations(4, seed=6), labelled("a", ["hello there"], label=None)])
    one.read(conversations(4, seed=6))
    assert both.files[1:] == one.files == [one.digest]
    assert both.digest not in both.files


def test_reading_tells_how_far_it_is(cues: CueRater) -> None:
    steps: list[int] = []
    Pile(cues).read(conversations(3), steps.append)
    assert steps == [1, 1, 1]

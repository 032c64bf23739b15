"""Harmless labelled conversations: chatter, and among it single lines of the leaflets' kind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tutela.detection.conversation.cue_rater import CueRater
from tutela.detection.conversation.cues.cueset import CueSet
from tutela.detection.conversation.learning.card import Choices
from tutela.detection.conversation.learning.learned_rater import LearnedRater
from tutela.detection.conversation.learning.model import load, save
from tutela.detection.conversation.learning.training.preparing import Pile
from tutela.detection.conversation.learning.training.trainer import train
from tutela.detection.text.normaliser import Normaliser
from tutela.model.conversation.message import Conversation, Labelled, Message

CHATTER = (
    "did you see the match yesterday",
    "my homework is still not done",
    "the bus was late again this morning",
    "what are you having for dinner",
    "our dog ate the whole cake haha",
    "practice is at five on thursday",
    "i like the new song a lot",
    "can you bring the book tomorrow",
    "it rained all day here",
    "good night then",
)
CUES = (
    "how old are you?",
    "are you home alone?",
    "don't tell your parents",
    "let's talk on another app",
    "delete this chat",
)
START = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)


def conversations(count: int, seed: int = 5, *, every: int = 4) -> Iterator[Labelled]:
    """So many, every fourth with cue lines; each by two people who write nowhere else."""
    numbers = np.random.default_rng(seed)
    for place in range(count):
        positive = place % every == 0
        lines = [CHATTER[at] for at in numbers.integers(0, len(CHATTER), 4 + place % 20)]
        if positive:
            for at in numbers.permutation(len(CUES))[:4]:
                lines.insert(int(numbers.integers(0, len(lines))), CUES[at])
        yield labelled(f"c{seed}-{place}", lines, label=positive)


def labelled(name: str, lines: list[str], *, label: bool | None) -> Labelled:
    """A conversation of two, who write by turns, a minute apart."""
    messages = tuple(
        Message(author=f"{name}-{at % 2}", text=line, time=START + timedelta(minutes=at))
        for at, line in enumerate(lines)
    )
    talk = Conversation(id=name, language="en", messages=messages)
    return Labelled(conversation=talk, label=label, source="tests", synthetic=True)


@pytest.fixture(scope="session")
def cues() -> CueRater:
    return CueRater([CueSet.shipped("en")], Normaliser().normalise)


CHOICES = Choices(folds=2, alerts=500, conversations=10_000)


@pytest.fixture(scope="session")
def pile(cues: CueRater) -> Pile:
    made = Pile(cues)
    made.read(conversations(160))
    return made


@pytest.fixture(scope="session")
def trained(pile: Pile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model."""
    model = train(pile, "trial", {"en": "en 1"}, CHOICES, damaged=0, step=lambda _: None)
    folder = tmp_path_factory.mktemp("learned") / "model"
    save(model, folder)
    return folder


@pytest.fixture(scope="session")
def rater(cues: CueRater, trained: Path) -> LearnedRater:
    return LearnedRater(cues, load(trained))

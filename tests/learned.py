"""A learned model made by hand, and an encoder that counts words: raters that need no training."""

from __future__ import annotations

import numpy as np

from tutela.detection.conversation.cue_rater import CueRater
from tutela.detection.conversation.learning.calibrating import CalibrationKind, ScoreCalibration
from tutela.detection.conversation.learning.card import FORMAT, Bars, Card, Choices, DataCard
from tutela.detection.conversation.learning.encoder.card import (
    EncoderCard,
    EncoderFolder,
    EncoderInput,
)
from tutela.detection.conversation.learning.encoder.cascade import CascadeRater
from tutela.detection.conversation.learning.following import FEATURES, Ruling, Wording
from tutela.detection.conversation.learning.kernels import SIZE
from tutela.detection.conversation.learning.learned_rater import LearnedRater
from tutela.detection.conversation.learning.model import LearnedModel

FAMILIES = ("age_asking", "secrecy", "supervision_probe")
LINE = ScoreCalibration(kind=CalibrationKind.PLATT, values=(0.8, -0.5))


def model() -> LearnedModel:
    """Any numbers, always the same: a model of no meaning."""
    weights = np.random.default_rng(11).normal(scale=0.3, size=SIZE).astype(np.float32)
    card = Card(
        format=FORMAT,
        name="handmade",
        made_with="tests",
        cues={"en": "en 1"},
        families=FAMILIES,
        features=FEATURES,
        data=DataCard(
            digest="0" * 64,
            files=("0" * 64,),
            conversations=2,
            positives=1,
            messages=9,
            left_out={},
            damaged=0,
            sources={"tests": 2},
            synthetic=2,
            languages={"en": 2},
        ),
        choices=Choices(),
        calibration=LINE,
        bars=Bars(raised=4.0, high=6.0, critical=8.0, measured=1, enough=False, by_language={}),
        figures=(),
        shares={},
        limits=("Made by hand for tests: it means nothing.",),
        arrays={},
        file_sha256="0" * 64,
    )
    ruling = Ruling((0.5, 0.2, 0.1, 0.4, 0.9, 0.5, 1.5), -1.5)
    return LearnedModel(Wording(weights, (1.0, 2.0, 1.5), -0.5), ruling, card.sealed())


def learned(cues: CueRater) -> LearnedRater:
    return LearnedRater(cues, model())


class WordCount:
    """Evidence by how many words a text has."""

    def evidence(self, text: str) -> float:
        return len(text.split()) - 3.0


def cascade(below: CueRater | LearnedRater) -> CascadeRater:
    card = EncoderCard(
        format=1,
        name="counting",
        licence="Apache-2.0",
        input=EncoderInput.MESSAGE,
        most_tokens=16,
        labels=("raised",),
        positive="raised",
        calibration=LINE,
        prevalence=0.5,
        languages=("en",),
        from_value=1.0,
        sha256={},
    )
    return CascadeRater(below, EncoderFolder(card, "0" * 64, b"", b""), WordCount())

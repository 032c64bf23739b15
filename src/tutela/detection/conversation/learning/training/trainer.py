"""The training of a learned rater from its beginning to its card."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tutela.detection.conversation.learning.calibrating import ScoreCalibration, fitted
from tutela.detection.conversation.learning.card import FORMAT, Card, Choices, DataCard
from tutela.detection.conversation.learning.following import (
    FEATURES,
    Ruling,
    log_odds_of,
    value_of,
)
from tutela.detection.conversation.learning.model import LearnedModel
from tutela.detection.conversation.learning.training.bars import NEVER, bars_for
from tutela.detection.conversation.learning.training.fitting import fit_ruling, fit_wording
from tutela.detection.conversation.learning.training.folds import connected, dealt
from tutela.detection.conversation.learning.training.measuring import figures
from tutela.detection.conversation.learning.training.preparing import Pile, Prepared
from tutela.errors import InvalidInput

Step = Callable[[str], None]
"""Called with what is done next, in a few words."""

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

SHARES = (50.0, 10.0, 5.0, 2.0, 1.0, 0.1)
_LEAST_FOLDS = 2
_REMEDY = "bring more labelled conversations, of people who do not all write with each other"

LIMITS = (
    "It rates conversations and says nothing about a person's guilt; people decide.",
    (
        "Its figures are from the same sources as its training; on another service it may do far "
        "worse, and must be measured there first."
    ),
    (
        "Probabilities hold for the share of positives that is named here, as far as the data is "
        "like what is rated."
    ),
)
DECOYS = "Positives are adults talking to decoys, English, 2000s."
SYNTHETIC = "Trained on conversations that a generator made: no figure here is one of accuracy."


class Followed(NamedTuple):
    """What was followed in conversations by models that had not learned from them.

    Attributes:
        features: of each conversation, (messages, len(FEATURES)).
        folds: of each conversation.
    """

    features: Sequence[Floats]
    folds: Numbers


def train(
    pile: Pile, name: str, cues: dict[str, str], choices: Choices, *, damaged: int, step: Step
) -> LearnedModel:
    """Train a model.

    Args:
        pile: the conversations.
        name: what to call it.
        cues: names of the cue sets that were read with, by language.
        choices: what was chosen.
        damaged: records of the files that could not be read.
        step: is told what is done next.

    Raises:
        InvalidInput: there are too few conversations of one label, or too few that are not
            connected with each other.
    """
    talks = pile.conversations
    labels = np.array([talk.label for talk in talks], np.bool_)
    families = tuple(
        sorted({one for talk in talks for heard in talk.heard for one in heard.families})
    )
    followed = _followed(talks, labels, families, choices, step)
    step("rule on how they go")
    rulings, ruling = _rulings(talks, followed)
    scores = [
        features @ np.array(rulings[fold].weights) + rulings[fold].intercept
        for features, fold in zip(followed.features, followed.folds.tolist(), strict=True)
    ]
    step("calibrate")
    calibration = _calibration(talks, scores)
    prevalence = float(labels.mean())
    used = calibration
    if choices.prevalence is not None:
        used = calibration.moved(prevalence, choices.prevalence)
    odds = [np.array([used.log_odds(score) for score in row.tolist()]) for row in scores]
    peaks = np.array([value_of(float(row.max())) for row in odds])
    harmless = [talk.language for talk in talks if not talk.label]
    bars = bars_for(peaks[~labels], harmless, choices)
    step("fit the whole")
    wording = fit_wording(_sampled(talks, choices), families, choices.strength)
    step("measure")
    shift = used.shift - calibration.shift
    threshold = math.inf if bars.high >= NEVER else log_odds_of(bars.high)
    card = Card(
        format=FORMAT,
        name=name,
        made_with=metadata.version("tutela"),
        cues=cues,
        families=families,
        features=FEATURES,
        data=_data(pile, damaged),
        choices=choices,
        calibration=used,
        bars=bars,
        figures=figures([row - shift for row in odds], labels, threshold - shift),
        shares=_shares(peaks[~labels]),
        limits=_limits(pile),
        arrays={},
        file_sha256="",
    )
    return LearnedModel(wording, ruling, card)


def _followed(
    talks: Sequence[Prepared],
    labels: NDArray[np.bool_],
    families: Sequence[str],
    choices: Choices,
    step: Step,
) -> Followed:
    groups = connected(talk.authors for talk in talks)
    folds = _folds(groups, labels, choices)
    dealt_to = dealt(groups, labels, folds, choices.seed)
    places = {family: place for place, family in enumerate(families)}
    features: list[Floats] = [np.empty(0)] * len(talks)
    for fold in range(folds):
        step(f"fit fold {fold + 1} of {folds}")
        others = [talk for talk, of in zip(talks, dealt_to, strict=True) if of != fold]
        wording = fit_wording(_sampled(others, choices), families, choices.strength)
        for place in np.flatnonzero(dealt_to == fold).tolist():
            features[place] = talks[place].followed(wording, places)
    return Followed(features, dealt_to)


def _folds(groups: Numbers, labels: NDArray[np.bool_], choices: Choices) -> int:
    """As many folds as were chosen, or as there are unconnected groups of each label."""
    with_positive = np.unique(groups[labels])
    benign = np.setdiff1d(np.unique(groups), with_positive)
    folds = min(choices.folds, with_positive.size, benign.size)
    if folds < _LEAST_FOLDS:
        raise InvalidInput(
            f"{with_positive.size} unconnected groups of conversations have a positive one and "
            f"{benign.size} have none; two of each are needed",
            remedy=_REMEDY,
        )
    return folds


def _sampled(talks: Sequence[Prepared], choices: Choices) -> list[Prepared]:
    """All positives, and as many of the others, drawn by the seed, as there is room for."""
    room = choices.most - sum(_cost(talk) for talk in talks if talk.label)
    benign = [place for place, talk in enumerate(talks) if not talk.label]
    kept = {place for place, talk in enumerate(talks) if talk.label}
    for place in np.random.default_rng(choices.seed).permutation(benign).tolist():
        room -= _cost(talks[place])
        if room < 0 and len(kept) > len(talks) - len(benign):
            break
        kept.add(place)
    return [talks[place] for place in sorted(kept)]


def _cost(talk: Prepared) -> int:
    return sum(map(talk.size, talk.ends()))


def _rulings(talks: Sequence[Prepared], followed: Followed) -> tuple[list[Ruling], Ruling]:
    """The second model without each fold, and with all."""
    rows = [(place, end) for place, talk in enumerate(talks) for end in talk.ends()]
    features = np.array([followed.features[place][end - 1] for place, end in rows])
    truths = np.array([talks[place].label for place, _ in rows])
    weights = np.array([1 / len(talks[place].ends()) for place, _ in rows])
    folds = np.array([followed.folds[place] for place, _ in rows])
    without = [
        fit_ruling(features[folds != fold], truths[folds != fold], weights[folds != fold])
        for fold in range(int(folds.max()) + 1)
    ]
    return without, fit_ruling(features, truths, weights)


def _calibration(talks: Sequence[Prepared], scores: Sequence[Floats]) -> ScoreCalibration:
    rows = [
        (talk, row, end) for talk, row in zip(talks, scores, strict=True) for end in talk.ends()
    ]
    return fitted(
        np.array([row[end - 1] for _, row, end in rows]),
        np.array([talk.label for talk, _, _ in rows]),
        np.array([1 / len(talk.ends()) for talk, _, _ in rows]),
    )


def _shares(peaks: Floats) -> dict[str, float]:
    found = np.quantile(peaks, [1 - share / 100 for share in SHARES], method="higher")
    return {f"{share:g}": float(value) for share, value in zip(SHARES, found, strict=True)}


def _data(pile: Pile, damaged: int) -> DataCard:
    talks = pile.conversations
    return DataCard(
        digest=pile.digest,
        files=tuple(pile.files),
        conversations=len(talks),
        positives=sum(talk.label for talk in talks),
        messages=sum(map(len, talks)),
        left_out=dict(sorted(pile.left_out.items())),
        damaged=damaged,
        sources=dict(sorted(pile.sources.items())),
        synthetic=pile.synthetic,
        languages=dict(sorted(Counter(talk.language for talk in talks).items())),
    )


def _limits(pile: Pile) -> tuple[str, ...]:
    """What must be said, the gravest first."""
    decoys = (DECOYS,) if {"pan12", "panc"} & pile.sources.keys() else ()
    return ((SYNTHETIC,) if pile.synthetic else ()) + decoys + LIMITS

"""What a learned model says of itself: from what it was made, how well it did, what it cannot."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from tutela.detection.conversation.learning.calibrating import ScoreCalibration
from tutela.errors import InvalidInput
from tutela.model.record import Record

FORMAT = 1
"""Of the two files of a model; another number is refused."""


class DataCard(Record, frozen=True, kw_only=True):
    """The conversations that a model was trained on, without a word of them.

    Attributes:
        digest: SHA-256 over all of them, in their order, as a hexadecimal number.
        files: the same over those of each file, so that nobody measures on them unaware.
        conversations, positives: how many were used.
        messages: in them.
        left_out: not used, by reason: no label, a language without cues, nothing written.
        damaged: records that could not be read.
        sources: of each, how many.
        synthetic: how many a generator made; with one of them no figure is a figure of accuracy.
        languages: of each, how many.
    """

    digest: str
    files: tuple[str, ...]
    conversations: int
    positives: int
    messages: int
    left_out: dict[str, int]
    damaged: int
    sources: dict[str, int]
    synthetic: int
    languages: dict[str, int]


class Choices(Record, frozen=True, kw_only=True):
    """What was chosen for the training; with the same data, the same model comes of it.

    Attributes:
        seed: of what is drawn by chance: folds, and benign conversations that are left out.
        folds: into which conversations were dealt, those with a common author into one.
        strength: how freely weights may grow (C of the logistic regression).
        most: n-grams (of all prefixes together) that the first model is trained on at most; benign
            conversations beyond it only count for calibration and threshold.
        alerts: conversations a day that people can look at.
        conversations: conversations a day that are rated.
        prevalence: share of positives where it is used; None takes that of the data.
    """

    seed: int = 1
    folds: int = 5
    strength: float = 10.0
    most: int = 60_000_000
    alerts: float = 10.0
    conversations: float = 10_000.0
    prevalence: float | None = None


class Bars(Record, frozen=True, kw_only=True):
    """Values from which a rating is raised, high and critical; high is the budget's threshold.

    Attributes:
        measured: harmless conversations that the threshold rests on.
        enough: they are enough for that budget.
        by_language: the threshold of each language in which enough were measured.
    """

    raised: float
    high: float
    critical: float
    measured: int
    enough: bool
    by_language: dict[str, float]

    def __post_init__(self) -> None:
        """Refuse what does not rise."""
        if not 0 < self.raised <= self.high <= self.critical:
            raise InvalidInput("the thresholds of the model do not rise", where="bars")


class PrefixFigures(Record, frozen=True, kw_only=True):
    """How well it did after so many messages, on conversations that it was not trained on.

    Attributes:
        messages: looked at; 0 means all.
        conversations, positives: that are at least so long.
        average_precision: area under precision over recall.
        ranking: chance that a positive is rated higher than a harmless one (area under ROC).
        recall_at_one_percent: share of positives above 99 % of the harmless.
        f1: at the threshold.
        brier: mean squared error of the probability.
        calibration_error: expected, over ten equal bins of the probability.
    """

    messages: int
    conversations: int
    positives: int
    average_precision: float
    ranking: float
    recall_at_one_percent: float
    f1: float
    brier: float
    calibration_error: float


class Shape(Record, frozen=True, kw_only=True):
    """One array of the model's file."""

    type: str
    shape: tuple[int, ...]
    sha256: str


class Card(Record, frozen=True, kw_only=True):
    """Everything about a model but its large arrays.

    Attributes:
        format: see `FORMAT`.
        name: what its makers call it.
        made_with: version of what trained it.
        cues: names of the cue sets whose cues it reads, by language.
        families: ids of the families of cues, in the order of its weights.
        features: names of what the second model reads.
        calibration: on scores of conversations that it was not trained on.
        shares: values that 50, 10, 5, 2, 1 and 0.1 % of harmless conversations reach at their
            highest, by that share in per cent: to choose what is worth a second look.
        limits: what must be said wherever its figures are.
        arrays: of the file beside it, by name.
        file_sha256: of that whole file.
        digest: SHA-256 of this card with an empty `digest`.
    """

    format: int
    name: str
    made_with: str
    cues: dict[str, str]
    families: tuple[str, ...]
    features: tuple[str, ...]
    data: DataCard
    choices: Choices
    calibration: ScoreCalibration
    bars: Bars
    figures: tuple[PrefixFigures, ...]
    shares: dict[str, float]
    limits: tuple[str, ...]
    arrays: dict[str, Shape]
    file_sha256: str
    digest: str = ""

    def sealed(self) -> Card:
        """The same with its digest, and with numbers as a file gives them back."""
        made = msgspec.json.decode(msgspec.json.encode(self), type=Card)
        return msgspec.structs.replace(made, digest=_digest(made))

    @property
    def intact(self) -> bool:
        """Whether its digest is right."""
        return self.digest == _digest(self)


def _digest(card: Card) -> str:
    plain = msgspec.structs.replace(card, digest="")
    return sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()

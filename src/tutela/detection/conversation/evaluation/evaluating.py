"""Evaluate a rater: the whole protocol, from files to the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple, Protocol

import numpy as np

from tutela.detection.conversation.corpora.pan12 import SOURCE as PAN12
from tutela.detection.conversation.corpora.panc import SOURCE as PANC
from tutela.detection.conversation.corpora.tally import ReadingSummary
from tutela.detection.conversation.evaluation.baselines import baseline
from tutela.detection.conversation.evaluation.grouping import Halves, halves, held_out
from tutela.detection.conversation.evaluation.measures import Flags, Whole
from tutela.detection.conversation.evaluation.measuring import Choice, Half, measured
from tutela.detection.conversation.evaluation.perturbing import PERTURBATIONS, perturbed
from tutela.detection.conversation.evaluation.replaying import Find, Replayed, Trajectories, replay
from tutela.detection.conversation.evaluation.report import (
    DECOYS,
    PRACTICE,
    SYNTHETIC,
    EvaluationReport,
    FileFigure,
    Material,
    Measured,
    Perturbed,
    SourceFigure,
)
from tutela.detection.conversation.evaluation.resampling import Resampling
from tutela.detection.conversation.rater import Rater
from tutela.errors import InvalidInput
from tutela.model.conversation.message import Labelled

METADATA_ONLY: Final = "metadata only"
LEXICON_ONLY: Final = "lexicon only"


class ReadAgain(Protocol):
    """A file of conversations that can be walked through again and again: what `Corpus` is."""

    def __iter__(self) -> Iterator[Labelled]:
        """Its conversations from the start."""

    def summary(self) -> ReadingSummary:
        """What became of it."""


class Protocolled(NamedTuple):
    """How to evaluate.

    Attributes:
        choice: how thresholds are chosen.
        seed: of halves, resamples and perturbations.
        resamples: of each interval; 0 for none.
        minutes_per_case: of a reviewer, for one alert.
        perturbed: positives that are written otherwise; 0 for none.
    """

    choice: Choice = Choice()
    seed: int = 1
    resamples: int = 200
    minutes_per_case: float = 6.0
    perturbed: int = 500


def evaluate(
    files: Sequence[tuple[str, ReadAgain]],
    rater: Rater,
    how: Protocolled,
    *,
    find: Find | None = None,
    cues: Sequence[str] = (),
    trained_on: frozenset[str] = frozenset(),
    measured_on: Sequence[tuple[str, ReadAgain]] = (),
) -> EvaluationReport:
    """Evaluate a rater on labelled files. Groups are connected across all of them.

    Args:
        files: name and conversations of each.
        rater: what is measured.
        how: seed, thresholds, intervals.
        find: finds cues for the lexicon-only baseline; without it there is none.
        cues: names of the cues that `find` may give.
        trained_on: digests of what the rater learnt from; figures on it are no figures.
        measured_on: other files that are measured, instead of one half of `files`. Conversations
            of `files` that belong to a group of theirs then take no part in choosing.

    Raises:
        InvalidInput: the files hold no positive, or no harmless conversation, in one of the halves.
    """
    replayed = Replayed(cues)
    for _, file in files:
        replay(file, rater, find=find, into=replayed)
    own = len(replayed)
    for _, file in measured_on:
        replay(file, rater, find=find, into=replayed)
    groups = replayed.groups.numbers()
    both = held_out(groups, np.arange(len(replayed)) >= own) if measured_on else None
    both = both or halves(groups, replayed.truth, how.seed)
    _check(replayed.truth, both)
    half = _half(replayed, groups, both.measuring, how)
    every = [*files, *measured_on]
    model = measured(
        rater.model, replayed.trajectories, replayed, both, half, how.choice, is_model=True
    )
    raters = [model]
    for name, trajectories in _baselines(replayed, both, find):
        raters.append(
            measured(name, trajectories, replayed, both, half, how.choice, is_model=False)
        )
    material = _material(every, replayed, groups, both)
    return EvaluationReport(
        synthetic=replayed.synthetic > 0,
        cautions=tuple(_cautions(material, raters, not trained_on.isdisjoint(replayed.digests))),
        model=rater.model,
        chosen=how.choice.words(),
        seed=how.seed,
        resamples=how.resamples,
        minutes_per_case=how.minutes_per_case,
        material=material,
        raters=tuple(raters),
        perturbations=tuple(_perturbations(every, rater, how, model, both.measuring)),
    )


def _check(truth: Flags, both: Halves) -> None:
    for name, here in (("chooses thresholds", both.choosing), ("is measured", both.measuring)):
        for what, of in (("positive", truth), ("harmless", ~truth)):
            if not (of & here).any():
                raise InvalidInput(
                    f"there is no {what} conversation in the half that {name}",
                    remedy="bring more labelled conversations of authors who do not all meet",
                )


def _half(replayed: Replayed, groups: Whole, measuring: Flags, how: Protocolled) -> Half:
    return Half(
        truth=replayed.truth[measuring],
        strata=[one for one, here in zip(replayed.strata, measuring, strict=True) if here],
        onsets=replayed.onsets[measuring],
        lengths=replayed.lengths[measuring],
        resampling=Resampling(groups[measuring], how.resamples, how.seed),
        minutes_per_case=how.minutes_per_case,
    )


def _baselines(
    replayed: Replayed, both: Halves, find: Find | None
) -> Iterator[tuple[str, Trajectories]]:
    yield METADATA_ONLY, baseline(replayed.metadata, replayed.truth, both)
    if find is not None:
        yield LEXICON_ONLY, baseline(replayed.lexicon, replayed.truth, both)


def _material(
    files: Sequence[tuple[str, ReadAgain]], replayed: Replayed, groups: Whole, both: Halves
) -> Material:
    truth = replayed.truth
    choosing, measuring = both
    names = sorted({source for source, _ in replayed.sources})
    return Material(
        files=tuple(FileFigure(name=name, reading=file.summary()) for name, file in files),
        conversations=len(replayed),
        positives=int(truth.sum()),
        unlabelled=replayed.unlabelled,
        synthetic=replayed.synthetic,
        groups=int(groups.max(initial=-1)) + 1,
        largest_group=int(np.bincount(groups).max(initial=0)),
        choosing=(int((truth & choosing).sum()), int((~truth & choosing).sum())),
        measuring=(int((truth & measuring).sum()), int((~truth & measuring).sum())),
        sources=tuple(
            SourceFigure(
                source=name,
                positives=replayed.sources[name, True],
                harmless=replayed.sources[name, False],
            )
            for name in names
        ),
        not_enough_evidence=dict(sorted(replayed.missing.items())),
    )


def _cautions(
    material: Material,
    raters: Sequence[Measured],
    learnt: bool,  # noqa: FBT001 - a fact
) -> Iterator[str]:
    if material.synthetic:
        yield SYNTHETIC
    if {PAN12, PANC} & {one.source for one in material.sources}:
        yield DECOYS
    if learnt:
        yield "The model learnt from one of these files: its figures on it are no figures."
    if any(not (one.positives and one.harmless) for one in material.sources):
        yield (
            "Positives and harmless conversations come from different sources: what tells the "
            "sources apart looks like what tells the classes apart."
        )
    model, *others = (one.average_precision.value or 0.0 for one in raters)
    if any(other >= model for other in others):
        yield "A baseline ranks as well as the model: the labels are given away by other things."
    if raters[0].threshold is None:
        yield "There are too few harmless conversations to choose so low a rate of false alarms."
    yield PRACTICE


def _perturbations(
    files: Sequence[tuple[str, ReadAgain]],
    rater: Rater,
    how: Protocolled,
    model: Measured,
    measuring: Flags,
) -> Iterator[Perturbed]:
    if model.threshold is None or how.perturbed <= 0:
        return
    chosen = list(islice(_positives(files, measuring), how.perturbed))
    plain = _recall(chosen, rater, model.threshold)
    for name, change in PERTURBATIONS.items():
        recall = _recall(
            (perturbed(one, change, how.seed) for one in chosen), rater, model.threshold
        )
        yield Perturbed(
            name=name, positives=len(chosen), recall=recall, drop=100 * (plain - recall)
        )


def _positives(files: Iterable[tuple[str, ReadAgain]], measuring: Flags) -> Iterator[Labelled]:
    """The positives of the measured half, read again."""
    labelled = (one for _, file in files for one in file if one.label is not None)
    for one, here in zip(labelled, measuring, strict=False):
        if here and one.label:
            yield one


def _recall(conversations: Iterable[Labelled], rater: Rater, threshold: float) -> float:
    found = total = 0
    for one in conversations:
        total += 1
        talk = one.conversation
        running = rater.begin(talk.id, talk.participants, talk.language)
        for message in talk.messages:
            running.add(message)
            if running.value() >= threshold:
                found += 1
                break
    return found / total if total else 0.0

"""The work of `tutela conversations evaluate`: reads, measures, and shows the report."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.progress import Progress

from tutela.conversations.raters import cues_of, open_rater
from tutela.detection.conversation.corpora.opening import Corpus, Form, form_of
from tutela.detection.conversation.corpora.pan12 import read_predators
from tutela.detection.conversation.evaluation.evaluating import Protocolled, evaluate
from tutela.detection.conversation.evaluation.lexicon import Lexicon
from tutela.detection.conversation.evaluation.measuring import Choice
from tutela.detection.conversation.evaluation.report import EvaluationReport
from tutela.detection.conversation.learning.model import load
from tutela.errors import InvalidInput
from tutela.interfaces.cli.conversations.figures.page import write_page
from tutela.interfaces.cli.conversations.figures.view import show
from tutela.interfaces.cli.conversations.progress import reading_progress
from tutela.lists.replacing import replacing
from tutela.settings import Settings

LEARNED = "learned"
"""The rater in the settings that learnt from files."""


class Options(NamedTuple):
    """What was asked for on the command line."""

    files: tuple[Path, ...]
    measured_on: tuple[Path, ...]
    predators: tuple[Path, ...]
    threshold: float | None
    false_alarms: float
    minutes_per_case: float
    resamples: int
    perturbed: int
    seed: int
    as_json: bool
    html: Path | None
    quiet: bool
    config: Path | None


def run(options: Options) -> None:
    """Measure, and print or write the report.

    Raises:
        InvalidInput: a file is none that can be read, or holds too little to measure.
    """
    how = Protocolled(
        choice=Choice(options.threshold, options.false_alarms),
        seed=options.seed,
        resamples=options.resamples,
        minutes_per_case=options.minutes_per_case,
        perturbed=options.perturbed,
    )
    settings = Settings.load(options.config)
    with reading_progress(quiet=options.quiet) as progress:
        opened = _opened(options, progress)
        rater = open_rater(settings, import_module("tutela.extensions").rater_makers())
        lexicon = Lexicon(cues_of(settings))
        report = evaluate(
            opened[: len(options.files)],
            rater,
            how,
            find=lexicon.find,
            cues=lexicon.cues,
            trained_on=_trained_on(settings),
            measured_on=opened[len(options.files) :],
        )
    _show(report, options)


def _trained_on(settings: Settings) -> frozenset[str]:
    """Digests of what the rater learnt from, where it learnt."""
    chosen = settings.conversations
    if chosen.rater != LEARNED or not chosen.model_folder:
        return frozenset()
    return frozenset(load(Path(chosen.model_folder)).card.data.files)


def _opened(options: Options, progress: Progress) -> list[tuple[str, Corpus]]:
    task = progress.add_task("Replaying", total=None)
    forms = [(path, form_of(path)) for path in (*options.files, *options.measured_on)]
    if options.predators and Form.PAN12 not in {form for _, form in forms}:
        raise InvalidInput(
            "a list of author ids belongs to PAN12's XML only", where=str(options.predators[0])
        )
    # Ids are of authors of all files together; a list of one says nothing wrong about another.
    listed = [read_predators(path) for path in options.predators]
    known = frozenset[str]().union(*listed) if listed else None
    files = [
        (
            path.name,
            Corpus(
                path,
                form,
                predators=known if form is Form.PAN12 else None,
                progress=lambda size: progress.advance(task, size),
            ),
        )
        for path, form in forms
    ]
    progress.update(task, total=sum(corpus.size for _, corpus in files))
    return files


def _show(report: EvaluationReport, options: Options) -> None:
    if options.html is not None:
        with replacing(options.html) as target:
            write_page(target, report)
    if options.as_json:
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    else:
        show(report)

"""The work of `tutela conversations train`: reads, trains, saves, and tells what came of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol, cast

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from tutela.conversations.raters import cue_rater, cues_of
from tutela.detection.conversation.calibration import HIGHEST
from tutela.detection.conversation.corpora.opening import Form, form_of, open_corpus
from tutela.detection.conversation.corpora.tally import ReadingSummary
from tutela.detection.conversation.learning.card import Bars, Card, Choices
from tutela.detection.conversation.learning.model import CARD, LearnedModel, save
from tutela.detection.conversation.learning.training.preparing import Pile
from tutela.errors import BadConfiguration, InvalidInput
from tutela.settings import Settings

TRAINER = "tutela.detection.conversation.learning.training.trainer"
"""Imported by name: it needs packages that few have."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,23}")
_NARROW = 80
_COLUMNS = ("after", "talks", "positive", "AP", "AUC", "at 1 %", "F1", "Brier", "ECE")


class Options(NamedTuple):
    """What was asked for on the command line."""

    files: tuple[Path, ...]
    into: Path
    name: str
    predators: Path | None
    choices: Choices
    as_json: bool
    quiet: bool
    config: Path | None


class Trainer(Protocol):
    """What of the module `TRAINER` is used."""

    def train(
        self,
        pile: Pile,
        name: str,
        cues: dict[str, str],
        choices: Choices,
        *,
        damaged: int,
        step: Callable[[str], None],
    ) -> LearnedModel:
        """Train a model."""


class Trained(NamedTuple):
    """What came of it: the model as it was saved, and what became of each file."""

    model: LearnedModel
    read: tuple[tuple[Path, ReadingSummary], ...]


def run(options: Options) -> None:
    """Train a model and print what it is."""
    _check(options)
    trainer = _trainer()
    settings = Settings.load(options.config)
    names = {one.language: one.name for one in cues_of(settings)}
    pile = Pile(cue_rater(settings))
    with _progress(options) as (progress, task):
        read = tuple((file, _read(file, options, pile, progress)) for file in options.files)
        model = trainer.train(
            pile,
            options.name,
            names,
            options.choices,
            damaged=sum(summary.skipped for _, summary in read),
            step=lambda what: progress.update(task, description=what.capitalize()),
        )
    made = Trained(save(model, options.into), read)
    if options.as_json:
        sys.stdout.buffer.write(msgspec.json.encode(made.model.card) + b"\n")
    else:
        _print(options, made)


def _check(options: Options) -> None:
    """Refuse what would only fail after hours, or do nothing."""
    if options.predators and Form.PAN12 not in map(form_of, options.files):
        raise InvalidInput(
            "a list of author ids belongs to PAN12's XML only, and none of the files is that",
            where=str(options.predators),
            remedy="other forms name them in each record",
        )
    if not _NAME.fullmatch(options.name):
        raise InvalidInput(
            "a name has 1 to 24 small letters, digits, dots, hyphens and underscores",
            where="--name",
        )
    if options.choices.alerts >= options.choices.conversations:
        raise InvalidInput(
            "no threshold is needed to look at every conversation",
            where="--alerts",
            remedy="ask for fewer alerts a day than there are --conversations",
        )
    if (options.into / CARD).exists():
        raise InvalidInput(
            "there is a model in this folder already",
            where=str(options.into),
            remedy="name a folder that is empty or new",
        )


def _trainer() -> Trainer:
    try:
        return cast("Trainer", import_module(TRAINER))
    except ImportError:
        raise BadConfiguration(
            "the packages that train are not installed",
            where="tutela conversations train",
            remedy="pip install 'tutela[train]'",
        ) from None


def _read(file: Path, options: Options, pile: Pile, progress: Progress) -> ReadingSummary:
    form = form_of(file)
    task = progress.add_task(f"Reading {file.name}", total=file.stat().st_size)
    corpus = open_corpus(
        file,
        form=form,
        predators=options.predators if form is Form.PAN12 else None,
        progress=lambda size: progress.advance(task, size),
    )
    pile.read(corpus)
    progress.remove_task(task)
    return corpus.summary()


@contextmanager
def _progress(options: Options) -> Iterator[tuple[Progress, TaskID]]:
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=options.quiet or not console.is_terminal,
    ) as progress:
        yield progress, progress.add_task("Read", total=None)


def _print(options: Options, made: Trained) -> None:
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=max(console.width, _NARROW))
    card = made.model.card
    for limit in card.limits:
        console.print(Text(limit, "bold"))
    console.print()
    for line in _told(card):
        console.print(line)
    for file, summary in made.read:
        if summary.skipped:
            console.print(f"{file.name}: {summary.skipped:,} damaged records skipped.")
            for problem in summary.problems[:5]:
                console.print(f"  {problem}")
    console.print(_figures(card))
    console.print(
        "On conversations that it did not learn from, after so many messages (0: all).\n"
        "AP: average precision. AUC: chance that a positive is rated above a harmless one.\n"
        "At 1 %: recall at that share of false alarms. ECE: error of the probabilities.",
        style="dim",
    )
    console.print(f"\n{made.model.title} is in {options.into}. To use it, set")
    console.print('  [conversations]\n  rater = "learned"', soft_wrap=True)
    console.print(f'  model_folder = "{options.into.absolute()}"', soft_wrap=True)


def _told(card: Card) -> Iterator[str]:
    data = card.data
    yield (
        f"Learned from {data.conversations:,} conversations ({data.positives:,} positive, "
        f"{data.messages:,} messages)."
    )
    for reason, count in data.left_out.items():
        yield f"Left out: {count:,} ({reason})."
    yield _threshold(card.bars, card.choices)


def _threshold(bars: Bars, choices: Choices) -> str:
    share = choices.alerts / choices.conversations
    if bars.high > HIGHEST:
        return (
            f"No threshold keeps this budget: more than {share:.4%} of harmless conversations are "
            "at the end of the scale."
        )
    told = (
        f"Threshold {bars.high:.2f} of 10: at most {share:.4%} of harmless conversations reach it, "
        f"measured on {bars.measured:,}."
    )
    if bars.enough:
        return told
    return f"{told} These are too few for this budget; {3 / share:,.0f} are needed."


def _figures(card: Card) -> Table:
    table = Table()
    for column in _COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for row in card.figures:
        ratios = (
            row.average_precision,
            row.ranking,
            row.recall_at_one_percent,
            row.f1,
            row.brier,
            row.calibration_error,
        )
        table.add_row(
            str(row.messages),
            f"{row.conversations:,}",
            f"{row.positives:,}",
            *(f"{ratio:.3f}" for ratio in ratios),
        )
    return table

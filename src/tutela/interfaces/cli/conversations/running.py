"""The work of `tutela conversations rate`: reads, rates, and hands each rating on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console

from tutela.conversations.raters import open_rater
from tutela.detection.conversation.calibration import PRIOR
from tutela.detection.conversation.corpora.opening import Corpus, open_corpus
from tutela.detection.conversation.corpora.tally import ReadingSummary
from tutela.detection.conversation.evidence.actor import DRIFT, ActorEvidence
from tutela.detection.conversation.rater import Followed, Rater, follow
from tutela.errors import BadConfiguration
from tutela.interfaces.cli.conversations.page import write_page
from tutela.interfaces.cli.conversations.progress import reading_progress
from tutela.interfaces.cli.conversations.rows import Highest, Row
from tutela.interfaces.cli.conversations.view import tables
from tutela.model.conversation.message import Conversation
from tutela.settings import Settings

PAGE_ROWS = 500
"""Conversations that the page lists; the rest is counted."""

_LIKE = PRIOR.value(DRIFT)
"""The value from which a conversation is evidence for its author's reach."""


class Options(NamedTuple):
    """What was asked for on the command line."""

    file: Path
    as_json: bool
    html: Path | None
    rows: int
    quiet: bool
    config: Path | None


def run(options: Options) -> None:
    """Rate a file and print what was found."""
    settings = Settings.load(options.config)
    highest = Highest(max(options.rows, PAGE_ROWS if options.html else 0))
    with reading_progress(quiet=options.quiet) as progress:
        task = progress.add_task("Rating", total=None)
        corpus = open_corpus(options.file, progress=lambda size: progress.advance(task, size))
        progress.update(task, total=corpus.size)
        rater = open_rater(settings, import_module("tutela.extensions").rater_makers())
        for row in _rows(rater, corpus):
            highest.add(row)
            if options.as_json:
                sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
    _finish(options, rater, highest, corpus.summary())


def _rows(rater: Rater, corpus: Corpus) -> Iterator[Row]:
    """Each conversation of a file as it is read."""
    actors: dict[str, ActorEvidence] = {}
    for labelled in corpus:
        followed = follow(rater, labelled.conversation)
        reached = _fan_out(actors, labelled.conversation, followed)
        yield _row(followed, reached, synthetic=labelled.synthetic)


def _row(followed: Followed, fan_out: int, *, synthetic: bool) -> Row:
    last, highest = followed
    return Row(
        conversation_id=last.conversation_id,
        rating=highest.value,
        probability=highest.probability,
        band=highest.band,
        stages=last.stages,
        reasons=last.reasons,
        not_enough_evidence=last.not_enough_evidence,
        at_end=last.value,
        author=highest.author,
        lanes=last.lanes,
        first_alert=last.first_alert,
        age_gap=highest.age_gap,
        fan_out=fan_out,
        messages=last.messages,
        language=last.language,
        model=last.model,
        calibration=last.calibration,
        synthetic=synthetic,
    )


def _fan_out(
    actors: dict[str, ActorEvidence], conversation: Conversation, followed: Followed
) -> int:
    """Whom the author has reached so far; authors with little evidence are not remembered."""
    highest = followed.highest
    if not highest.author or highest.value < _LIKE:
        return 0
    others = {one.author for one in conversation.messages} - {highest.author, ""}
    evidence = actors.setdefault(highest.author, ActorEvidence())
    reached = next(iter(others)) if len(others) == 1 else conversation.id
    evidence.add(reached, highest.value, conversation.messages[-1].time)
    return evidence.fan_out()


def _finish(options: Options, rater: Rater, highest: Highest, read: ReadingSummary) -> None:
    if not options.as_json:
        tables(highest, options.rows, rater.model, read)
    elif read.skipped or read.ignored or read.mended:
        sys.stdout.flush()
        Console(stderr=True, highlight=False, markup=False).print(_left_out(read))
    if options.html is not None:
        try:
            with options.html.open("wb") as stream:
                write_page(stream, options.file.name, rater.model, highest, read)
        except OSError as error:
            raise BadConfiguration(
                f"the page cannot be written: {error.strerror}", where=str(options.html)
            ) from None


def _left_out(read: ReadingSummary) -> str:
    ignored, mended = sum(read.ignored.values()), sum(read.mended.values())
    counts = (
        f"{read.skipped:,} damaged records skipped, {mended:,} values taken as unknown, "
        f"{ignored:,} members ignored"
    )
    return "\n".join([counts, *(f"  {problem}" for problem in read.problems)])

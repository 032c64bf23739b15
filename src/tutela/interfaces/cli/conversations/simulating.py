"""`tutela conversations simulate`: what each threshold would cost and find."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tutela.interfaces.cli.conversations.progress import reading_progress
from tutela.interfaces.cli.conversations.simulation_view import print_bar, print_file
from tutela.interfaces.cli.policy.opening import (
    JsonOption,
    open_database,
    print_json,
    versions_in,
)
from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.conversations.bar import Bar, Reckoning
    from tutela.conversations.file_bar import FileBar


class Asked(NamedTuple):
    """What is asked of either way."""

    settings: Settings
    days: int | None
    minutes: float
    budget: float | None


def simulate(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Conversations as JSON Lines, CSV, PAN12 or PANC; else what was rated here.",
            show_default=False,
        ),
    ] = None,
    *,
    predators: Annotated[
        Path | None, typer.Option(help="PAN12's list of author ids, for its labels.")
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=3650, help="The last so many days, else 30; of a file, all of it."),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.1, max=480, help="For a case; else conversations.case_minutes."),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="Alerts a day: find the threshold that keeps to it.")
    ] = None,
    drill: Annotated[bool, typer.Option("--drill", help="What was rated in drills.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what each threshold would cost and find: alerts, hours, and how many would be right.

    What people decided about cases says how many alerts are right; of a file, its labels do. JSON
    has every tenth, the table each half.
    """
    settings = Settings.load(config)
    minutes = settings.conversations.case_minutes if minutes is None else minutes
    asked = Asked(settings, days, minutes, budget)
    if file is None:
        bar = _past(asked, drill=drill)
        if as_json:
            print_json(bar)
        else:
            print_bar(bar)
        return
    found, decoys = _file(asked, file, predators)
    if as_json:
        print_json(found)
    else:
        print_file(found, decoys=decoys)


def _past(asked: Asked, *, drill: bool) -> Bar:
    # Here and not above: SQL takes a while to load, which `--help` need not.
    from tutela.conversations.bar import DAYS, bar_of, recorded  # noqa: PLC0415

    settings = asked.settings
    with open_database(settings) as database:
        versions = versions_in(database, settings)
        policy = versions.load(versions.begun(settings.policy.file).live)
        reckoning = _reckoning(asked, bar_of(policy))
        return recorded(database, reckoning, asked.days or DAYS, drill=drill)


def _reckoning(asked: Asked, threshold: float | None) -> Reckoning:
    from tutela.conversations.bar import Reckoning  # noqa: PLC0415 - as above

    return Reckoning(
        threshold=threshold,
        floor=asked.settings.conversations.floor,
        minutes=asked.minutes,
        budget=asked.budget,
    )


def _file(asked: Asked, file: Path, predators: Path | None) -> tuple[FileBar, bool]:
    """What a file comes to, and whether it is of a corpus in which adults talk to decoys."""
    from tutela.conversations.bar import bar_of  # noqa: PLC0415 - as above
    from tutela.conversations.file_bar import simulated  # noqa: PLC0415
    from tutela.conversations.raters import open_rater  # noqa: PLC0415
    from tutela.detection.conversation.corpora.opening import Form, open_corpus  # noqa: PLC0415
    from tutela.policy.policy import Policy  # noqa: PLC0415

    settings = asked.settings
    # Extensions stand above the interfaces; one of them may be what rates here.
    rater = open_rater(settings, import_module("tutela.extensions").rater_makers())
    with reading_progress() as progress:
        task = progress.add_task("rating", total=None)
        corpus = open_corpus(
            file, predators=predators, progress=lambda many: progress.update(task, advance=many)
        )
        progress.update(task, total=corpus.size)
        reckoning = _reckoning(asked, bar_of(Policy.in_force(settings.policy.file)))
        found = simulated(rater, corpus, reckoning, asked.days)
    for problem in (read := corpus.summary()).problems:
        typer.echo(f"skipped, {problem}", err=True)
    if read.skipped:
        typer.echo(f"{read.skipped:,} damaged records were skipped", err=True)
    return found, corpus.form in {Form.PAN12, Form.PANC}

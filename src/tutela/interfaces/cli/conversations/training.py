"""`tutela conversations train`: a rater from an operator's own labelled conversations, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.settings import ConfigOption


def train(  # noqa: PLR0913 - each is an option of its own
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Labelled conversations: JSON Lines, CSV, PAN12's XML or PANC.",
        ),
    ],
    *,
    into: Annotated[
        Path, typer.Option("--into", metavar="FOLDER", help="New folder that the model goes to.")
    ],
    name: Annotated[str, typer.Option(help="What to call it, in ratings.")] = "own",
    predators: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PAN12's list of author ids, for its XML."),
    ] = None,
    alerts: Annotated[
        float, typer.Option(min=0.001, help="Conversations a day that people can look at.")
    ] = 10.0,
    conversations: Annotated[
        float, typer.Option(min=1, help="Conversations a day that are rated.")
    ] = 10_000.0,
    prevalence: Annotated[
        float | None,
        typer.Option(
            min=1e-7, max=0.5, help="Share of positives where it is used; else that of the files."
        ),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, max=20, help="Parts to measure it on.")] = 5,
    strength: Annotated[
        float, typer.Option(min=1e-4, max=1e4, help="How freely weights may grow.")
    ] = 10.0,
    most: Annotated[
        int, typer.Option(min=1, help="N-grams to hold at most while it is fitted.")
    ] = 60_000_000,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn by chance.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the model's card.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    config: ConfigOption = None,
) -> None:
    """Train a rater on labelled conversations, and measure it on what it did not learn from.

    The model is one file of numbers and a card in JSON; the same files and options give the same
    model. Conversations with a common author are never split between learning and measuring. The
    threshold is as high as the review budget (alerts of conversations a day) asks for.
    """
    # Here and not above: what trains would make `--help` slow.
    from tutela.detection.conversation.learning.card import Choices  # noqa: PLC0415
    from tutela.interfaces.cli.conversations.fitting import Options, run  # noqa: PLC0415

    choices = Choices(
        seed=seed,
        folds=folds,
        strength=strength,
        most=most,
        alerts=alerts,
        conversations=conversations,
        prevalence=prevalence,
    )
    run(
        Options(
            files=tuple(files),
            into=into,
            name=name,
            predators=predators,
            choices=choices,
            as_json=as_json,
            quiet=quiet,
            config=config,
        )
    )

"""`tutela conversations evaluate`: how good a rater is, and how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.settings import ConfigOption

FALSE_ALARMS = 0.01
RESAMPLES = 200
MINUTES = 6.0
PERTURBED = 500


def evaluate(  # noqa: PLR0913 - one option each
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Labelled conversations: JSON Lines, CSV, PAN12's XML or PANC.",
        ),
    ],
    *,
    measured_on: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Measure on this file, and choose the threshold on all others."
        ),
    ] = None,
    predators: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="PAN12's list of author ids, for its XML."),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0, max=10, help="Rating from which conversations are raised.", show_default="chosen"
        ),
    ] = None,
    false_alarms: Annotated[
        float,
        typer.Option(
            min=1e-6, max=0.5, help="Or: the share of harmless conversations that may be raised."
        ),
    ] = FALSE_ALARMS,
    minutes_per_case: Annotated[
        float, typer.Option(min=0, max=480, help="What a reviewer needs for one alert.")
    ] = MINUTES,
    resamples: Annotated[
        int, typer.Option(min=0, max=10_000, help="Resamples of each interval; 0 for none.")
    ] = RESAMPLES,
    perturbed: Annotated[
        int, typer.Option(min=0, help="Positives to write otherwise; 0 for none.")
    ] = PERTURBED,
    seed: Annotated[int, typer.Option(help="Of halves, resamples and ways of writing.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write one HTML page with charts.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    config: ConfigOption = None,
) -> None:
    """Measure the rater that the settings name on labelled conversations.

    Conversations that share an author stay together. One half chooses the threshold (and trains
    the baselines), the other is measured. Damaged records are skipped and counted.
    """
    # Here and not above: what rates would make `--help` slow.
    from tutela.interfaces.cli.conversations.figures.running import Options, run  # noqa: PLC0415

    run(
        Options(
            tuple(files),
            measured_on=tuple(measured_on or ()),
            predators=tuple(predators or ()),
            threshold=threshold,
            false_alarms=false_alarms,
            minutes_per_case=minutes_per_case,
            resamples=resamples,
            perturbed=perturbed,
            seed=seed,
            as_json=as_json,
            html=html,
            quiet=quiet,
            config=config,
        )
    )

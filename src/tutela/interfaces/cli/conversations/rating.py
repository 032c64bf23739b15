"""`tutela conversations rate`: a quick look at a file of conversations, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.settings import ConfigOption

LISTED = 20


def rate(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Conversations: JSON Lines, CSV, PAN12's XML or PANC."),
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each conversation.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write one HTML page.")
    ] = None,
    rows: Annotated[
        int, typer.Option(min=1, max=1000, help="How many conversations to list, highest first.")
    ] = LISTED,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    config: ConfigOption = None,
) -> None:
    """Rate the conversations of a file, and say why. Nothing of it is kept.

    A rating says something about a conversation, never that a person is an offender. It is the
    highest that the conversation had after any message, from 0 to 10. The rater is the one that
    the settings name. Damaged records are skipped and counted.
    """
    # Here and not above: what rates would make `--help` slow.
    from tutela.interfaces.cli.conversations.running import Options, run  # noqa: PLC0415

    run(Options(file, as_json=as_json, html=html, rows=rows, quiet=quiet, config=config))

"""`tutela demo`: the whole road once, with drill pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FULL = 300
USUAL_PORT = 8080


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Stop after the table instead of staying up.")
    ] = False,
    events: Annotated[int, typer.Option(min=1, help="How many uploads to send.")] = FULL,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where to listen; a free port if it is taken.")
    ] = USUAL_PORT,
    platform: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Script of a platform to play a scene on: examples/platform/serve.py.",
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the data folder when it is over.")
    ] = False,
) -> None:
    """Run the whole road once with drill pictures.

    Starts a server on a fresh data folder, lists photographs of landscapes and things in a drill
    bank, sends edits of them and of other photographs through the API, and shows what came back.
    With `--platform` it starts a small platform, too, plays a scene on its pages and shows which
    actions the platform confirmed. Then it stays up until Ctrl-C.

    Exit codes: 0 all answers were right and all actions confirmed, 1 one was not, 2 the drill could
    not run.
    """
    # Here and not above: NumPy, Pillow and SQL would make `--help` slow.
    from tutela.interfaces.cli.drilling import Options, run_drill  # noqa: PLC0415

    options = Options(once=once, events=events, port=port, keep=keep, platform=platform)
    sound = run_drill(options)
    raise typer.Exit(0 if sound else 1)

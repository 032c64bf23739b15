"""`tutela conversations synthesise`: write a harmless corpus that was never said by anybody."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

CONVERSATIONS = 1000
POSITIVES = 0.1
LONGEST = 80


def synthesise(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; else standard output.")
    ] = None,
    *,
    conversations: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="How many to make.")
    ] = CONVERSATIONS,
    positives: Annotated[
        float, typer.Option(min=0, max=1, help="Share with lines that should be looked at.")
    ] = POSITIVES,
    language: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LANGUAGE", help="en or fr; give it again for both.", show_default="en"
        ),
    ] = None,
    longest: Annotated[
        int, typer.Option(min=6, max=100_000, help="Messages of the longest.")
    ] = LONGEST,
    seed: Annotated[int, typer.Option(help="The same seed makes the same corpus.")] = 1,
) -> None:
    """Make conversations as JSON Lines: to try the machinery, never to learn how good it is.

    Each is labelled synthetic. Harmless ones come from written-out strata (family, coaches, school
    and more); in the others, single lines of the kind that safety leaflets name are strewn among
    chatter.
    """
    import msgspec  # noqa: PLC0415

    from tutela.detection.conversation.corpora.record import record_of  # noqa: PLC0415
    from tutela.detection.conversation.corpora.synthetic.generating import (  # noqa: PLC0415
        NOTICE,
        Plan,
        synthesise,
    )
    from tutela.lists.replacing import replacing  # noqa: PLC0415

    plan = Plan(
        conversations=conversations,
        positives=positives,
        languages=tuple(language or ("en",)),
        longest=longest,
        seed=seed,
    )
    lines = (msgspec.json.encode(record_of(one)) + b"\n" for one in synthesise(plan))
    if file is None:
        sys.stdout.buffer.writelines(lines)
    else:
        with replacing(file) as target:
            target.writelines(lines)
    typer.echo(f"Made {conversations:,} conversations. {NOTICE}", err=True)

"""`tutela policy check`: look at a policy before it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def check(
    file: Annotated[Path, typer.Argument(help="The policy file.", show_default=False)],
) -> None:
    """Check a policy file: every mistake is named with its line and column."""
    # The expression engine takes a moment to load: not for `--help`.
    from tutela.policy.policy import Policy  # noqa: PLC0415

    policy = Policy.read(file)
    typer.echo(f"{file}: {len(policy.rules)} rules, version {policy.version}")

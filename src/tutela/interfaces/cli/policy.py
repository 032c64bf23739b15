"""`tutela policy`: check a policy before it is used, show the one in force, list what was kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The policy file.", show_default=False)],
) -> None:
    """Check a policy file: every mistake is named with its line and column."""
    # The expression engine takes a moment to load: not for `--help`.
    from tutela.policy.policy import Policy  # noqa: PLC0415

    policy = Policy.read(file)
    typer.echo(f"{file}: {len(policy.rules)} rules, version {policy.version}")


@app.command()
def show(
    version: Annotated[
        str, typer.Argument(help="A version that was kept; else the policy in force.")
    ] = "",
    *,
    config: ConfigOption = None,
) -> None:
    """Print a policy's text."""
    from tutela.policy.policy import Policy  # noqa: PLC0415 - as above
    from tutela.policy.versions import PolicyVersions  # noqa: PLC0415

    settings = Settings.load(config)
    if version:
        text = PolicyVersions(settings.policy_versions_folder).read(version)
    else:
        text = Policy.in_force(settings.policy.file).text
    sys.stdout.buffer.write(text.encode())


@app.command()
def versions(config: ConfigOption = None) -> None:
    """List the policy versions that this installation has used."""
    from tutela.policy.versions import PolicyVersions  # noqa: PLC0415 - as above

    for version in PolicyVersions(Settings.load(config).policy_versions_folder).list():
        typer.echo(version)

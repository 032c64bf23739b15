"""`tutela policy show` and `versions`: what is in force, and what was."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings


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


def versions(config: ConfigOption = None) -> None:
    """List the policy versions that this installation has used."""
    from tutela.policy.versions import PolicyVersions  # noqa: PLC0415 - as above

    for version in PolicyVersions(Settings.load(config).policy_versions_folder).list():
        typer.echo(version)

"""`tutela policy activate`, `shadow` and `rollback`: change what is in force, in one command."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.errors import InvalidInput
from tutela.interfaces.cli.policy.opening import (
    JsonOption,
    NoteOption,
    PolicyArgument,
    open_versions,
    policy_of,
    print_json,
)
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.settings import Settings


def activate(
    policy: PolicyArgument,
    *,
    note: NoteOption = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Put a policy in force. Running servers follow within a second.

    A policy with a mistake is refused, with its line and column, and nothing changes.
    """
    with open_versions(Settings.load(config)) as versions:
        before = versions.latest()
        switch = versions.activate(policy_of(versions, policy), by=user(), note=note)
    if as_json:
        print_json(switch)
    elif switch == before:
        typer.echo(f"{switch.live} is in force already; nothing was changed.")
    else:
        typer.echo(f"{switch.live} is in force.{_instead(before.live if before else None)}")


def shadow(
    policy: Annotated[
        str,
        typer.Argument(
            metavar="[FILE|VERSION]",
            help="A policy file, or a version that is kept.",
            show_default=False,
        ),
    ] = "",
    *,
    off: Annotated[bool, typer.Option("--off", help="Let no policy decide in shadow.")] = False,
    note: NoteOption = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let a policy decide beside the live one, without effect. `compare` shows what differs."""
    if bool(policy) == off:
        raise InvalidInput(
            "either a policy or --off is wanted",
            where="tutela policy shadow",
            remedy="name a file or a version, or give --off",
        )
    with open_versions(Settings.load(config)) as versions:
        wanted = None if off else policy_of(versions, policy)
        switch = versions.cast(wanted, by=user(), note=note)
    if as_json:
        print_json(switch)
    elif switch.shadow is None:
        typer.echo(f"No policy decides in shadow. {switch.live} is in force.")
    else:
        typer.echo(f"{switch.shadow} decides in the shadow of {switch.live}, without effect.")


def rollback(
    *, note: NoteOption = "", as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Put the policy in force that was live before. Doing so twice leads back."""
    with open_versions(Settings.load(config)) as versions:
        before = versions.latest()
        switch = versions.roll_back(by=user(), note=note)
    if as_json:
        print_json(switch)
    else:
        typer.echo(f"{switch.live} is in force.{_instead(before.live if before else None)}")


def _instead(version: str | None) -> str:
    return f" Before it was {version}; tutela policy rollback leads back." if version else ""

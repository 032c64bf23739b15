"""`tutela policy`: check a policy before it is used, show the one in force, list what was kept."""

from __future__ import annotations

import typer

from tutela.interfaces.cli.policy import (
    checking,
    comparing,
    diffing,
    explaining,
    keeping,
    replaying,
    switching,
)


def _group() -> typer.Typer:
    """The group with its commands, in the order in which the help lists them."""
    group = typer.Typer(no_args_is_help=True, add_completion=False)
    group.command()(checking.check)
    group.command("test")(checking.run_tests)
    for command in (
        diffing.diff,
        explaining.explain,
        keeping.show,
        keeping.versions,
        keeping.history,
        switching.activate,
        switching.shadow,
        switching.rollback,
        comparing.compare,
        replaying.replay,
    ):
        group.command()(command)
    return group


app = _group()

"""`tutela conversations`: rate, measure, and find where to set the bar."""

from __future__ import annotations

import typer

from tutela.interfaces.cli.conversations import simulating


def _group() -> typer.Typer:
    """The group with its commands, in the order in which the help lists them."""
    group = typer.Typer(no_args_is_help=True, add_completion=False)
    group.callback()(_conversations)
    group.command()(simulating.simulate)
    return group


def _conversations() -> None:
    """Rate, measure, and find where to set the bar."""


app = _group()

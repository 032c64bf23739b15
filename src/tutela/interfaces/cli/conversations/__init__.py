"""`tutela conversations`: rate files of conversations, and all that belongs to it."""

from __future__ import annotations

import typer

from tutela.interfaces.cli.conversations import (
    calibrating,
    cues,
    rating,
    simulating,
    terms,
    training,
)
from tutela.interfaces.cli.conversations.figures.evaluating import evaluate
from tutela.interfaces.cli.conversations.figures.synthesising import synthesise


def _program() -> None:
    """Rate conversations, say why, and set the bar."""


def _group() -> typer.Typer:
    """The group with its commands, in the order in which the help lists them."""
    group = typer.Typer(no_args_is_help=True, add_completion=False)
    group.callback()(_program)
    for command in (
        rating.rate,
        cues.cues,
        terms.terms,
        simulating.simulate,
        calibrating.calibrate,
        training.train,
        evaluate,
        synthesise,
    ):
        group.command()(command)
    return group


app = _group()

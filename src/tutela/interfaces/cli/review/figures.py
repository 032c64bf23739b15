"""`tutela review`: figures of how much there is, how long it waits, and how well people agree."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from tutela.interfaces.cli.response.opening import opened, print_json
from tutela.interfaces.cli.settings import ConfigOption
from tutela.model.review.figures import Number

if TYPE_CHECKING:
    from tutela.model.review.figures import Spread
    from tutela.response.review.agreement import Kappa, Share
    from tutela.response.review.figures import Figures, Line

app = typer.Typer(add_completion=False, help="Figures of review.")
AMOUNTS = ("queue", "opened", "decided", "late", "half within", "95 of 100", "overdue")
AGREEMENT = ("queue", "agreement", "kappa", "accuracy", "target")
MET = {"met": ": met", "below": ": below, perhaps by chance", "missed": ": MISSED", "unknown": ""}


@app.callback()
def review() -> None:
    """Figures of review."""


@app.command()
def figures(
    *,
    days: Annotated[int, typer.Option(min=1, max=3660, help="The last so many days.")] = 30,
    queue: Annotated[str, typer.Option(help="Only this queue, besides all together.")] = "",
    drill: Annotated[str, typer.Option(help="Drills: no, yes or all.")] = "no",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every figure as CSV.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show how much was decided, how long it waited, and how well people agree, by queue.

    Of too few cases no share and no kappa is shown, but how many there are.
    """
    # Here and not above: SQL takes a while to load, which `--help` need not.
    from tutela.errors import InvalidInput  # noqa: PLC0415
    from tutela.interfaces.review.figures import (  # noqa: PLC0415
        Practice,
        asked_period,
        figures_csv,
    )
    from tutela.interfaces.review.figures import figures as read  # noqa: PLC0415
    from tutela.response.review.figures import FigureReader  # noqa: PLC0415
    from tutela.storage.review.figures.counting import FigureCounts  # noqa: PLC0415
    from tutela.storage.review.figures.sampling import Samples  # noqa: PLC0415
    from tutela.storage.review.queues import Queues  # noqa: PLC0415
    from tutela.storage.values import now  # noqa: PLC0415

    if drill not in set(Practice):
        raise InvalidInput("drill is no, yes or all", where="--drill")
    until = now()
    period = asked_period(until - timedelta(days=days), until, Practice(drill))
    with opened(config) as database:
        reader = FigureReader(FigureCounts(database), Queues(database), Samples(database))
        found = read(reader, period, queue)
    if as_csv:
        sys.stdout.buffer.write(figures_csv(found))
    elif as_json:
        print_json(found)
    else:
        _print(found, days)


def _print(found: Figures, days: int) -> None:
    console = Console()
    for title, columns, cells in (
        (f"The last {days} days: how much, and how long it waits", AMOUNTS, _amounts),
        ("How well people agree", AGREEMENT, _agreement),
    ):
        table = Table(title=title, title_justify="left")
        for column in columns:
            left = column in {"queue", "target"}
            table.add_column(column, justify="left" if left else "right", overflow="fold")
        for line in (found.total, *found.queues):
            table.add_row(_name(line), *cells(line))
        console.print(table)
    enough = f"Of fewer than {found.enough} cases no agreement, kappa or accuracy is shown."
    console.print(f"{enough} An interval holds 95 of 100 times.")


def _name(line: Line) -> str:
    return line.queue + (" (deleted)" if line.gone else "") if line.queue else "all"


def _amounts(line: Line) -> list[str]:
    return [
        f"{line.numbers[Number.OPENED]:,}",
        f"{line.numbers[Number.DECIDED]:,}",
        f"{line.numbers[Number.LATE]:,}",
        _time(line.waited, "half"),
        _time(line.waited, "most"),
        f"{line.now.overdue:,}" if line.now else "",
    ]


def _agreement(line: Line) -> list[str]:
    target = "" if line.target is None else f"{line.target:.0%}{MET[line.met]}"
    return [
        _share(line.agreement),
        _kappa(line.kappa),
        _share(line.accuracy),
        target,
    ]


def _time(spread: Spread, which: str) -> str:
    from tutela.response.alarms import span  # noqa: PLC0415 - as above

    seconds: float | None = getattr(spread, which)
    return _few(spread.of) if seconds is None else span(seconds)


def _share(share: Share) -> str:
    if share.value is None or share.low is None or share.high is None:
        return _few(share.of)
    return f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%}) of {share.of:,}"


def _kappa(kappa: Kappa) -> str:
    if kappa.value is None or kappa.low is None or kappa.high is None:
        return _few(kappa.pairs)
    return f"{kappa.value:.2f} ({kappa.low:.2f} to {kappa.high:.2f})"


def _few(count: int) -> str:
    return f"not enough ({count:,})"

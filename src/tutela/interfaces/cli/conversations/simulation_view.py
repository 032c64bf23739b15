"""A simulation as a table that fits a terminal of 80 columns, and what it rests on in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from tutela.conversations.bar import Bar
    from tutela.conversations.file_bar import FileBar
    from tutela.detection.conversation.bar.budget import Budget
    from tutela.detection.conversation.bar.precision import Precision
    from tutela.detection.conversation.bar.simulating import Point

DECOYS = "Positives are adults talking to decoys, English, 2000s."
"""What is true of the public corpora, and so said with each figure from one."""

STEP = 5
"""Distance in tenths of the thresholds that the table shows."""

_COLUMNS = ("from", "alerts", "hours", "right", "by 10", "by 20", "by 50", "")


def print_bar(bar: Bar) -> None:
    """Print what was rated here."""
    if not bar.simulation.conversations and not any(one.alerts for one in bar.simulation.points):
        typer.echo("No conversation was rated in this time: there is nothing to simulate.")
        return
    _table(bar)
    for line in (*_basis(bar), *_remarks(bar)):
        typer.echo(line)


def print_file(found: FileBar, *, decoys: bool) -> None:
    """Print what a file comes to.

    Args:
        found: what it comes to.
        decoys: whether it is of a corpus in which adults talk to decoys.
    """
    _table(found.bar)
    for line in (*_of_file(found, decoys=decoys), *_remarks(found.bar)):
        typer.echo(line)


def _table(bar: Bar) -> None:
    table = Table(title="What each threshold would cost a day, and find", title_justify="left")
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in {"right", ""} else "right", no_wrap=True)
    chosen = bar.budget.threshold if bar.budget else None
    marked = {one for one in (bar.threshold, chosen) if one is not None}
    for point in bar.simulation.points:
        if round(point.threshold * 10) % STEP == 0 or point.threshold in marked:
            table.add_row(*_cells(point), _mark(point, bar.threshold, chosen))
    Console().print(table)


def _cells(point: Point) -> tuple[str, ...]:
    turns = ("-",) * 3 if point.by_turn is None else tuple(f"{one:.0%}" for one in point.by_turn)
    return (
        f"{point.threshold:.1f}",
        f"{point.alerts_per_day:,.1f}",
        f"{point.hours_per_day:,.1f}",
        _right(point.precision),
        *turns,
    )


def _right(share: Precision | None) -> str:
    if share is None:
        return "unknown"
    interval = f"{share.low * 100:.0f}-{share.high * 100:.0f}"
    return f"{interval}%" if share.value is None else f"{share.value:.0%} ({interval})"


def _mark(point: Point, threshold: float | None, chosen: float | None) -> str:
    marks = []
    if point.threshold == threshold:
        marks.append("now")
    if point.threshold == chosen:
        marks.append("budget")
    return " ".join(marks)


def _basis(bar: Bar) -> Iterator[str]:
    found = bar.simulation
    yield (
        f"{found.conversations:,} conversations began in {found.days:,} "
        f"{'day' if found.days == 1 else 'days'}; people decided of {found.decided:,} that had "
        "been raised."
    )


def _of_file(found: FileBar, *, decoys: bool) -> Iterator[str]:
    simulation, file = found.bar.simulation, found.file
    days = f"{simulation.days:,} {'day' if simulation.days == 1 else 'days'}"
    span = days if file.dated else "a time that the file does not tell, taken as a day (--days)"
    yield f"{simulation.conversations:,} conversations over {span}, rated by {file.model}."
    if file.unrated:
        yield f"Of {file.unrated:,} there was not enough evidence for a rating: they count as 0."
    if file.labelled:
        yield (
            f"{file.labelled:,} have a label, {file.positive:,} of these are to be found "
            f"({file.positive / file.labelled:.1%}). In live traffic far fewer are, and so far "
            "fewer alerts are right."
        )
    if file.synthetic:
        yield "Synthetic conversations: made up, so that no figure here is one of accuracy."
    if decoys:
        yield DECOYS


def _remarks(bar: Bar) -> Iterator[str]:
    yield (
        "Right: share that people would find right, with its interval (95 %). By 10: share of the "
        "alerts within the first 10 messages."
    )
    yield f"Hours: {bar.simulation.minutes:g} minutes for a case. {_emergencies(bar)}"
    if any(one.precision and one.precision.unseen for one in bar.simulation.points):
        yield "Wide intervals: of part of those values nobody decided any, so anything may be true."
    if bar.budget is not None:
        yield from _of_budget(bar.budget)
    yield (
        f"Below {bar.floor:g} no conversation is an event (conversations.floor): a threshold "
        "there changes nothing."
    )


def _emergencies(bar: Bar) -> str:
    if bar.emergencies_per_day is None:
        return "Emergencies (sextortion, meeting) come on top."
    return f"Emergencies (sextortion, meeting) come on top: {bar.emergencies_per_day:,.1f} a day."


def _of_budget(budget: Budget) -> Iterator[str]:
    if budget.threshold is None or budget.expected_per_day is None:
        yield f"No threshold is sure to keep to {budget.alerts_per_day:g} alerts a day."
    else:
        yield (
            f"Budget of {budget.alerts_per_day:g} alerts a day: from {budget.threshold:.1f}, with "
            f"{budget.expected_per_day:,.1f} a day to be expected at most."
        )
    if not budget.enough:
        yield (
            f"That rests on too little: it takes {budget.needed:,} conversations to speak of so "
            "small a share."
        )

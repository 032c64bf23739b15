"""`tutela principles`: the eleven principles, what serves each, and the counts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tutela.interfaces.cli.settings import ConfigOption
from tutela.model import MeasureState
from tutela.oversight.scoreboard import MeasureRow, PrincipleRow
from tutela.settings import Settings

_STYLES = {MeasureState.ON: "green", MeasureState.OFF: "yellow", MeasureState.NOT_BUILT: "dim"}


def principles(
    config: ConfigOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """Show the eleven principles, the measures that serve each, and their counts."""
    rows, source = _rows(Settings.load(config))
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(rows) + b"\n")
        return
    console = Console()
    console.print(_table(rows))
    console.print(source, style="dim", highlight=False, markup=False)


def _rows(settings: Settings) -> tuple[tuple[PrincipleRow, ...], str]:
    # Kernels, the policy engine and the database take a second to load: not for `--help`.
    from tutela.detection.signals.registry import builtin_kinds  # noqa: PLC0415
    from tutela.interfaces.board import board  # noqa: PLC0415
    from tutela.policy.policy import Policy  # noqa: PLC0415

    counts, source = _counts(settings)
    return board(settings, builtin_kinds(), Policy.in_force(settings.policy.file), counts), source


def _counts(settings: Settings) -> tuple[Mapping[str, int] | None, str]:
    """The counters of the database, and where they came from; nothing is created for them."""
    from tutela.storage.counts import Counts  # noqa: PLC0415
    from tutela.storage.database import Database  # noqa: PLC0415

    file = settings.database_file
    if file is not None and not file.exists():
        return None, f"No counts: there is no database at {file} yet."
    database = Database.open(settings.database_url)
    try:
        return Counts(database).counts(), f"Counts from {settings.shown_database}."
    finally:
        database.close()


def _table(rows: tuple[PrincipleRow, ...]) -> Table:
    table = Table(title="The eleven Voluntary Principles", title_justify="left")
    table.add_column("principle and its measures")
    table.add_column("state", no_wrap=True)
    table.add_column("count", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(Text(f"{row.number}. {row.title}", style="bold"), "", "")
        for measure in row.measures:
            table.add_row("   " + measure.title, _state(measure.state), _count(measure))
        table.add_section()
    return table


def _state(state: MeasureState) -> Text:
    return Text(state.value, style=_STYLES[state])


def _count(row: MeasureRow) -> str:
    return "" if row.count is None else f"{row.count:,}"

"""`tutela principles`: the eleven principles, what serves each, and the counts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tutela.interfaces.cli.settings import ConfigOption
from tutela.model import MeasureState
from tutela.oversight.scoreboard import MeasureRow, PrincipleRow
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.policy.policy import Policy

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

    counts, policy, source = _stored(settings)
    return board(settings, builtin_kinds(), policy, counts), source


def _stored(settings: Settings) -> tuple[Mapping[str, int] | None, Policy, str]:
    """The counters of the database, the policy in force, and where the counters came from.

    Nothing is created or changed for them.
    """
    from tutela.policy.policy import Policy  # noqa: PLC0415
    from tutela.policy.versions import PolicyVersions  # noqa: PLC0415
    from tutela.storage.counts import Counts  # noqa: PLC0415
    from tutela.storage.database import Database  # noqa: PLC0415

    file = settings.database_file
    if file is not None and not file.exists():
        policy = Policy.in_force(settings.policy.file)
        return None, policy, f"No counts: there is no database at {file} yet."
    database = Database.open(settings.database_url)
    try:
        versions = PolicyVersions(database)
        latest = versions.latest()
        policy = versions.load(latest.live) if latest else Policy.in_force(settings.policy.file)
        return Counts(database).counts(), policy, f"Counts from {settings.shown_database}."
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

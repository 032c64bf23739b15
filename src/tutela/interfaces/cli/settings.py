"""`tutela settings`: every setting, its value, and where that came from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tutela.settings import Explained, Settings

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="TOML file; else the one TUTELA_CONFIG names."),
]


def settings(
    config: ConfigOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """Show every setting and where its value comes from. Passwords are masked."""
    rows = Settings.load(config).explain()
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(rows) + b"\n")
        return
    Console().print(_table(rows))


def _table(rows: tuple[Explained, ...]) -> Table:
    table = Table(title="Settings", title_justify="left")
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("from", overflow="fold")
    table.add_column("meaning")
    section = ""
    for row in rows:
        if section and section != row.name.partition(".")[0]:
            table.add_section()
        section = row.name.partition(".")[0]
        style = "" if row.origin == "default" else "bold"
        table.add_row(
            row.name, escape(_shown(row)), escape(row.origin), escape(row.meaning), style=style
        )
    return table


def _shown(row: Explained) -> str:
    """The value as the TOML file writes it, with its unit."""
    text = msgspec.json.encode(row.value).decode()
    return f"{text} {row.unit}" if row.unit else text

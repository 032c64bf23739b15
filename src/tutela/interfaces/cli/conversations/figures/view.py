"""The report on a terminal of 80 columns."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tutela.detection.conversation.evaluation.report import EvaluationReport
from tutela.interfaces.cli.conversations.figures.sections import Section, sections

_NARROW = 80


def show(report: EvaluationReport) -> None:
    """Print the cautions first, then every table."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=max(console.width, _NARROW))
    for caution in report.cautions:
        console.print(Text(f"! {caution}", style="bold"))
    for section in sections(report):
        console.print()
        console.print(_table(section))
        if section.note:
            console.print(Text(printable(section.note), style="dim"))


def printable(text: str) -> str:
    """Text that cannot move the cursor, colour or reorder anything."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _table(section: Section) -> Table:
    table = Table(title=section.title, title_justify="left", title_style="bold")
    for number, name in enumerate(section.columns):
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in section.rows:
        table.add_row(*(printable(cell) for cell in row))
    return table

"""Ratings of conversations on a terminal of 80 columns."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tutela.detection.conversation import explaining
from tutela.detection.conversation.corpora.tally import ReadingSummary
from tutela.interfaces.cli.conversations.rows import Highest, Row
from tutela.model.conversation.rating import Band, Stage

EXPLAINED = 3
"""So many of the highest are explained below the table."""
REASONS = 6
"""Of each so many reasons."""

LETTERS = {
    Stage.TRUST: "T",
    Stage.PROBING: "P",
    Stage.ISOLATION: "I",
    Stage.SEXUAL: "S",
    Stage.COERCION: "C",
    Stage.APPROACH: "A",
}
"""Stages in one letter each; the table says below what they mean."""

_NARROW = 80
_LISTED_PROBLEMS = 5


def tables(highest: Highest, rows: int, model: str, read: ReadingSummary) -> None:
    """Print the highest ratings, why the first of them are as high, and what was counted."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=max(console.width, _NARROW))
    listed = highest.rows()[:rows]
    if listed:
        console.print(_table(listed))
        letters = ", ".join(f"{LETTERS[one]} {explaining.STAGES[one]}" for one in Stage)
        console.print(f"Stages: {letters}. * an emergency.", style="dim")
        for row in [row for row in listed if row.rating > 0][:EXPLAINED]:
            _explain(console, row)
    console.print()
    for line in summary(highest, read):
        console.print(Text(line))
    console.print(Text(f"Rated by {model}. {NOTE}", "dim"))


NOTE = (
    "A rating is a reason to look, not a finding: it misses most quiet conversations, and says "
    "nothing about a person's guilt."
)


def _table(rows: list[Row]) -> Table:
    table = Table(title="Conversations by rating", title_justify="left", title_style="bold")
    for name in ("rating", "chance", "band", "messages", "first alert", "stages"):
        number = name not in {"band", "stages"}
        table.add_column(name, justify="right" if number else "left", no_wrap=name != "first alert")
    table.add_column("conversation", overflow="fold")
    for row in rows:
        table.add_row(
            f"{row.rating:.1f}{'*' if row.lanes else ' '}",
            "" if row.probability is None else f"{row.probability:.1%}",
            explaining.BANDS[row.band],
            f"{row.messages:,}",
            "" if row.first_alert is None else f"{row.first_alert + 1:,}",
            "".join(LETTERS[mark.stage] for mark in row.stages),
            plain(row.conversation_id),
        )
    return table


def _explain(console: Console, row: Row) -> None:
    console.print()
    console.print(Text.assemble((plain(row.conversation_id), "bold"), f"  {row.rating:.1f} of 10"))
    for line in because(row):
        console.print(Padding(Text(plain(line)), (0, 0, 0, 2)))


def because(row: Row) -> list[str]:
    """Why a conversation is rated as it is: emergencies, the weightiest reasons, ages, reach."""
    lines = [explaining.LANES[lane] for lane in row.lanes]
    lines += [explaining.of_ground(ground) for ground in row.reasons[:REASONS]]
    if len(row.reasons) > REASONS:
        lines.append(f"And {len(row.reasons) - REASONS} reasons of less weight.")
    lines.append(explaining.of_ages(row.age_gap))
    if row.fan_out > 1:
        lines.append(f"Like messages of this author went to {row.fan_out} people in this file.")
    return lines


def summary(highest: Highest, read: ReadingSummary) -> list[str]:
    """What was counted, in sentences."""
    bands = ", ".join(
        f"{highest.bands[band]:,} {explaining.BANDS[band]}" for band in reversed(Band)
    )
    lines = [f"{highest.count:,} conversations: {bands}."]
    if highest.lanes:
        lines.append(f"Emergencies: {', '.join(f'{n} {one}' for one, n in highest.lanes.items())}.")
    for reason, count in sorted(highest.missing.items()):
        lines.append(f"Not enough evidence: {count:,} ({reason.replace('_', ' ')}).")
    if highest.synthetic:
        lines.append(
            f"{highest.synthetic:,} are SYNTHETIC, made by a generator: no figure from them is a "
            "figure of accuracy."
        )
    return lines + _left_out(read)


def _left_out(read: ReadingSummary) -> list[str]:
    lines = []
    if read.skipped:
        lines.append(f"Damaged records skipped: {read.skipped:,}.")
        lines += [f"  {problem}" for problem in read.problems[:_LISTED_PROBLEMS]]
    for what, count in read.mended.items():
        lines.append(f"Taken as unknown: {what} ({count:,}).")
    if read.ignored:
        names = ", ".join(f"{name} ({count:,})" for name, count in read.ignored.items())
        lines.append(f"Members that mean nothing here: {names}.")
    return lines


def plain(text: str) -> str:
    """Text that cannot move the cursor, colour or reorder anything on a terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )

"""A scan on a terminal: the bar while it runs, and the tables at its end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from threading import Event, Thread
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from tutela.investigation.findings import ScannedFile, Summary, Tally
from tutela.investigation.page import best_matches, megabytes, reason_in_words
from tutela.investigation.report import MEMBER_SEPARATOR
from tutela.investigation.walk import Walk
from tutela.model import GapReason, Match, Silenced, Verdict

SHOW_SECONDS = 0.1
LISTED_FINDINGS = 1000
LISTED_PER_REASON = 20
LISTED_SILENCED = 100
LISTED_UNSUPPORTED = 5
"""Files of types without pictures are the rule on a disk: a few of them show what they are."""
PLAIN_WIDTH = 200
"""Width of tables that do not go to a terminal."""


class ScanProgress:
    """The bar on stderr. The total is counted beside the scan and appears when it is known."""

    def __init__(self, paths: Sequence[str], *, shown: bool) -> None:
        console = Console(stderr=True)
        self._shown = shown and console.is_terminal
        self._progress = Progress(
            TextColumn("Scanning"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("files  {task.fields[rates]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not self._shown,
        )
        self._task = self._progress.add_task("", total=None, rates="")
        self._paths = paths
        self._ended = Event()
        self._started = time.monotonic()
        self._shown_at = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        self._started = time.monotonic()
        if self._shown:
            Thread(target=self._count, name="count-files", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._progress.stop()

    def show(self, tally: Tally) -> None:
        """Bring the bar up to date, a few times per second."""
        now = time.monotonic()
        if self._shown and now - self._shown_at > SHOW_SECONDS:
            self._shown_at = now
            seconds = max(now - self._started, SHOW_SECONDS)
            rates = f"{tally.files / seconds:.0f}/s  {tally.bytes / 1e6 / seconds:.1f} MB/s"
            found = tally.verdicts[Verdict.MATCH]
            self._progress.update(
                self._task, completed=tally.files, rates=f"{rates}  {found} matched"
            )

    def _count(self) -> None:
        total = 0
        for _ in Walk(self._paths).names():
            total += 1
            if self._ended.is_set():
                return
        self._progress.update(self._task, total=total)


class Tables:
    """Findings, what was not checked, and the summary, as tables on stdout."""

    def __init__(self) -> None:
        self._found: list[ScannedFile] = []
        self._not_checked: dict[str, list[ScannedFile]] = {}
        self._silenced: list[tuple[ScannedFile, Silenced]] = []

    def file(self, file: ScannedFile) -> None:
        """Keep one file if a table will name it."""
        rest = LISTED_SILENCED - len(self._silenced)
        self._silenced += [(file, one) for one in file.silenced[: max(rest, 0)]]
        if file.verdict is Verdict.MATCH:
            self._found.append(file)
        elif file.verdict is Verdict.NOT_CHECKED:
            reason = file.gaps[0].reason
            named = self._not_checked.setdefault(reason.value, [])
            if len(named) < _listed(reason):
                named.append(file)

    def finish(self, summary: Summary) -> None:
        """Print the tables."""
        console = Console(highlight=False)
        if not console.is_terminal:
            console = Console(highlight=False, width=PLAIN_WIDTH)
        rows = [(file, match) for file in self._found for match in best_matches(file)]
        if rows:
            console.print(_findings(rows[:LISTED_FINDINGS]))
        if len(rows) > LISTED_FINDINGS:
            console.print(f"and {len(rows) - LISTED_FINDINGS} more: use --json or --csv")
        if self._silenced:
            console.print(_silenced(self._silenced))
        if self._not_checked:
            console.print(self._gaps(summary))
        console.print(_summary_table(summary))
        if not summary.complete:
            console.print(Text("Interrupted: what was not reached is counted nowhere.", "bold"))

    def _gaps(self, summary: Summary) -> Table:
        table = _table("Not checked", "File", "Reason", "Why")
        for reason, count in summary.not_checked_reasons.items():
            named = self._not_checked.get(reason, [])
            words = printable(reason_in_words(reason))
            for file in named:
                gap = file.gaps[0]
                table.add_row(
                    printable(_inside(file.path, gap.path), gap.part), words, printable(gap.detail)
                )
            if count > len(named):
                table.add_row(Text(f"and {count - len(named)} more", "italic"), words, Text(""))
        return table


def _findings(rows: Iterable[tuple[ScannedFile, Match]]) -> Table:
    table = _table("Findings", "File", "Bank", "Entry", "Label", "Category", "Kind", "Distance")
    for file, match in rows:
        table.add_row(
            printable(_inside(file.path, match.path), match.part),
            printable(match.bank),
            printable(str(match.entry_id)),
            printable(match.label),
            printable(_category(match)),
            printable(match.kind),
            printable(str(match.distance)),
        )
    return table


def _silenced(rows: Iterable[tuple[ScannedFile, Silenced]]) -> Table:
    table = _table("Silenced matches", "File", "Bank", "Entry", "Kind", "Distance", "Why")
    for file, one in rows:
        table.add_row(
            printable(_inside(file.path, one.match.path), one.match.part),
            printable(one.match.bank),
            printable(str(one.match.entry_id)),
            printable(one.match.kind),
            printable(str(one.match.distance)),
            printable(one.detail),
        )
    return table


def _listed(reason: GapReason) -> int:
    return LISTED_UNSUPPORTED if reason is GapReason.UNSUPPORTED else LISTED_PER_REASON


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        number = column in {"Entry", "Distance"}
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    return table


def _summary_table(summary: Summary) -> Table:
    table = Table(title="Summary", title_justify="left", title_style="bold", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    seconds = max(summary.seconds, 0.001)
    rows: list[tuple[str, str]] = [
        ("files", str(summary.files)),
        ("matched", str(summary.matched)),
        ("clear", str(summary.clear)),
        ("not checked", str(summary.not_checked)),
        ("matches silenced", str(summary.silenced)),
        *(
            (f"  {reason_in_words(reason)}", str(count))
            for reason, count in summary.not_checked_reasons.items()
        ),
        ("files inside archives", str(summary.members)),
        ("links not followed", str(summary.links)),
        ("entries compared with", str(sum(bank.entries for bank in summary.banks))),
        ("size", megabytes(summary.bytes)),
        ("time", f"{summary.seconds:.1f} s"),
        (
            "rate",
            f"{summary.files / seconds:.0f} files/s, {summary.bytes / 1e6 / seconds:.1f} MB/s",
        ),
    ]
    for name, value in rows:
        table.add_row(name, value)
    return table


def _inside(path: str, members: tuple[str, ...]) -> str:
    return MEMBER_SEPARATOR.join((path, *members))


def _category(match: Match) -> str:
    return f"{match.category} ({match.scheme})" if match.scheme else match.category


def printable(text: str, part: str = "") -> Text:
    """Text that cannot move the cursor, colour or reorder anything on a terminal."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
    return Text.assemble(shown, (f" ({part})", "italic")) if part else Text(shown)

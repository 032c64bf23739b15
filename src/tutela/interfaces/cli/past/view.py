"""Re-scans in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from tutela.model import PolicyReport, Rescan, RescanKind

LISTED = 20


def subject(rescan: Rescan) -> str:
    """What a re-scan compares, in a few words."""
    since = f" from {_instant(rescan.since)}" if rescan.since else ""
    until = f" until {_instant(rescan.until)}" if rescan.until else ""
    return rescan.subject + since + until


def table_of(rescans: Sequence[Rescan]) -> Table:
    """A list of re-scans."""
    table = Table(title="Re-scans", title_justify="left")
    for name in ("id", "compares", "state", "done", "events", "signals", "findings", "asked by"):
        number = name in {"id", "done", "events", "signals", "findings"}
        table.add_column(name, justify="right" if number else "left")
    for one in rescans:
        table.add_row(
            str(one.id),
            subject(one),
            one.state.value,
            f"{one.progress:.0%}",
            f"{one.tally.events:,}",
            f"{one.tally.signals:,}",
            f"{one.tally.findings:,}",
            one.by or "the program",
        )
    return table


def summary(rescan: Rescan, findings: Sequence[str] = ()) -> str:
    """Everything about a re-scan, as lines of text."""
    by = rescan.by or "the program"
    asked = f"asked by {by} at {_instant(rescan.created_at)}"
    lines = [
        f"Re-scan {rescan.id}: {subject(rescan)}",
        f"{rescan.state.value}, {rescan.progress:.0%} done, {asked}",
    ]
    if rescan.problem:
        lines.append(f"Why: {rescan.problem}.")
    lines += _policy_lines(rescan) if rescan.kind is RescanKind.POLICY else _list_lines(rescan)
    if findings:
        lines.append("Findings:" if len(findings) < LISTED else f"The first {LISTED} findings:")
        lines += [f"  {event_id}" for event_id in findings]
    return "\n".join(lines)


def progress_bar() -> Progress:
    """A bar on standard error."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _list_lines(rescan: Rescan) -> list[str]:
    tally = rescan.tally
    passed, compared = _count(tally.events, "event"), _count(tally.signals, "signal")
    entries = _count(rescan.entries or 0, "entry", "entries")
    lines = [
        f"{passed} passed, {compared} compared with {entries}",
        _count(tally.findings, "finding"),
    ]
    if tally.known:
        lines.append(f"matched something as strong before: {_count(tally.known, 'event')}")
    if tally.silenced:
        lines.append(f"silenced, no finding: {_count(tally.silenced, 'event')}")
    if tally.without_signals:
        lines.append(f"no signals kept any more: {_count(tally.without_signals, 'event')}")
    if tally.not_permitted:
        lines.append(f"left out by law: {_count(tally.not_permitted, 'event')}")
    return lines


def _policy_lines(rescan: Rescan) -> list[str]:
    tally = rescan.tally
    anew = f"{_count(tally.events, 'event')} decided anew"
    lines = [f"{anew}: {tally.same:,} as before, {tally.changed:,} otherwise"]
    if tally.undecided:
        left = _count(tally.undecided, "event")
        lines.append(f"not decided, a fact that the rules name was not stored: {left}")
    if rescan.report is not None:
        lines += report_lines(rescan.report)
    if tally.findings:
        lines.append(f"{_count(tally.findings, 'event')} recorded")
    return lines


def report_lines(report: PolicyReport) -> Iterator[str]:
    """What a policy decides otherwise: changed actions, rules, and samples."""
    for change in report.actions:
        then, now = ", ".join(change.then), ", ".join(change.now)
        yield f"  {_count(change.events, 'event')}: {then} → {now}"
    for rule in report.rules:
        yield f"  rule {rule.rule}: {rule.gained:,} times more, {rule.lost:,} times less"
    for fact, count in report.undecided.items():
        yield f"  not decided for want of {fact}: {_count(count, 'event')}"
    for fact, count in report.missing.items():
        yield f"  not stored then: {fact} ({_count(count, 'event')})"
    for sample in report.samples[:LISTED]:
        yield f"  {sample.event_id}: {', '.join(sample.then)} → {', '.join(sample.now)}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

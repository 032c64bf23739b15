"""Backups and restores as people read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tutela.evidence.backup.checking import Checked
from tutela.evidence.backup.lost import Lost, LostHold
from tutela.evidence.backup.making import Made
from tutela.evidence.backup.restoring import Back


@contextmanager
def progress(doing: str, *, shown: bool) -> Iterator[Callable[[str, int], None]]:
    """What is told of progress, and shows it on a terminal."""
    console = Console(stderr=True)
    counts: dict[str, int] = {}
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not (shown and console.is_terminal),
    )
    with bar:
        task = bar.add_task(doing, total=None)

        def told(what: str, more: int) -> None:
            counts[what] = counts.get(what, 0) + more
            bar.update(task, description=f"{doing}: {_counted(counts)}")

        yield told


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(
        decimal(count) if what == "bytes" else f"{count:,} {what}" for what, count in counts.items()
    )


def made_lines(made: Made) -> Iterator[str]:
    """A generation that was made."""
    rows = sum(table.rows for table in made.tables)
    yield f"Generation {made.generation} is whole and was read back: {made.file}"
    yield f"  tables    {len(made.tables)}, with {rows:,} rows ({decimal(made.bytes)} encrypted)"
    yield (
        f"  evidence  {made.blobs:,} objects ({decimal(made.blob_bytes)}),"
        f" {made.new_blobs:,} of them new ({decimal(made.new_bytes)})"
    )
    yield f"  audit log {made.log.size:,} leaves of {made.log.origin}"
    if made.gone:
        yield f"  {made.gone:,} objects were destroyed meanwhile, and are not in it"
    if made.removed:
        yield f"  removed   {len(made.removed)} older generations, {_removed(made)}"
    if made.missing:
        yield from _named("MISSING in the vault, and so in the backup", made.missing)


def _removed(made: Made) -> str:
    if made.removed_blobs is None:
        return "and no blobs: the list of a generation is missing"
    return f"{made.removed_blobs:,} blobs that only they needed"


def checked_lines(checked: Checked) -> Iterator[str]:
    """A generation that was read through."""
    whole = "is whole" if not checked.problems else "is NOT whole"
    yield f"Generation {checked.generation} {whole}; made {checked.made_at:%Y-%m-%d %H:%M:%S} UTC"
    yield f"  rows      {checked.rows:,}"
    yield f"  evidence  {checked.blobs:,} objects ({decimal(checked.bytes)})"
    yield f"  keys      {', '.join(checked.keys) or 'none'}"
    log = checked.log
    yield f"  audit log {log.size:,} leaves of {log.origin}, root {log.root}"
    if checked.missing:
        yield f"  {checked.missing:,} objects were missing when it was made"
    yield from _named("problems", checked.problems)


def back_lines(back: Back, database: str) -> Iterator[str]:
    """What came back."""
    proof = back.proof
    yield f"Generation {back.generation}, made {back.made_at:%Y-%m-%d %H:%M:%S} UTC, is restored"
    yield f"  database  {database}: {back.tables} tables, {back.rows:,} rows, equal to the backup"
    yield f"  evidence  {back.blobs:,} objects, {proof.checked:,} of them read through"
    yield f"  audit log {_verified(proof.findings)}"
    if back.signed_out:
        yield f"  {back.signed_out:,} sessions and sign-in codes were ended: people sign in again"
    yield from (f"  put aside {path}" for path in back.aside)
    yield from _named("UNREADABLE", proof.unreadable)
    yield from _named("WRONG in the audit log", proof.findings or ())
    if back.lost is not None:
        yield from lost_lines(back.lost)
    if back.destroyed:
        yield from _named("Destroyed again", back.destroyed)
    if back.revoked:
        yield from _named("API keys revoked again", back.revoked)


def _verified(findings: Sequence[str] | None) -> str:
    if findings is None:
        return "could not be verified: the backup has no public key of it"
    return "verified" if not findings else "does NOT verify"


def lost_lines(lost: Lost) -> Iterator[str]:
    """What happened after the backup."""
    if not lost.leaves:
        yield "The witness of the audit log knows nothing that the backup does not have."
        return
    yield f"OLDER than the audit log: the witness {lost.witness} knows {lost.known:,} leaves,"
    if lost.parted is None:
        yield f"  the backup has {lost.size:,}. Lost are {lost.leaves:,}:"
    else:
        yield f"  and another log from leaf {lost.parted:,} on. Lost are {lost.leaves:,}:"
    for kind, count in lost.kinds.items():
        yield f"  {count:>9,} {kind.replace('_', ' ')}"
    if lost.first_at is not None and lost.last_at is not None:
        yield f"  from {lost.first_at:%Y-%m-%d %H:%M:%S} to {lost.last_at:%Y-%m-%d %H:%M:%S} UTC"
    yield from _named("Holds that are gone: place them again", map(_hold, lost.placed))
    yield from _named("Holds that stand again, and had been lifted", map(_hold, lost.lifted))
    reports = (f"event {one.event} ({one.at:%Y-%m-%d %H:%M}, {one.by})" for one in lost.reports)
    yield from _named("Reports that are not recorded any more: record them again", reports)


def _hold(hold: LostHold) -> str:
    return f"item {hold.item}, hold {hold.number} ({hold.at:%Y-%m-%d %H:%M}, {hold.by})"


def _named(what: str, texts: Iterator[str] | Sequence[str] | map[str]) -> Iterator[str]:
    """A heading, and every one under it: they are what somebody has to see to."""
    every = list(texts)
    if every:
        yield f"{what} ({len(every):,}):"
        yield from (f"  {text}" for text in every)

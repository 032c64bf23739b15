"""`tutela index`: look at the index on disk, and prove that it holds what the database holds."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.lists.auditing import Audit, IndexStatus

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Look at the index on disk.")

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("status")
def show_status(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show the files of the index, their certificates, and the list version that they hold.

    Nothing is checked: that is what `verify` is for. Ends with 1 if servers could not use the
    index as it is.
    """
    from tutela.lists.auditing import status  # noqa: PLC0415 - loads NumPy and kernels
    from tutela.storage.database import Database  # noqa: PLC0415 - likewise the database
    from tutela.storage.entries import Entries  # noqa: PLC0415

    settings = Settings.load(config)
    database = Database.open(settings.database_url)
    try:
        database.migrate()
        found = status(settings.index_folder, Entries(database))
    finally:
        database.close()
    if as_json:
        _print_json(found)
    else:
        _print_status(found)
    if found.problem:
        raise typer.Exit(1)


@app.command()
def verify(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Check every byte of the index, prove every part anew, and compare it with the database.

    The proof uses new random numbers each time: entries planted at every distance, and whole
    answers beside a plain scan. It may run beside a server. Ends with 1 if anything is wrong.
    """
    from tutela.detection.index.matcher import Matcher  # noqa: PLC0415 - loads NumPy and kernels
    from tutela.lists.auditing import audit  # noqa: PLC0415
    from tutela.storage.database import Database  # noqa: PLC0415
    from tutela.storage.entries import Entries  # noqa: PLC0415

    # Extensions stand above the interfaces; a kind of theirs that is left out would be missed.
    kinds = import_module("tutela.extensions").signal_kinds()
    settings = Settings.load(config)
    database = Database.open(settings.database_url)
    try:
        database.migrate()
        with _progress() as progress:
            task = progress.add_task("comparing with the database", total=None)
            found = audit(
                settings.index_folder,
                Entries(database),
                Matcher(kinds),
                lambda signals: progress.update(task, advance=signals),
            )
    finally:
        database.close()
    if as_json:
        _print_json(found)
    else:
        _print_audit(found)
    if found.problems:
        raise typer.Exit(1)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} signals"),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )


def _print_json(found: IndexStatus | Audit) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")


def _print_status(found: IndexStatus) -> None:
    typer.echo(f"Index in {found.folder}")
    if found.published_at:
        behind = found.database_version - (found.list_version or 0)
        typer.echo(
            f"List version {found.list_version}, the database is at {found.database_version} "
            f"({behind} changes later)."
        )
        typer.echo(
            f"Written {found.published_at:%Y-%m-%d %H:%M:%S} UTC; published {found.published} "
            f"times, of which {found.rebuilt} from the database alone."
        )
        typer.echo(f"{found.bytes / 1e6:,.1f} MB in {len(found.segments)} files.")
    keeper = f"process {found.keeper}" if found.keeper else "no process now"
    typer.echo(f"Kept by {keeper}.")
    if found.segments:
        _print_segments(found)
    if found.problem:
        typer.echo(f"Not usable: {found.problem}. The next server makes it from the database.")


def _print_segments(found: IndexStatus) -> None:
    table = Table(title="Files", title_justify="left")
    table.add_column("file", overflow="fold")
    for column in ("signals", "different", "MB", "version", "search", "proved", "canaries"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("samples", justify="right", no_wrap=True)
    for item in found.segments:
        proof = item.certificate
        about = (
            (
                proof.kernel,
                f"{proof.built_at:%Y-%m-%d %H:%M}",
                f"{proof.canaries:,}",
                str(proof.samples),
            )
            if proof
            else ("cannot be read", "", "", "")
        )
        size = f"{item.bytes / 1e6:,.1f}"
        table.add_row(
            item.file, f"{item.rows:,}", f"{item.codes:,}", size, str(item.version), *about
        )
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    for item in found.segments:
        if proof := item.certificate:
            typer.echo(f"{item.file}:")
            typer.echo(f"  searched by {proof.kernel} {proof.parameters}".rstrip())
            typer.echo(f"  proved within {proof.radius} bits with seed {proof.seed}")
            typer.echo(f"  digest of its signals {proof.digest}")


def _print_audit(found: Audit) -> None:
    for problem in found.problems:
        typer.echo(problem)
    if found.problems:
        typer.echo(
            "The index must not be used as it is. Remove its folder; the next server makes it "
            "anew from the database."
        )
        return
    canaries = sum(proof.canaries for proof in found.certificates)
    samples = sum(proof.samples for proof in found.certificates)
    typer.echo(f"Every byte of {found.bytes / 1e6:,.1f} MB agrees with its checksum.")
    typer.echo(f"{canaries:,} planted entries and {samples} whole answers were found as they must.")
    for kind, rows in sorted(found.compared.items()):
        if not rows:
            continue
        typer.echo(f"{rows:,} {kind} signals are the same in the index and in the database.")
    typer.echo(f"The index is sound at list version {found.list_version}.")

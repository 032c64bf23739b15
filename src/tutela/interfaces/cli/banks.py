"""`tutela banks`: create, list, fill and export banks on this machine's database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tutela.errors import InvalidInput
from tutela.interfaces.cli.defence import DAYS, DaysOption, show_preview
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.storage.banks import Banks
    from tutela.storage.entries import Entries

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Create, fill, list, change and export banks."
)

BankArgument = Annotated[str, typer.Argument(metavar="BANK", help="Name of the bank.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class _Lists(NamedTuple):
    banks: Banks
    entries: Entries


@app.command()
def create(
    name: BankArgument,
    *,
    source: Annotated[str, typer.Option(help="Where the list comes from.")] = "",
    trusted: Annotated[
        bool, typer.Option("--trusted", help="A match may block by itself.")
    ] = False,
    allow: Annotated[
        bool,
        typer.Option("--allow", help="Lists what is known to be harmless: silences matches."),
    ] = False,
    distance: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=31,
            show_default="31; 10 for an allow bank",
            help="Bits by which a perceptual match may differ.",
        ),
    ] = None,
    drill: Annotated[bool, typer.Option("--drill", help="Holds harmless material only.")] = False,
    config: ConfigOption = None,
) -> None:
    """Create an empty bank."""
    with _lists(config) as lists:
        bank = lists.banks.create(
            name,
            source=source,
            trusted=trusted,
            allow=allow,
            distance=distance,
            drill=drill,
            by=user(),
        )
    typer.echo(f"Created {'allow ' if bank.allow else ''}bank {bank.name}.")


@app.command("list")
def list_banks(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List every bank with its settings and its number of entries."""
    with _lists(config) as lists:
        found = lists.banks.list()
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
        return
    table = Table(title="Banks", title_justify="left")
    for column in ("name", "entries", "distance", "state", "role", "drill", "source"):
        table.add_column(column, justify="right" if column in {"entries", "distance"} else "left")
    for bank in found:
        table.add_row(
            bank.name,
            f"{bank.entries:,}",
            str(bank.distance),
            "enabled" if bank.enabled else "disabled",
            "allow" if bank.allow else "trusted" if bank.trusted else "",
            "yes" if bank.drill else "",
            bank.source,
        )
    Console().print(table)


@app.command()
def change(
    name: BankArgument,
    *,
    rename: Annotated[str | None, typer.Option(metavar="NAME", help="Give it a new name.")] = None,
    source: Annotated[str | None, typer.Option(help="Where the list comes from.")] = None,
    trusted: Annotated[
        bool | None, typer.Option("--trusted/--untrusted", help="May a match block by itself?")
    ] = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Does it take part in matching?")
    ] = None,
    distance: Annotated[
        int | None,
        typer.Option(min=0, max=31, help="Bits by which a perceptual match may differ."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Change what is given and leave the rest. Running servers follow within a second."""
    with _lists(config) as lists:
        bank = lists.banks.change(
            name,
            new_name=rename,
            source=source,
            trusted=trusted,
            enabled=enabled,
            distance=distance,
            by=user(),
        )
    typer.echo(f"Changed bank {bank.name}.")


@app.command()
def preview(
    name: BankArgument,
    *,
    distance: Annotated[
        int, typer.Option(min=0, max=31, help="The distance to think of, in bits.")
    ],
    days: DaysOption = DAYS,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show which findings of the last days a bank would lose at a smaller distance.

    Nothing is changed.
    """
    show_preview(name, distance=distance, days=days, as_json=as_json, config=config)


@app.command()
def delete(
    name: BankArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
) -> None:
    """Delete a bank with all of its entries."""
    with _lists(config) as lists:
        count = lists.banks.get(name).entries
        if not yes:
            typer.confirm(f"Delete bank {name} with {count:,} entries?", abort=True)
        lists.banks.delete(name, by=user())
    typer.echo(f"Deleted bank {name} with {count:,} entries.")


@app.command("import")
def import_file(
    name: BankArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A bank file of any format.")],
    *,
    kind: Annotated[
        str | None, typer.Option(help="Signal kind of bare values in a file of lines.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Add all entries of a bank file, or none: bad rows are listed with their lines.

    Running servers match them within a second.
    """
    from tutela.detection.signals.registry import builtin_kinds  # noqa: PLC0415
    from tutela.lists.importers import open_bank_file  # noqa: PLC0415

    with _lists(config) as lists, _progress() as progress:
        task = progress.add_task("Reading", total=None)
        source = open_bank_file(
            file,
            builtin_kinds(),
            default_kind=kind,
            progress=lambda read: progress.advance(task, read),
        )
        progress.update(task, total=source.size)
        result = lists.entries.add(name, source, by=user(), file=source.sha256())
    if as_json:
        document = {**msgspec.to_builtins(result), "left_out": dict(source.left_out)}
        sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")
        return
    typer.echo(f"Added {result.added:,} entries to bank {name}.")
    for reason, count in source.left_out.items():
        typer.echo(f"Left out: {reason}: {count:,}")


@app.command()
def export(
    name: BankArgument,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; else standard output.")
    ] = None,
    *,
    form: Annotated[
        str, typer.Option("--format", help="csv, ndjson or snapshot.", show_default=True)
    ] = "csv",
    config: ConfigOption = None,
) -> None:
    """Write every entry of a bank to a file. It holds signals: keep it where secrets are kept."""
    from tutela.detection.signals.registry import builtin_kinds  # noqa: PLC0415
    from tutela.interfaces.exporting import ExportFormat, exported  # noqa: PLC0415
    from tutela.lists.replacing import replacing  # noqa: PLC0415

    try:
        chosen = ExportFormat(form)
    except ValueError:
        known = ", ".join(ExportFormat)
        raise InvalidInput(f"no such format; there are {known}", where="--format") from None
    with _lists(config) as lists:
        entries = lists.entries.export(name, by=user(), form=chosen.value)
        parts = exported(entries, chosen, bank=name, kinds=builtin_kinds())
        if file is None:
            for part in parts:
                sys.stdout.buffer.write(part)
            return
        with replacing(file) as target:
            for part in parts:
                target.write(part)


@contextmanager
def _lists(config: ConfigOption) -> Iterator[_Lists]:
    # Here and not above: SQL takes a while to load, which `--help` need not.
    from tutela.storage.banks import Banks  # noqa: PLC0415
    from tutela.storage.database import Database  # noqa: PLC0415
    from tutela.storage.entries import Entries  # noqa: PLC0415

    database = Database.open(Settings.load(config).database_url)
    try:
        database.migrate()
        yield _Lists(Banks(database), Entries(database))
    finally:
        database.close()


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )

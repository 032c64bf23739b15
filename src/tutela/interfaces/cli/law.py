"""`tutela law`: what the law of each place says here, what it permits, and what it stopped."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tutela.errors import InvalidInput, NotFound
from tutela.interfaces.cli.settings import ConfigOption
from tutela.model import EventKind
from tutela.model.record import Record
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.policy.law.law import Law
    from tutela.policy.law.records import Override, Pack
    from tutela.policy.law.viewing import Freshness, LawValue, PackSummary
    from tutela.storage.database import Database
    from tutela.storage.law import LawCount

app = typer.Typer(no_args_is_help=True, add_completion=False)
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
UNWATCHED_WIDTH = 160
"""Columns of a table that no terminal shows."""


class CheckedLaw(Record, frozen=True, kw_only=True):
    """What a file of law holds, as `check --json` prints it."""

    file: str
    surfaces: int
    overrides: int
    packs: tuple[str, ...]


@app.command("list")
def show_list(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the jurisdiction packs with what they cover, how sure they are, and what is stale."""
    from tutela.policy.law.viewing import summary_of  # noqa: PLC0415 - YAML loads not for `--help`

    settings = Settings.load(config)
    law, fresh = _law(settings), _fresh(settings)
    found = [summary_of(pack, fresh) for pack in law.packs.values()]
    if as_json:
        _print_json(found)
        return
    _show(_summaries(found))
    for summary in found:
        _overrides(summary.overrides)
    stale = sum(summary.stale for summary in found)
    if stale:
        typer.echo(f"{stale} values were checked more than {fresh.days} days ago: check them again")
    typer.echo("This is no legal advice: docs/explanation/law.md")


@app.command()
def show(
    pack: Annotated[
        str, typer.Argument(help="The pack's name; not needed with --version.", show_default=False)
    ] = "",
    *,
    version: Annotated[
        str, typer.Option(metavar="VERSION", help="As it was in force, by an outcome's version.")
    ] = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show every value of a pack, with its source, the day it was checked, and how sure it is."""
    from tutela.policy.law.records import kept_pack  # noqa: PLC0415 - as above
    from tutela.policy.law.viewing import pack_named, values_of  # noqa: PLC0415 - as above

    settings = Settings.load(config)
    if not (pack or version):
        raise InvalidInput("no pack is named", where="tutela law show", remedy="name one: eu")
    text = _kept(settings, version) if version else pack_named(_law(settings), pack).text
    if as_json:
        sys.stdout.write(text + "\n")
        return
    found = kept_pack(version, text) if version else pack_named(_law(settings), pack)
    typer.echo(f"{found.title}: {found.about}")
    _show(_values(found.version, values_of(found, _fresh(settings))))
    _overrides(found.overrides)


@app.command()
def value(
    path: Annotated[str, typer.Argument(help="Such as uk.clocks.priority-3.", show_default=False)],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show one value with all that is known of it."""
    from tutela.policy.law.viewing import value_at  # noqa: PLC0415 - as above

    settings = Settings.load(config)
    found = value_at(_law(settings), path, _fresh(settings))
    if as_json:
        _print_json(found)
        return
    lines = [*found.says.items(), ("source", _source(found)), ("address", found.url)]
    checked = f"{found.checked}{', check it again' if found.stale else ''}"
    lines += [("checked", checked), ("status", found.status.value), ("note", found.note)]
    typer.echo(found.path)
    for name, text in lines:
        if text:
            typer.echo(f"  {name}: {text}")
    _overrides(found.overrides)


@app.command()
def check(
    file: Annotated[
        Path, typer.Argument(help="An operator's file, or a pack of one.", show_default=False)
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Check a file before it is used: every mistake is named with its line and column."""
    from tutela.policy.law.loading import is_pack, read_pack, shipped  # noqa: PLC0415 - as above
    from tutela.policy.law.operator import read_operator  # noqa: PLC0415 - as above

    if is_pack(file):
        packs: Sequence[Pack] = [read_pack(file, beside=shipped())]
        overrides: tuple[Override, ...] = ()
        surfaces = 0
    else:
        operator = read_operator(str(file))
        packs, surfaces = operator.packs, len(operator.surfaces)
        overrides = tuple(one for pack in packs for one in pack.overrides)
    versions = tuple(pack.version for pack in packs)
    found = CheckedLaw(file=str(file), surfaces=surfaces, overrides=len(overrides), packs=versions)
    if as_json:
        _print_json(found)
        return
    typer.echo(f"{file} can be used: surfaces {surfaces}, overrides {len(overrides)}")
    typer.echo(f"packs: {', '.join(versions)}")
    _overrides(overrides)


@app.command()
def proof(
    *,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days to look back.")] = 30,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Count the events whose content was looked at, and those where the law said no, by day."""
    from tutela.storage.law import LawProof  # noqa: PLC0415 - SQL loads not for `--help`

    settings = Settings.load(config)
    database = _database(settings)
    if database is None:
        found: Sequence[LawCount] = ()
    else:
        try:
            since = datetime.now(UTC).date() - timedelta(days=days - 1)
            found = LawProof(database).counts(since)
        finally:
            database.close()
    if as_json:
        _print_json(found)
        return
    if not found:
        typer.echo(f"No event with content in the last {days} days.")
        return
    _show(_counts(found))
    refused, scanned = (sum(getattr(one, name) for one in found) for name in ("refused", "scanned"))
    typer.echo(f"Not looked at, because the law of their place says no: {refused:,} events.")
    typer.echo(f"Looked at: {scanned:,}. Events without content are not counted.")


@app.command("for")
def ruling_for(
    *,
    region: Annotated[str, typer.Option(help="ISO 3166 code, such as DE or US-CA.")] = "",
    surface: Annotated[str, typer.Option(help="One of the platform's surfaces.")] = "",
    kind: Annotated[EventKind, typer.Option(help="What happens there.")] = EventKind.UPLOAD,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Say whether content of a place and a surface would be looked at, and why."""
    settings = Settings.load(config)
    law = _law(settings)
    ruling, surface_class = law.ruling(region, surface, kind), law.class_of(surface, kind)
    if as_json:
        known = law.named(surface)
        _print_json({"surface_class": surface_class, "named": known, "ruling": ruling})
        return
    named = f"the surface {surface}" if surface else "a surface without a name"
    why = "" if law.named(surface) else ", since the law file does not name it"
    typer.echo(f"{named} counts as {surface_class.replace('_', ' ')}{why}")
    if ruling is None:
        typer.echo(f"no pack covers {region or 'an event without a region'}; it would be scanned")
        typer.echo("the setting law.without_pack says so; a region is an ISO 3166 code: DE, US-CA")
        return
    typer.echo(f"pack {ruling.pack}, version {ruling.version}")
    typer.echo(f"may be scanned: {'yes' if ruling.may_scan else 'no'}")
    typer.echo(f"because: {ruling.reason}")
    typer.echo(f"source: {ruling.source}")


def _law(settings: Settings) -> Law:
    from tutela.policy.law.law import Law  # noqa: PLC0415 - as above

    return Law.load(settings.law.file, scan_without_pack=settings.law.without_pack == "scan")


def _fresh(settings: Settings) -> Freshness:
    from tutela.policy.law.viewing import Freshness  # noqa: PLC0415 - as above

    return Freshness(today=datetime.now(UTC).date(), days=settings.law.stale_days)


def _database(settings: Settings) -> Database | None:
    """The database; None where there is none yet: looking must not create one."""
    from tutela.storage.database import Database  # noqa: PLC0415 - as above

    file = settings.database_file
    if file is not None and not file.exists():
        return None
    database = Database.open(settings.database_url)
    database.migrate()
    return database


def _kept(settings: Settings, version: str) -> str:
    """The text of a pack as it was in force; raises `NotFound`."""
    from tutela.storage.law import LawVersions  # noqa: PLC0415 - as above

    database = _database(settings)
    if database is None:
        raise NotFound("there is no database yet", where=settings.shown_database)
    try:
        return LawVersions(database).get(version).text
    finally:
        database.close()


def _summaries(found: Iterable[PackSummary]) -> Table:
    columns = ("pack", "place", "not scanned", "read", "second-hand", "unsettled")
    table = _table("The law of each place", *columns, "stale", "checked", "overrides")
    for one in found:
        table.add_row(
            one.pack,
            one.title,
            _words(one.may_not_scan),
            *map(str, (one.read, one.secondary, one.unsettled, one.stale)),
            str(one.checked),
            str(len(one.overrides)),
        )
    return table


def _values(version: str, values: Iterable[LawValue]) -> Table:
    table = _table(version, "value", "says", "source", "status", "checked")
    group = ""
    for one in values:
        if group and group != one.group:
            table.add_section()
        group = one.group
        says = "\n".join(f"{name}: {text}" for name, text in one.says.items())
        note = f"\nnote: {one.note}" if one.note else ""
        status = one.status.value + (", overridden" if one.overrides else "")
        checked = f"{one.checked}{' (stale)' if one.stale else ''}"
        path = one.path.partition(".")[2]
        table.add_row(path, escape(says + note), escape(_source(one)), status, checked)
    return table


def _counts(found: Iterable[LawCount]) -> Table:
    table = _table("What the law let be scanned", "day (UTC)", "pack", "surface", "no", "yes")
    for one in found:
        pack, surface = one.pack or "none", one.surface_class.replace("_", " ")
        table.add_row(str(one.day), pack, surface, f"{one.refused:,}", f"{one.scanned:,}")
    return table


def _overrides(overrides: Iterable[Override]) -> None:
    for one in overrides:
        typer.echo(f"overridden: {one.path}: {one.value} instead of {one.instead_of or 'nothing'}")
        typer.echo(f"  by {one.decided_by} on {one.date}: {one.reason}")


def _source(one: LawValue) -> str:
    return ", ".join(filter(None, (one.source, one.section)))


def _words(classes: Iterable[str]) -> str:
    return ", ".join(one.replace("_", " ") for one in classes)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        # Versions and paths are copied from here: they must not be broken over lines.
        table.add_column(column, no_wrap=column in {"pack", "version", "value", "checked"})
    return table


def _show(table: Table) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = UNWATCHED_WIDTH
    console.print(table)


def _print_json(document: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")

"""`tutela parked`, `tutela suppressions`, `tutela entries`: defence against false matches."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tutela.errors import InvalidInput
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.model import Parking
    from tutela.storage.database import Database
    from tutela.storage.defence.preview import Preview
    from tutela.storage.defence.suppressions import Suppressions

parked = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Decide about entries that suddenly matched very much.",
)
entries = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Show entries, and give them distances."
)

DISTANCE = 31
DAYS = 30
MOST_DAYS = 3650
BANKS = "bank"
"""Says that an entry follows its bank."""
LISTED = 20
"""Rows of a table; --json has all."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DaysOption = Annotated[int, typer.Option("--days", min=1, max=MOST_DAYS, help="Days to look back.")]
ParkingArgument = Annotated[int, typer.Argument(metavar="ID", help="Number of the parking.")]
EntryArgument = Annotated[int, typer.Argument(metavar="ENTRY", help="Number of the entry.")]
NoteOption = Annotated[str, typer.Option("--note", help="Why; kept with the decision.")]


@parked.command("list")
def list_parked(
    *,
    decided: Annotated[
        bool, typer.Option("--decided", help="Those that were decided about.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List the entries that are parked until somebody decides."""
    from tutela.storage.defence.parkings import Parkings  # noqa: PLC0415 - see `_database`

    with _database(config) as database:
        found = Parkings(database).list(decided=decided)
    if as_json:
        _print_json(found)
    elif found:
        Console().print(_parkings(found, decided=decided))
    else:
        typer.echo("Nothing was decided yet." if decided else "No entry is parked.")


@parked.command()
def release(
    number: ParkingArgument,
    *,
    hours: Annotated[
        int, typer.Option(min=1, max=8760, help="Do not park it again for so long.")
    ] = 168,
    note: NoteOption = "",
    config: ConfigOption = None,
) -> None:
    """Let the entry match as before: it is right. Servers follow within a second."""
    from tutela.storage.defence.parkings import Parkings  # noqa: PLC0415 - see `_database`

    with _database(config) as database:
        one = Parkings(database).release(number, by=user(), hours=hours, note=note)
    typer.echo(f"Released entry {one.entry_id}; it is not parked again for {hours} hours.")


@parked.command()
def tighten(
    number: ParkingArgument,
    *,
    distance: Annotated[
        int, typer.Option(min=0, max=DISTANCE, help="Its new distance, smaller than now.")
    ],
    note: NoteOption = "",
    config: ConfigOption = None,
) -> None:
    """Let the entry match within a smaller distance of its own. Servers follow within a second."""
    from tutela.storage.defence.parkings import Parkings  # noqa: PLC0415 - see `_database`

    with _database(config) as database:
        one = Parkings(database).tighten(number, by=user(), distance=distance, note=note)
    typer.echo(f"Entry {one.entry_id} matches within {distance} bits from now on.")


@parked.command()
def disable(number: ParkingArgument, *, note: NoteOption = "", config: ConfigOption = None) -> None:
    """Take the entry out of matching: it is wrong, or of no use."""
    from tutela.storage.defence.parkings import Parkings  # noqa: PLC0415 - see `_database`

    with _database(config) as database:
        one = Parkings(database).disable(number, by=user(), note=note)
    typer.echo(f"Disabled entry {one.entry_id}.")


def suppressions(
    *, days: DaysOption = DAYS, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Count every match that did not count: by reason, bank, entry and day."""
    from tutela.storage.defence.suppressions import suppressions as count  # noqa: PLC0415

    with _database(config) as database:
        found = count(database, days=days)
    if as_json:
        _print_json(found)
        return
    _print_suppressions(found)


@entries.command()
def show(
    number: EntryArgument, *, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Show what the list says of an entry, and its distance."""
    from tutela.storage.entries import Entries  # noqa: PLC0415 - see `_database`

    with _database(config) as database:
        lists = Entries(database)
        # Only JSON has the signals.
        entry = lists.show(number, by=user()) if as_json else lists.get(number)
    if as_json:
        _print_json(entry)
        return
    kinds = ", ".join(sorted({signal.kind for signal in entry.signals}))
    own = "that of its bank" if entry.distance is None else f"{entry.distance} bits of its own"
    typer.echo(f"Entry {entry.id}: {entry.label or 'no label'}, {entry.state}")
    typer.echo(f"Signals: {len(entry.signals)} ({kinds}). Distance: {own}.")


@entries.command()
def distance(
    number: EntryArgument,
    bits: Annotated[
        str, typer.Argument(metavar="BITS", help="0 to 31, or `bank` to follow its bank.")
    ],
    *,
    config: ConfigOption = None,
) -> None:
    """Give an entry a distance of its own. Running servers follow within a second."""
    from tutela.storage.entries import Entries  # noqa: PLC0415 - see `_database`

    own = None if bits == BANKS else _bits(bits)
    with _database(config) as database:
        Entries(database).set_distance(number, own, by=user())
    how = "as far as its bank says" if own is None else f"within {own} bits"
    typer.echo(f"Entry {number} matches {how} from now on.")


def show_preview(
    name: str, *, distance: int, days: int, as_json: bool, config: ConfigOption
) -> None:
    """Print what a bank would lose at a smaller distance; raises as `preview` of the storage."""
    from tutela.detection.signals.registry import builtin_kinds  # noqa: PLC0415 - see `_database`
    from tutela.storage.defence.preview import preview  # noqa: PLC0415

    perceptual = [kind.name for kind in builtin_kinds() if not kind.exact]
    with _database(config) as database:
        found = preview(database, name, distance=distance, days=days, perceptual=perceptual)
    if as_json:
        _print_json(found)
        return
    _print_preview(found)


@contextmanager
def _database(config: ConfigOption) -> Iterator[Database]:
    # Here and not above: SQL takes a while to load, which `--help` need not.
    from tutela.storage.database import Database  # noqa: PLC0415

    database = Database.open(Settings.load(config).database_url)
    try:
        database.migrate()
        yield database
    finally:
        database.close()


def _bits(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:4]) <= DISTANCE:
        return int(text)
    raise InvalidInput(
        f"a distance is a whole number from 0 to {DISTANCE}",
        where="BITS",
        remedy=f"give such a number, or `{BANKS}` to follow the bank",
    )


def _print_json(document: Any) -> None:  # noqa: ANN401 - any record
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")


def _table(title: str, *columns: str, numbers: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return table


def _parkings(found: Sequence[Parking], *, decided: bool) -> Table:
    title = "Decided parkings" if decided else "Parked entries"
    more = ("decision", "by", "why") if decided else ("latest events",)
    numbers = ("id", "entry", "contents")
    table = _table(title, "id", "entry", "bank", "label", "contents", *more, numbers=numbers)
    for one in found:
        how = f" to {one.distance}" if one.distance is not None else ""
        verdict = (f"{one.decision}{how}", one.decided_by or "the program", one.note)
        rest = verdict if decided else ("\n".join(one.events),)
        number, entry = str(one.id), str(one.entry_id)
        table.add_row(number, entry, one.bank, one.label, f"{one.contents:,}", *rest)
    return table


def _print_suppressions(found: Suppressions) -> None:
    reasons = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in found.reasons.items())
    typer.echo(
        f"{found.total:,} matches of {found.events:,} events did not count in the last "
        f"{found.since_days} days: {reasons}."
    )
    typer.echo(f"{found.parked:,} entries are parked now.")
    if not found.total:
        return
    console = Console()
    table = _table("By bank", "bank", "why", "allow bank", "matches", numbers=("matches",))
    for bank in found.banks[:LISTED]:
        table.add_row(bank.bank or "deleted", _words(bank.reason), bank.by, f"{bank.count:,}")
    console.print(table)
    table = _table(
        "By entry", "entry", "label", "bank", "why", "matches", numbers=("entry", "matches")
    )
    for one in found.entries[:LISTED]:
        bank_name = one.bank or "deleted"
        number = str(one.entry_id)
        table.add_row(number, one.label, bank_name, _words(one.reason), f"{one.count:,}")
    console.print(table)
    table = _table("By day (UTC)", "day", "why", "matches", numbers=("matches",))
    for day in found.days[:LISTED]:
        table.add_row(day.day.isoformat(), _words(day.reason), f"{day.count:,}")
    console.print(table)


def _print_preview(found: Preview) -> None:
    typer.echo(
        f"At {found.distance} instead of {found.distance_now} bits, bank {found.bank} would lose "
        f"{found.lost:,} of its {found.findings:,} findings of the last {found.days} days."
    )
    if found.note:
        typer.echo(found.note)
    if found.lost:
        decided = ", ".join(f"{_words(name)} {n:,}" for name, n in found.lost_actions.items())
        typer.echo(f"Decided about these: {decided}; {found.lost_cases:,} opened a case.")
    if found.own:
        typer.echo(f"{found.own:,} matches are of entries with distances of their own: they stay.")
    console = Console()
    table = _table("Matches by distance", "bits", "matches", numbers=("bits", "matches"))
    for bits, count in enumerate(found.histogram):
        if count:
            table.add_row(str(bits), f"{count:,}")
    if table.row_count:
        console.print(table)
    if not found.listed:
        return
    numbers = ("entry", "bits")
    table = _table(
        "Would be lost", "event", "received", "entry", "label", "bits", "decided", numbers=numbers
    )
    for one in found.listed[:LISTED]:
        received = one.received_at.strftime("%Y-%m-%d %H:%M")
        actions = ", ".join(map(_words, one.actions))
        row = (one.event_id, received, str(one.entry_id), one.label, str(one.distance), actions)
        table.add_row(*row)
    console.print(table)
    if found.lost > LISTED:
        typer.echo(f"And {found.lost - min(found.lost, LISTED):,} more: --json lists up to 100.")


def _words(name: str) -> str:
    return str(name).replace("_", " ")

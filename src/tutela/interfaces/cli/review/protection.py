"""`tutela protection`: the floor, how the team is, lifts, and the ledger of exposures avoided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tutela.interfaces.cli.response.opening import print_json
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.storage.access.accounts import Accounts
    from tutela.storage.review.exposures import Exposures
    from tutela.storage.review.protecting.ledger import Ledger
    from tutela.storage.review.protecting.lifts import Lifts
    from tutela.storage.review.protection import ProtectionFloor

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Protect the people who review: floor, lifts, and what they did not have to see.",
)
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Parts(NamedTuple):
    """What these commands need."""

    accounts: Accounts
    exposures: Exposures
    lifts: Lifts
    ledger: Ledger
    floor: ProtectionFloor


@app.command()
def floor(
    *,
    blur: Annotated[
        int | None, typer.Option(min=0, max=3, help="Weakest blur: 0 none, 3 strong.")
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Largest longest edge: 96, 192 or 384 pixels.")
    ] = None,
    grey: Annotated[bool | None, typer.Option(help="No colours, for everybody.")] = None,
    mute: Annotated[bool | None, typer.Option(help="No sound, for everybody.")] = None,
    region: Annotated[
        bool | None, typer.Option(help="Only a part of a picture at a time, for everybody.")
    ] = None,
    sheet: Annotated[
        bool | None, typer.Option(help="Of videos only a sheet of pictures, for everybody.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show the weakest protection that anybody may choose, or set parts of it."""
    given = {"blur": blur, "size": size, "grey": grey, "mute": mute}
    given |= {"region": region, "sheet": sheet}
    wanted = {name: value for name, value in given.items() if value is not None}
    with _parts(config) as parts:
        shown = parts.floor.get()
        if wanted:
            shown = parts.floor.set(msgspec.structs.replace(shown, **wanted), by=user())
    if as_json:
        print_json(shown)
        return
    for name in shown.__struct_fields__:
        typer.echo(f"{name}: {_said(getattr(shown, name))}")


@app.command()
def lift(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the account.")],
    *,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    pause: Annotated[bool, typer.Option("--pause", help="End the pause.")] = False,
    items: Annotated[int, typer.Option(help="So many more severe items today.")] = 0,
    minutes: Annotated[int, typer.Option(help="So many more minutes today.")] = 0,
    config: ConfigOption = None,
) -> None:
    """End a person's pause, or let the day hold more, for a reason."""
    from tutela.errors import InvalidInput  # noqa: PLC0415 - with those below
    from tutela.interfaces.access.people import named  # noqa: PLC0415 - loads SQL
    from tutela.model.review.budget import LiftKind, NewLift  # noqa: PLC0415

    kind = LiftKind.PAUSE if pause else LiftKind.BUDGET
    told = {"kind": kind, "items": items, "minutes": minutes, "reason": reason}
    try:
        new = msgspec.convert(told, NewLift)
    except msgspec.ValidationError as error:
        raise InvalidInput(str(error).partition(" - ")[0], where="lift") from None
    with _parts(config) as parts:
        account = named(parts.accounts, name)
        parts.lifts.lift(account.id, new, by=user())
    done = "the pause is over" if pause else f"{items} more items, {minutes} more minutes today"
    typer.echo(f"{account.pseudonym}: {done}.", err=True)


@app.command()
def ledger(
    *,
    days: Annotated[int, typer.Option(min=1, max=3660, help="The last so many days.")] = 30,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Count the contents of cases that were decided without being uncovered."""
    from tutela.model.review.ledger import Column  # noqa: PLC0415 - with those below
    from tutela.storage.values import now  # noqa: PLC0415 - loads SQL

    until = now()
    with _parts(config) as parts:
        counts = parts.ledger.counts(until - timedelta(days=days), until)
    if as_json:
        print_json(counts)
        return
    table = Table(title=f"Contents of {counts.readings:,} decisions", title_justify="left")
    table.add_column("what became of them")
    table.add_column("contents", justify="right")
    for column in Column:
        table.add_row(_COLUMNS[column.value], f"{getattr(counts.split, column):,}")
    table.add_row("all together", f"{counts.contents:,}")
    Console().print(table)


_COLUMNS = {
    "unseen": "decided without looking",
    "alike": "decided by a look at one like it",
    "covered": "decided covered",
    "uncovered": "uncovered",
}


def _said(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


@contextmanager
def _parts(config: ConfigOption) -> Iterator[Parts]:
    # Here and not above: SQL takes a while to load, which `--help` need not.
    from tutela.response.review.budget import limits_of  # noqa: PLC0415
    from tutela.storage.access.accounts import Accounts  # noqa: PLC0415
    from tutela.storage.database import Database  # noqa: PLC0415
    from tutela.storage.review.exposures import Exposures  # noqa: PLC0415
    from tutela.storage.review.protecting.ledger import Ledger  # noqa: PLC0415
    from tutela.storage.review.protecting.lifts import Lifts  # noqa: PLC0415
    from tutela.storage.review.protection import ProtectionFloor  # noqa: PLC0415

    settings = Settings.load(config)
    database = Database.open(settings.database_url)
    try:
        database.migrate()
        exposures = Exposures(database, limits_of(settings.protection))
        yield Parts(
            accounts=Accounts(database),
            exposures=exposures,
            lifts=Lifts(database, exposures),
            ledger=Ledger(database),
            floor=ProtectionFloor(database),
        )
    finally:
        database.close()

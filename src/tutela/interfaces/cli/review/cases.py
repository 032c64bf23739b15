"""`tutela cases`: search, read, export and arrange cases on this machine's database."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tutela.errors import InvalidInput
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.interfaces.worded import from_words
from tutela.model.custody.names import shown
from tutela.model.review.search import CaseQuery
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.storage.cases import CaseFile
    from tutela.storage.database import Database

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Search, read, export, merge, split and move cases.",
)

CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="Id of the case.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WhyOption = Annotated[str, typer.Option("--why", help="Why; stays in the house.")]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="NAME=VALUE",
        help="Only cases of which this holds, such as state=open or region=FR; repeatable.",
    ),
]


@app.command("list")
def list_cases(
    *,
    where: WhereOption = None,
    after: Annotated[str | None, typer.Option(help="Go on after the case of this id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List cases, latest first; `--where order=score` as they are offered."""
    from tutela.storage.cases import Cases  # noqa: PLC0415 - see `_database`

    query = _query(where)
    with _database(config) as database:
        found = Cases(database).list(query, after=after, limit=limit)
    if as_json:
        _print_json(found)
        return
    Console().print(_table(found))


@app.command()
def count(*, where: WhereOption = None, config: ConfigOption = None) -> None:
    """Count cases, up to ten million."""
    from tutela.storage.cases import Cases  # noqa: PLC0415 - see `_database`

    query = _query(where)
    with _database(config) as database:
        typer.echo(Cases(database).count(query, most=10_000_000))


@app.command()
def show(case: CaseArgument, *, config: ConfigOption = None) -> None:
    """Show a case as JSON: the event, the decision, where it stands, and what joined it."""
    from tutela.storage.cases import Cases  # noqa: PLC0415 - see `_database`
    from tutela.storage.review.together.arranging import Arranging  # noqa: PLC0415

    with _database(config) as database:
        file, history = Cases(database).get(case), Arranging(database).history(case)
    _print_json({**msgspec.structs.asdict(file), "history": history})


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; else standard output.")
    ] = None,
    *,
    where: WhereOption = None,
    form: Annotated[
        str, typer.Option("--format", help="csv or ndjson.", show_default=True)
    ] = "csv",
    config: ConfigOption = None,
) -> None:
    """Write cases to a file, any number of them, with pseudonyms for names of people here."""
    from tutela.interfaces.review.exporting import CaseFormat, cases_exported  # noqa: PLC0415
    from tutela.lists.replacing import replacing  # noqa: PLC0415
    from tutela.storage.cases import Cases  # noqa: PLC0415 - see `_database`

    try:
        chosen = CaseFormat(form)
    except ValueError:
        known = ", ".join(CaseFormat)
        raise InvalidInput(f"no such format; there are {known}", where="--format") from None
    query = _query(where)
    with _database(config) as database:
        cases = Cases(database).export(query, by=user(), form=chosen.value)
        parts = cases_exported(cases, chosen)
        if file is None:
            for part in parts:
                sys.stdout.buffer.write(part)
            return
        with replacing(file) as target:
            for part in parts:
                target.write(part)


@app.command()
def merge(
    case: CaseArgument,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Id of the case to put into it.")],
    *,
    why: WhyOption = "",
    config: ConfigOption = None,
) -> None:
    """Put a case, with all that stands in it, into another one. Nobody may be reading them."""
    from tutela.storage.review.together.arranging import Arranging  # noqa: PLC0415

    with _database(config) as database:
        change = Arranging(database).merge(case, other, why=why, by=user())
    typer.echo(f"Change {change.id}: {len(change.others):,} cases stand in {case} from now on.")


@app.command()
def split(
    case: CaseArgument,
    others: Annotated[list[str], typer.Argument(metavar="OTHER…", help="Ids of cases in it.")],
    *,
    why: WhyOption = "",
    config: ConfigOption = None,
) -> None:
    """Take cases out of another one; together they stand for themselves."""
    from tutela.storage.review.together.arranging import Arranging  # noqa: PLC0415

    with _database(config) as database:
        change = Arranging(database).split(case, others, why=why, by=user())
    typer.echo(f"Change {change.id}: {change.others[0]} stands for itself from now on.")


@app.command()
def move(
    case: CaseArgument,
    queue: Annotated[str, typer.Argument(metavar="QUEUE", help="Name of the queue.")],
    *,
    why: WhyOption = "",
    config: ConfigOption = None,
) -> None:
    """Put a case that waits into another queue, where it stays whatever the queues take."""
    from tutela.storage.review.together.arranging import Arranging  # noqa: PLC0415

    with _database(config) as database:
        change = Arranging(database).move(case, queue, why=why, by=user())
    typer.echo(f"Change {change.id}: {case} waits in {queue} from now on.")


@app.command()
def undo(
    change: Annotated[int, typer.Argument(metavar="CHANGE", help="Number of the change.")],
    *,
    config: ConfigOption = None,
) -> None:
    """Undo what joined, was merged, split or moved; `tutela cases show` lists the changes."""
    from tutela.storage.review.together.arranging import Arranging  # noqa: PLC0415

    with _database(config) as database:
        undone = Arranging(database).undo(change, by=user())
    typer.echo(f"Change {undone.id}: change {change} is undone.")


def _query(where: list[str] | None) -> CaseQuery:
    """What `NAME=VALUE` says; raises `InvalidInput`."""
    asked: dict[str, str] = {}
    for one in where or ():
        name, sign, value = one.partition("=")
        if not sign or name in asked:
            raise InvalidInput("write NAME=VALUE, each name once", where="--where")
        asked[name] = value
    try:
        return from_words(asked, CaseQuery)
    except msgspec.ValidationError as error:
        names = ", ".join(CaseQuery.__struct_fields__)
        raise InvalidInput(str(error), where="--where", remedy=f"names are {names}") from None


def _table(found: Sequence[CaseFile]) -> Table:
    table = Table(title="Cases", title_justify="left")
    for column in ("id", "opened", "state", "queue", "score", "events", "severity", "summary"):
        right = column in {"score", "events"}
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for one in found:
        case, standing = one.case, one.standing
        table.add_row(
            escape(shown(case.id)),
            case.opened_at.strftime("%Y-%m-%d %H:%M"),
            case.state.value,
            standing.queue,
            f"{standing.score:,}",
            f"{standing.events:,}",
            f"{case.severity.value}{', imminent' if case.imminent else ''}",
            escape(shown(case.summary)),
        )
    return table


def _print_json(document: Any) -> None:  # noqa: ANN401 - any record
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")


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

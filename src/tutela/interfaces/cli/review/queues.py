"""`tutela queues`: make, change, order and delete queues on this machine's database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tutela.errors import InvalidInput
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.model.review.queue import Queue, QueueFilter
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.storage.review.queues import Queues

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Make, change, order and delete queues."
)

QueueArgument = Annotated[str, typer.Argument(metavar="QUEUE", help="Name of the queue.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_queues(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the queues in the order in which they are asked, and what waits in each."""
    with _queues(config) as queues:
        found, counts = queues.list(), queues.counts()
    if as_json:
        _print_json({"queues": found, "counts": counts})
        return
    table = Table(title="Queues", title_justify="left")
    table.add_column("name", overflow="fold")
    table.add_column("takes", overflow="fold")
    for column in ("waiting", "held", "imminent", "disputed", "overdue"):
        table.add_column(column, justify="right", no_wrap=True)
    for queue, one in zip(found, counts, strict=True):
        numbers = (one.waiting, one.held, one.imminent, one.disputed, one.overdue)
        readers = f"; read by {queue.readings}" if queue.readings > 1 else ""
        table.add_row(queue.name, _words(queue.filter) + readers, *(f"{n:,}" for n in numbers))
    Console().print(table)


@app.command("set")
def put(
    name: QueueArgument,
    *,
    takes: Annotated[
        str | None,
        typer.Option(
            "--filter",
            metavar="JSON",
            help='Which cases it takes, such as {"severities": ["critical"]}.',
        ),
    ] = None,
    position: Annotated[int | None, typer.Option(min=1, help="Its place, from 1.")] = None,
    readings: Annotated[
        int | None, typer.Option(min=1, max=3, help="How many people read each case.")
    ] = None,
    sample: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share that is read again, at random.")
    ] = None,
    wait: Annotated[
        int | None, typer.Option(min=60, help="Seconds within which a case should be decided.")
    ] = None,
    accuracy: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of samples that should agree.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Make a queue, or change what is given of the one of this name and leave the rest."""
    given = {
        "position": position,
        "filter": None if takes is None else _filter(takes),
        "readings": readings,
        "sample_share": sample,
        "wait_seconds": wait,
        "accuracy": accuracy,
    }
    with _queues(config) as queues:
        known = queues.list()
        new = Queue(name=name, position=len(known))
        before = next((one for one in known if one.name == name), new)
        changed = {key: value for key, value in given.items() if value is not None}
        queue = queues.put(msgspec.structs.replace(before, **changed), by=user())
    typer.echo(f"Queue {queue.name} takes {_words(queue.filter)}.")


@app.command()
def delete(name: QueueArgument, *, config: ConfigOption = None) -> None:
    """Delete a queue. Its cases wait in the queues that take them now."""
    with _queues(config) as queues:
        queues.delete(name, by=user())
    typer.echo(f"Deleted queue {name}.")


@app.command()
def order(
    names: Annotated[list[str], typer.Argument(metavar="QUEUE…", help="Every queue, in order.")],
    *,
    config: ConfigOption = None,
) -> None:
    """Put the queues into an order; the first that takes a case has it."""
    with _queues(config) as queues:
        ordered = queues.order(names, by=user())
    typer.echo(f"The queues are asked in this order: {', '.join(one.name for one in ordered)}.")


def _filter(text: str) -> QueueFilter:
    try:
        return msgspec.json.decode(text, type=QueueFilter)
    except msgspec.MsgspecError as error:
        names = ", ".join(QueueFilter.__struct_fields__)
        raise InvalidInput(str(error), where="--filter", remedy=f"names are {names}") from None


def _words(takes: QueueFilter) -> str:
    """Which cases a queue takes, in a few words."""
    parts = []
    for name, value in msgspec.to_builtins(takes).items():
        many = isinstance(value, list | tuple)
        words = ", ".join(map(str, value)) if many else str(value).lower()
        parts.append(f"{name}: {words}")
    return "; ".join(parts) or "everything"


def _print_json(document: Any) -> None:  # noqa: ANN401 - any record
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")


@contextmanager
def _queues(config: ConfigOption) -> Iterator[Queues]:
    # Here and not above: SQL takes a while to load, which `--help` need not.
    from tutela.storage.database import Database  # noqa: PLC0415
    from tutela.storage.review.queues import Queues  # noqa: PLC0415

    database = Database.open(Settings.load(config).database_url)
    try:
        database.migrate()
        yield Queues(database)
    finally:
        database.close()

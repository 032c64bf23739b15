"""`tutela destinations`: where actions are sent, and the secrets that messages are signed with."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from rich.console import Console

from tutela.errors import InvalidInput
from tutela.interfaces.cli.response.opening import opened, print_json
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.model import ActionKind
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.model import Destination
    from tutela.response.destinations import ShownSecret
    from tutela.response.secrets import Secrets
    from tutela.storage.outbox.destinations import Destinations

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Make, change and test the destinations of actions.",
)

NOT_CONFIRMED = 1
"""Exit code of `test` where the destination did not answer as it should."""

URL_HELP = (
    "Where messages are posted to: https://host/path. With -, it is read from standard input."
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the destination.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ActionOption = Annotated[
    list[ActionKind] | None,
    typer.Option("--action", help="An action that it takes; may be given several times."),
]
ConfirmOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=86_400,
        metavar="SECONDS",
        help="Raise an alarm where an action is not confirmed for so long.",
    ),
]


class _Kept(NamedTuple):
    destinations: Destinations
    secrets: Secrets


@app.command()
def create(
    name: NameArgument,
    *,
    url: Annotated[str, typer.Option(help=URL_HELP)],
    action: ActionOption = None,
    confirm_seconds: ConfirmOption = None,
    private: Annotated[
        bool, typer.Option("--private", help="The address may be private, and plain http.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Make a destination and print its secret, once; it is stored nowhere.

    The secret alone goes to standard output, so that a script can take it; the rest to standard
    error. Without --action, only what a rule notifies it of is sent there.
    """
    from tutela.response import destinations  # noqa: PLC0415 - as in `opening`

    given = {
        "name": name,
        "url": _address(url),
        "actions": list(action or ()),
        "private": private,
        **({} if confirm_seconds is None else {"confirm_seconds": confirm_seconds}),
    }
    new = destinations.read(given, destinations.NewDestination)
    with _kept(config) as kept:
        made = destinations.create(kept.destinations, kept.secrets, new, by=user())
    _show_secret(made, as_json=as_json)


@app.command("list")
def list_destinations(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List every destination with its address, without its secret."""
    with _kept(config) as kept:
        found = kept.destinations.list()
    if as_json:
        print_json(found)
        return
    from tutela.interfaces.cli.response.view import destinations_table  # noqa: PLC0415

    Console().print(destinations_table(found) if found else "No destination yet.")


@app.command()
def show(name: NameArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show a destination, without its secret."""
    with _kept(config) as kept:
        found = kept.destinations.get(name)
    _show(found, as_json=as_json)


@app.command()
def change(
    name: NameArgument,
    *,
    url: Annotated[str | None, typer.Option(help=URL_HELP)] = None,
    action: ActionOption = None,
    none: Annotated[
        bool, typer.Option("--no-action", help="Only what a rule notifies it of.")
    ] = False,
    confirm_seconds: ConfirmOption = None,
    private: Annotated[
        bool | None,
        typer.Option("--private/--public", help="Whether the address may be private."),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Change a destination; what is not named stays. Its actions are replaced as a whole."""
    from tutela.response import destinations  # noqa: PLC0415 - as in `opening`

    if none and action:
        raise InvalidInput("--no-action and --action contradict each other")
    actions = [] if none else list(action) if action else None
    given = {
        "url": None if url is None else _address(url),
        "actions": actions,
        "confirm_seconds": confirm_seconds,
        "private": private,
    }
    wanted = destinations.read(given, destinations.DestinationChange)
    with _kept(config) as kept:
        changed = destinations.change(kept.destinations, name, wanted, by=user())
    _show(changed, as_json=as_json)


@app.command()
def rotate(
    name: NameArgument,
    *,
    overlap_hours: Annotated[
        int,
        typer.Option(min=0, max=720, metavar="HOURS", help="How long the old secret signs along."),
    ] = 24,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Give a destination a new secret and print it, once, as `create` does."""
    from tutela.response import destinations  # noqa: PLC0415 - as in `opening`

    with _kept(config) as kept:
        rotated = destinations.rotate(
            kept.destinations, kept.secrets, name, overlap_hours, by=user()
        )
    _show_secret(rotated, as_json=as_json)


@app.command("test")
def try_it(name: NameArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Send a destination a signed message that asks for nothing, and say what came back.

    Exit codes: 0 it answered as it should, 1 it did not.
    """
    from tutela.workflows.trying import try_destination  # noqa: PLC0415 - as in `opening`

    seconds = Settings.load(config).actions.timeout
    with _kept(config) as kept:
        destination = kept.destinations.get(name)
        tried = asyncio.run(try_destination(destination, kept.secrets, seconds))
    if as_json:
        print_json(tried)
    else:
        typer.echo(f"{name}: {tried.text}.")
    if not tried.confirmed:
        raise typer.Exit(NOT_CONFIRMED)


@app.command()
def enable(name: NameArgument, *, config: ConfigOption = None) -> None:
    """Send to a destination again, what waits for it first."""
    with _kept(config) as kept:
        kept.destinations.change(name, enabled=True, by=user())
    typer.echo(f"{name} is enabled: what waits for it is sent.")


@app.command()
def disable(name: NameArgument, *, config: ConfigOption = None) -> None:
    """Make and send no more messages to a destination; what waits for it stays."""
    with _kept(config) as kept:
        kept.destinations.change(name, enabled=False, by=user())
    typer.echo(f"{name} is disabled: nothing is made for it or sent to it until it is enabled.")


@app.command()
def delete(name: NameArgument, *, config: ConfigOption = None) -> None:
    """Delete a destination; what was not confirmed is given up, and stays to be read."""
    with _kept(config) as kept:
        kept.destinations.delete(name, by=user())
    typer.echo(f"{name} is deleted.")


def _address(url: str) -> str:
    """The address that was given; one that holds a token need not stand in a command line."""
    return sys.stdin.readline().strip() if url == "-" else url


@contextmanager
def _kept(config: ConfigOption) -> Iterator[_Kept]:
    from tutela.response.secrets import Secrets  # noqa: PLC0415 - as in `opening`
    from tutela.storage.outbox.destinations import Destinations  # noqa: PLC0415

    settings = Settings.load(config)
    with opened(config) as database:
        yield _Kept(Destinations(database), Secrets.open(settings.actions_key_file))


def _show(found: Destination, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    from tutela.interfaces.cli.response.view import destination_lines  # noqa: PLC0415

    for line in destination_lines(found, _now()):
        typer.echo(line)


def _show_secret(shown: ShownSecret, *, as_json: bool) -> None:
    """The secret on standard output, and on standard error what it is for."""
    if as_json:
        print_json(shown)
        return
    typer.echo(shown.secret)
    from tutela.interfaces.cli.response.view import destination_lines  # noqa: PLC0415

    for line in destination_lines(shown.destination, _now()):
        typer.echo(line, err=True)
    typer.echo(
        "The secret is not shown again: give it to the destination, which checks signatures "
        "with it.",
        err=True,
    )


def _now() -> datetime:
    return datetime.now(UTC)

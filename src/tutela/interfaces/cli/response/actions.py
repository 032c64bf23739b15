"""`tutela actions`: actions on their way to the platform, and those that did not arrive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tutela.errors import InvalidInput
from tutela.interfaces.cli.response import working
from tutela.interfaces.cli.response.opening import opened, print_json
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.model import DeliveryState

if TYPE_CHECKING:
    from tutela.storage.outbox.deliveries import Deliveries

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="See the actions on their way, and send again what failed.",
)
work = app.command()(working.work)

ALARM = 1
"""Exit code of `alarms` where there is one."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the action: act-…")]


@app.command("list")
def list_actions(
    *,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those of this state.")] = None,
    destination: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only those of this destination.")
    ] = None,
    event: Annotated[
        str | None, typer.Option(metavar="ID", help="Only those of this event.")
    ] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only those that should be confirmed by now.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to list.")] = 20,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List actions that were sent or are to be sent, latest first."""
    from tutela.response.alarms import listed  # noqa: PLC0415 - as in `opening`

    with _deliveries(config) as deliveries:
        found = listed(
            deliveries,
            state=state,
            destination=destination,
            event=event,
            overdue=overdue,
            limit=limit,
        )
    if as_json:
        print_json(found)
        return
    from tutela.interfaces.cli.response.view import listed_lines  # noqa: PLC0415

    for line in listed_lines(found, _now()) if found else ["No such action."]:
        typer.echo(line)


@app.command()
def show(
    delivery_id: IdArgument, *, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Show an action: the message as it is sent, what happened to it, and the receipt."""
    with _deliveries(config) as deliveries:
        found = deliveries.get(delivery_id)
    if as_json:
        print_json(found)
        return
    from tutela.interfaces.cli.response.view import delivery_lines  # noqa: PLC0415

    for line in delivery_lines(found, _now()):
        typer.echo(line)


@app.command()
def retry(
    delivery_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Id of the action: act-…")
    ] = None,
    *,
    failed: Annotated[
        bool, typer.Option("--failed", help="All that were given up, instead of one.")
    ] = False,
    destination: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --failed: of this destination only.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Send an action again, or all that were given up: now, with a new time to be confirmed by."""
    if failed == (delivery_id is not None) or (destination is not None and not failed):
        raise InvalidInput(
            "name one action, or say --failed", remedy="`tutela actions list` lists them"
        )
    with _deliveries(config) as deliveries:
        if delivery_id is not None:
            deliveries.retry(delivery_id, by=user())
            typer.echo(f"{delivery_id} is sent again now.")
            return
        count = deliveries.retry_failed(destination, by=user())
        left = 0 if destination else deliveries.counts().failed
    typer.echo(f"{_actions(count)} sent again now.")
    if left:
        typer.echo(f"{_actions(left)} failed still: for a destination that does not exist.")


@app.command()
def alarms(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Count the actions on their way, and say what needs a person.

    Exit codes: 0 all is well, 1 there is an alarm.
    """
    from tutela.interfaces.cli.response.view import state_lines  # noqa: PLC0415 - as in `opening`
    from tutela.response.alarms import state_of  # noqa: PLC0415

    with _deliveries(config) as deliveries:
        state = state_of(deliveries.counts())
    if as_json:
        print_json(state)
    else:
        for line in state_lines(state):
            typer.echo(line)
    if state.alarms:
        raise typer.Exit(ALARM)


def _actions(count: int) -> str:
    return f"{count:,} {'action is' if count == 1 else 'actions are'}"


@contextmanager
def _deliveries(config: ConfigOption) -> Iterator[Deliveries]:
    from tutela.storage.outbox.deliveries import Deliveries  # noqa: PLC0415 - as in `opening`

    with opened(config) as database:
        yield Deliveries(database)


def _now() -> datetime:
    return datetime.now(UTC)

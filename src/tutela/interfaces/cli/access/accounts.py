"""`tutela accounts`: invite people, change roles, keep people out and let them in again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from tutela.interfaces.access import Role
from tutela.interfaces.cli.response.opening import print_json
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.interfaces.access.people import Invitation, People, PersonChange

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Invite people, change roles, keep people out and let them in again.",
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the account.")]


@app.command()
def invite(
    name: NameArgument,
    *,
    role: Annotated[
        Role | None, typer.Option(help="What the person may do, for an account that is new.")
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="For an account that is there: forget password and second factor."
        ),
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Make an account and print a one-time code for it.

    The code alone goes to standard output. It signs the person in once, to set up an authenticator
    and a password. With `--again` it is the way back in for whoever has lost them.
    """
    from tutela.interfaces.access.people import NewPerson, named  # noqa: PLC0415 - loads SQL

    with _people(config) as people:
        if again:
            account = named(people.accounts, name)
            invitation = people.invite_again(account.id, last=True, by=user())
        elif role is None:
            raise typer.BadParameter("say what the person may do: --role reviewer")
        else:
            invitation = people.invite(NewPerson(name=name, role=role), by=user())
    _show(invitation)


@app.command("list")
def list_accounts(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
    config: ConfigOption = None,
) -> None:
    """List every account."""
    with _people(config) as people:
        found = people.accounts.list()
    if as_json:
        print_json(found)
        return
    table = Table(title="Accounts", title_justify="left")
    for column in ("name", "id", "pseudonym", "role", "state", "second factor", "last sign-in"):
        table.add_column(column, no_wrap=column in {"id", "pseudonym"})
    for one in found:
        last = f"{one.last_sign_in_at:%Y-%m-%d %H:%M}" if one.last_sign_in_at else "never"
        factor = "yes" if one.second_factor else "no"
        table.add_row(one.name, one.id, one.pseudonym, one.role, one.state, factor, last)
    Console().print(table)


@app.command("role")
def give_role(
    name: NameArgument,
    role: Annotated[Role, typer.Argument(help="What the person may do from now on.")],
    config: ConfigOption = None,
) -> None:
    """Give a person another role; it counts at once, in sessions that are open, too."""
    from tutela.interfaces.access.people import PersonChange  # noqa: PLC0415 - loads SQL

    _change(name, PersonChange(role=role), config)


@app.command()
def disable(name: NameArgument, config: ConfigOption = None) -> None:
    """Keep a person out from now on: sessions and keys of the account end."""
    from tutela.interfaces.access.people import PersonChange  # noqa: PLC0415 - loads SQL

    _change(name, PersonChange(enabled=False), config)


@app.command()
def enable(name: NameArgument, config: ConfigOption = None) -> None:
    """Let a person in again, with what they signed in with before."""
    from tutela.interfaces.access.people import PersonChange  # noqa: PLC0415 - loads SQL

    _change(name, PersonChange(enabled=True), config)


@app.command()
def unlock(name: NameArgument, config: ConfigOption = None) -> None:
    """Let passwords be tried again at once."""
    from tutela.interfaces.access.people import PersonChange  # noqa: PLC0415 - loads SQL

    _change(name, PersonChange(unlock=True), config)


def _change(name: str, wanted: PersonChange, config: ConfigOption) -> None:
    from tutela.interfaces.access.people import named  # noqa: PLC0415 - loads SQL

    with _people(config) as people:
        account = people.change(named(people.accounts, name).id, wanted, by=user())
    typer.echo(f"{account.name}: role {account.role}, {account.state}.", err=True)


def _show(invitation: Invitation) -> None:
    account = invitation.account
    typer.echo(invitation.code)
    typer.echo(
        f"For {account.name}, role {account.role}, valid once, for {invitation.minutes} minutes.",
        err=True,
    )


@contextmanager
def _people(config: ConfigOption) -> Iterator[People]:
    # Here and not above: SQL takes a while to load, which `--help` need not.
    from tutela.interfaces.access.people import People  # noqa: PLC0415
    from tutela.storage.access.accounts import Accounts  # noqa: PLC0415
    from tutela.storage.access.sessions import Sessions  # noqa: PLC0415
    from tutela.storage.database import Database  # noqa: PLC0415

    settings = Settings.load(config)
    database = Database.open(settings.database_url)
    try:
        database.migrate()
        yield People.of(Accounts(database), Sessions(database), settings.access)
    finally:
        database.close()

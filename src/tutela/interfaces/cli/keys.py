"""`tutela keys`: make, list and revoke API keys, and make sign-in codes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tutela.errors import InvalidInput
from tutela.interfaces.access import Permission, Role, may
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.storage.access.keys import ApiKey, Keys
    from tutela.storage.database import Database

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Manage API keys and sign-in codes."
)

AccountOption = Annotated[
    str, typer.Option(metavar="NAME", help="The person whose it is, by the account's name.")
]


@app.command()
def create(
    *,
    role: Annotated[Role, typer.Option(help="What the key may do.")],
    name: Annotated[str, typer.Option(help="Who will use it, for the list of keys.")],
    expires: Annotated[
        str, typer.Option(metavar="WHEN", help="A date, or a number of days such as 90d.")
    ] = "",
    account: AccountOption = "",
    scope: Annotated[
        list[Permission] | None,
        typer.Option(help="A permission that it is limited to; may be given several times."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Create a key and print it, once; only a digest of it is stored.

    A key with an account acts for that person, and ends with the account.

    The key alone goes to standard output, so that a script can take it; the rest to standard error.
    """
    until = _moment(expires) if expires else None
    with _database(config) as database:
        key, secret = _keys_in(database).create(
            name,
            role,
            until,
            account_id=_account_id(database, account),
            scopes=_scopes(role, scope) if scope else None,
            by=user(),
        )
    typer.echo(secret)
    ends = f"until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "until revoked"
    typer.echo(
        f"Key {key.id} for {key.name}, role {key.role}, valid {ends}. "
        "It is not shown again: keep it where secrets are kept.",
        err=True,
    )


@app.command("list")
def list_keys(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
    config: ConfigOption = None,
) -> None:
    """List every key, without its secret."""
    with _keys(config) as keys:
        found = keys.list()
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
        return
    table = Table(title="API keys", title_justify="left")
    for column in ("id", "name", "role", "state", "created", "last used"):
        table.add_column(column, no_wrap=column != "name")
    for key in found:
        used = _shown(key.last_used_at)
        table.add_row(key.id, key.name, key.role, _state(key), _shown(key.created_at), used)
    Console().print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the key, from the list.")],
    config: ConfigOption = None,
) -> None:
    """Make a key useless; running servers refuse it within a second."""
    with _keys(config) as keys:
        key = keys.revoke(key_id, by=user())
    typer.echo(f"Key {key.id} for {key.name} is revoked.", err=True)


@app.command()
def code(
    *,
    role: Annotated[Role, typer.Option(help="What whoever signs in may do.")],
    account: AccountOption = "",
    config: ConfigOption = None,
) -> None:
    """Print a one-time code that signs a person in to the console.

    With an account, the person is signed in as that, with the account's own role.

    The code alone goes to standard output. It works once, and not for long.
    """
    from tutela.storage.access.sessions import Sessions  # noqa: PLC0415 - as in `_database`

    minutes = Settings.load(config).console.code_minutes
    with _database(config) as database:
        life = timedelta(minutes=minutes)
        account_id = _account_id(database, account)
        sessions = Sessions(database)
        typer.echo(sessions.create_code(role, life, account_id=account_id, by=user()))
    typer.echo(f"Valid once, for {minutes} minutes, role {role}.", err=True)


@contextmanager
def _keys(config: ConfigOption) -> Iterator[Keys]:
    from tutela.storage.access.keys import Keys  # noqa: PLC0415 - as in `_database`

    with _database(config) as database:
        yield Keys(database)


def _keys_in(database: Database) -> Keys:
    from tutela.storage.access.keys import Keys  # noqa: PLC0415 - as in `_database`

    return Keys(database)


def _account_id(database: Database, name: str) -> str | None:
    """The account of a name, where one was given."""
    from tutela.interfaces.access.people import named  # noqa: PLC0415 - as in `_database`
    from tutela.storage.access.accounts import Accounts  # noqa: PLC0415 - as in `_database`

    return named(Accounts(database), name).id if name else None


def _scopes(role: Role, wanted: list[Permission]) -> list[str]:
    """Scopes that the role has: others would promise what the key cannot do."""
    beyond = [scope.value for scope in wanted if not may(role, scope)]
    if beyond:
        raise InvalidInput(
            f"the role {role} does not have {', '.join(beyond)}",
            where="--scope",
            remedy="`tutela keys create --help` names the roles; docs/reference/permissions.md"
            " says what each may do",
        )
    return [scope.value for scope in wanted]


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


def _moment(text: str) -> datetime:
    """A point in time as people write it: `90d`, `2027-01-31`, or a full ISO 8601 time."""
    try:
        if text.endswith("d"):
            return datetime.now(UTC) + timedelta(days=int(text[:-1]))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise InvalidInput(
            "this is not a time", where="--expires", remedy="write 90d or 2027-01-31"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    if key.expires_at is None:
        return "valid"
    ended = key.expires_at <= datetime.now(UTC)
    return "expired" if ended else f"valid until {_shown(key.expires_at)}"


def _shown(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""

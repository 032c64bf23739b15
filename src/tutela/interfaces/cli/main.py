"""The `tutela` command: the table of commands, and how errors reach a terminal.

`tutela --help` must answer at once, but a scan needs NumPy, kernels and decoders. So this module
imports typer only; a command's module is imported when the command is resolved, and its help line
stands in the table here. Within a command's module, heavy imports stay inside its functions for
the same reason, so that `tutela scan --help` is quick too.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, NamedTuple, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from tutela.errors import TutelaError

EXIT_FAILED = 2
"""Exit code of a command that could not do its work."""


class Command(NamedTuple):
    """One row of `tutela --help`.

    Attributes:
        name: what is typed after `tutela`.
        target: `module:attribute`, imported when the command is used; the attribute is a function
            (one command) or a `typer.Typer` (a group).
        line: its line in the help.
    """

    name: str
    target: str
    line: str


COMMANDS: tuple[Command, ...] = (
    Command("scan", "offline.scan:scan", "Compare files and folders with bank files, offline."),
    Command("pack", "offline.pack:pack", "Pack bank files into one snapshot that opens at once."),
    Command("serve", "serve:serve", "Start the server: JSON API, console and metrics."),
    Command("demo", "demo:demo", "Run the whole road once with drill pictures."),
    Command("banks", "banks:app", "Create, fill, list, change and export banks."),
    Command("entries", "defence:entries", "Show entries, and give them distances."),
    Command("parked", "defence:parked", "Decide about entries that suddenly matched very much."),
    Command("suppressions", "defence:suppressions", "Count every match that did not count."),
    Command("rescan", "past.rescan:app", "Compare the past with grown lists, or with other rules."),
    Command("index", "index:app", "Look at the index on disk, and prove it."),
    Command("cases", "review.cases:app", "Search, read, export, merge, split and move cases."),
    Command("queues", "review.queues:app", "Make, change, order and delete queues."),
    Command("review", "review.figures:app", "Show how long cases wait, and how people agree."),
    Command("keys", "keys:app", "Create, list and revoke API keys."),
    Command("accounts", "access.accounts:app", "Invite people, change roles, keep people out."),
    Command("protection", "review.protection:app", "Protect people: floor, lifts, the ledger."),
    Command("policy", "policy:app", "Check, try, replay and switch the policy that decides."),
    Command("conversations", "conversations:app", "Rate conversations, say why, and set the bar."),
    Command("actions", "response.actions:app", "See actions on their way; send again what failed."),
    Command("destinations", "response.destinations:app", "Make and change where actions are sent."),
    Command("evidence", "custody.evidence:app", "See, hold, verify and expire what is kept."),
    Command("audit", "custody.audit:app", "Read, prove, sign, export and verify the audit log."),
    Command("vault", "custody.vault:app", "Rotate, retire and drill the vault's keys."),
    Command("law", "law:app", "Show what the law of each place says, and check your own file."),
    Command("backup", "backup.making:backup", "Back up database, evidence and keys, encrypted."),
    Command("restore", "backup.restoring:restore", "Restore a backup, or read it through."),
    Command("principles", "principles:principles", "Show what serves each of the 11 principles."),
    Command("settings", "settings:settings", "Show every setting and where its value comes from."),
)


class CommandTable(TyperGroup):
    """A group whose commands are imported when they are resolved, not when they are listed."""

    def resolve_command(
        self, ctx: object, args: list[str]
    ) -> tuple[str | None, TyperCommand | TyperGroup | None, list[str]]:
        """Replace the row that was named on the command line by the command itself."""
        name, _, rest = super().resolve_command(cast("typer.Context", ctx), args)
        row = next((row for row in COMMANDS if row.name == name), None)
        return name, load_command(row) if row else None, rest


def load_command(row: Command) -> TyperCommand | TyperGroup:
    """Import the command of one row of the table."""
    module, _, attribute = row.target.partition(":")
    target = getattr(import_module(f"tutela.interfaces.cli.{module}"), attribute)
    if not isinstance(target, typer.Typer):
        single = typer.Typer(add_completion=False)
        single.command(row.name)(target)
        target = single
    command = cast("TyperCommand | TyperGroup", get_command(target))
    command.name = row.name
    command.help = command.help or row.line
    return command


def _show_version(value: bool) -> None:  # noqa: FBT001 - the signature of an option's callback
    if value:
        from importlib import metadata  # noqa: PLC0415 - it costs as much time as typer itself

        typer.echo(f"tutela {metadata.version('tutela')}")
        raise typer.Exit


def _program(
    version: Annotated[  # noqa: FBT002 - handled by its callback, before any command
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Guard children on an online service, and prove it."""


def _row_only() -> None:
    """Stand in for a command in the listing; never called."""


def build_app(commands: tuple[Command, ...] = COMMANDS) -> typer.Typer:
    """Make the program from the table."""
    # Exceptions we do not expect are shown plainly: a decorated one would print local variables.
    program = typer.Typer(cls=CommandTable, no_args_is_help=True, pretty_exceptions_enable=False)
    program.callback()(_program)
    for row in commands:
        program.command(row.name, help=row.line)(_row_only)
    return program


app = build_app()


def run() -> None:
    """Run the program: the entry point `tutela`.

    Exit codes: 2 with one error text on stderr for what a user can mend, 130 for Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        # File names are bytes: one that no encoding can show must never end a scan.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app(prog_name="tutela")
    except TutelaError as error:
        typer.echo(f"tutela: {error}", err=True)
        sys.exit(EXIT_FAILED)

"""`tutela evidence verify` and `expire`: what is in the vault is sound, and what is due goes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from tutela.errors import Conflict
from tutela.interfaces.cli.custody.opening import (
    FAULTY,
    ItemArgument,
    JsonOption,
    Place,
    ReasonOption,
    counting,
    opened,
    print_json,
    reading,
    said,
)
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user


def verify(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Read every object of the vault through, and name each that is damaged or missing.

    What was found stands in the audit log. Exit codes: 0 all is sound, 1 something is not.
    """
    from tutela.workflows.custody import verifying  # noqa: PLC0415 - not for `--help`

    with opened(config) as place, reading("Reading") as bar:
        task = bar.add_task("", total=place.items.standing().bytes)
        found = verifying.verify(
            *(place.items, place.vault(), place.audit),
            by=user(),
            progress=lambda size: bar.advance(task, size),
        )
    if as_json:
        print_json(found)
    else:
        from tutela.interfaces.cli.custody.view import verified_lines  # noqa: PLC0415

        for line in verified_lines(found):
            typer.echo(line)
    if found.faults:
        raise typer.Exit(FAULTY)


def expire(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be destroyed.")
    ] = False,
    clock_is_right: Annotated[
        bool,
        typer.Option(
            "--clock-is-right", help="You have looked: the time of this machine is right."
        ),
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Destroy the evidence whose term has ended and that no hold keeps.

    `tutela serve` does so by itself. Its keys are destroyed first, then its bytes, and the audit
    log proves it.
    """
    from tutela.workflows.custody.clock import belief, write_down  # noqa: PLC0415 - not for `--help`

    at = datetime.now(UTC)
    with opened(config) as place:
        if dry_run:
            _show_due(place, at, as_json=as_json)
            return
        problem = belief(place.audit, at).problem
        if problem and not clock_is_right:
            raise Conflict(
                f"nothing expires: {problem}",
                where="clock",
                remedy="look at the clock; if it is right, say --clock-is-right",
            )
        write_down(place.audit, by=user(), confirmed=bool(problem))
        _expire(place, at, as_json=as_json)


def erase(
    item_id: ItemArgument,
    *,
    reason: ReasonOption,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Erase an item before its term, because somebody asked for it.

    Refused while a legal hold stands on it, and while a time runs for which the law wants it kept.
    """
    from tutela.evidence.vault.standby import Standby  # noqa: PLC0415 - not for `--help`
    from tutela.workflows.custody import expiring  # noqa: PLC0415

    with opened(config) as place:
        vault = Standby(place.vault, place.log())
        item = expiring.erase(
            *(place.items, vault.vault, place.log(), item_id, said(reason)), by=user()
        )
    if as_json:
        print_json(item)
        return
    typer.echo(f"{item.id} is destroyed, and the audit log proves it.")


def _show_due(place: Place, at: datetime, *, as_json: bool) -> None:
    from tutela.workflows.custody.expiring import due_items  # noqa: PLC0415 - not for `--help`

    due = list(due_items(place.items, at))
    if as_json:
        print_json(due)
        return
    from tutela.interfaces.cli.custody.view import listed_lines  # noqa: PLC0415

    for line in listed_lines(due) if due else ["Nothing is due."]:
        typer.echo(line)


def _expire(place: Place, at: datetime, *, as_json: bool) -> None:
    from tutela.evidence.vault.standby import Standby  # noqa: PLC0415 - not for `--help`
    from tutela.workflows.custody import expiring  # noqa: PLC0415

    # Keys are destroyed even while the vault cannot be opened; it is opened once, if at all.
    vault = Standby(place.vault, place.log())
    with counting("Destroying") as bar:
        task = bar.add_task("", total=place.items.standing(at).overdue)
        done = expiring.expire(
            *(place.items, vault.vault, place.log(), at),
            by=user(),
            progress=lambda: bar.advance(task),
        )
    if as_json:
        print_json(done)
        return
    typer.echo(f"{done.items:,} items were destroyed, and {done.keys:,} keys with them.")
    if done.left:
        typer.echo(f"{done.left:,} objects lie in the store still, unreadable: they go later.")
    if not done.clean:
        typer.echo("The database is being read: its side files are emptied later.")

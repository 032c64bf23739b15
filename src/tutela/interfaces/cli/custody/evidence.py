"""`tutela evidence`: what is kept of findings, for how long, and under which holds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from tutela.errors import InvalidInput
from tutela.interfaces.cli.custody import documents, expiring, working
from tutela.interfaces.cli.custody.opening import (
    ItemArgument,
    JsonOption,
    ReasonOption,
    moment_of,
    opened,
    print_json,
    said,
)
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.model.custody.evidence import EvidenceKind, ItemState
from tutela.model.custody.terms import Moment

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="See what is kept of findings; hold it, report it, verify it, let it expire.",
)
verify = app.command()(expiring.verify)
expire = app.command()(expiring.expire)
erase = app.command()(expiring.erase)
work = app.command()(working.work)
export = app.command()(documents.export)
check = app.command()(documents.check)

AuthorityOption = Annotated[str, typer.Option(metavar="WHO", help="Who asked, with a reference.")]


@app.command("list")
def list_items(  # noqa: PLR0913 - each option narrows the list by one thing
    *,
    state: Annotated[ItemState | None, typer.Option(help="Only those in this state.")] = None,
    kind: Annotated[EvidenceKind | None, typer.Option(help="Only those of this kind.")] = None,
    case: Annotated[str | None, typer.Option(metavar="ID", help="Only those of a case.")] = None,
    event: Annotated[str | None, typer.Option(metavar="ID", help="Only those of an event.")] = None,
    held: Annotated[bool, typer.Option("--held", help="Only those under a hold.")] = False,
    due: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Only those whose term ends before.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to list.")] = 20,
    after: Annotated[
        str | None, typer.Option(metavar="ID", help="Last item of the list before.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List items of evidence, latest first. Their bytes are not touched."""
    with opened(config) as place:
        found = place.items.list(
            state=state,
            kind=kind,
            case_id=case,
            event_id=event,
            held=held or None,
            due_before=moment_of(due, "--due") if due else None,
            limit=limit,
            after=after,
        )
    if as_json:
        print_json(found)
        return
    from tutela.interfaces.cli.custody.view import listed_lines  # noqa: PLC0415 - as in `opening`

    for line in listed_lines(found) if found else ["No such evidence."]:
        typer.echo(line)


@app.command()
def show(
    item_id: ItemArgument, *, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Show an item: where it came from, its fingerprints, its term and its holds. Not its bytes."""
    with opened(config) as place:
        item, holds = place.items.get(item_id), place.items.holds(item_id)
    if as_json:
        print_json({"item": item, "holds": holds})
        return
    from tutela.interfaces.cli.custody.view import item_lines  # noqa: PLC0415 - as in `opening`

    for line in item_lines(item, holds):
        typer.echo(line)


@app.command()
def hold(
    item_id: ItemArgument,
    *,
    reason: ReasonOption,
    authority: AuthorityOption = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Place a legal hold: it beats the end of the term, and every request for erasure."""
    with opened(config) as place:
        placed = place.items.hold(item_id, said(reason), authority, user())
    if as_json:
        print_json(placed)
        return
    typer.echo(f"Hold {placed.id} stands on {item_id}.")
    typer.echo(f'It is lifted with: tutela evidence release {placed.id} --reason "..."')


@app.command()
def release(
    hold_id: Annotated[int, typer.Argument(metavar="HOLD", help="Number of the hold.")],
    *,
    reason: ReasonOption,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Lift a legal hold. What is overdue is destroyed soon after."""
    with opened(config) as place:
        lifted = place.items.release(hold_id, said(reason), user())
        item = place.items.get(lifted.item_id)
    if as_json:
        print_json(lifted)
        return
    typer.echo(f"Hold {lifted.id} on {lifted.item_id} is lifted.")
    if item.held:
        typer.echo("Another hold stands on it.")
    elif item.expires_at:
        typer.echo(f"Its term ends on {item.expires_at:%Y-%m-%d %H:%M} UTC.")


@app.command()
def report(
    event_id: Annotated[str, typer.Argument(metavar="EVENT", help="Id of the event.")],
    *,
    at: Annotated[str, typer.Option(metavar="WHEN", help="When the report was complete.")],
    authority: Annotated[str, typer.Option(metavar="WHO", help="Who it was made to.")],
    reference: Annotated[str, typer.Option(metavar="TEXT", help="What they call it.")],
    moment: Annotated[
        Moment, typer.Option(help="What it is: terms of the law count from such a moment.")
    ] = Moment.REPORT,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Record a report to an authority, or a notice from one: terms that count from it begin."""
    from tutela.response.custody.reporting import record_report  # noqa: PLC0415 - as in `opening`
    from tutela.storage.events import Events  # noqa: PLC0415
    from tutela.storage.evidence.reporting import Reported  # noqa: PLC0415

    with opened(config) as place:
        made = Reported(
            event_id=event_id,
            moment=moment,
            at=moment_of(at, "--at"),
            authority=said(authority, "--authority"),
            reference=said(reference, "--reference"),
        )
        found = record_report(place.items, Events(place.database), place.terms(), made, user())
    if as_json:
        print_json(found)
        return
    from tutela.interfaces.cli.custody.view import listed_lines  # noqa: PLC0415 - as in `opening`

    for line in listed_lines(found):
        typer.echo(line)


@app.command("hand-in")
def hand_in(
    item_id: ItemArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The bytes of the event, or its user data.")
    ],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Hand in the bytes of an item that is owed or with the platform: the very ones, or none."""
    from tutela.storage.events import Events  # noqa: PLC0415 - as in `opening`
    from tutela.workflows.custody.handing_in import HandingIn  # noqa: PLC0415

    with opened(config) as place, _open(file) as descriptor:
        handing_in = HandingIn(place.items, Events(place.database), place.vault)
        item = handing_in.take(item_id, descriptor.fileno(), os.fsdecode(file.name), user())
    if as_json:
        print_json(item)
        return
    typer.echo(f"{item.id} is {item.state.value}: {item.facts.size:,} bytes in the vault.")


def _open(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as problem:
        raise InvalidInput(
            f"the file cannot be read ({problem.strerror})", where=str(file)
        ) from None

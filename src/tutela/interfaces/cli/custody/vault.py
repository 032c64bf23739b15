"""`tutela vault`: the keys of the vault, and drills of their loss."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tutela.interfaces.cli.custody.opening import (
    FAULTY,
    JsonOption,
    counting,
    opened,
    print_json,
)
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user

if TYPE_CHECKING:
    from tutela.evidence.keys.service import KeyService
    from tutela.interfaces.cli.custody.opening import Place

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="See the vault and its keys; rotate, wrap anew, retire, and drill their loss.",
)


@app.command()
def status(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show what is in the vault, and which key has wrapped how much.

    Exit codes: 0 all is well, 1 a key is missing: what it wrapped cannot be read.
    """
    from tutela.workflows.custody.rewrapping import key_standings  # noqa: PLC0415 - not for `--help`

    with opened(config) as place:
        standing = place.items.standing()
        keys = key_standings(place.items, place.keys())
        names = (place.settings.vault.store, place.settings.vault.keys)
    if as_json:
        print_json({"store": names[0], "key_service": names[1], "evidence": standing, "keys": keys})
    else:
        from tutela.interfaces.cli.custody.view import vault_lines  # noqa: PLC0415

        for line in vault_lines(*names, standing, keys):
            typer.echo(line)
    if not all(key.known for key in keys):
        raise typer.Exit(FAULTY)


@app.command()
def rotate(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Make a new key that wraps what comes in from now on; the old ones still open theirs."""
    from tutela.workflows.custody import rewrapping  # noqa: PLC0415 - not for `--help`

    with opened(config) as place:
        key_id = rewrapping.rotate(place.keys(), place.audit, by=user())
    if as_json:
        print_json({"key": key_id})
        return
    typer.echo(f"Key {key_id} wraps what comes in from now on.")
    typer.echo("Make a copy of the keys. Wrap what is there anew with: tutela vault rewrap")


@app.command()
def rewrap(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Wrap the key of every object anew with the current key.

    The bytes in the store are not touched. It may be stopped at any time and begun again, and
    several may do it at once.
    """
    from tutela.workflows.custody import rewrapping  # noqa: PLC0415 - not for `--help`

    with opened(config) as place, counting("Wrapping") as bar:
        keys = place.keys()
        usage, current = place.items.key_usage(), keys.current()
        total = sum(count for key, count in usage.items() if key != current)
        task = bar.add_task("", total=total)
        done = rewrapping.rewrap(
            *(place.items, place.vault(), keys, place.audit),
            by=user(),
            progress=lambda: bar.advance(task),
        )
    if as_json:
        print_json({"key": current, "objects": done})
        return
    typer.echo(f"{done:,} objects were wrapped anew with key {current}.")


@app.command()
def retire(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="Id of the key.")],
    *,
    at_once: Annotated[
        bool,
        typer.Option("--at-once", help="No server runs: there is no need to wait for an hour."),
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Destroy a key for ever. Refused while anything living is wrapped with it.

    What was destroyed before, and lies in an old backup still, can then be read by nobody who has
    not a copy of this key.
    """
    from tutela.workflows.custody import rewrapping  # noqa: PLC0415 - not for `--help`

    with opened(config) as place:
        rewrapping.retire(
            *(place.items, place.keys(), place.audit, key_id), by=user(), at_once=at_once
        )
    if as_json:
        print_json({"key": key_id})
        return
    typer.echo(f"Key {key_id} is destroyed.")


@app.command()
def passphrase(
    *,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="File with the new passphrase, of mode 0600."),
    ] = None,
    none: Annotated[
        bool, typer.Option("--none", help="Lock the key file with no passphrase any more.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Lock the key file with another passphrase. Stop the server first.

    The keys stay the same, so nothing need be wrapped anew. Copies of the key file still open with
    the passphrase that they had: make a new copy, and destroy the others.
    """
    from tutela.settings.secret_files import read_secret  # noqa: PLC0415 - not for `--help`
    from tutela.workflows.custody import rewrapping  # noqa: PLC0415

    if (file is None) is not none:
        raise typer.BadParameter("give either --file or --none")
    new = None if file is None else read_secret(file, "--file")
    with opened(config) as place:
        rewrapping.relock(place.keys(), new, place.audit, by=user())
    if as_json:
        print_json({"locked": new is not None})
        return
    typer.echo("The key file is locked anew." if file else "The key file is not locked any more.")
    named = f"name {file}" if file else "be empty"
    typer.echo(f"Before the server starts again, vault.passphrase_file must {named}.")


@app.command()
def drill(
    *,
    key_file: Annotated[
        Path | None,
        typer.Option(metavar="COPY", help="A copy of the key file; without it, the keys in use."),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Try whether a copy of the keys would open everything in the vault. Nothing is changed.

    Exit codes: 0 it would, 1 something would be lost.
    """
    from tutela.workflows.custody import rewrapping  # noqa: PLC0415 - not for `--help`

    with opened(config) as place, counting("Unwrapping") as bar:
        task = bar.add_task("", total=place.items.standing().objects)
        keys = _copy(place, key_file) if key_file else place.keys()
        found = rewrapping.drill(place.items, keys, lambda: bar.advance(task))
    if as_json:
        print_json(found)
    else:
        from tutela.interfaces.cli.custody.view import drilled_lines  # noqa: PLC0415

        for line in drilled_lines(found):
            typer.echo(line)
    if found.lost:
        raise typer.Exit(FAULTY)


def _copy(place: Place, key_file: Path) -> KeyService:
    """The keys of a copy of the key file, locked with the same passphrase."""
    from tutela.evidence.keys.file import KeyFile  # noqa: PLC0415 - not for `--help`
    from tutela.settings.secret_files import read_secret  # noqa: PLC0415

    secret = place.settings.vault.passphrase_file
    passphrase = read_secret(Path(secret), "vault.passphrase_file") if secret else None
    keys = KeyFile.open(key_file, passphrase)
    place.opened.callback(keys.close)
    return keys

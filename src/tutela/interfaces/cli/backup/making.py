"""`tutela backup`: everything that must survive, encrypted, in a folder."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tutela.errors import InvalidInput
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.evidence.backup.making import Protection
    from tutela.evidence.opening import Makers

INCOMPLETE = 1
"""Exit code where evidence is missing that should be there."""

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the backup.")]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="File with the passphrase; mode 0600."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def backup(
    folder: FolderArgument,
    *,
    recipient: Annotated[
        list[str] | None,
        typer.Option(metavar="age1…", help="Whose key opens it; may be given several times."),
    ] = None,
    passphrase_file: PassphraseOption = None,
    keep: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many generations stay; older ones go, and blobs that only they need.",
        ),
    ] = None,
    without_vault_key: Annotated[
        bool,
        typer.Option(
            "--without-vault-key",
            help="Leave the vault's key file out: you keep it elsewhere, and restore with it.",
        ),
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Back up database, evidence and keys, while the server runs.

    Each run adds a generation with all tables as they are at one moment; of the evidence only what
    is new is copied. What was written is read back before it counts.

    Exit codes: 0 all is well, 1 the vault lacked evidence, which is named.
    """
    from tutela.evidence.backup.folder import BackupFolder  # noqa: PLC0415
    from tutela.evidence.backup.keyfiles import VAULT  # noqa: PLC0415
    from tutela.evidence.backup.making import Making  # noqa: PLC0415
    from tutela.evidence.opening import open_store  # noqa: PLC0415
    from tutela.interfaces.cli.backup.view import made_lines, progress  # noqa: PLC0415
    from tutela.interfaces.cli.response.opening import opened, print_json  # noqa: PLC0415

    settings = Settings.load(config)
    protection = _protection(recipient or [], passphrase_file)
    target = BackupFolder(folder, create=True)
    with opened(config) as database, progress("Backing up", shown=not as_json) as told:
        store = open_store(settings, makers())
        try:
            making = Making(
                database=database,
                store=store,
                settings=settings,
                by=user(),
                progress=told,
                leave_out=(VAULT,) if without_vault_key else (),
            )
            made = making.make(target, protection, keep=keep)
        finally:
            store.close()
    if as_json:
        print_json(made)
    else:
        for line in made_lines(made):
            typer.echo(line)
    if made.missing:
        raise typer.Exit(INCOMPLETE)


def makers() -> Makers:
    """Stores and key services that extensions add."""
    found: Makers = import_module("tutela.extensions").vault_makers()
    return found


def _protection(recipients: list[str], passphrase_file: Path | None) -> Protection:
    from tutela.evidence.backup.age import checked_recipients  # noqa: PLC0415 - not for `--help`
    from tutela.evidence.backup.making import Protection  # noqa: PLC0415
    from tutela.settings.secret_files import read_secret  # noqa: PLC0415

    if not recipients and passphrase_file is None:
        raise InvalidInput(
            "nobody could open the backup",
            remedy="say --recipient age1… or --passphrase-file FILE",
        )
    passphrase = (
        None if passphrase_file is None else read_secret(passphrase_file, "--passphrase-file")
    )
    return Protection(recipients=checked_recipients(recipients), passphrase=passphrase)

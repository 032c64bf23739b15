"""`tutela restore`: a generation of a backup, brought back or read through."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tutela.errors import InvalidInput
from tutela.interfaces.cli.backup.making import (
    INCOMPLETE,
    FolderArgument,
    JsonOption,
    PassphraseOption,
    makers,
)
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.evidence.backup.age import Identities
    from tutela.evidence.backup.folder import BackupFolder


def restore(  # noqa: PLR0913 - one option each
    folder: FolderArgument,
    *,
    at: Annotated[
        str | None,
        typer.Option(metavar="GENERATION", help="Which one, or how it begins; else the latest."),
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with the secret key of a recipient."),
    ] = None,
    passphrase_file: PassphraseOption = None,
    witness: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Witness of the audit log; else audit.witness_folder."),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Put aside what is there: database, keys, a witness that"
            " knows another log. On PostgreSQL the tables are dropped.",
        ),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Read the backup through, and restore nothing.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Read a sample of the evidence through, not all of it.")
    ] = False,
    despite_damage: Annotated[
        bool,
        typer.Option(
            "--despite-damage",
            help="Restore although evidence is missing or unreadable, or the audit log does not"
            " verify; it is named.",
        ),
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Restore database, evidence and keys from a backup; the server must be stopped.

    Nothing is seen of it before all is there and was verified. What the audit log's witness knows
    beyond the backup is told, and what was destroyed since is destroyed again.

    Exit codes: 0 all is well, 1 evidence is missing or the audit log does not verify.
    """
    from tutela.evidence.backup.folder import BackupFolder  # noqa: PLC0415 - not for `--help`

    settings = Settings.load(config)
    source = BackupFolder(folder)
    generation = source.find(at)
    identities = _identities(source, generation, identity, passphrase_file)
    if check:
        _check(source, generation, identities, as_json=as_json)
        return
    from tutela.evidence.backup.restoring import Restoring  # noqa: PLC0415
    from tutela.interfaces.cli.backup.view import back_lines, progress  # noqa: PLC0415
    from tutela.interfaces.cli.response.opening import print_json  # noqa: PLC0415

    with progress("Restoring", shown=not as_json) as told:
        restoring = Restoring(
            settings=settings,
            by=user(),
            progress=told,
            makers=makers(),
            witness=witness,
            replace=replace,
            quick=quick,
            despite_damage=despite_damage,
        )
        back = restoring.restore(source, generation, identities)
    if as_json:
        print_json(back)
    else:
        for line in back_lines(back, settings.shown_database):
            typer.echo(line)
    if back.proof.unreadable or back.proof.findings:
        raise typer.Exit(INCOMPLETE)


def _check(source: BackupFolder, generation: str, identities: Identities, *, as_json: bool) -> None:
    from tutela.evidence.backup.checking import check_generation  # noqa: PLC0415
    from tutela.interfaces.cli.backup.view import checked_lines, progress  # noqa: PLC0415
    from tutela.interfaces.cli.response.opening import print_json  # noqa: PLC0415

    with progress("Reading", shown=not as_json) as told:
        checked = check_generation(source, generation, identities, told)
    if as_json:
        print_json(checked)
    else:
        for line in checked_lines(checked):
            typer.echo(line)
    if checked.problems or checked.missing:
        raise typer.Exit(INCOMPLETE)


def _identities(
    source: BackupFolder, generation: str, identity: Path | None, passphrase_file: Path | None
) -> Identities:
    from tutela.evidence.backup.age import Identities  # noqa: PLC0415 - not for `--help`
    from tutela.evidence.backup.folder import IDENTITY  # noqa: PLC0415
    from tutela.settings.secret_files import read_secret  # noqa: PLC0415

    if (identity is None) == (passphrase_file is None):
        raise InvalidInput(
            "one key is needed to open the backup",
            remedy="say either --identity FILE or --passphrase-file FILE",
        )
    if passphrase_file is not None:
        passphrase = read_secret(passphrase_file, "--passphrase-file")
        return Identities.unlock(source.file(generation, IDENTITY), passphrase)
    assert identity is not None  # noqa: S101 - one of the two is given
    return Identities.read(identity)

"""`tutela audit`: read the audit log, prove it, sign it, hand it on, and verify it anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from tutela.errors import Conflict, InvalidInput
from tutela.interfaces.cli.custody.opening import JsonOption, counting, opened, print_json
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.model.custody.leaf import AuditKind
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.evidence.audit.findings import Findings
    from tutela.evidence.audit.signing import Verifier
    from tutela.evidence.audit.sources import Knowing, Source
    from tutela.storage.audit.reading import AuditLog, Checkpoint

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Read, prove, sign, export and verify the audit log.",
)

KeyOption = Annotated[
    Path | None,
    typer.Option(metavar="PUB", help="File with the public key; else that beside the audit key."),
]
IndexArgument = Annotated[int, typer.Argument(metavar="INDEX", min=0, help="The leaf, from 0.")]


@app.command()
def verify(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="An export; else the database.")
    ] = None,
    *,
    key: KeyOption = None,
    witness: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="A witness's folder, or an earlier export; for the database, that of the"
            " settings.",
        ),
    ] = None,
    roots: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Certificates of time-stamping services.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Verify the log in the database, or in an exported file, which needs the public key only.

    Names the first bad leaf. Exit code 0: sound; 1: bad; 2: it could not be verified.
    """
    from tutela.evidence.audit.opening import open_roots, open_verifier  # noqa: PLC0415
    from tutela.evidence.audit.stamping import Roots  # noqa: PLC0415
    from tutela.evidence.audit.verifying import verify_log  # noqa: PLC0415

    settings = Settings.load(config)
    verifier = open_verifier(settings, key)
    stamps = Roots.read(roots) if roots else open_roots(settings)
    with ExitStack() as stack:
        if file is None and witness is None and settings.witness_folder.is_dir():
            witness = settings.witness_folder
        # Before the log: what is written meanwhile must not seem to be missing there.
        known = _known(stack, witness, verifier) if witness else None
        source = stack.enter_context(_source(file, config))
        bar = stack.enter_context(counting("Verifying"))
        task = bar.add_task("", total=source.size)
        found = verify_log(
            source,
            verifier,
            known=known,
            roots=stamps,
            progress=lambda count: bar.advance(task, count),
        )
    _tell(found, as_json=as_json)


@app.command("list")
def list_leaves(
    *,
    kind: Annotated[AuditKind | None, typer.Option(help="Only leaves of this kind.")] = None,
    subject: Annotated[
        str | None, typer.Option(metavar="ID", help="Only leaves about this event, item, bank …")
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="WHO", help="Only what they did: cli:USER, key:ID, …")
    ] = None,
    before: Annotated[
        int | None, typer.Option(metavar="INDEX", help="Only leaves before this one.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to list.")] = 20,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List leaves, latest first."""
    with opened(config) as place:
        found = place.audit.page(before=before, limit=limit, kind=kind, subject=subject, by=by)
    if as_json:
        print_json([stored.readable or {"index": stored.index} for stored in found])
        return
    from tutela.interfaces.leaves import sentence  # noqa: PLC0415 - not for `--help`

    if not found:
        typer.echo("No such leaves.")
    for stored in found:
        leaf = stored.readable
        said = f"{leaf.at:%Y-%m-%d %H:%M:%S}  {sentence(leaf)}" if leaf else "cannot be read"
        typer.echo(f"{stored.index:>9,}  {said}  {stored.subject}  by {stored.by}")


@app.command()
def show(index: IndexArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show a leaf."""
    with opened(config) as place:
        stored = place.audit.leaf(index)
    leaf = stored.readable
    if as_json:
        print_json({"leaf": leaf, "text": stored.text, "hash": stored.hash.hex()})
        return
    if leaf is None:
        raise InvalidInput(
            "the leaf cannot be read", where=f"leaf {index:,}", remedy="run tutela audit verify"
        )
    from tutela.interfaces.leaves import details, sentence  # noqa: PLC0415 - not for `--help`

    typer.echo(f"Leaf {leaf.index:,}: {sentence(leaf)}")
    lines = [
        ("written", f"{leaf.at:%Y-%m-%d %H:%M:%S.%f} UTC"),
        ("by", leaf.by),
        ("about", leaf.subject),
        *details(leaf),
        ("hash", stored.hash.hex()),
    ]
    if leaf.clock is not None:
        lines.append(("the clock said", f"{leaf.clock:%Y-%m-%d %H:%M:%S.%f} UTC"))
    for name, value in lines:
        typer.echo(f"  {name + ':':<16} {value}")


@app.command()
def proof(
    index: IndexArgument,
    *,
    size: Annotated[
        int | None,
        typer.Option(metavar="LEAVES", help="Of so many leaves; else of the last checkpoint."),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Print the proof that a leaf is in the log (RFC 9162), with the checkpoint that signs it."""
    from tutela.evidence.proofs import inclusion  # noqa: PLC0415 - not for `--help`

    with opened(config) as place:
        found = inclusion(place.audit, index, size)
    if as_json:
        print_json(found)
        return
    typer.echo(f"Leaf {found.index:,} of {found.size:,}: {found.leaf}")
    typer.echo(f"  hash: {found.hash}")
    for number, one in enumerate(found.proof):
        typer.echo(f"  {number:>2}:   {one}")
    typer.echo(f"  root: {found.root}")
    if found.checkpoint:
        typer.echo(found.checkpoint, nl=False)
    else:
        typer.echo("No checkpoint has signed this root: tutela audit checkpoint")


@app.command()
def checkpoint(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Sign a checkpoint now, if there is more than the last one speaks of; print the last one."""
    with opened(config) as place:
        _sign(place.settings, place.audit)
        latest = place.audit.latest_checkpoint()
    if latest is None:
        raise InvalidInput("the audit log is empty: there is nothing to sign", where="audit log")
    _print(latest, as_json=as_json)


@app.command()
def stamp(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Have the last checkpoint stamped now (RFC 3161) by the service of the settings."""
    from tutela.evidence.audit.opening import open_stamping  # noqa: PLC0415 - not for `--help`

    with opened(config) as place:
        stamping = open_stamping(place.settings)
        if stamping is None:
            raise InvalidInput(
                "no time-stamping service is set",
                where="audit.timestamp_url",
                remedy="set its address",
            )
        _sign(place.settings, place.audit)
        latest = place.audit.latest_checkpoint()
        if latest is None:
            raise InvalidInput("the audit log is empty", where="audit log")
        stamped = latest if latest.token else stamping.stamp(place.audit, latest)
    _print(stamped, as_json=as_json)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Write the whole log to one file, to be verified offline. The export is a leaf of its own."""
    from tutela.evidence.audit.sources import export_log  # noqa: PLC0415 - not for `--help`
    from tutela.storage.audit.change import leaf  # noqa: PLC0415

    with opened(config) as place, _new(file) as target:
        place.audit.write([leaf(AuditKind.EXPORT, user(), "audit log", "exported")])
        _sign(place.settings, place.audit)
        with counting("Exporting") as bar:
            task = bar.add_task("", total=place.audit.head().size)
            size = export_log(place.audit, target, lambda count: bar.advance(task, count))
    if as_json:
        print_json({"file": str(file), "leaves": size})
        return
    typer.echo(f"{size:,} leaves are in {file}.")
    typer.echo(f"Verify them with: tutela audit verify {file} --key audit.pub")


@app.command()
def key(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Print the public key, to be handed on: with it anybody can verify the log."""
    from tutela.evidence.audit.opening import open_verifier  # noqa: PLC0415 - not for `--help`
    from tutela.evidence.audit.signing import AuditKey  # noqa: PLC0415

    settings = Settings.load(config)
    AuditKey.create(settings.audit_key_file)
    verifier = open_verifier(settings)
    if as_json:
        print_json({"pem": verifier.pem, "fingerprint": verifier.fingerprint})
        return
    typer.echo(verifier.pem, nl=False)
    typer.echo(f"SHA-256 of the key that signs the log: {verifier.fingerprint}", err=True)


def _sign(settings: Settings, audit: AuditLog) -> None:
    from tutela.evidence.audit.opening import open_signer  # noqa: PLC0415 - not for `--help`

    open_signer(settings, audit, stamps=False).sign_if_more()


@contextmanager
def _source(file: Path | None, config: ConfigOption) -> Iterator[Source]:
    from tutela.evidence.audit.export import open_file  # noqa: PLC0415 - not for `--help`
    from tutela.evidence.audit.sources import InDatabase, InFile  # noqa: PLC0415

    if file is None:
        with opened(config) as place:
            yield InDatabase(place.audit)
    else:
        with open_file(file) as stream:
            yield InFile(stream, str(file))


def _known(stack: ExitStack, path: Path, verifier: Verifier) -> Knowing | None:
    """A witness's folder, or an earlier export, which must be sound itself."""
    from tutela.evidence.audit.export import open_file  # noqa: PLC0415 - not for `--help`
    from tutela.evidence.audit.sources import Earlier, InFile  # noqa: PLC0415
    from tutela.evidence.audit.verifying import verify_log  # noqa: PLC0415
    from tutela.evidence.audit.witness import Witness  # noqa: PLC0415

    if path.is_dir():
        known = Witness(path).known()
        if known is None:
            raise InvalidInput("this folder is no witness, or knows nothing yet", where=str(path))
        return known
    stream = stack.enter_context(open_file(path))
    found = verify_log(InFile(stream, str(path)), verifier)
    if found.exit_code:
        raise InvalidInput(
            f"the earlier export is not sound itself: {next(found.lines())}",
            where=str(path),
            remedy="verify it alone to see why",
        )
    return Earlier(stream, str(path))


@contextmanager
def _new(file: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner may read; it is removed where it cannot be finished."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise Conflict("the file is there already", where=str(file)) from None
    except OSError as problem:
        raise InvalidInput(f"it cannot be made ({problem.strerror})", where=str(file)) from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _print(latest: Checkpoint, *, as_json: bool) -> None:
    if as_json:
        print_json(latest)
        return
    typer.echo(latest.note, nl=False)
    stamped = ", with a time stamp" if latest.token else ""
    typer.echo(f"Signed {latest.at:%Y-%m-%d %H:%M:%S} UTC{stamped}.", err=True)


def _tell(found: Findings, *, as_json: bool) -> None:
    if as_json:
        from msgspec import structs  # noqa: PLC0415 - not for `--help`

        print_json({"verdict": found.verdict, **structs.asdict(found)})
    else:
        for line in found.lines():
            typer.echo(line)
    raise typer.Exit(found.exit_code)

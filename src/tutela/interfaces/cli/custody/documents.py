"""`tutela evidence export` and `check`: custody documents, made here and checked anywhere."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tutela.errors import InvalidInput
from tutela.interfaces.cli.custody.opening import ItemArgument, JsonOption, opened, print_json
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user

if TYPE_CHECKING:
    from tutela.evidence.custody.check import Findings

WRONG, NOT_VERIFIED = 1, 3
"""Exit codes of `check`: something is wrong; nothing is, but no key was given."""


def export(
    item_id: ItemArgument,
    *,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write a signed PDF here.")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write signed JSON here.")] = None,
    config: ConfigOption = None,
) -> None:
    """Write where an item came from and each touch since. The audit log has the export first."""
    # Here and not above: they load much that `--help` need not.
    from tutela.evidence.custody.documents import Form  # noqa: PLC0415
    from tutela.evidence.custody.opening import open_documents  # noqa: PLC0415

    places = {form: path for form, path in ((Form.PDF, pdf), (Form.JSON, json)) if path}
    if not places:
        raise InvalidInput("nothing to write", remedy="name a file with --pdf or --json")
    for path in places.values():
        _must_be_free(path)
    with opened(config) as place:
        documents = open_documents(place.settings, place.database, place.items)
        made = documents.make(item_id, set(places), user())
    for form, path in places.items():
        _write(path, made.pdf if form is Form.PDF else made.json)
        typer.echo(f"Wrote {path}")


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The PDF or JSON document.")],
    *,
    key: Annotated[
        Path | None, typer.Option("--key", help="The operator's public keys (PEM).")
    ] = None,
    content: Annotated[
        Path | None, typer.Option("--bytes", help="The bytes that it is said to be about.")
    ] = None,
    roots: Annotated[
        Path | None,
        typer.Option("--roots", help="Certificates that a time stamp is verified with (PEM)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a custody document, offline: what is wrong is named first.

    Ends with 0 if all is good, 1 if something is wrong, 3 if nothing is but no key was given.
    """
    from tutela.evidence.audit.signing import Verifier  # noqa: PLC0415 - see `export`
    from tutela.evidence.audit.stamping import Roots  # noqa: PLC0415
    from tutela.evidence.custody.check import Result, check_document  # noqa: PLC0415

    with ExitStack() as files:
        try:
            data = file.read_bytes()
            stream = files.enter_context(content.open("rb")) if content else None
        except OSError as problem:
            raise InvalidInput(
                f"it cannot be read ({problem.strerror})", where=str(problem.filename)
            ) from None
        findings = check_document(
            data,
            Verifier.read(key) if key else None,
            stream,
            Roots.read(roots) if roots else None,
        )
    if as_json:
        print_json(findings)
    else:
        _print(findings)
    if findings.result is Result.WRONG:
        raise typer.Exit(WRONG)
    if key is None:
        raise typer.Exit(NOT_VERIFIED)


def _print(findings: Findings) -> None:
    from tutela.evidence.custody.legible import Legible  # noqa: PLC0415 - see `export`

    shown = Legible(width=100).line
    drill = " (drill: harmless test material)" if findings.drill else ""
    typer.echo(f"Item {shown(findings.item)}{drill}: {findings.result}")
    for one in findings.findings:
        detail = f": {shown(one.detail)}" if one.detail else ""
        typer.echo(f"  {one.result.value:5}  {one.what}{detail}")


def _must_be_free(path: Path) -> None:
    """Before anything is written down: a document that cannot be written must not be announced."""
    if path.exists():
        raise InvalidInput(
            "there is a file of this name already", where=str(path), remedy="name another"
        )
    if not path.parent.is_dir():
        raise InvalidInput("there is no such folder", where=str(path.parent))


def _write(path: Path, data: bytes) -> None:
    """A file for its owner only, whole or not at all; never over another."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # unlike a rename, never over a file that is there already
        finally:
            draft.unlink()
    except OSError as problem:
        raise InvalidInput(
            f"it cannot be written ({problem.strerror})",
            where=str(path),
            remedy="name another place; that it was to leave stands in the audit log",
        ) from None

"""`tutela conversations terms`: which term lists there are, and whether they can be used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tutela.interfaces.cli.settings import ConfigOption
from tutela.model.record import Record
from tutela.settings import Settings

if TYPE_CHECKING:
    from tutela.detection.text.terms.term import TermList


class ListedTerms(Record, frozen=True, kw_only=True):
    """A term list as it is shown: never with a term.

    Attributes:
        language: whose terms these are; empty where they are looked for in all texts.
        entries: how many it has, patterns among them.
        digest: of its file, as a hexadecimal number.
    """

    name: str
    version: str
    owner: str
    language: str
    entries: int
    patterns: int
    digest: str


def terms(
    *,
    check: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Check this list, or all lists of this folder."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
    config: ConfigOption = None,
) -> None:
    """List the term lists that are in force, or check lists before they are.

    A mistake is told with file, line and column, and never with a term.
    """
    # Here and not above: what reads them would make `--help` slow.
    from tutela.detection.text.normaliser import Normaliser  # noqa: PLC0415
    from tutela.detection.text.terms.lists import TermLists  # noqa: PLC0415 - as above

    named = check or _of_settings(config)
    read = TermLists.read(named, Normaliser()) if named else TermLists()
    listed = [_shown(one) for one in read.lists.values()]
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(listed) + b"\n")
    elif listed:
        Console(highlight=False, markup=False).print(_table(listed))
    else:
        typer.echo("There are no term lists.")


def _of_settings(config: Path | None) -> Path | None:
    folder = Settings.load(config).conversations.terms_folder
    return Path(folder) if folder else None


def _shown(one: TermList) -> ListedTerms:
    return ListedTerms(
        name=one.name,
        version=one.version,
        owner=one.owner,
        language=one.language,
        entries=len(one.terms),
        patterns=sum(term.kind == "pattern" for term in one.terms),
        digest=one.digest,
    )


def _table(listed: list[ListedTerms]) -> Table:
    table = Table(title="Term lists", title_justify="left")
    for title in ("list", "version", "owner", "language"):
        table.add_column(title, overflow="fold")
    for title in ("entries", "patterns"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in listed:
        entries, patterns = f"{one.entries:,}", f"{one.patterns:,}"
        table.add_row(one.name, one.version, one.owner, one.language or "all", entries, patterns)
    return table

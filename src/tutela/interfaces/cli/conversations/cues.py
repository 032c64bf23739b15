"""`tutela conversations cues`: which cues there are, and whether a cue file does what it says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.detection.conversation.cues.checking import FailedLine
    from tutela.detection.conversation.cues.cueset import CueSet


def cues(
    *,
    check: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Check a cue file or a lexicon, and run its lines."),
    ] = None,
    language: Annotated[
        str | None, typer.Option(metavar="TAG", help="Only this language, such as en.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """List the cues that ratings rest on, or check a file of your own.

    A check reads the file and runs its example lines as tests. Exit codes: 0 it can be used, 1 a
    line does not do what the file says, 2 the file is refused.
    """
    if check is not None:
        _check(check, as_json=as_json)
        return
    # Here and not above: to compile phrases takes a moment, which `--help` need not.
    from tutela.conversations.raters import cues_of  # noqa: PLC0415

    sets = [one for one in cues_of(Settings.load(config)) if language in (None, one.language)]
    if as_json:
        _print_json({one.name: list(one.families.values()) for one in sets})
        return
    console = Console(highlight=False, markup=False)
    for one in sets:
        console.print(_heading(one))
        console.print(_table(one))
    if not sets:
        console.print(f"There are no cues of {language}.")


def _check(file: Path, *, as_json: bool) -> None:
    from tutela.detection.conversation.cues import folder  # noqa: PLC0415 - as above
    from tutela.detection.conversation.cues.cueset import CueSet, fold  # noqa: PLC0415
    from tutela.detection.conversation.cues.lexicon import read_lexicon  # noqa: PLC0415

    data = folder.read_bytes(file)
    if folder.is_lexicon(data, str(file)):
        lexicon = read_lexicon(data, str(file), fold)
        owner = f"version {lexicon.version} of {lexicon.owner}"
        typer.echo(f"{file}: a lexicon of {lexicon.language}, {owner}, {len(lexicon):,} words")
        return
    _run_lines(file, CueSet.load(data, str(file)), as_json=as_json)


def _run_lines(file: Path, read: CueSet, *, as_json: bool) -> None:
    from tutela.detection.conversation.cues.checking import (  # noqa: PLC0415 - as above
        counted_lines,
        failed_lines,
    )

    failed = list(failed_lines(read))
    if as_json:
        _print_json({"name": read.name, "lines": counted_lines(read), "failed": failed})
    else:
        typer.echo("\n".join(_result(file, read, failed, counted_lines(read))))
    if failed:
        raise typer.Exit(1)


def _result(file: Path, read: CueSet, failed: list[FailedLine], lines: int) -> Iterator[str]:
    for one in failed:
        yield f"{one.place}: {one.cue} {'must' if one.fires else 'must not'} be found: {one.text}"
    done = f"{len(failed):,} of {lines:,} lines failed" if failed else f"{lines:,} lines passed"
    yield f"{file}: {_families(read)}, {read.name}, {done}"


def _heading(one: CueSet) -> str:
    words = f", a lexicon of {len(one.lexicon):,} words" if one.lexicon else ", no lexicon"
    return f"{one.name}: {_families(one)}{words}"


def _families(one: CueSet) -> str:
    count = len(one.families)
    return f"{count:,} {'family' if count == 1 else 'families'}"


def _table(one: CueSet) -> Table:
    table = Table()
    for title in ("cue", "stage", "counts for"):
        table.add_column(title, no_wrap=title == "cue")
    for title in ("points", "at most"):
        table.add_column(title, justify="right", no_wrap=True)
    for cue in one.families.values():
        who = "the others" if cue.booked_to == "others" else "its author"
        between = ", to younger" if cue.gate == "gap" else ""
        stage = cue.stage or ("protects" if cue.points < 0 else "")
        table.add_row(cue.id, stage, who + between, f"{cue.points:+g}", f"{cue.cap:g}")
    return table


def _print_json(found: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")

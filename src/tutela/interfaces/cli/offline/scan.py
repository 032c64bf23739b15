"""`tutela scan`: compare files and folders with bank files, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

GREATEST_DISTANCE = 31


def scan(  # noqa: PLR0913 - the options of a command are its parameters
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="Files and folders to look at.")
    ],
    *,
    bank: Annotated[
        list[Path],
        typer.Option("--bank", "-b", metavar="FILE", help="Bank file to compare with; repeatable."),
    ],
    allow: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Bank file of known harmless files, which silences; repeatable."
        ),
    ] = None,
    bank_type: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Kind of bare values: md5, sha1, sha256 or pdq."),
    ] = None,
    distance: Annotated[
        int,
        typer.Option(
            "--distance",
            "-d",
            min=0,
            max=GREATEST_DISTANCE,
            help="Greatest distance, in bits, at which a PDQ signal matches.",
        ),
    ] = GREATEST_DISTANCE,
    dihedral: Annotated[
        bool, typer.Option("--dihedral", help="Also find mirrored and turned pictures; slower.")
    ] = False,
    exact_pixels: Annotated[
        bool,
        typer.Option("--exact-pixels", help="Decode every picture at its full size; slower."),
    ] = False,
    archives: Annotated[bool, typer.Option(help="Look inside zip and tar archives.")] = True,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, show_default="all cores", help="Decoders at work at once."
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line instead of tables.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write findings as CSV.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write findings as one HTML page.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also list clear files in JSON and CSV.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing; the exit code tells.")
    ] = False,
) -> None:
    """Compare files and folders with bank files, offline.

    A file that cannot be read or decoded is listed as not checked.
    It is never called clear. Links are not followed.

    Exit codes: 0 nothing found, 1 found, 2 could not run, 130 interrupted.
    """
    # Here and not above: decoders, kernels and NumPy would make `--help` slow.
    from tutela.interfaces.cli.offline.scanning import Options, run_scan  # noqa: PLC0415

    options = Options(
        paths=tuple(paths),
        banks=tuple(bank),
        allow=tuple(allow or ()),
        bank_type=bank_type,
        distance=distance,
        dihedral=dihedral,
        exact_pixels=exact_pixels,
        archives=archives,
        jobs=jobs,
        json=json,
        csv=csv,
        html=html,
        everything=everything,
        quiet=quiet,
    )
    raise typer.Exit(run_scan(options))

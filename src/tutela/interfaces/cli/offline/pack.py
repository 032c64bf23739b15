"""`tutela pack`: bank files in, one snapshot out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def pack(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Bank files of any format.")],
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Snapshot to write, as X.tutela.")
    ],
    bank_type: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Kind of bare values: md5, sha1, sha256 or pdq."),
    ] = None,
) -> None:
    """Pack bank files into one snapshot that opens at once.

    Every file is checked first: if one row is bad, nothing is written.
    """
    # Here and not above: NumPy and kernels would make `--help` slow.
    from tutela.detection.signals.registry import builtin_kinds  # noqa: PLC0415
    from tutela.interfaces.cli.loading import load_lists  # noqa: PLC0415
    from tutela.lists.columns import joined  # noqa: PLC0415
    from tutela.lists.snapshot import write_snapshot  # noqa: PLC0415

    lists = load_lists(files, builtin_kinds(), bank_type, shown=True)
    columns = joined([item.columns for item in lists.lists])._replace(banks=lists.names)
    write_snapshot(out, columns)
    for item in lists.lists:
        for why, count in item.left_out.items():
            typer.echo(f"{item.file}: left out {count}: {why}")
    signals = sum(len(column.codes) for column in columns.signals.values())
    megabytes = out.stat().st_size / 1e6
    typer.echo(
        f"packed {columns.size} entries with {signals} signals from {len(lists.names)} "
        f"{'bank' if len(lists.names) == 1 else 'banks'} into {out} ({megabytes:.1f} MB)"
    )

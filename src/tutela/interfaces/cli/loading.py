"""Bank files read for a command, with a progress bar."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from tutela.detection.signals.registry import SignalKinds
from tutela.lists.offline import OfflineLists, load_list


def load_lists(
    files: Sequence[Path],
    kinds: SignalKinds,
    default_kind: str | None,
    *,
    shown: bool,
    allow: Sequence[Path] = (),
) -> OfflineLists:
    """Read bank files into memory.

    Args:
        default_kind: kind of bare values.
        allow: bank files of what is known to be harmless.
        shown: whether a bar may appear on a terminal.

    Raises:
        InvalidInput: a file cannot be used; `BankFileError` where rows of it are bad.
    """
    console = Console(stderr=True)
    progress = Progress(
        TextColumn("Reading banks"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not (shown and console.is_terminal),
    )
    with progress:
        task = progress.add_task("", total=sum(map(_size, (*files, *allow))))

        def advance(size: int) -> None:
            progress.advance(task, size)

        roles = [(file, False) for file in files] + [(file, True) for file in allow]
        return OfflineLists(
            [
                load_list(file, kinds, default_kind=default_kind, allow=harmless, progress=advance)
                for file, harmless in roles
            ]
        )


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0

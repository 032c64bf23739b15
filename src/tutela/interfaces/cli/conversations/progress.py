"""The bar that runs while files of conversations are read."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


def reading_progress(*, quiet: bool = False) -> Progress:
    """A bar on standard error; none where that is no terminal, or where nobody wants one."""
    console = Console(stderr=True)
    return Progress(
        # Descriptions hold names of files, which may look like markup.
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )

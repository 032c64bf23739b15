"""`tutela policy show`, `versions` and `history`: what is in force, and what was."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from tutela.interfaces.cli.policy.opening import JsonOption, open_versions, print_json
from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tutela.storage.rules.policies import KeptPolicy
    from tutela.storage.rules.switches import PolicySwitch


def show(
    version: Annotated[
        str, typer.Argument(help="A version that is kept; else the policy in force.")
    ] = "",
    *,
    config: ConfigOption = None,
) -> None:
    """Print a policy's text."""
    settings = Settings.load(config)
    file = settings.database_file
    if not version and file is not None and not file.exists():
        # Looking must not create a database: what a server would begin with is shown.
        from tutela.policy.policy import Policy  # noqa: PLC0415 - not for `--help`

        text = Policy.in_force(settings.policy.file).text
    else:
        with open_versions(settings) as versions:
            latest = versions.begun(settings.policy.file)
            text = versions.policies.text(version or latest.live)
    sys.stdout.buffer.write(text.encode())


def versions(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the policy versions that are kept, latest first."""
    with open_versions(Settings.load(config)) as kept:
        found, latest = kept.policies.list(), kept.latest()
    if as_json:
        print_json(found)
        return
    _wide(_versions(found, latest))


def history(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to list.")] = 20,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List what was in force and in shadow, since when, and who changed it why."""
    with open_versions(Settings.load(config)) as kept:
        found = kept.switches.history(limit=limit)
    if as_json:
        print_json(found)
        return
    _wide(_history(found))


def _versions(found: Sequence[KeptPolicy], latest: PolicySwitch | None) -> Table:
    table = _table("Policy versions", "version", "kept since (UTC)", "brought in by", "now")
    for one in found:
        now = ""
        if latest is not None and one.version in {latest.live, latest.shadow}:
            now = "in force" if one.version == latest.live else "in shadow"
        table.add_row(one.version, _instant(one.added_at), one.added_by or "the program", now)
    return table


def _history(found: Sequence[PolicySwitch]) -> Table:
    table = _table("What was in force", "from (UTC)", "in force", "in shadow", "by", "why")
    for one in found:
        by = one.by or f"the program ({one.source})"
        table.add_row(_instant(one.at), one.live, one.shadow or "", by, one.note)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        # Versions are copied from here: they must not be broken over lines.
        table.add_column(column, no_wrap=column in {"version", "in force", "in shadow"})
    return table


def _wide(table: Table) -> None:
    """Print a table; where nobody looks, such as in a file, as wide as it is."""
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")

"""`tutela policy compare`: how a policy in shadow differs from the one in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tutela.errors import InvalidInput
from tutela.interfaces.cli.past.view import report_lines
from tutela.interfaces.cli.policy.opening import (
    JsonOption,
    open_database,
    print_json,
    versions_in,
)
from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.storage.rules.shadows import Comparison


def compare(
    *,
    policy: Annotated[
        str, typer.Option(metavar="VERSION", help="Else the policy that is in shadow now.")
    ] = "",
    live: Annotated[
        str,
        typer.Option(metavar="VERSION", help="Compare with this policy in force only, else all."),
    ] = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show how often a policy in shadow decided otherwise than the one in force, and what."""
    settings = Settings.load(config)
    with open_database(settings) as database:
        # Here and not above: SQL takes a while to load, which `--help` need not.
        from tutela.storage.rules.shadows import Shadows  # noqa: PLC0415

        versions = versions_in(database, settings)
        latest = versions.latest()
        version = policy or (latest.shadow if latest else None)
        if not version:
            raise InvalidInput(
                "no policy decides in shadow",
                where="tutela policy compare",
                remedy="begin with: tutela policy shadow FILE; or name one that was, with --policy",
            )
        versions.policies.get(version)
        found = Shadows(database).compared(version, live or None)
    if as_json:
        print_json(found)
    else:
        typer.echo("\n".join(_lines(found)))


def _lines(found: Comparison) -> Iterator[str]:
    stands = "in shadow" if found.in_shadow else "not in shadow now; it was"
    since = f" since {found.since:%Y-%m-%d %H:%M:%S} UTC" if found.since else " never"
    yield f"{found.policy_version}: {stands}{since}"
    for live in found.live_versions:
        yield f"compared with {live}"
    share = f" ({found.differed / found.decided:.2%})" if found.decided else ""
    yield (
        f"{found.decided:,} events decided by both: {found.agreed:,} alike, "
        f"{found.differed:,} otherwise{share}"
    )
    if found.failed:
        yield f"not decided in shadow because of an error: {found.failed:,} events"
    if found.skipped:
        yield f"not asked because it had been too slow: {found.skipped:,} events"
    yield from report_lines(found.report)

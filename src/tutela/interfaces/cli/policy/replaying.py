"""`tutela policy replay`: what would a policy have decided about the past?"""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.interfaces.cli.past.rescan import new_rescan, work_here
from tutela.interfaces.cli.policy.opening import (
    JsonOption,
    PolicyArgument,
    open_database,
    policy_of,
    versions_in,
)
from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings


def replay(
    policy: PolicyArgument,
    *,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what came in from then on (ISO 8601).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what came in before then (ISO 8601).")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Decide anew about stored facts of any period, and show what differs; changes nothing.

    It is a re-scan like any other: it goes on after a crash, and stands in `tutela rescan list`.
    An event that lacks a fact that the rules read is counted as not decided: nothing is guessed.

    Exit codes: 0 done, 1 it failed or was cancelled.
    """
    settings = Settings.load(config)
    with open_database(settings) as database:
        wanted = policy_of(versions_in(database, settings), policy)
        new = new_rescan(since, until, policy=wanted.text, version=wanted.version)
        work_here(settings, database, new, as_json=as_json)

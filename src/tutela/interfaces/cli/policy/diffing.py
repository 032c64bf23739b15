"""`tutela policy diff`: how two policies differ, rule by rule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tutela.interfaces.cli.policy.opening import (
    JsonOption,
    open_database,
    policy_of,
    print_json,
    versions_in,
)
from tutela.interfaces.cli.settings import ConfigOption
from tutela.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutela.policy.explaining.comparison import FieldChange, PolicyDiff
    from tutela.policy.policy import Policy

_METAVAR = "FILE|VERSION|current|shipped"
BeforeArgument = Annotated[
    str, typer.Argument(metavar=f"BEFORE: {_METAVAR}", help="What it was.", show_default=False)
]
AfterArgument = Annotated[
    str, typer.Argument(metavar=f"AFTER: {_METAVAR}", help="What it is to be.", show_default=False)
]
CURRENT, SHIPPED = "current", "shipped"


def diff(
    before: BeforeArgument,
    after: AfterArgument,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show how two policies differ: rules added, removed, and changed field by field.

    `current` is the policy in force, `shipped` the one that comes with the program.
    """
    # Here and not above: the engine takes a moment to load, which `--help` need not.
    from tutela.policy.explaining.comparison import differences  # noqa: PLC0415

    settings = Settings.load(config)
    found = differences(_policy(before, settings), _policy(after, settings))
    if as_json:
        print_json(found)
    else:
        typer.echo("\n".join(_lines(found)))


def _policy(named: str, settings: Settings) -> Policy:
    from tutela.policy.policy import Policy  # noqa: PLC0415 - as above

    if named == SHIPPED:
        return Policy.default()
    if Path(named).is_file():
        return Policy.read(Path(named))
    file = settings.database_file
    if named == CURRENT and file is not None and not file.exists():
        # Looking must not create a database: what a server would begin with is compared.
        return Policy.in_force(settings.policy.file)
    with open_database(settings) as database:
        versions = versions_in(database, settings)
        if named == CURRENT:
            return versions.load(versions.begun(settings.policy.file).live)
        return policy_of(versions, named)


def _lines(found: PolicyDiff) -> Iterator[str]:
    yield f"{found.before} -> {found.after}"
    if found.before == found.after:
        yield "The same text."
        return
    if found.thresholds:
        yield "\nthresholds"
    for threshold in found.thresholds:
        yield from _change(threshold)
    for name in found.removed:
        yield f"\nremoved  {name}"
    for name in found.added:
        yield f"\nadded    {name}"
    for change in found.changed:
        yield f"\nchanged  {change.rule}"
        for field in change.fields:
            yield from _change(field)
    if found.moved:
        yield "\nRules stand in another order, which changes the order of reasons and nothing else."
    count = len(found.removed), len(found.added), len(found.changed)
    yield f"\n{count[0]} removed, {count[1]} added, {count[2]} changed, {found.same} the same"


def _change(field: FieldChange) -> Iterator[str]:
    yield f"  {field.field}"
    yield f"    - {field.before or '(nothing)'}"
    yield f"    + {field.after or '(nothing)'}"

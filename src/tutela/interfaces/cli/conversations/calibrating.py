"""`tutela conversations calibrate`: let probabilities rest on what people decided."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from tutela.interfaces.cli.response.opening import opened, print_json
from tutela.interfaces.cli.settings import ConfigOption
from tutela.interfaces.cli.user import user
from tutela.model.record import Record
from tutela.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutela.detection.conversation.bar.precision import Decided

DAYS = 365
ENOUGH = 30


class Row(Record, frozen=True, kw_only=True):
    """What is said of one value, before and after.

    Attributes:
        cases, right: decided cases from this value to the next, and those in which people were
            needed.
    """

    value: float
    cases: int
    right: int
    before: float
    after: float


class Calibrated(Record, frozen=True, kw_only=True):
    """What was made.

    Attributes:
        version: names it in ratings; empty where nothing was stored.
    """

    version: str
    model: str
    method: str
    cases: int
    confirmed: int
    rows: tuple[Row, ...]


def calibrate(
    *,
    days: Annotated[
        int, typer.Option(min=1, max=3660, help="Outcomes of the last so many days.")
    ] = DAYS,
    at_least: Annotated[
        int, typer.Option(min=10, max=100_000, help="Cases of each kind that it takes.")
    ] = ENOUGH,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show it, and change nothing.")
    ] = False,
    drill: Annotated[
        bool, typer.Option("--drill", help="Try it on drills; nothing is changed then.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Let the probabilities of ratings rest on what people decided of cases.

    Values and thresholds stay as they are: a probability says how often people agreed that such a
    conversation needed them. People saw only what was raised: below that, the prior still holds. It
    belongs to the rater with the cues or the model that made those ratings. Servers use it within
    a minute.
    """
    # Here and not above: SQL takes a while to load, which `--help` need not.
    from tutela.conversations.raters import open_rater  # noqa: PLC0415
    from tutela.conversations.reviewing.calibrating import Calibrating, fit  # noqa: PLC0415
    from tutela.storage.conversation.calibrations import Calibrations  # noqa: PLC0415
    from tutela.storage.conversation.outcomes import decided  # noqa: PLC0415
    from tutela.storage.values import now  # noqa: PLC0415

    # Extensions stand above the interfaces; one of them may be what rates here.
    makers = import_module("tutela.extensions").rater_makers()
    model = open_rater(Settings.load(config), makers).model
    with opened(config) as database:
        outcomes = decided(database, now() - timedelta(days=days), drill=drill, model=model)
        found, version = fit(outcomes, at_least), ""
        if not dry_run and not drill:
            parts = Calibrating(Calibrations(database))
            stored = parts.calibrate(outcomes, model, enough=at_least, by=user())
            version = f"outcomes {stored.id}"
    told = Calibrated(
        version=version,
        model=model,
        method=found.method,
        cases=found.cases,
        confirmed=found.confirmed,
        rows=tuple(_rows(found.curve, outcomes)),
    )
    if as_json:
        print_json(told)
    else:
        _print(told)


def _rows(curve: Sequence[tuple[float, float]], outcomes: Sequence[Decided]) -> Sequence[Row]:
    from tutela.detection.conversation.calibration import PRIOR  # noqa: PLC0415 - as above

    rows = []
    for place, (value, after) in enumerate(curve):
        end = curve[place + 1][0] if place + 1 < len(curve) else 11.0
        here = [one for one in outcomes if value <= one.peak / 10 < end]
        cases, right = sum(one.cases for one in here), sum(one.right for one in here)
        before = PRIOR.probability(value)
        rows.append(Row(value=value, cases=cases, right=right, before=before, after=after))
    return rows


def _print(told: Calibrated) -> None:
    console = Console()
    table = Table(title="How often people agreed that they were needed", title_justify="left")
    for name in ("from value", "cases", "needed", "prior", "now"):
        table.add_column(name, justify="right")
    for row in told.rows:
        shares = (f"{row.before:.1%}", f"{row.after:.1%}")
        table.add_row(f"{row.value:.1f}", f"{row.cases:,}", f"{row.right:,}", *shares)
    console.print(table)
    console.print(f"{told.cases:,} cases, {told.confirmed:,} of them needed people.", style="dim")
    console.print(f"Rated by {told.model}; fitted by {told.method}.", style="dim", highlight=False)
    said = f"It counts from now on as {told.version!r}." if told.version else "Nothing was changed."
    console.print(said)

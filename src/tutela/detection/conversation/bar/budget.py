"""The threshold that keeps to a budget of alerts a day, chosen on the running maximum."""

from __future__ import annotations

from math import ceil

from tutela.detection.conversation.bar.traffic import HIGHEST, Traffic
from tutela.errors import InvalidInput
from tutela.model.record import Record

RULE_OF_THREE = 3


class Budget(Record, frozen=True, kw_only=True):
    """A budget and the threshold for it.

    Attributes:
        alerts_per_day: the budget.
        share: of the conversations that it lets through: budget by conversations a day.
        threshold: the lowest that keeps to it; None where no threshold does.
        expected_per_day: alerts that are to be expected there at most.
        enough: whether enough conversations were rated to speak of so small a share at all.
        needed: how many that would be.
    """

    alerts_per_day: float
    share: float
    threshold: float | None
    expected_per_day: float | None
    enough: bool
    needed: int


def within_budget(traffic: Traffic, alerts_per_day: float, lowest: float = 0.1) -> Budget:
    """The lowest threshold at which no more alerts a day are to be expected than the budget has.

    It is chosen on the highest value that each conversation ever had, because that is what makes an
    alert, and corrected for how few conversations there were: with n of them, of which k reached
    the threshold, the chance that the next one does is at most (1 + k) / (n + 1), if it is like
    those. Labels are not needed. What was rated is taken as harmless throughout, which errs to the
    careful side.

    Source: Vovk, Gammerman, Shafer (2005), Algorithmic Learning in a Random World (conformal
    p-values).

    Args:
        traffic: conversations that were rated.
        alerts_per_day: the budget; more than 0.
        lowest: no threshold below this.

    Raises:
        InvalidInput: the budget is not above 0, or no conversation was rated.
    """
    if not alerts_per_day > 0:
        raise InvalidInput("a budget is a number of alerts a day above 0", where="budget")
    if not traffic.conversations:
        raise InvalidInput(
            "no conversation was rated in this time",
            where="conversations",
            remedy="name a longer time",
        )
    daily = traffic.conversations / traffic.days
    share = min(1.0, alerts_per_day / daily)
    needed = ceil(RULE_OF_THREE / share)
    chosen = next(
        (
            tenths
            for tenths in range(max(1, ceil(lowest * 10 - 1e-9)), HIGHEST + 1)
            if _chance(traffic, tenths) <= share
        ),
        None,
    )
    return Budget(
        alerts_per_day=alerts_per_day,
        share=share,
        threshold=None if chosen is None else chosen / 10,
        expected_per_day=None if chosen is None else _chance(traffic, chosen) * daily,
        enough=traffic.conversations >= needed,
        needed=needed,
    )


def _chance(traffic: Traffic, tenths: int) -> float:
    """That the next conversation reaches a threshold, at most."""
    return min(1.0, (1 + traffic.reaching[tenths].total) / (1 + traffic.conversations))

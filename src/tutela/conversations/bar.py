"""Where the bar stands, and what every other place of it would have cost and found here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tutela.detection.conversation.bar.budget import Budget, within_budget
from tutela.detection.conversation.bar.precision import Decided
from tutela.detection.conversation.bar.simulating import Simulation, simulate
from tutela.detection.conversation.bar.traffic import Count, Traffic
from tutela.model.record import Record
from tutela.policy.policy import Policy
from tutela.storage.conversation.outcomes import decided
from tutela.storage.conversation.states import Conversations
from tutela.storage.database import Database
from tutela.storage.values import now

THRESHOLD = "grooming"
"""Name of the policy's threshold that is the bar: `thresholds.grooming`."""

DAYS = 30
"""Days that are counted where nobody names others."""


class Reckoning(Record, frozen=True, kw_only=True):
    """What a simulation reckons with.

    Attributes:
        threshold: the bar that is in force; None where the policy names none.
        floor: the setting `conversations.floor`.
        minutes: that a reviewer needs for a case.
        budget: alerts a day; None chooses no threshold.
    """

    threshold: float | None
    floor: float
    minutes: float
    budget: float | None = None


class Bar(Record, frozen=True, kw_only=True):
    """The bar, and what each place of it would have done.

    Attributes:
        simulation: what each threshold would have done.
        threshold: the bar that is in force; None where the policy names none.
        floor: below this value no conversation is an event, so that a bar there changes nothing.
        budget: the threshold for a budget of alerts, where one was named.
    """

    simulation: Simulation
    threshold: float | None
    floor: float
    budget: Budget | None = None


def bar_of(policy: Policy) -> float | None:
    """The threshold of conversations that a policy names."""
    return policy.thresholds.get(THRESHOLD)


def recorded(
    database: Database,
    reckoning: Reckoning,
    days: int = DAYS,
    *,
    drill: bool = False,
) -> Bar:
    """What each threshold would have done over the conversations that were rated here.

    Whole days (UTC) before today are counted, as far back as anything was rated; where there is
    none yet, today is.

    Args:
        database: what was rated.
        reckoning: what is reckoned with.
        days: so many at most.
        drill: those of drills, or those that are real.

    Raises:
        InvalidInput: a budget was named, and it is none or nothing was rated.
        Unavailable: the database cannot be read.
    """
    since = _start(now()) - timedelta(days=days)
    traffic = _traffic(Conversations(database), since, drill=drill)
    return reckoned(traffic, decided(database, since, drill=drill), reckoning)


def reckoned(traffic: Traffic, known: Sequence[Decided], reckoning: Reckoning) -> Bar:
    """What each threshold would have done over some traffic of which some was decided.

    Raises:
        InvalidInput: a budget was named, and it is none or nothing was rated.
    """
    floor, budget = reckoning.floor, reckoning.budget
    return Bar(
        simulation=simulate(traffic, known, reckoning.minutes),
        threshold=reckoning.threshold,
        floor=floor,
        budget=None if budget is None else within_budget(traffic, budget, floor),
    )


def _traffic(conversations: Conversations, since: datetime, *, drill: bool) -> Traffic:
    today = int(now().timestamp() // 86_400)
    reached = conversations.days(since, drill=drill)
    past = {one: many for one, many in reached.items() if one.day < today}
    counted = past or reached
    first = min((one.day for one in counted), default=today)
    counts = [Count(one.peak, one.turns, many) for one, many in counted.items()]
    return Traffic.counted(counts, today - first if past else 1)


def _start(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

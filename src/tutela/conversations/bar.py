"""Where the bar stands, and what every other place of it would have cost and found here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from tutela.detection.conversation.bar.budget import Budget, within_budget
from tutela.detection.conversation.bar.precision import Decided
from tutela.detection.conversation.bar.simulating import Simulation, simulate
from tutela.detection.conversation.bar.traffic import Count, Traffic
from tutela.model.record import Record
from tutela.policy.policy import Policy
from tutela.storage.conversation.outcomes import decided, emergencies
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
        emergencies_per_day: conversations with one, which come on top of all alerts; None where
            nobody counted them.
    """

    simulation: Simulation
    threshold: float | None
    floor: float
    budget: Budget | None = None
    emergencies_per_day: float | None = None


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
    today = _start(now())
    since = today - timedelta(days=days)
    traffic, until = _traffic(Conversations(database), since, today, drill=drill)
    bar = reckoned(traffic, decided(database, since, drill=drill), reckoning)
    seen = emergencies(database, since, until, drill=drill)
    return replace(bar, emergencies_per_day=seen / traffic.days)


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


def _traffic(
    conversations: Conversations, since: datetime, today: datetime, *, drill: bool
) -> tuple[Traffic, datetime]:
    """What was rated in whole days, or today where that is all; and when that time ended."""
    this_day = _day(today)
    reached = conversations.days(since, drill=drill)
    past = {one: many for one, many in reached.items() if one.day < this_day}
    counted = past or reached
    first = min((one.day for one in counted), default=this_day)
    counts = [Count(one.peak, one.turns, many) for one, many in counted.items()]
    until = today if past else today + timedelta(days=1)
    return Traffic.counted(counts, this_day - first if past else 1), until


def _day(moment: datetime) -> int:
    return int(moment.timestamp() // 86_400)


def _start(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

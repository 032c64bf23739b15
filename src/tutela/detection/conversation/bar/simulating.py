"""What each threshold would have cost and found, over conversations that were rated."""

from __future__ import annotations

from collections.abc import Sequence

from tutela.detection.conversation.bar.precision import Decided, Precision, by_peak, precision
from tutela.detection.conversation.bar.traffic import HIGHEST, Traffic
from tutela.model.record import Record


class Point(Record, frozen=True, kw_only=True):
    """One threshold.

    Attributes:
        threshold: from which value, 0.1 to 10.
        alerts: conversations that reached it, in all days together.
        alerts_per_day: on average.
        hours_per_day: of reviewers, for so many alerts.
        by_turn: share of the alerts within the first 10, 20 and 50 messages; None without alerts.
        precision: expected share of alerts that people find right; None where nobody knows.
    """

    threshold: float
    alerts: int
    alerts_per_day: float
    hours_per_day: float
    by_turn: tuple[float, float, float] | None = None
    precision: Precision | None = None


class Simulation(Record, frozen=True, kw_only=True):
    """What the thresholds would have done.

    Attributes:
        days, conversations: over how many days, and conversations that began in them.
        minutes: that a reviewer needs for a case.
        decided: conversations of which people decided.
        points: one for each tenth from 0.1 to 10, the lowest first.
    """

    days: int
    conversations: int
    minutes: float
    decided: int
    points: tuple[Point, ...]

    def at(self, threshold: float) -> Point:
        """The point of a threshold, which is rounded to tenths."""
        return self.points[min(max(round(threshold * 10), 1), HIGHEST) - 1]


def simulate(traffic: Traffic, decided: Sequence[Decided], minutes: float) -> Simulation:
    """What every threshold would have done.

    Args:
        traffic: conversations that were rated.
        decided: those of which people decided.
        minutes: that a reviewer needs for a case.
    """
    found = by_peak(decided)
    return Simulation(
        days=traffic.days,
        conversations=traffic.conversations,
        minutes=minutes,
        decided=sum(one.cases for one in found.values()),
        points=tuple(
            _point(tenths, traffic, minutes, precision(tenths, traffic, found))
            for tenths in range(1, HIGHEST + 1)
        ),
    )


def _point(tenths: int, traffic: Traffic, minutes: float, share: Precision | None) -> Point:
    reaching = traffic.reaching[tenths]
    alerts, per_day = reaching.total, reaching.total / traffic.days
    first, second, third = reaching.by_turn
    return Point(
        threshold=tenths / 10,
        alerts=alerts,
        alerts_per_day=per_day,
        hours_per_day=per_day * minutes / 60,
        by_turn=(first / alerts, second / alerts, third / alerts) if alerts else None,
        precision=share,
    )

"""Whether the clock can be believed, before anything is destroyed by it.

A clock that jumps ahead would destroy what must be kept; one that goes back would keep what must
go. So the worker writes down once a day what time it is, as a leaf of the audit log, and compares.
The time of other leaves is not enough: whoever writes them goes by the same clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from tutela.model.custody.leaf import PROGRAM, AuditKind, Leaf, NewLeaf
from tutela.storage.audit.reading import AuditLog, Head

AHEAD = timedelta(days=7)
"""A clock that is so far ahead of what was last written down must be confirmed by a person."""
SLACK = timedelta(minutes=5)
"""A clock that is set right may go back by so much."""
DAILY = timedelta(days=1)
SUBJECT = "clock"


class Belief(NamedTuple):
    """Whether the clock can be believed, and if not, why."""

    problem: str
    stale: bool

    @property
    def plausible(self) -> bool:
        """Whether evidence may expire by it."""
        return not self.problem


def belief(log: AuditLog, now: datetime) -> Belief:
    """Whether the clock can be believed.

    Args:
        log: the audit log.
        now: what the clock says.

    Returns:
        with `stale` where what was last written down is more than a day old, or nothing was.
    """
    head, seen = log.head(), _seen(log)
    if seen is None:
        problem = _problem(head.at, now) if head.size else ""
        return Belief(problem, stale=True)
    told = seen.clock or seen.at
    problem = _problem(told, now)
    if not problem and not _known_to_be_ahead(head, seen) and now < head.at - SLACK:
        problem = _back(head.at, now)
    return Belief(problem, stale=now - told > DAILY)


def write_down(log: AuditLog, *, by: str = PROGRAM, confirmed: bool = False) -> None:
    """Write down what time it is.

    Args:
        log: the audit log.
        by: who says so.
        confirmed: a person has looked at a clock that could not be believed.
    """
    data = {"confirmed": True} if confirmed else {}
    log.write([NewLeaf(kind=AuditKind.CLOCK, by=by, subject=SUBJECT, data=data)])


def _seen(log: AuditLog) -> Leaf | None:
    """The leaf with what was last written down."""
    found = log.page(limit=1, kind=AuditKind.CLOCK)
    return found[0].leaf if found else None


def _known_to_be_ahead(head: Head, seen: Leaf) -> bool:
    """Whether a person has confirmed that the log is ahead of the clock, and not the other way."""
    return seen.clock is not None and seen.at == head.at


def _problem(told: datetime, now: datetime) -> str:
    if now < told - SLACK:
        return _back(told, now)
    if now > told + AHEAD:
        return (
            f"the clock says {now:%Y-%m-%d %H:%M} UTC, and {told:%Y-%m-%d %H:%M} was the last "
            "time that was written down: it may have jumped"
        )
    return ""


def _back(told: datetime, now: datetime) -> str:
    return (
        f"the clock went back: it says {now:%Y-%m-%d %H:%M} UTC, and {told:%Y-%m-%d %H:%M} "
        "was written down before"
    )

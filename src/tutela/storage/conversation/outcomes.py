"""What became of conversations: what people decided by their highest value, and emergencies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import func, select

from tutela.detection.conversation.bar.precision import Decided
from tutela.model import CaseState
from tutela.model.review.reading import ReviewOutcome
from tutela.storage.conversation.tables import conversation_alerts, conversations
from tutela.storage.database import Database
from tutela.storage.tables import cases, events

RIGHT = (ReviewOutcome.CONFIRMED.value, ReviewOutcome.VIOLATION.value)
"""Outcomes that say that somebody was needed."""

_SAID = (*RIGHT, ReviewOutcome.HARMLESS.value)


class _Rated(msgspec.Struct):
    """Of a stored rating, what made it; the rest of it is left unread."""

    model: str = ""


def decided(
    database: Database, since: datetime, *, drill: bool = False, model: str = ""
) -> Sequence[Decided]:
    """Conversations of which people decided a case, each once, by its highest value in tenths.

    Of several cases of one conversation the latest decision counts; one that can still be undone
    does not. Raises `Unavailable`.

    Args:
        database: where the cases are.
        since: alerts before this do not count.
        drill: those of drills, or those that are real.
        model: only those that a rater of this name and version rated; empty for any.
    """
    alerts, stands_in = conversation_alerts, cases.alias("stands_in")
    wanted = (
        select(alerts.c.conversation, alerts.c.peak, alerts.c.rating, stands_in.c.outcome)
        .join(events, events.c.id == alerts.c.event_id)
        .join(cases, cases.c.event_seq == events.c.seq)
        .join(stands_in, stands_in.c.event_seq == func.coalesce(cases.c.root, cases.c.event_seq))
        .where(alerts.c.drill.is_(drill), alerts.c.at >= since)
        .where(stands_in.c.state == CaseState.CLOSED.value, stands_in.c.outcome.in_(_SAID))
        .order_by(stands_in.c.closed_at, stands_in.c.event_seq, alerts.c.event_id)
    )
    peaks: dict[str, int] = {}
    outcomes: dict[str, str] = {}
    with database.read() as connection:
        for row in connection.execute(wanted):
            if model and msgspec.json.decode(row.rating, type=_Rated).model != model:
                continue
            peaks[row.conversation] = max(row.peak, peaks.get(row.conversation, 0))
            outcomes[row.conversation] = row.outcome
    cases_of = Counter(peaks.values())
    right = Counter(peak for name, peak in peaks.items() if outcomes[name] in RIGHT)
    return [Decided(peak, cases_of[peak], right[peak]) for peak in sorted(cases_of)]


def emergencies(
    database: Database, since: datetime, until: datetime, *, drill: bool = False
) -> int:
    """How many conversations that began in a time have shown an emergency; `drill` as above."""
    own = conversations.c
    wanted = (
        select(func.count())
        .select_from(conversations)
        .where(own.drill.is_(drill), own.started_at >= since, own.started_at < until)
        .where(own.lanes != "[]")
    )
    with database.read() as connection:
        return connection.scalar(wanted) or 0

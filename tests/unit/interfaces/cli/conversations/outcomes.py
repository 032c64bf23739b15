"""Cases of conversations that people decided, as they lie in a database."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, insert, select

from tutela.conversations.raters import open_rater
from tutela.model.conversation.rating import ConversationRating
from tutela.settings import Settings
from tutela.storage.conversation.standing import Alert
from tutela.storage.conversation.states import Changes, Conversations
from tutela.storage.database import Database
from tutela.storage.tables import cases, events
from tutela.storage.values import now

NUMBERS = itertools.count()


def put_outcomes(
    database: Database,
    outcomes: Sequence[tuple[int, str]],
    *,
    model: str = "",
    drill: bool = False,
) -> None:
    """Store closed cases: the highest value of each conversation, in tenths, and the outcome."""
    at, model = now() - timedelta(days=1), model or open_rater(Settings.load(None)).model
    with database.read() as connection:
        first = connection.scalar(select(func.coalesce(func.max(events.c.seq), 0))) or 0
    alerts, event_rows, case_rows = [], [], []
    for seq, (peak, outcome) in enumerate(outcomes, first + 1):
        name = f"decided-{next(NUMBERS)}"
        rating = ConversationRating(conversation_id=name, value=peak / 10, model=model)
        alerts.append(
            Alert(
                event_id=name,
                conversation=name,
                drill=drill,
                at=at,
                peak=peak,
                turn=5,
                rating=rating,
                told_at=at,
            )
        )
        facts = {"kind": "message", "surface": "", "region": "", "drill": drill, "contents": "[]"}
        event_rows.append({"seq": seq, "id": name, "digest": "", "received_at": at, **facts})
        own = {"drill": drill, "principles": "[]", "summary": "", "outcome": outcome}
        closed = {"opened_at": at, "closed_at": at, "state": "closed"}
        case_rows.append({"event_seq": seq, "id": f"case-{name}", **own, **closed})
    with Conversations(database).changing([], []) as changing:
        changing.save(Changes(alerts=alerts))
        changing.connection.execute(insert(events), event_rows)
        changing.connection.execute(insert(cases), case_rows)

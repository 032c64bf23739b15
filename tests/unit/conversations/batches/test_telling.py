"""What is raised is told, whatever goes wrong with its neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from tests.unit.conversations.lines import rising

from tutela.conversations.batches.telling import AlertTeller, submission_of
from tutela.errors import InvalidInput
from tutela.model import Outcome
from tutela.pipeline import Submission

if TYPE_CHECKING:
    from tests.unit.conversations.conftest import Talking

    from tutela.storage.database import Database

NONE = timedelta(0)


def test_what_cannot_be_decided_about_stays_owed_and_stops_nobody(
    talking: Talking, begun: Callable[[Database], Talking], database: Database
) -> None:
    talking.deciding.broken = True
    for talk in ("good", "bad", "also good"):
        talking.take(rising(conversation=talk))
    store, later = talking.parts.store, begun(database)

    async def decide(submission: Submission) -> Outcome:
        if submission.conversation == "bad":
            raise InvalidInput("nobody knows why")
        return await later.deciding.decide(submission)

    teller = AlertTeller(store, decide, structlog.get_logger())
    assert asyncio.run(teller.tell_owed(NONE)) == 2
    (owed,) = store.owed(NONE)
    assert owed.conversation == "bad"
    assert store.owing(NONE) == 1
    assert asyncio.run(later.parts.service.telling.tell_owed(NONE)) == 1
    assert store.owing(NONE) == 0


def test_an_alert_is_the_same_event_for_ever(talking: Talking) -> None:
    talking.take(rising())
    (event,) = talking.deciding.handed
    assert talking.parts.store.owed(NONE) == []
    alert = talking.parts.store.alert(event.event_id)
    assert submission_of(alert) == event

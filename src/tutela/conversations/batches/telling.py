"""What is raised of conversations becomes events: policy decides about them as about any other."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from structlog.typing import FilteringBoundLogger

from tutela.errors import Unavailable
from tutela.model import EventKind, Outcome, Rating
from tutela.pipeline import Submission
from tutela.storage.conversation.standing import Alert
from tutela.storage.conversation.states import Conversations

OWED = timedelta(seconds=30)
"""An alert that is not told after so long is told by whoever comes by."""
GROOMING = "grooming"
"""Name under which policy reads the rating of a conversation."""
TOGETHER = "grooming_actor"
"""Name of the rating of all conversations of its actor together, where there are several."""
SEEN = 10.0
"""Rating of an emergency that was seen: it either was, or was not."""
_MODEL = 128


class AlertTeller:
    """Has alerts decided about, each once in effect, whoever does it and however often.

    Args:
        store: keeps what is owed.
        decide: carries a submission through the pipeline.
        log: where it tells of trouble.
    """

    def __init__(
        self,
        store: Conversations,
        decide: Callable[[Submission], Awaitable[Outcome]],
        log: FilteringBoundLogger,
    ) -> None:
        self._store = store
        self._decide = decide
        self._log = log

    async def tell(self, alerts: Sequence[Alert]) -> dict[str, Outcome]:
        """Have alerts decided about; what came of each, by event. What fails stays owed."""
        found = await asyncio.gather(*map(self._decided, alerts))
        outcomes = {one.event_id: one for one in found if one is not None}
        if outcomes:
            try:
                await asyncio.to_thread(self._store.told, list(outcomes))
            except Unavailable:
                self._log.warning("alerts will be told once more", alerts=len(outcomes))
        return outcomes

    async def tell_owed(self, waiting: timedelta = OWED) -> int:
        """Tell what a crash or a full pipeline has left untold; how much of it was."""
        owed = await asyncio.to_thread(self._store.owed, waiting)
        return len(await self.tell(owed))

    async def _decided(self, alert: Alert) -> Outcome | None:
        try:
            return await self._decide(submission_of(alert))
        except Unavailable as problem:
            self._log.warning("an alert is owed", event_id=alert.event_id, reason=problem.what)
        except Exception:  # noqa: BLE001 - its neighbours must be told, and it stays owed
            self._log.exception("an alert cannot be decided about", event_id=alert.event_id)
        return None


def submission_of(alert: Alert) -> Submission:
    """The event of an alert as the pipeline takes it: always the same for the same alert."""
    facts, model = alert.facts, alert.rating.model[:_MODEL]
    probability = alert.rating.probability
    ratings = (
        Rating(name=GROOMING, value=alert.peak / 10, probability=probability, model=model),
        *([Rating(name=TOGETHER, value=facts.actor_peak / 10)] if facts.actor_peak else ()),
        *(Rating(name=lane.value, value=SEEN, model=model) for lane in alert.rating.lanes),
    )
    return Submission(
        event_id=alert.event_id,
        digest=hashlib.sha256(alert.event_id.encode()).hexdigest(),
        kind=EventKind.MESSAGE,
        surface=facts.surface,
        region=facts.region,
        actor=facts.actor,
        receivers=facts.receivers,
        conversation=alert.conversation,
        language=facts.language,
        ratings=ratings,
        account=facts.account,
        drill=alert.drill,
    )

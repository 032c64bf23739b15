"""A batch of messages, start to end.

Law first: a message that may not be rated is counted and nothing else. The others are grouped by
conversation and taken in the order of their numbers; each conversation is carried on from its
stored features to the new ones. Features, counters of accounts and what is to be raised are
written in one transaction; then each alert becomes an event of the pipeline, under an id that
follows from it. What a crash leaves in between is owed, and told later by whoever comes first.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from tutela.conversations.batches.carrying import Carried
from tutela.conversations.batches.sorting import LawOf, sort
from tutela.conversations.batches.storing import Stored, Storing
from tutela.conversations.batches.telling import AlertTeller
from tutela.model import Outcome
from tutela.model.conversation.batch import (
    BatchResult,
    MessageResult,
    MessageStatus,
    NewMessage,
    NewReport,
    TalkResult,
)
from tutela.model.conversation.message import Message
from tutela.storage.conversation.standing import Key
from tutela.storage.values import now

Keep = Callable[[Mapping[Key, Sequence[Message]]], object]
"""Keeps messages of those conversations for which a case waits, and nothing of the others."""
Counted = Callable[[Mapping[MessageStatus, int], int], object]
"""Told of each batch: how many messages came to what, and how many conversations were raised."""


def unheard(_results: Mapping[MessageStatus, int], _raised: int) -> None:
    """For whoever counts nothing."""


class ConversationService:
    """Rates conversations as they go on. One per process, used by all requests.

    Args:
        law: says what may be rated.
        storing: carries conversations on.
        telling: has alerts decided about.
        keep: keeps messages of conversations that wait for people, and forgets the others.
        counted: told of each batch, for the metrics.
    """

    def __init__(
        self,
        law: LawOf,
        storing: Storing,
        telling: AlertTeller,
        keep: Keep,
        counted: Counted = unheard,
    ) -> None:
        self._law = law
        self._storing = storing
        self.telling = telling
        self._keep = keep
        self._counted = counted

    async def take(
        self,
        messages: Sequence[NewMessage | MessageResult],
        reports: Sequence[NewReport | MessageResult] = (),
    ) -> BatchResult:
        """Take a batch in; its features and alerts are durable when this returns.

        Args:
            messages: messages, or what is said already of those that could not be read.
            reports: likewise.

        Raises:
            Unavailable: the database cannot be used now; nothing was taken. Trying again is safe.
        """
        at = now()
        batch = sort(messages, reports, self._law, at)
        stored = await asyncio.to_thread(self._storing.store, batch, at)
        for carried in stored.carried.values():
            batch.results.update(carried.results)
        results = tuple(batch.results[place] for place in range(len(messages)))
        alerts = list(stored.alerts.values())
        self._counted(Counter(one.status for one in results), len(alerts))
        outcomes = await self.telling.tell(alerts)
        await self._kept(stored.carried)
        return BatchResult(
            results=results,
            reports=batch.report_results,
            conversations=tuple(
                _talk(key, carried, stored, outcomes) for key, carried in stored.carried.items()
            ),
        )

    async def _kept(self, carried: Mapping[Key, Carried]) -> None:
        """Keep what was written in conversations for which a case waits by now."""
        written = {key: [one.message for one in talk.fresh] for key, talk in carried.items()}
        if any(one.text or one.media for talk in written.values() for one in talk):
            await asyncio.to_thread(self._keep, written)


def _talk(
    key: Key, carried: Carried, stored: Stored, outcomes: Mapping[str, Outcome]
) -> TalkResult:
    rating, standing, alert = carried.rating, carried.standing, stored.alerts.get(key)
    known = stored.reaches.get(key)
    return TalkResult(
        conversation=key.id,
        drill=key.drill,
        messages=standing.messages,
        value=rating.value,
        peak=standing.peak / 10,
        probability=rating.probability,
        band=rating.band,
        lanes=standing.lanes,
        fan_out=known.fan_out if known else 0,
        not_enough_evidence=rating.not_enough_evidence,
        event_id=alert.event_id if alert else None,
        outcome=outcomes.get(alert.event_id) if alert else None,
    )

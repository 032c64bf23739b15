"""A sorted batch worked out and stored: features, counters and alerts in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from structlog.typing import FilteringBoundLogger

from tutela.conversations.batches.carrying import Carried, carry_on, tenths
from tutela.conversations.batches.raising import alerts_of
from tutela.conversations.batches.reaching import Reach, Reaches, leading, reach
from tutela.conversations.batches.sorting import Batch
from tutela.detection.conversation.rater import Rater
from tutela.errors import Conflict, Unavailable
from tutela.model.actor import AccountSignals
from tutela.storage.conversation.accounts import AccountBook, Complained, Contact
from tutela.storage.conversation.standing import Alert, Key
from tutela.storage.conversation.states import Before, Changes, Changing, Conversations

TRIES = 5
"""Times that a batch is worked out again where others changed the same conversations meanwhile."""


class Stored(NamedTuple):
    """Conversations as they are now, what is to be raised of them, and whom their actors reach."""

    carried: Mapping[Key, Carried]
    alerts: Mapping[Key, Alert]
    reaches: Mapping[Key, Reach]


class Storing:
    """Carries conversations on in a database. Thread-safe; blocks.

    Args:
        store: the conversations.
        book: the counters of accounts.
        rater: gives what rates now.
        floor: rating from which a rise is raised.
        log: where it tells of trouble.
        opener: bands by which opening lines are compared.
    """

    def __init__(
        self,
        store: Conversations,
        book: AccountBook,
        rater: Callable[[], Rater],
        floor: float,
        log: FilteringBoundLogger,
        opener: Callable[[str], Sequence[int]] = lambda _: (),
    ) -> None:
        self._store = store
        self._book = book
        self._rater = rater
        self._floor = tenths(floor)
        self._log = log
        self._opener = opener

    def store(self, batch: Batch, at: datetime) -> Stored:
        """Work a batch out and store it, again where others were quicker.

        Raises:
            Unavailable: the database cannot be used now; nothing was stored.
        """
        if not batch.groups and not batch.reports:
            self._store.tally(batch.tally)
            return Stored({}, {}, {})
        for _ in range(TRIES):
            try:
                return self._once(batch, at)
            except Conflict:
                continue
        raise Unavailable(
            "others keep changing the same conversations", remedy="try again in a moment"
        )

    def _once(self, batch: Batch, at: datetime) -> Stored:
        """Work out first, so that the database is held for the writing only."""
        keys = list(batch.groups)
        before = self._store.read(keys)
        carried = self._carried(batch, before, at)
        actors = leading(carried)
        with self._store.changing(keys, actors) as changing:
            if changing.before.revisions_of(keys) != before.revisions_of(keys):
                carried = self._carried(batch, changing.before, at)
            known, floor = changing.before.actors, self._floor
            reaches = reach(known, carried, actors, floor=floor, at=at)
            accounts = self._count(changing, carried, batch, at)
            alerts = alerts_of(carried, reaches.by_conversation, accounts)
            changing.save(_changes(batch, carried, reaches, alerts))
        for _ in filter(lambda one: one.anew, carried.values()):
            self._log.warning("a stored conversation could not be read: it is rated anew")
        return Stored(carried, alerts, reaches.by_conversation)

    def _carried(self, batch: Batch, before: Before, at: datetime) -> dict[Key, Carried]:
        rater, floor = self._rater(), self._floor
        return {
            key: carry_on(rater, key, before.conversations.get(key), group, floor=floor, at=at)
            for key, group in batch.groups.items()
        }

    def _count(
        self, changing: Changing, carried: Mapping[Key, Carried], batch: Batch, at: datetime
    ) -> Mapping[Key, AccountSignals]:
        """Count what the batch says of accounts; what the counters say of its authors now."""
        known: dict[Key, AccountSignals] = {}
        for drill in (False, True):  # in this order everywhere, so that nobody waits in a circle
            contacts = [
                contact
                for key, one in carried.items()
                if key.drill is drill
                for contact in self._contacts(one, at)
            ]
            complaints = [
                Complained(one.actor, one.by, one.kind, _past(one.time, at))
                for one in batch.reports
                if one.drill is drill
            ]
            if contacts or complaints:
                count = self._book.of_batch
                found = count(changing.connection, contacts, complaints, drill=drill, at=at)
                known |= {Key(actor, drill): one for actor, one in found.items()}
        return known

    def _contacts(self, carried: Carried, at: datetime) -> list[Contact]:
        """Who wrote to whom; opening lines are compared of conversations that are new."""
        begins = not carried.standing.revision
        return [
            Contact(
                author=message.author,
                receivers=message.receivers,
                at=_past(message.time, at),
                opener=self._opener(message.text) if begins and not turn else (),
            )
            for turn, message in enumerate(carried.fresh)
            if message.author is not None and message.author.id
        ]


def _past(time: datetime | None, at: datetime) -> datetime:
    """When something happened: as told, but not in the future."""
    return at if time is None else min(time, at)


def _changes(
    batch: Batch, carried: Mapping[Key, Carried], reaches: Reaches, alerts: Mapping[Key, Alert]
) -> Changes:
    tally = Counter(batch.tally)
    for one in carried.values():
        tally.update(f"messages_{result.status}" for result in one.results.values())
    if alerts:
        tally["conversations_raised"] = len(alerts)
    return Changes(
        conversations=[one.standing for one in carried.values() if one.fresh],
        actors=reaches.actors,
        alerts=list(alerts.values()),
        reached=Counter(reached for one in carried.values() for reached in one.reached),
        tally=tally,
    )

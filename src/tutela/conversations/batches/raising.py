"""What of a batch is to be raised, with all that the event will tell."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from msgspec import structs

from tutela.conversations.batches.carrying import Carried
from tutela.conversations.batches.people import People
from tutela.conversations.batches.reaching import Reach
from tutela.model.actor import AccountSignals
from tutela.storage.conversation.standing import Alert, AlertFacts, Key, Standing
from tutela.storage.values import microseconds

RECEIVERS = 100
"""People that the event of an alert names as receivers, as of other events."""

_NOTHING = Reach(0, 0, risen=False)


def alerts_of(
    carried: Mapping[Key, Carried],
    reaches: Mapping[Key, Reach],
    accounts: Mapping[Key, AccountSignals],
) -> dict[Key, Alert]:
    """What is to be raised: conversations whose rating rose, or whose actor's value did.

    Args:
        carried: the conversations.
        reaches: what is known of the actors of some.
        accounts: what the counters say of actors.
    """
    return {
        key: _alert(one, reaches.get(key, _NOTHING), accounts)
        for key, one in carried.items()
        if one.risen or reaches.get(key, _NOTHING).risen
    }


def _alert(carried: Carried, reach: Reach, accounts: Mapping[Key, AccountSignals]) -> Alert:
    standing, rating = carried.standing, carried.highest
    people = People(standing.people)
    facts = AlertFacts(
        surface=standing.surface,
        region=standing.region,
        language=standing.language or rating.language,
        actor=people.actor(rating.author),
        receivers=people.others(rating.author, RECEIVERS),
        account=accounts.get(Key(rating.author, standing.drill)),
        actor_peak=reach.peak if reach.fan_out > 1 else 0,
    )
    return Alert(
        event_id=_event_id(standing),
        conversation=standing.id,
        drill=standing.drill,
        at=standing.touched_at,
        peak=standing.peak,
        turn=standing.messages,
        rating=structs.replace(rating, fan_out=reach.fan_out),
        facts=facts,
    )


def _event_id(standing: Standing) -> str:
    """An id for the change that raises a conversation: it is stored with it, and never again.

    The start is part of it: what is rated anew after its state has gone is another course.
    """
    course = (standing.id, str(standing.drill), str(microseconds(standing.started_at)))
    digest = hashlib.sha256("\0".join(course).encode()).hexdigest()
    return f"conversation-{digest[:32]}-{standing.revision + 1}"

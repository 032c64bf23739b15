"""What an actor's conversations show together: many quiet ones may say more than a loud one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from msgspec import structs

from tutela.conversations.batches.carrying import Carried, tenths
from tutela.detection.conversation.evidence.actor import MODEL, ActorEvidence
from tutela.errors import InvalidInput
from tutela.storage.conversation.standing import ActorStanding, Key


class Reach(NamedTuple):
    """What is known of the actor of a conversation.

    Attributes:
        fan_out: distinct people whom they reach with like evidence.
        peak: the value of all of it together, in tenths.
        risen: that value rose, from the floor on, above whatever it was.
    """

    fan_out: int
    peak: int
    risen: bool


class Reaches(NamedTuple):
    """What a batch says of actors.

    Attributes:
        actors: to be stored.
        by_conversation: of the actor whose messages weigh most in it.
    """

    actors: tuple[ActorStanding, ...]
    by_conversation: Mapping[Key, Reach]


def leading(carried: Mapping[Key, Carried]) -> set[Key]:
    """Whose messages weigh most in conversations."""
    return {Key(one.rating.author, key.drill) for key, one in carried.items() if one.rating.author}


def reach(
    before: Mapping[Key, ActorStanding],
    carried: Mapping[Key, Carried],
    read: Collection[Key],
    *,
    floor: int,
    at: datetime,
) -> Reaches:
    """Add what conversations show to what is known of their actors.

    Args:
        before: what is stored of them.
        carried: the conversations.
        read: of whom `before` tells; who is missing in it is new. Nothing is said of others.
        floor: value in tenths from which a rise is one.
        at: the present.
    """
    found: dict[Key, tuple[ActorStanding, ActorEvidence]] = {}
    known: dict[Key, Reach] = {}
    for key, one in carried.items():
        actor = Key(one.rating.author, key.drill)
        if actor not in read or not tenths(one.rating.value):
            continue
        standing, evidence = found.get(actor) or _begun(before.get(actor), actor, at)
        if not one.fresh:
            known[key] = Reach(evidence.fan_out(), tenths(evidence.value()), risen=False)
            continue
        evidence.add(_reached(one, actor.id), one.rating.value, at)
        value = tenths(evidence.value())
        known[key] = Reach(evidence.fan_out(), value, value > standing.peak and value >= floor)
        found[actor] = structs.replace(standing, peak=max(standing.peak, value)), evidence
    return Reaches(
        tuple(
            structs.replace(standing, touched_at=at, model=MODEL, state=evidence.dump())
            for standing, evidence in found.values()
        ),
        known,
    )


def evidence_of(standing: ActorStanding | None) -> ActorEvidence:
    """The evidence as it was stored; that of nothing where there is none, or it cannot be read."""
    if standing is None:
        return ActorEvidence()
    try:
        return ActorEvidence.resume(standing.state)
    except InvalidInput:
        return ActorEvidence()


def _begun(
    before: ActorStanding | None, actor: Key, at: datetime
) -> tuple[ActorStanding, ActorEvidence]:
    standing = before or ActorStanding(actor=actor.id, drill=actor.drill, touched_at=at)
    return standing, evidence_of(before)


def _reached(carried: Carried, actor: str) -> str:
    """Whom the actor reaches in a conversation: the other of a pair, else all of it as one."""
    others = [one.id for one in carried.standing.people if one.id != actor]
    return others[0] if len(others) == 1 else carried.standing.id

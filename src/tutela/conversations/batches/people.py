"""Who takes part in a conversation, as far as it was told; bounded."""

from __future__ import annotations

from collections.abc import Iterable

from tutela.model import Actor
from tutela.model.actor import AgeBand
from tutela.model.conversation.message import Participant

MOST = 500
"""People of a conversation that are remembered; further ones are rated and not kept."""


class People:
    """Those who take part. What is told of an age stays until something else is told."""

    def __init__(self, known: Iterable[Participant] = ()) -> None:
        self._known = {one.id: one for one in known}

    @property
    def all(self) -> tuple[Participant, ...]:
        """In the order in which they were first named."""
        return tuple(self._known.values())

    def meet(self, person: Participant) -> bool:
        """Take in who takes part; whether this says anything new."""
        before = self._known.get(person.id)
        if before == person or (before is not None and not _tells(person)):
            return False
        if before is not None or len(self._known) < MOST:
            self._known[person.id] = person
        return True

    def actor(self, id_: str) -> Actor | None:
        """Somebody as events name them; None for nobody."""
        if not id_:
            return None
        return _actor(self._known.get(id_, Participant(id=id_)))

    def others(self, id_: str, most: int) -> tuple[Actor, ...]:
        """So many of the others at most."""
        others = [one for one in self._known.values() if one.id != id_]
        return tuple(map(_actor, others[:most]))


def _tells(person: Participant) -> bool:
    return person.age is not None or person.age_band is not AgeBand.UNKNOWN


def _actor(person: Participant) -> Actor:
    return Actor(id=person.id, age=person.band, age_source=person.age_source)

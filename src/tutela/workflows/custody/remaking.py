"""User data that the vault could not take are written down again: the program knows them itself."""

from __future__ import annotations

from collections.abc import Callable

from tutela.errors import Conflict
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import EvidenceKind, Item
from tutela.model.custody.leaf import PROGRAM
from tutela.response.custody.provenance import handlers
from tutela.response.custody.user_data import user_data, written
from tutela.storage.events import Events
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.past.people import People
from tutela.storage.values import now


class Remaking:
    """Makes owed user data anew from what is stored of their events.

    Args:
        items: the items.
        events: the events.
        people: gives an actor's events.
    """

    def __init__(self, items: EvidenceItems, events: Events, people: People) -> None:
        self._items = items
        self._events = events
        self._people = people

    def remake(self, item: Item, vault: Callable[[], Vault]) -> bool:
        """Write the user data of an owed item down again; whether that was done.

        Raises:
            StoreUnavailable, KeyUnavailable: the vault cannot take them yet.
            Unavailable: the database cannot be used now.
        """
        event = self._events.get(item.event_id).event
        if item.kind is not EvidenceKind.USER_DATA or event.actor is None:
            return False
        record = user_data(event, event.actor, item.term.window, self._people)
        data, facts = written(record, now(), handlers())
        sealed = vault().seal(data, sha256=facts.digests["sha256"])
        try:
            taken = self._items.hand_in(item.id, sealed, facts, PROGRAM)
        except Conflict:
            taken = None  # somebody else has handed them in, or their term has ended
        if taken is None or taken.object_id != sealed.id:
            vault().discard(sealed)
        return taken is not None

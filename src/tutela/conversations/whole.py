"""A whole conversation rated at once; nothing of it is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tutela.conversations.batches.sorting import LawOf
from tutela.detection.conversation.rater import Rater, rate
from tutela.model import EventKind
from tutela.model.conversation.message import Conversation
from tutela.model.conversation.rating import (
    ConversationRating,
    MissingEvidence,
    NotEnoughEvidence,
)
from tutela.storage.conversation.states import Conversations
from tutela.storage.law import counter_of
from tutela.storage.values import now


class WholeRating:
    """Rates whole conversations. Thread-safe; blocks.

    Args:
        law: says what may be rated.
        rater: gives what rates now.
        store: counts what the law let be rated, and what not.
    """

    def __init__(self, law: LawOf, rater: Callable[[], Rater], store: Conversations) -> None:
        self._law = law
        self._rater = rater
        self._store = store

    def rate(self, conversation: Conversation, region: str, surface: str) -> ConversationRating:
        """The rating, or that the law of the place allows none: then nothing is computed.

        Args:
            conversation: in the order in which it was written.
            region: ISO 3166 code of the place whose law applies.
            surface: where on the platform it was written.

        Raises:
            Unavailable: the database cannot count it now.
        """
        ruling = self._law(region, surface, EventKind.MESSAGE)
        permitted = ruling is None or ruling.may_scan
        counter = counter_of(ruling, now().date(), looked_at=permitted)
        self._store.tally(Counter({counter: len(conversation.messages)}))
        if ruling is not None and not permitted:
            missing = NotEnoughEvidence(
                reason=MissingEvidence.NOT_PERMITTED, detail=f"pack {ruling.pack}: {ruling.reason}"
            )
            return ConversationRating(conversation_id=conversation.id, not_enough_evidence=missing)
        return rate(self._rater(), conversation)

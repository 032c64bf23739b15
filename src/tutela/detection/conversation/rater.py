"""What rates conversations: the interface that every rater fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tutela.model.conversation.message import Conversation, Message, Participant
from tutela.model.conversation.rating import ConversationRating


class Running(Protocol):
    """A conversation while it goes on. Its state is features, never text, and bounded."""

    def add(self, message: Message) -> None:
        """Take one message in, in time that does not depend on how many came before."""

    def meet(self, participant: Participant) -> None:
        """Take in what is known of somebody who takes part, or is known better than before."""

    def rating(self) -> ConversationRating:
        """The rating after the messages so far."""

    def value(self) -> float:
        """The value (0 to 10) after the messages so far: what `rating()` tells, without reasons."""

    def dump(self) -> bytes:
        """The whole state: `Rater.resume` goes on from it as if nothing had been in between."""


class Rater(Protocol):
    """Rates conversations. One may be used by many threads; a `Running` by one at a time."""

    @property
    def model(self) -> str:
        """Name and version, with a digest of what it was made from."""

    def begin(
        self, conversation_id: str, participants: Sequence[Participant] = (), language: str = ""
    ) -> Running:
        """A conversation in which nothing was written yet."""

    def resume(self, state: bytes) -> Running:
        """A conversation as `Running.dump` left it.

        Raises:
            InvalidInput: the state is damaged, or of another model.
        """


def rate(rater: Rater, conversation: Conversation) -> ConversationRating:
    """The rating of a whole conversation; nothing of it is kept."""
    running = rater.begin(conversation.id, conversation.participants, conversation.language)
    for message in conversation.messages:
        running.add(message)
    return running.rating()


class Followed(NamedTuple):
    """A conversation from its start to its end.

    Attributes:
        last: the rating after all messages.
        highest: as it was when the value was highest, which is what thresholds are chosen on.
    """

    last: ConversationRating
    highest: ConversationRating


def follow(rater: Rater, conversation: Conversation) -> Followed:
    """The rating of a whole conversation, at its end and where it was highest."""
    running = rater.begin(conversation.id, conversation.participants, conversation.language)
    best, highest = 0.0, None
    for message in conversation.messages:
        running.add(message)
        value = running.value()
        if value > best:
            best, highest = value, running.rating()
    last = running.rating()
    missing = last.not_enough_evidence is not None
    return Followed(last, last if missing or highest is None else highest)

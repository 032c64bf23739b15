"""Messages between people, and the conversation that they make."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from tutela.model.actor import AgeBand, AgeSource, Name
from tutela.model.record import Record

Age = Annotated[int, msgspec.Meta(ge=0, le=130)]
Place = Annotated[int, msgspec.Meta(ge=0, le=2**53)]

_ADULT = 18
_UPPER = ((13, AgeBand.UNDER_13), (16, AgeBand.FROM_13_TO_15), (_ADULT, AgeBand.FROM_16_TO_17))


class Participant(Record, frozen=True, kw_only=True):
    """One of those who write or read, as the platform names them: a pseudonymous id is enough.

    Attributes:
        age: in years, where it is told.
        age_band: where only that is told; `age` counts more.
        age_source: how the age is known.
    """

    id: Name
    age: Age | None = None
    age_band: AgeBand = AgeBand.UNKNOWN
    age_source: AgeSource = AgeSource.NOT_TOLD

    @property
    def band(self) -> AgeBand:
        """How old, as far as it is told. Unknown stays unknown: neither minor nor adult."""
        if self.age is None:
            return self.age_band
        return next((band for upper, band in _UPPER if self.age < upper), AgeBand.ADULT)


class Message(Record, frozen=True, kw_only=True):
    """One message.

    Attributes:
        author: id of the participant who wrote it; empty where that is not known.
        text: as it was written; empty where it carries a picture only.
        time: when it was sent; None where that is not known.
        number: its place in the conversation in the platform's own count, where it has one.
        media: it carries a picture or a video.
    """

    author: Name
    text: str = ""
    time: datetime | None = None
    number: Place | None = None
    media: bool = False


class Conversation(Record, frozen=True, kw_only=True):
    """A conversation in the order in which it was written.

    Attributes:
        id: the platform's id of it.
        language: a tag such as `en` or `fr-CA`, where the platform knows it.
        participants: what is known of those who take part; authors may be missing in it.
    """

    id: Name
    language: Name = ""
    participants: tuple[Participant, ...] = ()
    messages: tuple[Message, ...] = ()


class Labelled(Record, frozen=True, kw_only=True):
    """A conversation with what people found in it: to train with, and to measure by.

    Attributes:
        label: whether it is one that a person should have looked at; None where nobody said.
        predator_ids: participants who drove it, where that is told.
        onset: place (from 0) of the first message that shows it, where that is told.
        stratum: kind of conversation that a harmless one is: `family logistics`, `coach`.
        source: where it came from: `pan12`, `panc`, a file's name.
        synthetic: made by our generator; no figure from it is a figure of accuracy.
    """

    conversation: Conversation
    label: bool | None = None
    predator_ids: tuple[str, ...] = ()
    onset: int | None = None
    stratum: str = ""
    source: str = ""
    synthetic: bool = False

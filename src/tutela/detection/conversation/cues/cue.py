"""One family of cues, and where it was found."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from tutela.model.conversation.rating import Stage
from tutela.model.record import Record


class BookedTo(StrEnum):
    """Whose evidence a cue is. Each cue goes from who wrote it to who receives it."""

    AUTHOR = "author"
    """It counts for what its author does to the others: asking to keep a secret."""
    OTHERS = "others"
    """It counts for what the others do to its author: saying no, telling that one is young."""


class Gate(StrEnum):
    """Between which ages a cue counts in full. Unknown ages count in part, never as a minor's."""

    ANY = "any"
    """Whatever the ages: a threat is a threat."""
    GAP = "gap"
    """Where an older person writes to a younger; between peers it counts nothing or little."""


class CueFamily(Record, frozen=True, kw_only=True):
    """A family of cues of one language: `secrecy`, `age_asking`.

    Attributes:
        id: the same in all languages.
        stage: that it belongs to; None of protective cues and of mere context.
        booked_to: whose evidence it is.
        gate: between which ages it counts.
        points: of evidence, each time; below zero of protective cues.
        cap: what all its points in one direction come to at most (as an absolute number).
        half_life_messages, half_life_days: after so many messages, or days, half is left.
        title: what it is, in a few words for people.
    """

    id: str
    title: str
    points: float
    cap: float
    half_life_messages: float
    half_life_days: float
    stage: Stage | None = None
    booked_to: BookedTo = BookedTo.AUTHOR
    gate: Gate = Gate.ANY


class Hit(NamedTuple):
    """A cue that was found in a message; `start` and `end` count in the message as written."""

    cue: CueFamily
    start: int
    end: int

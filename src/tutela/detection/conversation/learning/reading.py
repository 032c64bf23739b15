"""Messages as a learned model reads them: what a rater of cues found, and hashed n-grams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from tutela.detection.conversation.cue_rater import Reading
from tutela.detection.conversation.cues.cue import Hit
from tutela.detection.conversation.learning import kernels, ngrams
from tutela.detection.conversation.learning.following import Said, Wording
from tutela.detection.conversation.rater import Running
from tutela.model.conversation.message import Message, Participant
from tutela.model.conversation.rating import NotEnoughEvidence, Stage

_BITS = {stage: 1 << place for place, stage in enumerate(Stage)}


class CueRunning(Running, Protocol):
    """A conversation as a rater of cues follows it."""

    def read(self, message: Message) -> Reading:
        """Take one message in as `add` does; tells what was read in it."""

    @property
    def language(self) -> str:
        """In which it is rated; empty where none was found."""

    @property
    def missing(self) -> NotEnoughEvidence | None:
        """Why there is no rating, if there is none."""


class CueReader(Protocol):
    """A rater of cues."""

    @property
    def model(self) -> str:
        """Name and version."""

    @property
    def bands(self) -> tuple[float, float, float]:
        """Values from which a rating is raised, high and critical."""

    def begin(
        self, conversation_id: str, participants: Sequence[Participant] = (), language: str = ""
    ) -> CueRunning:
        """A conversation in which nothing was written yet."""

    def resume(self, state: bytes) -> CueRunning:
        """A conversation as it was dumped."""


def said(message: Message, reading: Reading, families: Mapping[str, int], wording: Wording) -> Said:
    """What the models take of a message.

    Args:
        families: places of families of cues in the model.
    """
    total, size = kernels.weigh(ngrams.points(reading.text), wording.weights)
    return Said(
        total,
        size,
        places_of(reading.hits, families),
        bits_of(reading.hits),
        message.author,
        message.time.timestamp() if message.time else None,
    )


def places_of(hits: Sequence[Hit], families: Mapping[str, int]) -> list[int]:
    """Places of the families of cues; families that the model does not know are left out."""
    return [families[hit.cue.id] for hit in hits if hit.cue.id in families] if hits else []


def bits_of(hits: Sequence[Hit]) -> int:
    """The stages of cues, a bit each."""
    bits = 0
    for hit in hits:
        if hit.cue.stage is not None:
            bits |= _BITS[hit.cue.stage]
    return bits

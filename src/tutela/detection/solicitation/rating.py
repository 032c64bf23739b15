"""What a machine makes of a text that is shown to many. It speaks of the text, of no person."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.detection.text.contacts import Contact
from tutela.model.conversation.rating import Band, NotEnoughEvidence
from tutela.model.rating import Rating
from tutela.model.record import Record

NAME = "solicitation"
"""What policy reads such a rating as: `ratings.exists(r, r.name == "solicitation" && ...)`."""


class Source(StrEnum):
    """What moved a rating."""

    CUE = "cue"
    """A cue of the language."""
    TERM = "term"
    """A term of an operator's list."""
    TOGETHER = "together"
    """Two that weigh more in one text than each alone."""
    REPEATED = "repeated"
    """Other accounts show nearly the same text."""


class SolicitationGround(Record, frozen=True, kw_only=True):
    """One reason of a rating.

    Attributes:
        name: id of the cue, of the two that come together (`recruit+contact`), or of the term in
            its list (`adverts 2026-11 12`: list, version, id); never the term.
        title: what it is, for people; empty of terms.
        points: of evidence, after caps; below zero of what speaks against it.
        start, end: where in the text as written; both 0 where no place can be named.
    """

    source: Source
    name: str
    title: str = ""
    points: float
    start: int = 0
    end: int = 0


class SolicitationRating(Record, frozen=True, kw_only=True):
    """The rating of one text, with everything that explains it. The same text gives the same.

    Attributes:
        value: 0 to 10; 0 where there is not enough evidence.
        reasons: the weightiest first; bounded.
        contacts: contact details, in one form each; bounded.
        accounts: how many accounts show nearly this text, among the texts that were handed in
            together; 0 where it is too short to say.
        language: in which it was rated; empty where it was not sure: then all cues were looked for.
        model: name and version, with a digest of cues and term lists.
        calibration: what made points a value; no probability is told until outcomes confirm one.
    """

    value: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    band: Band = Band.LOW
    reasons: tuple[SolicitationGround, ...] = ()
    contacts: tuple[Contact, ...] = ()
    accounts: int = 0
    language: str = ""
    model: str = ""
    calibration: str = ""
    not_enough_evidence: NotEnoughEvidence | None = None

    @property
    def rating(self) -> Rating:
        """What policy reads of it: an event carries this in its `ratings`."""
        return Rating(name=NAME, value=self.value, model=self.model)

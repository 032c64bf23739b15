"""How much a cue counts between which ages.

Ages are the main safeguard of young people's own talk: what an adult asks a child is something else
than what two friends of fourteen ask each other. Ages are also often wrong or not known. So a cue
that counts between an older and a younger person counts there in full, between known peers nearly
nothing, and where ages are unknown in part: never as if somebody were a minor.
"""

from __future__ import annotations

from enum import IntEnum

from tutela.detection.conversation.cues.cue import CueFamily, Gate
from tutela.model.conversation.rating import KnownAges, Stage


class Stance(IntEnum):
    """What one person is taken to be."""

    UNKNOWN = 0
    MINOR = 1
    ADULT = 2


class Relation(IntEnum):
    """Who writes to whom, as far as ages say."""

    UNKNOWN = 0
    ADULT_TO_MINOR = 1
    LIKELY_ADULT_TO_MINOR = 2
    """One of both ages is an estimate, or was only said in the conversation."""
    OLDER_TO_YOUNGER = 3
    """Both are minors, with years between them."""
    UNKNOWN_TO_MINOR = 4
    ADULT_TO_UNKNOWN = 5
    MINOR_TO_UNKNOWN = 6
    UNKNOWN_TO_ADULT = 7
    PEERS = 8
    """Both are minors of about the same age."""
    ADULTS = 9
    MINOR_TO_ADULT = 10


GAPS = frozenset({Relation.ADULT_TO_MINOR, Relation.LIKELY_ADULT_TO_MINOR})
"""Between whom a gap of ages is taken to be there."""

_GAP = {
    Relation.ADULT_TO_MINOR: 1.0,
    Relation.LIKELY_ADULT_TO_MINOR: 0.9,
    Relation.OLDER_TO_YOUNGER: 0.6,
    Relation.UNKNOWN_TO_MINOR: 0.7,
    Relation.UNKNOWN: 0.5,
    Relation.ADULT_TO_UNKNOWN: 0.5,
    Relation.MINOR_TO_UNKNOWN: 0.3,
    Relation.UNKNOWN_TO_ADULT: 0.2,
    Relation.PEERS: 0.1,
    Relation.ADULTS: 0.1,
    Relation.MINOR_TO_ADULT: 0.1,
}
# What needs no gap still says less among people who are known to be of an age: friends move to
# another app, and adults may talk as they like. A threat is a threat.
_ANY = {
    Relation.MINOR_TO_UNKNOWN: 0.8,
    Relation.UNKNOWN_TO_ADULT: 0.5,
    Relation.PEERS: 0.5,
    Relation.ADULTS: 0.25,
    Relation.MINOR_TO_ADULT: 0.3,
}
_FEW = 5
_GROUP = (1.0, 0.8, 0.6)

MEANT = 0.3
"""A cue that counts less than this share raises no flag: it says hardly anything there."""

_PEER_YEARS = 4


def relation(
    author: tuple[Stance, KnownAges], other: tuple[Stance, KnownAges], years: int | None
) -> Relation:
    """Who writes to whom.

    Args:
        years: that the author is older, where both ages are known in years.
    """
    (writes, sure), (reads, surer) = author, other
    if writes is Stance.ADULT and reads is Stance.MINOR:
        known = sure is KnownAges.KNOWN and surer is KnownAges.KNOWN
        return Relation.ADULT_TO_MINOR if known else Relation.LIKELY_ADULT_TO_MINOR
    if writes is Stance.MINOR and reads is Stance.MINOR:
        wide = years is not None and years >= _PEER_YEARS
        return Relation.OLDER_TO_YOUNGER if wide else Relation.PEERS
    return _OTHERS[writes, reads]


_OTHERS = {
    (Stance.UNKNOWN, Stance.UNKNOWN): Relation.UNKNOWN,
    (Stance.UNKNOWN, Stance.MINOR): Relation.UNKNOWN_TO_MINOR,
    (Stance.UNKNOWN, Stance.ADULT): Relation.UNKNOWN_TO_ADULT,
    (Stance.MINOR, Stance.UNKNOWN): Relation.MINOR_TO_UNKNOWN,
    (Stance.MINOR, Stance.ADULT): Relation.MINOR_TO_ADULT,
    (Stance.ADULT, Stance.UNKNOWN): Relation.ADULT_TO_UNKNOWN,
    (Stance.ADULT, Stance.ADULT): Relation.ADULTS,
}


def share(cue: CueFamily, between: Relation, others: int) -> float:
    """The part of its points that a cue counts, 0 to 1.

    Args:
        others: how many people its author writes to; what is said to a whole group is meant for
            nobody in particular.
    """
    if cue.gate is Gate.GAP:
        return _GAP[between] * _GROUP[(others > 1) + (others > _FEW)]
    if cue.stage is Stage.COERCION or cue.points <= 0:
        return 1.0
    return _ANY.get(between, 1.0)

"""The eleven Voluntary Principles, and the measures that serve them."""

from __future__ import annotations

from enum import StrEnum

from tutela.model.record import Record


class Principle(Record, frozen=True, kw_only=True):
    """One of the eleven, with its content in our own words."""

    number: int
    title: str
    text: str


class MeasureState(StrEnum):
    """Whether a measure is at work."""

    ON = "on"
    OFF = "off"
    NOT_BUILT = "not built"


class Measure(Record, frozen=True, kw_only=True):
    """Something that serves one or more principles: a detector, an action, a duty.

    Attributes:
        id: stable name, `pdq`, `block`, `cases`.
        principles: numbers of the principles it serves.
        counts: name of the counter in the database that shows its work, or empty.
    """

    id: str
    title: str
    principles: tuple[int, ...]
    counts: str = ""


PRINCIPLES: tuple[Principle, ...] = (
    Principle(
        number=1,
        title="Known material",
        text="Keep known child sexual abuse material from being made available or reachable; "
        "act on it; report it.",
    ),
    Principle(
        number=2,
        title="New material",
        text="Find and fight the spread of new child sexual abuse material; act on it; report it.",
    ),
    Principle(
        number=3,
        title="Grooming",
        text="Find and fight preparatory acts such as grooming; act on them; report them.",
    ),
    Principle(
        number=4,
        title="Advertising and recruiting",
        text="Find and fight advertising, recruiting, soliciting or procuring a child, or "
        "organising it; act on it; report it.",
    ),
    Principle(
        number=5,
        title="Livestreaming",
        text="Find and fight the use of livestreaming for abuse; act on it; report it.",
    ),
    Principle(
        number=6,
        title="Search",
        text="Keep search results from surfacing abuse, and suggestions from proposing it.",
    ),
    Principle(
        number=7,
        title="Children",
        text="Give children enhanced safety, especially against harmful contact; this may "
        "include considering whether users are children.",
    ),
    Principle(
        number=8,
        title="Victims and survivors",
        text="Act on, and give ways to report, material that may be lawful on its face but is "
        "connected to abuse.",
    ),
    Principle(
        number=9,
        title="Evolving threats",
        text="Let a global view of the threat inform design and development.",
    ),
    Principle(
        number=10,
        title="Sharing",
        text="Share expertise, practice, data and tools where that is fitting and feasible.",
    ),
    Principle(
        number=11,
        title="Transparency",
        text="Regularly publish or share meaningful data and insights.",
    ),
)

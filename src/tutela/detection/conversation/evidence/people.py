"""Those who take part in a conversation, and what is known of their ages. Bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tutela.detection.conversation.evidence.gates import Relation, Stance, relation
from tutela.model.actor import AgeBand, AgeSource
from tutela.model.conversation.message import Participant
from tutela.model.conversation.rating import AgeGap, KnownAges

MOST = 512
"""So many people are known at a time; who has been silent for longest gives way."""

_MINORS = frozenset({AgeBand.UNDER_13, AgeBand.FROM_13_TO_15, AgeBand.FROM_16_TO_17})
_LEAST_YEARS = {AgeBand.UNDER_13: 12, AgeBand.FROM_13_TO_15: 15, AgeBand.FROM_16_TO_17: 16}
_ORDER = (KnownAges.UNKNOWN, KnownAges.ESTIMATED, KnownAges.KNOWN)


class Person:
    """One of them.

    Attributes:
        told_young: they said in the conversation that they are minors.
        told_older: they said that they are older than the other.
    """

    __slots__ = ("band", "id", "source", "told_older", "told_young", "wrote", "years")

    def __init__(self, participant: Participant) -> None:
        self.id = participant.id
        self.band = participant.band
        self.years = participant.age
        self.source = participant.age_source
        self.told_young = False
        self.told_older = False
        self.wrote = False

    @property
    def stance(self) -> tuple[Stance, KnownAges]:
        """What they are taken to be, and how surely."""
        estimated = self.source is AgeSource.ESTIMATED
        if self.band in _MINORS:
            return Stance.MINOR, KnownAges.ESTIMATED if estimated else KnownAges.KNOWN
        if self.band is AgeBand.ADULT:
            # Children often give an age that opens doors. What they say to a friend may be truer.
            if self.told_young and self.source is not AgeSource.VERIFIED:
                return Stance.UNKNOWN, KnownAges.UNKNOWN
            return Stance.ADULT, KnownAges.ESTIMATED if estimated else KnownAges.KNOWN
        if self.told_young:
            return Stance.MINOR, KnownAges.ESTIMATED
        if self.told_older:
            return Stance.ADULT, KnownAges.ESTIMATED
        return Stance.UNKNOWN, KnownAges.UNKNOWN


class People:
    """Everybody in one conversation; `author` and `answered` are who writes now, and to whom."""

    __slots__ = ("_all", "_counts", "answered", "author")

    def __init__(self, participants: Iterable[Participant] = ()) -> None:
        self._all: dict[str, Person] = {}
        self._counts = [0, 0, 0]
        self.author = ""
        self.answered = ""
        for participant in participants:
            if len(self._all) < MOST:
                self.add(Person(participant))

    def __iter__(self) -> Iterator[Person]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, name: str) -> Person:
        return self._all[name]

    def __contains__(self, name: str) -> bool:
        return name in self._all

    def add(self, person: Person) -> None:
        """Take one in whose id is not known yet; a second of the same id changes nothing."""
        if person.id not in self._all:
            self._all[person.id] = person
            self._counts[person.stance[0]] += 1

    def meet(self, participant: Participant) -> None:
        """Take in what is known of one; what is not told now stays as it was."""
        known = self._all.get(participant.id)
        if known is None:
            if len(self._all) < MOST:
                self.add(Person(participant))
        elif participant.band is not AgeBand.UNKNOWN:
            self._counts[known.stance[0]] -= 1
            known.band, known.years = participant.band, participant.age
            known.source = participant.age_source
            self._counts[known.stance[0]] += 1

    def writes(self, name: str, kept: Sequence[str]) -> None:
        """Somebody writes.

        Args:
            kept: ids of those who must not give way.
        """
        if name == self.author and name in self._all:
            return
        person = self._all.pop(name, None)
        if person is None:
            if len(self._all) >= MOST:
                self._forget(kept)
            person = Person(Participant(id=name))
            self._counts[Stance.UNKNOWN] += 1
        person.wrote = True
        self._all[name] = person
        self.answered, self.author = self.author if self.author != name else self.answered, name

    def tell_young(self, name: str) -> None:
        """They said that they are a minor."""
        self._change(name, young=True)

    def tell_older(self, name: str) -> None:
        """They said that they are older than the other."""
        self._change(name, young=False)

    def other(self, name: str) -> str | None:
        """Whom somebody speaks with: the only other one, or who wrote last; None where nobody."""
        if len(self._all) == 2:  # noqa: PLR2004 - a pair
            return next(one for one in self._all if one != name)
        found = self.author if self.author != name else self.answered
        return found if found != name and found in self._all else None

    def relation(self, name: str) -> Relation:
        """Between whom it is when somebody writes: to the other of a pair, or to a group."""
        author = self._all[name]
        mine = author.stance
        if len(self._all) == 2:  # noqa: PLR2004 - a pair
            other = self._all[self.other(name) or name]
            return relation(mine, other.stance, _years(author, other))
        return relation(mine, self._rest(mine), None)

    def gap(self, name: str) -> AgeGap:
        """What is known of the ages of somebody and of those whom they write to."""
        if name not in self._all:
            return self._widest()
        author = self._all[name]
        if len(self._all) == 2:  # noqa: PLR2004 - a pair
            other = self._all[self.other(name) or name]
            return _gap(author.stance, other.stance, _told_years(author, other))
        return _gap(author.stance, self._rest(author.stance), None)

    def _widest(self) -> AgeGap:
        """Where nobody's messages weigh: an adult writing to a minor counts before the rest."""
        gaps = [self.gap(person.id) for person in self._all.values() if person.wrote][:_LOOKED_AT]
        found = next((gap for gap in gaps if gap.adult_to_minor), None)
        return found or next(iter(gaps), AgeGap())

    def _rest(self, mine: tuple[Stance, KnownAges]) -> tuple[Stance, KnownAges]:
        """A group without one: minors in it count first, then whoever is unknown."""
        counts = [*self._counts]
        counts[mine[0]] -= 1
        if counts[Stance.MINOR] > 0:
            return Stance.MINOR, KnownAges.ESTIMATED
        if counts[Stance.UNKNOWN] > 0 or counts[Stance.ADULT] <= 0:
            return Stance.UNKNOWN, KnownAges.UNKNOWN
        return Stance.ADULT, KnownAges.ESTIMATED

    def _change(self, name: str, *, young: bool) -> None:
        person = self._all[name]
        self._counts[person.stance[0]] -= 1
        if young:
            person.told_young = True
        else:
            person.told_older = True
        self._counts[person.stance[0]] += 1

    def _forget(self, kept: Sequence[str]) -> None:
        name = next((one for one in self._all if one not in kept), next(iter(self._all)))
        self._counts[self._all.pop(name).stance[0]] -= 1


_LOOKED_AT = 32


def _gap(
    author: tuple[Stance, KnownAges], other: tuple[Stance, KnownAges], years: int | None
) -> AgeGap:
    knowledge = min(author[1], other[1], key=_ORDER.index)
    if Stance.UNKNOWN in {author[0], other[0]}:
        return AgeGap()
    both = author[0] is Stance.ADULT and other[0] is Stance.MINOR
    return AgeGap(knowledge=knowledge, adult_to_minor=both, years=years)


def _told_years(author: Person, other: Person) -> int | None:
    if author.years is None or other.years is None:
        return None
    return abs(author.years - other.years)


def _years(author: Person, other: Person) -> int | None:
    """By how much the author is older; from bands at least so much, where only those are told."""
    mine, theirs = author.years, other.years
    if mine is None:
        mine = _LEAST_YEARS.get(author.band)
    if theirs is None:
        theirs = _LEAST_YEARS.get(other.band)
    return None if mine is None or theirs is None else mine - theirs

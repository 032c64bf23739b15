"""Makes conversations: harmless ones of written-out strata, and ones with strewn cue lines.

A conversation with label `true` is chatter in which a few lines, one at a time and in any order,
are of the kind that safety leaflets name. It is no model of a real one: it shows whether the
machinery works, and no figure from it says how good a rater is.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from tutela.detection.conversation.corpora.synthetic.lines import Lines, Side, lines_of
from tutela.model.actor import AgeBand, AgeSource
from tutela.model.conversation.message import Conversation, Labelled, Message, Participant
from tutela.model.record import Record

SOURCE = "synthetic"
NOTICE = "Synthetic: made by a generator. No figure from it is a figure of accuracy."

_START = datetime(2026, 1, 1, tzinfo=UTC)
_YEAR_MINUTES = 365 * 24 * 60
_CHATTER_SHARE = 0.45
_REPLIES = 0.55
_AGES: dict[Side, tuple[int, int]] = {"adult": (19, 60), "minor": (9, 17), "any": (9, 60)}
_SOURCES = (AgeSource.DECLARED, AgeSource.VERIFIED, AgeSource.ESTIMATED, AgeSource.NOT_TOLD)


class Plan(Record, frozen=True, kw_only=True):
    """What is to be made.

    Attributes:
        conversations: how many.
        positives: share of them with label `true`.
        languages: in which, one after the other.
        seed: the same plan gives the same conversations.
        shortest, longest: messages of a conversation.
    """

    conversations: Annotated[int, msgspec.Meta(ge=0)]
    positives: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.1
    languages: tuple[str, ...] = ("en",)
    seed: int = 1
    shortest: Annotated[int, msgspec.Meta(ge=2)] = 6
    longest: int = 80


def synthesise(plan: Plan) -> Iterator[Labelled]:
    """Yield the conversations of a plan, labelled synthetic.

    Raises:
        InvalidInput: nothing can be made in one of its languages.
    """
    written = [lines_of(language) for language in plan.languages]
    for number in range(plan.conversations):
        at = number % len(written)
        chance = random.Random(f"{plan.seed}/{number}")  # noqa: S311 - it is to be repeated
        maker = _Maker(plan, number, plan.languages[at], written[at], chance)
        yield maker.positive() if chance.random() < plan.positives else maker.harmless()


class _Maker:
    """Makes one conversation."""

    def __init__(
        self, plan: Plan, number: int, language: str, lines: Lines, chance: random.Random
    ) -> None:
        self._plan = plan
        self._number = number
        self._language = language
        self._lines = lines
        self._chance = chance
        self._length = self._chance.randint(plan.shortest, max(plan.shortest, plan.longest))

    def harmless(self) -> Labelled:
        """A conversation of one of the strata."""
        name = self._chance.choice(sorted(self._lines.strata))
        stratum = self._lines.strata[name]
        people = self._people(stratum.people, stratum.ages)
        texts = [
            self._line(
                self._lines.chatter if self._chance.random() < _CHATTER_SHARE else stratum.lines
            )
            for _ in range(self._length)
        ]
        authors = self._turns(people)
        return self._labelled(people, list(zip(authors, texts, strict=True)), stratum=name)

    def positive(self) -> Labelled:
        """Chatter between an adult and a minor, with cue lines of the adult strewn in."""
        people = self._people(2, ("adult", "minor"), recurring=True)
        said = [(author, self._line(self._lines.chatter)) for author in self._turns(people)]
        families = sorted(self._lines.cues)
        wanted = min(self._chance.randint(1, 7), self._length)
        places = sorted(self._chance.sample(range(self._length), wanted))
        for place in places:
            family = self._chance.choice(families)
            said[place] = (people[0].id, self._line(self._lines.cues[family]))
        return self._labelled(people, said, onset=places[0])

    def _people(
        self, count: int, ages: tuple[Side, Side], *, recurring: bool = False
    ) -> list[Participant]:
        """Who takes part; of those who recur, each is in about three conversations."""
        first = f"s{self._plan.seed}-a{self._number // 30}" if recurring else self._id(0)
        ids = [first, *(self._id(at) for at in range(1, count))]
        return [self._person(one, ages[min(at, 1)]) for at, one in enumerate(ids)]

    def _id(self, at: int) -> str:
        return f"s{self._plan.seed}-c{self._number}-p{at}"

    def _person(self, identity: str, side: Side) -> Participant:
        source = self._chance.choice(_SOURCES)
        age = self._chance.randint(*_AGES[side])
        if source is AgeSource.NOT_TOLD:
            return Participant(id=identity)
        if source is AgeSource.ESTIMATED:
            band = Participant(id=identity, age=age).band
            return Participant(id=identity, age_band=AgeBand(band), age_source=source)
        return Participant(id=identity, age=age, age_source=source)

    def _turns(self, people: list[Participant]) -> list[str]:
        """Who writes each message: mostly another than before."""
        authors = [people[0].id]
        while len(authors) < self._length:
            others = [one.id for one in people if one.id != authors[-1]]
            reply = self._chance.random() < _REPLIES
            authors.append(self._chance.choice(others) if reply else authors[-1])
        return authors

    def _line(self, lines: tuple[str, ...]) -> str:
        line = self._chance.choice(lines)
        for slot, words in self._lines.slots.items():
            line = line.replace(f"{{{slot}}}", self._chance.choice(words))
        return line

    def _labelled(
        self,
        people: list[Participant],
        said: list[tuple[str, str]],
        *,
        stratum: str = "",
        onset: int | None = None,
    ) -> Labelled:
        return Labelled(
            conversation=Conversation(
                id=f"s{self._plan.seed}-c{self._number}",
                language=self._language,
                participants=tuple(people),
                messages=tuple(self._timed(said)),
            ),
            label=onset is not None,
            predator_ids=() if onset is None else (people[0].id,),
            onset=onset,
            stratum=stratum,
            source=SOURCE,
            synthetic=True,
        )

    def _timed(self, said: list[tuple[str, str]]) -> Iterator[Message]:
        time = _START + timedelta(minutes=self._chance.randrange(_YEAR_MINUTES))
        for number, (author, text) in enumerate(said, 1):
            yield Message(author=author, text=text, time=time, number=number)
            time += timedelta(seconds=self._chance.randint(4, 240))

"""What messages say of an account without their words: whom it writes to first, and who answers.

These counters work where messages are encrypted end to end: they see who wrote to whom and when,
and how old both are as far as that is told. Each event takes the same short time, however many came
before. What is kept is bounded and holds digests of ids in place of ids.

Published support: on messages of young people themselves, such data predicted harm better than
words did (Ali et al. 2023, doi:10.1145/3579608).
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Annotated

import msgspec

from tutela.errors import InvalidInput
from tutela.model.actor import AccountSignals, AgeBand
from tutela.model.conversation.batch import Complaint

MOST = 1000
"""So many people are kept for an account at most, those whom it last had to do with."""

BANDS = 4
"""So many bands of an opening line's signature are kept at most."""

PATIENCE = 6
"""Hours after which a first message that nobody answered counts as unanswered."""

DAY = 24
WEEK = 7 * DAY
MONTH = 30 * DAY
"""Windows in hours. They move on by the hour: the newest one, not yet over, is part of each."""

_VERSION = 1
_AGES = (AgeBand.UNDER_13, AgeBand.FROM_13_TO_15, AgeBand.FROM_16_TO_17, AgeBand.ADULT)
_UNKNOWN = -1
_ADULT = _AGES.index(AgeBand.ADULT)

_Age = Annotated[int, msgspec.Meta(ge=_UNKNOWN, le=_ADULT)]
_Hour = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31)]
_Opener = Annotated[tuple[int, ...], msgspec.Meta(max_length=BANDS)]


class _Person(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """Somebody whom the account had to do with; `started` says that it wrote first."""

    opened: _Hour
    last: _Hour
    started: bool
    age: _Age = _UNKNOWN
    answered: bool = False
    opener: _Opener = ()


class _State(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    version: int
    age: _Age
    people: Annotated[dict[int, _Person], msgspec.Meta(max_length=MOST)]
    reports: Annotated[dict[int, _Hour], msgspec.Meta(max_length=MOST)]
    blocks: Annotated[dict[int, _Hour], msgspec.Meta(max_length=MOST)]


class AccountCounters:
    """The counters of one account. One thread at a time.

    Two people have to do with each other from the first message between them until none came for 30
    days; who wrote that first message opened it. Tell what happened in the order in which it did.
    Where an account had to do with more than `MOST` people within 30 days, counts are "at least".

    Attributes:
        changed: whether anything that counts has changed since this was made or resumed.
    """

    def __init__(self) -> None:
        self.changed = False
        self._age: int = _UNKNOWN
        self._people: OrderedDict[int, _Person] = OrderedDict()
        self._complaints: dict[Complaint, OrderedDict[int, int]] = {
            kind: OrderedDict() for kind in Complaint
        }

    @classmethod
    def resume(cls, state: bytes) -> AccountCounters:
        """Counters as `dump` left them.

        Raises:
            InvalidInput: the state is damaged, or of another version.
        """
        try:
            kept = msgspec.msgpack.decode(state, type=_State)
        except msgspec.MsgspecError:
            raise _damaged() from None
        if kept.version != _VERSION:
            raise _damaged()
        counters = cls()
        counters._age = kept.age
        counters._people = OrderedDict(kept.people)
        counters._complaints = {
            Complaint.REPORT: OrderedDict(kept.reports),
            Complaint.BLOCK: OrderedDict(kept.blocks),
        }
        return counters

    def dump(self) -> bytes:
        """The whole state, in some 40 bytes for each person."""
        reports, blocks = (self._complaints[kind] for kind in Complaint)
        return msgspec.msgpack.encode(_State(_VERSION, self._age, self._people, reports, blocks))

    def aged(self, band: AgeBand) -> None:
        """Tell how old the account's owner is; `unknown` leaves it at what was told before."""
        self.changed |= _age(band, self._age) != self._age
        self._age = _age(band, self._age)

    def wrote(
        self, to: str, at: datetime, band: AgeBand = AgeBand.UNKNOWN, opener: Sequence[int] = ()
    ) -> bool:
        """The account wrote to somebody; True where it was the first message between the two.

        Args:
            to: id of whom it wrote to.
            at: when.
            band: how old they are, as far as that is told.
            opener: bands of a signature of the message: two are alike where they share one. Give
                none where the text is unknown, or so short that everybody writes it ("hi").
        """
        hour = _hour(at)
        person, first = self._person(to, hour, band, started=True)
        if first:
            person.opener = tuple(opener[:BANDS])
        return first

    def received(self, by: str, at: datetime, band: AgeBand = AgeBand.UNKNOWN) -> None:
        """Somebody wrote to the account."""
        person, _ = self._person(by, _hour(at), band, started=False)
        if person.started and not person.answered:
            person.answered = self.changed = True

    def complained(self, kind: Complaint, by: str, at: datetime) -> None:
        """A user reported or blocked the account; each user counts once within 30 days."""
        complaints, key, hour = self._complaints[kind], _key(by), _hour(at)
        self.changed |= complaints.get(key, hour - 1) < hour
        complaints[key] = max(hour, complaints.pop(key, hour))
        if len(complaints) > MOST:
            complaints.popitem(last=False)

    def signals(self, at: datetime) -> AccountSignals:
        """What the counters come to at a moment, in a time that `MOST` bounds."""
        now = _hour(at)
        met = [one for one in self._people.values() if one.opened > now - MONTH]
        started = [one for one in met if one.started]
        return AccountSignals(
            minors_contacted_1d=_minors(started, now - DAY),
            minors_contacted_7d=_minors(started, now - WEEK),
            minors_contacted_30d=_minors(started, now - MONTH),
            unanswered_share=_unanswered(started, now),
            started_share=len(started) / len(met) if met else None,
            openers_alike_30d=_alike(started),
            age_band_gap=self._gap(started),
            reports_30d=self._lately(Complaint.REPORT, now),
            blocks_30d=self._lately(Complaint.BLOCK, now),
        )

    def _person(
        self, other: str, hour: int, band: AgeBand, *, started: bool
    ) -> tuple[_Person, bool]:
        """Whom the account has to do with, now the latest of all; and whether that is new."""
        key = _key(other)
        person = self._people.pop(key, None)
        new = person is None or person.last <= hour - MONTH
        if person is None or new:
            person = _Person(hour, hour, started, _UNKNOWN if person is None else person.age)
        age = _age(band, person.age)
        self.changed |= new or hour > person.last or age != person.age
        person.last, person.age = max(person.last, hour), age
        self._people[key] = person
        if len(self._people) > MOST:
            self._people.popitem(last=False)
        return person, new

    def _gap(self, started: Sequence[_Person]) -> int | None:
        """By how many bands half of those whom the account wrote to first are younger, or more."""
        if self._age == _UNKNOWN:
            return None
        gaps = sorted(max(0, self._age - one.age) for one in started if one.age != _UNKNOWN)
        return gaps[(len(gaps) - 1) // 2] if gaps else None

    def _lately(self, kind: Complaint, now: int) -> int:
        return sum(hour > now - MONTH for hour in self._complaints[kind].values())


def _minors(started: Sequence[_Person], since: int) -> int:
    return sum(_UNKNOWN < one.age < _ADULT and one.opened > since for one in started)


def _unanswered(started: Sequence[_Person], now: int) -> float | None:
    due = [one.answered for one in started if one.answered or one.opened <= now - PATIENCE]
    return due.count(False) / len(due) if due else None


def _alike(started: Sequence[_Person]) -> int | None:
    bands = Counter(band for one in started for band in set(one.opener))
    return max(bands.values(), default=None)


def _key(name: str) -> int:
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _hour(at: datetime) -> int:
    return int(at.timestamp() // 3600)


def _age(band: AgeBand, before: int) -> int:
    return before if band is AgeBand.UNKNOWN else _AGES.index(band)


def _damaged() -> InvalidInput:
    return InvalidInput(
        "these counters of an account cannot be read",
        where="state",
        remedy="begin new ones; counts start from zero",
    )

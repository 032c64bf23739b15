"""Tests of tutela.detection.conversation.accounts: counters against an oracle that keeps it all."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.detection.conversation import accounts
from tutela.detection.conversation.accounts import MOST, AccountCounters
from tutela.errors import InvalidInput
from tutela.model.actor import AccountSignals, AgeBand
from tutela.model.conversation.batch import Complaint

T0 = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
BANDS = (2**53 - 3, 2**52, 1, 2)
AGES = [AgeBand.UNDER_13, AgeBand.FROM_13_TO_15, AgeBand.FROM_16_TO_17, AgeBand.ADULT]


class Told(NamedTuple):
    """Something that happened: a message to or from somebody, or a complaint."""

    hours: int
    what: str
    other: int
    age: AgeBand = AgeBand.UNKNOWN
    opener: tuple[int, ...] = ()


def tell(counters: AccountCounters, told: Told) -> None:
    """Tell counters what happened."""
    at, other = T0 + timedelta(hours=told.hours), f"u{told.other}"
    match told.what:
        case "wrote":
            counters.wrote(other, at, told.age, told.opener)
        case "received":
            counters.received(other, at, told.age)
        case kind:
            counters.complained(Complaint(kind), other, at)


class Met(NamedTuple):
    """What the oracle knows of somebody at the end: since when, and all since then."""

    opened: int
    started: bool
    messages: list[Told]

    @property
    def answered(self) -> bool:
        """Whether the other side wrote back."""
        return self.started and any(one.what == "received" for one in self.messages)

    @property
    def opener(self) -> tuple[int, ...]:
        """Bands of the first message."""
        return self.messages[0].opener if self.started else ()


def met_with(messages: list[Told]) -> Met:
    """The part of a pair's history since the last silence of 30 days."""
    begun, last = 0, messages[0].hours
    for place, one in enumerate(messages):
        if one.hours - last >= 720:
            begun = place
            last = one.hours
        last = max(last, one.hours)
    since = messages[begun:]
    return Met(since[0].hours, since[0].what == "wrote", since)


def expected(history: list[Told], own: AgeBand, now: int) -> AccountSignals:
    """What the counters should say, by brute force over everything that ever happened."""
    chats: dict[int, list[Told]] = {}
    ages: dict[int, AgeBand] = {}
    for one in history:
        if one.what in {"wrote", "received"}:
            chats.setdefault(one.other, []).append(one)
            if one.age is not AgeBand.UNKNOWN:
                ages[one.other] = one.age
    met = {other: met_with(messages) for other, messages in chats.items()}
    lately = {other: one for other, one in met.items() if one.opened > now - 720}
    started = {other: one for other, one in lately.items() if one.started}
    minors = [one.opened for other, one in started.items() if ages.get(other) in AGES[:3]]
    due = [o.answered for o in started.values() if o.answered or o.opened <= now - 6]
    alike = Counter(band for one in started.values() for band in set(one.opener))
    gaps = sorted(
        max(0, AGES.index(own) - AGES.index(ages[other])) for other in started if other in ages
    ) if own in AGES else []  # fmt: skip

    def complaints(kind: str) -> int:
        return len({one.other for one in history if one.what == kind and one.hours > now - 720})

    return AccountSignals(
        minors_contacted_1d=sum(opened > now - 24 for opened in minors),
        minors_contacted_7d=sum(opened > now - 168 for opened in minors),
        minors_contacted_30d=len(minors),
        unanswered_share=due.count(False) / len(due) if due else None,
        started_share=len(started) / len(lately) if lately else None,
        openers_alike_30d=max(alike.values(), default=None),
        age_band_gap=gaps[(len(gaps) - 1) // 2] if gaps else None,
        reports_30d=complaints("report"),
        blocks_30d=complaints("block"),
    )


HAPPENED = st.builds(
    Told,
    st.integers(0, 2000),
    st.sampled_from(["wrote", "wrote", "received", "report", "block"]),
    st.integers(0, 9),
    st.sampled_from(list(AgeBand)),
    st.lists(st.integers(0, 5), max_size=3).map(tuple),
)


@given(
    st.lists(HAPPENED, max_size=60),
    st.sampled_from(list(AgeBand)),
    st.integers(0, 60),
    st.sampled_from(["in order", "in any order"]),
)
@settings(max_examples=150, deadline=None)
def test_counters_say_what_all_of_the_past_says_after_a_restart_too(
    history: list[Told], own: AgeBand, restart: int, order: str
) -> None:
    if order == "in order":
        history.sort(key=lambda one: one.hours)
    counters = AccountCounters()
    counters.aged(own)
    for place, one in enumerate(history):
        if place == restart:
            counters = AccountCounters.resume(counters.dump())
        before = AccountCounters.resume(counters.dump())
        tell(before, one)
        if before.changed:
            tell(counters, one)
    for now in (0, 900, 2000, 5000):
        said = counters.signals(T0 + timedelta(hours=now))
        assert said == expected(history, own, now)


def test_a_first_message_is_told_from_an_answer_and_from_a_later_one() -> None:
    counters = AccountCounters()
    assert counters.wrote("b", T0)
    assert not counters.wrote("b", T0)
    counters.received("c", T0)
    assert not counters.wrote("c", T0)
    assert counters.signals(T0).started_share == 0.5
    assert counters.wrote("b", T0 + timedelta(days=30)), "after 30 silent days, it is a first again"


def test_unknown_ages_are_neither_minors_nor_adults() -> None:
    counters = AccountCounters()
    counters.wrote("b", T0)
    assert counters.signals(T0).minors_contacted_30d == 0
    assert counters.signals(T0).age_band_gap is None
    counters.aged(AgeBand.ADULT)
    assert counters.signals(T0).age_band_gap is None
    counters.received("b", T0, AgeBand.UNDER_13)
    assert counters.signals(T0).minors_contacted_30d == 1
    assert counters.signals(T0).age_band_gap == 3
    counters.received("b", T0, AgeBand.UNKNOWN)
    assert counters.signals(T0).age_band_gap == 3


def test_nothing_told_is_no_share_of_anything() -> None:
    nothing = AccountCounters().signals(T0)
    assert nothing == AccountSignals(
        minors_contacted_1d=0,
        minors_contacted_7d=0,
        minors_contacted_30d=0,
        reports_30d=0,
        blocks_30d=0,
    )


def test_one_user_who_complains_often_counts_once() -> None:
    counters = AccountCounters()
    for _ in range(50):
        counters.complained(Complaint.REPORT, "b", T0)
        counters.complained(Complaint.BLOCK, "b", T0)
    said = counters.signals(T0)
    assert (said.reports_30d, said.blocks_30d) == (1, 1)


def test_memory_and_time_are_bounded_however_many_people_an_account_writes_to() -> None:
    counters = AccountCounters()
    begun = time.process_time()
    for one in range(20_000):
        counters.wrote(f"u{one}", T0, AgeBand.UNDER_13, (2**53 - 1, 2**53 - 2 - one, *BANDS))
        counters.complained(Complaint.BLOCK, f"u{one}", T0)
    assert time.process_time() - begun < 5
    assert len(counters.dump()) < 90 * MOST
    said = counters.signals(T0)
    assert said.minors_contacted_1d == said.blocks_30d == said.openers_alike_30d == MOST
    again = AccountCounters.resume(counters.dump())
    again.wrote("one more", T0)
    assert again.signals(T0).minors_contacted_30d == MOST - 1, (
        "who was written to first, went first"
    )


def test_ids_of_any_characters_are_taken_and_none_is_kept() -> None:
    counters = AccountCounters()
    for name in ("\ud800", "a\x00b", "\u202e", "x" * 256):
        counters.wrote(name, T0)
        counters.complained(Complaint.BLOCK, name, T0)
    assert len(counters._people) == 4
    assert b"xxx" not in counters.dump()


@pytest.mark.parametrize("damage", ["cut", "flipped", "grown", "version", "empty"])
def test_a_damaged_state_is_refused(damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counters = AccountCounters()
    counters.wrote("b", T0)
    state = bytearray(counters.dump())
    match damage:
        case "cut":
            state = state[:-1]
        case "flipped":
            state[0] ^= 0xFF
        case "grown":
            state += b"\x00"
        case "version":
            monkeypatch.setattr(accounts, "_VERSION", 2)
        case _:
            state = bytearray()
    with pytest.raises(InvalidInput, match="begin new ones"):
        AccountCounters.resume(bytes(state))


def test_a_state_with_more_people_than_are_ever_kept_is_refused() -> None:
    crowd = {one: [0, 0, True] for one in range(MOST + 1)}
    with pytest.raises(InvalidInput):
        AccountCounters.resume(msgspec.msgpack.encode([1, -1, crowd, {}, {}]))

from __future__ import annotations

import math
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.learning.calibrating import logit
from tutela.detection.conversation.learning.following import (
    FEATURES,
    MOST_COUNTED,
    WINDOW,
    Following,
    FollowingState,
    Said,
    Wording,
    chance_of,
    counted,
    log_odds_of,
    value_of,
)

WORDING = Wording(np.zeros(1, np.float32), (1.0, -0.5), -1.0)
SAID = st.builds(
    Said,
    total=st.floats(-20, 20),
    size=st.integers(0, 300),
    families=st.lists(st.sampled_from([0, 1]), max_size=2),
    stages=st.sampled_from([0, 1, 33]),
    author=st.sampled_from("ab"),
    seconds=st.one_of(st.none(), st.floats(0, 2e9)),
)


def quiet(total: float = 0.0, *, families: tuple[int, ...] = (), at: float | None = None) -> Said:
    return Said(total, 100, families, 0, "a", at)


@given(said=st.lists(SAID, min_size=1, max_size=70))
def test_wording_now_is_that_of_the_window(said: list[Said]) -> None:
    following = Following(WORDING)
    highest, window, counts = [], [(0.0, 0)] * WINDOW, [0, 0]
    for place, one in enumerate(said, 1):
        features = dict(zip(FEATURES, following.add(one, 2.5), strict=True))
        rest, new = window[1:], (one.total, one.size)
        same = new in rest[-min(place, WINDOW) + 1 :] or new == (0.0, 0)
        window = [*rest, (0.0, 0) if same else new]
        for cue in (0, 1):
            counts[cue] += 0 if same else one.families.count(cue)
        now = -1.0 + counted(counts[0]) - 0.5 * counted(counts[1])
        now += sum(total for total, _ in window) / (math.sqrt(sum(size for _, size in window)) or 1)
        highest.append(now)
        assert features["wording now"] == pytest.approx(now)
        assert features["wording at its highest"] == pytest.approx(max(highest))
        best = sorted(highest)[-3:]
        assert features["mean of its three highest"] == pytest.approx(sum(best) / len(best))
        assert features["value of the cues"] == 0.25
        assert features["wording accumulated"] >= 0


@given(said=st.lists(SAID, max_size=60), cut=st.integers(0, 60))
def test_state_goes_on_as_if_nothing_had_been_between(said: list[Said], cut: int) -> None:
    whole, parted = Following(WORDING), Following(WORDING)
    for place, one in enumerate(said):
        if place == cut:
            packed = msgspec.msgpack.encode(parted.dump())
            state = msgspec.msgpack.decode(packed, type=FollowingState)
            assert state.fits(2)
            parted = Following.resumed(WORDING, state)
        assert parted.add(one, 1.0) == whole.add(one, 1.0)
    assert parted.dump() == whole.dump()


def test_state_does_not_grow_with_the_conversation() -> None:
    following = Following(WORDING)
    sizes = []
    for place in range(1000):
        following.add(quiet(float(place % 7), families=(0, 1), at=place * 1e4), 9.0)
        sizes.append(len(msgspec.msgpack.encode(following.dump())))
    assert max(sizes) < 900
    assert max(sizes[200:]) - min(sizes[200:]) < 20


def test_what_was_said_is_not_forgotten_by_chatter() -> None:
    following = Following(WORDING)
    loud = following.add(quiet(60.0), 0.0)
    for _ in range(500):
        after = following.add(quiet(), 0.0)
    assert after[0] < 0 < loud[0]
    assert after[1] == loud[1]


def test_a_clock_that_goes_backwards_is_no_time() -> None:
    forth, back = Following(WORDING), Following(WORDING)
    for following, second in ((forth, 1000.0), (back, -1e12)):
        following.add(quiet(60.0, at=1000.0), 0.0)
        following.add(quiet(60.0, at=second), 0.0)
    assert forth.dump().accumulated == back.dump().accumulated


def test_days_make_it_forget() -> None:
    soon, late = Following(WORDING), Following(WORDING)
    for following, second in ((soon, 60.0), (late, 86_400.0 * 90)):
        following.add(quiet(60.0, at=0.0), 0.0)
        following.add(quiet(60.0, at=second), 0.0)
    assert late.dump().accumulated < soon.dump().accumulated


def test_repeating_a_message_adds_nothing_to_the_wording() -> None:
    once, often = Following(WORDING), Following(WORDING)
    single = once.add(quiet(20.0), 0.0)
    repeated = [often.add(quiet(20.0), 0.0) for _ in range(WINDOW)]
    assert {features[:3] for features in repeated} == {single[:3]}


def test_the_weightiest_messages_are_told_and_no_more_than_five() -> None:
    following = Following(WORDING)
    for place in range(30):
        following.add(Said(float(place % 10), 9, (), 0, f"{place}", None), 0.0)
    points = [one.points for one in following.weighty]
    assert len(points) == 5
    assert points == sorted(points, reverse=True)


def test_a_cue_counts_less_each_time_and_no_more_from_the_seventh() -> None:
    steps = [counted(seen) for seen in range(MOST_COUNTED + 3)]
    gains = np.diff(steps)
    assert steps[0] == 0
    assert steps[MOST_COUNTED] == steps[-1] == 1
    assert all(one > other for one, other in pairwise(gains[:MOST_COUNTED]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"totals": (math.nan,)},
        {"sizes": ()},
        {"sizes": (-1,)},
        {"seen": (0,)},
        {"seen": (0, 99)},
        {"best": ()},
        {"stages": 64},
        {"accumulated": math.inf},
    ],
)
def test_a_state_that_no_model_left_does_not_fit(wrong: dict[str, object]) -> None:
    following = Following(WORDING)
    following.add(quiet(), 0.0)
    assert following.dump().fits(2)
    assert not msgspec.structs.replace(following.dump(), **wrong).fits(2)


@pytest.mark.parametrize(
    ("chance", "value"), [(0.5, 5.0), (0.999, 10.0), (0.001, 0.0), (1.0, 10.0), (0.0, 0.0)]
)
def test_value_of_a_chance(chance: float, value: float) -> None:
    assert value_of(logit(chance)) == pytest.approx(value)


@given(value=st.floats(0.01, 9.99))
def test_value_turned_round(value: float) -> None:
    assert value_of(log_odds_of(value)) == pytest.approx(value, abs=0.001)
    assert 0 < chance_of(log_odds_of(value)) < 1

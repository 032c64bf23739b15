from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.talks import ADULT, CHILD, cue

from tutela.detection.conversation.calibration import PRIOR
from tutela.detection.conversation.cues.cue import BookedTo, CueFamily, Hit
from tutela.detection.conversation.evidence.clock import Clock
from tutela.detection.conversation.evidence.cooccurrence import MOST
from tutela.detection.conversation.evidence.ledger import MOST_GROUNDS, MOST_SIDES, Ledger
from tutela.model.conversation.rating import Stage

COMPLIMENT = cue("compliment", 0.6, Stage.TRUST, cap=1.8)
MOVE = cue("contact_details", 1.0, Stage.ISOLATION, cap=2.0)
THREAT = cue("threat", 3.0, Stage.COERCION, cap=8.0)
REFUSAL = cue("refusal", 0.8, None, booked_to=BookedTo.OTHERS, cap=2.0)


def begun(*people: object) -> tuple[Ledger, Clock]:
    clock = Clock()
    return Ledger(PRIOR, clock, people or (CHILD, ADULT)), clock  # type: ignore[arg-type]


def say(ledger: Ledger, clock: Clock, author: str, *families: CueFamily) -> None:
    clock.tick(None)
    ledger.writes(author, media=False)
    if families:
        ledger.book(author, [Hit(one, 0, 1) for one in families], hidden=False)


def test_one_cue_counts_once_in_a_message() -> None:
    once, clock = begun()
    say(once, clock, "adult", THREAT)
    often, clock = begun()
    say(often, clock, "adult", *[THREAT] * 8)
    assert often.value() == once.value()
    assert often.hits == 8


def test_what_nobody_said_it_to_counts_for_nobody() -> None:
    ledger, clock = begun(CHILD)
    say(ledger, clock, "child", REFUSAL)
    assert (ledger.value(), ledger.author(), ledger.grounds()) == (0, "", ())


def test_only_the_weightiest_grounds_are_kept() -> None:
    ledger, clock = begun()
    for _ in range(60):
        say(ledger, clock, "adult", COMPLIMENT)
        for _ in range(100):
            say(ledger, clock, "child")
    say(ledger, clock, "adult", THREAT)
    grounds = ledger.grounds()
    assert len(grounds) == MOST_GROUNDS
    assert grounds[0].cue == "threat"


def test_who_has_least_evidence_gives_way() -> None:
    ledger, clock = begun()
    say(ledger, clock, "grave", THREAT)
    for number in range(MOST_SIDES * 3):
        say(ledger, clock, f"p{number}", COMPLIMENT)
    assert ledger.author() == "grave"
    assert len(ledger.dump().sides) == MOST_SIDES


def test_pairs_add_so_much_at_most() -> None:
    ledger, clock = begun()
    names = (
        "secrecy deletion image_request supervision_probe threat guilt gift exclusivity "
        "sexual_talk minor_age_told payment_demand platform_move"
    )
    for name in names.split() * 3:
        say(ledger, clock, "adult", cue(name, 1.0, Stage.SEXUAL))
    pairs = [ground.points for ground in ledger.grounds() if "+" in ground.cue]
    assert pairs
    assert math.fsum(pairs) <= MOST + 0.01


def test_stages_count_messages_and_keep_the_first() -> None:
    ledger, clock = begun()
    for families in ((), (THREAT,), (COMPLIMENT, THREAT), (THREAT,)):
        say(ledger, clock, "adult", *families)
    assert [(mark.stage, mark.first, mark.messages) for mark in ledger.stages()] == [
        (Stage.COERCION, 1, 3),
        (Stage.TRUST, 2, 1),
    ]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["adult", "child"]),
        st.lists(st.sampled_from([COMPLIMENT, MOVE, THREAT]), max_size=2, unique_by=id),
    ),
    max_size=60,
)


@given(steps=STEPS)
def test_points_are_what_the_definition_says(
    steps: Sequence[tuple[str, list[CueFamily]]],
) -> None:
    """For each author and cue: the last sum as its half-life leaves it, plus points, to the cap."""
    ledger, clock = begun()
    shares = {("child", "compliment"): 0.3, ("child", "contact_details"): 0.3}
    sums: dict[tuple[str, str], tuple[float, int, float]] = {}
    for place, (author, families) in enumerate(steps, start=1):
        say(ledger, clock, author, *families)
        for family in families:
            share = shares.get((author, family.id), 1.0)
            before, when, _ = sums.get((author, family.id), (0.0, place, 0.0))
            left = before * 0.5 ** ((place - when) / family.half_life_messages)
            added = min(family.points * share, max(family.cap * share - left, 0.0))
            sums[author, family.id] = left + added, place, family.half_life_messages
    for author in ("adult", "child"):
        whole = math.fsum(
            points * 0.5 ** ((len(steps) - when) / half)
            for (whose, _), (points, when, half) in sums.items()
            if whose == author
        )
        assert ledger.points(author) == pytest.approx(whole)

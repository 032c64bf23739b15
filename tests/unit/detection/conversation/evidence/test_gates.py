from __future__ import annotations

import itertools

import pytest
from tests.talks import cue

from tutela.detection.conversation.cues.cue import Gate
from tutela.detection.conversation.evidence.gates import Relation, Stance, relation, share
from tutela.model.conversation.rating import KnownAges, Stage

GAP = cue("gift", 1.0, Stage.TRUST, gate=Gate.GAP)
MOVE = cue("platform_move", 1.5, Stage.ISOLATION)
THREAT = cue("threat", 3.0, Stage.COERCION)
CALM = cue("guardian_included", -2.0, None)

SURE, GUESSED, NOT = KnownAges.KNOWN, KnownAges.ESTIMATED, KnownAges.UNKNOWN


def test_every_pair_of_people_has_a_relation_and_a_share() -> None:
    for author, other in itertools.product(Stance, repeat=2):
        between = relation((author, SURE), (other, SURE), None)
        for family in (GAP, MOVE, THREAT, CALM):
            assert 0 < share(family, between, 1) <= 1


def test_an_adult_and_a_minor_count_in_full() -> None:
    between = relation((Stance.ADULT, SURE), (Stance.MINOR, SURE), 22)
    assert between is Relation.ADULT_TO_MINOR
    assert share(GAP, between, 1) == 1


def test_estimated_ages_count_nearly_in_full() -> None:
    between = relation((Stance.ADULT, SURE), (Stance.MINOR, GUESSED), None)
    assert between is Relation.LIKELY_ADULT_TO_MINOR
    assert 0.8 < share(GAP, between, 1) < 1


def test_years_between_minors_make_them_no_peers() -> None:
    minor = (Stance.MINOR, SURE)
    assert relation(minor, minor, 5) is Relation.OLDER_TO_YOUNGER
    assert relation(minor, minor, -5) is Relation.PEERS
    assert relation(minor, minor, 1) is Relation.PEERS
    assert relation(minor, minor, None) is Relation.PEERS


def test_unknown_ages_count_less_than_a_minors_and_more_than_peers() -> None:
    unknown = relation((Stance.UNKNOWN, NOT), (Stance.UNKNOWN, NOT), None)
    likely, peers = Relation.LIKELY_ADULT_TO_MINOR, Relation.PEERS
    assert share(GAP, peers, 1) < share(GAP, unknown, 1) < share(GAP, likely, 1)


@pytest.mark.parametrize("between", Relation)
def test_a_threat_is_a_threat(between: Relation) -> None:
    assert share(THREAT, between, 1) == 1
    assert share(CALM, between, 1) == 1


def test_what_is_said_to_a_group_is_meant_for_nobody_in_particular() -> None:
    shares = [share(GAP, Relation.ADULT_TO_MINOR, others) for others in (1, 2, 30)]
    assert shares == sorted(shares, reverse=True)
    assert len(set(shares)) == 3

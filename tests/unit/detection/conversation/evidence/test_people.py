from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.talks import ADULT, CHILD

from tutela.detection.conversation.evidence.gates import Relation, Stance
from tutela.detection.conversation.evidence.people import MOST, People
from tutela.model.actor import AgeBand, AgeSource
from tutela.model.conversation.message import Participant
from tutela.model.conversation.rating import KnownAges


def test_a_pair_speaks_with_each_other() -> None:
    people = People((CHILD, ADULT))
    people.writes("adult", ())
    assert people.other("adult") == "child"
    assert people.other("child") == "adult"
    assert people.relation("adult") is Relation.ADULT_TO_MINOR
    assert people.relation("child") is Relation.MINOR_TO_ADULT


def test_in_a_group_one_answers_whoever_wrote_before() -> None:
    people = People()
    for name in ("a", "b", "b", "c"):
        people.writes(name, ())
    assert people.other("c") == "b"
    assert People().other("a") is None


def test_a_minor_in_a_group_counts_before_who_is_unknown() -> None:
    people = People((ADULT, Participant(id="x"), CHILD))
    assert people.relation("adult") is Relation.LIKELY_ADULT_TO_MINOR
    assert People((ADULT, Participant(id="x"), Participant(id="y"))).relation("adult") is (
        Relation.ADULT_TO_UNKNOWN
    )


def test_what_is_told_in_the_conversation_is_an_estimate() -> None:
    people = People((Participant(id="a"), Participant(id="b")))
    assert people.relation("a") is Relation.UNKNOWN
    people.tell_young("b")
    assert people.relation("a") is Relation.UNKNOWN_TO_MINOR
    people.tell_older("a")
    assert people.relation("a") is Relation.LIKELY_ADULT_TO_MINOR
    assert people.gap("a").knowledge is KnownAges.ESTIMATED


def test_a_declared_adult_who_says_otherwise_is_unknown_and_a_verified_one_is_not() -> None:
    for source, stance in (
        (AgeSource.DECLARED, Stance.UNKNOWN),
        (AgeSource.VERIFIED, Stance.ADULT),
    ):
        people = People((msgspec.structs.replace(ADULT, age_source=source), CHILD))
        people.tell_young("adult")
        assert people["adult"].stance[0] is stance


def test_years_between_are_told_where_both_are_known() -> None:
    assert People((CHILD, ADULT)).gap("adult").years == 22
    banded = Participant(id="child", age_band=AgeBand.UNDER_13)
    gap = People((banded, ADULT)).gap("adult")
    assert (gap.adult_to_minor, gap.years) == (True, None)


def test_bands_alone_tell_older_minors_from_younger() -> None:
    older = Participant(id="o", age_band=AgeBand.FROM_16_TO_17)
    younger = Participant(id="y", age_band=AgeBand.UNDER_13)
    assert People((older, younger)).relation("o") is Relation.OLDER_TO_YOUNGER
    assert People((older, younger)).relation("y") is Relation.PEERS


def test_who_is_silent_for_longest_gives_way_and_who_has_evidence_stays() -> None:
    people = People()
    for number in range(MOST + 10):
        people.writes(f"p{number}", ("p0",))
    assert len(people) == MOST
    assert "p0" in people
    assert "p1" not in people


NAMES = st.sampled_from(["a", "b", "c", "d", ""])
ACTS = st.lists(
    st.tuples(st.sampled_from(["writes", "young", "older", "meet"]), NAMES), max_size=30
)


@given(acts=ACTS)
def test_counts_are_those_of_the_people(acts: list[tuple[str, str]]) -> None:
    people = People((CHILD, ADULT))
    for act, name in acts:
        if act == "writes":
            people.writes(name, ())
        elif act == "meet":
            people.meet(Participant(id=name, age=16))
        elif name in people:
            (people.tell_young if act == "young" else people.tell_older)(name)
    stances = [person.stance[0] for person in people]
    assert people._counts == [stances.count(stance) for stance in Stance]

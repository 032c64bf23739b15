"""Facts are taken from the event, its matches and its gaps; none is lost that a rule needs."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace

from tutela.model import (
    AccountSignals,
    Actor,
    AgeBand,
    AgeSource,
    Content,
    Event,
    EventKind,
    Gap,
    GapReason,
    History,
    LowInformation,
    Match,
    Rating,
    Ruling,
    Silenced,
    Silencing,
    SurfaceClass,
    Verdict,
)
from tutela.policy.facts import (
    LISTED,
    MACHINE,
    NOT_TOLD,
    AccountFacts,
    ActorFacts,
    ContactFacts,
    ContentFacts,
    EventFacts,
    Facts,
    GapFacts,
    HistoryFacts,
    LawFacts,
    MatchFacts,
    RatingFacts,
    SilencedFacts,
)


def event(*contents: Content) -> Event:
    return Event(
        id="e1",
        digest="d" * 64,
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        surface="forum",
        region="DE",
        actor=Actor(id="a1"),
        drill=True,
        contents=contents,
    )


def match(entry_id: int = 1, **changes: object) -> Match:
    fields: dict[str, object] = {
        "bank": "mountains",
        "bank_id": 1,
        "entry_id": entry_id,
        "kind": "pdq",
        "distance": 7,
        "exact": False,
        "list_version": 3,
    }
    return Match(**(fields | changes))  # type: ignore[arg-type]


def test_facts_of_an_event() -> None:
    picture = Content(media_type="image/png", size=10, width=3, height=4, frames=1, path=("a", "b"))
    found = match(
        trusted=True,
        drill=True,
        exchange="x",
        label="peak",
        category="1",
        scheme="US",
        source="s",
        part="turned",
        path=("a",),
    )
    assert Facts.of(event(picture), Verdict.MATCH, [found], []) == Facts(
        verdict=Verdict.MATCH,
        event=EventFacts(surface="forum", region="DE", drill=True, has_actor=True),
        matches=(
            MatchFacts(
                bank="mountains",
                trusted=True,
                exact=False,
                kind="pdq",
                distance=7,
                drill=True,
                exchange="x",
                label="peak",
                category="1",
                scheme="US",
                source="s",
                part="turned",
                in_archive=True,
            ),
        ),
        contents=(
            ContentFacts(media_type="image/png", size=10, width=3, height=4, frames=1, depth=2),
        ),
        match_count=1,
        content_count=1,
    )


def test_trusted_and_exact_matches_come_first_so_that_a_cut_never_hides_one() -> None:
    many = [match(n, distance=0) for n in range(LISTED + 5)]
    weighty = match(9999, trusted=True, distance=30)
    weightiest = match(9998, trusted=True, exact=True, kind="md5", distance=0)
    facts = Facts.of(event(), Verdict.MATCH, [*many, weighty, weightiest], [])
    assert len(facts.matches) == LISTED
    assert facts.match_count == LISTED + 7
    assert (facts.matches[0].exact, facts.matches[0].trusted) == (True, True)
    assert (facts.matches[1].exact, facts.matches[1].trusted) == (False, True)


def test_every_reason_of_a_gap_is_known_though_the_list_for_people_is_cut_short() -> None:
    flat = [Content(media_type="image/png", gaps=(Gap(reason=GapReason.FLAT),))] * 500
    damaged = Content(media_type="image/jpeg", gaps=(Gap(reason=GapReason.DAMAGED),))
    listed = [Gap(reason=GapReason.FLAT, part="a: b")] * 100
    facts = Facts.of(event(*flat, damaged), Verdict.NOT_CHECKED, [], listed)
    assert facts.gaps == (
        GapFacts(reason=GapReason.FLAT, media_type="image/png"),
        GapFacts(reason=GapReason.DAMAGED, media_type="image/jpeg"),
    )


def test_a_gap_of_the_check_as_a_whole_is_a_fact() -> None:
    gap = Gap(reason=GapReason.INDEX_NOT_READY)
    facts = Facts.of(event(Content()), Verdict.NOT_CHECKED, [], [gap])
    assert facts.gaps == (GapFacts(reason=GapReason.INDEX_NOT_READY),)


def test_contents_beyond_the_listed_ones_are_counted() -> None:
    facts = Facts.of(event(*[Content()] * (LISTED + 1)), Verdict.CLEAR, [], [])
    assert (len(facts.contents), facts.content_count) == (LISTED, LISTED + 1)


def test_what_is_silenced_is_told_to_the_rules() -> None:
    by = match(9, bank="logos", distance=3)
    one = Silenced(match=match(trusted=True), reason=Silencing.ALLOWED, detail="d", by=by)
    other = Silenced(match=match(), reason=Silencing.LOW_INFORMATION, detail="d")
    facts = Facts.of(event(), Verdict.CLEAR, [], [], [one, other])
    assert facts.silenced_count == 2
    assert facts.silenced == (
        SilencedFacts(
            reason=Silencing.ALLOWED,
            bank="mountains",
            trusted=True,
            kind="pdq",
            distance=7,
            by="logos",
        ),
        SilencedFacts(reason=Silencing.LOW_INFORMATION, bank="mountains", kind="pdq", distance=7),
    )
    many = Facts.of(event(), Verdict.CLEAR, [], [], [other] * (LISTED + 5))
    assert (len(many.silenced), many.silenced_count) == (LISTED, LISTED + 5)


def test_little_in_a_picture_counts_for_perceptual_kinds_only() -> None:
    little = LowInformation.PLAIN
    found = [match(low_information=little), match(kind="md5", exact=True, low_information=little)]
    facts = Facts.of(event(), Verdict.MATCH, found, [])
    assert [(one.exact, one.low_information) for one in facts.matches] == [
        (True, False),
        (False, True),
    ]


def test_what_the_law_says_is_told_to_the_rules() -> None:
    ruling = Ruling(
        pack="eu",
        version="eu-1",
        surface_class=SurfaceClass.PRIVATE_MESSAGES,
        may_scan=False,
        reason="No.",
        source="An Act",
        overridden=True,
    )
    facts = Facts.of(event(), Verdict.NOT_CHECKED, [], [], law=ruling)
    assert facts.law == LawFacts(
        pack="eu", may_scan=False, surface_class="private_messages", overridden=True
    )
    assert Facts.of(event(), Verdict.CLEAR, [], []).law == LawFacts()


def of(**told: object) -> Facts:
    """Facts of an event that carries nothing."""
    told_of = replace(event(), **told)
    return Facts.of(told_of, Verdict.NOT_CHECKED, [], [Gap(reason=GapReason.NO_CONTENT)])


UNDER_18 = (AgeBand.UNDER_13, AgeBand.FROM_13_TO_15, AgeBand.FROM_16_TO_17)
people = st.lists(st.sampled_from(AgeBand), max_size=4)


@given(st.one_of(st.none(), st.sampled_from(AgeBand)), people)
def test_who_reaches_whom(actor: AgeBand | None, receivers: list[AgeBand]) -> None:
    """Every age is told as it is, and an unknown one is neither adult nor minor."""
    facts = of(
        actor=None if actor is None else Actor(id="a", age=actor),
        receivers=tuple(Actor(id=str(n), age=age) for n, age in enumerate(receivers)),
    )
    contact = facts.contact
    assert [one.age for one in facts.receivers] == receivers
    assert [one.minor for one in facts.receivers] == [age in UNDER_18 for age in receivers]
    assert facts.actor.age == (actor or AgeBand.UNKNOWN)
    assert facts.event.has_actor == (actor is not None)
    assert contact.receivers == len(receivers)
    assert contact.minor_receivers == len([age for age in receivers if age in UNDER_18])
    assert contact.unknown_receivers == receivers.count(AgeBand.UNKNOWN)
    assert contact.may_reach_minor == any(age is not AgeBand.ADULT for age in receivers)
    assert contact.adult_to_minor == (actor is AgeBand.ADULT and contact.minor_receivers > 0)
    everybody = [actor or AgeBand.UNKNOWN, *receivers]
    assert contact.ages_known == (bool(receivers) and AgeBand.UNKNOWN not in everybody)


def test_what_is_told_of_people_are_facts() -> None:
    facts = of(
        kind=EventKind.MESSAGE,
        actor=Actor(id="a", age=AgeBand.FROM_16_TO_17, age_source=AgeSource.ESTIMATED),
        conversation="c1",
        ratings=(
            Rating(name="grooming", value=8.5, probability=0.0, model="m"),
            Rating(name="nudity", value=0),
        ),
        account=AccountSignals(age_days=0, unanswered_share=0.5, reports_30d=2),
        history=History(events_1d=1, events_30d=2, matches_30d=3, blocks_30d=4, cases_30d=5),
    )
    assert facts.event.kind is EventKind.MESSAGE
    assert facts.event.conversation
    assert facts.actor == ActorFacts(
        age=AgeBand.FROM_16_TO_17, age_source=AgeSource.ESTIMATED, minor=True
    )
    assert facts.ratings == (
        RatingFacts(name="grooming", value=8.5, probability=0.0, model="m"),
        RatingFacts(name="nudity", value=0.0, probability=NOT_TOLD),
    )
    assert facts.account == AccountFacts(
        told=True,
        age_days=0,
        minors_contacted_1d=NOT_TOLD,
        minors_contacted_7d=NOT_TOLD,
        minors_contacted_30d=NOT_TOLD,
        unanswered_share=0.5,
        reports_30d=2,
        blocks_30d=NOT_TOLD,
        started_share=NOT_TOLD,
        openers_alike_30d=NOT_TOLD,
        age_band_gap=NOT_TOLD,
    )
    assert facts.history == HistoryFacts(
        known=True, events_1d=1, events_30d=2, matches_30d=3, blocks_30d=4, cases_30d=5
    )


def test_what_is_not_told_is_not_zero() -> None:
    facts = of(actor=None)
    assert not facts.event.conversation
    assert facts.contact == ContactFacts()
    assert (facts.account, facts.account.told) == (AccountFacts(), False)
    assert not facts.history.known
    assert of(account=AccountSignals()).account == AccountFacts()
    numbers = structs.asdict(facts.account)
    del numbers["told"]
    assert set(numbers.values()) == {NOT_TOLD}


def test_a_machine_s_ratings_and_an_account_s_numbers_are_facts_of_a_machine() -> None:
    assert set(Facts.__struct_fields__) >= MACHINE == {"ratings", "account"}


def test_all_that_can_be_told_of_an_account_and_its_past_is_a_fact() -> None:
    assert set(AccountFacts.__struct_fields__) == {"told", *AccountSignals.__struct_fields__}
    assert set(HistoryFacts.__struct_fields__) == {"known", *History.__struct_fields__}

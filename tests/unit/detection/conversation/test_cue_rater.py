from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.talks import ADULT, CHILD, PHRASES, HandMade, chatter, made_rater, plain, talk

from tutela.detection.conversation.cue_rater import CueRater
from tutela.detection.conversation.rater import rate
from tutela.detection.conversation.spoken import ENOUGH
from tutela.errors import InvalidInput
from tutela.model.actor import AgeSource
from tutela.model.conversation.message import Conversation, Message, Participant
from tutela.model.conversation.rating import (
    Band,
    ConversationRating,
    KnownAges,
    Lane,
    MissingEvidence,
    Stage,
)

RATER = made_rater()
GRAVE = [
    ("adult", "how old are you"),
    ("child", "i am 12"),
    ("adult", "are you home alone"),
    ("adult", "don't tell your parents"),
    ("adult", "talk on another app"),
]


def rated(*lines: tuple[str, str], **told: object) -> ConversationRating:
    return rate(RATER, talk(*lines, **told))  # type: ignore[arg-type]


def test_a_few_lines_are_enough_for_a_high_rating() -> None:
    rating = rated(*GRAVE)
    assert rating.band in {Band.HIGH, Band.CRITICAL}
    assert rating.author == "adult"
    assert [mark.stage for mark in rating.stages] == [Stage.PROBING, Stage.ISOLATION]
    assert rating.first_alert == 4
    assert rating.age_gap.adult_to_minor is True
    assert rating.age_gap.years == 22
    assert rating.not_enough_evidence is None
    assert rating.calibration == "prior 1"


def test_two_lines_already_raise_it() -> None:
    rating = rated(("adult", "are you home alone"), ("adult", "don't tell your parents"))
    assert rating.band is Band.RAISED
    assert rating.messages == 2


def test_each_ground_names_message_cue_points_and_place() -> None:
    rating = rated(("child", "hello"), ("adult", "hey, don't tell your parents"))
    ground = rating.reasons[0]
    assert (ground.message, ground.author, ground.cue) == (1, "adult", "secrecy")
    assert (ground.start, ground.end) == (5, 28)
    assert ground.points == 2.5
    assert ground.stage is Stage.ISOLATION


def test_the_weightiest_ground_comes_first() -> None:
    points = [abs(ground.points) for ground in rated(*GRAVE).reasons]
    assert points == sorted(points, reverse=True)


def test_the_same_messages_give_the_same_rating() -> None:
    assert rated(*GRAVE, *chatter(30)) == rated(*GRAVE, *chatter(30))


def test_peers_are_hardly_rated_by_what_friends_say() -> None:
    friends = (Participant(id="adult", age=13), Participant(id="child", age=12))
    lines = [
        ("adult", "how old are you"),
        ("child", "i am 12"),
        ("adult", "you are so mature"),
        ("adult", "let us meet"),
        ("adult", "i pick you up"),
    ]
    rating = rated(*lines, participants=friends)
    assert rating.value < 1
    assert rating.stages == ()
    assert rated(*lines).value > rating.value + 2


def test_unknown_ages_count_in_part_and_not_as_a_minors() -> None:
    unknown = rated(*GRAVE[:1], ("adult", "let us meet"), participants=())
    known = rated(*GRAVE[:1], ("adult", "let us meet"))
    assert 0 < unknown.value < known.value
    assert unknown.age_gap.knowledge is KnownAges.UNKNOWN
    assert unknown.age_gap.adult_to_minor is None


def test_an_age_that_is_told_in_the_conversation_makes_an_estimate() -> None:
    lines = [("x", "how old are you"), ("y", "i am 12"), ("x", "i am much older"), *GRAVE[:1]]
    gap = rated(*lines, ("x", "let us meet"), participants=()).age_gap
    assert gap.knowledge is not KnownAges.KNOWN


def test_estimated_ages_are_told_as_such() -> None:
    guessed = (msgspec.structs.replace(CHILD, age_source=AgeSource.ESTIMATED), ADULT)
    assert rated(*GRAVE, participants=guessed).age_gap.knowledge is KnownAges.ESTIMATED


def test_what_speaks_for_harmless_reasons_subtracts() -> None:
    lines = [("adult", "let us meet"), ("adult", "i pick you up")]
    with_mum = rated(*lines, ("adult", "ask your mum first"))
    assert with_mum.value < rated(*lines).value
    assert any(ground.points < 0 for ground in with_mum.reasons)


def test_it_does_not_subtract_from_threats() -> None:
    lines = [("adult", "i will show everybody"), ("adult", "send me a picture")]
    assert rated(*lines, ("adult", "ask your mum first")).value >= rated(*lines).value - 0.2


def test_saying_it_first_saves_nothing_up() -> None:
    before = [("adult", "ask your mum first")] * 50
    assert rated(*before, *GRAVE).value > rated(*GRAVE).value * 0.7


def test_repeating_one_line_ends_at_its_cap() -> None:
    once, thousand = rated(GRAVE[3]), rated(*[GRAVE[3]] * 1000)
    assert once.value < thousand.value
    assert thousand.value <= RATER.calibration.value(PHRASES["don't tell your parents"].cap)


def test_a_conversation_of_nothing_but_grave_lines_is_rated_highest() -> None:
    """Where most messages are grave, nothing is subtracted for being usual."""
    dense = [("adult", line) for line in PHRASES if not line.startswith(("i am", "ask", "no "))]
    assert rated(*dense * 10).peak >= rated(*dense).peak >= 8.5


@pytest.mark.parametrize("between", [1, 5, 20])
def test_chatter_between_takes_little_away(between: int) -> None:
    padded = [line for grave in GRAVE for line in (*chatter(between), grave)]
    assert rated(*padded).peak > rated(*GRAVE).peak * 0.8


def test_a_flood_of_chatter_afterwards_does_not_wash_it_away() -> None:
    before, after = rated(*GRAVE), rated(*GRAVE, *chatter(5000), minutes=0.01)
    assert after.peak == before.peak
    assert after.value > before.value * 0.5
    assert after.reasons == before.reasons


def test_much_time_forgets() -> None:
    after = rated(*GRAVE, *chatter(4), minutes=60 * 24 * 30)
    assert after.value < 1
    assert after.peak > after.value


def test_a_refusal_counts_for_whom_it_answers() -> None:
    rating = rated(("child", "no i don't want"), ("adult", "come on just once"))
    assert rating.author == "adult"
    assert {ground.cue for ground in rating.reasons} == {
        "refusal",
        "persistence",
        "persistence+refusal",
    }


def test_a_threat_minutes_after_a_picture_has_a_lane_of_its_own() -> None:
    lines = [("child", "[picture]"), ("adult", "i will show everybody"), ("adult", "send me money")]
    rating = rated(*lines, participants=())
    assert rating.lanes == (Lane.SEXTORTION,)
    assert rating.band in {Band.HIGH, Band.CRITICAL}
    assert rated(*lines, participants=(), minutes=300).lanes == ()


def test_times_that_go_backwards_do_not_hide_it() -> None:
    rating = rated(("child", "[picture]"), ("adult", "send me money"), minutes=-5)
    assert rating.lanes == (Lane.SEXTORTION,)


def test_a_meeting_with_a_child_that_is_prepared_has_a_lane() -> None:
    prepared = [("adult", "don't tell your parents"), ("adult", "let us meet")]
    assert rated(*prepared).lanes == (Lane.MEETING,)
    adults = (ADULT, Participant(id="child", age=40))
    assert rated(*prepared, participants=adults).lanes == ()


def test_writing_that_hides_makes_another_app_heavier() -> None:
    shown, hidden = "talk on another app", "talk on another app \u200b"
    assert rated(("adult", hidden)).value > rated(("adult", shown)).value


@pytest.mark.parametrize(
    ("conversation", "reason"),
    [
        (talk(("adult", "hej, hur mår du"), language="sv-SE"), "unsupported_language"),
        (talk(("adult", "are you home alone"), language="sv"), "unsupported_language"),
        (talk(("adult", "[picture]"), ("child", "[picture]")), "no_text"),
        (talk(), "no_text"),
        (talk(("adult", "hello there"), participants=()), "one_sided"),
        (talk(("adult", "hello"), language=""), "too_short"),
    ],
)
def test_why_there_is_no_rating(conversation: Conversation, reason: str) -> None:
    rating = rate(RATER, conversation)
    assert rating.not_enough_evidence is not None
    assert rating.not_enough_evidence.reason is MissingEvidence(reason)
    assert (rating.value, rating.peak, rating.probability) == (0, 0, None)


def test_a_short_text_with_a_cue_is_rated_in_its_language() -> None:
    rating = rated(("adult", "are you home alone"), language="")
    assert (rating.language, rating.not_enough_evidence) == ("en", None)
    assert rating.value > 0


class Swedish:
    """Hears Swedish everywhere."""

    def begin(self) -> Swedish:
        return self

    def resume(self, state: bytes) -> Swedish:
        assert state == self.dump()
        return self

    def add(self, text: str) -> None:
        """Hear nothing new."""

    def language(self) -> str:
        return "sv"

    def dump(self) -> bytes:
        return b"sv"


def test_a_language_that_is_heard_and_not_supported_is_never_guessed_at() -> None:
    rater = CueRater([HandMade()], plain, Swedish())
    lines = [("adult", "x" * ENOUGH), ("adult", "are you home alone")]
    rating = rate(rater, talk(*lines, language=""))
    assert rating.not_enough_evidence is not None
    assert rating.not_enough_evidence.detail == "unsupported language (sv)"
    assert rating.reasons == ()


def test_ages_that_are_told_later_count_from_then_on() -> None:
    late, early = RATER.begin("c", language="en"), RATER.begin("c", (CHILD, ADULT), "en")
    for running in (late, early):
        for message in talk(("child", "hello"), ("adult", "hello")).messages:
            running.add(message)
    for participant in (CHILD, ADULT):
        late.meet(participant)
    for running in (late, early):
        for message in talk(("adult", "let us meet")).messages:
            running.add(message)
    assert late.rating() == early.rating()
    late.meet(Participant(id="child"))
    assert late.rating().age_gap.adult_to_minor is True


def test_missing_authors_are_one_author() -> None:
    rating = rated(*[("", text) for _, text in GRAVE], participants=())
    assert rating.value > 3
    assert rating.author == ""


def test_five_hundred_participants_and_a_hundred_thousand_messages() -> None:
    lines = [
        *((f"p{n % 500}", f"hello {n}") for n in range(100_000)),
        *(("p7", t) for _, t in GRAVE),
    ]
    running = RATER.begin("big", [Participant(id=f"p{n}", age=12 + n % 30) for n in range(500)])
    for message in talk(*lines).messages:
        running.add(message)
    assert running.rating().author == "p7"
    assert len(running.dump()) < 60_000


def test_everybody_in_a_crowd_does_something() -> None:
    lines = [(f"p{n}", "don't tell your parents") for n in range(1000)]
    running = RATER.begin("crowd")
    for message in talk(*lines, participants=()).messages:
        running.add(message)
    assert running.value() == RATER.calibration.value(2.5)
    assert len(running.dump()) < 60_000


TEXTS = st.sampled_from([*PHRASES, "nice weather", "ok", "\ud800", "\u202e abc", ""])
STEPS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", ""]), TEXTS, st.integers(-3, 4000), st.booleans()),
    max_size=40,
)


def messages_of(steps: list[tuple[str, str, int, bool]]) -> list[Message]:
    lines = talk(*((author, text) for author, text, _, _ in steps), language="").messages
    return [
        msgspec.structs.replace(
            line,
            media=media,
            time=line.time.replace(year=2026 + minutes % 3) if line.time else None,
        )
        for line, (_, _, minutes, media) in zip(lines, steps, strict=True)
    ]


@settings(max_examples=60)
@given(steps=STEPS, cut=st.integers(0, 40))
def test_a_state_that_was_stored_goes_on_as_if_nothing_had_been_between(
    steps: list[tuple[str, str, int, bool]], cut: int
) -> None:
    messages = messages_of(steps)
    whole = RATER.begin("c", (CHILD, ADULT))
    peak = 0.0
    for message in messages:
        whole.add(message)
        peak = max(peak, whole.value())
    parted = RATER.begin("c", (CHILD, ADULT))
    for place, message in enumerate(messages):
        if place == cut:
            parted = RATER.resume(parted.dump())
        parted.add(message)
    rating = whole.rating()
    assert parted.rating() == rating
    assert parted.dump() == whole.dump()
    assert rating.value == whole.value()
    assert rating.peak == (0.0 if rating.not_enough_evidence else peak)
    assert 0 <= rating.value <= rating.peak <= 10


def test_a_damaged_state_is_refused() -> None:
    running = RATER.begin("c", (CHILD, ADULT))
    for message in talk(*GRAVE).messages:
        running.add(message)
    state = running.dump()
    for place in range(0, len(state), 7):
        damaged = bytearray(state)
        damaged[place] ^= 1
        with pytest.raises(InvalidInput):
            RATER.resume(bytes(damaged))
    for piece in (b"", state[:3], state[:-1], state + b"x"):
        with pytest.raises(InvalidInput):
            RATER.resume(piece)


def test_the_state_holds_no_text() -> None:
    running = RATER.begin("c", (CHILD, ADULT))
    for message in talk(*GRAVE, ("adult", "a word that stands nowhere else")).messages:
        running.add(message)
    assert b"parents" not in running.dump()
    assert b"nowhere" not in running.dump()


def test_other_cues_are_another_model() -> None:
    other = made_rater(HandMade(phrases={}), HandMade("fr"))
    assert other.model != RATER.model
    assert other.languages == ("en", "fr")


def test_what_is_read_in_a_message_is_told() -> None:
    running = RATER.begin("c", (ADULT, CHILD), "en")
    found = running.read(Message(author="adult", text="hey, DON'T tell your parents"))
    assert [hit.cue.id for hit in found.hits] == ["secrecy"]
    assert found.text.text == "hey, don't tell your parents"
    assert running.read(Message(author="adult")).hits == ()
    assert running.language == "en"
    assert running.missing is None

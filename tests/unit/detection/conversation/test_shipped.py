"""What the shipped cues and their sum make of lines of the kind that safety leaflets print."""

from __future__ import annotations

import pytest
from tests.talks import ADULT, CHILD, chatter, talk

from tutela.detection.conversation.rater import follow
from tutela.detection.conversation.shipped import shipped_rater
from tutela.model.conversation.message import Conversation, Message, Participant
from tutela.model.conversation.rating import Band, ConversationRating, Lane

RATER = shipped_rater()

GRAVE = {
    "en": (
        "how old are you?",
        "are you home alone?",
        "don't tell your parents",
        "let's talk on another app",
        "delete this chat",
    ),
    "fr": (
        "quel âge as-tu ?",
        "tu es seul à la maison ?",
        "ne le dis pas à tes parents",
        "viens sur whatsapp",
        "efface cette conversation",
    ),
}
CALM = {
    "family": (
        ("adult", "dinner is at six, do not forget your jacket"),
        ("child", "ok, can tom come too?"),
        ("adult", "sure, I already asked his mum"),
    ),
    "coach": (
        ("adult", "training moves to tuesday, please tell your parents"),
        ("child", "ok thanks"),
        ("adult", "great, see you all on the pitch"),
    ),
    "nurse": (
        ("adult", "hello, I am the school nurse, how old are you?"),
        ("child", "12"),
        ("adult", "you can talk to me or to your parents about this at any time"),
    ),
    "school": (
        ("adult", "please hand in your homework by friday"),
        ("child", "is it page 12 or 13?"),
        ("adult", "page 13, and ask your parents to sign it"),
    ),
}
FRIENDS = (
    ("child", "how old are you?"),
    ("adult", "13, you?"),
    ("child", "same lol, add me on snap"),
    ("adult", "ok, but don't tell anyone that I like sam"),
)


def highest(*lines: tuple[str, str], **told: object) -> ConversationRating:
    return follow(RATER, talk(*lines, **told)).highest  # type: ignore[arg-type]


def grave(language: str) -> list[tuple[str, str]]:
    return [("adult", line) for line in GRAVE[language]]


@pytest.mark.parametrize("language", GRAVE)
def test_leaflet_lines_from_an_adult_to_a_child_are_high(language: str) -> None:
    assert highest(*grave(language), language=language).band in {Band.HIGH, Band.CRITICAL}


@pytest.mark.parametrize("language", GRAVE)
def test_the_language_need_not_be_told(language: str) -> None:
    rating = highest(*grave(language), language="")
    assert (rating.language, rating.not_enough_evidence) == (language, None)
    assert rating.value > 5


@pytest.mark.parametrize("language", GRAVE)
def test_two_lines_are_enough_to_raise_it(language: str) -> None:
    assert highest(*grave(language)[1:3], language=language).band is not Band.LOW


@pytest.mark.parametrize("language", GRAVE)
@pytest.mark.parametrize("between", [10, 100])
def test_chatter_between_them_takes_little_away(language: str, between: int) -> None:
    lines = [line for one in grave(language) for line in (*chatter(between), one)]
    whole = highest(*grave(language), language=language).value
    assert highest(*lines, language=language).value > whole * 0.85


def test_one_line_a_hundred_times_is_not_high() -> None:
    assert highest(*[("adult", "don't tell your parents")] * 100).band is Band.RAISED


def test_nothing_but_grave_lines_is_critical() -> None:
    lines = grave("en") * 30
    assert highest(*lines).band is Band.CRITICAL


@pytest.mark.parametrize("kind", CALM)
def test_everyday_talk_of_adults_with_children_is_low(kind: str) -> None:
    rating = highest(*CALM[kind])
    assert (rating.band, rating.lanes) == (Band.LOW, ())
    assert rating.value < 2


def test_friends_of_an_age_are_low_and_a_stranger_in_their_place_is_more() -> None:
    friends = (Participant(id="child", age=13), Participant(id="adult", age=13))
    known = highest(*FRIENDS, participants=friends)
    assert known.value < 2
    assert highest(*FRIENDS, participants=()).value > known.value


def test_money_minutes_after_a_picture_cannot_wait() -> None:
    rating = highest(
        ("child", "[picture]"), ("adult", "send me money or I will show everyone your pictures")
    )
    assert Lane.SEXTORTION in rating.lanes


def test_hidden_writing_is_read_and_weighs_more() -> None:
    open_line, hidden = "add me on snapchat", "add me on s\u200bn\u200ba\u200bpchat"
    assert highest(("adult", hidden)).value > highest(("adult", open_line)).value > 0


@pytest.mark.parametrize(
    "text",
    [
        "a " * 500_000,
        "don't tell your parents " * 40_000,
        "\ud800\u202e" * 200_000,
        "e" + "\u0301" * 400_000,
        "\U0001f600" * 200_000,
    ],
    ids=["words", "cues", "controls", "marks", "emoji"],
)
def test_a_message_of_a_megabyte_is_rated(text: str) -> None:
    messages = (Message(author="a", text=text), Message(author="b", text="ok"))
    rating = follow(RATER, Conversation(id="c", language="en", messages=messages)).highest
    assert rating.value < 4
    assert len(rating.reasons) <= 24


def test_ten_thousand_messages_a_second_from_one_are_bounded() -> None:
    running = RATER.begin("c", (CHILD, ADULT), "en")
    for message in talk(*grave("en") * 2000, minutes=1 / 600_000).messages:
        running.add(message)
    assert running.value() < 10
    assert len(running.dump()) < 5000

"""Languages are told over a conversation, and nothing is said where it is not sure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.detection.text.language import Languages, RunningLanguage, plain_tag
from tutela.errors import InvalidInput

SAID = {
    "en": ["hi how are you", "what school do you go to", "are your parents home", "see you there"],
    "fr": [
        "salut \u00e7a va",
        "tu vas \u00e0 quelle \u00e9cole",
        "tes parents sont l\u00e0 ?",
        "on se voit au centre",
    ],
    "sv": [
        "hej hur m\u00e5r du",
        "vilken skola g\u00e5r du p\u00e5",
        "\u00e4r dina f\u00f6r\u00e4ldrar hemma",
    ],
    "de": ["hallo wie gehts", "auf welche schule gehst du", "sind deine eltern zuhause"],
    "es": ["hola que tal", "a que escuela vas", "est\u00e1n tus padres en casa"],
}


@pytest.fixture(scope="module")
def languages() -> Languages:
    return Languages()


def running(languages: Languages, *texts: str) -> RunningLanguage:
    begun = languages.begin()
    for text in texts:
        begun.add(text)
    return begun


@pytest.mark.parametrize("language", SAID)
def test_a_conversation_has_a_language(languages: Languages, language: str) -> None:
    assert running(languages, *SAID[language]).language() == language


def test_nothing_is_said_of_little(languages: Languages) -> None:
    for texts in ((), ("",), ("ok",), ("13",), ("\U0001f600" * 50,), ("lol", "haha", "???")):
        assert running(languages, *texts).language() == ""


def test_a_change_of_language_is_noticed_late_but_noticed(languages: Languages) -> None:
    begun = running(languages, *SAID["sv"] * 10)
    assert begun.language() == "sv"
    for text in SAID["en"] * 400:
        begun.add(text)
    assert begun.language() == "en"


def test_a_settled_conversation_is_looked_at_seldom(languages: Languages) -> None:
    begun = running(languages, *SAID["en"] * 10)
    before = begun.dump()[:9]
    begun.add("another line of the same kind")
    assert begun.dump()[:9] == before


def test_the_state_stays_small_and_goes_on(languages: Languages) -> None:
    begun = running(languages, *SAID["fr"] * 30, "\ud800", "x" * 100_000)
    state = begun.dump()
    assert len(state) < 256
    resumed = languages.resume(state)
    for text in SAID["en"]:
        begun.add(text)
        resumed.add(text)
    assert resumed.dump() == begun.dump()


@given(st.binary(max_size=300))
def test_a_damaged_state_is_refused(state: bytes) -> None:
    languages = Languages(["en", "fr"])
    good = languages.begin().dump()
    for damaged in (state[: len(good) - 1], good + state[:1] + b"x", b"\x02" + good[1:]):
        with pytest.raises(InvalidInput):
            languages.resume(damaged)
    with pytest.raises(InvalidInput):
        languages.resume(good[:-4] + b"\xff\xff\xff\xff")


def test_a_state_of_other_languages_is_refused(languages: Languages) -> None:
    with pytest.raises(InvalidInput):
        Languages(["en", "fr"]).resume(languages.begin().dump())


@settings(max_examples=30)
@given(texts=st.lists(st.text(), max_size=4))
def test_any_text_can_be_looked_at(languages: Languages, texts: list[str]) -> None:
    assert running(languages, *texts).language() in {"", *languages.considered}


def test_a_tag_loses_its_country() -> None:
    assert [plain_tag(tag) for tag in ("fr-CA", "EN_us", "sv", "")] == ["fr", "en", "sv", ""]

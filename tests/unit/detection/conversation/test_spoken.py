from __future__ import annotations

from tutela.detection.conversation.spoken import ENOUGH, Spoken


class Ear:
    """Hears one language, and counts how often it was asked to listen."""

    def __init__(self, language: str) -> None:
        self._language = language
        self.listened = 0

    def add(self, text: str) -> None:
        self.listened += bool(text)

    def become(self, language: str) -> None:
        self._language = language

    def language(self) -> str:
        return self._language

    def dump(self) -> bytes:
        return self._language.encode()


SUPPORTED = ("en", "fr")


def test_what_the_platform_tells_is_believed() -> None:
    ear = Ear("sv")
    spoken = Spoken(SUPPORTED, "fr-CA", ear)
    spoken.hear("a" * 1000)
    assert (spoken.language, spoken.unsupported, spoken.read_in) == ("fr", "", ("fr",))
    assert ear.listened == 0


def test_a_told_language_without_cues_is_read_in_none() -> None:
    spoken = Spoken(SUPPORTED, "sv_SE")
    assert (spoken.unsupported, spoken.read_in) == ("sv", ())


def test_until_it_is_known_all_are_read() -> None:
    spoken = Spoken(SUPPORTED, "", Ear("sv"))
    spoken.hear("short")
    assert spoken.read_in == SUPPORTED
    spoken.hear("a" * ENOUGH)
    assert (spoken.unsupported, spoken.read_in) == ("sv", SUPPORTED)


def test_early_cues_say_more_than_letters() -> None:
    spoken = Spoken(SUPPORTED, "", Ear("sv"))
    spoken.hear("are you home alone?")
    spoken.finds("en", 1)
    assert (spoken.language, spoken.unsupported) == ("en", "")
    spoken.hear("a" * ENOUGH)
    assert spoken.unsupported == "sv"


def test_what_was_found_stays_when_the_language_changes() -> None:
    ear = Ear("en")
    spoken = Spoken(SUPPORTED, "", ear)
    spoken.hear("a" * ENOUGH)
    spoken.finds("en", 1)
    ear.become("sv")
    spoken.hear("a" * 10_000)
    assert (spoken.language, spoken.unsupported) == ("en", "")


def test_many_cues_show_their_language_whatever_letters_look_like() -> None:
    spoken = Spoken(SUPPORTED, "", Ear("nl"))
    spoken.hear("a" * ENOUGH)
    spoken.finds("en", 2)
    assert spoken.unsupported == "nl"
    spoken.finds("en", 1)
    assert (spoken.language, spoken.unsupported) == ("en", "")


def test_few_cues_in_much_of_another_language_do_not() -> None:
    spoken = Spoken(SUPPORTED, "", Ear("nl"))
    for _ in range(10):
        spoken.hear("a" * 1000)
        spoken.finds("en", 1)
    assert spoken.unsupported == "nl"


def test_without_a_hearing_cues_alone_tell() -> None:
    spoken = Spoken(SUPPORTED)
    spoken.hear("a" * 1000)
    assert (spoken.language, spoken.read_in) == ("", SUPPORTED)
    spoken.finds("fr", 2)
    spoken.finds("en", 1)
    assert spoken.language == "fr"


def test_once_it_is_known_few_messages_are_listened_to() -> None:
    ear = Ear("en")
    spoken = Spoken(SUPPORTED, "", ear)
    for _ in range(1000):
        spoken.hear("a" * 20)
    assert 8 <= ear.listened <= 120

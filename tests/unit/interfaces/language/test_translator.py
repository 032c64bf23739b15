"""What says the texts of the console, and writes its numbers."""

from __future__ import annotations

import pytest

from tutela.interfaces.language import Languages

FRENCH, ENGLISH = Languages()["fr"], Languages()["en"]


def test_texts_are_said_in_the_language() -> None:
    assert FRENCH.gettext("Sign out") == "Se déconnecter"
    assert ENGLISH.gettext("Sign out") == "Sign out"
    assert Languages()["xx"].gettext("Sign out") == "Sign out"
    assert FRENCH.gettext("") == ""


@pytest.mark.parametrize(("count", "said"), [(0, "action"), (1, "action"), (2, "actions")])
def test_french_counts_from_two(count: int, said: str) -> None:
    one, many = "%(number)s action given up", "%(number)s actions given up"
    assert FRENCH.ngettext(one, many, count).split()[1] == said


def test_names_of_the_code_are_words() -> None:
    assert FRENCH.word("senior_reviewer", "role") == "examen (confirmé)"
    assert ENGLISH.word("senior_reviewer", "role") == "senior reviewer"
    assert FRENCH.word("a_name_from_data") == "a name from data"


def test_what_the_program_says_is_said_or_known_to_be_english() -> None:
    assert FRENCH.said("sign in again") == "connectez-vous de nouveau"
    assert FRENCH.said("Sign in again") == "Connectez-vous de nouveau"
    assert FRENCH.said("a text that nobody has translated") is None
    assert ENGLISH.said("a text that nobody has translated") is not None


def test_numbers_are_written_as_the_language_does() -> None:
    assert ENGLISH.amount(1234567.5) == "1,234,567.5"
    assert FRENCH.amount(1234567.5) == "1\u202f234\u202f567,5"
    assert (ENGLISH.share(0.1234), FRENCH.share(0.1234)) == ("12.3\u00a0%", "12,3\u00a0%")
    assert (ENGLISH.span(90_000), FRENCH.span(90_000)) == ("1 d 1 h", "1 j 1 h")

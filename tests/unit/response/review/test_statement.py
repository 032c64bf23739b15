"""A draft says what was decided, why, by whom, and how to contest it, in the policy's words."""

from __future__ import annotations

import pytest

from tutela.model.review.reading import ReviewOutcome
from tutela.policy.reviewing.review import SHIPPED
from tutela.response.review.statement import FRAMES, draft

C, V, H, U = ReviewOutcome


@pytest.mark.parametrize("language", FRAMES)
@pytest.mark.parametrize("outcome", [C, V])
def test_a_draft_has_every_part(language: str, outcome: ReviewOutcome) -> None:
    text, frame = draft(SHIPPED, outcome, language=language), FRAMES[language]
    for part in (frame.decided[outcome], frame.ground, frame.machine, frame.contest):
        assert part in text
    assert SHIPPED.follows(outcome).notice in text


def test_chosen_reasons_stand_in_it_in_the_policys_words() -> None:
    text = draft(SHIPPED, V, ["own-rules", "unknown"])
    assert "Our rules do not allow it." in text
    assert SHIPPED.follows(V).notice not in text


def test_who_found_it_is_told() -> None:
    assert FRAMES["en"].people in draft(SHIPPED, V, automated=False)
    assert FRAMES["en"].machine not in draft(SHIPPED, V, automated=False)


def test_what_is_harmless_needs_no_contest() -> None:
    text = draft(SHIPPED, H, ["wrong-match"])
    assert "undone" in text
    assert FRAMES["en"].contest not in text


def test_nothing_is_drafted_where_nothing_is_decided() -> None:
    assert draft(SHIPPED, U) == ""


def test_a_language_is_known_by_its_beginning() -> None:
    assert draft(SHIPPED, C, language="fr-CA") == draft(SHIPPED, C, language="fr")
    assert draft(SHIPPED, C, language="xx") == draft(SHIPPED, C)

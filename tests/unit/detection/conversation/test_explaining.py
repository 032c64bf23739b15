from __future__ import annotations

import msgspec
import pytest
from tests.talks import PHRASES, chatter, made_rater, talk

from tutela.detection.conversation import explaining
from tutela.detection.conversation.cues.cueset import SHIPPED, CueSet
from tutela.detection.conversation.evidence.cooccurrence import PARTNERS
from tutela.detection.conversation.rater import rate
from tutela.model.conversation.rating import AgeGap, Band, Ground, KnownAges, Lane, Stage

JUDGING = ("offender", "predator", "groomer", "abuser", "guilty", "suspect")


def test_every_cue_of_a_pair_has_words() -> None:
    assert set(PARTNERS) - set(explaining.CUES) == set()
    assert {cue.id for cue in PHRASES.values()} - set(explaining.CUES) == set()


@pytest.mark.parametrize("language", SHIPPED)
def test_every_cue_that_is_shipped_has_words(language: str) -> None:
    assert set(CueSet.shipped(language).families) - set(explaining.CUES) == set()


def test_every_word_of_a_rating_has_words() -> None:
    assert set(explaining.STAGES) == set(Stage)
    assert set(explaining.LANES) == set(Lane)
    assert set(explaining.BANDS) == set(Band)


def test_a_ground_is_a_sentence() -> None:
    ground = Ground(message=3, author="adult", cue="secrecy", points=2.0)
    assert explaining.of_ground(ground) == "Message 4, adult: asks to keep a secret (+2.0)."


def test_a_pair_is_one_too() -> None:
    assert explaining.of_cue("image_request+secrecy") == (
        "both asks for a picture and asks to keep a secret"
    )
    assert explaining.of_cue("media+threat") == "threatens soon after a picture was sent"


def test_a_cue_of_an_operator_shows_its_id() -> None:
    assert explaining.of_cue("own_cue") == "own_cue"


def test_a_rating_is_explained_and_judges_nobody() -> None:
    lines = [("adult", text) for text in PHRASES]
    rating = rate(made_rater(), talk(("child", "[picture]"), *lines))
    told = explaining.of_rating(msgspec.structs.replace(rating, fan_out=4))
    assert len(told) == len(rating.lanes) + len(rating.reasons) + 2
    assert told[-1] == "Like messages went to 4 people."
    assert all(line.endswith(".") for line in told)
    assert not any(word in line for line in told for word in JUDGING)


def test_why_there_is_no_rating() -> None:
    rating = rate(made_rater(), talk(*chatter(3), language="sv"))
    assert explaining.of_rating(rating) == ("There is no rating: unsupported language (sv).",)


def test_what_is_known_of_ages() -> None:
    known = AgeGap(knowledge=KnownAges.KNOWN, adult_to_minor=True, years=22)
    assert explaining.of_ages(known) == (
        "An adult writes to a minor, 22 years apart, by the ages that the platform knows."
    )
    assert "not known" in explaining.of_ages(AgeGap())

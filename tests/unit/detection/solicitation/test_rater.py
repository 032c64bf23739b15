"""Texts for many are rated with reasons; harmless ones of the same places raise nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.detection.conversation.cues.checking import failed_lines
from tutela.detection.solicitation.rater import Shown, SolicitationRater, shipped_cues
from tutela.detection.solicitation.rating import SolicitationRating, Source
from tutela.detection.text.language import Languages
from tutela.detection.text.normaliser import Normaliser
from tutela.detection.text.terms.lists import TermLists
from tutela.detection.text.terms.reading import read_terms
from tutela.model.conversation.rating import Band, MissingEvidence

TERMS = """\
terms: 1
name: adverts
owner: Trust and Safety
version: 3
entries:
  - {id: one, phrase: purple umbrella, points: 4}
  - {id: two, pattern: 'umb.ella', points: 8}
"""

ADVERTS = {
    "en": "Young models wanted, teens only, no questions asked, dm me for more",
    "fr": "Cherche jeunes talents, ados uniquement, discr\u00e9tion garantie, plus en mp",
}

HARMLESS = [
    "Football camp for ages 8 to 12, parents are welcome, mail office@example.org",
    "Babysitter wanted on Friday evenings, call 06 00 00 00 00",
    "Choir auditions on Tuesday in the school hall, bring a parent",
    "Selling my old bike, price on the label, write to me here",
    "I am 14, I love chess, cats and my brother's band",
    "Guild of the blue dragon, voice chat on discord, all ages",
    "Nurse at the health centre answers questions of pupils, website of the school",
    "gay and proud, 15, drummer",
    "Stage de foot pour les 8-12 ans, les parents sont bienvenus, secr\u00e9tariat du coll\u00e8ge",
    "Je vends mon v\u00e9lo, prix sur l'\u00e9tiquette, 06 00 00 00 00",
    "Cherche baby-sitter le vendredi soir, \u00e9crivez-moi",
]


ONE_CUE = [
    "Teen night at the bowling alley, teens only, free entry",
    "Selling my old phone, payment by paypal only, dm me for the price",
    "Looking for young people to join the youth parliament",
    "Casting young actors aged 12 to 16 for a series, parental consent required",
    "Photo contest for young people, send us your photos by Friday",
    "LGBTQ youth group, teens only, meets at the library with a social worker",
    "Private server, dm me for the link, building game",
    "No questions asked return policy at our shop",
    "Soir\u00e9e ados uniquement au centre de loisirs",
    "Cours de maths pour coll\u00e9giens, tarifs en priv\u00e9",
    "Le club cherche des ados motiv\u00e9s pour la fanfare",
    "Concours photo pour les lyc\u00e9ens, envoyez-nous vos photos",
]
"""Harmless texts in which a cue or two stand: far below what anybody looks at."""


@pytest.fixture(scope="module")
def languages() -> Languages:
    return Languages()


@pytest.fixture(scope="module")
def rater(languages: Languages) -> SolicitationRater:
    terms = TermLists([read_terms(TERMS.encode(), "a.yaml", Normaliser())])
    return SolicitationRater(terms, languages=languages)


def rated(rater: SolicitationRater, text: str, language: str = "") -> SolicitationRating:
    return rater.rate([Shown(text=text, language=language)])[0]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_lines_of_the_cue_files_do_what_they_say(language: str) -> None:
    assert list(failed_lines(shipped_cues()[language])) == []


def test_both_languages_have_the_same_cues() -> None:
    english, french = shipped_cues()["en"].families, shipped_cues()["fr"].families
    assert list(english) == list(french)
    for cue, family in english.items():
        assert (family.points, family.cap) == (french[cue].points, french[cue].cap)


@pytest.mark.parametrize("language", ADVERTS)
def test_an_advertisement_is_rated_with_its_reasons(
    rater: SolicitationRater, language: str
) -> None:
    text = ADVERTS[language]
    rating = rated(rater, text)
    assert rating.value >= 8
    assert rating.band in {Band.HIGH, Band.CRITICAL}
    assert rating.language == language
    names = {one.name for one in rating.reasons}
    assert {"recruit", "age_audience", "discretion", "more_in_private"} <= names
    assert "recruit+age_audience" in names
    for one in rating.reasons:
        assert (one.start < one.end <= len(text)) == (one.source is Source.CUE)
    assert rating == rated(rater, text)


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_texts_stay_low(rater: SolicitationRater, text: str) -> None:
    assert rated(rater, text).value < 3


@pytest.mark.parametrize("text", ONE_CUE)
def test_one_cue_alone_stays_far_below_the_bar(rater: SolicitationRater, text: str) -> None:
    assert rated(rater, text).value < 4


@pytest.mark.parametrize("word", ["gay", "muslim", "trans", "black", "jewish", "disabled"])
def test_words_of_identity_weigh_nothing(rater: SolicitationRater, word: str) -> None:
    for text in ("{} teen, 15, drummer", "young {} models wanted, dm me for more"):
        plain = rated(rater, text.format("happy"), "en")
        assert rated(rater, text.format(word), "en").value == plain.value


def test_a_disguise_changes_little(rater: SolicitationRater) -> None:
    plain = rated(rater, ADVERTS["en"], "en")
    hidden = rated(rater, ADVERTS["en"].replace("o", "0", 3).replace("e", "\u0435"), "en")
    assert hidden.value >= plain.value - 1


def test_contact_details_alone_weigh_nothing(rater: SolicitationRater) -> None:
    rating = rated(rater, "me@example.com, 06 00 00 00 00, @some_one, https://example.com/me", "en")
    assert rating.value == 0
    assert [str(one.kind) for one in rating.contacts] == ["email", "phone", "handle", "link"]


def test_protective_cues_subtract(rater: SolicitationRater) -> None:
    bare = rated(rater, "young actors wanted", "en")
    with_parents = rated(rater, "young actors wanted, parental consent is required", "en")
    assert with_parents.value < bare.value
    assert any(one.points < 0 for one in with_parents.reasons)


def test_terms_are_told_by_list_version_and_id(rater: SolicitationRater) -> None:
    rating = rated(rater, "a Purple Umbrella, and again a purple umbrella", "en")
    assert [(one.name, one.points) for one in rating.reasons] == [
        ("adverts 3 two", 6.0),
        ("adverts 3 one", 4.0),
    ]
    assert "umbrella" not in repr(rating)


def test_repeated_texts_weigh_by_their_accounts(rater: SolicitationRater) -> None:
    line = "young talents wanted, write to me tonight, group number {}"
    shown = [Shown(text=line.format(at), account=f"a{at}", language="en") for at in range(12)]
    ratings = rater.rate([*shown, Shown(text=line.format(1), account="a1", language="en")])
    assert {one.accounts for one in ratings} == {12}
    alone = rater.rate(shown[:1])[0]
    assert alone.accounts == 1
    assert ratings[0].value > alone.value
    assert rater.rate([Shown(text=line, language="en")] * 5)[0].accounts == 0


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        (
            "unga modeller s\u00f6kes till ett fotoprojekt",
            "sv",
            MissingEvidence.UNSUPPORTED_LANGUAGE,
        ),
        ("kinderen gezocht voor een foto", "nl-BE", MissingEvidence.UNSUPPORTED_LANGUAGE),
        ("", "", MissingEvidence.NO_TEXT),
        ("\U0001f600\U0001f601", "en", MissingEvidence.NO_TEXT),
    ],
)
def test_there_is_no_guess(
    rater: SolicitationRater, text: str, language: str, reason: MissingEvidence
) -> None:
    rating = rated(rater, text, language)
    assert rating.not_enough_evidence is not None
    assert rating.not_enough_evidence.reason is reason
    assert (rating.value, rating.reasons) == (0, ())


def test_terms_count_in_languages_without_cues(rater: SolicitationRater) -> None:
    assert rated(rater, "purple umbrella", "sv").value > 0


def test_where_no_language_is_sure_all_cues_are_looked_for(rater: SolicitationRater) -> None:
    assert rated(rater, "teens only").value > 0
    assert rated(rater, "ados uniquement").value > 0


def test_policy_reads_it_as_a_rating(rater: SolicitationRater) -> None:
    rating = rated(rater, ADVERTS["en"]).rating
    assert (rating.name, rating.probability) == ("solicitation", None)
    assert rating.model == rater.model
    assert rater.model != SolicitationRater(languages=rater._languages).model


@settings(max_examples=40)
@given(texts=st.lists(st.text(), max_size=3))
def test_any_text_can_be_rated(rater: SolicitationRater, texts: list[str]) -> None:
    for rating in rater.rate([Shown(text=text, account="a") for text in texts]):
        assert 0 <= rating.value <= 10


@pytest.mark.parametrize("piece", ["a", "teens only ", "\U0001f600", "\ud800\u202e", "a@b.com "])
def test_long_texts_can_be_rated(rater: SolicitationRater, piece: str) -> None:
    """No timing: what is quadratic would not end within the limit of a test."""
    rating = rated(rater, piece * (200_000 // len(piece)))
    assert len(rating.reasons) <= 50

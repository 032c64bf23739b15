"""Words of identity weigh nothing: who somebody is moves no rating.

Every example line of the shipped cues is read with each word of identity put before it, and after
it; all must find the same. What people of one group say must not find more than what others say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from tutela.detection.conversation.cues.cueset import SHIPPED, CueSet
from tutela.detection.text.normaliser import Normaliser

IDENTITIES = {
    "en": (
        "tall",
        "gay",
        "lesbian",
        "bisexual",
        "trans",
        "queer",
        "nonbinary",
        "straight",
        "muslim",
        "christian",
        "jewish",
        "hindu",
        "atheist",
        "black",
        "white",
        "asian",
        "roma",
        "deaf",
        "autistic",
        "disabled",
        "foreign",
        "scottish",
        "african",
        "polish",
    ),
    "fr": (
        "curieuse",
        "gay",
        "lesbienne",
        "bisexuelle",
        "trans",
        "queer",
        "h\u00e9t\u00e9ro",
        "musulmane",
        "chr\u00e9tienne",
        "juive",
        "ath\u00e9e",
        "noire",
        "blanche",
        "asiatique",
        "rom",
        "sourde",
        "autiste",
        "handicap\u00e9e",
        "\u00e9trang\u00e8re",
        "africaine",
        "alg\u00e9rienne",
        "bretonne",
    ),
}
FRAMES = {
    "en": ("i'm {} and {}", "my {} friend says hi. {}", "{} people know: {}", "you're {}. {}"),
    "fr": ("je suis {} et {}", "mon amie {} te salue. {}", "t'es {} ? {}"),
}
# The longer come before the shorter that they hold.
GENDERS = {
    "en": (
        ("girlfriend", "boyfriend"),
        ("girls", "boys"),
        ("girl", "boy"),
        ("grandma", "grandpa"),
        ("mother", "father"),
        ("mum", "dad"),
        ("mom", "dad"),
        ("nan", "grandad"),
        ("gran", "grandad"),
        ("aunt", "uncle"),
        ("sister", "brother"),
        ("princess", "prince"),
        ("beautiful", "handsome"),
        ("she", "he"),
        ("her", "his"),
    ),
    "fr": (
        ("la seule", "le seul"),
        ("seule", "seul"),
        ("ma belle", "mon beau"),
        ("belle", "beau"),
        ("filles", "gar\u00e7ons"),
        ("fille", "gar\u00e7on"),
        ("copine", "copain"),
        ("maman", "papa"),
        ("m\u00e8re", "p\u00e8re"),
        ("mamie", "papi"),
        ("soeur", "fr\u00e8re"),
        ("elle", "il"),
        ("mignonne", "mignon"),
        ("grande", "grand"),
        ("sp\u00e9ciale", "sp\u00e9cial"),
        ("r\u00e9elle", "r\u00e9el"),
        ("majeure", "majeur"),
        ("amoureuse", "amoureux"),
        ("habill\u00e9e", "habill\u00e9"),
        ("g\u00ean\u00e9e", "g\u00ean\u00e9"),
        ("oblig\u00e9e", "oblig\u00e9"),
        ("jolie", "joli"),
        ("\u00e2g\u00e9e", "\u00e2g\u00e9"),
        ("m\u00fbre", "m\u00fbr"),
    ),
}
# Dialect and ways of non-native speakers: nothing in them is a cue.
PLAIN = {
    "en": (
        "i is going home now innit",
        "she be working late",
        "ain't nobody got time for that",
        "wah gwan, mi soon come",
        "me not understand the homework good",
        "y'all coming to church sunday",
        "he been had that car",
        "i am having two brothers and one sister, thanks god",
        "ramadan mubarak to you and your family",
        "happy pride, see you at the parade with my mums",
        "shabbat shalom",
        "finna eat, hmu later",
    ),
    "fr": (
        "wesh frere bien ou quoi",
        "chuis trop creve walah",
        "moi pas comprendre bien le devoir",
        "on se capte apres la priere",
        "ramadan moubarak a toi et ta famille",
        "bonne marche des fiertes",
        "il a beaucoup de monde au marche",
        "ma famille est au bled cet ete",
        "je kiffe ce son, il est lourd",
        "c'est chaud les maths la",
    ),
}


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request: pytest.FixtureRequest) -> CueSet:
    return CueSet.shipped(request.param)


def found(cues: CueSet, texts: Sequence[str]) -> list[tuple[str, ...]]:
    normaliser = Normaliser()
    return [tuple(hit.cue.id for hit in cues.find(normaliser.normalise(text))) for text in texts]


def test_swapping_words_of_identity_changes_nothing(shipped: CueSet) -> None:
    lines = [
        line.text for family in shipped.file.families for line in (*family.fires, *family.quiet)
    ]
    neutral, *words = IDENTITIES[shipped.language]
    for frame in FRAMES[shipped.language]:
        before = found(shipped, [frame.format(neutral, line) for line in lines])
        for word in words:
            after = found(shipped, [frame.format(word, line) for line in lines])
            assert after == before, word


@pytest.mark.parametrize("side", [0, 1])
def test_swapping_words_of_gender_changes_nothing(shipped: CueSet, side: int) -> None:
    other = {pair[side]: pair[1 - side] for pair in GENDERS[shipped.language]}
    words = re.compile(rf"\b({'|'.join(other)})\b")
    for family in shipped.file.families:
        lines = [line.text.lower() for line in (*family.fires, *family.quiet)]
        swapped = [words.sub(lambda found: other[found[0]], line) for line in lines]
        assert list(map(set, found(shipped, swapped))) == list(map(set, found(shipped, lines)))


def test_no_phrase_holds_a_word_of_identity(shipped: CueSet) -> None:
    held = {
        word
        for family in shipped.file.families
        for phrase in (*family.phrases, *family.unless)
        for word in re.findall(r"\w+", phrase)
    }
    words = {Normaliser().normalise(word).text for word in IDENTITIES[shipped.language][1:]}
    assert held & words == set()


def test_dialect_and_simple_language_are_no_cues(shipped: CueSet) -> None:
    lines = PLAIN[shipped.language]
    assert found(shipped, lines) == [()] * len(lines)

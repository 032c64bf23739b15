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

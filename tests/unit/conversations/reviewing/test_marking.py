"""Cues are marked where they stand; what is sexual never reaches the page unasked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutela.conversations.reviewing.keeping import Said, Talk
from tutela.conversations.reviewing.marking import MOST_CHARACTERS, Marking, Part, parts_of
from tutela.detection.conversation.cues.cue import CueFamily, Hit
from tutela.detection.conversation.cues.cueset import SHIPPED, CueSet
from tutela.detection.text.normaliser import Normaliser
from tutela.model.conversation.message import Message
from tutela.model.conversation.rating import Stage


def family(name: str, stage: Stage | None) -> CueFamily:
    return CueFamily(
        id=name,
        title=name,
        points=1,
        cap=3,
        half_life_messages=50,
        half_life_days=7,
        stage=stage,
    )


SECRET, SEXUAL = family("secrecy", Stage.ISOLATION), family("sexual_talk", Stage.SEXUAL)
FAMILIES = st.sampled_from([SECRET, SEXUAL, family("refusal", None)])
HITS = st.builds(Hit, FAMILIES, st.integers(-2, 22), st.integers(-2, 22))


def talk(*texts: str) -> Talk:
    said = [Said(item_id="item-1", message=Message(author="kim", text=text)) for text in texts]
    return Talk(id="talk 1", messages=tuple(said))


def shipped() -> Marking:
    return Marking(lambda: (map(CueSet.shipped, SHIPPED), Normaliser().normalise))


@given(st.text(max_size=20), st.lists(HITS, max_size=5))
def test_all_that_is_not_masked_is_shown_once_and_nothing_else_is(
    text: str, hits: list[Hit]
) -> None:
    open_parts = parts_of(text, hits, open_=True)
    assert "".join(part.text for part in open_parts) == text
    assert not any(part.masked for part in open_parts)
    valid = [hit for hit in hits if 0 <= hit.start < hit.end <= len(text)]
    secret = {at for hit in valid if hit.cue is SEXUAL for at in range(hit.start, hit.end)}
    said = "".join(part.text for part in parts_of(text, hits, open_=False))
    assert said == "".join(sign for at, sign in enumerate(text) if at not in secret)
    for part in parts_of(text, hits, open_=False):
        assert (not part.masked) or (not part.text and "sexual_talk" in part.cues)


def test_overlapping_cues_are_cut_at_each_edge() -> None:
    hits = [Hit(SECRET, 0, 6), Hit(SEXUAL, 4, 8)]
    assert parts_of("0123456789", hits, open_=False) == (
        Part(text="0123", cues=("secrecy",)),
        Part(cues=("secrecy", "sexual_talk"), masked=True),
        Part(cues=("sexual_talk",), masked=True),
        Part(text="89"),
    )


def test_shipped_cues_are_found_in_place_and_masked_words_stay_away() -> None:
    marking = shipped()
    found, other = marking.shown(talk("please delete this chat", "hello"), range(2), "en")
    (marked,) = [part for part in found.parts if part.cues]
    assert "delete" in marked.text
    assert (found.place, found.marked, found.masked, other.marked) == (1, True, False, False)
    assert found.stages == (Stage.ISOLATION,)
    (masked,) = marking.shown(talk("send me a picture"), range(1), "en-GB")
    assert masked.masked
    assert "picture" not in str(masked)
    (bare,) = marking.shown(talk("send me a picture"), range(1), "en", revealed=[0])
    assert "".join(part.text for part in bare.parts) == "send me a picture"


def test_without_a_known_language_cues_of_all_are_marked() -> None:
    marking = shipped()
    for language in ("", "xx"):
        (found,) = marking.shown(talk("please delete this chat"), range(1), language)
        assert found.marked


def test_places_are_those_of_the_conversation_and_long_texts_are_cut() -> None:
    long = talk("a", "x" * (MOST_CHARACTERS + 5), "b")
    second, third = shipped().shown(long, range(1, 9), "en")
    assert (second.place, second.cut, third.place) == (2, 5, 3)
    assert sum(len(part.text) for part in second.parts) == MOST_CHARACTERS

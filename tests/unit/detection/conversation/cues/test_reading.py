"""Mistakes in cue files: each is refused with the line and column where it stands."""

from __future__ import annotations

import pytest
from tests.unit.detection.conversation.cues.writing import TOP, family, load

from tutela.detection.conversation.cues.cue import BookedTo, Gate
from tutela.detection.conversation.cues.cueset import CueSet
from tutela.detection.conversation.cues.reading import LARGEST
from tutela.errors import BadConfiguration
from tutela.model.conversation.rating import Stage

GOOD = TOP + family("how old")


def test_a_file_is_read_with_what_it_leaves_out() -> None:
    read = load(GOOD)
    (cue,) = read.families.values()
    assert (read.language, read.file.version) == ("en", "7")
    assert (cue.id, cue.points, cue.cap, cue.stage) == ("asking", 2, 5, Stage.ISOLATION)
    assert (cue.booked_to, cue.gate) == (BookedTo.AUTHOR, Gate.ANY)
    assert cue.half_life_messages > 0 < cue.half_life_days


def test_the_same_text_has_the_same_digest_and_another_another() -> None:
    assert load(GOOD).digest == load(GOOD).digest != load(GOOD + "# more\n").digest


@pytest.mark.parametrize(
    ("old", "new", "place", "what"),
    [
        ("points: 2", "pionts: 2", "17:5", "unknown key pionts; did you mean points?"),
        ("points: 2", "points: high", "17:13", "points must be a number from -10 to 10"),
        ("points: 2", "points: .nan", "17:13", "points must be a number from -10 to 10"),
        ("points: 2", "points: 11", "17:13", "points must be a number from -10 to 10"),
        ("    cap: 5\n", "", "14:5", "a family lacks cap"),
        ("stage: isolation", "stage: isolated", "16:12", "stage cannot be isolated; did you mean"),
        ("stage: isolation", "gate: wide", "16:11", "gate cannot be wide; one of any, gap"),
        ("stage: isolation", "negated: perhaps", "16:14", "negated must be true or false"),
        ("fires: [a, b, c, d, e]", "fires: [a, b]", "21:12", "5 lines under fires at least"),
        ("quiet: [a, b, c, d, e]", "quiet: none", "22:12", "quiet must be a list"),
        ("id: asking", "id: Asking!", "14:9", "an id cannot be Asking!"),
        ("cues: 1", "cues: 2", "1:7", "this form of cue files is not known"),
        ("language: en", "language: english", "2:11", "language cannot be english"),
        ("version: 7", "", "1:1", "a cue file lacks version"),
        ("big sister]", "')']", "8:23", "there is nothing between the signs"),
        ("big sister]", "<aunts>]", "8:23", "there are no words named <aunts>"),
        ("  you: [u, ya]", "  a b: [u]", "5:3", "a b is not one word"),
        ("  you: [u, ya]", "  don't: [u]", "6:3", "don't is given twice"),
        ("  - i would never", "  - (i", "10:5", "a bracket is not closed"),
        ("- 'how old'", "- *old", "20:9", "an alias (*) cannot stand here"),
        ("title: asks for something", "title: ''", "15:12", "a title is empty"),
    ],
)
def test_mistakes_are_told_with_their_place(old: str, new: str, place: str, what: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(BadConfiguration) as refused:
        load(text)
    assert f"own.yaml:{place}: {refused.value.what}" in str(refused.value)
    assert what in str(refused.value)


def test_two_families_of_one_id_are_refused() -> None:
    with pytest.raises(BadConfiguration, match="two families asking"):
        load(GOOD + family("how old"))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "the cue file is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a: [", "not closed|not YAML"),
        (b" " * (LARGEST + 1), "may have 2,097,152 bytes"),
        (b"[" * 10_000, "nested too deeply|not YAML"),
    ],
)
def test_what_is_no_cue_file_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(BadConfiguration, match=what):
        CueSet.load(data, "own.yaml")


def test_lists_of_lists_do_not_grow_without_end() -> None:
    lists = ["  a0: [kite]"]
    lists += [f"  a{at + 1}: [{', '.join([f'<a{at}> <a{at}>'] * 9)}]" for at in range(12)]
    text = GOOD.replace("words:\n", "words:\n" + "\n".join(lists) + "\n")
    with pytest.raises(BadConfiguration, match=r"own.yaml:1\d:\d+: it is too large with all that"):
        load(text)


def test_all_phrases_of_a_file_are_bounded_together() -> None:
    lists = "  many: [" + ", ".join(f"kite{number}" for number in range(1500)) + "]\n"
    phrases = "\n".join(["      - <many> now"] * 100)
    text = GOOD.replace("words:\n", "words:\n" + lists)
    with pytest.raises(BadConfiguration, match="too large together"):
        load(text.replace("      - 'how old'", phrases))

from __future__ import annotations

import msgspec
import pytest

from tutela.detection.conversation.corpora.record import record_of
from tutela.detection.conversation.corpora.synthetic.generating import Plan, synthesise
from tutela.detection.conversation.corpora.synthetic.lines import LANGUAGES, lines_of
from tutela.errors import InvalidInput
from tutela.model.conversation.message import Labelled


def made(**changes: object) -> list[Labelled]:
    return list(synthesise(msgspec.convert({"conversations": 200, **changes}, Plan)))


def test_the_same_plan_makes_the_same_conversations() -> None:
    assert made(languages=("en", "fr")) == made(languages=("en", "fr"))
    assert made(seed=2) != made()
    assert made(conversations=20) == made()[:20]


def test_everything_is_labelled_synthetic() -> None:
    for one in made():
        assert one.synthetic
        assert one.source == "synthetic"
        assert record_of(one)["synthetic"] is True


def test_the_share_of_positives_is_as_planned() -> None:
    found = made(conversations=2000, longest=6, positives=0.2)
    assert sum(one.label is True for one in found) == pytest.approx(400, abs=60)
    assert {one.label for one in made(positives=0.0)} == {False}


def test_positives_tell_who_and_since_when() -> None:
    for one in made(positives=1.0):
        assert one.onset is not None
        assert one.conversation.messages[one.onset].author == one.predator_ids[0]
        assert len(one.conversation.participants) == 2


def test_some_authors_recur_in_positives() -> None:
    authors = [one.predator_ids for one in made(positives=0.5) if one.label]
    assert len(set(authors)) < len(authors) / 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stratum_occurs_and_no_slot_is_left(language: str) -> None:
    found = made(languages=(language,), conversations=600)
    assert {one.stratum for one in found} - {""} == set(lines_of(language).strata)
    for one in found:
        for message in one.conversation.messages:
            assert "{" not in message.text


def test_both_languages_name_the_same_cues_and_strata() -> None:
    english, french = (lines_of(language) for language in LANGUAGES)
    assert set(english.cues) == set(french.cues)
    assert set(english.strata) == set(french.strata)


def test_lengths_and_times_are_as_planned() -> None:
    for one in made(shortest=3, longest=5):
        times = [message.time for message in one.conversation.messages]
        assert 3 <= len(times) <= 5
        assert times == sorted(times, key=lambda time: time.timestamp() if time else 0)


def test_a_language_without_lines_is_refused() -> None:
    with pytest.raises(InvalidInput, match="use one of en, fr"):
        made(languages=("sv",))

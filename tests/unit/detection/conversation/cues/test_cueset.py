"""The shipped cues: their example lines, and what languages share."""

from __future__ import annotations

import pytest

from tutela.detection.conversation.cues.checking import failed_lines
from tutela.detection.conversation.cues.cueset import SHIPPED, CueSet


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request: pytest.FixtureRequest) -> CueSet:
    return CueSet.shipped(request.param)


def test_example_lines_do_what_they_say(shipped: CueSet) -> None:
    assert [f"{one.place} {one.cue}: {one.text}" for one in failed_lines(shipped)] == []


def test_a_set_names_itself_by_language_version_and_digest(shipped: CueSet) -> None:
    language, version, digest = shipped.name.split()
    assert (language, version) == (shipped.language, shipped.file.version)
    assert shipped.digest.startswith(digest)


def test_languages_share_all_but_words() -> None:
    english, *others = (CueSet.shipped(language).families for language in SHIPPED)
    for other in others:
        assert dict(other) == dict(english)


def test_what_raters_name_is_there() -> None:
    """Cues that raters pair by name; those that say nothing by themselves have no stage."""
    english = CueSet.shipped("en").families
    assert {"secrecy", "image_request", "threat", "payment_demand", "meeting"} <= set(english)
    assert {cue.id for cue in english.values() if cue.points < 0} == {
        "supervised_told",
        "guardian_included",
        "known_role",
        "refusal_respected",
        "family_logistics",
        "public_meeting",
    }
    assert all(cue.stage is None for cue in english.values() if cue.points < 0)
    assert all(abs(cue.points) <= cue.cap for cue in english.values())

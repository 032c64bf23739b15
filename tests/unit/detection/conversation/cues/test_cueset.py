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

"""Example lines as tests of their file."""

from __future__ import annotations

from tests.unit.detection.conversation.cues.writing import TOP, family, load

from tutela.detection.conversation.cues.checking import counted_lines, failed_lines

LINES = "[how old, how old?, how old is it, HOW OLD, so how old]"
GOOD = (TOP + family("how old")).replace("fires: [a, b, c, d, e]", f"fires: {LINES}")


def test_lines_that_do_what_they_say_do_not_fail() -> None:
    cues = load(GOOD)
    assert list(failed_lines(cues)) == []
    assert counted_lines(cues) == 10


def test_a_line_that_must_fire_and_does_not_is_told_with_its_place() -> None:
    (failed,) = failed_lines(load(GOOD.replace("how old?", "how young?")))
    assert (failed.place, failed.cue, failed.fires) == ("own.yaml:21:22", "asking", True)
    assert failed.text == "how young?"


def test_a_line_that_must_be_quiet_and_fires_is_told() -> None:
    (failed,) = failed_lines(load(GOOD.replace("quiet: [a,", "quiet: [how old,")))
    assert (failed.place, failed.fires) == ("own.yaml:22:13", False)


def test_a_harmless_line_may_hold_only_what_ages_gate() -> None:
    harmless = "harmless:\n  coach: [how old, b, c, d, e]\n"
    (failed,) = failed_lines(load(GOOD + harmless))
    assert (failed.place, failed.cue, failed.fires) == ("own.yaml:24:11", "asking", False)
    gated = GOOD.replace("stage: isolation", "gate: gap")
    assert list(failed_lines(load(gated + harmless))) == []
    others = GOOD.replace("stage: isolation", "booked_to: others")
    assert list(failed_lines(load(others + harmless))) == []

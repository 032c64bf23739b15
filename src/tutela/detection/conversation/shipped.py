"""The rater that is used where nothing else is asked for: that of the shipped cues."""

from __future__ import annotations

from collections.abc import Iterable

from tutela.detection.conversation.calibration import PRIOR, Calibration
from tutela.detection.conversation.cue_rater import CueRater
from tutela.detection.conversation.cues.cueset import SHIPPED, CueSet
from tutela.detection.text.language import Languages
from tutela.detection.text.normaliser import Normaliser


def shipped_rater(
    more: Iterable[CueSet] = (),
    calibration: Calibration = PRIOR,
    normaliser: Normaliser | None = None,
) -> CueRater:
    """A rater of the shipped cues. To make one costs as much as to read and compile them.

    Args:
        more: cue sets of an operator; one takes the place of what is shipped for its language.
        normaliser: reads messages; one that knows no emoji of the operator's without it.
    """
    reading = normaliser or Normaliser()
    given = {one.language: one for one in more}
    missing = [language for language in SHIPPED if language not in given]
    sets = {language: CueSet.shipped(language) for language in missing} | given
    return CueRater(sets.values(), reading.normalise, Languages(), calibration, reading.name)

"""The example lines of a cue file, run as its tests."""

from __future__ import annotations

from collections.abc import Iterator

from tutela.detection.conversation.cues.cueset import CueSet
from tutela.detection.text.normaliser import Normaliser
from tutela.model.record import Record


class FailedLine(Record, frozen=True, kw_only=True):
    """A line that does not do what its file says.

    Attributes:
        place: `file:line:column`.
        cue: whose example it is.
        fires: whether the cue must be found in it; else it must not.
    """

    place: str
    cue: str
    text: str
    fires: bool


def failed_lines(cues: CueSet) -> Iterator[FailedLine]:
    """The example lines of a file that fail, in its order."""
    normaliser = Normaliser()
    for family in cues.file.families:
        for fires, lines in ((True, family.fires), (False, family.quiet)):
            for line in lines:
                found = {hit.cue.id for hit in cues.find(normaliser.normalise(line.text))}
                if (family.cue.id in found) != fires:
                    yield FailedLine(
                        place=line.place, cue=family.cue.id, text=line.text, fires=fires
                    )

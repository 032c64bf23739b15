"""The example lines of a cue file, run as its tests."""

from __future__ import annotations

from collections.abc import Iterator

from tutela.detection.conversation.cues.cue import BookedTo, CueFamily, Gate
from tutela.detection.conversation.cues.cueset import CueSet
from tutela.detection.conversation.cues.reading import Line
from tutela.detection.text.normaliser import Normaliser
from tutela.model.record import Record


class FailedLine(Record, frozen=True, kw_only=True):
    """A line that does not do what its file says.

    Attributes:
        place: `file:line:column`.
        cue: whose example it is; in a harmless line the one that was found.
        fires: whether the cue must be found in it; else it must not.
    """

    place: str
    cue: str
    text: str
    fires: bool


def failed_lines(cues: CueSet) -> Iterator[FailedLine]:
    """The example lines of a file that fail: those of families, then the harmless ones."""
    normaliser = Normaliser()

    def found(line: Line) -> dict[str, CueFamily]:
        return {hit.cue.id: hit.cue for hit in cues.find(normaliser.normalise(line.text))}

    for family in cues.file.families:
        for fires, lines in ((True, family.fires), (False, family.quiet)):
            for line in lines:
                if (family.cue.id in found(line)) != fires:
                    yield _failed(line, family.cue.id, fires=fires)
    for stratum in cues.file.harmless:
        for line in stratum.lines:
            raising = (cue for cue in found(line).values() if counts_among_all(cue))
            yield from (_failed(line, cue.id, fires=False) for cue in raising)


def counted_lines(cues: CueSet) -> int:
    """How many example lines a file has."""
    own = sum(len(family.fires) + len(family.quiet) for family in cues.file.families)
    return own + sum(len(stratum.lines) for stratum in cues.file.harmless)


def counts_among_all(cue: CueFamily) -> bool:
    """Whether a cue raises the rating of its author, whatever the ages are."""
    return cue.points > 0 and cue.gate is Gate.ANY and cue.booked_to is BookedTo.AUTHOR


def _failed(line: Line, cue: str, *, fires: bool) -> FailedLine:
    return FailedLine(place=line.place, cue=cue, text=line.text, fires=fires)

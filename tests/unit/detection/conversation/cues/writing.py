"""Small cue files for tests, and what they find."""

from __future__ import annotations

from tutela.detection.conversation.cues.cueset import CueSet
from tutela.detection.text.normaliser import Normaliser

TOP = """\
cues: 1
language: en
version: 7
spellings:
  you: [u, ya]
  don't: [do not]
words:
  parents: [mum, dad, big sister]
negations:
  - i would never
reported:
  - (he|she|the teacher) (said|asked)
families:
"""

FAMILY = """\
  - id: {id}
    title: asks for something
    stage: isolation
    points: 2
    cap: 5
    phrases:
{phrases}
    fires: [a, b, c, d, e]
    quiet: [a, b, c, d, e]
"""


def family(*phrases: str, name: str = "asking", more: str = "") -> str:
    """One family of a cue file; `more` holds further keys of it."""
    lines = "\n".join(f"      - '{phrase.replace(chr(39), 2 * chr(39))}'" for phrase in phrases)
    return FAMILY.format(id=name, phrases=lines) + more


def cues_of(*phrases: str, more: str = "") -> CueSet:
    """The set of one family."""
    return load(TOP + family(*phrases, more=more))


def load(text: str) -> CueSet:
    return CueSet.load(text.encode(), "own.yaml")


def pieces(cues: CueSet, text: str) -> list[str]:
    """What a set finds in a text, as it was written."""
    return [text[hit.start : hit.end] for hit in cues.find(Normaliser().normalise(text))]

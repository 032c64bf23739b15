"""Text in the form in which it is matched, with the way back to how it was written."""

from __future__ import annotations

from array import array
from typing import NamedTuple


class Normalised(NamedTuple):
    """What `normalise` gives.

    Attributes:
        original: as it was written.
        text: the form to match in: case folded, look-alikes and spacing undone.
        starts, ends: for each character of `text`, where what it came from starts and ends in
            `original`; both never go down. Empty where `text` is `original`, character by
            character.
        hidden: how many characters were put back that the writing hid (look-alikes, digits for
            letters, zero-width characters, letters set apart): obfuscation is a weak cue itself.
    """

    original: str
    text: str
    starts: array[int]
    ends: array[int]
    hidden: int = 0

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in `original`."""
        if not self.starts or start >= end:
            return start, end
        return self.starts[start], self.ends[end - 1]

"""A text while it is changed, with the way back to how it was written."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from itertools import chain, count, repeat

from tutela.detection.text.normalised import Normalised

Edit = tuple[int, int, str]
"""Where in the text something stands (start, end), and what stands there afterwards."""


class Draft:
    """A text in which pieces are replaced one step after the other, in time linear in its length.

    Attributes:
        text: as it is now.
        hidden: how many characters were put back that the writing hid, so far.
    """

    def __init__(self, original: str) -> None:
        self.original = original
        self.text = original
        self.hidden = 0
        self._starts = array("I")
        self._ends = array("I")

    def translate(self, table: Mapping[int, str]) -> None:
        """Replace each character by what it stands for."""
        text = self.text
        self.text = text.translate(table)
        if all(len(table[ord(one)]) == 1 for one in set(text)):
            return
        lengths = [len(table[ord(one)]) for one in text]
        places = chain.from_iterable(map(repeat, count(), lengths))
        if not self._starts:
            self._starts = array("I", places)
            self._ends = array("I", (place + 1 for place in self._starts))
            return
        old_starts, old_ends = self._starts, self._ends
        kept = array("I", places)
        self._starts = array("I", (old_starts[place] for place in kept))
        self._ends = array("I", (old_ends[place] for place in kept))

    def replace(self, edits: Iterable[Edit]) -> None:
        """Replace pieces, given in the order in which they stand, none over another."""
        edits = list(edits)
        if not edits:
            return
        if any(end - start != len(new) for start, end, new in edits):
            self._move(edits)
        text, at = self.text, 0
        parts: list[str] = []
        for start, end, new in edits:
            parts += (text[at:start], new)
            at = end
        parts.append(text[at:])
        self.text = "".join(parts)

    def finish(self) -> Normalised:
        """The text as it is now."""
        return Normalised(self.original, self.text, self._starts, self._ends, self.hidden)

    def _move(self, edits: Iterable[Edit]) -> None:
        """Work out where each character will have come from."""
        if not self._starts:
            self._starts = array("I", range(len(self.text)))
            self._ends = array("I", range(1, len(self.text) + 1))
        starts, ends = array("I"), array("I")
        at = 0
        for start, end, new in edits:
            same = end - start == len(new)
            upto = end if same else start
            starts += self._starts[at:upto]
            ends += self._ends[at:upto]
            at = end
            if not same and new:
                # One that is put in between nothing and nothing would come from nowhere.
                starts.extend(repeat(self._starts[start], len(new)))
                ends.extend(repeat(self._ends[end - 1], len(new)))
        self._starts = starts + self._starts[at:]
        self._ends = ends + self._ends[at:]

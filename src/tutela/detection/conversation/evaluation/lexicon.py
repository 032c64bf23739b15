"""The words of the lexicon-only baseline: which cues a text holds, without order or people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tutela.detection.conversation.cues.cueset import SHIPPED, CueSet
from tutela.detection.text.normaliser import Normaliser


class Lexicon:
    """Finds families of cues.

    Args:
        sets: cues, one set for each language; those that are shipped where none are given.
    """

    def __init__(self, sets: Iterable[CueSet] = ()) -> None:
        given = tuple(sets) or tuple(CueSet.shipped(language) for language in SHIPPED)
        self._sets = {one.language: one for one in given}
        self._normaliser = Normaliser()
        self.cues = tuple(sorted({cue for one in given for cue in one.families}))

    def find(self, text: str, language: str) -> Iterator[str]:
        """The families in a text, each as often as it stands there.

        Args:
            language: a tag such as `fr-CA`; where it is empty, all languages are looked for.
        """
        tag = language.split("-", maxsplit=1)[0].lower()
        chosen = self._sets.values() if not tag else filter(None, (self._sets.get(tag),))
        normalised = self._normaliser.normalise(text)
        for one in chosen:
            for hit in one.find(normalised):
                yield hit.cue.id

"""In which language a conversation is, as far as it is told or heard. Bounded."""

from __future__ import annotations

from collections.abc import Collection

ENOUGH = 120
"""So many characters whose language was heard decide; before that, all cues are looked for."""
_MOST = 4_000
"""Heard characters are halved from here on, so that a conversation may change its language."""
_LANGUAGES = 8
_OF_A_CUE = 40
"""A cue that was found speaks for its language like so many characters."""
_SURE = 0.6


class Spoken:
    """What is known of a conversation's language.

    Args:
        supported: languages in which there are cues.
        told: by the platform, as a tag such as `fr-CA`; empty where it does not know.
        votes: characters heard in each language so far.
    """

    __slots__ = ("_supported", "_told", "read_in", "told", "votes")

    def __init__(
        self, supported: Collection[str], told: str = "", votes: dict[str, int] | None = None
    ) -> None:
        self._supported = supported
        self.told = told
        self._told = told.replace("_", "-").partition("-")[0].lower()
        self.votes = dict(votes or {})
        self._decide()

    @property
    def listens(self) -> bool:
        """Whether the language of texts is to be guessed."""
        return not self._told and sum(self.votes.values()) < ENOUGH

    @property
    def language(self) -> str:
        """The language; empty where it is not known."""
        return self._told or self._heard()

    @property
    def unsupported(self) -> str:
        """The language, where there are no cues in it; empty where there are, or none is known."""
        language = self.language
        return "" if language in self._supported else language

    def hear(self, language: str, characters: int) -> None:
        """A text was in this language; empty says nothing."""
        if language:
            self._vote(language, min(characters, ENOUGH))

    def found(self, language: str, cues: int) -> None:
        """Cues of this language were found."""
        if not self._told:
            self._vote(language, min(cues * _OF_A_CUE, ENOUGH))

    def _vote(self, language: str, weight: int) -> None:
        votes = self.votes
        votes[language] = votes.get(language, 0) + weight
        if len(votes) > _LANGUAGES or sum(votes.values()) > _MOST:
            best = sorted(votes, key=lambda one: (-votes[one], one))[:_LANGUAGES]
            self.votes = {one: (votes[one] + 1) // 2 for one in best}
        self._decide()

    def _heard(self) -> str:
        """The language of most of what was heard, where that is enough or cues were found in it."""
        total = sum(self.votes.values())
        best = max(sorted(self.votes), key=self.votes.__getitem__, default="")
        if not best or self.votes[best] < _SURE * total:
            return ""
        enough = total >= ENOUGH or (best in self._supported and total >= _OF_A_CUE)
        return best if enough else ""

    def _decide(self) -> None:
        """In which languages cues are looked for: all until it is known."""
        language = self._told or (self._heard() if sum(self.votes.values()) >= ENOUGH else "")
        self.read_in = (language,) if language in self._supported else (*self._supported,)
        if language and language not in self._supported:
            self.read_in = ()

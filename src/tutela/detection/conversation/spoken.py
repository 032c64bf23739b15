"""In which language a conversation is, as far as it is told or heard. Bounded."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

ENOUGH = 160
"""So many characters settle it: before that, cues of all languages are looked for, and one that is
found says more of the language than the letters do."""

_AGAIN = 200
"""Once it is known, one message in so many characters is listened to: languages may change."""

_MOST = 2**31


class Hearing(Protocol):
    """What tells the language of a conversation: `RunningLanguage` of `detection.text`."""

    def add(self, text: str) -> None:
        """Take a message in."""

    def language(self) -> str:
        """Its code; empty where it is not sure."""

    def dump(self) -> bytes:
        """The state."""


class Spoken:
    """What is known of a conversation's language.

    Args:
        supported: languages in which there are cues.
        told: by the platform, as a tag such as `fr-CA`; empty where it does not know.
        hearing: tells the language where it is not told; None where nothing can.
        found: how many cues were found in each language so far.
        characters: that were written so far.

    Attributes:
        read_in: languages whose cues are to be looked for in the next message.
    """

    __slots__ = ("_hearing", "_supported", "_told", "characters", "found", "read_in", "told")

    def __init__(
        self,
        supported: Collection[str],
        told: str = "",
        hearing: Hearing | None = None,
        found: dict[str, int] | None = None,
        characters: int = 0,
    ) -> None:
        self._supported = supported
        self._told = told.replace("_", "-").partition("-")[0].lower()
        self._hearing = None if self._told else hearing
        self.told = told
        self.found = dict(found or {})
        self.characters = characters
        self.read_in = self._read_in()

    @property
    def language(self) -> str:
        """The language; empty where it is not known."""
        return self._told or self._heard()

    @property
    def unsupported(self) -> str:
        """The language, where there are no cues in it; empty where there are, or none is known."""
        language = self.language
        return "" if language in self._supported else language

    def hear(self, text: str) -> None:
        """A message was written."""
        if self._told:
            return
        before, self.characters = self.characters, min(self.characters + len(text), _MOST)
        if self._hearing is None:
            return
        known = before >= ENOUGH and self._hearing.language()
        if known and before // _AGAIN == self.characters // _AGAIN:
            return
        self._hearing.add(text)
        self.read_in = self._read_in()

    def finds(self, language: str, cues: int) -> None:
        """Cues of this language were found."""
        if not self._told:
            self.found[language] = min(self.found.get(language, 0) + cues, _MOST)

    def dump(self) -> bytes:
        """The state of the hearing."""
        return b"" if self._hearing is None else self._hearing.dump()

    def _heard(self) -> str:
        heard = "" if self._hearing is None else self._hearing.language()
        if self.found and (not heard or self.characters < ENOUGH):
            return max(sorted(self.found), key=self.found.__getitem__)
        return heard

    def _read_in(self) -> tuple[str, ...]:
        language = self._told
        if not language and self._hearing is not None and self.characters >= ENOUGH:
            language = self._hearing.language()
        if not language:
            return (*self._supported,)
        return (language,) if language in self._supported else ()

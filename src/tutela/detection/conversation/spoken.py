"""In which language a conversation is, as far as it is told or heard. Bounded."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

ENOUGH = 160
"""So many characters settle it: before that, cues of all languages are looked for, and one that is
found says more of the language than the letters do."""

_CUES = 3
_CUE_CHARACTERS = 200
"""So many cues, one in so many characters at least, show that their language is written, whatever
letters look like."""

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
        sure: cues were found where their language was certain: what was found stays, also when the
            conversation goes on in a language without cues.

    Attributes:
        read_in: languages whose cues are to be looked for in the next message.
    """

    __slots__ = (
        "_hearing",
        "_supported",
        "_told",
        "characters",
        "found",
        "read_in",
        "sure",
        "told",
    )

    def __init__(
        self,
        supported: Collection[str],
        told: str = "",
        hearing: Hearing | None = None,
        found: dict[str, int] | None = None,
        characters: int = 0,
        *,
        sure: bool = False,
    ) -> None:
        self._supported = supported
        self._told = told.replace("_", "-").partition("-")[0].lower()
        self._hearing = None if self._told else hearing
        self.told = told
        self.found = dict(found or {})
        self.characters = characters
        self.sure = sure
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
        if self._told:
            return
        self.found[language] = found = min(self.found.get(language, 0) + cues, _MOST)
        often = found >= _CUES and found * _CUE_CHARACTERS >= self.characters
        self.sure = self.sure or often or self._settled() == language

    def dump(self) -> bytes:
        """The state of the hearing."""
        return b"" if self._hearing is None else self._hearing.dump()

    def _heard(self) -> str:
        heard = "" if self._hearing is None else self._hearing.language()
        if self.found and (self.sure or not heard or self.characters < ENOUGH):
            return max(sorted(self.found), key=self.found.__getitem__)
        return heard

    def _settled(self) -> str:
        """The language that is heard, once enough was written."""
        if self._hearing is None or self.characters < ENOUGH:
            return ""
        return self._hearing.language()

    def _read_in(self) -> tuple[str, ...]:
        """One language where it is certain, none where cues of none can be meant, else all."""
        if self._told:
            return (self._told,) if self._told in self._supported else ()
        settled = self._settled()
        return (settled,) if settled in self._supported else (*self._supported,)

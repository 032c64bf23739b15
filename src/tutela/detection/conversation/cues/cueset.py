"""The cues of one language with what names them."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from importlib import resources
from itertools import takewhile

from tutela.detection.conversation.cues.cue import CueFamily, Hit
from tutela.detection.conversation.cues.lexicon import Lexicon
from tutela.detection.conversation.cues.matching import Matcher
from tutela.detection.conversation.cues.reading import CueFile, read_cues
from tutela.detection.conversation.cues.words import FILLER, SEXUAL, places_in, row_of
from tutela.detection.text.normalised import Normalised
from tutela.detection.text.normaliser import Normaliser
from tutela.errors import BadConfiguration

SHIPPED = ("en", "fr")
"""Languages whose cues are shipped."""

_DIGEST = 12


class CueSet:
    """The cues of one language. May be used by many threads.

    Args:
        file: the cues as declared.
        digest: of what declares them, as a hexadecimal number.
        lexicon: sexual words of this language.

    Attributes:
        families: by id, in the order of the file.
    """

    def __init__(self, file: CueFile, digest: str, lexicon: Lexicon | None = None) -> None:
        self.file = file
        self.lexicon = lexicon
        self.digest = _both(digest, lexicon.digest) if lexicon else digest
        self._row = lexicon.row if lexicon else row_of
        self._matcher = Matcher(file, self._row)
        self.families: Mapping[str, CueFamily] = self._matcher.families

    @classmethod
    def load(cls, data: bytes, file: str) -> CueSet:
        """The cues that a text declares, together with the shipped ones if it extends them.

        Args:
            file: what to call it in errors.

        Raises:
            BadConfiguration: with `file:line:column` of the mistake.
        """
        own = read_cues(data, file, fold)
        digest = sha256(data).hexdigest()
        if not own.extends:
            return cls(own, digest)
        if own.language not in SHIPPED:
            raise BadConfiguration(
                f"no cues of {own.language} are shipped", where=file, remedy="remove `extends:`"
            )
        shipped = cls.shipped(own.language)
        return cls(_extended(shipped.file, own), _both(shipped.digest, digest))

    @classmethod
    def shipped(cls, language: str) -> CueSet:
        """The cues that are shipped for a language of `SHIPPED`."""
        file = resources.files("tutela.detection.conversation.cues") / f"{language}.yaml"
        return cls.load(file.read_bytes(), f"{language}.yaml")

    def with_lexicon(self, lexicon: Lexicon) -> CueSet:
        """The same cues, with sexual words."""
        return CueSet(self.file, self.digest, lexicon)

    @property
    def language(self) -> str:
        """Whose cues these are: `en`."""
        return self.file.language

    @property
    def name(self) -> str:
        """Language, version and digest: `en 1 3f2a90c1d2e4`."""
        return f"{self.language} {self.file.version} {self.digest[:_DIGEST]}"

    def find(self, message: Normalised) -> tuple[Hit, ...]:
        """The cues of a message in the order in which they stand in it."""
        return self._matcher.find(message)

    def sexual_words(self, message: Normalised) -> tuple[tuple[int, int], ...]:
        """Where sexual words start and end in a message as written, to mask them.

        Unlike cues they are told whatever stands near them.
        """
        row = self._row(message.text)
        if not any(token in row for token in SEXUAL):
            return ()
        words, places = row.split(), places_in(message.text)
        return tuple(
            message.span(places[at][0], places[_last(words, at)][1])
            for at, word in enumerate(words)
            if word in SEXUAL
        )


def fold(text: str) -> str:
    """What the normaliser makes of a text."""
    return Normaliser().normalise(text).text


def _last(words: list[str], at: int) -> int:
    """Where what begins with a token ends."""
    return at + sum(1 for _ in takewhile(lambda word: word == FILLER, words[at + 1 :]))


def _extended(shipped: CueFile, own: CueFile) -> CueFile:
    """The shipped cues with an operator's; of families with one id the operator's counts."""
    ids = {family.cue.id for family in own.families}
    kept = tuple(family for family in shipped.families if family.cue.id not in ids)
    return CueFile(
        language=own.language,
        version=f"{shipped.version}+{own.version}",
        families=kept + own.families,
        negations=shipped.negations + own.negations,
        reported=shipped.reported + own.reported,
        harmless=shipped.harmless + own.harmless,
        extends=True,
    )


def _both(one: str, other: str) -> str:
    return sha256(f"{one} {other}".encode()).hexdigest()

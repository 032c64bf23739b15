"""The cues of one language with what names them, and all languages that there are."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from importlib import resources
from pathlib import Path

from tutela.detection.conversation.cues.cue import CueFamily, Hit
from tutela.detection.conversation.cues.matching import Matcher
from tutela.detection.conversation.cues.phrase import Fold
from tutela.detection.conversation.cues.reading import LARGEST, CueFile, read_cues
from tutela.detection.text.normalised import Normalised
from tutela.detection.text.normaliser import Normaliser
from tutela.errors import BadConfiguration

SHIPPED = ("en",)
"""Languages whose cues are shipped."""

_DIGEST = 12


class CueSet:
    """The cues of one language. May be used by many threads.

    Args:
        file: the cues as declared.
        digest: of the text that declares them, as a hexadecimal number.

    Attributes:
        families: by id, in the order of the file.
    """

    def __init__(self, file: CueFile, digest: str) -> None:
        self.file = file
        self.digest = digest
        self._matcher = Matcher(file)
        self.families: Mapping[str, CueFamily] = self._matcher.families

    @classmethod
    def load(cls, data: bytes, file: str) -> CueSet:
        """The cues that a text declares.

        Args:
            file: what to call it in errors.

        Raises:
            BadConfiguration: with `file:line:column` of the mistake.
        """
        return cls(read_cues(data, file, _fold_with(Normaliser())), sha256(data).hexdigest())

    @classmethod
    def read(cls, file: Path) -> CueSet:
        """The cues of a file.

        Raises:
            BadConfiguration: as `load`, or the file cannot be read.
        """
        try:
            with file.open("rb") as opened:
                data = opened.read(LARGEST + 1)
        except OSError as problem:
            what = f"the cue file cannot be read: {problem.strerror}"
            raise BadConfiguration(what, where=str(file)) from None
        return cls.load(data, str(file))

    @classmethod
    def shipped(cls, language: str) -> CueSet:
        """The cues that are shipped for a language of `SHIPPED`."""
        file = resources.files("tutela.detection.conversation.cues") / f"{language}.yaml"
        return cls.load(file.read_bytes(), f"{language}.yaml")

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


def _fold_with(normaliser: Normaliser) -> Fold:
    return lambda text: normaliser.normalise(text).text

"""In which language a conversation is written: found over its messages, never from one alone.

The model is that of py3langid (Lui and Baldwin 2012, retrained), which lies in its wheel. It sums
logarithms of likelihoods over features of a text; these sums are added up over messages here, so
that many short ones tell what none of them could. The state is one number for each language.
"""

from __future__ import annotations

import math
import struct
import threading
from array import array
from collections.abc import Collection

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from tutela.errors import InvalidInput

_CODES = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nl no pl pt ro ru "
    "sk sl sq sr sv sw th tl tr uk ur vi zh"
)
CONSIDERED = tuple(_CODES.split())
"""Languages that are told apart, whether conversations in them can be rated or not."""

LEAST_LETTERS = 20
"""Of fewer letters nothing is said."""

SURE = 0.7
"""So probable a language must be, among those that are considered."""

_SETTLED_LETTERS = 400
_SETTLED = 0.95
_SETTLED_EVERY = 8
"""Once it is settled, one in so many messages is looked at: who changes the language is noticed."""

_MOST_BYTES = 4000
"""Once so much was looked at, all of it is halved, so that what comes later counts."""

_LOOKED_AT = 1000
_HEAD = struct.Struct("<BIII")
_FORM = 1


def plain_tag(tag: str) -> str:
    """The language of a tag, without its country: `fr` of `fr-CA`."""
    return tag.replace("_", "-").partition("-")[0].lower()


class Languages:
    """Tells languages apart. Its model is loaded when it is first asked; threads may share it.

    Args:
        considered: codes (ISO 639-1) of the languages to tell apart.
    """

    def __init__(self, considered: Collection[str] = CONSIDERED) -> None:
        self.considered = tuple(sorted(set(considered)))
        self._loading = threading.Lock()
        self._model: LanguageIdentifier | None = None

    def likelihoods(self, text: str) -> list[float] | None:
        """The logarithm of the likelihood of a text in each of `considered`, up to a constant.

        None where it has nothing that tells languages apart.
        """
        ranks = self._loaded().rank(text)
        if not math.isfinite(ranks[0][1]) or ranks[0][1] < -_UNTOLD:
            return None
        best = ranks[0][1]
        told = dict(ranks)
        return [told[language] - best for language in self.considered]

    def begin(self) -> RunningLanguage:
        """The language of a conversation in which nothing was written yet."""
        return RunningLanguage(self)

    def resume(self, state: bytes) -> RunningLanguage:
        """The language of a conversation as `RunningLanguage.dump` left it.

        Raises:
            InvalidInput: the state is damaged, or of other languages.
        """
        running = RunningLanguage(self)
        running.restore(state)
        return running

    def of(self, text: str) -> str:
        """The language of one text by itself; empty where it is not sure."""
        running = self.begin()
        running.add(text)
        return running.language()

    def _loaded(self) -> LanguageIdentifier:
        with self._loading:
            if self._model is None:
                # This takes a second and much memory: what rates nothing never spends it.
                model = LanguageIdentifier.from_model_file(MODEL_FILE)
                model.set_languages(self.considered)
                self._model = model
            return self._model


_UNTOLD = 1e30


class RunningLanguage:
    """The language of a conversation while it goes on; begin it with `Languages.begin`."""

    def __init__(self, languages: Languages) -> None:
        self._languages = languages
        self._sums = array("f", bytes(4 * len(languages.considered)))
        self._bytes = 0
        self._letters = 0
        self._skipped = 0
        self._best = ("", 0.0)

    def add(self, text: str) -> None:
        """Take a message in; in a settled conversation most cost nothing."""
        text = text[:_LOOKED_AT]
        if self._letters >= _SETTLED_LETTERS and self._best[1] >= _SETTLED:
            self._skipped += 1
            if self._skipped < _SETTLED_EVERY:
                return
        self._skipped = 0
        letters = sum(map(str.isalpha, text))
        found = self._languages.likelihoods(text) if letters else None
        if found is None:
            return
        self._sums = array("f", map(float.__add__, self._sums, found))
        self._bytes += len(text.encode("utf-8", "surrogatepass"))
        self._letters += letters
        if self._bytes > _MOST_BYTES:
            self._sums = array("f", (one / 2 for one in self._sums))
            self._bytes //= 2
        self._best = self._likeliest()

    def language(self) -> str:
        """Its code; empty where too little was written, or it is not sure."""
        code, chance = self._best
        return code if self._letters >= LEAST_LETTERS and chance >= SURE else ""

    def dump(self) -> bytes:
        """The state, for `Languages.resume`."""
        head = _HEAD.pack(_FORM, self._bytes, min(self._letters, 2**32 - 1), self._skipped)
        return head + struct.pack(f"<{len(self._sums)}f", *self._sums)

    def restore(self, state: bytes) -> None:
        """Become what was dumped.

        Raises:
            InvalidInput: the state is damaged, or of other languages.
        """
        count = len(self._sums)
        if len(state) != _HEAD.size + 4 * count or state[0] != _FORM:
            raise InvalidInput("this is not the state of a language", remedy="begin anew")
        _, self._bytes, self._letters, self._skipped = _HEAD.unpack_from(state)
        self._sums = array("f", struct.unpack_from(f"<{count}f", state, _HEAD.size))
        if not all(map(math.isfinite, self._sums)):
            raise InvalidInput("this is not the state of a language", remedy="begin anew")
        self._best = self._likeliest()

    def _likeliest(self) -> tuple[str, float]:
        """The likeliest language and its chance, cooled by length as the model does it."""
        if not self._bytes:
            return "", 0.0
        best = max(self._sums)
        heat = math.sqrt(self._bytes)
        chances = [math.exp((one - best) / heat) for one in self._sums]
        return self._languages.considered[self._sums.index(best)], 1 / sum(chances)

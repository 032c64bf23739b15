"""What says the texts of the console in one language, and writes its numbers."""

from __future__ import annotations

from gettext import NullTranslations
from types import MappingProxyType

from tutela.response.alarms import span

UNIT = "unit"
"""Context in the catalogs of units of time."""
PROGRAM = "program"
"""Context in the catalogs of texts of parts below the interfaces, such as what is wrong."""
SOURCE = "en"
"""The language of the code and the templates."""
WORD = "word"
"""Context in the catalogs of names that the code gives to states, kinds and the like."""
THOUSANDS = MappingProxyType({"en": ",", "fr": "\N{NARROW NO-BREAK SPACE}"})
POINT = MappingProxyType({"en": ".", "fr": ","})


class Translator:
    """Says texts in one language.

    What has no translation is said in English; a test sees to it that every text has one.

    Args:
        language: such as `fr`.
        texts: a compiled catalog.
    """

    def __init__(self, language: str, texts: NullTranslations) -> None:
        self.language = language
        self._texts = texts

    def gettext(self, text: str) -> str:
        """A text."""
        return self._texts.gettext(text) if text else ""

    def ngettext(self, one: str, many: str, count: int) -> str:
        """A text about so many; fill in the count by `%(num)s` or another name."""
        return self._texts.ngettext(one, many, count)

    def pgettext(self, context: str, text: str) -> str:
        """A text that means one thing here and another elsewhere."""
        return self._texts.pgettext(context, text)

    def npgettext(self, context: str, one: str, many: str, count: int) -> str:
        """A text about so many that means one thing here and another elsewhere."""
        return self._texts.npgettext(context, one, many, count)

    def word(self, name: object, about: str = "") -> str:
        """A name that the code gives to a state, a kind or the like, in words.

        Args:
            name: such as `not_checked`. One from data, which has no translation, stays as it is.
            about: what is in that state, where a language must know: `action`.
        """
        text = str(name).replace("_", " ")
        said = self.pgettext(about, text) if about else text
        return said if said != text else self.pgettext(WORD, text)

    def said(self, text: str) -> str | None:
        """A text of a part below the interfaces; None where it exists in English only."""
        if self.language == SOURCE:
            return text
        for found in (self.pgettext(PROGRAM, text), self.gettext(text)):
            if found != text:
                return found
        if text[:1].isupper():  # the same at the beginning of a sentence
            small = self.said(text[:1].lower() + text[1:])
            return None if small is None else small[:1].upper() + small[1:]
        return None

    def amount(self, number: float) -> str:
        """A number with its thousands apart: `12,345`."""
        marks = {",": THOUSANDS[self.language], ".": POINT[self.language]}
        return "".join(marks.get(mark, mark) for mark in f"{number:,}")

    def share(self, share: float, digits: int = 1) -> str:
        """A share of one as a percentage: `12.3 %`."""
        return f"{share * 100:.{digits}f}\N{NO-BREAK SPACE}%".replace(".", POINT[self.language])

    def span(self, seconds: float) -> str:
        """A length of time in its two greatest units: `7 d`, `1 h 30 min`."""
        return " ".join(self.pgettext(UNIT, part) for part in span(seconds).split())

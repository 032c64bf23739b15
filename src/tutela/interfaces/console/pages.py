"""Pages of the console: templates, and the static files with their digests in the name.

No content is in these pages: they show facts and reasons. Scripts fetch pictures, covered.
Everything is escaped; a name that a template does not know is an error, not an empty string.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Self

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tutela.interfaces.language import LANGUAGES, Reader, Translator
from tutela.model.custody.names import shown
from tutela.model.record import Record

PERIOD = re.compile(r"_(?P<days>\d+)d$")
"""The end of the name of a number that counts what was in the last days."""
PLAIN = re.compile(r"-[0-9a-f]{12}\.")
"""The digest in a served name, which the file's own name lacks."""
STATIC_TYPES = MappingProxyType({"css": "text/css; charset=utf-8", "js": "text/javascript"})


class Problem(Record, frozen=True, kw_only=True):
    """Why something that was asked for was not done, with the bad rows of a file if any.

    Attributes:
        text: what was wrong, in English: the page says it in the reader's language if it can.
        remedy: what can be done about it, likewise.
        where: before both, in the reader's language: the line of a text, for example.
    """

    where: str = ""
    text: str
    remedy: str = ""
    rows: tuple[str, ...] = ()


class Pages:
    """Renders templates and serves static files. One per process."""

    def __init__(self) -> None:
        # Macros of other files and filters do not see the view: who reads stands beside it.
        self._reader: ContextVar[Reader] = ContextVar("reader")
        self._environment = Environment(
            loader=PackageLoader("tutela.interfaces.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.policies["ext.i18n.trimmed"] = True
        self._speak()
        self._environment.filters |= {
            "instant": self._instant,
            "told": self._told,
            "legible": _legible,
            "said": self._said,
        }
        self.static: Mapping[str, bytes] = _static()
        served = {PLAIN.sub(".", name): name for name in self.static}
        self._environment.globals |= {"static": served, "languages": LANGUAGES}

    def __deepcopy__(self, memo: object) -> Self:
        # The framework copies what a router carries for each of its routes.
        return self

    def render(self, template: str, reader: Reader, /, **view: Any) -> str:  # noqa: ANN401 - what a template shows
        """One page as HTML; names that the layout needs and the view lacks are empty."""
        empty = {"viewer": None, "note": "", "problem": None, "alarm": None, "page_path": ""}
        own = {"page_language": reader.texts.language, "page_zone": reader.zone.key}
        token = self._reader.set(reader)
        try:
            return self._environment.get_template(template).render(empty | own | view)
        finally:
            self._reader.reset(token)

    def _speak(self) -> None:
        """Give templates what says texts, in the language of whoever reads."""
        self._environment.install_gettext_callables(  # type: ignore[attr-defined]
            self._by("gettext"),
            self._by("ngettext"),
            newstyle=True,
            pgettext=self._by("pgettext"),
            npgettext=self._by("npgettext"),
        )
        names = {"words": "word", "amount": "amount", "share": "share", "span": "span"}
        self._environment.filters |= {name: self._by(method) for name, method in names.items()}

    def _by(self, method: str) -> Callable[..., str]:
        """What the translator of whoever reads says, whoever that will be."""

        def said(*given: Any) -> str:  # noqa: ANN401 - as the method takes
            text: str = getattr(self._texts, method)(*given)
            return text

        return said

    @property
    def _texts(self) -> Translator:
        return self._reader.get().texts

    def _instant(self, moment: datetime) -> Markup:
        """A moment by the reader's clock, which says by itself which moment it was."""
        there = moment.astimezone(self._reader.get().zone)
        return Markup('<time datetime="{}">{}</time>').format(
            moment.astimezone(UTC).isoformat(timespec="seconds"),
            there.strftime("%Y-%m-%d %H:%M:%S"),
        )

    def _told(self, numbers: Record) -> list[str]:
        """Numbers that are known, in words: `minors contacted in 7 days: 4`."""
        texts = self._texts
        known = {name: getattr(numbers, name) for name in numbers.__struct_fields__}
        found = []
        for name, number in known.items():
            if number is not None:
                period = PERIOD.search(name)
                said = texts.word(PERIOD.sub("", name), "number")
                if period:
                    days = int(period["days"])
                    in_days = texts.ngettext("in a day", "in %(num)s days", days) % {"num": days}
                    said = f"{said} {in_days}"
                colon = "\N{NO-BREAK SPACE}:" if texts.language == "fr" else ":"
                found.append(f"{said}{colon} {texts.amount(number)}")
        return found

    def _said(self, text: str) -> str:
        """A text that the program made, such as an error's: marked as English where it is."""
        said = self._texts.said(text)
        if said is not None:
            return said
        return Markup('<span lang="en">{}</span>').format(text)


def _static() -> dict[str, bytes]:
    """Static files by served name, `console-<digest>.css`: they may be cached for ever."""
    found: dict[str, bytes] = {}
    for file in files("tutela.interfaces.console").joinpath("static").iterdir():
        stem, _, ending = file.name.rpartition(".")
        if ending in STATIC_TYPES:
            body = file.read_bytes()
            found[f"{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{ending}"] = body
    return found


def _legible(text: object) -> str:
    return shown(str(text))

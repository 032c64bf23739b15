"""Languages of the console, and the zone of its times.

English is in the code and the templates; other languages are in `.po` files, one for each area of
the console, which are read when a server process starts. See "Texts that people read" in
`CONTRIBUTING.md`.
"""

from __future__ import annotations

from tutela.interfaces.language.catalogs import LANGUAGES, Languages
from tutela.interfaces.language.choosing import (
    LANGUAGE_COOKIE,
    OPT,
    PREFERENCES,
    ZONE_COOKIE,
    Reader,
    language_of,
    later,
    reader_of,
    translator_of,
    zone_called,
    zone_of,
    zones,
)
from tutela.interfaces.language.clock import moment_in
from tutela.interfaces.language.translator import SOURCE, Translator

__all__ = [
    "LANGUAGES",
    "LANGUAGE_COOKIE",
    "OPT",
    "PREFERENCES",
    "SOURCE",
    "ZONE_COOKIE",
    "Languages",
    "Reader",
    "Translator",
    "language_of",
    "later",
    "moment_in",
    "reader_of",
    "translator_of",
    "zone_called",
    "zone_of",
    "zones",
]

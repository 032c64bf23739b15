"""Catalogs of texts: the `.po` files of a language, read once, as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from types import MappingProxyType
from typing import Self

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from tutela.errors import BadConfiguration
from tutela.interfaces.language.translator import SOURCE, Translator

LANGUAGES: Mapping[str, str] = MappingProxyType({SOURCE: "English", "fr": "Français"})
"""Every language of the console, by the name that it has for itself."""


class Languages:
    """A translator for each language. Made once by each process."""

    def __init__(self) -> None:
        self._all = {SOURCE: Translator(SOURCE, NullTranslations())} | {
            language: Translator(language, _compiled(language))
            for language in LANGUAGES
            if language != SOURCE
        }

    def __deepcopy__(self, memo: object) -> Self:
        # The framework copies what a router carries for each of its routes.
        return self

    def __getitem__(self, language: str) -> Translator:
        """The translator of a language; English for one that is not known."""
        return self._all.get(language, self._all[SOURCE])


def areas(language: str) -> Iterator[tuple[str, Catalog]]:
    """The catalogs of a language by the names of their areas.

    Raises:
        BadConfiguration: a file is no catalog.
    """
    folder = files("tutela.interfaces.language").joinpath(language)
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        area, _, ending = file.name.rpartition(".")
        if ending == "po":
            try:
                catalog = read_po(BytesIO(file.read_bytes()), locale=language, abort_invalid=True)
            except (PoFileError, ValueError) as problem:
                raise BadConfiguration(
                    f"the texts cannot be read: {problem}", where=file.name
                ) from (problem)
            yield area, catalog


def _compiled(language: str) -> GNUTranslations:
    """All areas of a language in one."""
    whole = Catalog(locale=language)
    for _, catalog in areas(language):
        # As the files count, which may have fewer forms than a language has for all numbers.
        whole.mime_headers = [("Plural-Forms", catalog.plural_forms)]
        for message in catalog:
            if message.id and message.string:
                whole.add(message.id, message.string, context=message.context)
    file = BytesIO()
    write_mo(file, whole)
    file.seek(0)
    return GNUTranslations(file)

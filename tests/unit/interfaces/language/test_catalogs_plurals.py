from __future__ import annotations

import pytest

from tutela.interfaces.language import LANGUAGES, SOURCE, Languages
from tutela.interfaces.language.catalogs import areas


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != SOURCE])
def test_each_text_about_so_many_has_its_form_for_every_number(language: str) -> None:
    texts, checked = Languages()[language], 0
    for area, catalog in areas(language):
        for message in catalog:
            if not isinstance(message.id, tuple):
                continue
            one, many = message.id
            for count in (0, 1, 2, 3, 21, 1_000_000):
                say = texts.npgettext
                said = (
                    say(message.context, one, many, count)
                    if message.context
                    else texts.ngettext(one, many, count)
                )
                assert said in tuple(message.string or ()), (area, one, count)
                checked += 1
    assert checked


def test_zero_is_one_in_french_and_a_million_is_many() -> None:
    texts = Languages()["fr"]
    forms = [
        texts.ngettext("%(number)s action given up", "%(number)s actions given up", count)
        for count in (0, 1, 2, 1_000_000)
    ]
    assert forms[0] == forms[1] != forms[2] == forms[3]
    assert "abandonnée" in forms[0]

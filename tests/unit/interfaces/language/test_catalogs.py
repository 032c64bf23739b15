"""What parts below the interfaces say, and pages show, is in the catalogs."""

from __future__ import annotations

import pytest

from tutela.detection.signals.registry import builtin_kinds
from tutela.errors import BadConfiguration
from tutela.interfaces.language import LANGUAGES, SOURCE, Languages, catalogs
from tutela.model import PRINCIPLES
from tutela.oversight.duties import DUTIES
from tutela.response.actions import ACTIONS


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != SOURCE])
def test_the_scoreboard_is_in_every_language(language: str) -> None:
    texts = Languages()[language]
    titles = [one.measure.title for one in (*DUTIES, *ACTIONS, *builtin_kinds())]
    titles += [text for one in PRINCIPLES for text in (one.title, one.text)]
    assert [title for title in titles if texts.said(title) is None] == []


def test_a_catalog_that_is_none_is_named(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    (folder / "xx").mkdir()
    (folder / "xx" / "shell.po").write_text("Cases are Dossiers\n")
    monkeypatch.setattr(catalogs, "files", lambda _: folder)
    with pytest.raises(BadConfiguration, match=r"shell\.po"):
        list(catalogs.areas("xx"))

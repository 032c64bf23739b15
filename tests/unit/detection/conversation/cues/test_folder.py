"""Cue files and lexicons of an operator's folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.detection.conversation.cues.test_lexicon import TEXT as LEXICON
from tests.unit.detection.conversation.cues.writing import TOP, family, pieces

from tutela.detection.conversation.cues.cueset import SHIPPED, CueSet
from tutela.detection.conversation.cues.folder import open_cues
from tutela.errors import BadConfiguration

OWN = TOP + family("how old")


def test_without_a_folder_there_is_what_is_shipped() -> None:
    assert [one.name for one in open_cues()] == [CueSet.shipped(one).name for one in SHIPPED]


def test_a_file_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    (tmp_path / "notes.txt").write_text("not a cue file")
    english, french = open_cues(tmp_path)
    assert (list(english.families), english.file.version) == (["asking"], "7")
    assert french.name == CueSet.shipped("fr").name


def test_a_file_may_add_a_language(tmp_path: Path) -> None:
    (tmp_path / "de.yaml").write_text(OWN.replace("language: en", "language: de"))
    assert [one.language for one in open_cues(tmp_path)] == ["de", "en", "fr"]


def test_a_file_may_extend_the_shipped_one(tmp_path: Path) -> None:
    more = family("blue kite", name="secrecy") + family("how old is that")
    (tmp_path / "own.yaml").write_text(
        TOP.replace("version: 7", "version: 7\nextends: shipped") + more
    )
    english, _ = open_cues(tmp_path)
    shipped = CueSet.shipped("en")
    assert set(english.families) == {*shipped.families, "asking"}
    assert english.file.version == "1+7"
    assert english.digest != shipped.digest
    assert pieces(english, "a blue kite; our little secret") == ["blue kite"]


def test_a_lexicon_serves_its_language(tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text(LEXICON)
    english, french = open_cues(tmp_path)
    assert pieces(english, "I like your red kite") == ["red kite"]
    assert pieces(french, "I like your red kite") == []


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        ([OWN, OWN], "there are two cue files of en"),
        ([LEXICON, LEXICON], "there are two lexicons of en"),
        ([LEXICON.replace("language: en", "language: sv")], "there are no cues of sv"),
        (["colour: red"], "neither a cue file nor a lexicon"),
        ([OWN.replace("points: 2", "points: x")], "1.yaml:17:13: points must be a number"),
        ([OWN.replace("version: 7", "version: 7\nextends: mine")], "only shipped cues"),
        (
            [OWN.replace("language: en", "language: de\nextends: shipped")],
            "no cues of de are shipped",
        ),
    ],
)
def test_files_that_cannot_be_used_are_named(tmp_path: Path, texts: list[str], what: str) -> None:
    for number, text in enumerate(texts, 1):
        (tmp_path / f"{number}.yaml").write_text(text)
    with pytest.raises(BadConfiguration) as refused:
        open_cues(tmp_path)
    assert what in str(refused.value)
    assert str(tmp_path) in refused.value.where


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="cannot be read"):
        open_cues(tmp_path / "none")

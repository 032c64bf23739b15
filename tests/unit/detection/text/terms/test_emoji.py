"""What emoji stand for is read with the place of each mistake, and holds in texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutela.detection.text.normaliser import Normaliser
from tutela.detection.text.terms.emoji import LARGEST, open_emoji, read_emoji
from tutela.errors import BadConfiguration

HEAD = "emoji: 1\nowner: Trust and Safety\nversion: 2026-11\ncodes:\n"
TABLE = HEAD + '  "\u2602\ufe0f": Umbrella\n  "\U0001f44d\U0001f3fd": all right\n'


def test_words_stand_where_emoji_stood(tmp_path: Path) -> None:
    file = tmp_path / "emoji.yaml"
    file.write_text(TABLE)
    read = open_emoji(file)
    assert (read.owner, read.version) == ("Trust and Safety", "2026-11")
    assert "mbrella" not in repr(read)
    normaliser = Normaliser(read.codes)
    text = "my\u2602\ufe0f\U0001f44d\U0001f3ff ok"
    found = normaliser.normalise(text)
    assert found.text == "my umbrella all right ok"
    start = found.text.index("umbrella")
    assert found.span(start, start + 8) == (2, 3)
    assert normaliser.name.startswith("emoji ")
    assert normaliser.name != Normaliser({"\u2602": "other"}).name
    assert Normaliser().name == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "e.yaml:1:1: the table of emoji is empty"),
        ("emoji: 2\nowner: a\nversion: 1\ncodes: {}", "e.yaml:1:8: this form of tables"),
        ("emoji: 1", "e.yaml:1:1: a table of emoji lacks owner"),
        (HEAD + "  ab: word", "e.yaml:5:3: this is not one emoji"),
        (HEAD + '  "\u2602\u2602": word', "e.yaml:5:3: this is not one emoji"),
        (HEAD + '  "\u2602": a\n  "\u2602\ufe0f": b', "e.yaml:6:3: this emoji is given twice"),
        (HEAD + '  "\u2602": "<a>"', "e.yaml:5:8: an emoji stands for one to four words"),
        (HEAD + '  "\u2602": one two three four five', "e.yaml:5:8: an emoji stands for one"),
        (HEAD + '  "\u2602": [a]', "e.yaml:5:8: what an emoji stands for must be text"),
        (HEAD + "  - a", "e.yaml:5:3: codes are written as keys and values"),
        ("a" * (LARGEST + 1), "e.yaml: a table of emoji may have"),
        ("\udcff", "e.yaml: the file is not UTF-8"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(BadConfiguration) as raised:
        read_emoji(text.encode("utf-8", "surrogateescape"), "e.yaml")
    assert str(raised.value).startswith(told)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="the table of emoji cannot be read"):
        open_emoji(tmp_path / "none.yaml")

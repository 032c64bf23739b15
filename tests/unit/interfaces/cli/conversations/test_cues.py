"""`tutela conversations cues` lists cues, and checks files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.detection.conversation.cues.test_lexicon import TEXT as LEXICON
from tests.unit.detection.conversation.cues.writing import TOP, family
from typer.testing import CliRunner, Result

from tutela.errors import BadConfiguration
from tutela.interfaces.cli.main import build_app

APP = build_app()
LINES = "[how old, how old?, how old is it, HOW OLD, so how old]"
GOOD = (TOP + family("how old")).replace("fires: [a, b, c, d, e]", f"fires: {LINES}")


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(APP, ["conversations", "cues", *arguments])


def test_the_list_fits_a_terminal_of_80_columns() -> None:
    result = run()
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in result.stdout
    assert [one.split(":")[0][:4] for one in lines if "families" in one] == ["en 1", "fr 1"]
    assert sum("│ secrecy " in one for one in lines) == 2


def test_a_language_may_be_asked_for() -> None:
    (name,) = json.loads(run("--language", "fr", "--json").stdout)
    assert name.startswith("fr 1 ")
    assert run("--language", "sv").stdout == "There are no cues of sv.\n"


def test_the_folder_of_the_settings_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTELA_CONVERSATIONS_CUES_FOLDER", str(tmp_path))
    (tmp_path / "own.yaml").write_text(GOOD)
    (tmp_path / "words.yaml").write_text(LEXICON)
    result = run("--language", "en")
    assert "1 family, a lexicon of 6 words" in result.stdout
    assert "asking" in result.stdout


def test_a_good_file_passes(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(GOOD)
    result = run("--check", str(file))
    assert result.exit_code == 0
    assert "10 lines passed" in result.stdout


def test_a_line_that_fails_is_named(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(GOOD.replace("how old?", "how young?"))
    result = run("--check", str(file))
    assert result.exit_code == 1
    assert f"{file}:21:22: asking must be found: how young?" in result.stdout
    told = json.loads(run("--check", str(file), "--json").stdout)
    assert (told["lines"], told["failed"][0]["place"]) == (10, f"{file}:21:22")


def test_a_wrong_field_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(GOOD.replace("points:", "pionts:"))
    with pytest.raises(BadConfiguration) as refused:
        CliRunner().invoke(
            APP, ["conversations", "cues", "--check", str(file)], catch_exceptions=False
        )
    assert str(refused.value).startswith(f"{file}:17:5: unknown key pionts")


def test_a_lexicon_is_checked_and_its_words_are_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "words.yaml"
    file.write_text(LEXICON)
    result = run("--check", str(file))
    assert "a lexicon of en, version 3 of Trust and safety, 6 words" in result.stdout
    assert "kite" not in result.stdout

"""`tutela conversations terms` lists term lists, checks them, and shows no term."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tutela.errors import BadConfiguration
from tutela.interfaces.cli.main import build_app

APP = build_app()
LIST = """\
terms: 1
name: adverts
owner: Trust and Safety
version: 2
entries:
  - purple umbrella
  - {id: hire, pattern: 'umbrellas? (for|4) hire'}
"""


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "adverts.yaml").write_text(LIST)
    return tmp_path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(APP, ["conversations", "terms", *map(str, arguments)])


def test_what_the_settings_name_is_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run().stdout == "There are no term lists.\n"
    monkeypatch.setenv("TUTELA_CONVERSATIONS_TERMS_FOLDER", str(folder))
    result = run()
    assert result.exit_code == 0, result.output
    assert "adverts" in result.stdout
    assert "Trust and Safety" in result.stdout
    assert "umbrella" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_a_list_can_be_checked_before(folder: Path) -> None:
    for path in (folder, folder / "adverts.yaml"):
        (listed,) = json.loads(run("--check", path, "--json").stdout)
        assert (listed["name"], listed["version"]) == ("adverts", "2")
        assert (listed["entries"], listed["patterns"]) == (2, 1)


def test_a_mistake_is_told_with_its_place(folder: Path) -> None:
    file = folder / "adverts.yaml"
    file.write_text(LIST + "  - {pattern: '(umbrella'}\n")
    result = run("--check", folder)
    assert isinstance(result.exception, BadConfiguration)
    assert str(result.exception).startswith(f"{file}:8:15: this is no pattern of RE2: missing )")
    assert "umbrella" not in str(result.exception)

"""`tutela settings` shows every value, where it came from, and no password."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tutela.errors import BadConfiguration
from tutela.interfaces.cli.main import build_app
from tutela.settings import Settings

APP = build_app()


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def test_the_table_names_every_setting_and_its_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tutela.toml").write_text("[server]\nport = 81\n")
    monkeypatch.setenv("TUTELA_LOG_LEVEL", "warning")
    result = CliRunner().invoke(APP, ["settings", "--config", "tutela.toml"])
    assert result.exit_code == 0
    lines = {line.split("│")[1].strip(): line for line in result.stdout.splitlines() if "│" in line}
    for row in Settings().explain():
        assert row.name in lines
    assert "81" in lines["server.port"]
    assert "tutela.toml" in lines["server.port"]
    assert "TUTELA_LOG_LEVEL" in lines["log.level"]
    assert "default" in lines["server.host"]


def test_json_holds_the_same_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTELA_STORAGE_URL", "postgresql+psycopg://ann:s3cret@h/x")
    result = CliRunner().invoke(APP, ["settings", "--json"])
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert rows["storage.url"]["value"] == "postgresql+psycopg://ann:***@h/x"
    assert rows["storage.url"]["origin"] == "TUTELA_STORAGE_URL"
    assert "s3cret" not in result.stdout
    assert list(rows) == [row.name for row in Settings().explain()]


def test_a_mistake_is_an_error() -> None:
    result = CliRunner().invoke(APP, ["settings", "--config", "/nowhere/tutela.toml"])
    assert isinstance(result.exception, BadConfiguration)

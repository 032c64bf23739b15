"""`tutela principles` shows all eleven, with counts where there is a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tutela.interfaces.cli.main import build_app
from tutela.model import PRINCIPLES
from tutela.policy.policy import Policy
from tutela.policy.versions import PolicyVersions
from tutela.storage.banks import Banks
from tutela.storage.database import Database

APP = build_app()


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path / "data"))


def test_without_a_database_there_are_no_counts_and_none_is_made(tmp_path: Path) -> None:
    result = CliRunner().invoke(APP, ["principles"])
    assert result.exit_code == 0
    for principle in PRINCIPLES:
        assert f"│ {principle.number}. {principle.title} " in result.stdout
    assert "there is no database at" in result.stdout
    assert not (tmp_path / "data").exists()


def test_json_holds_the_counts(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTELA_STORAGE_URL", database_url)
    database = Database.open(database_url)
    Banks(database).create("mountains")
    database.close()
    rows = json.loads(CliRunner().invoke(APP, ["principles", "--json"]).stdout)
    assert [row["number"] for row in rows] == [principle.number for principle in PRINCIPLES]
    counts = {one["id"]: one["count"] for row in rows for one in row["measures"]}
    states = {one["id"]: one["state"] for row in rows for one in row["measures"]}
    assert (counts["banks"], counts["block"], counts["scan"]) == (1, 0, None)
    assert (states["banks"], states["dihedral"], states["search"]) == ("on", "off", "not built")


def test_the_policy_in_force_counts_and_not_the_one_that_the_settings_name(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUTELA_STORAGE_URL", database_url)
    database = Database.open(database_url)
    text = (
        "policy: mine\nowner: safety\nrules:\n  - name: all\n    when: 'true'\n"
        "    actions: [hold, preserve]\n    reason: Wait.\n    notice: It waits.\n"
    )
    policy = Policy.load(text, "mine")
    PolicyVersions(database).activate(policy, by="a test")
    database.close()
    rows = json.loads(CliRunner().invoke(APP, ["principles", "--json"]).stdout)
    states = {one["id"]: one["state"] for row in rows for one in row["measures"]}
    assert (states["preserve"], states["block"]) == ("on", "off")


def test_the_table_tells_where_the_counts_come_from(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUTELA_STORAGE_URL", database_url)
    result = CliRunner().invoke(APP, ["principles"])
    assert "Counts from " in result.stdout

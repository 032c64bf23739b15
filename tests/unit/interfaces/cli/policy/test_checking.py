"""`tutela policy` checks a file, shows the policy in force and any that was used."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tutela.errors import BadConfiguration, NotFound
from tutela.interfaces.cli.main import build_app
from tutela.policy.policy import Policy
from tutela.policy.versions import PolicyVersions

APP = build_app()
DEFAULT = Policy.default()


def test_a_good_policy_is_named_with_its_version(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(DEFAULT.text)
    result = CliRunner().invoke(APP, ["policy", "check", str(file)])
    assert result.exit_code == 0
    assert f"{len(DEFAULT.rules)} rules, version {DEFAULT.version}" in result.stdout


def test_a_mistake_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(DEFAULT.text.replace("m.trusted && m.exact", "m.trustd && m.exact"))
    result = CliRunner().invoke(APP, ["policy", "check", str(file)])
    assert isinstance(result.exception, BadConfiguration)
    assert "a match has no field trustd; did you mean trusted?" in str(result.exception)
    assert str(result.exception).startswith(f"{file}:")


def test_the_policy_in_force_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(DEFAULT.text.replace("policy: default", "policy: mine"))
    assert CliRunner().invoke(APP, ["policy", "show"]).stdout == DEFAULT.text
    monkeypatch.setenv("TUTELA_POLICY_FILE", str(file))
    assert CliRunner().invoke(APP, ["policy", "show"]).stdout == file.read_text()


def test_versions_that_were_used_are_listed_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    assert CliRunner().invoke(APP, ["policy", "versions"]).stdout == ""
    PolicyVersions(tmp_path / "policies").keep(DEFAULT)
    assert CliRunner().invoke(APP, ["policy", "versions"]).stdout == DEFAULT.version + "\n"
    shown = CliRunner().invoke(APP, ["policy", "show", DEFAULT.version])
    assert shown.stdout == DEFAULT.text
    missing = CliRunner().invoke(APP, ["policy", "show", "none-0"])
    assert isinstance(missing.exception, NotFound)

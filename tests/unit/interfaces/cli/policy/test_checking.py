"""`tutela policy` checks a file."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from tutela.errors import BadConfiguration
from tutela.interfaces.cli.main import build_app
from tutela.policy.policy import Policy

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

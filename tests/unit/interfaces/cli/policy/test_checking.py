"""`tutela policy` checks a file, and runs the tests that it carries."""

from __future__ import annotations

from pathlib import Path

import msgspec
from typer.testing import CliRunner, Result

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


TESTED = """policy: tested
owner: safety
rules:
  - {name: clear, when: verdict == Verdict.clear, actions: [allow], reason: Nothing matched.}
tests:
  - {name: a clear upload passes, facts: {}, actions: [allow]}
  - {name: a match waits, facts: {matches: [{bank: a}]}, actions: [allow]}
"""


def invoke(*words: str) -> Result:
    return CliRunner().invoke(APP, ["policy", *words])


def test_each_test_is_shown_with_its_result(tmp_path: Path) -> None:
    file = tmp_path / "tested.yaml"
    file.write_text(TESTED)
    result = invoke("test", str(file))
    assert result.exit_code == 1
    assert result.stdout == (
        "passed  a clear upload passes\n"
        "FAILED  a match waits\n"
        f"        {file}:7:67\n"
        "        expected: allow\n"
        "        got:      hold, open_case, by no-rule\n"
        "1 of 2 tests failed\n"
    )
    found = msgspec.json.decode(invoke("test", str(file), "--json").stdout)
    assert [one["passed"] for one in found] == [True, False]
    refused = invoke("check", str(file)).exception
    assert str(refused) == (
        f'{file}:7:67: the test "a match waits" expects allow, but gets hold, open_case, '
        "by no-rule; change the rules, or the test"
    )


def test_a_policy_whose_tests_pass_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "tested.yaml"
    file.write_text(
        TESTED.replace("{bank: a}]}, actions: [allow]", "{bank: a}]}, rules: [no-rule]")
    )
    assert invoke("test", str(file)).exit_code == 0
    assert "2 tests passed" in invoke("test", str(file)).stdout
    assert invoke("check", str(file)).stdout.endswith(", 2 tests passed\n")

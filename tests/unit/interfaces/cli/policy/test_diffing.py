"""`tutela policy diff` shows rules added, removed and changed, field by field."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.errors import NotFound
from tutela.interfaces.cli.policy import app
from tutela.policy.policy import Policy

RUNNER = CliRunner()
BEFORE = """policy: before
owner: safety
rules:
  - name: gone
    when: event.drill
    actions: [allow]
    reason: A drill.
  - name: changed
    when: verdict == Verdict.match
    actions: [hold, {slow: {seconds: 30}}]
    reason: Something matched.
    notice: It waits.
  - name: kept
    when: verdict == Verdict.clear
    actions: [allow]
    reason: Nothing matched.
"""
AFTER = (
    BEFORE.replace("before", "after")
    .replace("seconds: 30", "minutes: 2")
    .replace("notice: It waits.", "notice: It waits for a person.\n    severity: high")
    .replace("gone", "new")
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(data))
    monkeypatch.chdir(tmp_path)
    Path("before.yaml").write_text(BEFORE)
    Path("after.yaml").write_text(AFTER)
    return data


def run(*words: str) -> str:
    done = RUNNER.invoke(app, ["diff", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_each_difference_is_shown() -> None:
    versions = [Policy.load(text, "x").version for text in (BEFORE, AFTER)]
    assert run("before.yaml", "after.yaml") == (
        f"{versions[0]} -> {versions[1]}\n"
        "\nremoved  gone\n"
        "\nadded    new\n"
        "\nchanged  changed\n"
        "  actions\n"
        "    - hold, slow (30 seconds)\n"
        "    + hold, slow (120 seconds)\n"
        "  notice\n"
        "    - It waits.\n"
        "    + It waits for a person.\n"
        "  severity\n"
        "    - medium\n"
        "    + high\n"
        "\n1 removed, 1 added, 1 changed, 1 the same\n"
    )


def test_the_document_has_all_of_it() -> None:
    found = msgspec.json.decode(run("before.yaml", "after.yaml", "--json"))
    assert (found["added"], found["removed"], found["same"]) == (["new"], ["gone"], 1)
    assert [field["field"] for field in found["changed"][0]["fields"]] == [
        "actions",
        "notice",
        "severity",
    ]


def test_a_threshold_that_moved_is_shown(tmp_path: Path) -> None:
    shipped = Policy.default().text
    (tmp_path / "moved.yaml").write_text(shipped.replace("  grooming: 6.0", "  grooming: 7.5"))
    found = run("shipped", "moved.yaml")
    assert "\nthresholds\n  grooming\n    - 6.0\n    + 7.5\n" in found
    assert f"0 removed, 0 added, 0 changed, {len(Policy.default().rules)} the same" in found
    assert "- (nothing)\n    + 6.0" in run("before.yaml", "shipped")


def test_what_ships_is_what_is_in_force_at_first_and_looking_creates_nothing(folder: Path) -> None:
    assert (
        run("shipped", "current") == f"{(v := Policy.default().version)} -> {v}\nThe same text.\n"
    )
    assert list(folder.iterdir()) == []


def test_what_there_is_not_is_said() -> None:
    with pytest.raises(NotFound, match="no such file, and no such version"):
        run("shipped", "nothing-1")


def test_another_order_of_rules_is_told(tmp_path: Path) -> None:
    head, *rules = BEFORE.split("  - name: ")
    (tmp_path / "turned.yaml").write_text(head + "".join(f"  - name: {r}" for r in rules[::-1]))
    assert "Rules stand in another order" in run("before.yaml", "turned.yaml")

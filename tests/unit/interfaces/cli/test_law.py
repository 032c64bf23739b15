"""`tutela law`: the law of each place on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from tutela.errors import BadConfiguration, InvalidInput, NotFound
from tutela.interfaces.cli.law import app
from tutela.policy.law.law import Law
from tutela.storage.database import Database
from tutela.storage.law import LawVersions

GOLDEN = Path(__file__).parents[2] / "policy/law/golden"
OVERRIDE = (
    "surfaces: {chat: private_messages}\noverrides:\n"
    "  - path: eu.scan.private_messages.may_scan\n    value: true\n"
    "    reason: Counsel found a basis.\n    decided_by: General Counsel\n    date: 2026-01-02\n"
)


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def overridden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "law.yaml"
    file.write_text(OVERRIDE)
    monkeypatch.setenv("TUTELA_LAW_FILE", str(file))
    return file


def run(*words: str) -> str:
    result: Result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(error: type[Exception], *words: str) -> str:
    with pytest.raises(error) as caught:
        CliRunner().invoke(app, list(words), catch_exceptions=False)
    return str(caught.value)


def test_the_packs_are_listed() -> None:
    text = run("list")
    for pack in ("au", "ca", "eu", "nz", "uk", "us"):
        assert re.search(rf"│ {pack} +│", text)
    assert "no legal advice" in text
    assert "overridden" not in text
    packs = msgspec.json.decode(run("list", "--json"))
    assert [pack["pack"] for pack in packs] == ["au", "ca", "eu", "nz", "uk", "us"]


def test_what_was_checked_long_ago_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(pack["stale"] for pack in msgspec.json.decode(run("list", "--json")))
    monkeypatch.setattr("tutela.interfaces.cli.law.datetime", Later)
    assert all(pack["stale"] for pack in msgspec.json.decode(run("list", "--json")))
    assert re.search(r"\d+ values were checked more than 92 days ago", run("list"))
    assert "(stale)" in run("show", "nz")
    assert "check it again" in run("value", "nz.clocks.take-down")


class Later:
    """A clock half a year ahead of the day of checking."""

    @staticmethod
    def now(_: object) -> object:
        from datetime import UTC, datetime  # noqa: PLC0415 - the name stands for this class above

        return datetime(2027, 5, 22, tzinfo=UTC)


def test_a_pack_is_shown_with_sources() -> None:
    text = run("show", "uk")
    assert "Online Safety Act 2023" in text
    assert "clocks.priority-1" in text
    assert "within: immediately" in text
    document = msgspec.json.decode(run("show", "uk", "--json"))
    assert document["clocks"]["priority-1"]["within"] == "immediately"
    assert "did you mean" not in refused(NotFound, "show", "narnia")
    assert "name one" in refused(InvalidInput, "show")


def test_one_value_is_shown_whole() -> None:
    text = run("value", "us.retention.content.keep")
    assert text.startswith("us.retention.content\n")
    assert "  keep: 1 year\n" in text
    assert "  source: 18 U.S.C. 2258A" in text
    assert "  checked: 2026-11-22\n" in text
    assert "did you mean us.retention.content?" in refused(NotFound, "value", "us.retention.contnt")


def test_overrides_are_marked_everywhere(overridden: Path) -> None:
    said = "overridden: eu.scan.private_messages.may_scan: yes instead of no\n"
    why = "  by General Counsel on 2026-01-02: Counsel found a basis.\n"
    path = "eu.scan.private_messages"
    for words in (["list"], ["show", "eu"], ["value", path], ["check", str(overridden)]):
        text = run(*words)
        assert said in text, words
        assert why in text, words
    assert "may be scanned: yes" in run("for", "--region", "FR", "--surface", "chat")
    assert "decided by General Counsel" in run("for", "--region", "FR", "--surface", "chat")


def test_a_ruling_is_said_with_its_reason() -> None:
    text = run("for", "--region", "FR", "--surface", "chat")
    assert "the surface chat counts as private messages, since the law file" in text
    assert "may be scanned: no" in text
    assert "3 April 2026" in text
    assert "no pack covers JP" in run("for", "--region", "JP")
    document = msgspec.json.decode(run("for", "--region", "FR", "--kind", "message", "--json"))
    assert document["ruling"]["may_scan"] is False


def test_a_file_is_checked(tmp_path: Path) -> None:
    assert "can be used: surfaces 2, overrides 1" in run("check", str(GOLDEN / "law.yaml"))
    assert "packs: xx-" in run("check", str(GOLDEN / "pack.yaml"))
    found = msgspec.json.decode(run("check", str(GOLDEN / "law.yaml"), "--json"))
    assert (found["surfaces"], found["overrides"]) == (2, 1)
    bad = tmp_path / "bad.yaml"
    bad.write_text("home: Britain\n")
    assert f"{bad}:1:7: a region is" in refused(BadConfiguration, "check", str(bad))


def test_a_version_that_was_in_force_is_shown_years_later(tmp_path: Path) -> None:
    assert "no database yet" in refused(NotFound, "show", "--version", "eu-000000000000")
    database = Database.open(f"sqlite:///{tmp_path}/tutela.db")
    database.migrate()
    golden = Law.load(str(GOLDEN / "law.yaml")).packs["eu"]
    LawVersions(database).keep([(golden.version, "eu", golden.text)])
    database.close()
    assert "overridden: eu" in run("show", "--version", golden.version)
    assert run("show", "--version", golden.version, "--json") == golden.text + "\n"
    assert "overridden: eu" not in run("show", "eu")


def test_looking_for_the_proof_creates_nothing(tmp_path: Path) -> None:
    assert "No event with content" in run("proof")
    assert run("proof", "--json") == "[]\n"
    assert list(tmp_path.iterdir()) == []

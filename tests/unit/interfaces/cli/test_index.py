from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.detection.index.disk.folder import IndexFolder
from tutela.detection.index.matcher import Matcher
from tutela.detection.signals.registry import builtin_kinds
from tutela.interfaces.cli.index import app
from tutela.lists.sync import IndexSync
from tutela.model import NewEntry, Signal
from tutela.settings import Settings
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with two entries and an index, left by a server that ended."""
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path / "data"))
    settings = Settings.load(None)
    database = Database.open(settings.database_url)
    database.migrate()
    Banks(database).create("alps")
    signals = [Signal(kind="pdq", value=f"{n}a" * 32) for n in range(2)]
    Entries(database).add("alps", [NewEntry(signals=(signal,)) for signal in signals])
    matcher = Matcher(builtin_kinds())
    folder = IndexFolder(settings.index_folder, matcher.part_classes)
    sync = IndexSync(database, matcher, 0.01, folder=folder)
    sync.start()
    while not sync.files.mapped:
        time.sleep(0.005)
    sync.stop()
    database.close()
    return settings.index_folder


def run(*arguments: str, code: int = 0) -> str:
    done = RUNNER.invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout


def document(*arguments: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(run(*arguments, "--json", code=code))
    return found


def test_status_says_what_there_is(data: Path) -> None:
    text = run("status")
    assert str(data) in text
    assert "List version 2, the database is at 2 (0 changes later)." in text
    assert "published 1 times, of which 1 from the database alone" in text
    assert "Kept by no process now." in text
    found = document("status")
    proof = found["segments"][0]["certificate"]
    assert f"searched by {proof['kernel']}" in text
    assert f"with seed {proof['seed']}" in text
    assert proof["digest"] in text
    assert found["segments"][0]["certificate"]["canaries"] > 0
    assert found["bytes"] == sum(path.stat().st_size for path in data.glob("*.segment"))


def test_verify_says_that_all_is_well() -> None:
    text = run("verify")
    assert "2 pdq signals are the same in the index and in the database." in text
    assert "The index is sound at list version 2." in text
    assert document("verify")["problems"] == []


def test_verify_fails_on_damage_and_says_what_to_do(data: Path) -> None:
    segment = next(data.glob("*.segment"))
    segment.write_bytes(segment.read_bytes()[:-1])
    text = run("verify", code=1)
    assert f"{segment.name}: its length is not what the header says." in text
    assert "Remove its folder" in text
    assert document("verify", code=1)["problems"]


def test_an_index_that_is_not_there_is_told(data: Path) -> None:
    (data / "manifest.json").unlink()
    assert "Not usable: there is no index on disk." in run("status", code=1)
    assert "there is no index on disk" in run("verify", code=1)

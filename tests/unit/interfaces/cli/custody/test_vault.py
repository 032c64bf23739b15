from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.errors import BadConfiguration, Conflict
from tutela.interfaces.cli.custody.vault import app

if TYPE_CHECKING:
    from tests.unit.interfaces.cli.custody.conftest import Folder

RUNNER = CliRunner()


def run(*words: str, code: int = 0) -> str:
    done = RUNNER.invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout


def read(*words: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(run(*words, "--json", code=code))


def test_an_empty_vault_has_a_key_and_nothing_else(folder: Folder) -> None:
    found = read("status")
    assert (found["store"], found["key_service"]) == ("folder", "file")
    assert [(key["current"], key["objects"]) for key in found["keys"]] == [(True, 0)]
    assert "0 objects" in run("status")
    assert folder.settings.vault_key_file.exists()


def test_keys_are_rotated_wrapped_anew_and_retired(folder: Folder) -> None:
    folder.keep()
    old = read("status")["keys"][0]["id"]
    new = read("rotate")["key"]
    assert [(key["id"], key["objects"]) for key in read("status")["keys"]] == [(old, 2), (new, 0)]
    with pytest.raises(Conflict):
        run("retire", old, "--at-once")
    assert read("rewrap") == {"key": new, "objects": 2}
    assert "0 objects were wrapped" in run("rewrap")
    with pytest.raises(Conflict, match="being taken in"):
        run("retire", old)
    assert old in run("retire", old, "--at-once")
    assert [(key["id"], key["objects"]) for key in read("status")["keys"]] == [(new, 2)]


def test_a_copy_of_the_keys_is_drilled(folder: Folder) -> None:
    folder.keep(b"one")
    key_file = folder.settings.vault_key_file
    copy = str(shutil.copy(key_file, folder.path / "copy.key"))
    assert read("drill", "--key-file", copy) == {"opened": 2, "lost": {}}
    new = read("rotate")["key"]
    folder.keep(b"two")
    assert read("drill", "--key-file", copy, code=1) == {"opened": 2, "lost": {new: 2}}
    assert "would be lost" in run("drill", "--key-file", copy, code=1)
    assert read("drill")["opened"] == 4


def test_keys_that_are_gone_are_missed(folder: Folder) -> None:
    folder.keep()
    folder.settings.vault_key_file.unlink()
    with pytest.raises(BadConfiguration):
        run("status")


def test_the_key_file_is_locked_with_another_passphrase(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.keep()
    file = folder.path / "passphrase"
    file.write_text("a mountain\n")
    with pytest.raises(BadConfiguration, match="may be read by others"):
        run("passphrase", "--file", str(file))
    file.chmod(0o600)
    assert f"must name {file}" in run("passphrase", "--file", str(file))
    with pytest.raises(BadConfiguration, match="passphrase"):
        run("status")
    monkeypatch.setenv("TUTELA_VAULT_PASSPHRASE_FILE", str(file))
    assert read("drill") == {"opened": 2, "lost": {}}
    assert read("passphrase", "--none") == {"locked": False}
    monkeypatch.delenv("TUTELA_VAULT_PASSPHRASE_FILE")
    assert read("drill") == {"opened": 2, "lost": {}}
    run("passphrase", code=2)

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pyrage import x25519
from typer.testing import CliRunner, Result

from tutela.errors import TutelaError
from tutela.interfaces.cli.main import app
from tutela.storage.banks import Banks
from tutela.storage.database import Database

Run = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of the commands, with one bank."""
    folder = tmp_path / "data"
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(folder))
    with closing(Database.open(f"sqlite:///{folder / 'tutela.db'}")) as database:
        database.migrate()
        Banks(database).create("hills")
    return folder


@pytest.fixture
def run(data: Path) -> Run:
    """Run a command in this process; raises what it raises."""
    assert data.exists()

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)

    return run


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A file of an identity."""
    path = tmp_path / "key.txt"
    path.write_text(f"{x25519.Identity.generate()}\n")
    return path


@pytest.fixture
def recipient(key: Path) -> str:
    return str(x25519.Identity.from_str(key.read_text().strip()).to_public())


def read(result: Result) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(result.stdout)


def test_a_backup_and_a_restore_answer_in_json(
    run: Run, tmp_path: Path, key: Path, recipient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = read(run("backup", tmp_path / "b", "--recipient", recipient, "--json"))
    assert Path(made["file"]).exists()
    assert {table["table"]: table["rows"] for table in made["tables"]}["banks"] == 1
    checked = read(run("restore", tmp_path / "b", "--identity", key, "--check", "--json"))
    assert (checked["generation"], checked["problems"]) == (made["generation"], [])
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path / "other"))
    back = read(run("restore", tmp_path / "b", "--identity", key, "--json"))
    assert back["generation"] == made["generation"]
    with closing(Database.open(f"sqlite:///{tmp_path / 'other' / 'tutela.db'}")) as database:
        assert [bank.name for bank in Banks(database).list()] == ["hills"]


def test_people_read_what_was_made_and_brought_back(
    run: Run, tmp_path: Path, key: Path, recipient: str
) -> None:
    said = run("backup", tmp_path / "b", "--recipient", recipient, "--keep", 1).stdout
    assert "is whole and was read back" in said
    run("backup", tmp_path / "b", "--recipient", recipient)
    said = run("backup", tmp_path / "b", "--recipient", recipient, "--keep", 1).stdout
    assert "removed   2 older generations, 0 blobs that only they needed" in said
    said = run("restore", tmp_path / "b", "--identity", key, "--replace").stdout
    assert "equal to the backup" in said
    assert "could not be verified: the backup has no public key of it" in said
    assert "put aside" in said


def test_nobody_and_nonsense_are_refused(run: Run, tmp_path: Path, recipient: str) -> None:
    refused: dict[tuple[str, ...], str] = {
        (): "nobody could open",
        ("--recipient", "hills"): "no recipient",
        ("--passphrase-file", str(tmp_path / "none")): "cannot be read",
    }
    for options, what in refused.items():
        with pytest.raises(TutelaError, match=what):
            run("backup", tmp_path / "b", *options)
    open_ = tmp_path / "open"
    open_.write_text("a harmless line")
    open_.chmod(0o644)
    with pytest.raises(TutelaError, match="read by others"):
        run("backup", tmp_path / "b", "--passphrase-file", open_)
    assert run("backup", tmp_path / "b", "--recipient", recipient, "--keep", 0).exit_code == 2
    assert not list(tmp_path.glob("b/generations/*"))


def test_a_restore_needs_one_key(run: Run, tmp_path: Path, key: Path, recipient: str) -> None:
    run("backup", tmp_path / "b", "--recipient", recipient)
    for options in ((), ("--identity", key, "--passphrase-file", key)):
        with pytest.raises(TutelaError, match="one key is needed"):
            run("restore", tmp_path / "b", *options)


def test_what_is_wrong_is_an_exit_code(run: Run, tmp_path: Path, key: Path, recipient: str) -> None:
    made = read(run("backup", tmp_path / "b", "--recipient", recipient, "--json"))
    listed = Path(made["file"]).with_suffix(".blobs")
    assert listed.read_bytes() == b""
    content = bytearray(Path(made["file"]).read_bytes())
    content[-1] ^= 1
    Path(made["file"]).write_bytes(content)
    with pytest.raises(TutelaError, match="altered or cut short"):
        run("restore", tmp_path / "b", "--identity", key, "--check")

"""`tutela audit`, on a data folder with evidence in it."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.evidence.audit.checkpoint import verify
from tutela.evidence.audit.signing import Verifier
from tutela.interfaces.cli.custody.audit import app
from tutela.interfaces.cli.user import user
from tutela.merkle import leaf_hash, verify_inclusion
from tutela.storage.custody_tables import audit_leaves
from tutela.storage.database import Database

if TYPE_CHECKING:
    from tests.unit.interfaces.cli.custody.conftest import Folder

RUNNER = CliRunner()


def run(*words: str | Path, code: int = 0) -> str:
    done = RUNNER.invoke(app, list(map(str, words)), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout


def read(*words: str | Path, code: int = 0) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(run(*words, "--json", code=code))


@pytest.fixture(autouse=True)
def filled(folder: Folder) -> None:
    """A log with a few leaves."""
    for number in range(3):
        folder.keep(f"harmless line {number}".encode())


def edit(folder: Folder, index: int) -> None:
    """Change a leaf and its hash in the database."""
    database = Database.open(folder.settings.database_url)
    with database.write() as connection:
        row = connection.execute(audit_leaves.select().where(audit_leaves.c.number == index)).one()
        text = row.leaf.replace("event-", "EVENT-").replace("item-", "ITEM-")
        connection.execute(
            update(audit_leaves)
            .where(audit_leaves.c.number == index)
            .values(leaf=text, hash=leaf_hash(text.encode()))
        )
    database.close()


def test_a_new_log_has_no_key_yet_and_cannot_be_verified() -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        run("verify")


def test_it_is_signed_and_verified(folder: Folder) -> None:
    note = run("checkpoint")
    key = run("key")
    size = len(read("list", "--limit", "1000"))
    assert verify(note, Verifier.from_pem(key)).size == size
    found = read("verify")
    assert found["verdict"] == "sound"
    assert (found["read"], found["signed"], found["witnessed"]) == (size, size, size)
    said = run("verify")
    assert said.startswith("database: sound")
    assert (folder.path / "audit").is_dir()
    assert read("checkpoint")["size"] == size


def test_an_edit_is_named(folder: Folder) -> None:
    run("checkpoint")
    edit(folder, 2)
    found = read("verify", code=1)
    assert found["verdict"] == "BAD"
    assert (found["bad"][0]["first"], found["bad"][0]["last"]) == (2, 2)
    assert "leaf 2" in run("verify", code=1)


def test_a_file_is_verified_with_the_public_key_alone(folder: Folder, tmp_path: Path) -> None:
    file, key = tmp_path / "log.jsonl", tmp_path / "handed-on.pub"
    assert "are in" in run("export", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key.write_text(run("key"))
    for name in ("tutela.db", "audit.key", "audit.pub"):
        (folder.path / name).unlink()
    assert "sound" in run("verify", file, "--key", key)
    found = read("verify", file, "--key", key, "--witness", folder.path / "audit")
    assert found["witnessed"] == found["read"] == found["signed"]
    file.write_text(file.read_text().replace("event-", "EVENT-", 1))
    assert read("verify", file, "--key", key, code=1)["bad"][0]["place"] == "leaf"


def test_the_export_is_in_the_log_that_it_exports(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    size = read("export", file)["leaves"]
    (leaf,) = read("list", "--kind", "export")
    assert (leaf["index"], leaf["by"]) == (size - 1, user())
    assert f'"index":{size - 1},' in file.read_text()
    with pytest.raises(Conflict, match="already"):
        run("export", file)
    with pytest.raises(InvalidInput, match="cannot be made"):
        run("export", tmp_path / "none" / "log.jsonl")


def test_a_log_that_cannot_be_exported_leaves_no_file(folder: Folder, tmp_path: Path) -> None:
    run("checkpoint")
    database = Database.open(folder.settings.database_url)
    with database.write() as connection:
        connection.execute(audit_leaves.delete().where(audit_leaves.c.number == 2))
    database.close()
    file = tmp_path / "log.jsonl"
    done = RUNNER.invoke(app, ["export", str(file)])
    assert done.exit_code
    assert not file.exists()


def test_an_earlier_export_is_a_witness(folder: Folder, tmp_path: Path) -> None:
    file = tmp_path / "earlier.jsonl"
    run("export", file)
    folder.keep(b"more")
    assert read("verify", "--witness", file)["verdict"] == "sound"
    edit(folder, 3)
    assert read("verify", "--witness", file, code=1)["bad"][0]["first"] == 3
    file.write_text(file.read_text().replace("event-", "EVENT-", 1))
    with pytest.raises(InvalidInput, match="not sound itself"):
        run("verify", "--witness", file)


def test_a_folder_that_is_no_witness_is_refused(tmp_path: Path) -> None:
    run("checkpoint")
    with pytest.raises(InvalidInput, match="no witness"):
        run("verify", "--witness", tmp_path)


def test_leaves_are_listed_and_shown() -> None:
    found = read("list", "--limit", "2")
    assert [leaf["index"] for leaf in found] == sorted(leaf["index"] for leaf in found)[::-1]
    (item,) = {leaf["subject"] for leaf in read("list", "--kind", "preserve", "--limit", "1")}
    assert {leaf["subject"] for leaf in read("list", "--subject", item)} == {item}
    assert "taken in, or owed" in run("list", "--subject", item)
    assert "No such leaves" in run("list", "--by", "cli:nobody-at-all")
    shown = read("show", "0")
    assert shown["hash"] == leaf_hash(shown["text"].encode()).hex()
    assert "Leaf 0" in run("show", "0")
    with pytest.raises(NotFound):
        run("show", "999999")


def test_a_leaf_is_proven() -> None:
    assert "No checkpoint has signed" in run("proof", "1")
    run("checkpoint")
    found = read("proof", "1")
    statement = verify(found["checkpoint"], Verifier.from_pem(run("key")))
    proof = [bytes.fromhex(one) for one in found["proof"]]
    digest = leaf_hash(found["leaf"].encode())
    assert digest.hex() == found["hash"]
    assert verify_inclusion(digest, 1, found["size"], proof, statement.root)
    assert found["hash"] in run("proof", "1", "--size", "2")
    with pytest.raises(InvalidInput):
        run("proof", "1", "--size", "999999")


def test_a_stamp_needs_a_service() -> None:
    with pytest.raises(InvalidInput, match="no time-stamping service"):
        run("stamp")


def test_the_key_is_printed_with_its_fingerprint() -> None:
    found = read("key")
    assert found["fingerprint"] == Verifier.from_pem(found["pem"]).fingerprint
    assert run("key") == found["pem"]

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.interfaces.cli.banks import app
from tutela.lists.importers import BankFileError

RUNNER = CliRunner()
ROWS = "type,value,label\n" + "".join(f"md5,{n:032x},label {n}\n" for n in range(1, 101))


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path / "data"))
    return tmp_path


def run(*arguments: str, answer: str = "") -> str:
    done = RUNNER.invoke(app, list(arguments), input=answer, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def banks() -> dict[str, dict[str, object]]:
    return {bank["name"]: bank for bank in msgspec.json.decode(run("list", "--json"))}


def test_create_change_list_and_delete() -> None:
    run("create", "alps", "--source", "us", "--distance", "12", "--trusted", "--drill")
    bank = banks()["alps"]
    assert (bank["distance"], bank["trusted"], bank["drill"], bank["enabled"]) == (
        12,
        True,
        True,
        True,
    )
    run("change", "alps", "--rename", "andes", "--untrusted", "--disable", "--distance", "3")
    bank = banks()["andes"]
    assert (bank["distance"], bank["trusted"], bank["enabled"]) == (3, False, False)
    assert bank["source"] == "us"
    assert "disabled" in run("list")
    done = RUNNER.invoke(app, ["delete", "andes"], input="n\n")
    assert done.exit_code == 1
    assert "andes" in banks()
    run("delete", "andes", answer="y\n")
    assert banks() == {}


def test_errors_are_told() -> None:
    run("create", "alps")
    with pytest.raises(Conflict):
        run("create", "alps")
    with pytest.raises(NotFound):
        run("change", "nowhere", "--enable")
    with pytest.raises(InvalidInput):
        run("create", "a/b")


def test_import_and_export(data: Path) -> None:
    (data / "in.csv").write_text(ROWS)
    run("create", "alps")
    said = run("import", "alps", str(data / "in.csv"))
    assert "Added 100 entries" in said
    again = msgspec.json.decode(run("import", "alps", str(data / "in.csv"), "--json"))
    assert again["added"] == 100
    assert banks()["alps"]["entries"] == 200
    exported = run("export", "alps")
    assert len(exported.splitlines()) == 201
    run("export", "alps", str(data / "out.tutela"), "--format", "snapshot")
    run("create", "again")
    run("import", "again", str(data / "out.tutela"))
    assert run("export", "again") == exported
    assert (data / "out.tutela").stat().st_mode & 0o777 == 0o600
    run("delete", "again", "--yes")


def test_bad_rows_are_told_and_nothing_comes_in(data: Path) -> None:
    (data / "in.csv").write_text(ROWS + "md5,secret,x\n")
    run("create", "alps")
    with pytest.raises(BankFileError, match="line 102"):
        run("import", "alps", str(data / "in.csv"))
    assert banks()["alps"]["entries"] == 0


def test_bare_values_with_a_kind(data: Path) -> None:
    (data / "in.txt").write_text("\n".join(f"{n:064x}" for n in range(1, 4)))
    run("create", "alps")
    assert "Added 3 entries" in run("import", "alps", str(data / "in.txt"), "--kind", "pdq")


def test_unknown_formats(data: Path) -> None:
    run("create", "alps")
    with pytest.raises(InvalidInput, match="csv, ndjson, snapshot"):
        run("export", "alps", str(data / "x"), "--format", "xml")
    with pytest.raises(NotFound):
        run("export", "nowhere", str(data / "x"))
    assert not (data / "x").exists()

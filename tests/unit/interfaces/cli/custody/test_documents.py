from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.storage.conftest import Made
from tests.unit.storage.evidence.conftest import item, sealed
from typer.testing import CliRunner, Result

from tutela.errors import InvalidInput, NotFound
from tutela.evidence.custody import document
from tutela.evidence.custody.pdf_reading import read_pdf
from tutela.interfaces.cli.custody import documents, evidence
from tutela.model.custody.leaf import AuditKind
from tutela.model.custody.names import exact
from tutela.storage.audit.reading import AuditLog
from tutela.storage.database import Database
from tutela.storage.journal import Journal

if TYPE_CHECKING:
    from tests.unit.interfaces.cli.custody.conftest import Folder

RUNNER = CliRunner()


class Place:
    """A data folder with one item of evidence."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database.open(f"sqlite:///{folder / 'tutela.db'}")
        self.database.migrate()
        new = item(sealed())
        made = Made("drill-event", matched=True)
        with Journal(self.database) as journal:
            journal.record(made.event, made.outcome, made.case, items=[new]).result(30)
        self.item = new.id

    def exports(self) -> list[str]:
        leaves = [one.leaf for one in AuditLog(self.database).about([self.item])]
        return [str(one.data["form"]) for one in leaves if one.kind is AuditKind.EXPORT]

    def run(self, *arguments: object) -> Result:
        done = RUNNER.invoke(evidence.app, [str(one) for one in arguments])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    place = Place(tmp_path)
    yield place
    place.database.close()


def test_documents_are_written_for_their_owner_and_are_good(place: Place) -> None:
    pdf, json = place.folder / "custody.pdf", place.folder / "custody.json"
    done = place.run("export", place.item, "--pdf", pdf, "--json", json)
    assert done.exit_code == 0
    assert place.exports() == ["json pdf"]
    for file in (pdf, json):
        assert str(file) in done.output
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        said = place.run("check", file, "--key", place.folder / "audit.pub")
        assert said.exit_code == 0, said.output
        assert said.output.startswith(f"Item {place.item} (drill: harmless test material): open")
    assert read_pdf(pdf.read_bytes()).data == json.read_bytes()
    assert [file.name for file in place.folder.glob(".*")] == []


def test_without_a_key_nothing_is_verified(place: Place) -> None:
    json = place.folder / "custody.json"
    place.run("export", place.item, "--json", json)
    done = place.run("check", json)
    assert done.exit_code == 3
    assert "open   key: no key was given" in done.output


def test_what_is_wrong_is_named_first(place: Place) -> None:
    json, other = place.folder / "custody.json", place.folder / "bytes"
    place.run("export", place.item, "--json", json)
    other.write_bytes(b"other bytes")
    key = ("--key", place.folder / "audit.pub")
    done = place.run("check", json, *key, "--bytes", other, "--json")
    assert done.exit_code == 1
    found = msgspec.json.decode(done.stdout)
    assert (found["result"], found["findings"][0]["result"]) == ("wrong", "wrong")
    envelope = document.read(json.read_bytes())
    altered = msgspec.structs.replace(envelope, document=envelope.document.replace("hill", "hall"))
    json.write_bytes(msgspec.json.encode(altered))
    done = place.run("check", json, *key)
    assert done.exit_code == 1
    assert done.output.splitlines()[1].startswith("  wrong  signature of the data")


def test_what_is_there_is_never_written_over_and_nothing_is_announced(place: Place) -> None:
    taken = place.folder / "taken.pdf"
    taken.write_text("mine")
    for place_of in (["--pdf", taken], ["--json", place.folder / "none/x.json"], []):
        with pytest.raises(InvalidInput):
            place.run("export", place.item, *place_of)
    assert taken.read_text() == "mine"
    assert place.exports() == []


def test_a_document_that_cannot_be_written_stays_announced(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place.folder / "full"
    folder.mkdir()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InvalidInput, match="No space left"):
        documents._write(folder / "a.json", b"{}")
    assert list(folder.iterdir()) == []


def test_what_cannot_be_read_is_refused(place: Place) -> None:
    with pytest.raises(NotFound):
        place.run("export", "item-none", "--json", place.folder / "a.json")
    with pytest.raises(InvalidInput, match="cannot be read"):
        place.run("check", place.folder / "none.pdf")
    (place.folder / "x.pdf").write_text("no document")
    with pytest.raises(InvalidInput, match="no custody document"):
        place.run("check", place.folder / "x.pdf")


def test_the_name_of_a_file_is_told_as_it_was_whatever_its_bytes(folder: Folder) -> None:
    """From the command line, through vault and database, to the document."""
    name = b"caf\xe9 \xe2\x80\xaegpj.exe \xf0\x9f\x8f\x94"
    (item,) = [one for one in folder.items(folder.keep(given=False)) if one.kind == "content"]
    file, json = folder.path / os.fsdecode(name), folder.path / "custody.json"
    file.write_bytes(b"a harmless line")
    for arguments in (["hand-in", item.id, os.fspath(file)], ["export", item.id, "--json", json]):
        done = RUNNER.invoke(evidence.app, [str(one) for one in arguments])
        assert done.exit_code == 0, done.output
    facts = document.read(json.read_bytes()).record.item.facts
    assert facts.name == "caf\\xe9 \u202egpj.exe \U0001f3d4"
    for found in (facts, facts.chain[0]):
        assert exact(found.name, found.name_bytes) == name

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.errors import Conflict, InvalidInput, NotFound, TutelaError
from tutela.interfaces.cli.custody.evidence import app
from tutela.model.custody.leaf import AuditKind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.interfaces.cli.custody.conftest import Folder

RUNNER = CliRunner()


def run(*words: str, code: int = 0) -> str:
    done = RUNNER.invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout


def read(*words: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(run(*words, "--json", code=code))


def test_what_is_kept_is_listed_and_shown(folder: Folder) -> None:
    assert run("list") == "No such evidence.\n"
    event_id = folder.keep()
    content, user = folder.items(event_id)
    assert [one["id"] for one in read("list")] == [user.id, content.id]
    assert [one["id"] for one in read("list", "--kind", "content")] == [content.id]
    assert [one["id"] for one in read("list", "--limit", "1", "--after", user.id)] == [content.id]
    assert read("list", "--held") == []
    assert read("list", "--due", "2026-01-01") == []
    assert len(read("list", "--due", "2099-01-01", "--event", event_id)) == 2
    text = run("list")
    assert f"{content.id}  content, kept, drill" in text
    shown = run("show", content.id)
    assert "1 year (minimum) after report" in shown
    assert content.facts.digests["sha256"] in shown
    assert "has not begun" in shown
    assert read("show", user.id)["item"]["term"]["window"] == "2 weeks"


def test_a_hold_is_placed_and_lifted(folder: Folder) -> None:
    content, _ = folder.items(folder.keep())
    placed = read("hold", content.id, "--reason", "asked by letter", "--authority", "a court, 7")
    assert placed["placed_by"].startswith("cli:")
    shown = run("show", content.id)
    assert "asked by letter" in shown
    assert "a court, 7" in shown
    assert [one["id"] for one in read("list", "--held")] == [content.id]
    assert "is lifted" in run("release", str(placed["id"]), "--reason", "done")
    assert "lifted" in run("show", content.id)
    with pytest.raises(Conflict):
        run("release", str(placed["id"]), "--reason", "done")
    with pytest.raises(InvalidInput):
        run("hold", content.id, "--reason", "  ")
    for words in (("hold", "item-x", "--reason", "a"), ("release", "99", "--reason", "a")):
        with pytest.raises(NotFound):
            run(*words)


def test_a_report_begins_the_term(folder: Folder) -> None:
    event_id = folder.keep()
    report = ("report", event_id, "--at", "2026-11-30T00:00", "--authority", "NCA")
    found = read(*report, "--reference", "R-17")
    assert [one["kind"] for one in found] == ["content", "user-data", "report-reference"]
    assert found[0]["expires_at"] == "2027-11-30T00:00:00Z"
    assert found[2]["expires_at"] == "2031-11-30T00:00:00Z"
    assert found[2]["facts"]["name"] == "R-17"
    assert "until 2027-11-30" in run(*report, "--reference", "R-17")
    with pytest.raises(InvalidInput):
        run("report", event_id, "--at", "2099-01-01", "--authority", "NCA", "--reference", "R")
    with pytest.raises(InvalidInput):
        run("report", event_id, "--at", "soon", "--authority", "NCA", "--reference", "R")


def test_what_is_due_is_shown_and_then_destroyed(folder: Folder) -> None:
    content, user = folder.items(folder.keep())
    assert run("expire", "--dry-run") == "Nothing is due.\n"
    folder.end(content.id)
    assert [one["id"] for one in read("expire", "--dry-run")] == [content.id]
    assert folder.items(content.event_id)[0].state.value == "kept"
    done = read("expire")
    assert (done["items"], done["keys"], done["left"]) == (1, 1, 0)
    assert "destroyed" in run("show", content.id)
    assert content.facts.digests["sha256"] not in run("show", content.id)
    assert [leaf.subject for leaf in folder.leaves(AuditKind.DESTROY)] == [content.id]
    assert folder.leaves(AuditKind.DESTROY)[0].by.startswith("cli:")
    assert len(list((folder.path / "vault").rglob("*-*"))) == 1
    assert user.state.value == "kept"


def test_nothing_expires_by_a_clock_that_cannot_be_believed(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, _ = folder.items(folder.keep())
    folder.end(content.id)

    class Ahead(datetime):
        @classmethod
        def now(cls, _: object = None) -> datetime:  # type: ignore[override]
            return datetime(2030, 1, 1, tzinfo=UTC)

    monkeypatch.setattr("tutela.interfaces.cli.custody.expiring.datetime", Ahead)
    with pytest.raises(Conflict, match="jumped"):
        run("expire")
    assert folder.leaves(AuditKind.DESTROY) == []
    run("expire", "--clock-is-right")
    assert folder.leaves(AuditKind.CLOCK)[-1].data == {"confirmed": True}
    assert len(folder.leaves(AuditKind.DESTROY)) == 2  # by such a clock all have ended


def test_the_vault_is_read_through(folder: Folder) -> None:
    content, _ = folder.items(folder.keep())
    assert "All are sound." in run("verify")
    (blob,) = (folder.path / "vault").rglob(f"*{content.object_id}")
    data = blob.read_bytes()
    blob.chmod(0o600)
    blob.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    found = read("verify", code=1)
    assert [(one["object_id"], one["items"]) for one in found["faults"]] == [
        (content.object_id, [content.id])
    ]
    assert content.id in run("verify", code=1)
    assert folder.leaves(AuditKind.VERIFY)[-1].subject == content.id


def test_bytes_are_handed_in(folder: Folder, tmp_path: Path) -> None:
    content, _ = folder.items(folder.keep(b"late", given=False))
    file = tmp_path / "late.txt"
    file.write_bytes(b"other")
    with pytest.raises(InvalidInput):
        run("hand-in", content.id, str(file))
    file.write_bytes(b"late")
    assert "kept" in run("hand-in", content.id, str(file))
    assert read("show", content.id)["item"]["facts"]["name"] == "late.txt"
    with pytest.raises(TutelaError):
        run("hand-in", content.id, str(tmp_path / "none"))


def test_keys_are_destroyed_though_the_vault_cannot_be_opened(folder: Folder) -> None:
    content, _ = folder.items(folder.keep())
    folder.end(content.id)
    key_file = folder.settings.vault_key_file
    key_file.rename(folder.path / "away")
    done = read("expire")
    assert (done["items"], done["keys"], done["left"]) == (1, 1, 1)
    (folder.path / "away").rename(key_file)
    assert "All are sound." in run("verify")


def test_an_item_is_erased_on_request_unless_held(folder: Folder) -> None:
    content, user = folder.items(folder.keep())
    number = read("hold", content.id, "--reason", "a court")["id"]
    with pytest.raises(Conflict, match="a hold stands"):
        run("erase", content.id, "--reason", "a letter")
    with pytest.raises(InvalidInput, match="in a sentence"):
        run("erase", user.id, "--reason", " ")
    run("release", str(number), "--reason", "done")
    assert "is destroyed" in run("erase", content.id, "--reason", "a letter")
    assert read("erase", user.id, "--reason", "a letter")["state"] == "destroyed"
    assert "a letter" in run("show", content.id)
    assert read("verify")["objects"] == 0

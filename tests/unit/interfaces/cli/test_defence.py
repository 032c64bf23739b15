from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from sqlalchemy import insert
from typer.testing import CliRunner

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.interfaces.cli import banks, defence
from tutela.model import (
    ActionKind,
    Content,
    Decision,
    Event,
    Match,
    NewEntry,
    Outcome,
    Reason,
    Signal,
    Silenced,
    Silencing,
    Verdict,
)
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.journal import Journal
from tutela.storage.tables import parkings

RUNNER = CliRunner()
COUNT = typer.Typer()
COUNT.command()(defence.suppressions)


@pytest.fixture(autouse=True)
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Entry 1 of `hills` matched at 25 and 30 bits and is parked; one match was silenced."""
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    database = Database.open(f"sqlite:///{tmp_path / 'tutela.db'}")
    database.migrate()
    Banks(database).create("hills")
    signals = (Signal(kind="pdq", value="0f" * 32),)
    Entries(database).add("hills", [NewEntry(signals=signals, label="a hill")])
    with Journal(database) as journal:
        for distance in (25, 30):
            journal.record(*_event(distance)).result(30)
    row = {"entry_id": 1, "bank_id": 1, "contents": 9, "allowed": 3, "note": ""}
    with database.write() as connection:
        connection.execute(insert(parkings), row | {"parked_at": datetime.now(UTC)})
    yield database
    database.close()


def _event(distance: int) -> tuple[Event, Outcome]:
    match = Match(
        bank="hills",
        bank_id=1,
        entry_id=1,
        kind="pdq",
        distance=distance,
        exact=False,
        list_version=1,
    )
    event = Event(
        id=f"event-{distance}",
        digest=f"{distance:064x}",
        received_at=datetime.now(UTC),
        contents=(Content(),),
    )
    silenced = Silenced(match=match, reason=Silencing.LOW_INFORMATION, detail="plain")
    outcome = Outcome(
        event_id=event.id,
        verdict=Verdict.MATCH,
        received_at=event.received_at,
        drill=False,
        list_version=1,
        matches=(match,),
        gaps=(),
        decision=Decision(
            policy_version="p",
            actions=(ActionKind.HOLD,),
            reasons=(Reason(rule="r", text="t"),),
        ),
        silenced=(silenced,) if distance > 25 else (),
    )
    return event, outcome


def run(app: typer.Typer, *arguments: str) -> str:
    done = RUNNER.invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def read(app: typer.Typer, *arguments: str) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(run(app, *arguments, "--json"))


def test_what_is_parked_is_listed() -> None:
    said = run(defence.parked, "list")
    assert "a hill" in said
    assert "event-30" in said
    (one,) = read(defence.parked, "list")
    assert (one["entry_id"], one["contents"], one["decision"]) == (1, 9, None)
    assert run(defence.parked, "list", "--decided") == "Nothing was decided yet.\n"


@pytest.mark.parametrize(
    ("words", "said", "decision"),
    [
        (["release", "1", "--hours", "2"], "not parked again for 2 hours", "released"),
        (["tighten", "1", "--distance", "7"], "matches within 7 bits", "tightened"),
        (["disable", "1"], "Disabled entry 1", "disabled"),
    ],
)
def test_a_decision_is_kept_with_who_and_why(words: list[str], said: str, decision: str) -> None:
    assert said in run(defence.parked, *words, "--note", "We looked.")
    assert run(defence.parked, "list") == "No entry is parked.\n"
    (one,) = read(defence.parked, "list", "--decided")
    assert (one["decision"], one["note"]) == (decision, "We looked.")
    assert one["decided_by"].startswith("cli:")
    assert "looked" in run(defence.parked, "list", "--decided")
    with pytest.raises(Conflict, match="decided already"):
        run(defence.parked, *words)


def test_decisions_that_cannot_be_taken() -> None:
    with pytest.raises(NotFound):
        run(defence.parked, "release", "77")
    with pytest.raises(InvalidInput, match="within 31 bits now"):
        run(defence.parked, "tighten", "1", "--distance", "31")
    assert RUNNER.invoke(defence.parked, ["tighten", "1", "--distance", "32"]).exit_code == 2
    assert RUNNER.invoke(defence.parked, ["tighten", "1"]).exit_code == 2


def test_what_was_silenced_is_counted() -> None:
    said = run(COUNT)
    assert "1 matches of 1 events did not count in the last 30 days" in said
    assert "low information 1" in said
    assert "1 entries are parked now." in said
    assert "a hill" in said
    found = read(COUNT, "--days", "1")
    assert (found["total"], found["since_days"]) == (1, 1)
    assert RUNNER.invoke(COUNT, ["--days", "0"]).exit_code == 2


def test_a_smaller_distance_is_previewed() -> None:
    said = run(banks.app, "preview", "hills", "--distance", "25")
    assert "At 25 instead of 31 bits, bank hills would lose 1 of its 2 findings" in said
    assert "Decided about these: hold 1; 0 opened a case." in said
    assert "event-30" in said
    assert "event-25" not in said
    found = read(banks.app, "preview", "hills", "--distance", "20", "--days", "3")
    assert (found["lost"], found["days"]) == (2, 3)
    assert "cannot be told from stored matches" in run(
        banks.app, "preview", "hills", "--distance", "31"
    )
    for bad in (["--distance", "32"], ["--distance", "3", "--days", "-1"], []):
        assert RUNNER.invoke(banks.app, ["preview", "hills", *bad]).exit_code == 2
    with pytest.raises(NotFound):
        run(banks.app, "preview", "nowhere", "--distance", "3")


def test_an_allow_bank_is_made_and_has_nothing_to_preview() -> None:
    assert run(banks.app, "create", "logos", "--allow") == "Created allow bank logos.\n"
    found = {bank["name"]: bank for bank in read(banks.app, "list")}
    assert (found["logos"]["allow"], found["logos"]["distance"]) == (True, 10)
    assert "allow" in run(banks.app, "list")
    with pytest.raises(InvalidInput, match="no findings to lose"):
        run(banks.app, "preview", "logos", "--distance", "3")
    with pytest.raises(InvalidInput, match="never trusted"):
        run(banks.app, "create", "both", "--allow", "--trusted")
    with pytest.raises(InvalidInput, match="never trusted"):
        run(banks.app, "change", "logos", "--trusted")


def test_an_entry_has_a_distance_of_its_own() -> None:
    assert "that of its bank" in run(defence.entries, "show", "1")
    assert run(defence.entries, "distance", "1", "9") == (
        "Entry 1 matches within 9 bits from now on.\n"
    )
    assert "9 bits of its own" in run(defence.entries, "show", "1")
    assert read(defence.entries, "show", "1")["distance"] == 9
    run(defence.entries, "distance", "1", "bank")
    assert read(defence.entries, "show", "1")["distance"] is None
    for bad in ("32", "-1", "x", ""):
        with pytest.raises((InvalidInput, AssertionError)):
            run(defence.entries, "distance", "1", bad)
    with pytest.raises(NotFound):
        run(defence.entries, "distance", "77", "3")

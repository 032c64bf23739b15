from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.interfaces.cli.response.actions import app
from tutela.model import ActionKind, Content, Event, Receipt
from tutela.policy.current import InForce
from tutela.policy.policy import Policy
from tutela.response.conclusion import conclude
from tutela.response.routing import Routes
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.outbox.deliveries import Deliveries
from tutela.storage.outbox.destinations import Destinations
from tutela.storage.tables import deliveries as table
from tutela.storage.values import now

RUNNER = CliRunner()
EVENTS = 3


@pytest.fixture(autouse=True)
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Ids of three actions for the destination `platform`, latest first."""
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    database = Database.open(f"sqlite:///{tmp_path}/tutela.db")
    database.migrate()
    to = Destinations(database).create(
        "platform", "https://platform.example/", actions=[ActionKind.ALLOW]
    )
    with Journal(database) as journal:
        for number in range(EVENTS):
            event = Event(
                id=f"event-{number}",
                digest="-",
                received_at=datetime.now(UTC),
                contents=(Content(),),
            )
            conclusion = conclude(
                event,
                (),
                (),
                policy=InForce(Policy.default()),
                list_version=0,
                routes=Routes((to,)),
            )
            journal.record(*conclusion).result(10)
    yield [one.id for one in Deliveries(database).list()]
    database.close()


def fail(folder: Path, *ids: str) -> None:
    """What the worker does with actions that have been tried too often."""
    database = Database.open(f"sqlite:///{folder}/tutela.db")
    with database.write() as connection:
        given_up = {"state": "failed", "ended_at": now(), "next_at": None, "problem": "no answer"}
        connection.execute(update(table).where(table.c.id.in_(ids)).values(**given_up))
    database.close()


def run(*words: str, code: int = 0) -> str:
    done = RUNNER.invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout


def read(*words: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(run(*words, "--json", code=code))


def test_actions_are_listed_and_shown(sent: list[str]) -> None:
    assert [one["id"] for one in read("list")] == sent
    assert [one["id"] for one in read("list", "--limit", "1")] == sent[:1]
    assert [one["id"] for one in read("list", "--event", "event-0")] == sent[-1:]
    assert [one["id"] for one in read("list", "--state", "waiting")] == sent
    for words in (("--state", "done"), ("--overdue",), ("--destination", "elsewhere")):
        assert read("list", *words) == []
    assert run("list", "--event", "nobody").strip() == "No such action."
    assert "platform" in run("list")
    shown = run("show", sent[0])
    assert shown.startswith("allow for platform: waiting\n")
    assert '"event_id": "event-2"' in shown
    assert read("show", sent[0])["message"]["action"] == "allow"


def test_alarms_have_an_exit_code(tmp_path: Path, sent: list[str]) -> None:
    assert "No alarm." in run("alarms")
    assert read("alarms")["waiting"] == EVENTS
    fail(tmp_path, sent[0])
    assert "Alarm: 1 action was given up" in run("alarms", code=1)
    assert read("alarms", code=1)["failed"] == 1
    run("retry", sent[0])
    run("alarms")


def test_what_failed_is_sent_again(tmp_path: Path, sent: list[str]) -> None:
    fail(tmp_path, *sent)
    assert run("retry", sent[0]).strip() == f"{sent[0]} is sent again now."
    assert read("show", sent[0])["state"] == "waiting"
    with pytest.raises(NotFound):
        run("retry", "--failed", "--destination", "elsewhere")
    told = run("retry", "--failed", "--destination", "platform")
    assert told.strip() == "2 actions are sent again now."
    assert run("retry", "--failed").strip() == "0 actions are sent again now."


def test_what_failed_for_nobody_is_told_of(tmp_path: Path, sent: list[str]) -> None:
    fail(tmp_path, *sent)
    database = Database.open(f"sqlite:///{tmp_path}/tutela.db")
    Destinations(database).delete("platform")
    database.close()
    told = run("retry", "--failed").splitlines()
    assert told == [
        "0 actions are sent again now.",
        "3 actions are failed still: for a destination that does not exist.",
    ]


def test_what_cannot_be_sent_again(tmp_path: Path, sent: list[str]) -> None:
    for words in ((), (sent[0], "--failed"), (sent[0], "--destination", "platform")):
        with pytest.raises(InvalidInput, match="name one action"):
            run("retry", *words)
    database = Database.open(f"sqlite:///{tmp_path}/tutela.db")
    Deliveries(database).confirm(Receipt(id=sent[0], done=True))
    database.close()
    with pytest.raises(Conflict):
        run("retry", sent[0])
    for act in ("show", "retry"):
        with pytest.raises(NotFound):
            run(act, "act-0")

"""`tutela policy explain` tells why a stored event was decided as it was, and guesses nothing."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.errors import NotFound
from tutela.interfaces.cli.policy import app
from tutela.model import Actor, Content, Event, EventKind, Match, Signal
from tutela.policy.current import InForce
from tutela.policy.policy import Policy
from tutela.policy.versions import PolicyVersions
from tutela.response.conclusion import conclude
from tutela.storage.database import Database
from tutela.storage.journal import Journal

RUNNER = CliRunner()
DEFAULT = Policy.default()
OTHER = """policy: other
owner: safety
rules:
  - name: talk
    when: event.conversation && event.kind == EventKind.upload
    actions: [hold]
    reason: It was said in a conversation.
    notice: It waits.
  - name: slow
    when: event.surface == "forum" && matches.size() > 0
    actions: [block, {slow: {minutes: 5}}, {notify: {to: moderators}}]
    reason: It is slowed down.
    notice: It is slowed down.
"""


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with one event that matched a bank that is not trusted."""
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    Path("other.yaml").write_text(OTHER)
    database = Database.open(f"sqlite:///{tmp_path}/tutela.db")
    database.migrate()
    PolicyVersions(database).activate(DEFAULT, by="a test")
    event = Event(
        id="event-1",
        digest="-",
        received_at=datetime(2026, 1, 2, tzinfo=UTC),
        kind=EventKind.UPLOAD,
        surface="forum",
        actor=Actor(id="somebody"),
        contents=(Content(signals=(Signal(kind="md5", value="0" * 32),)),),
    )
    found = Match(
        bank="mountains",
        bank_id=1,
        entry_id=1,
        kind="md5",
        distance=0,
        exact=True,
        list_version=1,
    )
    with Journal(database) as journal:
        conclusion = conclude(event, (found,), (), policy=InForce(DEFAULT), list_version=1)
        journal.record(*conclusion).result(10)
    database.close()
    return tmp_path


def run(*words: str) -> str:
    done = RUNNER.invoke(app, ["explain", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def read(*words: str) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(run(*words, "--json"))


def test_what_decided_then_is_explained() -> None:
    told = run("event-1")
    assert told.startswith(f"Event event-1, by policy {DEFAULT.version}\n")
    assert '  matches = [{"trusted":false,"exact":true}]\n' in told
    assert "untrusted-match" in told
    assert (
        "held: hold, preserve, open_case; The content matches a bank that is not trusted." in told
    )
    assert "  trusted-exact-match" in told
    assert "ruled out by matches\n" in told
    assert f"decided then by {DEFAULT.version}: the same\n" in told


def test_another_policy_is_tried_and_its_guard_shown() -> None:
    told = run("event-1", "--policy", "other.yaml")
    assert "event.conversation = false\n" in told
    assert "  talk  ruled out by event.conversation\n" in told
    assert "  slow  held: block, slow, notify; It is slowed down.\n" in told
    assert "rules ask for: block, slow, notify\n" in told
    assert "guard: A rule asked to block, but " in told
    assert "actions: hold, slow (300 seconds), open_case, notify (to moderators)\n" in told
    assert f"decided then by {DEFAULT.version}: hold, preserve, open_case" in told


def test_of_very_many_rules_that_were_ruled_out_only_the_number_is_shown() -> None:
    rules = "".join(
        f"  - {{name: r{n}, when: event.surface == 's{n}', actions: [allow], reason: One.}}\n"
        for n in range(120)
    )
    Path("many.yaml").write_text(OTHER + rules)
    told = run("event-1", "--policy", "many.yaml")
    assert "  slow  held: block, slow, notify; It is slowed down.\n" in told
    assert (
        "  121 more rules ruled out by event.conversation, event.surface; --json lists each\n"
        in told
    )
    assert "r7" not in told


def test_the_document_has_all_of_it() -> None:
    found = read("event-1", "--policy", "current")
    assert found["event_id"] == "event-1"
    assert found["now"]["policy_version"] == DEFAULT.version
    assert found["now"]["decision"] == found["then"]
    assert [rule["rule"] for rule in found["now"]["rules"]] == [rule.name for rule in DEFAULT.rules]


def test_what_an_older_release_did_not_store_is_not_guessed(data: Path) -> None:
    with sqlite3.connect(data / "tutela.db") as connection:
        connection.execute("UPDATE events SET about = NULL")
    connection.close()
    told = run("event-1", "--policy", "other.yaml")
    assert "event.conversation = unknown   (not stored with this event)\n" in told
    assert "  talk  not known: event.conversation\n" in told
    assert "cannot be told: not stored with this event: event.conversation" in told
    assert "actions:" not in told
    assert read("event-1", "--policy", "other.yaml")["now"]["decision"] is None


def test_what_there_is_not_is_said() -> None:
    with pytest.raises(NotFound, match="no event has this id"):
        run("event-2")
    with pytest.raises(NotFound, match="name another with --policy"):
        run("event-1", "--policy", "nothing-1")

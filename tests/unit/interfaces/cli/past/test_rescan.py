from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.interfaces.cli.past.rescan import app
from tutela.model import Content, Event, NewEntry, Signal
from tutela.policy.current import InForce
from tutela.policy.policy import Policy
from tutela.response.conclusion import conclude
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.entries import Entries
from tutela.storage.journal import Journal

RUNNER = CliRunner()
EVENTS, HITS = 40, 10


def md5(number: int) -> Signal:
    return Signal(kind="md5", value=f"{number + 1:032x}")


@pytest.fixture(autouse=True)
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forty clear events, and the bank `late`, which lists every fourth of them now."""
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    database = Database.open(f"sqlite:///{tmp_path}/tutela.db")
    database.migrate()
    policy = Policy.default()
    with Journal(database) as journal:
        for number in range(EVENTS):
            event = Event(
                id=f"event-{number}",
                digest="-",
                received_at=datetime.now(UTC),
                contents=(Content(signals=(md5(number % 4),)),),
            )
            conclusion = conclude(event, (), (), policy=InForce(policy), list_version=0)
            journal.record(*conclusion).result(10)
    Banks(database).create("late")
    Entries(database).add("late", [NewEntry(signals=(md5(0),))])
    yield
    database.close()


def run(*words: str, code: int = 0) -> str:
    done = RUNNER.invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout


def read(*words: str) -> Any:  # noqa: ANN401 - JSON
    return msgspec.json.decode(run(*words, "--json"))


def test_a_bank_is_compared_here() -> None:
    rescan = read("start", "--bank", "late", "--here")
    assert (rescan["state"], rescan["tally"]["findings"]) == ("done", HITS)
    shown = run("show", str(rescan["id"]))
    assert "40 events passed, 40 signals compared with 1 entry" in shown
    assert "10 findings" in shown
    assert shown.count("finding-") == HITS
    assert "done, 100% done, asked by cli:" in shown
    again = run("start", "--bank", "late", "--here")
    assert "0 findings" in again
    assert "matched something as strong before: 10 events" in again
    table = run("list")
    assert "bank late" in table
    assert [one["id"] for one in read("list")] == [2, 1]


def test_a_policy_is_tried_here() -> None:
    same = read("start", "--policy", "current", "--here")
    assert (same["tally"]["same"], same["tally"]["changed"]) == (EVENTS, 0)
    assert "40 as before, 0 otherwise" in run("show", str(same["id"]))
    with pytest.raises(NotFound, match="not kept here"):
        run("start", "--policy", "nothing-1")


def test_another_policy_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "policy: hold\nowner: safety\nrules:\n"
        "  - name: all\n    when: 'true'\n    actions: [hold]\n"
        "    reason: Wait.\n    notice: It waits.\n"
    )
    (tmp_path / "hold.yaml").write_text(text)
    monkeypatch.setenv("TUTELA_POLICY_FILE", str(tmp_path / "hold.yaml"))
    told = run("start", "--policy", "current", "--here")
    assert "40 events: allow → hold" in told
    assert "rule all: 40 times more, 0 times less" in told
    assert "event-0: allow → hold" in told
    recorded = run("start", "--policy", "current", "--record", "--since", "2001-01-01", "--here")
    assert "40 events recorded" in recorded


def test_the_life_of_one_that_waits() -> None:
    waiting = read("start", "--since", "2026-01-01")
    assert (waiting["state"], waiting["since"]) == ("waiting", "2026-01-01T00:00:00Z")
    number = str(waiting["id"])
    assert "is paused" in run("pause", number)
    assert run("show", number, "--wait", code=1).startswith("Re-scan 1: all banks from 2026-01-01")
    assert "goes on" in run("resume", number)
    assert "is cancelled" in run("cancel", number)
    assert "cancelled" in run("show", number, "--wait", code=1)
    with pytest.raises(Conflict, match="cancelled"):
        run("resume", number)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "nothing was named"),
        (("--bank", "nowhere"), "no bank has this name"),
        (("--since", "yesterday"), "no point in time"),
        (("--since", "2999-01-01"), "the range lies in the future"),
        (("--since", "2026-01-02", "--until", "2026-01-01"), "the range is empty"),
        (("--bank", "late", "--record"), "only what a policy decides"),
        (("--bank", "late", "--policy", "current"), "a policy decides about all banks"),
    ],
)
def test_what_cannot_be_asked_for(words: tuple[str, ...], problem: str) -> None:
    with pytest.raises((InvalidInput, NotFound), match=problem):
        run("start", *words)


def test_no_such_number() -> None:
    for act in ("show", "pause", "resume", "cancel"):
        with pytest.raises(NotFound, match="no re-scan has this number"):
            run(act, "99")

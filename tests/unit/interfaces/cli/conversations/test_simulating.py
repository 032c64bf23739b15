"""`tutela conversations simulate` fits a terminal, says what it rests on, and prints JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.detection.conversation.corpora.record import record_of
from tutela.detection.conversation.corpora.synthetic.generating import Plan, synthesise
from tutela.errors import InvalidInput
from tutela.interfaces.cli.conversations import app
from tutela.settings import Settings
from tutela.storage.conversation.standing import Reached
from tutela.storage.conversation.states import Changes, Conversations
from tutela.storage.database import Database
from tutela.storage.values import now

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "made.jsonl"
    made = synthesise(Plan(conversations=40, positives=0.3, seed=5))
    path.write_bytes(b"".join(msgspec.json.encode(record_of(one)) + b"\n" for one in made))
    return path


def run(*words: object) -> str:
    done = RUNNER.invoke(app, ["simulate", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def rated_yesterday(*peaks: int) -> None:
    yesterday = int(now().timestamp() // 86_400) - 1
    database = Database.open(Settings.load().database_url)
    database.migrate()
    reached = {
        Reached(yesterday, drill=False, peak=tenths, turns=10): sum(p >= tenths for p in peaks)
        for tenths in range(max(peaks) + 1)
    }
    with Conversations(database).changing([], []) as changing:
        changing.save(Changes(reached=reached))
    database.close()


def test_what_was_rated_here_is_simulated() -> None:
    rated_yesterday(65, 65, 20, 0)
    shown = run()
    assert all(len(line) <= 80 for line in shown.splitlines() if "│" in line)
    (row,) = [line for line in shown.splitlines() if "│  6.0 │" in line]
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        "6.0",
        "2.0",
        "0.2",
        "unknown",
        "100%",
        "100%",
        "100%",
        "now",
    ]
    assert "4 conversations began in 1 day; people decided of 0 that had been raised." in shown
    assert "Below 3 no conversation is an event" in shown
    assert "Emergencies (sextortion, meeting) come on top: 0.0 a day." in shown


def test_a_budget_and_other_minutes_are_reckoned_with() -> None:
    rated_yesterday(*[0] * 900, *[40] * 90, *[65] * 10)
    shown = run("--budget", 15, "--minutes", 30)
    assert "Budget of 15 alerts a day: from 4.1, with 11.0 a day to be expected at most." in shown
    assert "│  6.0 │   10.0 │   5.0 │" in shown
    (row,) = [line for line in shown.splitlines() if "│  4.1 │" in line]
    assert "budget" in row
    assert "rests on too little: it takes 3,000" in run("--budget", 1)


def test_where_nothing_was_rated_it_says_so() -> None:
    assert run() == "No conversation was rated in this time: there is nothing to simulate.\n"


def test_json_has_every_tenth() -> None:
    rated_yesterday(65)
    found = msgspec.json.decode(run("--json", "--budget", 1))
    points = found["simulation"]["points"]
    assert [point["threshold"] for point in points] == [n / 10 for n in range(1, 101)]
    assert (points[64]["alerts"], points[65]["alerts"]) == (1, 0)
    assert (found["threshold"], found["floor"]) == (6.0, 3.0)
    assert found["budget"]["enough"] is False


def test_a_file_is_rated_and_what_it_is_stands_beside(file: Path) -> None:
    shown = run(file)
    assert "40 have a label" in shown
    assert "live traffic far fewer are" in shown
    assert "Synthetic conversations: made up, so that no figure here is one of accuracy." in shown
    assert "rated by cues" in shown
    found = msgspec.json.decode(run(file, "--json", "--days", 10))
    assert found["bar"]["simulation"]["days"] == 10
    assert (found["file"]["labelled"], found["file"]["synthetic"]) == (40, 40)


def test_damaged_records_are_skipped_and_counted(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"{\n")
    done = RUNNER.invoke(app, ["simulate", str(file)], catch_exceptions=False)
    assert "1 damaged records were skipped" in done.stderr
    assert "40 conversations over" in done.stdout


def test_a_public_corpus_says_who_talks_to_whom(tmp_path: Path) -> None:
    path = tmp_path / "corpus.xml"
    path.write_text(
        "<conversations><conversation id='c1'><message line='1'><author>a</author>"
        "<time>10:00</time><text>how was the match?</text></message></conversation>"
        "</conversations>"
    )
    shown = run(path)
    assert "Positives are adults talking to decoys, English, 2000s." in shown
    assert "taken as a day" in shown


def test_no_file_of_conversations_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nothing")
    with pytest.raises(InvalidInput, match="no file of conversations"):
        run(tmp_path / "x")

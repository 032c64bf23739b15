"""`tutela conversations calibrate`: from outcomes to probabilities, or to what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.conftest import read_leaves
from tests.unit.interfaces.cli.conversations.outcomes import put_outcomes
from typer.testing import CliRunner

from tutela.conversations.raters import open_rater
from tutela.errors import Conflict
from tutela.interfaces.cli.conversations import app
from tutela.interfaces.cli.conversations.calibrating import Calibrated
from tutela.settings import Settings
from tutela.storage.conversation.calibrations import Calibrations
from tutela.storage.database import Database

RUNNER = CliRunner()
DECIDED = [(40, "harmless")] * 30 + [(60, "confirmed")] * 15 + [(85, "violation")] * 15
MODEL = open_rater(Settings()).model


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    database = Database.open(Settings.load().database_url)
    database.migrate()
    yield database
    database.close()


def run(*words: object) -> str:
    typed = ["calibrate", *map(str, words)]
    done = RUNNER.invoke(app, typed, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_outcomes_make_a_calibration_that_servers_use(database: Database) -> None:
    put_outcomes(database, [*DECIDED, (85, "unsure")])
    told = msgspec.json.decode(run("--json"), type=Calibrated)
    stored = Calibrations(database).latest(MODEL)
    assert stored is not None
    assert told.version == f"outcomes {stored.id}"
    assert (told.cases, told.confirmed, told.method) == (60, 30, "platt")
    assert tuple((row.value, row.after) for row in told.rows) == stored.curve
    assert sum(row.cases for row in told.rows) == 60
    assert [one.data["did"] for one in read_leaves(database)] == ["calibrated"]


def test_the_table_fits_a_terminal_and_says_that_nothing_was_changed(database: Database) -> None:
    put_outcomes(database, DECIDED)
    shown = run("--dry-run")
    assert max(map(len, shown.splitlines())) <= 80
    assert "Nothing was changed." in shown
    assert "60 cases, 30 of them needed people." in shown
    assert Calibrations(database).latest(MODEL) is None


def test_drills_are_tried_and_change_nothing(database: Database) -> None:
    put_outcomes(database, DECIDED, drill=True)
    assert "Nothing was changed." in run("--drill")
    assert Calibrations(database).latest(MODEL) is None
    with pytest.raises(Conflict, match="0 of 0"):
        run()


def test_outcomes_of_other_models_do_not_count_and_few_are_too_few(database: Database) -> None:
    put_outcomes(database, DECIDED, model="cues 0 (en; 0)")
    put_outcomes(database, DECIDED[20:50])
    with pytest.raises(Conflict, match="20 of 30"):
        run()
    assert "It counts from now on" in run("--at-least", 10)

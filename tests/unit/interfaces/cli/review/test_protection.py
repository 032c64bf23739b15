from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tutela.errors import InvalidInput
from tutela.interfaces.cli.review.protection import app
from tutela.model.review.protection import Floor
from tutela.storage.access.accounts import Accounts
from tutela.storage.database import Database
from tutela.storage.review.exposures import Exposures

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUTELA_DATA_FOLDER", str(tmp_path))
    return tmp_path


def typed(*words: str) -> str:
    done = RUNNER.invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_floor_is_shown_and_parts_of_it_are_set() -> None:
    assert msgspec.json.decode(typed("floor", "--json"), type=Floor) == Floor()
    assert "grey: yes\nsize: 192" in typed("floor", "--grey", "--size", "192", "--blur", "2")
    typed("floor", "--no-grey")
    floor = msgspec.json.decode(typed("floor", "--json"), type=Floor)
    assert (floor.blur, floor.grey, floor.size) == (2, False, 192)
    with pytest.raises(InvalidInput):
        RUNNER.invoke(app, ["floor", "--size", "100"], catch_exceptions=False)


def test_a_day_is_let_hold_more(data: Path) -> None:
    typed("floor")
    database = Database.open(f"sqlite:///{data / 'tutela.db'}")
    try:
        account = Accounts(database).create("ada", "reviewer")
        reason = ("--reason", "two are ill today")
        done = RUNNER.invoke(app, ["lift", "ada", "--items", "5", *reason])
        assert account.pseudonym in done.stderr
        assert "ada" not in done.output
        assert Exposures(database).day(account.id).items_allowed == 105
        for words in (
            ["nobody", "--items", "1", *reason],
            ["ada", "--items", "-1", *reason],
            ["ada", *reason],
            ["ada", "--items", "1", "--reason", " "],
        ):
            with pytest.raises(InvalidInput):
                RUNNER.invoke(app, ["lift", *words], catch_exceptions=False)
        assert Exposures(database).day(account.id).items_allowed == 105
    finally:
        database.close()


def test_the_ledger_is_counted() -> None:
    assert "all together" in typed("ledger")
    counts = msgspec.json.decode(typed("ledger", "--days", "7", "--json"))
    assert (counts["readings"], counts["contents"]) == (0, 0)
    assert counts["split"] == {"unseen": 0, "alike": 0, "covered": 0, "uncovered": 0}

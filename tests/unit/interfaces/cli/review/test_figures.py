from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import update
from typer.testing import Result

from tutela.errors import InvalidInput, NotFound
from tutela.storage.database import Database
from tutela.storage.tables import cases
from tutela.storage.values import now

Tutela = Callable[..., Result]


@pytest.fixture(autouse=True)
def decided(desk: Database) -> None:
    """One of the cases was decided an hour after it was opened, a minute after it was promised."""
    at = now()
    with desk.write() as connection:
        said = {"outcome": "harmless", "state": "closed", "decided_at": at}
        opened = {"opened_at": at - timedelta(hours=1), "waits_until": at - timedelta(minutes=1)}
        connection.execute(update(cases).where(cases.c.id == "case-e2").values(**said, **opened))


def test_figures_are_shown_as_json_and_csv(tutela: Tutela) -> None:
    found = msgspec.json.decode(tutela("review", "figures", "--drill", "yes", "--json").stdout)
    assert found["total"]["numbers"]["late"] == found["total"]["numbers"]["decided"] == 1
    assert found["total"]["waited"] == {"of": 1, "half": None, "most": None}
    text = tutela("review", "figures", "--drill", "all", "--csv").stdout
    rows = {(row[0], row[1]): row[2] for row in csv.reader(io.StringIO(text))}
    assert rows["everything", "decided harmless"] == "1"


def test_the_table_says_where_there_is_too_little(tutela: Tutela) -> None:
    shown = tutela("review", "figures", "--drill", "yes").stdout
    assert "not enough (1)" in shown
    assert "Of fewer than 30 cases" in shown
    assert "everything" not in tutela("review", "figures", "--queue", "nowhere").stdout


def test_what_cannot_be_asked(tutela: Tutela) -> None:
    assert isinstance(tutela("review", "figures", "--drill", "x").exception, InvalidInput)
    assert isinstance(tutela("review", "figures", "--queue", "none").exception, NotFound)

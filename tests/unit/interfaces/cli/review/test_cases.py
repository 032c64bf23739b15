from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from typer.testing import Result

from tutela.errors import InvalidInput
from tutela.interfaces.review.exporting import COLUMNS

Tutela = Callable[..., Result]
pytestmark = pytest.mark.usefixtures("desk")


def test_listing_and_counting(tutela: Tutela) -> None:
    listed = tutela("cases", "list", "--json", "--where", "order=oldest")
    assert [one["case"]["id"] for one in msgspec.json.decode(listed.stdout)] == [
        "case-e0",
        "case-e2",
        "case-odd",
    ]
    assert tutela("cases", "count").stdout == "3\n"
    assert tutela("cases", "count", "--where", "region=FR").stdout == "1\n"


def test_no_text_turns_a_terminal_around(tutela: Tutela) -> None:
    out = tutela("cases", "list").stdout
    assert "case-odd" in out
    assert "[red]" in out
    assert "\x1b" not in out
    assert "\u202e" not in out


@pytest.mark.parametrize("where", ["region", "nothing=1", "severity=worst", "principle=99"])
def test_bad_filters(tutela: Tutela, where: str) -> None:
    assert isinstance(tutela("cases", "list", "--where", where).exception, InvalidInput)


def test_exporting_to_a_file(tutela: Tutela, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    assert tutela("cases", "export", path).exit_code == 0
    _, *rows = csv.reader(io.StringIO(path.read_text(), newline=""))
    assert [row[0] for row in rows] == ["case-odd", "case-e2", "case-e0"]
    assert rows[0][COLUMNS.index("summary")].startswith("'=cmd")
    lines = tutela("cases", "export", "--format", "ndjson", "--where", "id=e0").stdout
    assert msgspec.json.decode(lines)["case"]["id"] == "case-e0"
    assert isinstance(tutela("cases", "export", "--format", "xls").exception, InvalidInput)


def test_arranging_and_undoing(tutela: Tutela) -> None:
    assert "3 cases" not in tutela("cases", "merge", "case-e0", "case-e2").stdout
    shown = msgspec.json.decode(tutela("cases", "show", "case-e0").stdout)
    assert shown["standing"]["events"] == 3
    merged = shown["history"][-1]
    assert (merged["kind"], merged["others"]) == ("merged", ["case-e2"])
    assert tutela("cases", "undo", merged["id"]).exit_code == 0
    assert "stands for itself" in tutela("cases", "split", "case-e0", "case-e1").stdout
    assert "waits in everything" in tutela("cases", "move", "case-e0", "everything").stdout
    assert tutela("cases", "undo", 10**9).exit_code != 0

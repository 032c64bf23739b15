from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tutela.investigation.findings import (
    BankUsed,
    PlacedGap,
    ScannedFile,
    Summary,
)
from tutela.investigation.report import CSV_COLUMNS, CsvTable, JsonLines, harmless
from tutela.model import GapReason, Match, Verdict

MATCH = Match(
    bank="=bank()",
    bank_id=0,
    entry_id=3,
    kind="pdq",
    distance=12,
    exact=False,
    list_version=0,
    label='@lake, "quoted"\nsecond line',
    category="-1",
    scheme="US",
    part="frame 2",
    path=("a.zip", "b.png"),
)
GAP = PlacedGap(reason=GapReason.DAMAGED, detail="cut short", path=("a.zip", "c.png"))
FOUND = ScannedFile(path="-x.zip", verdict=Verdict.MATCH, size=9, matches=(MATCH,), gaps=(GAP,))
CLEAR = ScannedFile(path="/clear.png", verdict=Verdict.CLEAR, media_type="image/png")
MISSED = ScannedFile(path="/é\\xff", path_bytes="c3a9ff", verdict=Verdict.NOT_CHECKED, gaps=(GAP,))


def summary(*, complete: bool = True) -> Summary:
    return Summary(
        complete=complete,
        files=3,
        matched=1,
        clear=1,
        not_checked=1,
        not_checked_reasons={"damaged": 1},
        members=2,
        folders=1,
        links=0,
        bytes=9,
        seconds=0.5,
        distance=31,
        banks=(BankUsed(name="b", file="b.csv", entries=3, left_out={}),),
    )


def lines(*, everything: bool) -> list[dict[str, Any]]:
    stream = io.BytesIO()
    report = JsonLines(stream, everything=everything)
    for file in (FOUND, CLEAR, MISSED):
        report.file(file)
    report.finish(summary())
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def rows(*, everything: bool = False, complete: bool = True) -> list[dict[str, str]]:
    stream = io.BytesIO()
    report = CsvTable(stream, everything=everything)
    for file in (FOUND, CLEAR, MISSED):
        report.file(file)
    report.finish(summary(complete=complete))
    assert not stream.closed
    return list(csv.DictReader(io.StringIO(stream.getvalue().decode(), newline="")))


def test_json_has_one_line_per_finding_and_the_summary_last() -> None:
    found = lines(everything=False)
    assert [line["type"] for line in found] == ["file", "file", "summary"]
    assert found[0]["matches"][0]["label"] == MATCH.label
    assert found[0]["matches"][0]["path"] == ["a.zip", "b.png"]
    assert found[1]["path_bytes"] == "c3a9ff"
    assert found[1]["gaps"] == [
        {"reason": "damaged", "detail": "cut short", "part": "", "path": ["a.zip", "c.png"]}
    ]
    assert found[2]["not_checked_reasons"] == {"damaged": 1}


def test_json_lists_clear_files_on_request() -> None:
    assert [line.get("verdict") for line in lines(everything=True)] == [
        "match",
        "clear",
        "not_checked",
        None,
    ]


def test_csv_has_a_row_per_match_and_gap() -> None:
    found = rows()
    assert tuple(found[0]) == CSV_COLUMNS
    assert [(row["verdict"], row["member"]) for row in found] == [
        ("match", "a.zip > b.png"),
        ("match", "a.zip > c.png"),
        ("not_checked", "a.zip > c.png"),
    ]
    assert (found[0]["kind"], found[0]["distance"], found[0]["entry"]) == ("pdq", "12", "3")
    assert found[2]["path_bytes"] == "c3a9ff"
    assert [row["verdict"] for row in rows(everything=True)].count("clear") == 1


def test_no_cell_of_the_csv_is_a_formula() -> None:
    found = rows()
    assert found[0]["bank"] == "'=bank()"
    assert found[0]["path"] == "'-x.zip"
    assert found[0]["category"] == "'-1"
    assert found[0]["label"] == "'" + MATCH.label


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_harmless(start: str) -> None:
    assert harmless(f"{start}1") == f"'{start}1"
    assert harmless(f"1{start}") == f"1{start}"
    assert harmless("") == ""


def test_an_interrupted_scan_is_marked_in_the_csv() -> None:
    last = rows(complete=False)[-1]
    assert last["verdict"] == "incomplete"
    assert last["detail"] == "the scan was interrupted here"

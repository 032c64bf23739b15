from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.storage.review.filing import Filed, made

from tutela.interfaces.review.exporting import COLUMNS, CaseFormat, cases_exported, harmless
from tutela.model.review.standing import Standing
from tutela.storage.review.exporting import CaseExport

EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "|x", "%x", "\uff1d1", " =1", "\ufeff=1")


def export(**facts: str) -> CaseExport:
    event, outcome, case = made(Filed("e0", **facts))  # type: ignore[arg-type]
    standing = Standing(queue="everything")
    return CaseExport(case=case, event=event, outcome=outcome, standing=standing, readings=())


def rows(cases: Sequence[CaseExport]) -> list[list[str]]:
    text = b"".join(cases_exported(cases, CaseFormat.CSV)).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_is_a_formula(text: str) -> None:
    (_, row) = rows([export(summary=text, actor=text, conversation=text)])
    for name in ("summary", "actor", "conversation"):
        assert row[COLUMNS.index(name)] == f"'{text}"


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_any_text_comes_back_in_one_cell(text: str) -> None:
    (_, row) = rows([export(summary=text)])
    kept = harmless(text).encode(errors="replace").decode()
    assert row[COLUMNS.index("summary")] == kept
    assert len(row) == len(COLUMNS)
    assert harmless(text).removeprefix("'") in {text.replace("\0", ""), text.removeprefix("'")}


def test_lines_hold_everything() -> None:
    one = export(summary="<script>alert(1)</script>" + "\u202e\U0001f9ff" * 250_000)
    (line,) = b"".join(cases_exported([one], CaseFormat.LINES)).splitlines()
    assert msgspec.json.decode(line, type=CaseExport) == one


def test_a_file_is_written_while_cases_come() -> None:
    taken = 0

    def cases() -> Iterator[CaseExport]:
        nonlocal taken
        one = export()
        for _ in range(1000):
            taken += 1
            yield one

    parts = cases_exported(cases(), CaseFormat.CSV)
    next(parts)
    assert taken == 0
    next(parts)
    assert taken < 1000
    assert sum(part.count(b"\r\n") for part in parts) == 800


def test_nothing_is_exported_as_a_header() -> None:
    assert rows([]) == [list(COLUMNS)]
